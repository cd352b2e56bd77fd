// LoadSorted: whatever the lanes, chunks and parts are, and whatever parts an earlier load left,
// each list is in one SST, whole, as a std::map of the rows has it.

#include "tools/load/output/sorted_load.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/sst_file_reader.h"
#include "rocksdb/table.h"
#include "sheaf/blob_view.h"
#include "tests/tool/process.h"
#include "tools/load/input/plain_inputs.h"
#include "tools/load/output/lane_limits.h"
#include "tools/load/resume/load_journal.h"
#include "tools/load/resume/load_state.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;
using testing::TestFolder;
using testing::WriteFile;
using Lists = std::map<std::string, std::vector<std::string>>;

// Sorted rows in files, of which one may be empty or lack the end of its last line.
struct Input {
  std::vector<std::string> paths;
  Lists lists;
  std::vector<std::string> rows;
  uint64_t bytes = 0;

  Input(std::mt19937* random, const std::string& folder, size_t files) {
    const auto below = [random](size_t n) { return (*random)() % n; };
    const size_t count = 1 + below(600);
    std::string key = "k";
    while (rows.size() < count) {
      // Lists of one row to all, so that some go over several lanes.
      const size_t size = below(6) == 0 ? 1 + below(count) : 1 + below(8);
      key = "k" + std::to_string(100000 + 10 * rows.size() + below(10));
      for (size_t i = 0; i < size && rows.size() < count; ++i) {
        const std::string value = std::to_string(rows.size()) + std::string(below(40), 'v');
        rows.push_back(key + "\t" + value);
        lists[key].push_back(value);
      }
    }
    Write(folder, files, random);
  }

  void Write(const std::string& folder, size_t files, std::mt19937* random) {
    paths.clear();
    bytes = 0;
    size_t row = 0;
    for (size_t file = 0; file < files; ++file) {
      const size_t end =
          file + 1 == files ? rows.size() : row + (*random)() % (rows.size() - row + 1);
      std::string text;
      for (; row < end; ++row) text += rows[row] + "\n";
      if (!text.empty() && (*random)() % 3 == 0) text.pop_back();
      bytes += text.size();
      paths.push_back(folder + "/rows" + std::to_string(file) + ".tsv");
      WriteFile(paths.back(), text);
    }
  }
};

class SortedLoadTest : public ::testing::Test {
 protected:
  SortedLoadTest() {
    plan_.options.compression = rocksdb::kNoCompression;
    // The size of an SST, and so where parts may end, is known by blocks.
    rocksdb::BlockBasedTableOptions table;
    table.block_size = 64;
    plan_.options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  }

  SortedLoadOptions Options(const Input& input) {
    SortedLoadOptions options;
    options.inputs = input.paths;
    options.threads = options.max_lanes = 3;
    options.memory = 64 << 20;
    options.plan = &plan_;
    options.prefix = folder_ + "/sorted-";
    options.on_part = [this](uint64_t number, const SortedPart& part) {
      recorded_[number] = part;
      return absl::OkStatus();
    };
    options.tick = [](uint64_t, uint64_t) {};
    return options;
  }

  // What the SSTs have; a key that is in two is a failure.
  Lists Loaded(const SortedParts& parts, uint64_t* rows) {
    Lists lists;
    for (const auto& [number, part] : parts) {
      *rows += part.rows;
      uint64_t values = 0;
      for (const SstFile& file : part.lists.files) {
        rocksdb::SstFileReader reader(plan_.options);
        EXPECT_TRUE(reader.Open(file.path).ok());
        const std::unique_ptr<rocksdb::Iterator> at(reader.NewIterator(rocksdb::ReadOptions()));
        for (at->SeekToFirst(); at->Valid(); at->Next()) {
          const std::string blob = at->value().ToString();
          const absl::StatusOr<BlobView> view = BlobView::Parse(blob);
          EXPECT_TRUE(view.ok()) << view.status();
          std::vector<std::string>& list = lists[at->key().ToString()];
          EXPECT_TRUE(list.empty()) << at->key().ToString() << " is in two SSTs";
          list.assign(view->begin(), view->end());
          values += list.size();
        }
      }
      EXPECT_EQ(part.values, values);
    }
    return lists;
  }

