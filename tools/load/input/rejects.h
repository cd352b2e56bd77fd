// Rows that cannot be read, as parsers report them.
//
// Thread safety: none.

#ifndef SHEAF_TOOLS_LOAD_INPUT_REJECTS_H_
#define SHEAF_TOOLS_LOAD_INPUT_REJECTS_H_

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "tools/common/varint.h"

namespace sheaf {
namespace load {

// What happens at a row that cannot be read.
enum class OnError { kStop, kSkip };

// A row that was not taken. Lifetime: `detail` and `raw` are borrowed.
struct Reject {
  // Line in its chunk, from 0; for frames the offset in its chunk.
  uint64_t at;
  // What was expected and what was found; rows are counted by it. A literal.
  const char* kind;
  // What differs from row to row, appended to the message.
  std::string_view detail;
  // The row as it was read, without its LF; empty if nobody wants it.
  std::string_view raw;
};

// Rejects in the order of the chunk. They are packed, as a chunk may have nothing else: an empty
// line takes three bytes.
class Rejects {
 public:
  bool empty() const { return packed_.empty(); }

  void Add(const Reject& reject) {
    AppendVarint(reject.at - last_at_, &packed_);
    last_at_ = reject.at;
    const bool same = reject.kind == last_kind_ && reject.detail == last_detail_;
    AppendVarint(same ? 1 : 0, &packed_);
    if (!same) {
      last_kind_ = reject.kind;
      last_detail_ = std::string(reject.detail);
      packed_.append(reinterpret_cast<const char*>(&last_kind_), sizeof last_kind_);
      AppendText(reject.detail, &packed_);
    }
    AppendText(reject.raw, &packed_);
  }

  // Calls `f(const Reject&)` for each.
  template <typename F>
  void ForEach(F&& f) const {
    Reject reject = {0, nullptr, "", ""};
    for (const char *at = packed_.data(), *end = at + packed_.size(); at < end;) {
      reject.at += LoadVarint(&at);
      if (LoadVarint(&at) == 0) {
        std::memcpy(&reject.kind, at, sizeof reject.kind);
        at += sizeof reject.kind;
        reject.detail = LoadText(&at);
      }
      reject.raw = LoadText(&at);
      f(reject);
    }
  }

 private:
  std::string packed_;
  uint64_t last_at_ = 0;
  const char* last_kind_ = nullptr;
  std::string last_detail_;
};

// What parsing a chunk came to.
struct ChunkReport {
  // Rows that are not taken are wanted as they were read (RejectLog::NewReport()).
  bool keeps_rows = false;
  uint64_t lines = 0;
  Rejects rejects;
  // The first line of the chunk ends with CR LF.
  bool crlf = false;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_REJECTS_H_
