// A record: a row in memory. It is varint key size, key, varint body size, body. The body is varint
// number of values, then varint size and bytes of each value. There are many rows, with small
// sizes.
//
// Lifetime: views borrow the record. Thread safety: free functions.

#ifndef SHEAF_TOOLS_LOAD_SORT_ROW_RECORD_H_
#define SHEAF_TOOLS_LOAD_SORT_ROW_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/types/span.h"
#include "tools/common/varint.h"

namespace sheaf {
namespace load {

// True if StoreBody() can have written `body`.
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

// How many bytes StoreBody() writes.
inline size_t BodyBytes(absl::Span<const std::string_view> values) {
  size_t bytes = VarintBytes(values.size());
  for (const std::string_view value : values) bytes += VarintBytes(value.size()) + value.size();
  return bytes;
}

// Writes the body of a row to `at`, and returns its end.
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
