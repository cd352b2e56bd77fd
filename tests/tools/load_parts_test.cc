// The loader's parts by themselves: readers at chunk borders, sorting, limits, SSTs.

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <new>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

#include "gtest/gtest.h"
#include "rocksdb/comparator.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/sst_file_reader.h"
#include "rocksdb/table.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tests/tools/process.h"
#include "tools/load/block_reader.h"
#include "tools/load/escapes.h"
#include "tools/load/loader.h"
#include "tools/load/reject_log.h"
#include "tools/load/row_merge.h"
#include "tools/load/row_record.h"
#include "tools/load/row_table.h"
#include "tools/load/run_file.h"
#include "tools/load/run_maker.h"
#include "tools/load/sst_builder.h"
#include "tools/load/text.h"
#include "tools/load/worker_threads.h"

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

// All rows of a file, by blocks of `block_bytes`.
Rows ReadAll(RowFormat format, const std::string& bytes, absl::Status* status,
             OnError on_error = OnError::kStop, size_t block_bytes = 1 << 16) {
  const std::string path = TestFolder() + "/rows";
  WriteFile(path, bytes);
  BlockReader::Options options;
  options.inputs = {path};
  options.format = format;
  options.block_bytes = block_bytes;
  BlockReader reader(options);
  RejectLog log(on_error, "", [](const std::string&) {});
  const std::unique_ptr<RowParser> parser = NewRowParser(format, on_error);
  Collect sink;
  RowBlock block;
  for (;;) {
    const absl::StatusOr<bool> more = reader.Next(&block, [](uint64_t) { return true; });
    *status = more.status();
    if (!more.ok() || !*more) break;
    BlockReport report = log.NewReport();
    *status = parser->Parse(block, sink, &report);
    if (!status->ok()) break;
    log.Add(block, std::move(report));
  }
  if (status->ok()) *status = log.Finish();
  return sink.rows;
}

TEST(ReaderTest, RowsAcrossBlocksAreWhole) {
  // Blocks are 64 KiB; values of all sizes around multiples of it make rows straddle and outgrow
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

TEST(ReaderTest, LongJsonRowLeavesNoMemory) {
  std::string rows = "{\"key\":\"k\",\"values\":[\"\"";
  while (rows.size() < (4u << 20)) rows += ",\"\"";
  rows += "]}\n{\"key\":\"k\",\"value\":\"\"}\n";
  const std::string path = TestFolder() + "/rows";
  WriteFile(path, rows);
  BlockReader::Options options;
  options.inputs = {path};
  options.format = RowFormat::kJsonl;
  BlockReader reader(options);
  const std::unique_ptr<RowParser> parser = NewRowParser(RowFormat::kJsonl, OnError::kStop);
  const auto in_use = [] {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const size_t before = in_use();
  size_t values = 0;
  {
    RowBlock block;
    Count sink;
    BlockReport report;
    const auto may_use = [](uint64_t) { return true; };
    while (*reader.Next(&block, may_use)) {
      ASSERT_TRUE(parser->Parse(block, sink, &report).ok());
    }
    values = sink.values;
  }
  EXPECT_GT(values, 1000000u);
  EXPECT_LT(in_use(), before + (8u << 20));
}

// Short rows behind a long one take many times as much memory in a table.
TEST(ReaderTest, RowLongerThanABlockIsOneByItself) {
  constexpr size_t kBlock = 1 << 16;
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
    for (const size_t size : {size_t{300000}, size_t{0}, kBlock, 5 * kBlock, 2 * kBlock - 100}) {
      const size_t begin = rows.size();
      add(size);
      if (size != 0) long_ones.push_back(rows.size() - begin);
      for (int i = 0; i < 10000; ++i) add(3);
    }
    BlockReader::Options options;
    options.inputs = {TestFolder() + "/rows"};
    WriteFile(options.inputs[0], rows);
    options.format = format;
    options.block_bytes = kBlock;
    BlockReader reader(options);
    RowBlock block;
    std::string all;
    std::vector<size_t> large;
    for (;;) {
      const absl::StatusOr<bool> more = reader.Next(&block, [](uint64_t) { return true; });
      ASSERT_TRUE(more.ok()) << more.status();
      if (!*more) break;
      EXPECT_EQ(block.position(), all.size());
      all += block.rows();
      if (block.rows().size() > kBlock) large.push_back(block.rows().size());
    }
    EXPECT_TRUE(all == rows);
    EXPECT_EQ(large, long_ones);
    EXPECT_LT(block.number(), rows.size() / kBlock + 3 * long_ones.size());
  }
}

// As of a journal that is not of this input.
TEST(ReaderTest, RangesReadBeforeThatDoNotFitAreAnError) {
  const std::string rows = "a\t1\nb\t2\nc\t3\n";
  BlockReader::Options options;
  options.inputs = {TestFolder() + "/rows.tsv"};
  WriteFile(options.inputs[0], rows);
  const auto read = [&options](std::vector<PositionRange> read_before) {
    options.read_before = std::move(read_before);
    BlockReader reader(options);
    RowBlock block;
    for (;;) {
      const absl::StatusOr<bool> more = reader.Next(&block, [](uint64_t) { return true; });
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

TEST(EscapesTest, PiecesAreAsTheWhole) {
  // A character of two bytes at the end of each piece, in UTF-8 and not.
  const std::string odd(65535, 'a');
  std::string utf8;
  for (int i = 0; i < 4; ++i) utf8 += odd + "\xc3\xbc\t";
  for (const std::string& bytes : {utf8, utf8 + "\xff", std::string()}) {
    std::string whole, pieces;
    AppendEscaped(bytes, &whole);
    EscapeInPieces(bytes, [&pieces](std::string_view piece) {
      EXPECT_LE(piece.size(), 4u << 16);
      pieces += piece;
    });
    EXPECT_TRUE(pieces == whole);
  }
}

TEST(RejectsTest, ComeBackAsTheyWere) {
  const char* const kinds[] = {"expected a, found b", "expected c, found d"};
  const std::string nul("\0\n", 2);
  const std::vector<Reject> all = {{0, kinds[0], "", "raw"},      {1, kinds[0], "", ""},
                                   {300, kinds[0], "one", nul},   {301, kinds[0], "one", "raw"},
                                   {302, kinds[1], "one", "raw"}, {1 << 30, kinds[0], "", "raw"}};
  Rejects rejects;
  EXPECT_TRUE(rejects.empty());
  for (const Reject& reject : all) rejects.Add(reject);
  EXPECT_FALSE(rejects.empty());
  size_t i = 0;
  rejects.ForEach([&](const Reject& reject) {
    ASSERT_LT(i, all.size());
    EXPECT_EQ(reject.at, all[i].at);
    EXPECT_STREQ(reject.kind, all[i].kind);
    EXPECT_EQ(reject.detail, all[i].detail);
    EXPECT_EQ(reject.raw, all[i].raw);
    ++i;
  });
  EXPECT_EQ(i, all.size());
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

using Lists = std::map<std::string, std::vector<std::string>>;

// The rows of `rows` as lists; `*order` gets the keys as they came.
Lists ListsOf(SortedRows& rows, std::vector<std::string>* order) {
  Lists lists;
  uint64_t position = 0;
  while (rows.Next()) {
    const std::string key(rows.key());
    if (order->empty() || order->back() != key) {
      EXPECT_EQ(lists.count(key), 0u) << "a key in two places";
      order->push_back(key);
    } else {
      EXPECT_GE(rows.position(), position);
    }
    position = rows.position();
    std::vector<std::string>& list = lists[key];
    const char* at = rows.body().data();
    for (uint64_t left = LoadVarint(&at); left != 0; --left) list.emplace_back(LoadText(&at));
  }
  EXPECT_TRUE(rows.status().ok()) << rows.status();
  return lists;
}

void AddRow(RowTable* table, std::string_view key, std::string_view value) {
  ASSERT_TRUE(table->Add(key, {&value, 1}).ok());
}

// Few distinct bytes and lengths around the window's: ties at every depth.
std::string TiedKey(std::mt19937* random, size_t prefix) {
  std::string key(prefix, 'p');
  for (size_t n = (*random)() % 20; n > 0; --n) key += "\0a\xff"[(*random)() % 3];
  return key.empty() ? "x" : key;
}

const KeyOrder kBytewise(rocksdb::BytewiseComparator());

TEST(RowTableTest, SortsAsMemcmpAndKeepsTheOrderOfRows) {
  std::mt19937 random(3);
  for (const size_t prefix : {0u, 3u, 8u, 30u}) {
    for (const bool in_order : {false, true}) {
      RowTable table(uint64_t{64} << 20);
      std::vector<std::string> keys;
      for (int i = 0; i < 20000; ++i) keys.push_back(TiedKey(&random, prefix));
      if (in_order) std::sort(keys.begin(), keys.end());
      Lists model;
      for (size_t i = 0; i < keys.size(); ++i) {
        if (i % 100 == 0) table.BeginBlock(i * 7);
        AddRow(&table, keys[i], std::to_string(i));
        model[keys[i]].push_back(std::to_string(i));
      }
      ASSERT_TRUE(table.Sort(kBytewise).ok());
      ASSERT_TRUE(table.Sort(kBytewise).ok()) << "once more has nothing to do";
      std::vector<std::string> order;
      EXPECT_EQ(ListsOf(*table.Read(RowRange()), &order), model);
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
      EXPECT_EQ(order.size(), model.size());
    }
  }
}

TEST(RowTableTest, KeysThatArePrefixesOfEachOtherAreSorted) {
  RowTable table(uint64_t{64} << 20);
  table.BeginBlock(0);
  std::vector<std::string> keys;
  for (size_t n = 1; n <= 1500; ++n) keys.emplace_back(n, 'a');
  std::vector<std::string> shuffled = keys;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(5));
  for (const std::string& key : shuffled) ASSERT_TRUE(table.Add(key, {}).ok());
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  std::vector<std::string> order;
  ListsOf(*table.Read(RowRange()), &order);
  EXPECT_EQ(order, keys);
}

// 32 MB of such keys took 20 seconds.
TEST(RowTableTest, LongKeysThatArePrefixesOfEachOtherAreSortedInTime) {
  RowTable table(uint64_t{64} << 20);
  table.BeginBlock(0);
  std::vector<std::string> keys;
  Lists model;
  for (size_t n = 2000; n > 0; --n) keys.emplace_back(8 * n, 'a');
  for (const char* const value : {"1", "2"}) {
    for (const std::string& key : keys) {
      AddRow(&table, key, value);
      model[key].push_back(value);
    }
  }
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
  std::vector<std::string> order;
  EXPECT_TRUE(ListsOf(*table.Read(RowRange()), &order) == model);
  EXPECT_TRUE(std::equal(order.begin(), order.end(), keys.rbegin(), keys.rend()));
}

TEST(RowTableTest, OtherComparatorsDecideTheOrder) {
  const KeyOrder reverse(rocksdb::ReverseBytewiseComparator());
  RowTable table(1 << 20);
  table.BeginBlock(0);
  for (const char* const key : {"b", "a", "c", "a"}) ASSERT_TRUE(table.Add(key, {"v"}).ok());
  ASSERT_TRUE(table.Sort(reverse).ok());
  std::vector<std::string> order;
  EXPECT_EQ(ListsOf(*table.Read(RowRange()), &order)["a"], (std::vector<std::string>{"v", "v"}));
  EXPECT_EQ(order, (std::vector<std::string>{"c", "b", "a"}));
}

TEST(RowTableTest, RowThatWouldExceedTheLimitIsRefused) {
  RowTable table(1000);
  table.BeginBlock(0);
  absl::Status status;
  int rows = 0;
  const std::string_view value = "0123456789";
  while ((status = table.Add("key", {&value, 1})).ok()) ++rows;
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_GT(rows, 10);
  EXPECT_LE(table.memory_used(), 1000u);
}

TEST(RowTableTest, ClearedTableIsAsNew) {
  RowTable table(1 << 20);
  for (const bool release : {false, true, false}) {
    table.BeginBlock(5);
    AddRow(&table, "b", "1");
    AddRow(&table, "a", "2");
    ASSERT_TRUE(table.Sort(kBytewise).ok());
    std::vector<std::string> order;
    EXPECT_EQ(ListsOf(*table.Read(RowRange()), &order), (Lists{{"a", {"2"}}, {"b", {"1"}}}));
    table.Clear(release);
    EXPECT_TRUE(table.empty());
    EXPECT_EQ(table.memory_used(), 0u);
  }
}

// Rows in several runs and tables, as threads leave them: blocks in turn.
struct Scattered {
  explicit Scattered(uint32_t seed, size_t stores_wanted, const KeyOrder& order) {
    std::mt19937 random(seed);
    const std::string folder = TestFolder();
    std::vector<std::unique_ptr<RowTable>> all;
    for (size_t i = 0; i < stores_wanted; ++i) {
      all.push_back(std::make_unique<RowTable>(uint64_t{64} << 20));
    }
    for (uint64_t block = 0; block < 300; ++block) {
      RowTable& table = *all[random() % all.size()];
      table.BeginBlock(block * 1000);
      for (int i = 0; i < 50; ++i) {
        const std::string key = TiedKey(&random, 2);
        const std::string value = std::to_string(block) + "." + std::to_string(i) +
                                  std::string(random() % 100 == 0 ? 3000 : 3, 'v');
        AddRow(&table, key, value);
        model[key].push_back(value);
      }
    }
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_TRUE(all[i]->Sort(order).ok());
      if (i % 3 == 2) {  // stays in memory
        stores.push_back(all[i].get());
        tables.push_back(std::move(all[i]));
        continue;
      }
      const std::string path = folder + "/run" + std::to_string(i);
      auto writer = RunWriter::Create(
          path, order, i % 3 == 0 ? RunCompression::kAlways : RunCompression::kWhenFaster);
      EXPECT_TRUE((*writer)->Write(*all[i]->Read(RowRange()), all[i]->positions()).ok());
      auto run = Run::Open(path);
      EXPECT_TRUE(run.ok()) << run.status();
      EXPECT_TRUE((*run)->Verify(RowRange()).ok());
      EXPECT_EQ((*run)->rows(), all[i]->rows());
      (*run)->set_order(&order);
      stores.push_back(run->get());
      runs.push_back(*std::move(run));
    }
  }

  Lists model;
  std::vector<std::unique_ptr<RowTable>> tables;
  std::vector<std::unique_ptr<Run>> runs;
  std::vector<const RowStore*> stores;
};

TEST(RowMergeTest, RunsAndTablesAreMergedByKeyAndOrderOfTheInput) {
  for (const size_t count : {1u, 2u, 3u, 5u, 8u, 13u}) {
    Scattered rows(static_cast<uint32_t>(count), count, kBytewise);
    const size_t shared = SharedPrefix(rows.stores, kBytewise);
    EXPECT_EQ(shared, 2u);
    std::vector<std::string> order;
    EXPECT_EQ(ListsOf(*MergeRange(rows.stores, RowRange(), kBytewise, shared), &order), rows.model);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  }
}

TEST(RowMergeTest, RangesCoverEverythingOnceInTheirOrder) {
  const KeyOrder reverse(rocksdb::ReverseBytewiseComparator());
  for (const KeyOrder* const order : {&kBytewise, &reverse}) {
    for (const size_t parts : {1u, 2u, 7u}) {
      Scattered rows(9, 6, *order);
      const size_t shared = SharedPrefix(rows.stores, *order);
      std::vector<size_t> part_of;
      const std::vector<RowRange> ranges = CutRanges(rows.stores, *order, 30000, parts, &part_of);
      EXPECT_GT(ranges.size(), parts);
      ASSERT_EQ(part_of.size(), ranges.size());
      EXPECT_EQ(part_of.back(), parts - 1);
      EXPECT_TRUE(std::is_sorted(part_of.begin(), part_of.end()));
      Lists all;
      std::vector<std::string> keys;
      for (const RowRange& range : ranges) {
        std::vector<std::string> of_range;
        Lists lists = ListsOf(*MergeRange(rows.stores, range, *order, shared), &of_range);
        keys.insert(keys.end(), of_range.begin(), of_range.end());
        all.merge(lists);
        EXPECT_TRUE(lists.empty()) << "a key in two ranges";
      }
      EXPECT_EQ(all, rows.model);
      for (size_t i = 1; i < keys.size(); ++i) EXPECT_LT(order->Compare(keys[i - 1], keys[i]), 0);
    }
  }
}

// Ranges share blocks at their borders; what one of them discards, no other needs.
TEST(RunFileTest, WhyARunCannotBeOpenedIsTold) {
  const std::string folder = TestFolder();
  EXPECT_EQ(Run::Open(folder + "/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Run::Open(folder).status().code(), absl::StatusCode::kInternal);  // a folder
  WriteFile(folder + "/run", "SHEAFRUN");
  EXPECT_EQ(Run::Open(folder + "/run").status().code(), absl::StatusCode::kDataLoss);
}

TEST(RunFileTest, DiscardedRangesLeaveTheOthersWhole) {
  std::mt19937 random(3);
  RowTable table(uint64_t{64} << 20);
  table.BeginBlock(0);
  for (int i = 0; i < 120000; ++i) {
    const std::string key = "key" + std::to_string(random() % (i % 3 == 0 ? 100 : 30000));
    AddRow(&table, key, std::to_string(i) + std::string(random() % 150, 'v'));
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  const std::string path = TestFolder() + "/run";
  auto writer = RunWriter::Create(path, kBytewise, RunCompression::kNever);
  ASSERT_TRUE((*writer)->Write(*table.Read(RowRange()), table.positions()).ok());
  const auto run = Run::Open(path);
  ASSERT_TRUE(run.ok()) << run.status();
  (*run)->set_order(&kBytewise);
  std::vector<size_t> part_of;
  const std::vector<RowRange> ranges =
      CutRanges({run->get()}, kBytewise, 1 << 20, /*parts=*/1, &part_of);
  EXPECT_GE(ranges.size(), 8u);
  const auto blocks = [&path] {
    struct stat info;
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_blocks;
  };
  const auto blocks_before = blocks();
  std::vector<size_t> left(ranges.size());
  std::iota(left.begin(), left.end(), 0);
  std::shuffle(left.begin(), left.end(), random);
  while (!left.empty()) {
    (*run)->Discard(ranges[left.back()]);
    left.pop_back();
    for (const size_t i : left) {
      EXPECT_TRUE((*run)->Verify(ranges[i]).ok()) << i;
      std::vector<std::string> order;
      EXPECT_EQ(ListsOf(*(*run)->Read(ranges[i]), &order), ListsOf(*table.Read(ranges[i]), &order));
    }
  }
  EXPECT_FALSE((*run)->Verify(RowRange()).ok());
  EXPECT_LT(blocks(), blocks_before / 2);
}

// Sizes of blocks are 32 bits wide; rows before a long one must not make its block longer.
TEST(RunFileTest, LongRowHasABlockOfItsOwnAndALimit) {
  RowTable table(uint64_t{64} << 20);
  table.BeginBlock(0);
  for (const size_t size : {200000u, 3000000u, 10u}) {
    AddRow(&table, "k" + std::to_string(table.rows()), std::string(size, 'v'));
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  const std::string path = TestFolder() + "/run";
  auto writer = RunWriter::Create(path, kBytewise);
  ASSERT_TRUE((*writer)->Write(*table.Read(RowRange()), table.positions()).ok());
  const auto run = Run::Open(path);
  ASSERT_TRUE(run.ok()) << run.status();
  (*run)->set_order(&kBytewise);
  EXPECT_LT((*run)->reading_bytes(), 3100000u);
  std::vector<std::string> order;
  EXPECT_TRUE(ListsOf(*(*run)->Read(RowRange()), &order) ==
              ListsOf(*table.Read(RowRange()), &order));

  EXPECT_TRUE(FitsRun("key", uint64_t{0xFFFFFF00}).ok());
  for (const uint64_t size : {uint64_t{0xFFFFFFF0}, uint64_t{1} << 32, ~uint64_t{0}}) {
    const absl::Status status = FitsRun("key", size);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_TRUE(testing::Has(std::string(status.message()), "a row of key \"key\" is too large"));
  }
}

// Long keys take memory for a part of them only, wherever a range begins and ends.
TEST(RunFileTest, RangesOfLongKeysAreWhole) {
  std::mt19937 random(7);
  RowTable table(uint64_t{64} << 20);
  table.BeginBlock(0);
  std::vector<std::string> keys;
  for (int i = 0; i < 1500; ++i) {
    // What tells keys apart is before, around or behind the end of a border.
    std::string key(2000, 'k');
    for (const size_t at : {size_t{5}, size_t{1022}, size_t{1023}, size_t{1024}, size_t{1999}}) {
      key[at] = "kl"[random() % 2];
    }
    key.resize(random() % 10 == 0 ? 1024 : 2000);
    AddRow(&table, key, std::to_string(i) + std::string(1000, 'v'));
    keys.push_back(std::move(key));
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  const std::string path = TestFolder() + "/run";
  auto writer = RunWriter::Create(path, kBytewise);
  ASSERT_TRUE((*writer)->Write(*table.Read(RowRange()), table.positions()).ok());
  const auto run = Run::Open(path);
  ASSERT_TRUE(run.ok()) << run.status();
  (*run)->set_order(&kBytewise);
  std::vector<RowRange> ranges;
  for (size_t i = 1; i < keys.size(); i += 20) {
    ranges.push_back({std::min(keys[i - 1], keys[i]), std::max(keys[i - 1], keys[i]), true, true});
  }
  std::vector<size_t> part_of;
  const std::vector<RowRange> cut = CutRanges({run->get(), &table}, kBytewise, 100000, 1, &part_of);
  ranges.insert(ranges.end(), cut.begin(), cut.end());
  size_t rows = 0;
  for (const RowRange& range : ranges) {
    std::vector<std::string> order;
    const Lists lists = ListsOf(*(*run)->Read(range), &order);
    EXPECT_EQ(lists, ListsOf(*table.Read(range), &order));
    for (const auto& [key, values] : lists) {
      if (&range >= ranges.data() + (ranges.size() - cut.size())) rows += values.size();
    }
  }
  EXPECT_EQ(rows, keys.size()) << "each row is in one of those that were cut";
  EXPECT_GT((*run)->Samples().size(), 5u);
  for (const RowStore* const store :
       {static_cast<const RowStore*>(run->get()), static_cast<const RowStore*>(&table)}) {
    for (const KeySample& sample : store->Samples()) EXPECT_LE(sample.key.size(), 1024u);
  }
  EXPECT_LE((*run)->last_key().size(), 1024u);
}

// 30 MB with 16 MB of memory, of which two runs are read at once: runs of runs.
TEST(LoaderTest, RunsAreMergedInSeveralPasses) {
  const std::string folder = TestFolder();
  std::string rows;
  std::map<std::string, std::string> model;
  for (uint32_t i = 0; rows.size() < (30u << 20); ++i) {
    const std::string key = "key-of-some-length-" + std::to_string(i * 2654435761u % 30011);
    const std::string row = key + "\t" + std::to_string(i) + "\n";
    rows += row;
    model[key] += row;
  }
  WriteFile(folder + "/rows.tsv", rows);
  LoadOptions options;
  options.db = folder + "/db";
  options.inputs = {folder + "/rows.tsv"};
  options.memory = 16 << 20;
  options.most_runs = 2;
  LoadSummary summary;
  ASSERT_TRUE(Load(options, &summary).ok());
  EXPECT_EQ(summary.runs, 2u) << "tables of 7 MB make at least four";
  std::string expected;
  for (const auto& [key, lines] : model) expected += lines;
  EXPECT_TRUE(testing::RunSheaf({"export", "--db", options.db}).out == expected);
}

// What was merged before the kill is in no run any more: it is not merged into another one, though
// fewer runs are read at once than before.
TEST(LoaderTest, RunsWithHolesAreNotMerged) {
  const std::string folder = TestFolder();
  std::mt19937 random(12);
  std::string rows;
  std::map<std::string, std::string> model;
  while (rows.size() < (70u << 20)) {
    const std::string key = "key" + std::to_string(random() % 100000);
    std::string value(random() % 200, '\0');
    for (char& c : value) c = static_cast<char>('a' + random() % 26);
    const std::string row = key + "\t" + value + "\n";
    rows += row;
    model[key] += row;
  }
  WriteFile(folder + "/rows.tsv", rows);
  LoadOptions options;
  options.db = folder + "/db";
  options.inputs = {folder + "/rows.tsv"};
  options.memory = 16 << 20;
  options.threads = 1;
  const pid_t child = fork();
  if (child == 0) {
    LoadSummary summary;
    Load(options, &summary).IgnoreError();
    _exit(0);
  }
  bool merged = false;
  while (!merged) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      merged |= std::filesystem::exists(entry.path() / "range-1-0.sst");
    }
    ASSERT_EQ(waitpid(child, nullptr, WNOHANG), 0) << "it was complete before it was killed";
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  options.resume = true;
  options.most_runs = 2;
  LoadSummary summary;
  const absl::Status status = Load(options, &summary);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(summary.resumed);
  std::string expected;
  for (const auto& [key, lines] : model) expected += lines;
  EXPECT_TRUE(testing::RunSheaf({"export", "--db", options.db}).out == expected);
}

TEST(LoaderTest, RelativeRejectsAreThoseOfTheFolderWhereTheLoadBegan) {
  const std::string folder = TestFolder();
  WriteFile(folder + "/rows.tsv", "a\t1\nbad\nb\t1\n");
  const auto here = std::filesystem::current_path();
  LoadOptions options;
  options.sst_only = folder + "/ssts";
  options.inputs = {folder + "/rows.tsv"};
  options.on_error = OnError::kSkip;
  options.rejects = "rejects";
  options.manifest = [&](const SstSet&, const LoadSummary&) {
    WriteFile(folder + "/ssts/manifest.json", "");  // somebody else's
    return std::string();
  };
  std::filesystem::create_directory(folder + "/ssts");
  std::filesystem::current_path(folder);
  const std::string absolute = (std::filesystem::current_path() / options.rejects).string();
  LoadSummary summary;
  EXPECT_EQ(Load(options, &summary).code(), absl::StatusCode::kAborted);
  std::filesystem::current_path(here);
  ASSERT_FALSE(summary.left.empty());

  std::filesystem::remove(folder + "/ssts/manifest.json");
  options.manifest = [](const SstSet&, const LoadSummary&) { return std::string(); };
  options.rejects = absolute;
  options.resume = true;
  const absl::Status status = Load(options, &summary);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(summary.resumed);
  EXPECT_TRUE(testing::Has(testing::ReadFile(folder + "/rejects"), "\tbad\n"));
}

// Whether a run has replaced others is what the journal says, whatever files there are.
TEST(LoaderTest, LoadThatIsKilledWhileItMergesRunsIsResumed) {
  const std::string folder = TestFolder();
  std::string rows;
  std::map<std::string, std::string> model;
  for (uint32_t i = 0; rows.size() < (12u << 20); ++i) {
    const std::string key = "k" + std::to_string(i * 2654435761u % 30011);
    const std::string row = key + "\t" + std::to_string(i) + "\n";
    rows += row;
    model[key] += row;
  }
  std::string expected;
  for (const auto& [key, lines] : model) expected += lines;
  WriteFile(folder + "/rows.tsv", rows);
  LoadOptions options;
  options.db = folder + "/db";
  options.inputs = {folder + "/rows.tsv"};
  options.memory = 16 << 20;
  options.threads = 2;
  options.most_runs = 2;
  // The sixth run is the first or the second that others are merged into.
  const pid_t child = fork();
  if (child == 0) {
    LoadSummary summary;
    Load(options, &summary).IgnoreError();
    _exit(0);
  }
  bool merging = false;
  while (!merging) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      merging |= std::filesystem::exists(entry.path() / "run-000005");
    }
    ASSERT_EQ(waitpid(child, nullptr, WNOHANG), 0) << "it was complete before it was killed";
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(std::random_device()() % 50));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  options.resume = true;
  LoadSummary summary;
  const absl::Status status = Load(options, &summary);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(summary.resumed);
  EXPECT_TRUE(testing::RunSheaf({"export", "--db", options.db}).out == expected);
}

TEST(LoaderTest, ListPastTheLimitIsRefusedBeforeAnythingIsIngested) {
  const std::string folder = TestFolder();
  std::string rows = "small\t1\n";
  for (int i = 0; i < 1000; ++i) rows += "big\t" + std::to_string(i) + "\n";
  for (const bool sorted : {false, true}) {
    WriteFile(folder + "/rows.tsv", sorted ? rows.substr(8) + "small\t1\n" : rows);
    LoadOptions options;
    options.db = folder + "/db";
    options.inputs = {folder + "/rows.tsv"};
    options.list_bytes = 2000;
    LoadSummary summary;
    const absl::Status status = Load(options, &summary);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_TRUE(testing::Has(std::string(status.message()), "the list of key \"big\" is too large"))
        << status;
    EXPECT_EQ(testing::Snapshot(folder).size(), 1u) << "more than the input";
  }
}

// Lists that end, begin and go on at the borders of blocks, of which there are some 20, and one
// that is longer than a piece: what threads encode by blocks is what one sort makes of the same
// rows.
TEST(LoaderTest, SortedRowsAreLoadedAsUnsortedOnesAre) {
  const std::string folder = TestFolder();
  std::mt19937 random(7);
  std::string rows;
  for (int key = 100000; rows.size() < (9u << 20); ++key) {
    size_t bytes = 0;
    const size_t most = key % 1000 == 0 ? 2u << 20 : key % 10 == 0 ? 50000 : 200;
    do {
      const std::string row = "k" + std::to_string(key) + "\t" +
                              std::string(random() % 100, static_cast<char>('a' + key % 26)) +
                              std::to_string(random() % 1000) + "\n";
      rows += row;
      bytes += row.size();
    } while (bytes < most);
  }
  for (const int threads : {1, 4}) {
    for (const bool sorted : {true, false}) {
      // The row of a key before all others, at the end.
      WriteFile(folder + "/rows.tsv", sorted ? "a\t1\n" + rows : rows + "a\t1\n");
      LoadOptions options;
      options.db = folder + "/db";
      options.inputs = {folder + "/rows.tsv"};
      options.memory = 16 << 20;
      options.threads = threads;
      LoadSummary summary;
      const absl::Status status = Load(options, &summary);
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_EQ(summary.sorted, sorted);
      EXPECT_TRUE(testing::RunSheaf({"export", "--db", options.db}).out == "a\t1\n" + rows);
      std::filesystem::remove_all(options.db);
    }
  }
}

// Rows of `bytes` in all that take ten times as much in a table, and options for 4 MB of it a
// thread.
std::string ShortRows(size_t bytes) {
  std::string rows;
  while (rows.size() < bytes) rows += "a\t\n";
  return rows;
}

RunMaker::Options SmallMaking(size_t threads) {
  RunMaker::Options making;
  making.memory = threads * (uint64_t{6} << 20);
  making.threads = threads;
  making.folder = TestFolder();
  making.order = &kBytewise;
  making.on_run = [](const RunInfo&, const std::vector<std::string>&) { return absl::OkStatus(); };
  return making;
}

BlockReader::Options ReadingOf(const std::string& rows) {
  BlockReader::Options reading;
  reading.inputs = {TestFolder() + "/rows.tsv"};
  reading.block_bytes = 1 << 16;
  WriteFile(reading.inputs[0], rows);
  return reading;
}

TEST(RunMakerTest, WorkersStopWhenOneFails) {
  const std::string rows = ShortRows(8 << 20);
  BlockReader reader(ReadingOf(rows));
  RunMaker::Options making = SmallMaking(2);
  size_t runs = 0;
  making.on_run = [&runs](const RunInfo&, const std::vector<std::string>&) {
    return runs++ == 0 ? absl::InternalError("disk full") : absl::OkStatus();
  };
  RejectLog log(OnError::kStop, "", [](const std::string&) {});
  RunMaker maker(std::move(making), &log);
  EXPECT_EQ(maker.Read(&reader, [] {}), absl::InternalError("disk full"));
  EXPECT_LT(reader.position(), rows.size() / 2);
}

// Beside the table are the block with such a row, and the row in what writes a run.
TEST(RunMakerTest, LongRowsLeaveRoomForTheirCopies) {
  const size_t size = 700000;
  std::string rows;
  for (int i = 0; i < 40; ++i) {
    rows += "k" + std::to_string(i * 7 % 40) + "\t" + std::string(size, 'v') + "\n";
  }
  BlockReader reader(ReadingOf(rows));
  RunMaker::Options making = SmallMaking(1);
  const uint64_t memory = making.memory;
  size_t runs = 0;
  making.on_run = [&](const RunInfo& run, const std::vector<std::string>&) {
    ++runs;
    EXPECT_LT(run.rows * size + 2 * size, memory - (1 << 20));
    return absl::OkStatus();
  };
  RejectLog log(OnError::kStop, "", [](const std::string&) {});
  RunMaker maker(std::move(making), &log);
  EXPECT_TRUE(maker.Read(&reader, [] {}).ok());
  EXPECT_GT(runs, 5u);
  EXPECT_LT(runs, 20u);
}

// Their runs are written before the next such row is read, not before its block is taken.
TEST(RunMakerTest, RunsOfLongRowsAreMergedWhileReadingToo) {
  std::string rows;
  for (int i = 0; i < 40; ++i) rows += "k\t" + std::string(700000, 'v') + "\n";
  BlockReader reader(ReadingOf(rows));
  RunMaker::Options making = SmallMaking(1);
  making.most_runs = 3;
  size_t runs = 0;
  making.on_run = [&runs](const RunInfo&, const std::vector<std::string>& replaced) {
    runs += 1 - replaced.size();
    EXPECT_LE(runs, 4u);
    return absl::OkStatus();
  };
  RejectLog log(OnError::kStop, "", [](const std::string&) {});
  RunMaker maker(std::move(making), &log);
  EXPECT_TRUE(maker.Read(&reader, [] {}).ok());
  EXPECT_GT(runs, 1u);
}

// While SSTs are written there are blocks of runs with it, and copies.
TEST(RunMakerTest, TablesMakeRoomForWritingALongRow) {
  for (const size_t size : {1300000u, 100000u}) {
    BlockReader reader(ReadingOf("k\t" + std::string(size, 'v') + "\n"));
    RejectLog log(OnError::kStop, "", [](const std::string&) {});
    RunMaker maker(SmallMaking(1), &log);
    ASSERT_TRUE(maker.Read(&reader, [] {}).ok());
    EXPECT_GT(maker.memory_used(), size);
    ASSERT_TRUE(maker.Settle(0, 1, [] {}).ok());
    EXPECT_EQ(maker.memory_used() == 0, size == 1300000);
    EXPECT_EQ(maker.stores().size(), 1u);
  }
}

TEST(RunMakerTest, RowThatCouldNotBeWrittenIsRefused) {
  RunMaker::Options making = SmallMaking(1);
  making.memory = 200 << 20;
  for (const size_t megabytes : {30, 40}) {
    BlockReader reader(ReadingOf("k\t" + std::string(megabytes << 20, 'v') + "\n"));
    RejectLog log(OnError::kStop, "", [](const std::string&) {});
    RunMaker maker(making, &log);
    const absl::Status status = maker.Read(&reader, [] {});
    EXPECT_EQ(absl::IsResourceExhausted(status), megabytes == 40) << status;
  }
}

// Each is an open file, and takes memory.
TEST(RunMakerTest, RunsAreMergedWhileReadingWhenThereAreMany) {
  std::string rows;
  Lists model;
  for (uint32_t i = 0; i < 600000; ++i) {
    const std::string key = "key" + std::to_string(i * 2654435761u % 5003);
    const std::string value = std::to_string(i);
    rows += key + "\t" + value + "\n";
    model[key].push_back(value);
  }
  for (const size_t threads : {1u, 2u}) {
    RunMaker::Options making = SmallMaking(threads);
    making.most_runs = 3;
    making.folder += "/runs" + std::to_string(threads);
    std::filesystem::create_directory(making.folder);
    const std::string folder = making.folder;
    std::set<std::string> recorded;
    size_t merged = 0;
    making.on_run = [&](const RunInfo& run, const std::vector<std::string>& replaced) {
      EXPECT_TRUE(std::filesystem::exists(run.path));
      EXPECT_TRUE(recorded.insert(run.path).second);
      for (const std::string& path : replaced) {
        EXPECT_TRUE(std::filesystem::exists(path)) << "removed before another one was recorded";
        EXPECT_EQ(recorded.erase(path), 1u);
      }
      merged += replaced.size();
      EXPECT_LE(recorded.size(), threads == 1 ? 4u : 12u);
      return absl::OkStatus();
    };
    BlockReader reader(ReadingOf(rows));
    RejectLog log(OnError::kStop, "", [](const std::string&) {});
    RunMaker maker(std::move(making), &log);
    ASSERT_TRUE(maker.Read(&reader, [] {}).ok());
    EXPECT_GT(merged, 2u);
    std::set<std::string> there;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      there.insert(entry.path().string());
    }
    EXPECT_EQ(there, recorded);
    const std::vector<const RowStore*> stores = maker.stores();
    std::vector<std::string> order;
    EXPECT_TRUE(ListsOf(*MergeRange(stores, RowRange(), kBytewise, SharedPrefix(stores, kBytewise)),
                        &order) == model);
  }
}

// The journal may have a record of a run whose file is gone.
TEST(RunMakerTest, NamesOfAnEarlierLoadAreNotUsedAgain) {
  BlockReader reader(ReadingOf(ShortRows(1 << 20)));
  RunMaker::Options making = SmallMaking(1);
  making.first_run = 7;
  std::vector<std::string> names;
  making.on_run = [&names](const RunInfo& run, const std::vector<std::string>&) {
    names.push_back(std::filesystem::path(run.path).filename().string());
    return absl::OkStatus();
  };
  RejectLog log(OnError::kStop, "", [](const std::string&) {});
  RunMaker maker(std::move(making), &log);
  EXPECT_TRUE(maker.Read(&reader, [] {}).ok());
  ASSERT_GE(names.size(), 2u);
  EXPECT_EQ(names[0], "run-000007");
  EXPECT_EQ(names[1], "run-000008");
}

class DamagedRunTest : public ::testing::TestWithParam<RunCompression> {};

TEST_P(DamagedRunTest, EveryDamageIsNoticed) {
  const std::string path = TestFolder() + "/run";
  RowTable table(1 << 20);
  table.BeginBlock(3);
  for (const char* const key : {"a", "a", "bb"}) AddRow(&table, key, std::string(50, 'v'));
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  auto writer = RunWriter::Create(path, kBytewise, GetParam());
  ASSERT_TRUE((*writer)->Write(*table.Read(RowRange()), table.positions()).ok());
  const std::string good = testing::ReadFile(path);
  EXPECT_EQ(good.size() < 190, GetParam() == RunCompression::kAlways) << good.size();
  const auto refused = [&path](const std::string& bytes) {
    WriteFile(path, bytes);
    const auto run = Run::Open(path);
    return !run.ok() || !(*run)->Verify(RowRange()).ok();
  };
  EXPECT_FALSE(refused(good));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_TRUE(refused(good.substr(0, size))) << size;
  }
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_TRUE(refused(bad)) << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Compression, DamagedRunTest,
                         ::testing::Values(RunCompression::kNever, RunCompression::kAlways));

// Rows of any size come back, also those that are not compressed for their size.
TEST(RunFileTest, CompressedRowsComeBack) {
  std::mt19937 random(5);
  RowTable table(uint64_t{64} << 20);
  table.BeginBlock(0);
  const auto noise = [&random](size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
  };
  for (int i = 0; i < 3000; ++i) {
    AddRow(&table, "key" + std::to_string(random() % 500), std::string(random() % 1000, 'v'));
  }
  for (const size_t size : {0u, 1u, 200000u, 262144u, 524272u, 524288u, 600000u, 3000000u}) {
    AddRow(&table, "long" + std::to_string(size), noise(size));
    AddRow(&table, "long" + std::to_string(size) + "v", std::string(size, 'v'));
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  std::vector<std::string> order;
  const Lists expected = ListsOf(*table.Read(RowRange()), &order);
  uint64_t bytes[2];
  for (const RunCompression compression : {RunCompression::kNever, RunCompression::kAlways}) {
    const std::string path = TestFolder() + "/run";
    auto writer = RunWriter::Create(path, kBytewise, compression);
    ASSERT_TRUE((*writer)->Write(*table.Read(RowRange()), table.positions()).ok());
    bytes[compression == RunCompression::kAlways] = (*writer)->bytes();
    const auto run = Run::Open(path);
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_TRUE(ListsOf(*(*run)->Read(RowRange()), &order) == expected);
  }
  EXPECT_LT(bytes[1] + 1000000, bytes[0]);
}

TEST(WorkerThreadsTest, ExceptionsAreErrorsOfTheirWork) {
  const auto run = [](std::function<void()> fails) {
    return RunWorkers(
        3,
        [&fails](size_t i) {
          if (i == 1) fails();
          return absl::OkStatus();
        },
        [] { throw std::runtime_error("progress"); });
  };
  const absl::Status memory = run([] { throw std::bad_alloc(); });
  EXPECT_EQ(memory.code(), absl::StatusCode::kResourceExhausted) << memory;
  EXPECT_TRUE(testing::Has(std::string(memory.message()), "out of memory")) << memory;
  const absl::Status other = run([] { throw std::runtime_error("some reason"); });
  EXPECT_EQ(other.code(), absl::StatusCode::kInternal) << other;
  EXPECT_TRUE(testing::Has(std::string(other.message()), "some reason")) << other;
  const absl::Status tick =
      run([] { std::this_thread::sleep_for(std::chrono::milliseconds(250)); });
  EXPECT_TRUE(tick.ok()) << tick;
}

// In a process of its own, which gets no more stacks than those of threads before.
TEST(WorkerThreadsTest, WorkOfThreadsThatCannotBeStartedIsDone) {
  const pid_t child = fork();
  if (child == 0) {
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_AS, &none);
    std::atomic<size_t> done{0};
    const absl::Status status = RunWorkers(
        16,
        [&done](size_t i) {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
          done += i + 1;
          return absl::OkStatus();
        },
        [] {});
    _exit(status.ok() && done == 16 * 17 / 2 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

TEST(SstBuilderTest, ListPastTheLimitIsRefusedByItsKey) {
  RowTable table(1 << 20);
  table.BeginBlock(0);
  for (const char* const key : {"a", "a", "big", "big", "big"}) AddRow(&table, key, "0123456789");
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  SstPlan plan;
  plan.list_bytes = 25;
  SstBuilder builder(plan, TestFolder() + "/sst-");
  absl::Status status = builder.Append(*table.Read(RowRange()), kBytewise);
  if (status.ok()) status = builder.End();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(testing::Has(std::string(status.message()),
                           "the list of key \"big\" is too large: its values have more than 25 "))
      << status;
}

TEST(SstBuilderTest, FilesAreCutAndDisjoint) {
  RowTable table(uint64_t{64} << 20);
  table.BeginBlock(0);
  const std::string value(5000, 'v');
  for (int i = 1000; i < 2000; ++i) {
    AddRow(&table, "key" + std::to_string(i), value + std::to_string(i * 2654435761u));
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  SstPlan plan;
  plan.options.compression = rocksdb::kNoCompression;
  plan.file_bytes = 1 << 20;
  SstBuilder builder(plan, TestFolder() + "/sst-");
  ASSERT_TRUE(builder.Append(*table.Read(RowRange()), kBytewise).ok());
  ASSERT_TRUE(builder.End().ok());
  EXPECT_EQ(builder.written().keys, 1000u);
  EXPECT_EQ(builder.written().values, 1000u);
  ASSERT_EQ(builder.written().files.size(), 5u);
  std::string before;
  for (const SstFile& file : builder.written().files) {
    EXPECT_EQ(file.bytes, std::filesystem::file_size(file.path));
    EXPECT_LT(before, file.smallest);
    EXPECT_LT(file.smallest, file.largest);
    before = file.largest;
  }
}

// However the values of a list come, the blob is the same.
TEST(SstBuilderTest, PartsOfListsAreAsTheirRows) {
  RowTable table(uint64_t{1} << 20);
  table.BeginBlock(0);
  for (const char* const key : {"a", "b", "b", "b", "c"}) AddRow(&table, key, "0123456789");
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  for (const Layout layout : {Layout::kCompact, Layout::kFixed64}) {
    SstPlan plan;
    plan.layout = layout;
    SstBuilder rows(plan, TestFolder() + "/rows-");
    ASSERT_TRUE(rows.Append(*table.Read(RowRange()), kBytewise).ok());
    ASSERT_TRUE(rows.End().ok());

    BlobBuilder blobs(layout);
    const auto blob = [&blobs](size_t count) {
      for (size_t i = 0; i < count; ++i) blobs.Add("0123456789");
      std::string blob;
      EXPECT_TRUE(blobs.Finish(&blob).ok());
      return blob;
    };
    SstBuilder parts(plan, TestFolder() + "/parts-");
    const auto add_part = [&](const char* key, const std::string& bytes) {
      return parts.AddPart(key, *BlobView::Parse(bytes, layout));
    };
    ASSERT_TRUE(add_part("a", blob(1)).ok());
    ASSERT_TRUE(add_part("b", blob(2)).ok());
    ASSERT_TRUE(add_part("b", blob(0)).ok());
    ASSERT_TRUE(add_part("b", blob(1)).ok());
    ASSERT_TRUE(parts.AddList("c", blob(1), 1).ok());
    ASSERT_TRUE(parts.End().ok());
    EXPECT_EQ(parts.written().keys, 3u);
    EXPECT_EQ(parts.written().values, 5u);
    const auto entries = [](const SstFile& file) {
      rocksdb::SstFileReader reader((rocksdb::Options()));
      EXPECT_TRUE(reader.Open(file.path).ok());
      const std::unique_ptr<rocksdb::Iterator> it(reader.NewIterator(rocksdb::ReadOptions()));
      Rows all;
      for (it->SeekToFirst(); it->Valid(); it->Next()) {
        all.emplace_back(it->key().ToString(), it->value().ToString());
      }
      return all;
    };
    ASSERT_EQ(parts.written().files.size(), 1u);
    EXPECT_EQ(entries(parts.written().files[0]), entries(rows.written().files[0]));
    EXPECT_EQ(entries(rows.written().files[0]).size(), 3u);
  }
}

// RocksDB has the index of a file in memory, and what a filter is made of.
TEST(SstBuilderTest, FilesEndWhereWhatIsKeptOfThemIsTooLarge) {
  const auto files = [](const RowTable& table, const SstPlan& plan) {
    static int builders = 0;
    SstBuilder builder(plan, TestFolder() + "/" + std::to_string(builders++) + "-");
    EXPECT_TRUE(builder.Append(*table.Read(RowRange()), kBytewise).ok());
    EXPECT_TRUE(builder.End().ok());
    EXPECT_EQ(builder.written().keys, table.rows());
    return builder.written().files;
  };
  SstPlan plan;
  plan.kept_bytes = 20000;

  RowTable blocks(uint64_t{64} << 20);
  blocks.BeginBlock(0);
  RowTable keys(uint64_t{64} << 20);
  keys.BeginBlock(0);
  for (int i = 1000; i < 2000; ++i) {
    AddRow(&blocks, std::string(200, 'k') + std::to_string(i), std::string(5000, 'v'));
    AddRow(&keys, "k" + std::to_string(i), "");
  }
  ASSERT_TRUE(blocks.Sort(kBytewise).ok());
  ASSERT_TRUE(keys.Sort(kBytewise).ok());
  EXPECT_EQ(files(blocks, plan).size(), 11u) << "1,000 blocks, of about 220 bytes each";
  EXPECT_EQ(files(keys, plan).size(), 1u);
  rocksdb::BlockBasedTableOptions table;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  plan.options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  plan.kept_bytes = 2500;
  EXPECT_EQ(files(keys, plan).size(), 4u) << "1,000 hashes of 8 bytes";
}

// With a dictionary RocksDB writes nothing before it has seen what to make it of.
TEST(SstBuilderTest, DictionariesAreMadeOfAPartOfAFile) {
  RowTable table(uint64_t{64} << 20);
  table.BeginBlock(0);
  std::mt19937 random(3);
  std::string value(10000, 'v');
  for (int i = 1000; i < 1400; ++i) {
    for (char& c : value) c = static_cast<char>(random());
    AddRow(&table, "key" + std::to_string(i), value);
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  for (const uint64_t most : {uint64_t{0}, uint64_t{1} << 30}) {
    SstPlan plan;
    plan.options.compression = rocksdb::kLZ4Compression;
    plan.options.compression_opts.max_dict_bytes = 1 << 14;
    plan.options.compression_opts.max_dict_buffer_bytes = most;
    plan.kept_bytes = 1 << 20;
    SstBuilder builder(plan, TestFolder() + "/" + std::to_string(most) + "-");
    ASSERT_TRUE(builder.Append(*table.Read(RowRange()), kBytewise).ok());
    EXPECT_GT(builder.bytes(), uint64_t{2} << 20);
    ASSERT_TRUE(builder.End().ok());
  }
}

// Parting them takes long keys in the index; what neighbours share is there once.
TEST(SstBuilderTest, IndexOfLongKeysIsSmall) {
  RowTable table(uint64_t{64} << 20);
  table.BeginBlock(0);
  for (int i = 1000; i < 1400; ++i) {
    AddRow(&table, std::string(20000, 'k') + std::to_string(i), "v" + std::to_string(i));
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  SstPlan plan;
  plan.options.compression = rocksdb::kNoCompression;
  plan.kept_bytes = 1 << 20;
  SstBuilder builder(plan, TestFolder() + "/sst-");
  ASSERT_TRUE(builder.Append(*table.Read(RowRange()), kBytewise).ok());
  ASSERT_TRUE(builder.End().ok());
  ASSERT_EQ(builder.written().files.size(), 1u);
  rocksdb::SstFileReader reader((rocksdb::Options()));
  ASSERT_TRUE(reader.Open(builder.written().files[0].path).ok());
  EXPECT_LT(reader.GetTableProperties()->index_size, 200000u);
  const std::unique_ptr<rocksdb::Iterator> it(reader.NewIterator(rocksdb::ReadOptions()));
  for (int i = 1000; i < 1400; ++i) {
    it->Seek(std::string(20000, 'k') + std::to_string(i));
    ASSERT_TRUE(it->Valid());
    EXPECT_TRUE(it->value().ends_with("v" + std::to_string(i)));
  }
}

TEST(SstBuilderTest, LargeListIsWrittenInPiecesBehindTheOthers) {
  RowTable table(uint64_t{64} << 20);
  table.BeginBlock(0);
  for (int i = 0; i < 100; ++i)
    AddRow(&table, "big", std::string(100, static_cast<char>('0' + i % 10)));
  for (const char* const key : {"a", "c"}) AddRow(&table, key, "1");
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  SstPlan plan;
  plan.piece_bytes = 3000;
  SstBuilder builder(plan, TestFolder() + "/sst-");
  ASSERT_TRUE(builder.Append(*table.Read(RowRange()), kBytewise).ok());
  ASSERT_TRUE(builder.End().ok());
  EXPECT_EQ(builder.written().keys, 3u);
  EXPECT_EQ(builder.written().values, 102u);
  ASSERT_EQ(builder.written().files.size(), 4u);
  EXPECT_EQ(builder.written().files[0].keys, 3u);
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(builder.written().files[i].piece, i != 0);

  SstPlan whole = plan;
  whole.can_merge = false;
  SstBuilder refusing(whole, TestFolder() + "/other-");
  const absl::Status status = refusing.Append(*table.Read(RowRange()), kBytewise);
  EXPECT_TRUE(testing::Has(std::string(status.message()), "key \"big\"")) << status;
}

// Their sizes take memory as values do.
TEST(SstBuilderTest, EmptyValuesAreWrittenInPiecesAsWell) {
  RowTable table(uint64_t{1} << 20);
  table.BeginBlock(0);
  for (int i = 0; i < 4000; ++i) AddRow(&table, "big", "");
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  for (const Layout layout : {Layout::kCompact, Layout::kFixed64}) {
    SstPlan plan;
    plan.layout = layout;
    plan.piece_bytes = 4000;
    SstBuilder rows(plan, TestFolder() + "/rows-");
    ASSERT_TRUE(rows.Append(*table.Read(RowRange()), kBytewise).ok());
    ASSERT_TRUE(rows.End().ok());
    EXPECT_EQ(rows.written().values, 4000u);
    EXPECT_GE(rows.written().files.size(), 4u);

    SstBuilder parts(plan, TestFolder() + "/parts-");
    const std::string blob = *Encode(std::vector<std::string_view>(500), layout);
    for (int i = 0; i < 8; ++i) {
      ASSERT_TRUE(parts.AddPart("big", *BlobView::Parse(blob, layout)).ok());
    }
    ASSERT_TRUE(parts.End().ok());
    EXPECT_EQ(parts.written().values, 4000u);
    EXPECT_GE(parts.written().files.size(), 4u);
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf
