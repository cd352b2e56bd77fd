// Lists as SSTs: files, pieces, limits.

#include "tools/load/output/sst_builder.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include "gtest/gtest.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/sst_file_reader.h"
#include "rocksdb/table.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tests/load/row_lists.h"
#include "tests/tool/process.h"
#include "tools/load/sort/row_table.h"

namespace sheaf {
namespace load {
namespace {

using testing::TestFolder;
using Rows = std::vector<std::pair<std::string, std::string>>;

TEST(SstBuilderTest, ListPastTheLimitIsRefusedByItsKey) {
  RowTable table(1 << 20);
  table.BeginChunk(0);
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
  table.BeginChunk(0);
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
  table.BeginChunk(0);
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
  blocks.BeginChunk(0);
  RowTable keys(uint64_t{64} << 20);
  keys.BeginChunk(0);
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
  table.BeginChunk(0);
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
  table.BeginChunk(0);
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
  table.BeginChunk(0);
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
  table.BeginChunk(0);
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
