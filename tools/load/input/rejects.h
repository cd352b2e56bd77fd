// Rejects: rows that cannot be read, as parsers report them.
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

// A row that cannot be read. Lifetime: `detail` and `raw` are borrowed.
struct Reject {
  // Its line in the chunk, from 0. For frames its offset in the chunk.
  uint64_t at;
  // What was expected and what was found: a literal. Rejects are counted by it.
  const char* kind;
  // What else is to be said about this row. It is appended to the message.
  std::string_view detail;
  // The row as it was read, without its LF. Empty if nobody wants it.
  std::string_view raw;
};

// The rejects of a chunk, in its order. They are packed, as a chunk may have nothing else: an empty
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

// What a parser reports about a chunk.
struct ChunkReport {
  // Input of the parser: rejects are wanted with the row as it was read (RejectLog::NewReport()).
  bool keeps_rows = false;
  uint64_t lines = 0;
  Rejects rejects;
  // The first line of the chunk ends with CR LF.
  bool crlf = false;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_REJECTS_H_
