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

  void Write(std::string_view key, const BlobView& values);

  // The same for a list whose values come page by page, or only some of them. In json, `values` are
  // those that were added, and `count` is what is told here.
  struct Whole {
    Layout layout = Layout::kCompact;
    std::optional<uint64_t> first;  // position of its first value; in json, for a long list
    uint64_t count = 0;             // of its values
    bool any_wanted = true;         // of a list with values, some will be added
  };
  // `key` is borrowed until End().
  void Begin(std::string_view key, const Whole& whole);
  // Values [from, to) of `page`.
  void Add(const BlobView& page, uint64_t from, uint64_t to);
  void End();

  // As rows, some formats cannot express an empty list. Complains of those that were left out, and
  // returns false if there are any.
  bool CheckAllWritten(std::string_view command) const;

 private:
  void AddRows(const BlobView& page, uint64_t from, uint64_t to);

  const ListFormat format_;
  Output& out_;
  std::optional<RowWriter> rows_;
  std::string buffer_;
  // Of the list that was begun.
  std::string prefix_;        // in text
  bool is_left_out_ = false;  // none of its values is wanted, and the format has nothing else of it
  const char* separator_ = "[";
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LIST_TEXT_H_
