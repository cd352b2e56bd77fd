// An export, loaded into a new DB, is the same DB: RocksDB's own iterators over both tell, and a
// parser that is written here.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/store.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

using Lists = std::map<std::string, std::vector<std::string>>;

rocksdb::Options Options(Layout layout) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.disable_auto_compactions = true;
  AppendOptions append;
  append.layout = layout;
  options.merge_operator = NewAppendOperator(append);
  return options;
}

std::unique_ptr<rocksdb::DB> Open(const std::string& path, Layout layout) {
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(Options(layout), path, &db);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return std::unique_ptr<rocksdb::DB>(db);
}

// Keys and values as RocksDB has them: without Sheaf, but for merging.
std::vector<std::pair<std::string, std::string>> Entries(const std::string& path, Layout layout) {
  std::vector<std::pair<std::string, std::string>> entries;
  const auto db = Open(path, layout);
  const std::unique_ptr<rocksdb::Iterator> at(db->NewIterator({}));
  for (at->SeekToFirst(); at->Valid(); at->Next()) {
    entries.emplace_back(at->key().ToString(), at->value().ToString());
  }
  EXPECT_TRUE(at->status().ok());
  return entries;
}

// A value for each way to be escaped or not, and for each buffer that it may not fit.
std::vector<std::string> AwkwardValues() {
  std::mt19937 random(1);
  const auto bytes = [&](size_t size) {
    std::string made(size, '\0');
    for (char& c : made) c = static_cast<char>(random());
    return made;
  };
  const auto repeat = [](const std::string& part, size_t size) {
    std::string made;
    while (made.size() < size) made += part;
    return made;
  };
  std::vector<std::string> values = {"",
                                     std::string(1, '\0'),
                                     "\t",
                                     "\n",
                                     "\r",
                                     "\\",
                                     "\"",
                                     "\x7f",
                                     "\xff",
                                     "\xc3",
                                     "\xc3\xa4",
                                     "\xe2\x82\xac\t\\\"",
                                     "\xf0\x9f\x98\x80",
                                     "[]",
                                     "{\"base64\":\"AA==\"}",
                                     "\\x41",
                                     "a\\tb",
                                     "null"};
  // A special byte at each place of a vector of sixteen, and a bit after it.
  for (size_t at = 0; at < 35; ++at) {
    for (const char special : {'\n', '\\', '"', '\x7f', '\x1f', '\x80'}) {
      std::string value(35, 'a');
      value[at] = special;
      values.push_back(value);
    }
  }
  for (const size_t size : {15, 16, 17, 16383, 16384, 49151, 49152, 49153, 262144, 600000}) {
    values.push_back(repeat("plain ", size));
    values.push_back(repeat("\xe2\x82\xac", size));  // characters across every edge
    values.push_back(repeat("\"\xc3\xa4\n\xe2\x82\xac", size));
    values.push_back(bytes(size));
    values.push_back(repeat("a", size) + "\x80");  // UTF-8 up to the last byte
  }
  // One character that two values share is UTF-8 in neither.
  values.insert(values.end(), {"\xc3", "\xa4", std::string(20, 'x') + "\xe2", "\x82\xac"});
  return values;
}

class ExportTest : public ::testing::TestWithParam<std::tuple<std::string, Layout>> {
 protected:
  const std::string format_ = std::get<0>(GetParam());
  const Layout layout_ = std::get<1>(GetParam());
  const std::string folder_ = TestFolder();

  void Make(const std::string& path, const Lists& lists) {
    const auto db = Open(path, layout_);
    std::unique_ptr<Store> store;
    StoreOptions options;
    options.layout = layout_;
    ASSERT_TRUE(Store::Open(db.get(), nullptr, options, &store).ok());
    for (const auto& [key, values] : lists) {
      // A part as the list, the rest as operands that are pending: in SSTs, and in the log.
      const std::vector<std::string_view> views(values.begin(), values.end());
      const absl::Span<const std::string_view> all(views);
      const size_t put = all.size() / 2;
      if (key[0] != 'o') {
        ASSERT_TRUE(store->Put({}, key, all.subspan(0, put)).ok());
      }
      if (key[0] == 'o' && put != 0) {
        ASSERT_TRUE(store->Append({}, key, all.subspan(0, put)).ok());
      }
      if (key.size() % 2 == 0) {
        ASSERT_TRUE(db->Flush({}).ok());
      }
      if (put != all.size()) {
        ASSERT_TRUE(store->Append({}, key, all.subspan(put)).ok());
      }
    }
  }
};

