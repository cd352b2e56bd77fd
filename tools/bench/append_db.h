// AppendDb: a DB of its own for one system of append_bench, and the appends that are made to it.

#ifndef SHEAF_TOOLS_BENCH_APPEND_DB_H_
#define SHEAF_TOOLS_BENCH_APPEND_DB_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "tools/bench/lists.h"

namespace sheaf {
namespace bench {

// `count` appends of `size` bytes to `keys` keys.
struct AppendShape {
  std::string name;
  size_t count;
  size_t size;
  size_t keys;  // more than one: chosen by Zipf's law, the first the most often
};

// The appends of a shape, and keys to read: the same in every run.
class Appends {
 public:
  static const Appends& Of(const AppendShape& shape);

  struct Append {
    const std::string* key;
    std::string_view value;
  };
  const std::vector<Append>& all() const { return all_; }
  // How many were made to a key, and keys to read by the same law: a prime number of them.
  const std::vector<size_t>& counts() const { return counts_; }
  const std::vector<size_t>& reads() const { return reads_; }
  const std::string& key(size_t i) const { return keys_[i]; }

 private:
  explicit Appends(const AppendShape& shape);

  List values_;
  std::vector<std::string> keys_;
  std::vector<Append> all_;
  std::vector<size_t> counts_;
  std::vector<size_t> reads_;
};

// Compression off, no compaction by itself, a memtable that holds all; otherwise RocksDB's
// defaults, with the write-ahead log on. Removed at the end.
class AppendDb {
 public:
  explicit AppendDb(rocksdb::Options options);
  ~AppendDb();
  AppendDb(const AppendDb&) = delete;
  AppendDb& operator=(const AppendDb&) = delete;

  static rocksdb::Options DefaultOptions();

  rocksdb::DB* db() { return db_.get(); }
  // To one file, and that to the bottom, with nothing pending.
  rocksdb::Status Flush();
  rocksdb::Status Compact();

 private:
  std::string path_;
  std::unique_ptr<rocksdb::DB> db_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_APPEND_DB_H_
