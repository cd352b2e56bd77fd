// Read/Naive: the value copied into a string, and every value of the list into one of its own.

#include <string>

#include "rocksdb/db.h"
#include "tools/bench/read_whole.h"
#include "tools/bench/sheaf_format.h"

namespace sheaf {
namespace bench {
namespace {

// As ValueReader.
class StringsReader {
 public:
  explicit StringsReader(ReadDb& db)
      : db_(db.db()), family_(db.Family(kEncodingOf<StringsFormat>)) {}

  template <typename Visit>
  rocksdb::Status Get(const rocksdb::Slice& key, Visit&& visit) {
    std::string whole;
    rocksdb::Status s = db_->Get(options_, family_, key, &whole);
    if (s.ok() && !StringsFormat().ForEach(whole, visit)) return rocksdb::Status::Corruption();
    return s;
  }

 private:
  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
  const rocksdb::ReadOptions options_;
};

}  // namespace

void AddCopying(const Shape& shape) { Add("Naive.Strings", shape, ReadWhole<StringsReader>); }

}  // namespace bench
}  // namespace sheaf