  const std::string folder_ = TestFolder();
  LaneLimits limits_ = {/*min_lane_bytes=*/1, /*chunk_bytes=*/size_t{1} << 19};
  SstPlan plan_;
  SortedParts recorded_;
};

TEST_F(SortedLoadTest, EachListIsInOneSstWhateverWasLeft) {
  std::mt19937 random(20261125);
  size_t lanes_seen = 0;
  for (int trial = 0; trial < 400; ++trial) {
    SCOPED_TRACE(trial);
    const Input input(&random, folder_, 1 + random() % 3);
    SortedParts parts;
    uint64_t next = 0;
    // The first begins from the start; each of the others from some of the parts that it left.
    for (int again = 0; again < 3; ++again) {
      SortedLoadOptions options = Options(input);
      options.threads = 1 + random() % 4;
      options.max_lanes = 1 + random() % 4;
      limits_.chunk_bytes = size_t{1} << (4 + random() % 8);
      options.part_bytes = random() % 2 == 0 ? 1 : 2000;
      limits_.min_lane_bytes = 1 + random() % 2000;
      recorded_.clear();
      const SortedParts before = parts;
      options.first_number = next;
      RejectLog log(OnError::kStop, "", [](const std::string&) {});
      const absl::StatusOr<SortedLoad> load = LoadSortedWithin(limits_, options, &log, &parts);
      ASSERT_TRUE(load.ok()) << load.status();
      ASSERT_TRUE(load->sorted);
      ASSERT_TRUE(log.Finish().ok());
      EXPECT_EQ(load->file_bytes, input.bytes);
      EXPECT_EQ(load->input_bytes, input.bytes);
      uint64_t rows = 0;
      ASSERT_TRUE(Loaded(parts, &rows) == input.lists) << "again " << again;
      ASSERT_EQ(rows, input.rows.size());
      // What is recorded is what there is; of parts that could not be gone on from, that they are
      // no more.
      for (const auto& [number, part] : before) {
        if (recorded_.count(number) != 0) {
          EXPECT_TRUE(recorded_[number].chunks.empty());
        }
        EXPECT_EQ(parts.count(number), recorded_.count(number) == 0 ? 1u : 0u);
      }
      for (const auto& [number, part] : recorded_) {
        EXPECT_EQ(parts.count(number), part.chunks.empty() ? 0u : 1u);
      }
      lanes_seen = std::max(lanes_seen, recorded_.size());
      for (const auto& [number, part] : recorded_) next = std::max(next, number + 1);
      for (auto part = parts.begin(); part != parts.end();) {
        part = random() % 3 == 0 ? parts.erase(part) : std::next(part);
      }
    }
  }
  EXPECT_GT(lanes_seen, 8u);
}

// What an earlier load finished at several places is not read again.
TEST_F(SortedLoadTest, GoesOnBetweenParts) {
  std::mt19937 random(7);
  Input input(&random, folder_, 1);
  input.rows.clear();
  input.lists.clear();
  for (int key = 1000; key < 5000; ++key) {
    input.rows.push_back("k" + std::to_string(key) + "\tvalue");
    input.lists["k" + std::to_string(key)].push_back("value");
  }
  input.Write(folder_, 1, &random);
  SortedLoadOptions options = Options(input);
  limits_.chunk_bytes = 1024;
  options.part_bytes = 1;
  SortedParts parts;
  RejectLog log(OnError::kStop, "", [](const std::string&) {});
  ASSERT_TRUE(LoadSortedWithin(limits_, options, &log, &parts).ok());
  ASSERT_GT(parts.size(), 6u);
  // Every third one is lost.
  uint64_t lost_rows = 0;
  for (auto part = parts.begin(); part != parts.end();) {
    if (part->first % 3 == 1) {
      lost_rows += part->second.rows;
      part = parts.erase(part);
    } else {
      ++part;
    }
  }
  options.first_number = recorded_.rbegin()->first + 1;
  recorded_.clear();
  RejectLog log2(OnError::kStop, "", [](const std::string&) {});
  ASSERT_TRUE(LoadSortedWithin(limits_, options, &log2, &parts).ok());
  uint64_t rows_again = 0;
  for (const auto& [number, part] : recorded_) rows_again += part.rows;
  EXPECT_EQ(rows_again, lost_rows);
  uint64_t rows = 0;
  EXPECT_TRUE(Loaded(parts, &rows) == input.lists);
}

