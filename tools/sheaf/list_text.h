// ListText: a list as `get` and `scan` print it.
//
// Thread safety: none; it keeps a buffer.
//
//   ListText text(arguments, out);
//   text.Write("fruit", values);

#ifndef SHEAF_TOOLS_SHEAF_LIST_TEXT_H_
#define SHEAF_TOOLS_SHEAF_LIST_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sheaf/blob_view.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/output.h"
#include "tools/sheaf/row_writer.h"

namespace sheaf {
namespace tool {

class ListText {
 public:
  // `out` must outlive it, and keeps its errors. Writes the header, if there is one.
  ListText(const ListFormatArguments& arguments, Output& out);

  // In text: `key TAB value` a line instead of the value alone. An empty list is its key alone.
  bool with_key = true;
  // In json: the value of "zero_copy", which is left out if this is empty.
  std::optional<bool> zero_copy;
  // Write only this value. REQUIRES: less than the number of values.
  std::optional<uint64_t> index;
  // Write only so many values, the last ones.
  std::optional<uint64_t> last;

  void Write(std::string_view key, const BlobView& values);

  // As rows, some formats cannot express an empty list. Complains of those that were left out, and
  // returns false if there are any.
  bool CheckAllWritten(std::string_view command) const;

 private:
  // Calls `f(value)` for each value to write.
  template <typename F>
  void ForEach(const BlobView& values, F&& f) const;
  void WriteJson(std::string_view key, const BlobView& values);
  void WriteRows(std::string_view key, const BlobView& values);

  const ListFormat format_;
  Output& out_;
  std::optional<RowWriter> rows_;
  std::string buffer_;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LIST_TEXT_H_
