// `sheaf load` and power cuts: at any moment, whatever is left of what was not synced, the DB is as
// before or complete. It is complete once the command has ended with 0, and `--resume` loads what
// is missing and nothing twice. tests/support/power_cut.h says what a cut leaves.
//
// SHEAF_TEST_SCALE=20 is 20 times as many cuts. From 2 on, what goes on from a cut is cut as well.

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "rocksdb/sst_file_reader.h"
#include "sheaf/append_operator.h"
#include "sheaf/store.h"
#include "tests/codec/lists.h"
#include "tests/tool/power_cut_runs.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

using Lists = std::map<std::string, std::vector<std::string>>;

enum class Rows {
  kFew,     // fit into memory
  kRuns,    // are sorted in runs
  kSorted,  // come in the order of their keys, for several SSTs
};

struct Variant {
  friend std::ostream& operator<<(std::ostream& out, const Variant& v) { return out << v.name; }
  const char* name;
  bool old_db;  // with lists in it
  const char* mode;
  Rows rows;
  bool skip;         // some are wrong
  const char* more;  // arguments; DISK stands for the folder that is recorded
  int cuts;
};

class LoadPowerCutTest : public ::testing::TestWithParam<Variant> {
 protected:
  LoadPowerCutTest() {
    MakeRows();
    WriteFile(folder_ + "/rows.tsv", rows_);
    command_ = {"load", "--db", db_, "--input", folder_ + "/rows.tsv", "--memory", "16M"};
    command_.insert(command_.end(), {"--mode", GetParam().mode});
    if (GetParam().skip) {
      command_.insert(command_.end(),
                      {"--on-error", "skip", "--rejects", runs_.disk() + "/rejects"});
    }
    std::string argument;
    for (const char c : std::string(GetParam().more) + " ") {
      if (c != ' ') {
        argument += c;
      } else if (!argument.empty()) {
        const size_t at = argument.find("DISK");
        if (at != std::string::npos) argument.replace(at, 4, runs_.disk());
        command_.push_back(std::exchange(argument, ""));
      }
    }
    MakeDisk();
  }

  // The disk as it is before the load.
  void MakeDisk() {
    fs::remove_all(runs_.disk());
    fs::create_directory(runs_.disk());
    MakeOldDb();
  }

  void Record() {
    const Result result = runs_.Record(command_);
    ASSERT_EQ(result.exit_status, 0) << result.err;
    ASSERT_TRUE(Loaded() == after_);
  }

  // What the cut has left is as before or complete, and can be completed.
  void CheckAndResume(bool complete, int depth) {
    const Lists now = Loaded();
    if (complete) {
      ASSERT_TRUE(now == after_) << "what was acknowledged is not there";
    }
    ASSERT_TRUE(now == before_ || now == after_) << "half of it: " << now.size() << " lists";
    std::vector<std::string> resume = command_;
    resume.push_back("--resume");
    if (depth > 0) {
      // What goes on, goes on from here after another cut.
      PowerCutRuns again(folder_, runs_.random()(), runs_.disk());
      const Result resumed = again.Record(resume);
      ASSERT_EQ(resumed.exit_status, 0) << resumed.err;
      again.ForCuts(2, [&](bool ended) { CheckAndResume(ended, depth - 1); });
      second_cuts_ += again.cuts();
      return;
    }
    const Result resumed = runs_.Run(resume);
    ASSERT_EQ(resumed.exit_status, 0) << resumed.err;
    ASSERT_TRUE(Loaded() == after_) << "after --resume; " << resumed.err;
    EXPECT_EQ(Left(), std::vector<std::string>()) << resumed.err;
    if (GetParam().skip) {
      EXPECT_TRUE(ReadFile(runs_.disk() + "/rejects") == rejects_) << resumed.err;
    }
    if (ToDb()) {
      const Result verified = RunSheaf({"verify", "--db", db_});
      EXPECT_EQ(verified.exit_status, 0) << verified.out << verified.err;
    }
  }

  bool ToDb() const { return !Has(GetParam().more, "--sst-only"); }

  const std::string folder_ = TestFolder();
  PowerCutRuns runs_{folder_, std::random_device{}()};
  const std::string db_ = runs_.disk() + "/db";
  const std::string ssts_ = runs_.disk() + "/ssts";
  std::vector<std::string> command_;
  Lists before_;
  Lists after_;
  std::string rejects_;
  uint64_t second_cuts_ = 0;

