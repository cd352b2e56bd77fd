// ChunkParser: what reaches the sink, and what reaches the log.

#include "tools/load/input/chunk_parser.h"

#include <malloc.h>

#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace load {
namespace {

using testing::TestFolder;
using testing::WriteFile;

bool AnyBytes(uint64_t) { return true; }

// Takes keys; refuses that one.
class Keys final : public RowSink {
 public:
  explicit Keys(std::string refused = "") : refused_(std::move(refused)) {}
  absl::Status Add(std::string_view key, absl::Span<const std::string_view>) override {
    if (key == refused_) return absl::FailedPreconditionError("refused");
    keys.emplace_back(key);
    return absl::OkStatus();
  }
  std::vector<std::string> keys;

 private:
  const std::string refused_;
};

ChunkReader::Options ReadingOf(const std::string& rows) {
  ChunkReader::Options reading;
  reading.inputs = {TestFolder() + "/rows.tsv"};
  WriteFile(reading.inputs[0], rows);
  return reading;
}

TEST(ChunkParserTest, SaysWhatWasRead) {
  ChunkReader::Options reading = ReadingOf("a\t1\nmalformed\nb\t2\nc\t3\n");
  reading.chunk_bytes = 18;  // the first three lines
  ChunkReader reader(reading);
  RejectLog log(OnError::kSkip, "", [](const std::string&) {});
  ChunkParser parser(&reader, OnError::kSkip, &log);
  Keys sink;
  ASSERT_TRUE(*parser.Next(AnyBytes));
  const absl::StatusOr<ChunkRead> first = parser.Parse(sink);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->begin, 0u);
  EXPECT_EQ(first->end, 18u);
  EXPECT_EQ(first->lines, 3u);
  EXPECT_TRUE(first->rejects);
  ASSERT_TRUE(*parser.Next(AnyBytes));
  const absl::StatusOr<ChunkRead> second = parser.Parse(sink);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->begin, 18u);
  EXPECT_EQ(second->end, 22u);
  EXPECT_EQ(second->lines, 1u);
  EXPECT_FALSE(second->rejects);
  EXPECT_FALSE(*parser.Next(AnyBytes));
  EXPECT_EQ(sink.keys, (std::vector<std::string>{"a", "b", "c"}));
  ASSERT_TRUE(log.Finish().ok());
  EXPECT_EQ(log.Account(),
            std::vector<std::string>{"1 row skipped: expected key TAB value, found no TAB: " +
                                     reading.inputs[0] + ":2"});
}

// An earlier load has the rows, but not the account of the rejects.
TEST(ChunkParserTest, ChunkReadAgainGivesItsRejectsAlone) {
  ChunkReader::Options reading = ReadingOf("a\t1\nmalformed\nb\t2\n");
  reading.read_before = {{0, 14, true}};
  ChunkReader reader(reading);
  RejectLog log(OnError::kSkip, "", [](const std::string&) {});
  ChunkParser parser(&reader, OnError::kSkip, &log);
  Keys sink;
  while (*parser.Next(AnyBytes)) ASSERT_TRUE(parser.Parse(sink).ok());
  EXPECT_EQ(sink.keys, std::vector<std::string>{"b"});
  ASSERT_TRUE(log.Finish().ok());
  EXPECT_EQ(log.count(), 1u);
}

// The error says more than rejects before it, and lines behind it were not counted.
TEST(ChunkParserTest, ErrorOfTheSinkLeavesTheLogAsItWas) {
  ChunkReader reader(ReadingOf("malformed\na\t1\nb\t2\n"));
  RejectLog log(OnError::kSkip, "", [](const std::string&) {});
  ChunkParser parser(&reader, OnError::kSkip, &log);
  Keys sink("b");
  ASSERT_TRUE(*parser.Next(AnyBytes));
  EXPECT_EQ(parser.Parse(sink).status(), absl::FailedPreconditionError("refused"));
  EXPECT_EQ(sink.keys, std::vector<std::string>{"a"});
  EXPECT_EQ(log.count(), 0u);
}

TEST(ChunkParserTest, WithoutALogRejectsAreOnlySeen) {
  ChunkReader reader(ReadingOf("a\t1\nmalformed\nb\t2\n"));
  ChunkParser parser(&reader, OnError::kStop, /*log=*/nullptr);
  Keys sink;
  ASSERT_TRUE(*parser.Next(AnyBytes));
  const absl::StatusOr<ChunkRead> read = parser.Parse(sink);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->rejects);
  EXPECT_EQ(sink.keys, std::vector<std::string>{"a"});
}

// Escapes are replaced in a buffer of the parser, as long as the longest value.
TEST(ChunkParserTest, LongRowLeavesNoMemoryInTheParser) {
  const ChunkReader::Options reading =
      ReadingOf("k\t\\n" + std::string(16 << 20, 'v') + "\nk\tshort\n");
  const auto in_use = [] {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  ChunkReader reader(reading);
  ChunkParser parser(&reader, OnError::kStop, /*log=*/nullptr);
  Keys sink;
  const size_t before = in_use();
  ASSERT_TRUE(*parser.Next(AnyBytes));
  ASSERT_TRUE(parser.is_long());
  ASSERT_TRUE(parser.Parse(sink).ok());
  // Gives back what the chunk took.
  ASSERT_TRUE(*parser.Next(AnyBytes));
  EXPECT_FALSE(parser.is_long());
  EXPECT_LT(in_use(), before + (8u << 20));
  ASSERT_TRUE(parser.Parse(sink).ok());
  EXPECT_EQ(sink.keys.size(), 2u);
}

}  // namespace
}  // namespace load
}  // namespace sheaf
