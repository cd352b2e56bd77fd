#include "tools/load/input/content_kind.h"
#include "tools/load/input/frame.h"
#include "tools/load/input/row_parser.h"

namespace sheaf {
namespace load {
namespace {

class FramedParser final : public RowParser {
 public:
  using RowParser::RowParser;

  absl::Status Parse(const RowChunk& chunk, RowSink& sink, ChunkReport* report) override {
    const std::string_view frames = chunk.rows();
    for (size_t at = 0; at < frames.size();) {
      const char* const frame = frames.data() + at;
      const size_t key_size = FrameKeySize(frame);
      const std::string_view key = frames.substr(at + kFrameHeaderBytes, key_size);
      const std::string_view value =
          frames.substr(at + kFrameHeaderBytes + key_size, FrameValueSize(frame));
      const size_t size = kFrameHeaderBytes + key.size() + value.size();
      if (const char* const fault = KeyFault(key)) {
        const std::string hint = chunk.offset() + at == 0
                                     ? FormatHint(frames.substr(0, kFrontBytes), chunk.format())
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
