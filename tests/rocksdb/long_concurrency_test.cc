// Four writers append to one key, while it is sealed in the background and by hand, trimmed, and
// read in all ways: each reader sees each writer's values in order, none lost or doubled, and every
// position has one value for ever.

#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/utilities/optimistic_transaction_db.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/utilities/write_batch_with_index.h"
#include "sheaf/long_store.h"
#include "tests/codec/lists.h"
#include "tests/rocksdb/long_db.h"
#include "tests/support/sanitizers.h"

namespace sheaf {
namespace testing {
namespace {

constexpr int kWriters = 4;
constexpr char kKey[] = "one key";
const rocksdb::WriteOptions kWrite;
const rocksdb::ReadOptions kRead;

enum class Db { kPlain, kTransactions, kOptimistic };
enum class Writes { kDirect, kBatch, kIndexedBatch, kTransaction, kOfEachKind };

struct Variant {
  std::string name;
  Db db = Db::kPlain;
  Writes writes = Writes::kDirect;
  int stores = 1;
  bool trims = false;
  uint64_t page_bytes = 600;
  Layout layout = Layout::kCompact;
};

// A value: the writer and its number, and up to 60 bytes more.
std::string Value(int writer, uint64_t number) {
  std::string value = std::to_string(writer) + ":" + std::to_string(number) + ":";
  value.append((number * 7 + static_cast<uint64_t>(writer)) % 60, 'v');
  return value;
}

struct Parsed {
  int writer = 0;
  uint64_t number = 0;
};
Parsed Parse(std::string_view value) {
  Parsed parsed;
  parsed.writer = value[0] - '0';
  parsed.number = std::stoull(std::string(value.substr(2)));
  EXPECT_EQ(value, Value(parsed.writer, parsed.number)) << "torn";
  return parsed;
}

class LongConcurrencyTest : public ::testing::TestWithParam<Variant> {
 protected:
  LongConcurrencyTest() : values_of_(test::kThreadSanitizer ? 1000 : 4000) {
    values_of_ = static_cast<uint64_t>(static_cast<double>(values_of_) * test::Scale());
    at_ = std::vector<std::atomic<uint64_t>>(kWriters * values_of_);
    rocksdb::Options options = LongDb::DefaultOptions(GetParam().page_bytes, GetParam().layout);
    options.write_buffer_size = 128 << 10;  // flushes and compactions go on meanwhile
    options.level0_file_num_compaction_trigger = 2;
    const std::string path = dir_.path() + "/db";
    rocksdb::DB* db = nullptr;
    switch (GetParam().db) {
      case Db::kPlain:
        EXPECT_OK(rocksdb::DB::Open(options, path, &db));
        break;
      case Db::kTransactions:
        EXPECT_OK(rocksdb::TransactionDB::Open(options, {}, path, &transactions_));
        db = transactions_;
        break;
      case Db::kOptimistic:
        EXPECT_OK(rocksdb::OptimisticTransactionDB::Open(options, path, &optimistic_));
        db = optimistic_;
        break;
    }
    db_.reset(db);
    for (int i = 0; i < GetParam().stores; ++i) {
      LongStoreOptions long_options;
      long_options.layout = GetParam().layout;
      long_options.index_bytes = i == 0 ? 8 << 20 : 4000;
      stores_.emplace_back();
      EXPECT_OK(LongStore::Open(db, nullptr, long_options, &stores_.back()));
    }
  }
  ~LongConcurrencyTest() override {
    for (const auto& store : stores_) EXPECT_OK(store->Close());
  }

  LongStore& StoreOf(uint64_t number) { return *stores_[number % stores_.size()]; }

  rocksdb::Transaction* Begin() {
    return transactions_ != nullptr ? transactions_->BeginTransaction(kWrite)
                                    : optimistic_->BeginTransaction(kWrite);
  }

  // Appends values [from, to) of `writer` in one write.
  void Append(int writer, uint64_t from, uint64_t to) {
    LongStore& store = StoreOf(static_cast<uint64_t>(writer));
    std::vector<std::string> values;
    for (uint64_t i = from; i < to; ++i) values.push_back(Value(writer, i));
    Writes writes = GetParam().writes;
    if (writes == Writes::kOfEachKind) {
      const Writes kinds[] = {
          Writes::kDirect, Writes::kBatch, Writes::kIndexedBatch,
          db_->GetRootDB() == db_.get() ? Writes::kDirect : Writes::kTransaction};
      writes = kinds[writer];
    }
    switch (writes) {
      case Writes::kBatch: {
        rocksdb::WriteBatch batch;
        for (const std::string& value : values) ASSERT_OK(store.Append(&batch, kKey, {value}));
        ASSERT_OK(store.Append(&batch, "another", {"x"}));
        ASSERT_OK(db_->Write(kWrite, &batch));
        return;
      }
      case Writes::kIndexedBatch: {
        rocksdb::WriteBatchWithIndex batch;
        for (const std::string& value : values) ASSERT_OK(store.Append(&batch, kKey, {value}));
        ASSERT_OK(db_->Write(kWrite, batch.GetWriteBatch()));
        return;
      }
      case Writes::kTransaction:
        for (;;) {
          const std::unique_ptr<rocksdb::Transaction> transaction(Begin());
          rocksdb::Status s;
          for (const std::string& value : values) {
            if (s.ok()) s = store.Append(transaction.get(), kKey, {value});
          }
          if (s.ok() && from % 16 == 0) {
            ASSERT_OK(transaction->Rollback());
            s = store.Append(transaction.get(), kKey, values);
          }
          if (s.ok()) s = transaction->Commit();
          if (s.ok()) return;
          ASSERT_TRUE(s.IsBusy() || s.IsTimedOut() || s.IsTryAgain()) << s.ToString();
        }
      default: {
        rocksdb::Status s;
        do {
          s = store.Append(kWrite, kKey, values);
        } while (s.IsBusy() || s.IsTimedOut());
        ASSERT_OK(s);
      }
    }
  }

  void Write(int writer) {
    std::mt19937 random(static_cast<unsigned>(writer));
    for (uint64_t i = 0; i < values_of_ && !HasFailure();) {
      const uint64_t to = std::min(values_of_, i + 1 + random() % 3);
      Append(writer, i, to);
      acknowledged_ += to - i;
      i = to;
    }
  }

  // Checks values that stand one after the other. `position` is that of the first, if it is known.
  class Sequence {
   public:
    Sequence(LongConcurrencyTest* test, uint64_t position) : test_(test), position_(position) {}
    void Add(std::string_view value) {
      const Parsed parsed = Parse(value);
      uint64_t& next = next_[parsed.writer];
      if (next != 0) {
        ASSERT_EQ(parsed.number, next) << "of writer " << parsed.writer;
      } else if (position_ == 0) {
        ASSERT_EQ(parsed.number, 0u) << "of writer " << parsed.writer;
      }
      next = parsed.number + 1;
      if (position_ == kUnknown) return;
      // What stands there, for ever. 0: nobody has seen it yet.
      const uint64_t here = static_cast<uint64_t>(parsed.writer) << 32 | (parsed.number + 1);
      const uint64_t at = position_ + added_++;
      ASSERT_LT(at, test_->at_.size());
      uint64_t before = 0;
      if (!test_->at_[at].compare_exchange_strong(before, here)) {
        ASSERT_EQ(before, here) << "position " << at;
      }
    }

    static constexpr uint64_t kUnknown = UINT64_MAX;

   private:
    LongConcurrencyTest* const test_;
    const uint64_t position_;
    uint64_t added_ = 0;
    uint64_t next_[kWriters] = {};
  };

