#include "tools/bench/read_db.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "rocksdb/cache.h"
#include "rocksdb/table.h"
#include "rocksdb/wide_columns.h"

namespace sheaf {
namespace bench {
namespace {

// A limit that is never reached: each of the cache's 64 shards has room for a list of 50 MB.
constexpr size_t kBlockCacheBytes = size_t{8} << 30;
constexpr const char* kFamilies[] = {"compact", "fixed64", "wide_columns"};

void Require(const rocksdb::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s: %s\n", what, status.ToString().c_str());
  std::abort();
}

std::string NewFolder() {
  const char* const base = std::getenv("TEST_TMPDIR");
  std::string folder = absl::StrCat(base != nullptr ? base : "/tmp", "/read_bench.XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror(folder.c_str());
    std::abort();
  }
  return folder;
}

std::recursive_mutex& Mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

// Lists of 50 MB are few enough to be one: only a single thread reads them.
size_t ListsOf(const Shape& shape) { return shape.count > 100000 ? 1 : ReadDb::kLists; }

rocksdb::Options OptionsOf() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(kBlockCacheBytes);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

ReadDb::Map& ReadDb::All() {
  static auto* const all = new Map;
  return *all;
}

const std::string& ReadDb::Key(size_t list) {
  static const std::array<std::string, kLists>* const keys = [] {
    auto* made = new std::array<std::string, kLists>;
    for (size_t i = 0; i < kLists; ++i) (*made)[i] = absl::StrCat("list:", i);
    return made;
  }();
  return (*keys)[list];
}

ReadDb& ReadDb::For(const Shape& shape) {
  const std::lock_guard<std::recursive_mutex> lock(Mutex());
  std::unique_ptr<ReadDb>& one = All()[shape.name];
  if (one == nullptr) one.reset(new ReadDb(shape));
  return *one;
}

void ReadDb::CloseAll() {
  const std::lock_guard<std::recursive_mutex> lock(Mutex());
  All().clear();
}

ReadDb::ReadDb(const Shape& shape) : shape_(shape), folder_(NewFolder()) {
  for (size_t i = 0; i < ListsOf(shape); ++i) lists_.emplace_back(shape, i + 1);
  rocksdb::DB* db;
  Require(rocksdb::DB::Open(OptionsOf(), folder_, &db), "open");
  db_.reset(db);
}

ReadDb::~ReadDb() {
  for (Column& column : columns_) {
    column.store.reset();
    if (column.handle != nullptr) Require(db_->DestroyColumnFamilyHandle(column.handle), "close");
  }
  db_.reset();
  Require(rocksdb::DestroyDB(folder_, rocksdb::Options()), "destroy");
}

rocksdb::ColumnFamilyHandle* ReadDb::Family(Encoding encoding) { return Ready(encoding).handle; }

Store& ReadDb::StoreOf(Layout layout) {
  return *Ready(layout == Layout::kCompact ? Encoding::kCompact : Encoding::kFixed64).store;
}

ReadDb::Column& ReadDb::Ready(Encoding encoding) {
  const std::lock_guard<std::recursive_mutex> lock(Mutex());
  Column& column = columns_[static_cast<size_t>(encoding)];
  if (column.handle != nullptr) return column;
  Require(db_->CreateColumnFamily(OptionsOf(), kFamilies[static_cast<size_t>(encoding)],
                                  &column.handle),
          "create column family");
  if (encoding != Encoding::kWideColumns) {
    StoreOptions options;
    options.layout = encoding == Encoding::kFixed64 ? Layout::kFixed64 : Layout::kCompact;
    Require(Store::Open(db_.get(), column.handle, options, &column.store), "open store");
  }
  Write(encoding, column.handle);
  Warm(encoding, column.handle);
  return column;
}

void ReadDb::Write(Encoding encoding, rocksdb::ColumnFamilyHandle* handle) {
  const rocksdb::WriteOptions write;
  for (size_t i = 0; i < lists_.size(); ++i) {
    const std::vector<std::string_view>& values = lists_[i].values();
    if (encoding != Encoding::kWideColumns) {
      Require(columns_[static_cast<size_t>(encoding)].store->Put(write, Key(i), values), "put");
      continue;
    }
    // A name for each value; RocksDB sorts columns by name, so numbers have leading zeros.
    std::vector<std::string> names;
    rocksdb::WideColumns columns;
    names.reserve(values.size());
    for (size_t k = 0; k < values.size(); ++k) {
      names.push_back(absl::StrCat(absl::Dec(k, absl::kZeroPad6)));
      columns.emplace_back(names.back(), rocksdb::Slice(values[k].data(), values[k].size()));
    }
    Require(db_->PutEntity(write, handle, Key(i), columns), "put entity");
  }
  rocksdb::FlushOptions flush;
  Require(db_->Flush(flush, handle), "flush");
  rocksdb::CompactRangeOptions compact;
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  Require(db_->CompactRange(compact, handle, nullptr, nullptr), "compact");
}

void ReadDb::Warm(Encoding encoding, rocksdb::ColumnFamilyHandle* handle) {
  for (size_t i = 0; i < lists_.size(); ++i) {
    if (encoding == Encoding::kWideColumns) {
      rocksdb::PinnableWideColumns columns;
      Require(db_->GetEntity(rocksdb::ReadOptions(), handle, Key(i), &columns), "get entity");
      continue;
    }
    rocksdb::PinnableSlice value;
    Require(db_->Get(rocksdb::ReadOptions(), handle, Key(i), &value), "get");
    if (!value.IsPinned()) {
      Require(rocksdb::Status::Aborted("a value is not pinned in the block cache"), "warm up");
    }
  }
}

}  // namespace bench
}  // namespace sheaf
