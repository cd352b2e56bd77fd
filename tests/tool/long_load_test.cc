// `sheaf load` into long lists: their pages, read from the raw keys.

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/sst_file_reader.h"
#include "tests/support/ok.h"
#include "tests/tool/long_db.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;
using Model = std::map<std::string, List>;

// Pages of a list of its own begin where the one before ends, and only the last may be small.
void ExpectWellCut(const Pages& pages, uint64_t page_bytes) {
  uint64_t next = 0;
  for (const auto& [position, page] : pages) {
    uint64_t bytes = 0;
    for (const std::string& value : page) bytes += value.size() + 8;
    if (position == kOpenPage) {
      EXPECT_LT(bytes, 2 * page_bytes);
      continue;
    }
    EXPECT_EQ(position, next);
    EXPECT_FALSE(page.empty());
    EXPECT_TRUE(page.size() == 1 || bytes <= 2 * page_bytes);
    next += page.size();
  }
}

class LongLoadTest : public ::testing::TestWithParam<Layout> {
 protected:
  const std::string folder_ = TestFolder();
  const LongDb db_{folder_ + "/db", 500, GetParam()};

  Result Load(const std::string& rows, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"load", "--db", db_.path(), "--format", "tsv"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunSheaf(arguments, rows);
  }
  Result LoadNew(const std::string& rows, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--page-bytes", "500", "--layout", LayoutName(GetParam())});
    return Load(rows, more);
  }
  void ExpectHas(const Model& model) {
    EXPECT_TRUE(db_.Lists() == model);
    const Result verified = RunSheaf({"verify", "--db", db_.path()});
    EXPECT_EQ(verified.exit_status, 0) << verified.out << verified.err;
    std::string rows;
    for (const auto& [key, list] : model) {
      for (const std::string& value : list) rows += key + "\t" + value + "\n";
    }
    EXPECT_EQ(RunSheaf({"export", "--db", db_.path()}).out, rows);
  }
};
INSTANTIATE_TEST_SUITE_P(Layouts, LongLoadTest,
                         ::testing::Values(Layout::kCompact, Layout::kFixed64),
                         [](const auto& info) { return std::string(LayoutName(info.param)); });

