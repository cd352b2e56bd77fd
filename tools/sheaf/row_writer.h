// RowWriter: lists as rows of a format, the reverse of load::RowReader.
//
// A list is never formatted as a whole, nor is a long value: what is written needs memory that does
// not grow with either.
//
// Thread safety: none.

#ifndef SHEAF_TOOLS_SHEAF_ROW_WRITER_H_
#define SHEAF_TOOLS_SHEAF_ROW_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "sheaf/blob_view.h"
#include "tools/common/row_format.h"
#include "tools/sheaf/output.h"

namespace sheaf {
namespace tool {

class RowWriter {
 public:
  // `out` must outlive the writer; errors are found there.
  RowWriter(load::RowFormat format, Output& out) : format_(format), out_(out) {}

  // Empty lists are counted and left out where the format cannot express them: tsv and framed.
  // Returns early, within the list, once out.ok() is false.
  void Write(std::string_view key, const BlobView& values);

  uint64_t left_out() const { return left_out_; }
  const std::string& first_left_out() const { return first_left_out_; }

 private:
  void WriteTsv(std::string_view key, const BlobView& values);
  void WriteJsonl(std::string_view key, const BlobView& values);
  void WriteFramed(std::string_view key, const BlobView& values);

  // Calls `f(value, plain)` for each value: `plain` if all its bytes are known to be ASCII that
  // neither format escapes.
  template <typename F>
  void ForEach(const BlobView& values, char quote, F&& f);

  void WriteEscaped(std::string_view value);
  void WriteJsonText(std::string_view value);

  const load::RowFormat format_;
  bool is_first_ = true;  // nothing was written yet
  Output& out_;
  std::string buffer_;  // for what is escaped
  uint64_t left_out_ = 0;
  std::string first_left_out_;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_ROW_WRITER_H_
