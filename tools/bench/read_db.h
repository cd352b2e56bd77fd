// ReadDb: a DB with lists of one shape, in SSTs whose blocks are all in the block cache.
//
// A column family for each encoding; in each, the same lists under the same keys. Benchmarks of one
// list read list 0; the others are for those with several threads or many keys.
//
// Lifetime: made when it is first asked for, until CloseAll(), which removes its folder.
// Thread safety: all of it.

#ifndef SHEAF_TOOLS_BENCH_READ_DB_H_
#define SHEAF_TOOLS_BENCH_READ_DB_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <typeindex>
#include <utility>
#include <vector>

#include "rocksdb/db.h"
#include "sheaf/store.h"
#include "tools/bench/encoding.h"
#include "tools/bench/lists.h"

namespace sheaf {
namespace bench {

class ReadDb {
 public:
  static constexpr size_t kLists = 8;

  // The one for `shape` with that many lists (but a single one where a list has 50 MB), which is
  // opened on the first call. Aborts with a message where that fails.
  static ReadDb& For(const Shape& shape, size_t lists = kLists);
  // To be called before main() returns: RocksDB cannot be closed while statics are destroyed.
  static void CloseAll();
  ~ReadDb();

  // Writes the lists in `encoding`, flushes, compacts and brings them into the cache, if they are
  // not there yet.
  rocksdb::ColumnFamilyHandle* Family(const Encoding& encoding);
  // Of the files of that family.
  uint64_t SstBytes(const Encoding& encoding);
  // Reads the lists in the encoding of a layout; its family has the merge operator of Sheaf.
  Store& StoreOf(Layout layout);
  // The lists in a system other than RocksDB: a T(const ReadDb&), made on the first call, that
  // lives as long as this DB.
  template <typename T>
  T& Beside();

  rocksdb::DB* db() { return db_.get(); }
  const Shape& shape() const { return shape_; }
  size_t lists() const { return lists_.size(); }
  // In ascending order, of equal lengths. Key(lists()) is behind all that there are.
  const std::string& Key(size_t list) const { return keys_[list]; }
  // What is under Key(list).
  const List& Model(size_t list) const { return lists_[list]; }
  // Removed with the DB.
  const std::string& folder() const { return folder_; }

 private:
  using Map = std::map<std::pair<std::string, size_t>, std::unique_ptr<ReadDb>>;

  ReadDb(const Shape& shape, size_t lists);
  static Map& All();
  static std::recursive_mutex& Mutex();
  void Write(const Encoding& encoding, rocksdb::ColumnFamilyHandle* handle);
  void Warm(rocksdb::ColumnFamilyHandle* handle);

  const Shape shape_;
  std::string folder_;
  std::vector<std::string> keys_;
  std::vector<List> lists_;
  std::unique_ptr<rocksdb::DB> db_;
  std::map<std::string, rocksdb::ColumnFamilyHandle*> families_;
  std::map<Layout, std::unique_ptr<Store>> stores_;
  std::map<std::type_index, std::shared_ptr<void>> beside_;
};

template <typename T>
T& ReadDb::Beside() {
  const std::lock_guard<std::recursive_mutex> lock(Mutex());
  std::shared_ptr<void>& one = beside_[typeid(T)];
  if (one == nullptr) one = std::make_shared<T>(*this);
  return *static_cast<T*>(one.get());
}

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_READ_DB_H_
