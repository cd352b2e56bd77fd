// Encoding: how a list is written to a column family; and the position of a value, as the encodings
// that must name each value write it.

#ifndef SHEAF_TOOLS_BENCH_ENCODING_H_
#define SHEAF_TOOLS_BENCH_ENCODING_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/write_batch.h"

namespace sheaf {
namespace bench {

using Values = std::vector<std::string_view>;

struct Encoding {
  // Of the column family; each encoding has its own.
  const char* name;
  // Adds a list to a batch.
  rocksdb::Status (*write)(rocksdb::WriteBatch* batch, rocksdb::ColumnFamilyHandle* family,
                           const std::string& key, const Values& values);
  // Of the column family, or null.
  std::shared_ptr<rocksdb::MergeOperator> (*merge_operator)();
};

inline rocksdb::Slice AsSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
inline std::string_view AsView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// The encoding of a `Format` that keeps a whole list in one value of RocksDB:
//
//   struct Format {
//     static constexpr const char* kName = ...;             // Encoding::name
//     static std::string Encode(const Values& values);
//     // Calls visit(std::string_view) for each value; false if `bytes` are not a list.
//     template <typename Visit> bool ForEach(std::string_view bytes, Visit&& visit);
//     static std::shared_ptr<rocksdb::MergeOperator> MergeOperator();
//   };
template <typename Format>
rocksdb::Status WriteAsOneValue(rocksdb::WriteBatch* batch, rocksdb::ColumnFamilyHandle* family,
                                const std::string& key, const Values& values) {
  return batch->Put(family, key, Format::Encode(values));
}
template <typename Format>
constexpr Encoding kEncodingOf = {Format::kName, WriteAsOneValue<Format>, Format::MergeOperator};

// Base of formats that nothing is merged in.
struct Unmerged {
  static std::shared_ptr<rocksdb::MergeOperator> MergeOperator() { return nullptr; }
};

// Four bytes, big-endian: those who sort by them keep the order of the list.
constexpr size_t kPositionBytes = 4;
inline void AppendPosition(size_t position, std::string* to) {
  for (int shift = 24; shift >= 0; shift -= 8) to->push_back(static_cast<char>(position >> shift));
}

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_ENCODING_H_
