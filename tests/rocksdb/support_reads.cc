#include "tests/rocksdb/support_reads.h"

#include <algorithm>
#include <memory>
#include <random>
#include <utility>

#include "sheaf/pinnable.h"
#include "sheaf/segments.h"

namespace sheaf {
namespace testing {
namespace {

// Compares answers with the lists, and says who answered.
class Judge {
 public:
  Judge(const Lists& lists, bool may_be_incomplete)
      : lists_(lists), may_be_incomplete_(may_be_incomplete) {}

  void Answer(const char* who, const std::string& key, const rocksdb::Status& s, const List& answer,
              size_t last = SIZE_MAX) const {
    Answer(who, key, s, answer, [last](const List& all) {
      return List(all.end() - static_cast<ptrdiff_t>(std::min(last, all.size())), all.end());
    });
  }
  // `part(list)` is what the answer must be.
  template <typename Part>
  void Answer(const char* who, const std::string& key, const rocksdb::Status& s, const List& answer,
              Part part) const {
    if (may_be_incomplete_ && s.IsIncomplete()) return;
    const auto found = lists_.find(key);
    if (found == lists_.end()) {
      EXPECT_TRUE(s.IsNotFound()) << who << " of " << key
                                  << ", which is not there: " << s.ToString() << " "
                                  << ::testing::PrintToString(answer);
      return;
    }
    EXPECT_TRUE(s.ok()) << who << " of " << key << ": " << s.ToString();
    if (!s.ok()) return;
    EXPECT_EQ(answer, part(found->second)) << who << " of " << key;
  }

  void Scanned(const char* who, const rocksdb::Status& s, const Lists& scanned) const {
    if (may_be_incomplete_ && s.IsIncomplete()) return;
    EXPECT_TRUE(s.ok()) << who << ": " << s.ToString();
    EXPECT_EQ(scanned, lists_) << who;
  }

 private:
  const Lists& lists_;
  const bool may_be_incomplete_;
};

void Check(Store& store, const std::vector<std::string>& keys, const Judge& judge,
           const rocksdb::ReadOptions& options, const ReadsDone& done, std::mt19937& random) {
  for (const std::string& key : keys) {
    constexpr size_t kKinds = 7;
    for (size_t left = kKinds, kind = random() % kKinds; left > 0;
         --left, kind = (kind + 1) % kKinds) {
      if (kind == 0) {
        PinnedBlob list;
        const rocksdb::Status s = store.Get(options, key, &list);
        judge.Answer("Get", key, s, ToList(list));
      } else if (kind == 1) {
        const size_t count = random() % 5;
        std::vector<PinnedSlice> last;
        const rocksdb::Status s = store.GetLast(options, key, count, &last);
        judge.Answer("GetLast", key, s, List(last.begin(), last.end()), count);
      } else if (kind == 2) {
        std::vector<PinnedBlob> blobs;
        const rocksdb::Status s = store.GetSegments(options, key, &blobs);
        const Segments all(std::move(blobs));
        judge.Answer("GetSegments", key, s, List(all.begin(), all.end()));
      } else if (kind == 3) {
        const size_t first = random() % 5;
        const size_t count = random() % 5;
        std::vector<PinnedSlice> range;
        const rocksdb::Status s = store.GetRange(options, key, first, count, &range);
        judge.Answer("GetRange", key, s, List(range.begin(), range.end()), [=](const List& all) {
          const auto begin = static_cast<ptrdiff_t>(std::min(first, all.size()));
          const auto end = static_cast<ptrdiff_t>(std::min(first + count, all.size()));
          return List(all.begin() + begin, all.begin() + end);
        });
      } else if (kind == 4) {
        uint64_t count = 0;
        const rocksdb::Status s = store.Count(options, key, &count);
        judge.Answer("Count", key, s, {std::to_string(count)},
                     [](const List& all) { return List{std::to_string(all.size())}; });
      } else if (kind == 5) {
        bool exists = false;
        rocksdb::Status s = store.Exists(options, key, &exists);
        if (s.ok() && !exists) s = rocksdb::Status::NotFound();
        judge.Answer("Exists", key, s, {}, [](const List&) { return List(); });
      } else {
        PinnedBlob list;
        rocksdb::Status s;
        const rocksdb::Slice one = key;
        store.MultiGet(options, 1, &one, &list, &s);
        judge.Answer("MultiGet of one", key, s, ToList(list));
      }
    }
  }
  std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  slices.insert(slices.end(), keys.begin(), keys.end());
  std::shuffle(slices.begin(), slices.end(), random);
  std::vector<PinnedBlob> many(slices.size());
  std::vector<rocksdb::Status> statuses(slices.size());
  store.MultiGet(options, slices.size(), slices.data(), many.data(), statuses.data());
  for (size_t i = 0; i < slices.size(); ++i) {
    judge.Answer("MultiGet", slices[i].ToString(), statuses[i], ToList(many[i]));
  }
  if (!done.scan) return;
  Lists scanned;
  const auto cursor = store.Scan(options, KeyRange::All());
  for (; cursor->Valid(); cursor->Next()) {
    scanned[cursor->key().ToString()] = ToList(cursor->values());
  }
  judge.Scanned("Scan", cursor->status(), scanned);
  scanned.clear();
  for (cursor->SeekToLast(); cursor->Valid(); cursor->Prev()) {
    scanned[cursor->key().ToString()] = ToList(cursor->values());
  }
  if (!done.scan_backward) {
    EXPECT_TRUE(cursor->status().IsNotSupported() || cursor->status().IsIncomplete())
        << cursor->status().ToString();
    return;
  }
  judge.Scanned("Scan backward", cursor->status(), scanned);
}

List Take(Store& store, rocksdb::PinnableSlice value, rocksdb::Status* s) {
  if (!s->ok()) return {};
  const auto list = FromPinnable(std::move(value), store.layout(), store.keep_alive());
  if (list.ok()) return ToList(*list);
  *s = rocksdb::Status::Corruption(std::string(list.status().message()));
  return {};
}

void CheckIterator(const char* who, std::unique_ptr<rocksdb::Iterator> iterator, Store& store,
                   const Judge& judge) {
  Lists scanned;
  rocksdb::Status s;
  for (iterator->SeekToFirst(); s.ok() && iterator->Valid(); iterator->Next()) {
    rocksdb::PinnableSlice value;
    value.PinSelf(iterator->value());
    if (!iterator->status().ok()) break;  // of this value
    scanned[iterator->key().ToString()] = Take(store, std::move(value), &s);
  }
  judge.Scanned(who, s.ok() ? iterator->status() : s, scanned);
}

rocksdb::ReadOptions TotalOrder() {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  return options;
}

}  // namespace

void CheckReads(Store& store, const std::vector<std::string>& keys, const Lists& lists,
                const rocksdb::ReadOptions& options, unsigned seed, const ReadsDone& done) {
  std::mt19937 random(seed);
  rocksdb::ReadOptions varied = options;
  varied.verify_checksums = random() % 2 == 0;
  varied.async_io = random() % 2 == 0;
  varied.fill_cache = random() % 4 != 0;
  const Judge judge(lists, /*may_be_incomplete=*/false);
  Check(store, keys, judge, options, done, random);
  Check(store, keys, judge, varied, done, random);
  varied.read_tier = rocksdb::kBlockCacheTier;
  Check(store, keys, Judge(lists, /*may_be_incomplete=*/true), varied, done, random);
}

void CheckThrough(rocksdb::Transaction* transaction, rocksdb::DB* db, Store& store,
                  const std::vector<std::string>& keys, const Lists& lists, const ReadsDone& done) {
  const Judge judge(lists, /*may_be_incomplete=*/false);
  rocksdb::ColumnFamilyHandle* const family = db->DefaultColumnFamily();
  for (const std::string& key : keys) {
    rocksdb::PinnableSlice value;
    rocksdb::Status s = transaction->Get({}, family, key, &value);
    judge.Answer("Transaction::Get", key, s, Take(store, std::move(value), &s));
    rocksdb::PinnableSlice locked;
    s = transaction->GetForUpdate({}, family, key, &locked);
    judge.Answer("Transaction::GetForUpdate", key, s, Take(store, std::move(locked), &s));
  }
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  transaction->MultiGet({}, family, keys.size(), slices.data(), values.data(), statuses.data());
  for (size_t i = 0; i < keys.size(); ++i) {
    const List list = Take(store, std::move(values[i]), &statuses[i]);
    judge.Answer("Transaction::MultiGet", keys[i], statuses[i], list);
  }
  if (!done.scan) return;
  CheckIterator("Transaction::GetIterator",
                std::unique_ptr<rocksdb::Iterator>(transaction->GetIterator(TotalOrder(), family)),
                store, judge);
}

void CheckThrough(rocksdb::WriteBatchWithIndex* batch, rocksdb::DB* db, Store& store,
                  const std::vector<std::string>& keys, const Lists& lists, const ReadsDone& done) {
  const Judge judge(lists, /*may_be_incomplete=*/false);
  rocksdb::ColumnFamilyHandle* const family = db->DefaultColumnFamily();
  for (const std::string& key : keys) {
    rocksdb::PinnableSlice value;
    rocksdb::Status s = batch->GetFromBatchAndDB(db, {}, family, key, &value);
    const List list = Take(store, std::move(value), &s);
    judge.Answer("GetFromBatchAndDB", key, s, list);
  }
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<rocksdb::PinnableSlice> values(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  batch->MultiGetFromBatchAndDB(db, {}, family, keys.size(), slices.data(), values.data(),
                                statuses.data(), /*sorted_input=*/false);
  for (size_t i = 0; i < keys.size(); ++i) {
    const List list = Take(store, std::move(values[i]), &statuses[i]);
    judge.Answer("MultiGetFromBatchAndDB", keys[i], statuses[i], list);
  }
  if (!done.scan) return;
  const rocksdb::ReadOptions options = TotalOrder();
  CheckIterator("NewIteratorWithBase",
                std::unique_ptr<rocksdb::Iterator>(
                    batch->NewIteratorWithBase(family, db->NewIterator(options), &options)),
                store, judge);
}

}  // namespace testing
}  // namespace sheaf
