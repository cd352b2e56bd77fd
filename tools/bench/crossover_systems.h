// What crossover_bench compares: three ways to keep a list in RocksDB, each with four operations.
//
//   rocksdb::Status Get(key, visit);               // whole: visit(std::string_view) for each value
//   rocksdb::Status One(key, position, visit);     // one value
//   rocksdb::Status Append(key, position, value);  // as the last one, whose position is `position`
//
// An object is made and used by one thread.

#ifndef SHEAF_TOOLS_BENCH_CROSSOVER_SYSTEMS_H_
#define SHEAF_TOOLS_BENCH_CROSSOVER_SYSTEMS_H_

#include <algorithm>
#include <string>

#include "rocksdb/db.h"
#include "sheaf/store.h"
#include "tools/bench/one_key.h"
#include "tools/bench/sheaf_format.h"
#include "tools/bench/sheaf_reader.h"
#include "tools/bench/wide_columns.h"

namespace sheaf {
namespace bench {

// A list is a blob; appending is a merge, which does not read.
class SheafSystem : public SheafReader<Look::kAll> {
 public:
  static constexpr const char* kName = "Sheaf";
  static constexpr const Encoding& kEncoding = kEncodingOf<CompactFormat>;

  explicit SheafSystem(ReadDb& db) : SheafReader(db), store_(db.StoreOf(Layout::kCompact)) {}

  template <typename Visit>
  rocksdb::Status One(const rocksdb::Slice& key, size_t position, Visit&& visit) {
    PinnedSlice value;
    rocksdb::Status s = store_.GetAt(read_, key, position, &value);
    if (s.ok()) visit(value.view());
    return s;
  }

  rocksdb::Status Append(const rocksdb::Slice& key, size_t, std::string_view value) {
    return store_.Append(write_, key, {&value, 1});
  }

 private:
  Store& store_;
  const rocksdb::ReadOptions read_;
  const rocksdb::WriteOptions write_;
};

// A value is a key; who appends must know how many there are.
class OneKeySystem : public OneKeyReader {
 public:
  static constexpr const char* kName = "OneKey";
  static constexpr const Encoding& kEncoding = kOneKey;

  explicit OneKeySystem(ReadDb& db)
      : OneKeyReader(db), db_(db.db()), family_(db.Family(kEncoding)) {}

  template <typename Visit>
  rocksdb::Status One(const rocksdb::Slice& key, size_t position, Visit&& visit) {
    rocksdb::PinnableSlice value;
    rocksdb::Status s = db_->Get(read_, family_, KeyOf(key, position), &value);
    if (s.ok()) visit(AsView(value));
    return s;
  }

  rocksdb::Status Append(const rocksdb::Slice& key, size_t position, std::string_view value) {
    return db_->Put(write_, family_, KeyOf(key, position), AsSlice(value));
  }

 private:
  const std::string& KeyOf(const rocksdb::Slice& key, size_t position) {
    one_.assign(key.data(), key.size());
    AppendPosition(position, &one_);
    return one_;
  }

  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
  const rocksdb::ReadOptions read_;
  const rocksdb::WriteOptions write_;
  std::string one_;
};

// A value is a column. RocksDB cannot add one: an entity is read, and written as a whole.
class WideColumnsSystem : public WideColumnsReader {
 public:
  static constexpr const char* kName = "WideColumns";
  static constexpr const Encoding& kEncoding = kWideColumns;

  explicit WideColumnsSystem(ReadDb& db)
      : WideColumnsReader(db), db_(db.db()), family_(db.Family(kEncoding)) {}

  template <typename Visit>
  rocksdb::Status One(const rocksdb::Slice& key, size_t position, Visit&& visit) {
    rocksdb::PinnableWideColumns list;
    rocksdb::Status s = db_->GetEntity(read_, family_, key, &list);
    if (!s.ok()) return s;
    const rocksdb::Slice name = NameOf(position);
    const rocksdb::WideColumns& columns = list.columns();
    const auto found =
        std::lower_bound(columns.begin(), columns.end(), name,
                         [](const rocksdb::WideColumn& column, const rocksdb::Slice& sought) {
                           return column.name().compare(sought) < 0;
                         });
    if (found == columns.end() || found->name() != name) return rocksdb::Status::NotFound();
    visit(AsView(found->value()));
    return s;
  }

  rocksdb::Status Append(const rocksdb::Slice& key, size_t position, std::string_view value) {
    rocksdb::PinnableWideColumns list;
    rocksdb::Status s = db_->GetEntity(read_, family_, key, &list);
    if (!s.ok()) return s;
    rocksdb::WideColumns columns;
    columns.reserve(list.columns().size() + 1);
    columns = list.columns();
    columns.emplace_back(NameOf(position), AsSlice(value));
    return db_->PutEntity(write_, family_, key, columns);
  }

 private:
  rocksdb::Slice NameOf(size_t position) {
    name_.clear();
    AppendPosition(position, &name_);
    return name_;
  }

  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
  const rocksdb::ReadOptions read_;
  const rocksdb::WriteOptions write_;
  std::string name_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_CROSSOVER_SYSTEMS_H_
