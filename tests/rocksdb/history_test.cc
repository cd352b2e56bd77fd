// Random histories: whatever is done to lists, and whatever RocksDB does to them meanwhile, every
// way of reading gives the list that a std::vector would be.
//
// SHEAF_TEST_SCALE=100 runs 100,000 of them. A failure prints its history's seed, which
// SHEAF_HISTORY=SEED runs alone.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "plugin/codec/operand.h"
#include "rocksdb/env.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/segments.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

const rocksdb::ReadOptions kRead;
const rocksdb::WriteOptions kWrite;

// What a list must be: edits on a vector, each limit enforced value by value.
class Model {
 public:
  explicit Model(const AppendOptions& limits) : limits_(limits) {}

  void Put(const List& values) { list_ = values; }
  void Edit(const std::function<void(List&)>& edit) {
    const List before = std::exchange(list_, {});
    for (const std::string& value : before) Add(value);
    edit(list_);
  }
  void Append(const List& values) {
    Edit([](List&) {});
    for (const std::string& value : values) Add(value);
  }
  const List& list() const { return list_; }

 private:
  bool IsOver() const {
    size_t bytes = 0;
    for (const std::string& value : list_) bytes += value.size();
    return (limits_.max_values != 0 && list_.size() > limits_.max_values) ||
           (limits_.max_bytes != 0 && bytes > limits_.max_bytes);
  }
  void Add(const std::string& value) {
    if (limits_.max_bytes != 0 && value.size() > limits_.max_bytes) return;
    list_.push_back(value);
    while (IsOver()) {
      list_.erase(limits_.keep == Keep::kLast ? list_.begin() : list_.end() - 1);
    }
  }

  AppendOptions limits_;
  List list_;
};

using Lists = std::map<std::string, Model>;

// Two column families, one of each layout, in a DB that many histories share.
class HistoryDb {
 public:
  explicit HistoryDb(unsigned seed)
      : random_(seed), env_(rocksdb::NewMemEnv(rocksdb::Env::Default())) {
    options_.create_if_missing = true;
    options_.create_missing_column_families = true;
    if (seed % 4 != 0) options_.env = env_.get();  // a quarter of them on a real file system
    options_.write_buffer_size = 64 << 10;
    options_.level0_file_num_compaction_trigger = 2;
    options_.compression = rocksdb::kNoCompression;
    for (const Layout layout : {Layout::kCompact, Layout::kFixed64}) {
      AppendOptions append;
      append.layout = layout;
      if (random_() % 3 == 0) append.max_values = 1 + random_() % 12;
      if (random_() % 3 == 0) append.max_bytes = 1 + random_() % 60;
      if (random_() % 2 == 0) append.keep = Keep::kFirst;
      rocksdb::ColumnFamilyOptions family(options_);
      family.merge_operator = NewAppendOperator(append);
      const size_t successive[] = {0, 0, 1, 3};
      family.max_successive_merges = successive[random_() % 4];
      limits_.push_back(append);
      families_.push_back(family);
    }
    Open();
  }
  ~HistoryDb() { Close(); }

  void Open() {
    const std::vector<rocksdb::ColumnFamilyDescriptor> descriptors = {
        {rocksdb::kDefaultColumnFamilyName, families_[0]}, {"fixed64", families_[1]}};
    rocksdb::TransactionDB* db = nullptr;
    EXPECT_OK(rocksdb::TransactionDB::Open(options_, {}, dir_.path() + "/db", descriptors,
                                           &handles_, &db));
    db_.reset(db);
    for (size_t i = 0; i < handles_.size(); ++i) {
      stores_.emplace_back();
      EXPECT_OK(Store::Open(db, handles_[i], {limits_[i].layout}, &stores_.back()));
    }
  }
  void Close() {
    for (const auto& store : stores_) EXPECT_OK(store->Close());
    stores_.clear();
    for (rocksdb::ColumnFamilyHandle* const handle : handles_) {
      EXPECT_OK(db_->DestroyColumnFamilyHandle(handle));
    }
    handles_.clear();
    db_.reset();
  }

  rocksdb::TransactionDB& db() { return *db_; }
  Store& store(size_t family) { return *stores_[family]; }
  rocksdb::ColumnFamilyHandle* handle(size_t family) { return handles_[family]; }
  const AppendOptions& limits(size_t family) const { return limits_[family]; }

 private:
  std::mt19937 random_;
  TempDir dir_;
  std::unique_ptr<rocksdb::Env> env_;
  rocksdb::Options options_;
  std::vector<AppendOptions> limits_;
  std::vector<rocksdb::ColumnFamilyOptions> families_;
  std::unique_ptr<rocksdb::TransactionDB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  std::vector<std::unique_ptr<Store>> stores_;
};

class History {
 public:
  History(unsigned seed, HistoryDb& db) : seed_(seed), random_(seed), db_(db) {}
  ~History() { DropSnapshots(); }

  void Run() {
    SCOPED_TRACE("SHEAF_HISTORY=" + std::to_string(seed_));
    for (size_t step = 15 + random_() % 25; step > 0 && !::testing::Test::HasFailure(); --step) {
      Step();
    }
    Check(kRead, lists_);
  }

 private:
  void Step() {
    switch (random_() % 24) {
      case 0:
        EXPECT_OK(db_.db().Flush({}, db_.handle(random_() % 2)));
        return;
      case 1: {
        rocksdb::CompactRangeOptions options;
        if (random_() % 2 == 0) {
          options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
        }
        EXPECT_OK(db_.db().CompactRange(options, db_.handle(random_() % 2), nullptr, nullptr));
        return;
      }
      case 2:
        if (snapshots_.size() < 3) snapshots_.emplace_back(db_.db().GetSnapshot(), lists_);
        return;
      case 3:
        return Check(kRead, lists_);
      case 4:
        if (random_() % 4 != 0) return;
        DropSnapshots();
        db_.Close();
        return db_.Open();
      case 5:
      case 6: {
        rocksdb::WriteBatch batch;
        Lists after = lists_;
        for (size_t i = 1 + random_() % 4; i > 0; --i) Change(&batch, &after);
        if (random_() % 4 == 0) return;
        EXPECT_OK(db_.db().Write(kWrite, &batch));
        lists_ = std::move(after);
        return;
      }
      case 7:
      case 8: {
        const std::unique_ptr<rocksdb::Transaction> transaction(db_.db().BeginTransaction(kWrite));
        Lists after = lists_;
        for (size_t i = 1 + random_() % 4; i > 0; --i) Change(transaction.get(), &after);
        if (random_() % 3 == 0) {
          EXPECT_OK(transaction->Rollback());
          return;
        }
        EXPECT_OK(transaction->Commit());
        lists_ = std::move(after);
        return;
      }
      default:
        return Change(kWrite, &lists_);
    }
  }

  // One change of one list, by `target`: WriteOptions, a batch or a transaction.
  template <typename Target>
  void Change(const Target& target, Lists* lists) {
    const size_t family = random_() % 2;
    const std::string key = "h" + std::to_string(seed_) + "/" + std::to_string(random_() % 2);
    Store& store = db_.store(family);
    const std::string name = std::to_string(family) + key;
    Model& model = lists->try_emplace(name, db_.limits(family)).first->second;
    const size_t kind = random_() % 18;
    if (kind == 0) {
      lists->erase(name);
      EXPECT_OK(store.Delete(target, key));
    } else if (kind == 1) {
      const List values = Values();
      model.Put(values);
      EXPECT_OK(store.Put(target, key, values));
    } else if (kind == 2) {
      model.Edit([](List& list) { list.clear(); });
      EXPECT_OK(store.Clear(target, key));
    } else if (kind == 3) {
      const std::string prefix = Value().substr(0, random_() % 4);
      model.Edit([&](List& list) {
        list.erase(std::remove_if(list.begin(), list.end(),
                                  [&](const std::string& value) {
                                    return value.compare(0, prefix.size(), prefix) == 0;
                                  }),
                   list.end());
      });
      EXPECT_OK(store.RemovePrefix(target, key, prefix));
    } else if (kind <= 5) {
      const List values(1 + random_() % 3, Value());
      model.Edit([&](List& list) {
        for (const std::string& value : values) {
          list.erase(std::remove(list.begin(), list.end(), value), list.end());
        }
      });
      EXPECT_OK(store.Remove(target, key, values));
    } else if (kind <= 8) {
      const size_t count = random_() % 8;
      const Keep keep = random_() % 3 == 0 ? Keep::kFirst : Keep::kLast;
      model.Edit([&](List& list) {
        if (list.size() <= count) return;
        if (keep == Keep::kFirst) {
          list.resize(count);
        } else {
          list.erase(list.begin(), list.end() - static_cast<ptrdiff_t>(count));
        }
      });
      EXPECT_OK(store.Trim(target, key, count, keep));
    } else if (kind <= 10) {
      const uint64_t count = random_() % 16 == 0 ? UINT64_MAX : random_() % 6;
      model.Edit([&](List& list) {
        const uint64_t dropped = std::min<uint64_t>(count, list.size());
        list.erase(list.begin(), list.begin() + static_cast<ptrdiff_t>(dropped));
      });
      EXPECT_OK(Merge(target, db_.handle(family), key, internal::EncodeDropFirst(count)));
    } else {
      const List values = Values();
      model.Append(values);
      EXPECT_OK(store.Append(target, key, Views(values)));
    }
  }
  // An operand that no call of Store writes.
  rocksdb::Status Merge(const rocksdb::WriteOptions& options, rocksdb::ColumnFamilyHandle* family,
                        const std::string& key, const std::string& operand) {
    return db_.db().Merge(options, family, key, operand);
  }
  template <typename Target>
  rocksdb::Status Merge(Target* target, rocksdb::ColumnFamilyHandle* family, const std::string& key,
                        const std::string& operand) {
    return target->Merge(family, key, operand);
  }
  // A few letters, so that removes meet them; sometimes none, or a lot of them.
  std::string Value() {
    if (random_() % 12 == 0) return std::string(random_() % 400, 'x');
    return std::string(random_() % 8 == 0 ? 0 : 1, static_cast<char>('a' + random_() % 5));
  }
  List Values() {
    List values(random_() % 5);
    for (std::string& value : values) value = Value();
    return values;
  }

  // Every way to read, of all keys of this history.
  void Check(rocksdb::ReadOptions options, const Lists& lists) {
    for (size_t family = 0; family < 2; ++family) {
      Store& store = db_.store(family);
      const std::string prefix = "h" + std::to_string(seed_) + "/";
      std::map<std::string, List> expected;
      std::vector<std::string> names;
      for (const char* const key : {"0", "1"}) {
        names.push_back(prefix + key);
        const auto found = lists.find(std::to_string(family) + names.back());
        if (found != lists.end()) expected[names.back()] = found->second.list();
      }
      const std::vector<rocksdb::Slice> keys(names.begin(), names.end());
      std::vector<PinnedBlob> many(keys.size());
      std::vector<rocksdb::Status> statuses(keys.size());
      store.MultiGet(options, keys.size(), keys.data(), many.data(), statuses.data());
      for (size_t i = 0; i < keys.size(); ++i) {
        const auto found = expected.find(names[i]);
        const size_t count = random_() % 6;
        PinnedBlob list;
        std::vector<PinnedBlob> blobs;
        const size_t first = random_() % 6;
        std::vector<PinnedSlice> last;
        std::vector<PinnedSlice> range;
        uint64_t size = 7;
        const rocksdb::Status statuses_of[] = {
            statuses[i],
            store.Get(options, keys[i], &list),
            store.GetSegments(options, keys[i], &blobs),
            store.GetLast(options, keys[i], count, &last),
            store.GetRange(options, keys[i], first, count, &range),
            store.Count(options, keys[i], &size)};
        bool exists = false;
        EXPECT_OK(store.Exists(options, keys[i], &exists));
        EXPECT_EQ(exists, found != expected.end());
        for (const rocksdb::Status& s : statuses_of) {
          if (found == expected.end()) {
            EXPECT_TRUE(s.IsNotFound()) << names[i] << ": " << s.ToString();
          } else {
            EXPECT_TRUE(s.ok()) << names[i] << ": " << s.ToString();
          }
        }
        if (found == expected.end()) continue;
        const List& model = found->second;
        EXPECT_EQ(ToList(list), model);
        EXPECT_EQ(ToList(many[i]), model);
        const Segments segments(std::move(blobs));
        EXPECT_EQ(List(segments.begin(), segments.end()), model);
        EXPECT_EQ(
            List(last.begin(), last.end()),
            List(model.end() - static_cast<ptrdiff_t>(std::min(count, model.size())), model.end()));
        EXPECT_EQ(size, model.size());
        const size_t begin = std::min(first, model.size());
        EXPECT_EQ(
            List(range.begin(), range.end()),
            List(model.begin() + static_cast<ptrdiff_t>(begin),
                 model.begin() + static_cast<ptrdiff_t>(std::min(begin + count, model.size()))));
        PinnedSlice value;
        const rocksdb::Status at = store.GetAt(options, keys[i], first, &value);
        EXPECT_EQ(at.ok(), first < model.size()) << at.ToString();
        EXPECT_EQ(value, first < model.size() ? model[first] : "");
      }
      std::map<std::string, List> scanned;
      const auto cursor = store.Scan(options, KeyRange::Prefix(prefix));
      for (; cursor->Valid(); cursor->Next()) {
        scanned[cursor->key().ToString()] = ToList(cursor->values());
      }
      EXPECT_OK(cursor->status());
      EXPECT_EQ(scanned, expected);
      scanned.clear();
      for (cursor->SeekToLast(); cursor->Valid(); cursor->Prev()) {
        scanned[cursor->key().ToString()] = ToList(cursor->values());
      }
      EXPECT_OK(cursor->status());
      EXPECT_EQ(scanned, expected);
    }
  }

  void DropSnapshots() {
    for (const auto& [snapshot, lists] : snapshots_) {
      rocksdb::ReadOptions options;
      options.snapshot = snapshot;
      Check(options, lists);
      db_.db().ReleaseSnapshot(snapshot);
    }
    snapshots_.clear();
  }

  const unsigned seed_;
  std::mt19937 random_;
  HistoryDb& db_;
  Lists lists_;
  std::vector<std::pair<const rocksdb::Snapshot*, Lists>> snapshots_;
};

TEST(HistoryTest, EveryReadGivesTheListOfTheModel) {
  constexpr unsigned kHistoriesOfDb = 50;
  const char* const scale = std::getenv("SHEAF_TEST_SCALE");
  unsigned first = 0;
  auto count = static_cast<unsigned>(1000 * (scale == nullptr ? 1 : std::atof(scale)));
  if (const char* const one = std::getenv("SHEAF_HISTORY")) {
    first = static_cast<unsigned>(std::atoi(one));
    count = 1;
  }
  std::unique_ptr<HistoryDb> db;
  for (unsigned seed = first; seed < first + count && !HasFailure(); ++seed) {
    if (db == nullptr || seed % kHistoriesOfDb == 0) {
      db.reset();
      db = std::make_unique<HistoryDb>(seed / kHistoriesOfDb);
    }
    History(seed, *db).Run();
    if ((seed + 1) % 10000 == 0) std::printf("%u histories\n", seed + 1);
  }
  if (!HasFailure()) std::printf("%u histories, all as the model\n", count);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