  void Read(unsigned seed) {
    std::mt19937 random(seed);
    uint64_t last_first = 0;
    uint64_t last_end = 0;
    for (int i = 0; (i < 20 || !written_) && !HasFailure(); ++i) {
      LongStore& store = StoreOf(random());
      const uint64_t acknowledged = acknowledged_;
      uint64_t first = 0;
      uint64_t end = 0;
      rocksdb::Status s = store.Bounds(kRead, kKey, &first, &end);
      if (s.IsNotFound() && acknowledged == 0) continue;
      ASSERT_OK(s);
      ASSERT_GE(end, acknowledged) << "an append that was acknowledged is not there";
      ASSERT_GE(end, last_end);
      ASSERT_GE(first, last_first);
      ASSERT_LE(first, end);
      last_first = first;
      last_end = end;
      std::vector<PinnedSlice> values;
      const uint64_t position = random() % (end + 2);
      switch (random() % 8) {
        case 0: {
          if (random() % 4 != 0) break;
          Segments list;
          ASSERT_OK(store.Get(kRead, kKey, &list));
          Sequence sequence(this, GetParam().trims ? Sequence::kUnknown : 0);
          for (const std::string_view value : list) sequence.Add(value);
          if (!GetParam().trims) {
            ASSERT_GE(list.size(), end);
          }
          break;
        }
        case 1: {
          uint64_t at = position;
          std::unique_ptr<Sequence> sequence;
          auto page = store.Pages(kRead, kKey, position);
          for (; page->Valid(); page->Next()) {
            if (sequence == nullptr) {
              sequence = std::make_unique<Sequence>(this, page->position());
            } else {
              ASSERT_EQ(page->position(), at);
            }
            for (const std::string_view value : page->values()) sequence->Add(value);
            at = page->position() + page->values().size();
          }
          ASSERT_OK(page->status());
          if (position < end) {
            ASSERT_GE(at, end);
          }
          break;
        }
        case 2:
        case 3: {
          const size_t count = random() % 60;
          ASSERT_OK(store.GetLast(kRead, kKey, count, &values));
          ASSERT_LE(values.size(), count);
          if (!GetParam().trims) {
            ASSERT_GE(values.size(), std::min<uint64_t>(count, end));
          }
          Sequence sequence(this, Sequence::kUnknown);
          for (const PinnedSlice& value : values) sequence.Add(value.view());
          break;
        }
        default: {
          const size_t count = random() % 3 == 0 ? random() % 200 : 1;
          uint64_t at = 0;
          ASSERT_OK(store.GetRange(kRead, kKey, position, count, &values, &at));
          if (values.empty()) break;
          ASSERT_GE(at, position);
          if (!GetParam().trims) {
            ASSERT_EQ(at, position);
            ASSERT_GE(values.size(), std::min<uint64_t>(count, end - std::min(end, position)));
          }
          Sequence sequence(this, at);
          for (const PinnedSlice& value : values) sequence.Add(value.view());
        }
      }
    }
  }

  void SealByHand() {
    for (uint64_t i = 0; !written_ && !HasFailure(); ++i) {
      ASSERT_OK(StoreOf(i).Seal(kKey));
      std::this_thread::yield();
    }
  }
  void Trim() {
    for (uint64_t i = 0; !written_ && !HasFailure(); ++i) {
      uint64_t first = 0;
      uint64_t end = 0;
      LongStore& store = StoreOf(i / 3);
      const rocksdb::Status s = store.Bounds(kRead, kKey, &first, &end);
      if (s.IsNotFound()) continue;
      ASSERT_OK(s);
      // Within sealed pages mostly, and within the open page.
      const uint64_t kept = i % 5 == 0 ? 3 : 300;
      if (end > kept) {
        ASSERT_OK(store.TrimBefore(kWrite, kKey, end - kept));
      }
      std::this_thread::yield();
    }
  }

