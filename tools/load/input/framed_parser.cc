#include "tools/load/input/content_kind.h"
#include "tools/load/input/frame.h"
#include "tools/load/input/row_parser.h"

namespace sheaf {
namespace load {
namespace {

class FramedParser final : public RowParser {
 public:
  using RowParser::RowParser;

  absl::Status Parse(const RowBlock& block, RowSink& sink, BlockReport* report) override {
    const std::string_view frames = block.rows();
    for (size_t at = 0; at < frames.size();) {
      const char* const frame = frames.data() + at;
      const size_t key_size = FrameKeySize(frame);
      const std::string_view key = frames.substr(at + kFrameHeaderBytes, key_size);
      const std::string_view value =
          frames.substr(at + kFrameHeaderBytes + key_size, FrameValueSize(frame));
      const size_t size = kFrameHeaderBytes + key.size() + value.size();
      if (const char* const fault = KeyFault(key)) {
        const std::string hint = block.offset() + at == 0
                                     ? FormatHint(frames.substr(0, kFrontBytes), block.format())
                                     : "";
        if (!AddReject({at, fault, hint, {frame, size}}, report)) break;
      } else if (absl::Status status = sink.Add(key, {&value, 1}); !status.ok()) {
        return status;
      }
      at += size;
    }
    return absl::OkStatus();
  }
};

}  // namespace

std::unique_ptr<RowParser> NewFramedParser(OnError on_error) {
  return std::make_unique<FramedParser>(on_error);
}

}  // namespace load
}  // namespace sheaf
