// Random histories of long lists: whatever is appended, sealed, trimmed and deleted, and whatever
// RocksDB does meanwhile, every way of reading gives the values that a std::deque would have, at
// their positions.
//
// SHEAF_TEST_SCALE=100 runs 100,000 of them. A failure prints its history's seed, which
// SHEAF_HISTORY=SEED runs alone.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/convenience.h"
#include "rocksdb/env.h"
#include "rocksdb/utilities/checkpoint.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/long_store.h"
#include "tests/codec/lists.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

const rocksdb::ReadOptions kRead;
const rocksdb::WriteOptions kWrite;

// What a long list must be.
struct Model {
  uint64_t first = 0;
  std::deque<std::string> values;

  uint64_t end() const { return first + values.size(); }
  void Append(const List& appended) {
    values.insert(values.end(), appended.begin(), appended.end());
  }
  void TrimBefore(uint64_t position) {
    while (!values.empty() && first < position) {
      values.pop_front();
      ++first;
    }
  }
  List Range(uint64_t position, uint64_t count) const {
    List list;
    for (uint64_t at = std::max(position, first); at < end() && at - position < count; ++at) {
      list.push_back(values[at - first]);
    }
    return list;
  }
};

// A list that is not there has no entry; one without values has.
using Lists = std::map<std::string, Model>;

// Keys that are prefixes of each other, with the bytes that are escaped.
const std::vector<std::string>& Keys() {
  static const auto* const keys = new std::vector<std::string>{"",
                                                               std::string("\0", 1),
                                                               std::string("\0\1", 2),
                                                               std::string("\0\xFF", 2),
                                                               "a",
                                                               "ab",
                                                               std::string("a\0", 2),
                                                               std::string("a\0b", 3),
                                                               "\xFF\xFF"};
  return *keys;
}

List ToStrings(const std::vector<PinnedSlice>& values) {
  List list;
  for (const PinnedSlice& value : values) list.emplace_back(value.view());
  return list;
}

// Histories without batches come first: what a batch was used for is remembered in the process.
bool HasBatches(unsigned seed) { return seed % 2 != 0; }

class HistoryDb {
 public:
  explicit HistoryDb(unsigned seed)
      : random_(seed),
        env_(rocksdb::NewMemEnv(rocksdb::Env::Default())),
        has_transactions_(random_() % 2 == 0),
        has_batches_(has_transactions_ || HasBatches(seed)) {
    options_.create_if_missing = true;
    if (seed % 4 != 0) options_.env = env_.get();  // a quarter of them on a real file system
    options_.write_buffer_size = 64 << 10;
    options_.level0_file_num_compaction_trigger = 2;
    options_.compression = rocksdb::kNoCompression;
    append_.layout = random_() % 2 == 0 ? Layout::kCompact : Layout::kFixed64;
    const uint64_t page_bytes[] = {1, 30, 100, 1000};
    append_.page_bytes = page_bytes[random_() % 4];
    options_.merge_operator = NewAppendOperator(append_);
    const size_t successive[] = {0, 0, 1, 3};
    options_.max_successive_merges = successive[random_() % 4];
    if (random_() % 4 == 0) {
      options_.enable_blob_files = true;
      options_.min_blob_size = 40;
    }
    long_options_.layout = append_.layout;
    long_options_.seal_in_background = random_() % 2 == 0;
    const size_t index_bytes[] = {0, 4000, 8 << 20};
    long_options_.index_bytes = index_bytes[random_() % 3];
    Open();
  }
  ~HistoryDb() { Close(); }

  void Open() {
    rocksdb::DB* db = nullptr;
    if (has_transactions_) {
      ASSERT_OK(rocksdb::TransactionDB::Open(options_, {}, path(), &transactions_));
      db = transactions_;
    } else {
      ASSERT_OK(rocksdb::DB::Open(options_, path(), &db));
    }
    db_.reset(db);
    ASSERT_OK(LongStore::Open(db, nullptr, long_options_, &store_));
  }
  void Close() {
    if (store_ != nullptr) EXPECT_OK(store_->Close());
    store_.reset();
    db_.reset();
  }
  std::string path() const { return dir_.path() + "/db"; }

