#include "tools/load/input/chunk_parser.h"

#include <string_view>
#include <utility>

namespace sheaf {
namespace load {
namespace {

class NoSink final : public RowSink {
 public:
  absl::Status Add(std::string_view, absl::Span<const std::string_view>) override {
    return absl::OkStatus();
  }
};

}  // namespace

absl::StatusOr<ChunkRead> ChunkParser::Parse(RowSink& sink) {
  std::unique_ptr<RowParser>& parser = parsers_[static_cast<size_t>(chunk_.format())];
  if (parser == nullptr) parser = NewRowParser(chunk_.format(), on_error_);
  ChunkReport report = log_ != nullptr ? log_->NewReport() : ChunkReport();
  NoSink none;
  absl::Status status = parser->Parse(chunk_, chunk_.again() ? none : sink, &report);
  if (is_long()) parser.reset();  // it keeps as much memory as the longest row needed
  if (!status.ok()) return status;
  const ChunkRead read = {chunk_.position(), chunk_.position() + chunk_.rows().size(), report.lines,
                          !report.rejects.empty()};
  if (log_ != nullptr) log_->Add(chunk_, std::move(report));
  return read;
}

}  // namespace load
}  // namespace sheaf