// Wherever two rows are not in order, be it where two lanes meet.
TEST_F(SortedLoadTest, EveryPairOfRowsOutOfOrderIsSeen) {
  std::mt19937 random(8);
  Input input(&random, folder_, 1);
  input.rows.clear();
  for (int key = 100; key < 160; ++key) input.rows.push_back("k" + std::to_string(key / 2) + "\tv");
  for (size_t i = 0; i + 2 < input.rows.size(); i += 2) {
    Input swapped = input;
    // A list between two of another.
    std::swap(swapped.rows[i + 1], swapped.rows[i + 2]);
    swapped.Write(folder_, 1, &random);
    for (const size_t chunk : {16, 64, 4096}) {
      for (const size_t lanes : {1, 3, 7}) {
        SortedLoadOptions options = Options(swapped);
        options.threads = options.max_lanes = lanes;
        limits_.chunk_bytes = chunk;
        options.part_bytes = 1;
        SortedParts parts;
        RejectLog log(OnError::kStop, "", [](const std::string&) {});
        const absl::StatusOr<SortedLoad> load = LoadSortedWithin(limits_, options, &log, &parts);
        ASSERT_TRUE(load.ok()) << load.status();
        EXPECT_FALSE(load->sorted) << "row " << i + 1 << ", " << chunk << ", " << lanes;
      }
    }
  }
}

// Of several bad lines in different lanes the first of the input is named, with its number, though
// the lines before it were counted by another thread or in an earlier load.
TEST_F(SortedLoadTest, FirstBadLineIsNamedWithItsNumber) {
  std::mt19937 random(9);
  for (int trial = 0; trial < 100; ++trial) {
    SCOPED_TRACE(trial);
    Input input(&random, folder_, 1);
    SortedLoadOptions options = Options(input);
    options.threads = options.max_lanes = 1 + random() % 4;
    limits_.chunk_bytes = size_t{1} << (4 + random() % 8);
    options.part_bytes = 1;
    SortedParts parts;
    RejectLog log(OnError::kStop, "", [](const std::string&) {});
    ASSERT_TRUE(LoadSortedWithin(limits_, options, &log, &parts).ok());
    ASSERT_TRUE(log.Finish().ok());
    // Without a part at random, the bad lines are among its rows.
    auto lost = parts.begin();
    std::advance(lost, random() % parts.size());
    const uint64_t begin = lost->second.begin();
    const uint64_t end = lost->second.end();
    options.first_number = parts.rbegin()->first + 1;
    parts.erase(lost);
    std::vector<size_t> bad;
    uint64_t at = 0;
    for (size_t i = 0; i < input.rows.size(); at += input.rows[i++].size() + 1) {
      if (at >= begin && at < end) bad.push_back(i);
    }
    ASSERT_FALSE(bad.empty());
    size_t first = input.rows.size();
    for (int i = 0; i < 3; ++i) {
      const size_t row = bad[random() % bad.size()];
      first = std::min(first, row);
      std::replace(input.rows[row].begin(), input.rows[row].end(), '\t', ' ');
    }
    std::string text;
    for (const std::string& row : input.rows) text += row + "\n";
    WriteFile(input.paths[0], text);
    RejectLog log2(OnError::kStop, "", [](const std::string&) {});
    const absl::StatusOr<SortedLoad> load = LoadSortedWithin(limits_, options, &log2, &parts);
    ASSERT_TRUE(load.ok()) << load.status();
    EXPECT_EQ(log2.Finish().message(),
              absl::string_view(input.paths[0] + ":" + std::to_string(first + 1) +
                                ": expected key TAB value, found no TAB"));
  }
}

// Lanes wait for each other at large lists; one that stops in such a list must not be waited for.
TEST_F(SortedLoadTest, LaneThatStopsInALargeListIsNotWaitedFor) {
  std::mt19937 random(10);
  Input input(&random, folder_, 1);
  plan_.piece_bytes = 1 << 20;
  for (const char* const last : {"a\tout of order", "malformed"}) {
    for (int trial = 0; trial < 20; ++trial) {
      input.rows.clear();
      for (int key = 0; key < 4; ++key) {
        for (int i = 0; i < 5000; ++i) {
          input.rows.push_back("k" + std::to_string(key) + "\t" + std::string(50, 'v'));
        }
      }
      input.rows[5000 * (random() % 4) + 4999] = last;
      input.Write(folder_, 1, &random);
      SortedLoadOptions options = Options(input);
      options.threads = options.max_lanes = 4;
      limits_.chunk_bytes = 4096;
      SortedParts parts;
      RejectLog log(OnError::kStop, "", [](const std::string&) {});
      const absl::StatusOr<SortedLoad> load = LoadSortedWithin(limits_, options, &log, &parts);
      ASSERT_TRUE(load.ok()) << load.status();
      EXPECT_TRUE(!load->sorted || log.stopped());
    }
  }
}