 private:
  // Few bytes, as they are written anew for each cut, but for several SSTs.
  void MakeRows() {
    std::mt19937 random(17);
    const bool sorted = GetParam().rows == Rows::kSorted;
    const int count = GetParam().rows == Rows::kRuns ? 400000 : sorted ? 12000 : 2000;
    for (int i = 0; i < count; ++i) {
      if (GetParam().skip && i % 997 == 5) {
        rows_ += "bad" + std::to_string(i) + "\n";
        rejects_ += folder_ + "/rows.tsv:" + std::to_string(i + 1) +
                    "\texpected key TAB value, found no TAB\tbad" + std::to_string(i) + "\n";
        continue;
      }
      const std::string key =
          "key" + std::to_string(sorted ? 10000000 + i / 10 : static_cast<int>(random() % 3000));
      std::string value = std::to_string(i % 10);
      if (sorted) {
        value.resize(3000);
        for (char& c : value) c = static_cast<char>('0' + random() % 64);
        std::replace(value.begin(), value.end(), '\\', '/');
      }
      rows_ += key + "\t" + value + "\n";
      loaded_[key].push_back(std::move(value));
    }
  }

  void MakeOldDb() {
    const bool append = std::string(GetParam().mode) == "append";
    if (GetParam().old_db) {
      WriteFile(folder_ + "/old.tsv", "a\told\nkey77\told\n");
      ASSERT_EQ(runs_.Run({"load", "--db", db_, "--input", folder_ + "/old.tsv"}).exit_status, 0);
      // In the log.
      ASSERT_EQ(runs_.Run({"append", "--db", db_, "key77", "older"}).exit_status, 0);
      before_ = {{"a", {"old"}}, {"key77", {"old", "older"}}};
    }
    if (!ToDb()) before_.clear();
    after_ = before_;
    for (const auto& [key, values] : loaded_) {
      std::vector<std::string>& list = after_[key];
      if (!append) list.clear();
      list.insert(list.end(), values.begin(), values.end());
    }
  }

  Lists Loaded() { return ToDb() ? ReadDb() : ReadSsts(); }

  // With the library, as an application does.
  Lists ReadDb() {
    Lists lists;
    if (!fs::exists(db_ + "/CURRENT")) return lists;
    rocksdb::Options options;
    options.merge_operator = NewAppendOperator();
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = rocksdb::DB::OpenForReadOnly(options, db_, &opened);
    EXPECT_TRUE(status.ok()) << status.ToString();
    const std::unique_ptr<rocksdb::DB> db(opened);
    std::unique_ptr<Store> store;
    if (!status.ok() || !Store::Open(db.get(), nullptr, {}, &store).ok()) return lists;
    const auto cursor = store->Scan({}, KeyRange::All());
    for (; cursor->Valid(); cursor->Next()) {
      std::vector<std::string>& list = lists[cursor->key().ToString()];
      for (const std::string_view value : cursor->values()) list.emplace_back(value);
    }
    EXPECT_TRUE(cursor->status().ok()) << cursor->status().ToString();
    return lists;
  }

  // The manifest says that all files are there.
  Lists ReadSsts() {
    Lists lists;
    if (!fs::exists(ssts_ + "/manifest.json")) return lists;
    const std::string manifest = ReadFile(ssts_ + "/manifest.json");
    for (const auto& entry : fs::recursive_directory_iterator(ssts_)) {
      if (entry.path().extension() != ".sst") continue;
      EXPECT_TRUE(Has(manifest, entry.path().filename().string())) << entry.path() << manifest;
      rocksdb::Options options;
      options.merge_operator = NewAppendOperator();
      rocksdb::SstFileReader reader(options);
      const rocksdb::Status status = reader.Open(entry.path().string());
      EXPECT_TRUE(status.ok()) << entry.path() << ": " << status.ToString();
      if (!status.ok()) return lists;
      const std::unique_ptr<rocksdb::Iterator> at(reader.NewIterator({}));
      for (at->SeekToFirst(); at->Valid(); at->Next()) {
        const rocksdb::Slice bytes = at->value();
        const auto view = BlobView::Parse({bytes.data(), bytes.size()});
        EXPECT_TRUE(view.ok()) << view.status();
        if (!view.ok()) return lists;
        std::vector<std::string>& list = lists[at->key().ToString()];
        for (const std::string_view value : *view) list.emplace_back(value);
      }
      EXPECT_TRUE(at->status().ok()) << at->status().ToString();
    }
    return lists;
  }

  // What a load works in, and a part of its rejects.
  std::vector<std::string> Left() {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(runs_.disk())) {
      const std::string name = entry.path().filename().string();
      for (const char* const part : {".load-", ".new-", "sheaf-load-", ".part"}) {
        if (Has(name, part)) names.push_back(name);
      }
    }
    return names;
  }

  std::string rows_;
  Lists loaded_;
};

TEST_P(LoadPowerCutTest, AtAnyMomentLosesNothingAndIsLoadedOnceByResuming) {
  const int depth = test::Scale() >= 2 ? 1 : 0;
  const int cuts = std::max(2, static_cast<int>(GetParam().cuts * test::Scale()));
  ASSERT_NO_FATAL_FAILURE(Record());
  runs_.ForCuts(cuts, [&](bool complete) {
    CheckAndResume(complete, static_cast<int>(runs_.random()() % 2) * depth);
  });
  std::printf("%llu cuts, %llu of what went on from them\n",
              static_cast<unsigned long long>(runs_.cuts()),
              static_cast<unsigned long long>(second_cuts_));
}

INSTANTIATE_TEST_SUITE_P(
    Variants, LoadPowerCutTest,
    ::testing::Values(Variant{"NewDb", false, "append", Rows::kFew, true, "", 8},
                      Variant{"NewDbOfRuns", false, "append", Rows::kRuns, false, "", 3},
                      Variant{"NewDbSorted", false, "append", Rows::kSorted, false, "", 2},
                      Variant{"Append", true, "append", Rows::kFew, false, "", 8},
                      Variant{"AppendRuns", true, "append", Rows::kRuns, false, "", 3},
                      Variant{"Replace", true, "replace", Rows::kFew, true, "", 8},
                      Variant{"Tmp", true, "append", Rows::kFew, false, "--tmp DISK", 6},
                      Variant{"NewDbTmp", false, "append", Rows::kFew, false, "--tmp DISK", 6},
                      Variant{"SstOnly", true, "append", Rows::kFew, false, "--sst-only DISK/ssts",
                              6},
                      Variant{"Shards", true, "append", Rows::kRuns, false,
                              "--sst-only DISK/ssts --shards 3", 3}),
    [](const auto& info) { return std::string(info.param.name); });

class LoadWithoutSyncsTest : public LoadPowerCutTest {};

// The test can fail: it does wherever one of the syncs is not done.
TEST_P(LoadWithoutSyncsTest, FailsWhereASyncIsNotDone) {
  struct Loss {
    const char* what;
    std::regex path;  // from the disk on
  };
  const Loss kNewDb[] = {
      {"the journal", std::regex("db\\.load-[^/]*/journal")},
      {"the SSTs", std::regex(".*\\.sst")},
      {"the new DB's MANIFEST", std::regex(".*/MANIFEST-.*")},
      {"the new DB's CURRENT", std::regex(".*\\.dbtmp")},
      {"the new DB's folder", std::regex(".*/new")},
      {"the folder that it is moved to", std::regex("")},
  };
  const Loss kOldDb[] = {
      {"the journal", std::regex("db\\.load-[^/]*/journal")},
      {"the SSTs", std::regex(".*\\.sst")},
      {"the DB's MANIFEST", std::regex("db/MANIFEST-.*")},
      {"the DB's folder", std::regex("db")},
  };
  const Loss kSsts[] = {
      {"the SSTs", std::regex(".*\\.sst")},
      {"the manifest", std::regex(".*/manifest\\.json[^/]*")},
      {"the new folder", std::regex(".*/new")},
      {"the folder that it is moved to", std::regex("")},
  };
  const auto missed = [this](const Loss& loss) {
    MakeDisk();
    runs_.Lose([&](const std::string& path) { return std::regex_match(path, loss.path); });
    Record();
    return runs_.FailsWithoutLostSyncs([&](bool done) { CheckAndResume(done, 0); });
  };
  const auto check = [&](const auto& losses) {
    for (const Loss& loss : losses) {
      EXPECT_TRUE(missed(loss)) << "without a sync of " << loss.what;
    }
  };
  // And only there: without that of the journal's folder the load begins from the start.
  EXPECT_FALSE(missed({"the journal's folder", std::regex("(db|ssts)\\.load-[^/]*")}));
  if (!ToDb()) return check(kSsts);
  return GetParam().old_db ? check(kOldDb) : check(kNewDb);
}

INSTANTIATE_TEST_SUITE_P(
    Variants, LoadWithoutSyncsTest,
    ::testing::Values(Variant{"NewDb", false, "append", Rows::kFew, false, "", 0},
                      Variant{"Append", true, "append", Rows::kFew, false, "", 0},
                      Variant{"SstOnly", false, "append", Rows::kFew, false, "--sst-only DISK/ssts",
                              0}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace testing
}  // namespace sheaf