  rocksdb::DB& db() { return *db_; }
  // Null in a plain DB. Only there does a seal put a fresh base in place of the open page, and only
  // as long as no batch was used.
  rocksdb::TransactionDB* transactions() { return transactions_; }
  bool has_batches() const { return has_batches_; }
  LongStore& store() { return *store_; }
  const rocksdb::Options& options() const { return options_; }
  const LongStoreOptions& long_options() const { return long_options_; }

 private:
  std::mt19937 random_;
  TempDir dir_;
  std::unique_ptr<rocksdb::Env> env_;
  rocksdb::Options options_;
  AppendOptions append_;
  LongStoreOptions long_options_;
  const bool has_transactions_;
  const bool has_batches_;
  rocksdb::TransactionDB* transactions_ = nullptr;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<LongStore> store_;
};

class History {
 public:
  History(unsigned seed, HistoryDb& db) : seed_(seed), random_(seed), db_(db) {}
  ~History() { DropSnapshots(); }

  void Run() {
    SCOPED_TRACE("SHEAF_HISTORY=" + std::to_string(seed_));
    for (size_t step = 20 + random_() % 40; step > 0 && !::testing::Test::HasFailure(); --step) {
      Step();
    }
    Check(db_.store(), kRead, lists_);
  }

 private:
  void Step() {
    switch (random_() % 26) {
      case 0:
        EXPECT_OK(db_.db().Flush({}));
        return;
      case 1: {
        rocksdb::CompactRangeOptions options;
        if (random_() % 2 == 0) {
          options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
        }
        EXPECT_OK(db_.db().CompactRange(options, nullptr, nullptr));
        return;
      }
      case 2:
        if (snapshots_.size() < 3) snapshots_.emplace_back(db_.db().GetSnapshot(), lists_);
        return;
      case 3:
        return Check(db_.store(), kRead, lists_);
      case 4:
        if (random_() % 4 != 0) return;
        DropSnapshots();
        db_.Close();
        return db_.Open();
      case 5: {
        if (!db_.has_batches()) return;
        rocksdb::WriteBatch batch;
        Lists after = lists_;
        for (size_t i = 1 + random_() % 4; i > 0; --i) Append(&batch, &after);
        if (random_() % 4 == 0) return;
        EXPECT_OK(db_.db().Write(kWrite, &batch));
        lists_ = std::move(after);
        return;
      }
      case 6: {
        if (db_.transactions() == nullptr) return;
        const std::unique_ptr<rocksdb::Transaction> transaction(
            db_.transactions()->BeginTransaction(kWrite));
        Lists after = lists_;
        for (size_t i = 1 + random_() % 4; i > 0; --i) Append(transaction.get(), &after);
        // Seals do not wait for the locks of transactions.
        if (random_() % 2 == 0) EXPECT_OK(db_.store().Seal(RandomKey()));
        if (random_() % 3 == 0) {
          EXPECT_OK(transaction->Rollback());
          return;
        }
        EXPECT_OK(transaction->Commit());
        lists_ = std::move(after);
        return;
      }
      case 7:
      case 8:
      case 9:
        EXPECT_OK(db_.store().Seal(RandomKey()));
        return;
      case 10:
      case 11:
      case 12: {
        const std::string& key = RandomKey();
        const auto found = lists_.find(key);
        const uint64_t end = found == lists_.end() ? 0 : found->second.end();
        const uint64_t position =
            random_() % 8 == 0 ? UINT64_MAX - random_() % 2 : random_() % (end + 3);
        EXPECT_OK(db_.store().TrimBefore(kWrite, key, position));
        if (found != lists_.end()) found->second.TrimBefore(position);
        return;
      }
      case 13: {
        if (random_() % 3 != 0) return;
        const std::string& key = RandomKey();
        EXPECT_OK(db_.store().Delete(kWrite, key));
        lists_.erase(key);
        return;
      }
      case 14: {
        if (random_() % 8 != 0) return;
        rocksdb::Checkpoint* checkpoint = nullptr;
        ASSERT_OK(rocksdb::Checkpoint::Create(&db_.db(), &checkpoint));
        const std::unique_ptr<rocksdb::Checkpoint> owned(checkpoint);
        const std::string copy = db_.path() + "_copy";
        ASSERT_OK(checkpoint->CreateCheckpoint(copy));
        CheckCopy(copy);
        EXPECT_OK(rocksdb::DestroyDB(copy, db_.options()));
        return;
      }
      default:
        return Append(kWrite, &lists_);
    }
  }

  const std::string& RandomKey() { return Keys()[random_() % Keys().size()]; }

  template <typename Target>
  void Append(Target&& target, Lists* lists) {
    const std::string& key = RandomKey();
    List values;
    const size_t count = random_() % 10 == 0 ? random_() % 60 : random_() % 4;
    for (size_t i = 0; i < count; ++i) {
      const size_t size = random_() % 6 == 0 ? random_() % 300 : random_() % 12;
      std::string value = std::to_string(next_++) + ":";
      value.resize(std::max(value.size(), size), 'v');
      values.push_back(random_() % 12 == 0 ? "" : std::move(value));
    }
    EXPECT_OK(db_.store().Append(target, key, values));
    (*lists)[key].Append(values);
  }

  void DropSnapshots() {
    for (const auto& [snapshot, lists] : snapshots_) {
      rocksdb::ReadOptions options;
      options.snapshot = snapshot;
      Check(db_.store(), options, lists);
      db_.db().ReleaseSnapshot(snapshot);
    }
    snapshots_.clear();
  }

  // The copy is opened without the memory of the original.
  void CheckCopy(const std::string& path) {
    rocksdb::DB* db = nullptr;
    rocksdb::Options options = db_.options();
    options.create_if_missing = false;
    const bool read_only = random_() % 2 == 0;
    ASSERT_OK(read_only ? rocksdb::DB::OpenForReadOnly(options, path, &db)
                        : rocksdb::DB::Open(options, path, &db));
    const std::unique_ptr<rocksdb::DB> owned(db);
    LongStoreOptions long_options = db_.long_options();
    long_options.read_only = read_only;
    std::unique_ptr<LongStore> store;
    ASSERT_OK(LongStore::Open(db, nullptr, long_options, &store));
    Check(*store, kRead, lists_);
  }

  void Check(LongStore& store, const rocksdb::ReadOptions& options, const Lists& lists) {
    for (const std::string& key : Keys()) {
      SCOPED_TRACE("key " + ::testing::PrintToString(key));
      const auto found = lists.find(key);
      CheckList(store, options, key, found == lists.end() ? nullptr : &found->second);
    }
    CheckScan(store, options, lists);
  }

  void CheckList(LongStore& store, const rocksdb::ReadOptions& options, const std::string& key,
                 const Model* model) {
    uint64_t first = 1;
    uint64_t end = 1;
    rocksdb::Status s = store.Bounds(options, key, &first, &end);
    Segments segments;
    std::vector<PinnedSlice> values;
    if (model == nullptr) {
      EXPECT_TRUE(s.IsNotFound()) << s.ToString();
      EXPECT_TRUE(store.Get(options, key, &segments).IsNotFound());
      EXPECT_TRUE(store.GetRange(options, key, 0, 1, &values).IsNotFound());
      EXPECT_TRUE(store.GetLast(options, key, random_() % 3, &values).IsNotFound());
      const auto pages = store.Pages(options, key);
      EXPECT_FALSE(pages->Valid());
      EXPECT_TRUE(pages->status().IsNotFound()) << pages->status().ToString();
      return;
    }
    ASSERT_OK(s);
    EXPECT_EQ(first, model->first);
    EXPECT_EQ(end, model->end());
    const List all(model->values.begin(), model->values.end());
    ASSERT_OK(store.Get(options, key, &segments));
    EXPECT_EQ(List(segments.begin(), segments.end()), all);

    for (int i = 0; i < 3; ++i) {
      const uint64_t position =
          random_() % 10 == 0 ? UINT64_MAX - random_() % 3 : random_() % (model->end() + 3);
      const size_t count = random_() % 10 == 0 ? SIZE_MAX : random_() % 2 == 0 ? 1 : random_() % 40;
      SCOPED_TRACE("position " + std::to_string(position) + ", count " + std::to_string(count));
      uint64_t at = 0;
      ASSERT_OK(store.GetRange(options, key, position, count, &values, &at));
      const List expected = model->Range(position, count);
      EXPECT_EQ(ToStrings(values), expected);
      if (!expected.empty()) {
        EXPECT_EQ(at, std::max(position, model->first));
      }
    }
    for (int i = 0; i < 2; ++i) {
      const size_t count = random_() % 8 == 0 ? SIZE_MAX : random_() % 30;
      ASSERT_OK(store.GetLast(options, key, count, &values));
      const uint64_t from = model->end() - std::min<uint64_t>(count, model->values.size());
      EXPECT_EQ(ToStrings(values), model->Range(from, SIZE_MAX)) << "last " << count;
    }
    CheckPages(store.Pages(options, key), *model, 0);
    const uint64_t position = random_() % (model->end() + 2);
    CheckPages(store.Pages(options, key, position), *model, position);
  }