TEST(LoadStateTest, PartThatIsOfNoUseAnyMoreIsNoneAndItsNumberIsNotUsedAgain) {
  const std::string prefix = TestFolder() + "/load-";
  const std::vector<LoadJournal::Record> what = {{"--db", "x"}};
  {
    const auto journal = LoadJournal::Create(prefix, what);
    ASSERT_TRUE(journal.ok());
    SortedPart part;
    part.chunks.push_back({0, 10, 1, false});
    ASSERT_TRUE((*journal)->Append(RecordOfPart(0, part)).ok());
    ASSERT_TRUE((*journal)->Append(RecordOfPart(7, part)).ok());
    ASSERT_TRUE((*journal)->Append(RecordOfPart(7, SortedPart())).ok());
  }
  const auto found = LoadJournal::Find(prefix, what);
  ASSERT_TRUE(found.ok() && *found != nullptr);
  const absl::StatusOr<LoadState> state = LoadState::Read(**found);
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->build.sorted.size(), 1u);
  EXPECT_EQ(state->build.sorted.count(0), 1u);
  EXPECT_EQ(state->build.next_part, 8u);
}

TEST(PlainInputsTest, CutsAreWhereLinesBegin) {
  const std::string folder = TestFolder();
  const std::vector<std::string> texts = {"a\t1\nbb\t22\n", "", "c\t3",
                                          std::string(50000, 'x') + "\ny\n"};
  std::vector<std::string> paths;
  std::vector<uint64_t> lines;  // where they begin
  uint64_t position = 0;
  for (const std::string& text : texts) {
    paths.push_back(folder + "/" + std::to_string(paths.size()));
    WriteFile(paths.back(), text);
    for (size_t i = 0; i < text.size(); ++i) {
      if (i == 0 || text[i - 1] == '\n') lines.push_back(position + i);
    }
    position += text.size();
  }
  const auto plain = PlainInputs::Open(paths, RowFormat::kTsv);
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->bytes(), position);
  for (const uint64_t parts : {1, 2, 3, 100, 50000}) {
    const std::vector<uint64_t> cuts = plain->Cut(0, position, parts);
    EXPECT_LT(cuts.size(), parts);
    EXPECT_TRUE(std::is_sorted(cuts.begin(), cuts.end()));
    for (const uint64_t cut : cuts) {
      EXPECT_TRUE(cut != 0 && std::count(lines.begin(), lines.end(), cut) == 1) << cut;
    }
    if (parts == 50000) {
      EXPECT_EQ(cuts.size(), lines.size() - 1);
    }
  }
  EXPECT_FALSE(plain->Changed());
  WriteFile(paths[1], "z");
  EXPECT_TRUE(plain->Changed());
}

TEST(PlainInputsTest, ArchivesFramesAndPipesAreNone) {
  const std::string folder = TestFolder();
  WriteFile(folder + "/plain", "a\t1\n");
  WriteFile(folder + "/gzip", std::string("\x1f\x8b\x08\x00", 4) + "rest");
  ASSERT_EQ(mkfifo((folder + "/pipe").c_str(), 0600), 0);
  EXPECT_TRUE(PlainInputs::Open({folder + "/plain"}, std::nullopt).has_value());
  EXPECT_TRUE(PlainInputs::Open({folder + "/plain"}, RowFormat::kJsonl).has_value());
  EXPECT_FALSE(PlainInputs::Open({folder + "/plain"}, RowFormat::kFramed).has_value());
  for (const char* const name : {"/gzip", "/pipe", "/missing"}) {
    EXPECT_FALSE(
        PlainInputs::Open({folder + "/plain", folder + name}, RowFormat::kTsv).has_value());
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf
