// Runs that somebody else could have written: all checksums are right, and nothing else. They are
// refused, without reading what is not in the file and without memory for what is not there.

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#define XXH_INLINE_ALL
#include "gtest/gtest.h"
#include "rocksdb/comparator.h"
#include "tests/load/row_lists.h"
#include "tests/tool/process.h"
#include "tools/load/sort/row_record.h"
#include "tools/load/sort/run_file.h"
#include "xxhash.h"

namespace sheaf {
namespace load {
namespace {

using testing::TestFolder;
using testing::WriteFile;

template <typename Number>
void Append(Number number, std::string* out) {
  out->append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::string Varint(uint64_t value) {
  char bytes[kMaxVarint64];
  return std::string(bytes, StoreVarint(value, bytes));
}

std::string Text(std::string_view text) { return Varint(text.size()) + std::string(text); }

std::string Block(std::string_view bytes, uint32_t rows_bytes = 0) {
  std::string block;
  Append(static_cast<uint32_t>(bytes.size()), &block);
  Append(rows_bytes, &block);
  Append(static_cast<uint64_t>(XXH3_64bits_withSeed(bytes.data(), bytes.size(), rows_bytes)),
         &block);
  return block.append(bytes);
}

std::string RunOf(const std::vector<std::string>& blocks, const std::string& footer) {
  std::string file("SHEAFRUN\1\0\0\0", 12);
  for (const std::string& block : blocks) file += block;
  const uint64_t at = file.size();
  file += Block(footer);
  const auto size = static_cast<uint32_t>(file.size() - at);
  Append(at, &file);
  Append(size, &file);
  Append(uint32_t{1}, &file);
  return file;
}

std::string Row(std::string_view key, uint64_t segment, const std::string& body) {
  return Text(key) + Varint(segment) + Text(body);
}

const std::string kBody = Varint(1) + Text("v");

std::string Footer(uint64_t rows, const std::string& positions = Varint(1) + Varint(7),
                   const std::string& samples = Varint(1) + Text("a") + Varint(12),
                   uint64_t largest = 64) {
  return Varint(rows) + Varint(largest) + Text("a") + Text("c") + positions + samples;
}

// OK if the run was read to its end.
absl::Status ReadAll(const std::string& bytes) {
  const std::string path = TestFolder() + "/run";
  WriteFile(path, bytes);
  const auto run = Run::Open(path);
  if (!run.ok()) return run.status();
  (*run)->set_order(&kBytewise);
  const absl::Status verified = (*run)->Verify(RowRange());
  const std::unique_ptr<SortedRows> rows = (*run)->Read(RowRange());
  while (rows->Next()) {
  }
  EXPECT_EQ(rows->status().code(), verified.code());
  return verified;
}

TEST(RunDamageTest, WhatAWriterMakesIsRead) {
  EXPECT_TRUE(ReadAll(RunOf({Block(Row("a", 0, kBody) + Row("", 0, kBody) + Row("c", 0, kBody))},
                            Footer(3)))
                  .ok());
}

TEST(RunDamageTest, RowsThatAreNoneAreRefused) {
  const std::string good = Row("a", 0, kBody);
  for (const std::string& rows : std::vector<std::string>{
           "", good.substr(0, good.size() - 1), good + "x",
           Row("", 0, kBody),   // the key of no row before
           Row("a", 1, kBody),  // of no chunk of input
           Row("a", ~uint64_t{0}, kBody),
           Varint(~uint64_t{0}) + good,         // a key longer than the file
           std::string(11, '\xff') + good,      // no varint
           Row("a", 0, Varint(5) + Text("v")),  // fewer values than it says
           Row("a", 0, Varint(~uint64_t{0})), Row("a", 0, Varint(1) + Varint(uint64_t{1} << 40)),
           Row("a", 0, kBody + "x"), Row("a", 0, ""),
           Row("b", 0, kBody) + Row("a", 0, kBody),  // not sorted
           Row("d", 0, kBody),                       // behind the last
           Row("A", 0, kBody),                       // before the first
       }) {
    EXPECT_EQ(ReadAll(RunOf({Block(rows)}, Footer(1))).code(), absl::StatusCode::kDataLoss) << rows;
  }
  EXPECT_EQ(ReadAll(RunOf({Block(Row("b", 0, kBody)), Block(good)}, Footer(2))).code(),
            absl::StatusCode::kDataLoss)
      << "blocks are not sorted";
  for (const uint32_t rows_bytes : {1u, 200u, 0xFFFFFFFFu}) {
    EXPECT_FALSE(ReadAll(RunOf({Block(good, rows_bytes)}, Footer(1))).ok()) << "no LZ4";
  }
}

TEST(RunDamageTest, FootersThatFitNoRunAreRefused) {
  const std::vector<std::string> blocks = {Block(Row("a", 0, kBody))};
  const std::string most = Varint(~uint64_t{0});
  for (const std::string& footer : std::vector<std::string>{
           "",
           Footer(1) + "x",
           Footer(1).substr(0, Footer(1).size() - 1),
           Footer(1, most),
           Footer(1, Varint(uint64_t{1} << 40) + Varint(7)),
           Footer(1, Varint(2) + most + most),  // positions overflow
           Footer(1, Varint(1) + Varint(7), most),
           Footer(1, Varint(1) + Varint(7), Varint(1) + Text("a") + Varint(11)),
           Footer(1, Varint(1) + Varint(7), Varint(1) + Text("a") + most),
           Footer(1, Varint(1) + Varint(7),
                  Varint(2) + Text("a") + Varint(14) + Text("b") + Varint(12)),
           Footer(1, Varint(1) + Varint(7), Varint(0), ~uint64_t{0}),  // memory for reading
           most,
           Varint(1) + Varint(1) + most,
       }) {
    EXPECT_EQ(ReadAll(RunOf(blocks, footer)).code(), absl::StatusCode::kDataLoss) << footer;
  }
}

TEST(RunDamageTest, TrailersThatLeadElsewhereAreRefused) {
  const std::string good = RunOf({Block(Row("a", 0, kBody))}, Footer(1));
  for (const uint64_t at : {uint64_t{0}, uint64_t{11}, uint64_t{1} << 40, ~uint64_t{0},
                            ~uint64_t{0} - 15, uint64_t{good.size()}, uint64_t{good.size() - 16}}) {
    for (const uint32_t size :
         {0u, 16u, 0xFFFFFFFFu, static_cast<uint32_t>(good.size() - 16 - at)}) {
      std::string bytes = good;
      std::memcpy(bytes.data() + bytes.size() - 16, &at, 8);
      std::memcpy(bytes.data() + bytes.size() - 8, &size, 4);
      EXPECT_EQ(ReadAll(bytes).code(), absl::StatusCode::kDataLoss) << at << " " << size;
    }
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf
