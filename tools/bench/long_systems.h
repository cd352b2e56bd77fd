// What long_bench compares: ways to keep a list in RocksDB that is appended to and read in turn.
// Each is a struct with
//
//   static constexpr const char* kName;
//   static void Configure(rocksdb::Options*);               // before its DB is opened
//   explicit System(rocksdb::DB*);
//   rocksdb::Status Fill(key, values);                      // a new list
//   rocksdb::Status Settle();                               // after all were filled
//   rocksdb::Status Append(key, end, value);                // `end`: how many values there are
//   rocksdb::Status Last(key, end, count, visit);           // visit(std::string_view) each
//   rocksdb::Status Range(key, position, count, visit);
//   rocksdb::Status Whole(key, visit);
//
// Who appends knows how many values there are: the two stores of Sheaf do not need it.

#ifndef SHEAF_TOOLS_BENCH_LONG_SYSTEMS_H_
#define SHEAF_TOOLS_BENCH_LONG_SYSTEMS_H_

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "rocksdb/db.h"
#include "rocksdb/write_batch.h"
#include "sheaf/long_store.h"
#include "sheaf/store.h"
#include "tools/bench/temp_folder.h"

namespace sheaf {
namespace bench {

inline rocksdb::Slice Bytes(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

template <typename Kind, typename Options>
std::unique_ptr<Kind> OpenOrDie(rocksdb::DB* db, const Options& options) {
  std::unique_ptr<Kind> store;
  const rocksdb::Status s = Kind::Open(db, nullptr, options, &store);
  if (s.ok()) return store;
  std::fprintf(stderr, "error: %s\n", s.ToString().c_str());
  std::abort();
}

// A DB of its own, in a folder that is removed at the end.
class BenchDb {
 public:
  BenchDb(const char* benchmark, const rocksdb::Options& options)
      : path_(NewTempFolder(benchmark)) {
    rocksdb::DB* db = nullptr;
    const rocksdb::Status s = rocksdb::DB::Open(options, path_, &db);
    if (!s.ok()) {
      std::fprintf(stderr, "%s: cannot open a DB in %s: %s\n", benchmark, path_.c_str(),
                   s.ToString().c_str());
      std::exit(1);
    }
    db_.reset(db);
  }
  ~BenchDb() {
    db_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  BenchDb(const BenchDb&) = delete;
  BenchDb& operator=(const BenchDb&) = delete;
  rocksdb::DB* get() { return db_.get(); }

 private:
  const std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
};

class SheafLong {
 public:
  static constexpr const char* kName = "SheafLong";
  static void Configure(rocksdb::Options* options) {
    AppendOptions append;
    append.page_bytes = kDefaultPageBytes;
    options->merge_operator = NewAppendOperator(append);
    options->sst_partitioner_factory = NewPagePartitionerFactory();
  }
  explicit SheafLong(rocksdb::DB* db) : store_(OpenOrDie<LongStore>(db, LongStoreOptions())) {}

  rocksdb::Status Fill(const std::string& key, LongStore::Values values) {
    rocksdb::Status s;
    constexpr size_t kAtOnce = 1000;
    for (size_t i = 0; i < values.size() && s.ok(); i += kAtOnce) {
      s = store_->Append(write_, key, values.subspan(i, kAtOnce));
    }
    return s;
  }
  // What waits to be sealed.
  rocksdb::Status Settle() {
    while (store_->stats().open_pages_too_large != 0) {
    }
    return rocksdb::Status::OK();
  }
  rocksdb::Status Append(const std::string& key, uint64_t /*end*/, std::string_view value) {
    return store_->Append(write_, key, {&value, 1});
  }
  template <typename Visit>
  rocksdb::Status Last(const std::string& key, uint64_t /*end*/, size_t count, Visit&& visit) {
    rocksdb::Status s = store_->GetLast(read_, key, count, &values_);
    for (const PinnedSlice& value : values_) visit(value.view());
    return s;
  }
  template <typename Visit>
  rocksdb::Status Range(const std::string& key, uint64_t position, size_t count, Visit&& visit) {
    rocksdb::Status s = store_->GetRange(read_, key, position, count, &values_);
    for (const PinnedSlice& value : values_) visit(value.view());
    return s;
  }
  template <typename Visit>
  rocksdb::Status Whole(const std::string& key, Visit&& visit) {
    Segments list;
    rocksdb::Status s = store_->Get(read_, key, &list);
    list.ForEach(visit);
    return s;
  }
  LongStore& store() { return *store_; }

 private:
  const std::unique_ptr<LongStore> store_;
  const rocksdb::WriteOptions write_;
  const rocksdb::ReadOptions read_;
  std::vector<PinnedSlice> values_;
};

class SheafOne {
 public:
  static constexpr const char* kName = "Sheaf";
  static void Configure(rocksdb::Options* options) {
    options->merge_operator = NewAppendOperator();
  }
  explicit SheafOne(rocksdb::DB* db) : store_(OpenOrDie<Store>(db, StoreOptions())) {}

  rocksdb::Status Fill(const std::string& key, Store::Values values) {
    return store_->Put(write_, key, values);
  }
  rocksdb::Status Settle() { return rocksdb::Status::OK(); }
  rocksdb::Status Append(const std::string& key, uint64_t /*end*/, std::string_view value) {
    return store_->Append(write_, key, {&value, 1});
  }
  template <typename Visit>
  rocksdb::Status Last(const std::string& key, uint64_t /*end*/, size_t count, Visit&& visit) {
    rocksdb::Status s = store_->GetLast(read_, key, count, &values_);
    for (const PinnedSlice& value : values_) visit(value.view());
    return s;
  }
  template <typename Visit>
  rocksdb::Status Range(const std::string& key, uint64_t position, size_t count, Visit&& visit) {
    rocksdb::Status s = store_->GetRange(read_, key, position, count, &values_);
    for (const PinnedSlice& value : values_) visit(value.view());
    return s;
  }
  template <typename Visit>
  rocksdb::Status Whole(const std::string& key, Visit&& visit) {
    PinnedBlob list;
    rocksdb::Status s = store_->Get(read_, key, &list);
    list.view().ForEach(visit);
    return s;
  }
  Store& store() { return *store_; }

 private:
  const std::unique_ptr<Store> store_;
  const rocksdb::WriteOptions write_;
  const rocksdb::ReadOptions read_;
  std::vector<PinnedSlice> values_;
};

// `per_key` values under a key that has the number of the first of them. One is the plain way, and
// 64 is what people do next: then an append reads what the last key has, and writes it again.
template <size_t per_key>
class KeyedValues {
 public:
  static void Configure(rocksdb::Options* /*options*/) {}
  explicit KeyedValues(rocksdb::DB* db) : db_(db) {}

  rocksdb::Status Fill(const std::string& key, Store::Values values) {
    rocksdb::Status s;
    for (size_t i = 0; i < values.size() && s.ok(); i += per_key) {
      s = db_->Put(write_, KeyOf(key, i), Packed(values.subspan(i, per_key)));
    }
    return s;
  }
  rocksdb::Status Settle() { return rocksdb::Status::OK(); }
  rocksdb::Status Append(const std::string& key, uint64_t end, std::string_view value) {
    if (end % per_key == 0) return db_->Put(write_, KeyOf(key, end), Packed({&value, 1}));
    rocksdb::PinnableSlice last;
    rocksdb::Status s = db_->Get(read_, db_->DefaultColumnFamily(), KeyOf(key, end), &last);
    if (!s.ok()) return s;
    views_ = BlobView::Parse(last.ToStringView())->Views();
    views_.push_back(value);
    return db_->Put(write_, KeyOf(key, end), Packed(views_));
  }
  template <typename Visit>
  rocksdb::Status Last(const std::string& key, uint64_t end, size_t count, Visit&& visit) {
    count = std::min<uint64_t>(count, end);
    return Range(key, end - count, count, visit);
  }
  template <typename Visit>
  rocksdb::Status Range(const std::string& key, uint64_t position, size_t count, Visit&& visit) {
    if (position / per_key == (position + count - 1) / per_key) {
      rocksdb::PinnableSlice value;
      rocksdb::Status s = db_->Get(read_, db_->DefaultColumnFamily(), KeyOf(key, position), &value);
      if (s.ok()) VisitPart(value, position % per_key, count, visit);
      return s;
    }
    return Scan(key, position, count, visit);
  }
  template <typename Visit>
  rocksdb::Status Whole(const std::string& key, Visit&& visit) {
    return Scan(key, 0, SIZE_MAX, visit);
  }
  const std::string& Key(const std::string& key, uint64_t position) { return KeyOf(key, position); }

 private:
  const std::string& KeyOf(const std::string& key, uint64_t position) {
    const uint64_t number = __builtin_bswap64(position / per_key);
    one_.assign(key);
    one_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return one_;
  }
  rocksdb::Slice Packed(Store::Values values) {
    if (per_key == 1) return Bytes(values[0]);
    packed_ = *Encode(values);
    return packed_;
  }
  // Values [first, first + count) of those in `value`; returns how many there were.
  template <typename Visitor>
  static size_t VisitPart(const rocksdb::Slice& value, size_t first, size_t count,
                          Visitor&& visit) {
    if (per_key == 1) {
      visit(value.ToStringView());
      return 1;
    }
    const absl::StatusOr<BlobView> values = BlobView::Parse(value.ToStringView());
    const size_t end =
        std::min(values->size(), count > SIZE_MAX - first ? SIZE_MAX : first + count);
    for (size_t i = first; i < end; ++i) visit((*values)[i]);
    return end - first;
  }
  template <typename Visitor>
  rocksdb::Status Scan(const std::string& key, uint64_t position, size_t count, Visitor&& visit) {
    const std::string end = KeyOf(key, UINT64_MAX);
    const rocksdb::Slice bound(end);
    rocksdb::ReadOptions read;
    read.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(read));
    for (at->Seek(KeyOf(key, position)); at->Valid() && count != 0; at->Next()) {
      count -= VisitPart(at->value(), position % per_key, count, visit);
      position = 0;
    }
    return at->status();
  }

  rocksdb::DB* const db_;
  const rocksdb::WriteOptions write_;
  const rocksdb::ReadOptions read_;
  std::string one_;
  std::string packed_;
  std::vector<std::string_view> views_;
};

struct OneKey : KeyedValues<1> {
  static constexpr const char* kName = "OneKey";
  using KeyedValues::KeyedValues;
};
struct OneKeyBatch : KeyedValues<64> {
  static constexpr const char* kName = "OneKeyBatch";
  using KeyedValues::KeyedValues;
};

// Numbered pages of 1,000 values, and a count beside them that is read and written by each append,
// in one batch with the page (as Bitcoin ABC's Chronik does).
class ReadModifyWritePages {
 public:
  static constexpr const char* kName = "ReadModifyWrite";
  static void Configure(rocksdb::Options* /*options*/) {}
  explicit ReadModifyWritePages(rocksdb::DB* db) : db_(db), pages_(db) {}

  rocksdb::Status Fill(const std::string& key, Store::Values values) {
    rocksdb::Status s = pages_.Fill(key, values);
    return s.ok() ? db_->Put(write_, CountKey(key), std::to_string(values.size())) : s;
  }
  rocksdb::Status Settle() { return rocksdb::Status::OK(); }
  rocksdb::Status Append(const std::string& key, uint64_t /*end*/, std::string_view value) {
    std::string count;
    rocksdb::Status s = db_->Get(read_, CountKey(key), &count);
    if (!s.ok() && !s.IsNotFound()) return s;
    const uint64_t end = count.empty() ? 0 : std::stoull(count);
    std::vector<std::string_view> views;
    rocksdb::PinnableSlice page;
    const uint64_t number = __builtin_bswap64(end / kPage);
    const std::string page_key =
        key + std::string(reinterpret_cast<const char*>(&number), sizeof number);
    if (end % kPage != 0) {
      s = db_->Get(read_, db_->DefaultColumnFamily(), page_key, &page);
      if (!s.ok()) return s;
      views = BlobView::Parse(page.ToStringView())->Views();
    }
    views.push_back(value);
    rocksdb::WriteBatch batch;
    s = batch.Put(page_key, *Encode(views));
    if (s.ok()) s = batch.Put(CountKey(key), std::to_string(end + 1));
    return s.ok() ? db_->Write(write_, &batch) : s;
  }
  template <typename Visit>
  rocksdb::Status Last(const std::string& key, uint64_t end, size_t count, Visit&& visit) {
    return pages_.Last(key, end, count, visit);
  }
  template <typename Visit>
  rocksdb::Status Range(const std::string& key, uint64_t position, size_t count, Visit&& visit) {
    return pages_.Range(key, position, count, visit);
  }
  template <typename Visit>
  rocksdb::Status Whole(const std::string& key, Visit&& visit) {
    return pages_.Whole(key, visit);
  }
  // Drops the pages that have no values from `position` on.
  rocksdb::Status DropPages(rocksdb::DB* db, const std::string& key, uint64_t first,
                            uint64_t position) {
    rocksdb::Status s;
    for (uint64_t at = first / kPage; at < position / kPage && s.ok(); ++at) {
      s = db->Delete(write_, pages_.Key(key, at * kPage));
    }
    return s;
  }

 private:
  static constexpr size_t kPage = 1000;
  static std::string CountKey(const std::string& key) { return "count:" + key; }

  rocksdb::DB* const db_;
  KeyedValues<kPage> pages_;
  const rocksdb::WriteOptions write_;
  const rocksdb::ReadOptions read_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_LONG_SYSTEMS_H_
