// The loader's parts by themselves: readers at chunk borders, sorting, limits, SSTs.

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include "gtest/gtest.h"
#include "rocksdb/comparator.h"
#include "tests/tools/process.h"
#include "tools/load/escapes.h"
#include "tools/load/row_reader.h"
#include "tools/load/row_table.h"
#include "tools/load/sst_builder.h"
#include "tools/load/temp_folder.h"
#include "tools/load/text.h"

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

Rows ReadAll(RowFormat format, const std::string& bytes, absl::Status* status,
             OnError on_error = OnError::kStop) {
  const std::string path = TestFolder() + "/rows";
  WriteFile(path, bytes);
  auto input = InputFile::Open(path, [](uint64_t) { return true; });
  EXPECT_TRUE(input.ok()) << input.status();
  MalformedRows malformed(on_error);
  Collect sink;
  *status = NewRowReader(format)->Read(**input, malformed, sink);
  return sink.rows;
}

TEST(ReaderTest, RowsAcrossChunksAreWhole) {
  // Chunks are 256 KiB; values of all sizes around it make rows straddle and outgrow them.
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

TEST(ReaderTest, EveryTruncationOfAFrameIsAnError) {
  const std::string frames("\1\0\0\0\2\0\0\0kvw\2\0\0\0\1\0\0\0kkv", 22);
  for (size_t size = 0; size <= frames.size(); ++size) {
    absl::Status status;
    ReadAll(RowFormat::kFramed, frames.substr(0, size), &status);
    EXPECT_EQ(status.ok(), size == 0 || size == 11 || size == 22) << size << " " << status;
  }
}

TEST(ReaderTest, JsonStringsMayHaveEscapesAndAnyFieldOrder) {
  absl::Status status;
  const Rows rows = ReadAll(RowFormat::kJsonl,
                            "  {\"values\":[\"\\u00e4\\n\",{\"base64\":\"AP8=\"}],"
                            "\"key\":{\"base64\":\"/w==\"}}\r\n\r\n{\"key\":\"a\",\"value\":\"\"}",
                            &status);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(rows, (Rows{{"\xff", "\xc3\xa4\n"}, {"\xff", std::string("\0\xff", 2)}, {"a", ""}}));
}

TEST(EscapesTest, EveryByteSurvives) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  std::string text, back, bad;
  AppendEscaped(all, &text);
  for (const char c : text) EXPECT_TRUE(c >= 0x20 && c < 0x7F);
  ASSERT_TRUE(Unescape(text, &back, &bad));
  EXPECT_EQ(back, all);
}

TEST(EscapesTest, Utf8StaysReadable) {
  std::string text;
  AppendEscaped("gr\xc3\xbc\xc3\x9f\x65\t\\", &text);
  EXPECT_EQ(text, "gr\xc3\xbc\xc3\x9f\x65\\t\\\\");
}

TEST(TextTest, SizesAreParsedStrictly) {
  uint64_t bytes = 0;
  EXPECT_TRUE(ParseByteSize("64M", &bytes) && bytes == uint64_t{64} << 20);
  EXPECT_TRUE(ParseByteSize("1.5g", &bytes) && bytes == uint64_t{3} << 29);
  EXPECT_TRUE(ParseByteSize("4096", &bytes) && bytes == 4096);
  for (const char* const bad :
       {"", "0", "-1", "M", "1MB", "1 M", "0x10", "1e9", "inf", "nan", "1..5", " 1", "99999999T"}) {
    EXPECT_FALSE(ParseByteSize(bad, &bytes)) << bad;
  }
}

// Sorted lists of a table, by whatever number of parts.
std::map<std::string, std::vector<std::string>> ListsOf(RowTable& table, size_t parts,
                                                        std::vector<std::string>* order) {
  std::map<std::string, std::vector<std::string>> lists;
  for (const auto& source : table.Lists(parts)) {
    for (;;) {
      std::string_view key;
      BlobBuilder builder;
      const absl::StatusOr<bool> more = source->Next(&key, &builder);
      EXPECT_TRUE(more.ok()) << more.status();
      if (!more.ok() || !*more) break;
      std::string blob;
      EXPECT_TRUE(builder.Finish(&blob).ok());
      order->emplace_back(key);
      std::vector<std::string>& list = lists[std::string(key)];
      EXPECT_TRUE(list.empty()) << "a key in two parts";
      const absl::StatusOr<BlobView> values = BlobView::Parse(blob);
      for (const std::string_view value : *values) list.emplace_back(value);
    }
  }
  return lists;
}

TEST(RowTableTest, SortsAsMemcmpAndKeepsTheOrderOfRows) {
  std::mt19937 random(3);
  for (const size_t prefix : {0u, 3u, 8u, 30u}) {
    for (const int threads : {1, 2, 3}) {
      RowTable table({uint64_t{64} << 20});
      std::map<std::string, std::vector<std::string>> model;
      for (int i = 0; i < 20000; ++i) {
        std::string key(prefix, 'p');
        // Few distinct bytes and lengths around the window's: ties at every depth.
        for (size_t n = random() % 20; n > 0; --n) key += "\0a\xff"[random() % 3];
        if (key.empty()) key = "x";
        const std::string value = std::to_string(i);
        const std::string_view view = value;
        ASSERT_TRUE(table.Add(key, {&view, 1}).ok());
        model[key].push_back(value);
      }
      ASSERT_TRUE(table.Sort(rocksdb::BytewiseComparator(), threads).ok());
      std::vector<std::string> order;
      EXPECT_EQ(ListsOf(table, static_cast<size_t>(threads), &order), model);
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
      EXPECT_EQ(order.size(), model.size());
    }
  }
}

TEST(RowTableTest, KeysThatArePrefixesOfEachOtherAreSorted) {
  RowTable table({uint64_t{64} << 20});
  std::vector<std::string> keys;
  for (size_t n = 1; n <= 1500; ++n) keys.emplace_back(n, 'a');
  std::vector<std::string> shuffled = keys;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(5));
  for (const std::string& key : shuffled) ASSERT_TRUE(table.Add(key, {}).ok());
  ASSERT_TRUE(table.Sort(rocksdb::BytewiseComparator(), 2).ok());
  std::vector<std::string> order;
  ListsOf(table, 2, &order);
  EXPECT_EQ(order, keys);
}

TEST(RowTableTest, OtherComparatorsDecideTheOrder) {
  RowTable table({1 << 20});
  for (const char* const key : {"b", "a", "c", "a"}) ASSERT_TRUE(table.Add(key, {"v"}).ok());
  ASSERT_TRUE(table.Sort(rocksdb::ReverseBytewiseComparator(), 2).ok());
  std::vector<std::string> order;
  EXPECT_EQ(ListsOf(table, 2, &order)["a"], (std::vector<std::string>{"v", "v"}));
  EXPECT_EQ(order, (std::vector<std::string>{"c", "b", "a"}));
}

TEST(RowTableTest, RowThatWouldExceedTheLimitIsRefused) {
  RowTable table({1000});
  absl::Status status;
  int rows = 0;
  const std::string_view value = "0123456789";
  while ((status = table.Add("key", {&value, 1})).ok()) ++rows;
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_GT(rows, 10);
  EXPECT_LE(table.memory_used(), 1000u);
}

TEST(RowTableTest, ListPastTheLimitIsRefusedByItsKey) {
  RowTable table({1 << 20, 25});
  const std::string_view value = "0123456789";
  for (const char* const key : {"a", "a", "big", "big", "big"}) {
    ASSERT_TRUE(table.Add(key, {&value, 1}).ok());
  }
  ASSERT_TRUE(table.Sort(rocksdb::BytewiseComparator(), 1).ok());
  const auto lists = table.Lists(1);
  std::string_view key;
  BlobBuilder first, second;
  EXPECT_TRUE(*lists[0]->Next(&key, &first));
  const absl::Status status = lists[0]->Next(&key, &second).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(testing::Has(std::string(status.message()), "key \"big\" have 30 bytes")) << status;
}

TEST(SstBuilderTest, FilesAreCutAndDisjoint) {
  RowTable table({uint64_t{64} << 20});
  const std::string value(5000, 'v');
  for (int i = 1000; i < 2000; ++i) {
    const std::string unique = value + std::to_string(i * 2654435761u);
    const std::string_view view = unique;
    ASSERT_TRUE(table.Add("key" + std::to_string(i), {&view, 1}).ok());
  }
  ASSERT_TRUE(table.Sort(rocksdb::BytewiseComparator(), 1).ok());
  SstPlan plan;
  plan.options.compression = rocksdb::kNoCompression;
  plan.file_bytes = 1 << 20;
  SstBuilder builder(plan, TestFolder() + "/sst-");
  const auto lists = table.Lists(1);
  ASSERT_TRUE(builder.Write(*lists[0]).ok());
  EXPECT_EQ(builder.keys(), 1000u);
  EXPECT_EQ(builder.files().size(), 5u);
  uint64_t bytes = 0;
  for (const std::string& file : builder.files()) bytes += std::filesystem::file_size(file);
  EXPECT_EQ(builder.bytes(), bytes);
}

TEST(TempFolderTest, IsRemovedWithItsFiles) {
  std::string path;
  {
    auto folder = TempFolder::Make(TestFolder() + "/t-");
    ASSERT_TRUE(folder.ok());
    path = (*folder)->path();
    WriteFile(path + "/file", "x");
    EXPECT_TRUE(std::filesystem::exists(path + "/file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace load
}  // namespace sheaf
