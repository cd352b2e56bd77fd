#include "tests/fuzz/rows.h"

#include <memory>

#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tests/fuzz/fuzz.h"
#include "tools/load/input/chunk_parser.h"
#include "tools/sheaf/output.h"
#include "tools/sheaf/row_writer.h"

namespace sheaf {
namespace fuzz {
namespace {

class Collect final : public load::RowSink {
 public:
  explicit Collect(Rows* rows) : rows_(rows) {}
  absl::Status Add(std::string_view key, absl::Span<const std::string_view> values) override {
    Check(!key.empty(), "a key is not empty");
    ++rows_->count;
    std::vector<std::string>& list = rows_->lists[std::string(key)];
    for (const std::string_view value : values) list.emplace_back(value);
    return absl::OkStatus();
  }

 private:
  Rows* const rows_;
};

// One file for all inputs, as making one costs more than most of them.
MemoryFile& File() {
  static MemoryFile& file = *new MemoryFile();
  return file;
}

}  // namespace

std::string Rows::ToText() const {
  std::string text = error + "\n" + rejects;
  for (const auto& [key, list] : lists) {
    text += key + ":";
    for (const std::string& value : list) text += " " + value;
    text += "\n";
  }
  return text;
}

Rows ReadRows(load::RowFormat format, std::string_view file, size_t chunk_bytes) {
  File().Write(file);
  load::ChunkReader::Options options;
  options.inputs = {File().path()};
  options.format = format;
  options.chunk_bytes = chunk_bytes;
  load::ChunkReader reader(options);
  load::RejectLog log(load::OnError::kSkip, "", [](const std::string&) {});
  load::ChunkParser parser(&reader, load::OnError::kSkip, &log);
  Rows rows;
  Collect sink(&rows);
  for (;;) {
    const absl::StatusOr<bool> more = parser.Next([](uint64_t) { return true; });
    if (!more.ok()) {
      rows.error = std::string(more.status().message());
      Check(!rows.error.empty(), "an error says why");
    }
    if (!more.ok() || !*more) break;
    const absl::Status status = parser.Parse(sink).status();
    Check(status.ok(), "a sink that takes all gives no error", status.message());
  }
  if (rows.error.empty()) {
    Check(log.Finish().ok(), "rows that are skipped are no error");
    for (const std::string& line : log.Account()) rows.rejects += line + "\n";
    Check(rows.rejects.empty() == (log.count() == 0), "rejects have an account", rows.rejects);
  }
  return rows;
}

void CheckWriteAndRead(load::RowFormat format, const Lists& lists) {
  File().Clear();
  tool::Output out(File().fd(), "file");
  tool::RowWriter writer(format, out);
  Lists expected;
  size_t empty = 0;
  for (const auto& [key, list] : lists) {
    const auto encoded = Encode(std::vector<std::string_view>(list.begin(), list.end()));
    Check(encoded.ok(), "a list can be encoded", encoded.status().message());
    writer.Write(key, *BlobView::Parse(*encoded));
    if (list.empty()) ++empty;
    if (!list.empty() || format == load::RowFormat::kJsonl) expected[key] = list;
  }
  Check(out.Finish().ok(), "rows can be written");
  Check(writer.left_out() == (format == load::RowFormat::kJsonl ? 0 : empty),
        "empty lists are left out where the format has none");
  const std::string file = File().Read();
  const Rows rows = ReadRows(format, file, size_t{1} << 16);
  Check(rows.error.empty() && rows.rejects.empty(), "what was written is read", rows.ToText());
  Check(rows.lists == expected, "what was written is read back", file);
}

}  // namespace fuzz
}  // namespace sheaf