  // The values from the page of `position` on.
  static void CheckPages(std::unique_ptr<PageCursor> page, const Model& model, uint64_t position) {
    if (position >= model.end() || model.values.empty()) {
      EXPECT_FALSE(page->Valid());
      EXPECT_OK(page->status());
      return;
    }
    ASSERT_TRUE(page->Valid()) << page->status().ToString();
    EXPECT_LE(page->position(), std::max(position, model.first));
    EXPECT_GT(page->position() + page->values().size(), position);
    uint64_t at = page->position();
    for (; page->Valid(); page->Next()) {
      EXPECT_EQ(page->position(), at);
      EXPECT_FALSE(page->values().empty());
      const PinnedBlob kept = page->Detach();
      EXPECT_EQ(ToList(kept), model.Range(at, kept.size()));
      at += kept.size();
    }
    EXPECT_OK(page->status());
    EXPECT_EQ(at, model.end());
  }

  void CheckScan(LongStore& store, const rocksdb::ReadOptions& options, const Lists& lists) {
    KeyRange range;
    if (random_() % 2 == 0) range.begin = RandomKey();
    if (random_() % 2 == 0) range.end = RandomKey();
    if (random_() % 4 == 0) range.after = RandomKey();
    const auto cursor = store.Scan(options, range);
    for (const auto& [key, model] : lists) {
      if (key < range.begin || (!range.end.empty() && key >= range.end) ||
          (!range.after.empty() && key <= range.after)) {
        continue;
      }
      ASSERT_TRUE(cursor->Valid()) << cursor->status().ToString();
      EXPECT_EQ(cursor->key().ToString(), key);
      EXPECT_EQ(cursor->first(), model.first);
      EXPECT_EQ(cursor->end(), model.end());
      if (random_() % 4 == 0) CheckPages(cursor->Pages(), model, 0);
      cursor->Next();
    }
    EXPECT_FALSE(cursor->HasKey());
    EXPECT_OK(cursor->status());
  }

  const unsigned seed_;
  std::mt19937 random_;
  HistoryDb& db_;
  uint64_t next_ = 0;
  Lists lists_;
  std::vector<std::pair<const rocksdb::Snapshot*, Lists>> snapshots_;
};

TEST(LongHistoryTest, EveryReadIsThatOfADequeAtItsPositions) {
  const char* const one = std::getenv("SHEAF_HISTORY");
  const unsigned first = one == nullptr ? 0 : static_cast<unsigned>(std::stoul(one));
  const unsigned histories =
      one == nullptr ? std::max(1u, static_cast<unsigned>(1000 * test::Scale())) : 1;
  for (const bool with_batches : {false, true}) {
    for (unsigned seed = first; seed < first + histories && !HasFailure(); ++seed) {
      if (HasBatches(seed) != with_batches) continue;
      // A DB of its own: what a history leaves there would be another's.
      HistoryDb db(seed);
      History(seed, db).Run();
    }
  }
  std::printf("%u histories\n", histories);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
