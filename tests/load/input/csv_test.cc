// csv: rows and rejects against a model that reads byte by byte, with chunks that end everywhere.

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/tool/process.h"
#include "tools/load/input/chunk_parser.h"

namespace sheaf {
namespace load {
namespace {

using testing::TestFolder;
using testing::WriteFile;

struct Read {
  std::vector<std::vector<std::string>> rows;  // key and values
  std::vector<uint64_t> rejected;              // lines, from 1
  std::string error;
  bool operator==(const Read& other) const {
    return rows == other.rows && rejected == other.rejected && error == other.error;
  }
};

std::string Text(const Read& read) {
  std::string text = read.error + "\n";
  for (const auto& row : read.rows) {
    for (const std::string& field : row) text += "<" + field + ">";
    text += "\n";
  }
  for (const uint64_t line : read.rejected) text += std::to_string(line) + " ";
  return text;
}

class Collect final : public RowSink {
 public:
  explicit Collect(Read* read) : read_(*read) {}
  absl::Status Add(std::string_view key, absl::Span<const std::string_view> values) override {
    read_.rows.emplace_back(1, std::string(key));
    for (const std::string_view value : values) read_.rows.back().emplace_back(value);
    return absl::OkStatus();
  }

 private:
  Read& read_;
};

// Line numbers of the places in `accounts`: "2 rows skipped: ...: /path/rows:1, /path/rows:7".
void AddLines(const std::string& path, const std::vector<std::string>& accounts, Read* read) {
  for (const std::string& account : accounts) {
    for (size_t at = 0; (at = account.find(path + ":", at)) != account.npos;) {
      at += path.size() + 1;
      read->rejected.push_back(std::stoull(account.substr(at)));
    }
  }
  std::sort(read->rejected.begin(), read->rejected.end());
}

Read ReadAll(const std::string& bytes, size_t chunk_bytes, const CsvOptions& csv = {},
             std::vector<PositionRange> read_before = {}) {
  const std::string path = TestFolder() + "/rows";
  WriteFile(path, bytes);
  ChunkReader::Options options;
  options.inputs = {path};
  options.format = RowFormat::kCsv;
  options.csv = csv;
  options.chunk_bytes = chunk_bytes;
  options.read_before = std::move(read_before);
  ChunkReader reader(options);
  RejectLog log(OnError::kSkip, "", [](const std::string&) {});
  ChunkParser parser(&reader, OnError::kSkip, &log);
  Read read;
  Collect sink(&read);
  for (;;) {
    const absl::StatusOr<bool> more = parser.Next([](uint64_t) { return true; });
    if (!more.ok()) read.error = std::string(more.status().message());
    if (!more.ok() || !*more) break;
    EXPECT_TRUE(parser.Parse(sink).ok());
  }
  if (!read.error.empty()) return read;
  EXPECT_TRUE(log.Finish().ok());
  AddLines(path, log.Account(), &read);
  return read;
}

// Rows of key and value, read by a state for each byte.
Read Model(std::string_view text) {
  enum class State { kBegin, kBare, kQuoted, kQuoteInQuoted, kBehind } state = State::kBegin;
  Read read;
  std::vector<std::string> fields(1);
  uint64_t line = 1;
  uint64_t first_line = 1;
  bool is_bad = false;
  bool was_quoted = false;  // the last field
  bool has_bytes = false;   // the row
  const auto end_row = [&] {
    const bool is_blank = fields.size() == 1 && fields[0].empty() && !was_quoted && !is_bad;
    if (!is_blank) {
      if (is_bad || fields.size() != 2 || fields[0].empty()) {
        read.rejected.push_back(first_line);
      } else {
        read.rows.push_back(fields);
      }
    }
    fields.assign(1, "");
    is_bad = was_quoted = has_bytes = false;
    first_line = line;
    state = State::kBegin;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') ++line;
    has_bytes = true;
    const bool before_end =
        c == '\r' && (i + 1 == text.size() || text[i + 1] == '\n');  // part of the line end
    if (state == State::kQuoted) {
      if (c == '"') {
        state = State::kQuoteInQuoted;
      } else {
        fields.back().push_back(c);
      }
      continue;
    }
    if (state == State::kQuoteInQuoted && c == '"') {
      fields.back().push_back('"');
      state = State::kQuoted;
      continue;
    }
    if (state == State::kQuoteInQuoted) state = State::kBehind;
    if (c == '\n') {
      end_row();
    } else if (c == ',') {
      fields.emplace_back();
      was_quoted = false;
      state = State::kBegin;
    } else if (before_end) {
      if (state == State::kBegin) state = State::kBare;
    } else if (state == State::kBehind) {
      is_bad = true;
    } else if (c == '"') {
      if (state == State::kBegin) {
        state = State::kQuoted;
        was_quoted = true;
      } else {
        is_bad = true;
      }
    } else {
      fields.back().push_back(c);
      state = State::kBare;
    }
  }
  if (state == State::kQuoted) is_bad = true;
  if (has_bytes) end_row();
  return read;
}

// One place a kind is enough for what is checked: at most RejectLog::kPlaces are kept of each.
void ExpectAsModel(const std::string& text, size_t chunk_bytes) {
  const Read expected = Model(text);
  ASSERT_EQ(Text(ReadAll(text, chunk_bytes)), Text(expected)) << text << "\nby " << chunk_bytes;
}

TEST(CsvTest, FieldsAreWhatTheRfcSays) {
  const Read read = ReadAll(
      "a,1\r\n"
      "\"b\",\"1,2\"\n"
      "c,\"say \"\"x\"\"\"\n"
      "\"d\n2\",\"line\r\nbreak\"\n"
      "\n\r\n"
      "e,\n"
      "f,\"\"\r\n"
      "g, spaces stay \n"
      "h,CR\rstays\n"
      "i,\xFF\n"
      "j,last",
      1 << 16);
  const std::vector<std::vector<std::string>> rows = {
      {"a", "1"},    {"b", "1,2"}, {"c", "say \"x\""},     {"d\n2", "line\r\nbreak"},
      {"e", ""},     {"f", ""},    {"g", " spaces stay "}, {"h", "CR\rstays"},
      {"i", "\xFF"}, {"j", "last"}};
  EXPECT_EQ(read.rows, rows) << Text(read);
  EXPECT_TRUE(read.rejected.empty()) << Text(read);
}

TEST(CsvTest, ChunksOfEverySizeGiveTheSameRowsAndLines) {
  const std::string files[] = {
      "a,\"1\n2\"\n\"b\"\"\",\"\"\"\n\"\"\"\nc,\"\"\"\"\"\"\nd,\",\n,\"\r\n\"\n\",x\r\ne,y",
      // Malformed rows, and quotes within fields, which begin nothing.
      "a,5\" disk\nb,\"x\"y,\"z\n\"\nc,1\n\"k\" ,v\nd\ne,1,2\n,v\n\"\",v\nf,ok\n",
      "a,\"x\n\n\nb,y\n",            // not closed
      "a,\"x\n\"\"",                 // neither
      "a,\"x\"",                     // closed by the last byte
      "\"\n\n\n\",\"\n\"\n\n\nz\n",  // a bad row behind many lines
      "\r\n\r\na,b\r\r\n",
  };
  for (const std::string& file : files) {
    for (size_t chunk = 1; chunk <= file.size() + 1; ++chunk) ExpectAsModel(file, chunk);
  }
}

TEST(CsvTest, RandomBytesAreReadAsTheModelReadsThem) {
  std::mt19937_64 random(7);
  const std::string_view alphabet = "ab\"\",,\n\r";
  for (int i = 0; i < 400; ++i) {
    std::string file;
    // Few rows of a kind are malformed, as the log names five places of each.
    for (size_t size = random() % 40; size > 0; --size) {
      file.push_back(alphabet[random() % alphabet.size()]);
    }
    const Read expected = Model(file);
    if (expected.rejected.size() > RejectLog::kPlaces) continue;
    for (const size_t chunk : {size_t{1}, size_t{2}, size_t{3}, size_t{7}, size_t{100}}) {
      ExpectAsModel(file, chunk);
    }
  }
}

TEST(CsvTest, ALongRowWithLineEndsIsOneChunk) {
  std::string value;
  for (int i = 0; i < 30000; ++i) value += "line " + std::to_string(i) + ",\n";
  const std::string file = "a,1\nlong,\"" + value + "\"\nb,2\n";
  const Read read = ReadAll(file, 1 << 10);
  ASSERT_EQ(read.rows.size(), 3u) << read.error;
  EXPECT_EQ(read.rows[1], (std::vector<std::string>{"long", value}));
}

TEST(CsvTest, ColumnsAreChosenByNumber) {
  CsvOptions csv;
  csv.key = "3";
  csv.values = {"4", "1"};
  const Read read = ReadAll("v1,x,k1,w1\nv2,x,k2,\"w,2\",more\nshort,x,k3\n", 8, csv);
  EXPECT_EQ(read.rows,
            (std::vector<std::vector<std::string>>{{"k1", "w1", "v1"}, {"k2", "w,2", "v2"}}));
  EXPECT_EQ(read.rejected, std::vector<uint64_t>{3});
  csv.values.clear();
  csv.key = "2";
  EXPECT_EQ(ReadAll("v,k\n", 8, csv).rows, (std::vector<std::vector<std::string>>{{"k", "v"}}));
}

TEST(CsvTest, ColumnsAreChosenByNameWhereverTheHeaderIsCut) {
  CsvOptions csv;
  csv.header = true;
  csv.key = "the\nname";
  csv.values = {"item"};
  for (const std::string mark : {"", "\xEF\xBB\xBF"}) {
    const std::string header = mark + "\"price\",\"the\nname\",item\r\n";
    const std::string file = header + "1,ann,\"a\nb\"\n2,bob,c\n3,dan\n";
    for (size_t chunk = 1; chunk <= file.size(); ++chunk) {
      const Read read = ReadAll(file, chunk, csv);
      EXPECT_EQ(read.rows, (std::vector<std::vector<std::string>>{{"ann", "a\nb"}, {"bob", "c"}}))
          << chunk << Text(read);
      EXPECT_EQ(read.rejected, std::vector<uint64_t>{6}) << chunk;
    }
    // An interrupted load goes on behind the header.
    const Read rest = ReadAll(file, 8, csv, {{0, header.size() + 12, false}});
    EXPECT_EQ(rest.rows, (std::vector<std::vector<std::string>>{{"bob", "c"}})) << Text(rest);
    const Read none = ReadAll(header, 8, csv);
    EXPECT_TRUE(none.rows.empty() && none.rejected.empty() && none.error.empty()) << Text(none);
  }
  EXPECT_EQ(ReadAll("", 8, csv).error, "");
}

TEST(CsvTest, AHeaderThatDoesNotFitIsAnErrorThatSaysWhatItHas) {
  const std::string place = TestFolder() + "/rows:1: ";
  CsvOptions csv;
  csv.header = true;
  const auto error = [&](const std::string& file) { return ReadAll(file, 8, csv).error; };
  EXPECT_EQ(
      error("a,b,c\n1,2,3\n"),
      place + "expected --value-column, or two columns, found a header of 3 columns: a, b, c");
  csv.values = {"d"};
  EXPECT_EQ(error("a,b,c\n"),
            place + "--value-column \"d\": the header has no such column; it has a, b, c");
  EXPECT_EQ(error("a\tb\tc\n"),
            place +
                "--value-column \"d\": the header has no such column; it has a\tb\tc; it looks "
                "like key TAB value; if it is, use --format tsv");
  csv.values = {"b"};
  EXPECT_EQ(error("a,b,b\n"),
            place + "--value-column \"b\": the header has two columns of this name");
  csv.key = "b";
  EXPECT_EQ(error("a,b,c\n"), place +
                                  "--value-column \"b\": the same column is named before, as a "
                                  "value or as the key");
  EXPECT_EQ(error("a,\"b\n"),
            place + "expected a quote that ends the field, found the end of the input");
  EXPECT_EQ(error(std::string(2 << 20, 'a') + "\n"),
            place + "expected a header of 1.0 MB at most, found a longer row");
  EXPECT_EQ(error(std::string(65536, ',') + "\n"),
            place + "expected a header of 65536 columns at most, found 65537");
}

TEST(CsvTest, NumbersOfColumnsAreCheckedBeforeAnythingIsRead) {
  CsvOptions csv;
  for (const char* const number : {"0", "-1", "x", "65537", "1.5"}) {
    csv.key = number;
    EXPECT_EQ(FindCsvColumns(csv).status().message(),
              "--key-column: expected the number of a column from 1 to 65536, or --header and the "
              "name of a column, found \"" +
                  std::string(number) + "\"");
  }
  csv.key = "3";
  EXPECT_EQ(FindCsvColumns(csv).status().message(),
            "--key-column \"3\": expected --value-column beside it; without it, rows have two "
            "fields");
}

// A row of a comma a byte must not take a field's memory for each.
TEST(CsvTest, FieldsThatNobodyWantsAreOnlyCounted) {
  const Read read = ReadAll("a," + std::string(1 << 22, ',') + "\nb,1\n", 1 << 16);
  EXPECT_EQ(read.rows, (std::vector<std::vector<std::string>>{{"b", "1"}}));
  EXPECT_EQ(read.rejected, std::vector<uint64_t>{1});
}

}  // namespace
}  // namespace load
}  // namespace sheaf