// Rows of `keys` keys, of which "k0" has many, in a random order or in that of their keys.
std::string MakeRows(int rows, int keys, unsigned seed, bool sorted, Model* model) {
  std::mt19937 random(seed);
  std::vector<std::pair<std::string, std::string>> all;
  for (int i = 0; i < rows; ++i) {
    const std::string key =
        "k" + std::to_string(random() % 2 == 0 ? 0 : random() % static_cast<unsigned>(keys));
    all.emplace_back(key, std::to_string(i) + std::string(random() % 60, 'v'));
  }
  if (sorted) {
    std::stable_sort(all.begin(), all.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  std::string text;
  for (const auto& [key, value] : all) {
    text += key + "\t" + value + "\n";
    (*model)[key].push_back(value);
  }
  return text;
}

TEST_P(LongLoadTest, NewListsGetSealedPagesAndAnOpenOne) {
  for (const bool sorted : {false, true}) {
    for (const bool from_file : {false, true}) {
      ASSERT_EQ(std::system(("rm -rf '" + db_.path() + "'").c_str()), 0);
      Model model;
      const std::string rows = MakeRows(2000, 300, 1, sorted, &model);
      WriteFile(folder_ + "/rows.tsv", rows);
      const Result loaded =
          from_file ? LoadNew("", {"--input", folder_ + "/rows.tsv"}) : LoadNew(rows);
      ASSERT_EQ(loaded.exit_status, 0) << loaded.err;
      EXPECT_TRUE(Has(loaded.err, "2,000 rows, " + std::to_string(model.size()) +
                                      " keys, 2,000 values loaded into " + db_.path() +
                                      " (created)"))
          << loaded.err;
      ExpectHas(model);
      const Pages pages = db_.PagesOf("k0");
      EXPECT_GT(pages.size(), 50u);
      ExpectWellCut(pages, 500);
      EXPECT_EQ(pages.count(kOpenPage), 1u);
      // What is short needs no sealed page.
      EXPECT_EQ(db_.PagesOf("k7").size(), 1u);
    }
  }
  db_.With([](LongStore& lists) { ASSERT_OK(lists.Append({}, "k0", "appended")); });
  EXPECT_EQ(db_.ListOf("k0").back(), "appended");
}

TEST_P(LongLoadTest, PagesFollowThoseOfListsThatAreThere) {
  Model model;
  ASSERT_EQ(LoadNew(MakeRows(500, 20, 2, true, &model)).exit_status, 0);
  const Pages before = db_.PagesOf("k0");
  for (const unsigned seed : {3u, 4u}) {
    Model more;
    std::string rows = MakeRows(500, 40, seed, seed == 3, &more);
    for (int i = 0; i < 200; ++i) {
      const std::string key = "new" + std::to_string(seed);
      const std::string value = "a new value " + std::to_string(i);
      rows += key + "\t" + value + "\n";
      more[key].push_back(value);
    }
    const Result loaded = Load(rows);
    ASSERT_EQ(loaded.exit_status, 0) << loaded.err;
    for (const auto& [key, list] : more) {
      model[key].insert(model[key].end(), list.begin(), list.end());
    }
    ExpectHas(model);
    EXPECT_GT(db_.PagesOf("new" + std::to_string(seed)).size(), 5u);
    ExpectWellCut(db_.PagesOf("new" + std::to_string(seed)), 500);
  }
  // The sealed pages are as they were. Less than a page was appended to the open page.
  const Pages after = db_.PagesOf("k0");
  EXPECT_GT(after.size(), before.size());
  for (const auto& [position, page] : before) {
    EXPECT_TRUE(position == kOpenPage || after.at(position) == page);
  }
  ExpectWellCut(after, 500);
  EXPECT_EQ(db_.PagesOf("k7").size(), 1u);
}

TEST_P(LongLoadTest, ALargeValueIsAPageOfItsOwn) {
  Model model;
  model["k"] = {"a", std::string(5000, 'b'), "c", std::string(5000, 'd')};
  std::string rows;
  for (const std::string& value : model["k"]) rows += "k\t" + value + "\n";
  ASSERT_EQ(LoadNew(rows).exit_status, 0);
  ExpectHas(model);
  EXPECT_EQ(db_.PagesOf("k"),
            (Pages{{0, {"a"}}, {1, {model["k"][1]}}, {2, {"c"}}, {3, {model["k"][3]}}}));
}

TEST_P(LongLoadTest, WhatDoesNotFitIsRefusedWithTheReason) {
  ASSERT_EQ(LoadNew("k\ta\n").exit_status, 0);
  const auto before = Snapshot(folder_);
  const auto refused = [&](const std::vector<std::string>& more, const std::string& why) {
    const Result result = Load("k\tb\n", more);
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_EQ(result.err, "sheaf load: " + db_.path() + ": " + why + "\nsheaf load: nothing was " +
                              "loaded into " + db_.path() + "\n");
    EXPECT_EQ(Snapshot(folder_), before);
  };
  refused({"--page-bytes", "4K"},
          "column family default has page_bytes=500, not 4096; leave --page-bytes out, or load "
          "into a new DB");
  refused({"--page-bytes", "0"},
          "column family default has page_bytes=500, not 0; leave --page-bytes out, or load "
          "into a new DB");
  refused({"--mode", "replace"},
          "column family default has long lists, which --mode replace cannot replace, as the "
          "positions of their values would be given again. `sheaf delete` deletes lists first; or "
          "load into a new DB");
  const std::string plain = folder_ + "/plain";
  ASSERT_EQ(RunSheaf({"load", "--db", plain}, "k\ta\n").exit_status, 0);
  const Result result = RunSheaf({"load", "--db", plain, "--page-bytes", "64K"}, "k\tb\n");
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.err, "sheaf load: " + plain +
                            ": column family default holds plain lists, not long ones; leave "
                            "--page-bytes out, or load into a new DB\nsheaf load: nothing was "
                            "loaded into " +
                            plain + "\n");
  const Result large = RunSheaf(
      {"load", "--db", folder_ + "/x", "--page-bytes", "64M", "--memory", "64M"}, "k\tb\n");
  EXPECT_EQ(large.exit_status, 1);
  EXPECT_TRUE(Has(large.err, "pages of 64.0 MB need --memory 1.0 GB at least")) << large.err;
  for (const std::string bytes : {"much", "257M"}) {
    const Result usage = RunSheaf({"load", "--db", folder_ + "/x", "--page-bytes", bytes});
    EXPECT_EQ(usage.exit_status, 2);
    EXPECT_EQ(usage.err,
              "sheaf load: --page-bytes: expected a size up to 256M like 64K, or 0 for "
              "plain lists, found \"" +
                  bytes + "\"\nRun sheaf load --help for more information.\n");
  }
}

TEST_P(LongLoadTest, CreateOnlyNamesTheListThatIsThere) {
  std::string many;
  for (int i = 0; i < 300; ++i) many += "n\tvalue " + std::to_string(i) + "\n";
  ASSERT_EQ(LoadNew("k\ta\nl\tb\n").exit_status, 0);
  const Result there = Load(many + "k\tc\nl\tc\n", {"--create-only"});
  EXPECT_EQ(there.exit_status, 1);
  EXPECT_EQ(there.err,
            "sheaf load: " + db_.path() +
                ": --create-only: key \"k\" exists, and 1 more of the input; load with --mode "
                "append, or take the key out of the input\nsheaf load: nothing was loaded into " +
                db_.path() + "\n");
  EXPECT_EQ(RunSheaf({"count", "--db", db_.path()}).out, "lists 2\nvalues 2\n");
  const Result made = Load(many, {"--create-only"});
  EXPECT_EQ(made.exit_status, 0) << made.err;
  EXPECT_EQ(RunSheaf({"count", "--db", db_.path(), "n"}).out, "300\n");
  EXPECT_GT(db_.PagesOf("n").size(), 3u);
  EXPECT_EQ(Load(many, {"--create-only"}).exit_status, 1);
}

// 20 MB of one key with 16 MB of memory.
TEST_P(LongLoadTest, AListMayBeFarLargerThanMemory) {
  Model model;
  std::string rows;
  for (int i = 0; i < 20000; ++i) {
    model["k"].push_back(std::to_string(i) + std::string(1000, 'v'));
    rows += "k\t" + model["k"].back() + "\n";
  }
  WriteFile(folder_ + "/rows.tsv", rows);
  for (const std::string& input : {folder_ + "/rows.tsv", std::string("-")}) {
    ASSERT_EQ(std::system(("rm -rf '" + db_.path() + "'").c_str()), 0);
    const Result loaded =
        LoadNew(input == "-" ? rows : "", {"--memory", "16M", "--threads", "2", "--input", input});
    ASSERT_EQ(loaded.exit_status, 0) << loaded.err;
    EXPECT_EQ(db_.ListOf("k"), model["k"]);
    EXPECT_EQ(RunSheaf({"verify", "--db", db_.path()}).exit_status, 0);
  }
  // In jsonl it takes several lines, so that each can be loaded.
  const std::string lines = RunSheaf({"export", "--db", db_.path(), "--format", "jsonl"}).out;
  EXPECT_GT(std::count(lines.begin(), lines.end(), '\n'), 15);
  const std::string back = folder_ + "/back";
  const Result loaded = RunSheaf(
      {"load", "--db", back, "--memory", "64M", "--threads", "1", "--format", "jsonl"}, lines);
  ASSERT_EQ(loaded.exit_status, 0) << loaded.err;
  EXPECT_TRUE(RunSheaf({"export", "--db", back}).out == rows);
}

// True if a load has written an SST of this name beside the DB.
bool HasSst(const std::string& folder, const std::string& name) {
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    const std::string path = at->path().string();
    if (Has(path, ".load-") && Has(path, "/" + name) && Has(path, ".sst")) return true;
  }
  return false;
}

