// Rows of inputs, chunk by chunk: formats and borders.

#include "tools/load/input/chunk_reader.h"

#include <malloc.h>

#include <memory>
#include <string>
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
using Rows = std::vector<std::pair<std::string, std::string>>;

class Collect final : public RowSink {
 public:
  absl::Status Add(std::string_view key, absl::Span<const std::string_view> values) override {
    for (const std::string_view value : values) rows.emplace_back(key, value);
    return absl::OkStatus();
  }
  Rows rows;
};

class Count final : public RowSink {
 public:
  absl::Status Add(std::string_view, absl::Span<const std::string_view> row) override {
    values += row.size();
    return absl::OkStatus();
  }
  size_t values = 0;
};

// All rows of a file, by chunks of `chunk_bytes`.
Rows ReadAll(RowFormat format, const std::string& bytes, absl::Status* status,
             OnError on_error = OnError::kStop, size_t chunk_bytes = 1 << 16) {
  const std::string path = TestFolder() + "/rows";
  WriteFile(path, bytes);
  ChunkReader::Options options;
  options.inputs = {path};
  options.format = format;
  options.chunk_bytes = chunk_bytes;
  ChunkReader reader(options);
  RejectLog log(on_error, "", [](const std::string&) {});
  ChunkParser parser(&reader, on_error, &log);
  Collect sink;
  for (;;) {
    const absl::StatusOr<bool> more = parser.Next([](uint64_t) { return true; });
    *status = more.status();
    if (!more.ok() || !*more) break;
    *status = parser.Parse(sink).status();
    if (!status->ok()) break;
  }
  if (status->ok()) *status = log.Finish();
  return sink.rows;
}

TEST(ChunkReaderTest, RowsAcrossChunksAreWhole) {
  // Chunks are 64 KiB; values of all sizes around multiples of it make rows straddle and outgrow
  // them.
  Rows rows;
  std::string tsv, framed, jsonl;
  for (const size_t size : {1u, 262100u, 262144u, 5u, 262140u, 700000u, 3u, 1300000u, 0u, 2u}) {
    rows.emplace_back("key" + std::to_string(size), std::string(size, 'v'));
    const auto& [key, value] = rows.back();
    tsv += key + "\t" + value + "\n";
    jsonl += "{\"key\":\"" + key + "\",\"value\":\"" + value + "\"}\n";
    for (const size_t n : {key.size(), value.size()}) {
      for (int shift = 0; shift < 32; shift += 8) framed += static_cast<char>(n >> shift);
    }
    framed += key + value;
  }
  absl::Status status;
  EXPECT_TRUE(ReadAll(RowFormat::kTsv, tsv, &status) == rows && status.ok()) << status;
  EXPECT_TRUE(ReadAll(RowFormat::kJsonl, jsonl, &status) == rows && status.ok()) << status;
  EXPECT_TRUE(ReadAll(RowFormat::kFramed, framed, &status) == rows && status.ok()) << status;
  EXPECT_TRUE(ReadAll(RowFormat::kTsv, tsv.substr(0, tsv.size() - 1), &status) == rows);
  EXPECT_TRUE(ReadAll(RowFormat::kJsonl, jsonl.substr(0, jsonl.size() - 1), &status) == rows);
}

TEST(ChunkReaderTest, EveryTruncationOfAFrameIsAnError) {
  const std::string frames("\1\0\0\0\2\0\0\0kvw\2\0\0\0\1\0\0\0kkv", 22);
  for (size_t size = 0; size <= frames.size(); ++size) {
    absl::Status status;
    ReadAll(RowFormat::kFramed, frames.substr(0, size), &status);
    EXPECT_EQ(status.ok(), size == 0 || size == 11 || size == 22) << size << " " << status;
  }
}

TEST(ChunkReaderTest, JsonStringsMayHaveEscapesAndAnyFieldOrder) {
  absl::Status status;
  const Rows rows = ReadAll(RowFormat::kJsonl,
                            "  {\"values\":[\"\\u00e4\\n\",{\"base64\":\"AP8=\"}],"
                            "\"key\":{\"base64\":\"/w==\"}}\r\n\r\n{\"key\":\"a\",\"value\":\"\"}",
                            &status);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(rows, (Rows{{"\xff", "\xc3\xa4\n"}, {"\xff", std::string("\0\xff", 2)}, {"a", ""}}));
}

