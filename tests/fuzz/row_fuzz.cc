// Any bytes at all, as an input of rows in each format: chunks of any size give the same rows and
// rejects, tsv, framed and csv those of a model; and the rows that were taken, written by `export`,
// are read back.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/rows.h"

namespace sheaf {
namespace fuzz {
namespace {

using load::RowFormat;

// Rows of `file` as docs/guide.md has them, where that takes few lines; false for a cut frame.
bool ModelFramed(std::string_view file, Rows* rows) {
  const auto number = [&file](size_t at) {
    size_t value = 0;
    for (size_t i = 4; i > 0; --i) value = value << 8 | static_cast<uint8_t>(file[at + i - 1]);
    return value;
  };
  for (; !file.empty(); ++rows->count) {
    if (file.size() < 8 || file.size() - 8 < number(0) + number(4)) return false;
    const std::string key(file.substr(8, number(0)));
    if (!key.empty()) rows->Add(key, file.substr(8 + key.size(), number(4)));
    file.remove_prefix(8 + number(0) + number(4));
  }
  return true;
}

// Without escapes.
void ModelTsv(std::string_view file, Rows* rows) {
  if (file.substr(0, 3) == "\xEF\xBB\xBF") file.remove_prefix(3);
  for (Input lines(reinterpret_cast<const uint8_t*>(file.data()), file.size()); !lines.empty();) {
    const std::string_view line = lines.Until("\n");
    const size_t tab = line.find('\t');
    if (tab != 0 && tab != line.npos && line.find('\t', tab + 1) == line.npos) {
      rows->Add(std::string(line.substr(0, tab)), line.substr(tab + 1));
    }
  }
}

// A state for each byte. Of a row, `fields` are those so far, and `bad` that it is none.
void ModelCsv(std::string_view file, Rows* rows) {
  if (file.substr(0, 3) == "\xEF\xBB\xBF") file.remove_prefix(3);
  enum { kFieldBegins, kBare, kQuoted, kBehindQuotes } state = kFieldBegins;
  std::vector<std::string> fields(1);
  bool bad = false;
  const auto end_row = [&] {
    if (!bad && fields.size() == 2 && !fields[0].empty()) rows->Add(fields[0], fields[1]);
    fields.assign(1, "");
    bad = false;
    state = kFieldBegins;
  };
  for (size_t at = 0; at < file.size(); ++at) {
    const char c = file[at];
    const bool is_last = at + 1 == file.size();
    if (state == kQuoted) {
      if (c != '"') {
        fields.back().push_back(c);
      } else if (!is_last && file[at + 1] == '"') {
        fields.back().push_back(file[++at]);
      } else {
        state = kBehindQuotes;
      }
    } else if (c == '\n') {
      end_row();
    } else if (c == ',') {
      fields.emplace_back();
      state = kFieldBegins;
    } else if (c == '\r' && (is_last || file[at + 1] == '\n')) {
      // of the line end
    } else if (c == '"' && state == kFieldBegins) {
      state = kQuoted;
    } else {
      bad = bad || c == '"' || state == kBehindQuotes;
      fields.back().push_back(c);
      if (state == kFieldBegins) state = kBare;
    }
  }
  bad = bad || state == kQuoted;
  end_row();
}

// A file that begins like gzip, zstd or LZ4 is decompressed first.
bool IsCompressed(std::string_view file) {
  const auto is = [&file](std::string_view end_of_magic, size_t at) {
    return file.size() > at && file.substr(at, end_of_magic.size()) == end_of_magic;
  };
  return is("\x1F\x8B\x08", 0) || is("\x28\xB5\x2F\xFD", 0) || is("\x04\x22\x4D\x18", 0) ||
         is("\x2A\x4D\x18", 1);  // of a frame to skip
}

void CheckModel(RowFormat format, std::string_view file, const Rows& got) {
  if (IsCompressed(file)) return;
  Rows expected;
  if (format == RowFormat::kFramed) {
    const bool whole = ModelFramed(file, &expected);
    Check(whole == got.error.empty(), "a cut frame is an error, and nothing else", got.error);
    if (!whole) return;  // rows before it may have been given out or not
  } else if (format == RowFormat::kTsv && file.find('\\') == file.npos && got.error.empty()) {
    ModelTsv(file, &expected);
  } else if (format == RowFormat::kCsv && got.error.empty()) {
    ModelCsv(file, &expected);
  } else {
    return;
  }
  Check(got.lists == expected.lists, "rows are those of the model", got.ToText());
}

// Without "(first: it looks like frames; ...)": how much of a file the parser sees when it hints at
// another format depends on the first chunk.
std::string WithoutHints(std::string text) {
  constexpr std::string_view kFirst = " (first: ";
  for (size_t at; (at = text.find("it looks like ")) != text.npos;) {
    const size_t line = std::min(text.find('\n', at), text.size());
    const size_t end = text.rfind("): ", line);
    if (end == text.npos || end < at) break;
    const bool is_alone = text.compare(at - kFirst.size(), kFirst.size(), kFirst) == 0;
    const size_t begin = is_alone ? at - kFirst.size() : at - 2;  // else behind "; "
    text.erase(begin, end + (is_alone ? 1 : 0) - begin);
  }
  return text;
}

void CheckRows(RowFormat format, std::string_view file) {
  const Rows rows = ReadRows(format, file, size_t{1} << 16);
  const Rows small = ReadRows(format, file, 16);
  Check(rows.error.empty() == small.error.empty(), "small chunks fail as large ones do",
        rows.error + small.error);
  if (rows.error.empty()) {
    Check(rows.lists == small.lists, "small chunks give the same rows", small.ToText());
    Check(WithoutHints(rows.rejects) == WithoutHints(small.rejects),
          "small chunks give the same rejects", rows.rejects + small.rejects);
  }
  CheckModel(format, file, rows);
  if (!rows.lists.empty()) CheckWriteAndRead(format, rows.lists);
}

}  // namespace
}  // namespace fuzz
}  // namespace sheaf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sheaf::load::RowFormat;
  sheaf::fuzz::Input input(data, size);
  const RowFormat formats[] = {RowFormat::kTsv, RowFormat::kJsonl, RowFormat::kFramed,
                               RowFormat::kCsv};
  const RowFormat format = formats[input.Byte() % 4];
  sheaf::fuzz::CheckRows(format, input.Rest());
  return 0;
}