TEST_P(ExportTest, IsLoadedIntoTheSameDb) {
  const std::vector<std::string> awkward = AwkwardValues();
  Lists lists;
  lists["all"] = awkward;
  lists["operands"] = awkward;
  for (size_t i = 0; i < awkward.size(); ++i) {
    lists["one" + std::to_string(i)] = {awkward[i]};
    if (!awkward[i].empty() && awkward[i].size() < 50) lists[awkward[i]] = {"a", awkward[i]};
  }
  lists["many"] = std::vector<std::string>(70000, "");
  lists["many equal"] = std::vector<std::string>(70000, "equal");
  if (format_ == "jsonl") {
    lists["empty"] = {};
    lists["\xff empty"] = {};
  }
  Make(folder_ + "/one", lists);
  const std::string file = folder_ + "/rows." + format_;
  const Result exported = RunSheaf({"export", "--db", folder_ + "/one", "--output", file});
  ASSERT_EQ(exported.exit_status, 0) << exported.err;
  const Result loaded = RunSheaf(
      {"load", "--db", folder_ + "/two", "--layout", LayoutName(layout_), "--input", file});
  ASSERT_EQ(loaded.exit_status, 0) << loaded.err;

  // Through a pipe it is the same, byte for byte, and so is what is exported of the second DB.
  const std::string rows = ReadFile(file);
  for (const char* const db : {"/one", "/two"}) {
    for (const char* const command : {"export", "scan"}) {
      EXPECT_TRUE(RunSheaf({command, "--db", folder_ + db, "--format", format_}).out == rows)
          << command << " " << db;
    }
  }
  const auto entries = Entries(folder_ + "/one", layout_);
  EXPECT_TRUE(entries == Entries(folder_ + "/two", layout_));
  // And both are what was put: encoded by themselves, in RocksDB's order.
  ASSERT_EQ(entries.size(), lists.size());
  auto entry = entries.begin();
  for (const auto& [key, values] : lists) {
    const std::vector<std::string_view> views(values.begin(), values.end());
    EXPECT_EQ(entry->first, key);
    EXPECT_TRUE(entry->second == *Encode(views, layout_)) << key;
    ++entry;
  }
}

TEST_P(ExportTest, TextIsTextForOtherPrograms) {
  if (format_ == "framed") GTEST_SKIP() << "is no text";
  if (format_ == "csv") GTEST_SKIP() << "has all bytes as they are";
  Lists lists;
  lists["all"] = AwkwardValues();
  Make(folder_ + "/one", lists);
  const std::string file = folder_ + "/rows." + format_;
  ASSERT_EQ(RunSheaf({"export", "--db", folder_ + "/one", "--output", file}).exit_status, 0);
  EXPECT_EQ(std::system(("iconv -f UTF-8 -t UTF-8 " + file + " > /dev/null").c_str()), 0);
  const std::string rows = ReadFile(file);
  size_t lines = 0;
  for (const char c : rows) {
    if (c == '\n') ++lines;
    ASSERT_TRUE(c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20);
  }
  EXPECT_EQ(lines, format_ == "tsv" ? lists["all"].size() : 1);
}

INSTANTIATE_TEST_SUITE_P(All, ExportTest,
                         ::testing::Combine(::testing::Values("tsv", "jsonl", "framed", "csv"),
                                            ::testing::Values(Layout::kCompact, Layout::kFixed64)),
                         [](const auto& info) {
                           return std::get<0>(info.param) + "_" +
                                  LayoutName(std::get<1>(info.param));
                         });

TEST(ExportProgressTest, IsPrintedIfForced) {
  const std::string db = TestFolder() + "/db";
  ASSERT_EQ(RunSheaf({"load", "--db", db}, "a\t1\n").exit_status, 0);
  const Result result = RunSheaf({"export", "--db", db, "--progress"});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(result.out, "a\t1\n");
  EXPECT_TRUE(Has(result.err, "sheaf export: writing")) << result.err;
  EXPECT_EQ(RunSheaf({"export", "--db", db}).err, "");
}

// RocksDB's iterators go on without a level whose next SST they cannot read, and say OK.
TEST(DamagedSstTest, ScanExportAndStatsSayThatNotAllWasRead) {
  const std::string folder = TestFolder() + "/db";
  std::string second;  // the SST with the keys in the middle
  {
    rocksdb::Options options = Options(Layout::kCompact);
    options.target_file_size_base = 10 << 10;
    options.compression = rocksdb::kNoCompression;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, folder, &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    const std::string value(1000, 'v');
    for (int i = 10; i < 50; ++i) {
      const std::vector<std::string_view> values = {value};
      ASSERT_TRUE(db->Put({}, "k" + std::to_string(i), *Encode(values, Layout::kCompact)).ok());
    }
    rocksdb::CompactRangeOptions compact;  // of one SST, which would only be moved
    compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(db->CompactRange(compact, nullptr, nullptr).ok());
    std::vector<rocksdb::LiveFileMetaData> files;
    db->GetLiveFilesMetaData(&files);
    ASSERT_GT(files.size(), 2u);
    std::sort(files.begin(), files.end(),
              [](const auto& a, const auto& b) { return a.smallestkey < b.smallestkey; });
    second = folder + files[1].name;
  }
  std::string bytes = ReadFile(second);
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  WriteFile(second, bytes);
  const std::vector<std::vector<std::string>> commands = {
      {"scan", "--db", folder}, {"export", "--db", folder}, {"stats", "--db", folder, "--exact"}};
  for (const std::vector<std::string>& command : commands) {
    const Result result = RunSheaf(command);
    EXPECT_NE(result.exit_status, 0) << command[0];
    EXPECT_TRUE(Has(result.err, "checksum")) << command[0] << ": " << result.err;
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