TEST(ChunkReaderTest, LongJsonRowLeavesNoMemory) {
  std::string rows = "{\"key\":\"k\",\"values\":[\"\"";
  while (rows.size() < (4u << 20)) rows += ",\"\"";
  rows += "]}\n{\"key\":\"k\",\"value\":\"\"}\n";
  const std::string path = TestFolder() + "/rows";
  WriteFile(path, rows);
  ChunkReader::Options options;
  options.inputs = {path};
  options.format = RowFormat::kJsonl;
  ChunkReader reader(options);
  const std::unique_ptr<RowParser> parser = NewRowParser(RowFormat::kJsonl, OnError::kStop);
  const auto in_use = [] {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const size_t before = in_use();
  size_t values = 0;
  {
    RowChunk chunk;
    Count sink;
    ChunkReport report;
    const auto may_use = [](uint64_t) { return true; };
    while (*reader.Next(&chunk, may_use)) {
      ASSERT_TRUE(parser->Parse(chunk, sink, &report).ok());
    }
    values = sink.values;
  }
  EXPECT_GT(values, 1000000u);
  EXPECT_LT(in_use(), before + (8u << 20));
}

// Short rows behind a long one take many times as much memory in a table.
TEST(ChunkReaderTest, RowLongerThanAChunkIsOneByItself) {
  constexpr size_t kChunk = 1 << 16;
  for (const RowFormat format : {RowFormat::kTsv, RowFormat::kFramed}) {
    std::string rows;
    std::vector<size_t> long_ones;
    const auto add = [&](size_t size) {
      const std::string key = "key";
      const std::string value(size, 'v');
      if (format == RowFormat::kTsv) {
        rows += key + "\t" + value + "\n";
      } else {
        for (const size_t n : {key.size(), value.size()}) {
          for (int shift = 0; shift < 32; shift += 8) rows += static_cast<char>(n >> shift);
        }
        rows += key + value;
      }
    };
    for (const size_t size : {size_t{300000}, size_t{0}, kChunk, 5 * kChunk, 2 * kChunk - 100}) {
      const size_t begin = rows.size();
      add(size);
      if (size != 0) long_ones.push_back(rows.size() - begin);
      for (int i = 0; i < 10000; ++i) add(3);
    }
    ChunkReader::Options options;
    options.inputs = {TestFolder() + "/rows"};
    WriteFile(options.inputs[0], rows);
    options.format = format;
    options.chunk_bytes = kChunk;
    ChunkReader reader(options);
    RowChunk chunk;
    std::string all;
    std::vector<size_t> large;
    for (;;) {
      const absl::StatusOr<bool> more = reader.Next(&chunk, [](uint64_t) { return true; });
      ASSERT_TRUE(more.ok()) << more.status();
      if (!*more) break;
      EXPECT_EQ(chunk.position(), all.size());
      all += chunk.rows();
      if (chunk.rows().size() > kChunk) large.push_back(chunk.rows().size());
    }
    EXPECT_TRUE(all == rows);
    EXPECT_EQ(large, long_ones);
    EXPECT_LT(chunk.number(), rows.size() / kChunk + 3 * long_ones.size());
  }
}

// As of a journal that is not of this input.
TEST(ChunkReaderTest, RangesReadBeforeThatDoNotFitAreAnError) {
  const std::string rows = "a\t1\nb\t2\nc\t3\n";
  ChunkReader::Options options;
  options.inputs = {TestFolder() + "/rows.tsv"};
  WriteFile(options.inputs[0], rows);
  const auto read = [&options](std::vector<PositionRange> read_before) {
    options.read_before = std::move(read_before);
    ChunkReader reader(options);
    RowChunk chunk;
    for (;;) {
      const absl::StatusOr<bool> more = reader.Next(&chunk, [](uint64_t) { return true; });
      if (!more.ok() || !*more) return more.status();
    }
  };
  EXPECT_TRUE(read({{0, 4, false}, {4, 8, true}, {8, 12, false}}).ok());
  for (const std::vector<PositionRange>& bad : std::vector<std::vector<PositionRange>>{
           {{4, 8, false}, {0, 4, false}},
           {{0, 8, false}, {4, 12, false}},
           {{0, 8, true}, {4, 12, true}},
           {{4, 0, false}},
           {{0, 4, false}, {12, 16, false}},
           {{8, 16, true}},
       }) {
    const absl::Status status = read(bad);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    EXPECT_TRUE(testing::Has(std::string(status.message()), "without --resume")) << status;
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf
