// RowWriter: lists as rows of a format, the reverse of load::RowReader.
//
// Thread safety: none.

#ifndef SHEAF_TOOLS_SHEAF_ROW_WRITER_H_
#define SHEAF_TOOLS_SHEAF_ROW_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "sheaf/blob_view.h"
#include "tools/load/row_format.h"
#include "tools/sheaf/output.h"

namespace sheaf {
namespace tool {

class RowWriter {
 public:
  // `out` must outlive the writer; errors are found there.
  RowWriter(load::RowFormat format, Output& out) : format_(format), out_(out) {}

  // Empty lists are counted and left out where the format cannot express them: tsv and framed.
  void Write(std::string_view key, const BlobView& values);

  uint64_t left_out() const { return left_out_; }
  const std::string& first_left_out() const { return first_left_out_; }

 private:
  void WriteTsv(std::string_view key, const BlobView& values);
  void WriteJsonl(std::string_view key, const BlobView& values);
  void WriteFramed(std::string_view key, const BlobView& values);

  const load::RowFormat format_;
  Output& out_;
  std::string buffer_;
  uint64_t left_out_ = 0;
  std::string first_left_out_;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_ROW_WRITER_H_
