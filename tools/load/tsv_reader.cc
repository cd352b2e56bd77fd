#include <cstring>

#include "absl/strings/str_cat.h"
#include "tools/load/escapes.h"
#include "tools/load/line_reader.h"
#include "tools/load/text.h"

namespace sheaf {
namespace load {
namespace {

const char* Find(char c, const char* begin, const char* end) {
  return static_cast<const char*>(std::memchr(begin, c, static_cast<size_t>(end - begin)));
}

class TsvReader final : public LineReader {
 protected:
  absl::Status Line(std::string_view line, const Place& place, MalformedRows& malformed,
                    RowSink& sink) override {
    const char* const begin = line.data();
    const char* const end = begin + line.size();
    const char* const tab = Find('\t', begin, end);
    if (tab == nullptr) {
      return malformed.Report(place.ToString(), line.empty()
                                                    ? "expected key TAB value, found an empty line"
                                                    : "expected key TAB value, found no TAB");
    }
    if (tab == begin) {
      return malformed.Report(place.ToString(), "expected key TAB value, found an empty key");
    }
    if (Find('\t', tab + 1, end) != nullptr) {
      return malformed.Report(place.ToString(),
                              "expected key TAB value, found a second TAB; write \\t for a TAB "
                              "inside a key or value");
    }
    std::string_view key(begin, static_cast<size_t>(tab - begin));
    std::string_view value(tab + 1, static_cast<size_t>(end - tab - 1));
    if (line.back() == '\r' && place.line == 1) {
      on_note(absl::StrCat(place.ToString(),
                           ": lines end with CR LF; the CR is kept as the last byte of the value. "
                           "If that is not wanted: tr -d '\\r' < FILE | sheaf load"));
    }
    if (Find('\\', begin, end) != nullptr) {
      std::string bad;
      if (!Unescape(key, &key_, &bad) || !Unescape(value, &value_, &bad)) {
        return malformed.Report(place.ToString(),
                                "expected one of the escapes \\t \\n \\\\ \\xHH, found another",
                                Quoted(bad));
      }
      key = key_;
      value = value_;
    }
    return sink.Add(key, {&value, 1});
  }

 private:
  std::string key_;
  std::string value_;
};

}  // namespace

std::unique_ptr<RowReader> NewTsvReader() { return std::make_unique<TsvReader>(); }

}  // namespace load
}  // namespace sheaf
