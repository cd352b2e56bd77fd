#include <cstring>

#include "tools/common/escapes.h"
#include "tools/common/text.h"
#include "tools/load/input/line_parser.h"

namespace sheaf {
namespace load {
namespace {

const char* Find(char c, const char* begin, const char* end) {
  return static_cast<const char*>(std::memchr(begin, c, static_cast<size_t>(end - begin)));
}

class TsvParser final : public LineParser {
 public:
  using LineParser::LineParser;

 protected:
  // Once a chunk is cheaper than once a line.
  void Begin(std::string_view rows) override {
    has_escapes_ = Find('\\', rows.data(), rows.data() + rows.size()) != nullptr;
  }

  absl::Status Line(std::string_view line, RowSink& sink) override {
    const char* const begin = line.data();
    const char* const end = begin + line.size();
    const char* const tab = Find('\t', begin, end);
    if (tab == nullptr) {
      return Rejected(line.empty() ? "expected key TAB value, found an empty line"
                                   : "expected key TAB value, found no TAB");
    }
    if (tab == begin) return Rejected("expected key TAB value, found an empty key");
    if (Find('\t', tab + 1, end) != nullptr) {
      return Rejected(
          "expected key TAB value, found a second TAB; write \\t for a TAB inside a key or value");
    }
    std::string_view key(begin, static_cast<size_t>(tab - begin));
    std::string_view value(tab + 1, static_cast<size_t>(end - tab - 1));
    if (has_escapes_ && Find('\\', begin, end) != nullptr) {
      std::string bad;
      if (!Unescape(key, &key_, &bad) || !Unescape(value, &value_, &bad)) {
        return Rejected("expected one of the escapes \\t \\n \\\\ \\xHH, found another",
                        Quoted(bad));
      }
      key = key_;
      value = value_;
    }
    if (const char* const fault = KeyFault(key)) return Rejected(fault);
    return sink.Add(key, {&value, 1});
  }

 private:
  bool has_escapes_ = true;
  std::string key_;
  std::string value_;
};

}  // namespace

std::unique_ptr<RowParser> NewTsvParser(OnError on_error) {
  return std::make_unique<TsvParser>(on_error);
}

}  // namespace load
}  // namespace sheaf