  uint64_t values_of_;  // each writer
  const TempDir dir_;
  rocksdb::TransactionDB* transactions_ = nullptr;
  rocksdb::OptimisticTransactionDB* optimistic_ = nullptr;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<std::unique_ptr<LongStore>> stores_;
  std::vector<std::atomic<uint64_t>> at_;  // by position
  std::atomic<uint64_t> acknowledged_{0};
  std::atomic<bool> written_{false};
};

TEST_P(LongConcurrencyTest, EveryReaderSeesEachWriterInOrder) {
  std::vector<std::thread> writers;
  std::vector<std::thread> others;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.emplace_back([this, writer] { Write(writer); });
  }
  for (unsigned reader = 0; reader < 3; ++reader) {
    others.emplace_back([this, reader] { Read(reader); });
  }
  others.emplace_back([this] { SealByHand(); });
  if (GetParam().trims) others.emplace_back([this] { Trim(); });
  for (std::thread& writer : writers) writer.join();
  written_ = true;
  for (std::thread& other : others) other.join();
  ASSERT_FALSE(HasFailure());

  // At rest: all is there, by every store, and after it was sealed and compacted.
  for (int round = 0; round < 2; ++round) {
    for (const auto& store : stores_) {
      uint64_t first = 0;
      uint64_t end = 0;
      ASSERT_OK(store->Bounds(kRead, kKey, &first, &end));
      EXPECT_EQ(end, kWriters * values_of_);
      std::vector<PinnedSlice> values;
      ASSERT_OK(store->GetRange(kRead, kKey, first, SIZE_MAX, &values));
      ASSERT_EQ(values.size(), end - first);
      Sequence sequence(this, first);
      for (const PinnedSlice& value : values) sequence.Add(value.view());
      uint64_t newest[kWriters] = {};
      for (const PinnedSlice& value : values) {
        const Parsed parsed = Parse(value.view());
        newest[parsed.writer] = parsed.number + 1;
      }
      for (const uint64_t number : newest) {
        if (!GetParam().trims) {
          EXPECT_EQ(number, values_of_);
        }
      }
    }
    ASSERT_OK(stores_[0]->Seal(kKey));
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_OK(db_->CompactRange(options, nullptr, nullptr));
  }
  uint64_t sealed = 0;
  for (const auto& store : stores_) {
    sealed += store->stats().pages_sealed;
    EXPECT_EQ(store->stats().seals_failed, 0u);
  }
  EXPECT_GT(sealed, 10u);
  std::printf("%llu pages sealed\n", static_cast<unsigned long long>(sealed));  // NOLINT
}

Variant Make(std::string name, Db db, Writes writes, int stores, bool trims) {
  Variant variant;
  variant.name = std::move(name);
  variant.db = db;
  variant.writes = writes;
  variant.stores = stores;
  variant.trims = trims;
  return variant;
}
Variant Of(Variant variant, uint64_t page_bytes, Layout layout) {
  variant.page_bytes = page_bytes;
  variant.layout = layout;
  return variant;
}

INSTANTIATE_TEST_SUITE_P(
    Variants, LongConcurrencyTest,
    ::testing::Values(
        Make("Direct", Db::kPlain, Writes::kDirect, 1, false),
        Make("DirectTrimmed", Db::kPlain, Writes::kDirect, 1, true),
        Make("DirectTwoStoresTrimmed", Db::kPlain, Writes::kDirect, 2, true),
        Of(Make("DirectOneValueAPage", Db::kPlain, Writes::kDirect, 2, false), 1, Layout::kFixed64),
        Make("Batches", Db::kPlain, Writes::kBatch, 1, false),
        Make("BatchesTwoStoresTrimmed", Db::kPlain, Writes::kBatch, 2, true),
        Of(Make("EachKindTwoStores", Db::kPlain, Writes::kOfEachKind, 2, false), 2000,
           Layout::kFixed64),
        Make("TransactionsTrimmed", Db::kTransactions, Writes::kTransaction, 1, true),
        Make("TransactionsEachKind", Db::kTransactions, Writes::kOfEachKind, 2, false),
        Make("OptimisticEachKindTrimmed", Db::kOptimistic, Writes::kOfEachKind, 1, true)),
    [](const auto& variant) { return variant.param.name; });

}  // namespace
}  // namespace testing
}  // namespace sheaf
