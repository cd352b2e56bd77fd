#include "tools/load/line_reader.h"

#include <cstring>

#include "absl/strings/str_cat.h"

namespace sheaf {
namespace load {

std::string LineReader::Place::ToString() const { return absl::StrCat(input->name(), ":", line); }

absl::Status LineReader::Read(InputFile& input, MalformedRows& malformed, RowSink& sink) {
  Place place = {&input, 0};
  size_t searched = 0;  // bytes at the front of data() that have no LF
  for (;;) {
    const std::string_view data = input.data();
    const char* at = data.data();
    const char* const end = at + data.size();
    while (const void* const found =
               std::memchr(at + searched, '\n', static_cast<size_t>(end - at) - searched)) {
      const char* const line_end = static_cast<const char*>(found);
      ++place.line;
      if (absl::Status status =
              Line({at, static_cast<size_t>(line_end - at)}, place, malformed, sink);
          !status.ok()) {
        return status;
      }
      at = line_end + 1;
      searched = 0;
    }
    input.Consume(static_cast<size_t>(at - data.data()));
    searched = static_cast<size_t>(end - at);
    on_chunk(input.offset());
    const absl::StatusOr<bool> more = input.Fill();
    if (!more.ok()) return more.status();
    if (!*more) break;
  }
  const std::string_view last = input.data();
  if (last.empty()) return absl::OkStatus();
  ++place.line;
  absl::Status status = Line(last, place, malformed, sink);
  input.Consume(last.size());
  on_chunk(input.offset());
  return status;
}

}  // namespace load
}  // namespace sheaf
