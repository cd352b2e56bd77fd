// RowWriter: writes lists as rows of a format, the reverse of load::RowParser.
//
// It never formats a whole list or a whole long value, so its memory does not grow with either.
//
// Thread safety: none.
//
//   RowWriter writer(load::RowFormat::kTsv, out);
//   writer.Write("fruit", values);
//   if (writer.left_out() != 0) Warn(writer.LeftOutText());

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
  // `out` must outlive the writer, and keeps its errors.
  RowWriter(load::RowFormat format, Output& out) : format_(format), out_(out) {}

  // Writes a csv header, `key,value`. REQUIRES: the format is csv, and nothing was written yet.
  void WriteHeader();

  // Leaves out and counts empty lists if the format cannot express them: all but jsonl. Stops
  // within the list once out.ok() is false.
  void Write(std::string_view key, const BlobView& values) {
    Begin(key);
    Add(values);
    End();
  }
  // The same for a list whose values come page by page. In jsonl its values take several lines of
  // the same key if they have more than kMaxLineBytes, so that `sheaf load` can read them back.
  // `key` is borrowed until End().
  static constexpr uint64_t kMaxLineBytes = uint64_t{1} << 20;
  void Begin(std::string_view key);
  void Add(const BlobView& values);
  void End();

  uint64_t left_out() const { return left_out_; }
  // For people: how many were left out, which was the first, and what to do.
  std::string LeftOutText() const;

 private:
  void WriteTsv(std::string_view key, const BlobView& values);
  void BeginJsonl(std::string_view key);
  void WriteJsonl(const BlobView& values);
  void WriteFramed(std::string_view key, const BlobView& values);
  void WriteCsv(std::string_view key, const BlobView& values);

  // Calls `f(value, plain)` for each value. `plain` is true if all its bytes are known to be ASCII
  // that neither format escapes.
  template <typename F>
  void ForEach(const BlobView& values, char quote, F&& f);

  void WriteEscaped(std::string_view value);
  void WriteCsvField(std::string_view value, bool in_quotes);
  void WriteJsonText(std::string_view value);

  const load::RowFormat format_;
  bool is_first_ = true;  // nothing was written yet
  Output& out_;
  std::string_view key_;     // of the list that was begun
  bool any_ = false;         // it has values
  bool in_line_ = false;     // jsonl: a line of it is begun
  uint64_t line_bytes_ = 0;  // of the values in that line
  std::string buffer_;       // for what is escaped
  uint64_t left_out_ = 0;
  std::string first_left_out_;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_ROW_WRITER_H_