// Into a new DB and into one that has lists; sorted and unsorted.
TEST_P(LongLoadTest, AKilledLoadIsResumed) {
  Model model;
  for (const bool sorted : {false, true}) {
    Model more;
    std::string rows = MakeRows(60000, 5000, sorted ? 6 : 7, sorted, &more);
    for (int i = 0; i < 100000; ++i) {
      const std::string value = std::to_string(i) + std::string(300, 'n');
      rows += sorted ? "new\t" + value + "\n" : "a\t" + value + "\n";
      more[sorted ? "new" : "a"].push_back(value);
    }
    const std::string input = folder_ + "/rows.tsv";
    WriteFile(input, rows);
    std::vector<std::string> arguments = {"load",      "--db", db_.path(), "--input", input,
                                          "--threads", "1",    "--memory", "16M"};
    if (!sorted) {
      arguments.insert(arguments.end(),
                       {"--page-bytes", "500", "--layout", LayoutName(GetParam())});
    }
    Process process(arguments);
    ASSERT_TRUE(process.WaitUntil([&] { return HasSst(folder_, sorted ? "sorted-" : "range-"); }));
    process.Signal(SIGKILL);
    EXPECT_EQ(process.Wait().exit_status, 128 + SIGKILL);
    arguments.push_back("--resume");
    const Result resumed = RunSheaf(arguments);
    ASSERT_EQ(resumed.exit_status, 0) << resumed.err;
    for (const auto& [key, list] : more) {
      model[key].insert(model[key].end(), list.begin(), list.end());
    }
    ExpectHas(model);
    const Result again = RunSheaf(arguments);
    EXPECT_EQ(again.exit_status, 0);
    EXPECT_TRUE(Has(again.err, "the load was complete. Nothing was done.")) << again.err;
  }
}

TEST_P(LongLoadTest, SstsForOthersHaveStoredKeys) {
  Model model;
  const std::string rows = MakeRows(500, 20, 5, false, &model);
  const std::string ssts = folder_ + "/ssts";
  const Result made = RunSheaf({"load", "--sst-only", ssts, "--mode", "replace", "--page-bytes",
                                "500", "--layout", LayoutName(GetParam()), "--format", "tsv"},
                               rows);
  ASSERT_EQ(made.exit_status, 0) << made.err;
  db_.WithDb([&](rocksdb::DB& db) {
    ASSERT_OK(db.IngestExternalFile({ssts + "/000000.sst"}, rocksdb::IngestExternalFileOptions()));
  });
  ExpectHas(model);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
