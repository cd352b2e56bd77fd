// A row in memory: varint key size, key, varint size of the body, body. The body is varint number
// of values, then varint size and bytes of each. Varints, because rows are many and their sizes
// small.
//
// Lifetime: views borrow the record.

#ifndef SHEAF_TOOLS_LOAD_SORT_ROW_RECORD_H_
#define SHEAF_TOOLS_LOAD_SORT_ROW_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/types/span.h"
#include "tools/common/varint.h"

namespace sheaf {
namespace load {

// True if `body` is one that StoreBody() can have written.
inline bool IsBody(std::string_view body) {
  const char* at = body.data();
  const char* const end = at + body.size();
  uint64_t count;
  if (!PopVarint(&at, end, &count) || count > body.size()) return false;
  for (std::string_view value; count != 0; --count) {
    if (!PopText(&at, end, &value)) return false;
  }
  return at == end;
}

inline size_t BodyBytes(absl::Span<const std::string_view> values) {
  size_t bytes = VarintBytes(values.size());
  for (const std::string_view value : values) bytes += VarintBytes(value.size()) + value.size();
  return bytes;
}

inline char* StoreBody(absl::Span<const std::string_view> values, char* at) {
  at = StoreVarint(values.size(), at);
  for (const std::string_view value : values) at = StoreText(value, at);
  return at;
}

// The key of the record at `record`.
inline std::string_view RecordKey(const char* record) { return LoadText(&record); }

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_ROW_RECORD_H_
