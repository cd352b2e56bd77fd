// ReadDb: a DB with lists of one shape, in an SST whose blocks are all in the block cache.
//
// A column family for each encoding; in each, kLists keys with a list of the same shape. Benchmarks
// read list 0; the others are for those with several threads.
//
// Lifetime: made when it is first asked for, until CloseAll(), which removes its folder.
// Thread safety: all of it.

#ifndef SHEAF_TOOLS_BENCH_READ_DB_H_
#define SHEAF_TOOLS_BENCH_READ_DB_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rocksdb/db.h"
#include "sheaf/store.h"
#include "tools/bench/lists.h"

namespace sheaf {
namespace bench {

// How lists are encoded; each has its column family.
enum class Encoding { kCompact, kFixed64, kWideColumns };

class ReadDb {
 public:
  static constexpr size_t kLists = 8;

  // The one for `shape`, which is written, flushed, compacted and read once on the first call.
  // Aborts with a message where that fails.
  static ReadDb& For(const Shape& shape);
  // To be called before main() returns: RocksDB cannot be closed while statics are destroyed.
  static void CloseAll();
  ~ReadDb();

  // Writes the lists in `encoding`, if they are not there yet, and brings them into the cache.
  rocksdb::ColumnFamilyHandle* Family(Encoding encoding);
  // Reads what Family() of a layout's encoding wrote.
  Store& StoreOf(Layout layout);

  rocksdb::DB* db() { return db_.get(); }
  const Shape& shape() const { return shape_; }
  static const std::string& Key(size_t list);
  // What is under Key(list).
  const List& Model(size_t list) const { return lists_[list]; }

 private:
  struct Column {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    std::unique_ptr<Store> store;
  };

  using Map = std::map<std::string, std::unique_ptr<ReadDb>>;

  explicit ReadDb(const Shape& shape);
  static Map& All();
  Column& Ready(Encoding encoding);
  void Write(Encoding encoding, rocksdb::ColumnFamilyHandle* handle);
  void Warm(Encoding encoding, rocksdb::ColumnFamilyHandle* handle);

  const Shape shape_;
  std::string folder_;
  std::vector<List> lists_;
  std::unique_ptr<rocksdb::DB> db_;
  Column columns_[3];
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_READ_DB_H_
