// A MANIFEST that is cut: what it does not name is told of, and never thrown away.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "tests/database/foreign_db.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class ManifestEndTest : public ForeignDb {
 protected:
  using Lists = std::map<std::string, List>;

  // Files change where a test says so.
  static rocksdb::Options Options() {
    rocksdb::Options options = AppOptions();
    options.disable_auto_compactions = true;
    options.avoid_flush_during_recovery = true;
    options.avoid_flush_during_shutdown = true;
    return options;
  }

  // Lists in two SSTs and in the log.
  void Fill(const rocksdb::Options& options = Options()) {
    fs::remove_all(db_);
    App(options, db_, [&](rocksdb::DB* db, Store* store) {
      const auto append = [&](const std::string& key, const std::string& value) {
        ASSERT_EQ(store->Append({}, key, {value}).ToString(), "OK");
        all_[key].push_back(value);
      };
      all_.clear();
      append("first", "1");
      append("both", "1");
      ASSERT_EQ(db->Flush({}).ToString(), "OK");
      first_ = all_;
      const std::vector<std::string> before = Files(".sst");
      record_ = fs::file_size(Manifest());
      all_["second"] = {"2"};
      ASSERT_EQ(store->Put({}, "second", {"2"}).ToString(), "OK");
      append("both", "2");
      ASSERT_EQ(db->Flush({}).ToString(), "OK");
      for (const std::string& path : Files(".sst")) {
        if (std::find(before.begin(), before.end(), path) == before.end()) second_ = path;
      }
      all_["logged"] = first_["logged"] = {"3"};
      ASSERT_EQ(store->Put({}, "logged", {"3"}).ToString(), "OK");
    });
    whole_ = ReadFile(Manifest());
    // Checksum, length, type, contents.
    record_size_ = 7 + static_cast<unsigned char>(whole_[record_ + 4]);
    ASSERT_EQ(whole_[record_ + 5], 0);
    second_bytes_ = ReadFile(second_);
    logs_.clear();
    for (const std::string& path : Files(".log")) logs_[path] = ReadFile(path);
  }

  // Leaves `size` bytes of the record of MANIFEST that names the second SST, and none behind it.
  void Cut(size_t size) {
    ASSERT_LT(size, record_size_);
    WriteFile(Manifest(), whole_.substr(0, record_ + size));
  }

  std::string Manifest() const {
    std::string name = ReadFile(db_ + "/CURRENT");
    name.pop_back();
    return db_ + "/" + name;
  }

  std::vector<std::string> Files(const std::string& extension) const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(db_)) {
      if (entry.path().extension() == extension) paths.push_back(entry.path().string());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  std::vector<std::string> Kept() const {
    std::vector<std::string> paths;
    for (const auto& entry : fs::directory_iterator(db_)) {
      if (entry.is_directory()) paths.push_back(entry.path().string());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  // What each command tells of a MANIFEST of which Cut(size) is left.
  std::string Facts(size_t size) const {
    return Manifest() + ": cut MANIFEST: at offset " + std::to_string(record_) +
           ": ends within a record; " + std::to_string(size) + (size == 1 ? " byte" : " bytes") +
           " from there on cannot be read, and 1 file is there that it does not name: " +
           fs::path(second_).filename().string() + ". ";
  }

  static Result Run(const std::vector<std::string>& command) {
    return RunSheaf(command, command[0] == "load" ? "new\tvalue\n" : "");
  }

  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";
  Lists all_;
  Lists first_;         // without what is in the second SST
  std::string second_;  // that SST
  std::string second_bytes_;
  std::string whole_;  // MANIFEST
  size_t record_ = 0;  // where the record begins that names the second SST
  size_t record_size_ = 0;
  std::map<std::string, std::string> logs_;
};

TEST_F(ManifestEndTest, ReadingCommandsTellOfTheFilesThatAreNotNamedAndGoOn) {
  Fill();
  ASSERT_EQ(ToolReads(db_), all_);
  Cut(9);
  const auto before = Everything(db_);
  for (std::vector<std::string> command : ReadingCommands(db_)) {
    SCOPED_TRACE(command[0]);
    if (command[0] == "get") command.back() = "first";
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, 0) << result.out << result.err;
    EXPECT_THAT(result.err, HasSubstr("sheaf: " + Facts(9) + "After a power cut"));
    EXPECT_EQ(result.err.find("cut MANIFEST"), result.err.rfind("cut MANIFEST"));
  }
  EXPECT_EQ(ToolReads(db_), first_);
  EXPECT_THAT(Run({"verify", "--db", db_}).err, HasSubstr("3 keys checked, 0 faults"));
  EXPECT_EQ(Everything(db_), before);
}

TEST_F(ManifestEndTest, WritingCommandsKeepTheFilesFirst) {
  for (std::vector<std::string> command : WritingCommands(db_)) {
    SCOPED_TRACE(::testing::PrintToString(command));
    Fill();
    Cut(5);
    const std::string facts = Facts(5);
    const std::string cut = ReadFile(Manifest());
    const std::string cut_name = fs::path(Manifest()).filename().string();
    const std::string current = ReadFile(db_ + "/CURRENT");
    const Result result = Run(command);
    ASSERT_EQ(result.exit_status, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr(facts + "RocksDB deletes them"));
    const std::vector<std::string> kept = Kept();
    ASSERT_EQ(kept.size(), 1u);
    EXPECT_THAT(result.err, HasSubstr("in " + kept[0] + ". "));
    std::map<std::string, std::string> expected = {
        {"CURRENT", current},
        {cut_name, cut},
        {fs::path(second_).filename().string(), second_bytes_}};
    for (const auto& [path, bytes] : logs_) expected[fs::path(path).filename().string()] = bytes;
    EXPECT_TRUE(Snapshot(kept[0]) == expected);
    Lists now = first_;
    if (command[0] == "append") now["k"] = {"v"};
    if (command[0] == "load") now["new"] = {"value"};
    EXPECT_EQ(ToolReads(db_), now);
    // It is told and done once.
    EXPECT_THAT(Run({"verify", "--db", db_}).err, Not(HasSubstr("cut MANIFEST")));
    const Result again = Run({"append", "--db", db_, "k", "v"});
    EXPECT_EQ(again.exit_status, 0) << again.err;
    EXPECT_EQ(again.err, "");
    EXPECT_EQ(Kept(), kept);
  }
}

TEST_F(ManifestEndTest, AllListsAreThereAgainWithTheWholeManifestAndWhatWasKept) {
  for (const std::vector<std::string>& command : WritingCommands(db_)) {
    if (command[0] == "compact") continue;  // deletes SSTs that MANIFEST does name
    SCOPED_TRACE(::testing::PrintToString(command));
    Fill();
    const std::string manifest = fs::path(Manifest()).filename().string();
    Cut(5);
    ASSERT_EQ(Run(command).exit_status, 0);
    ASSERT_EQ(Kept().size(), 1u);
    for (const std::string& log : Files(".log")) fs::remove(log);
    fs::copy(Kept()[0], db_, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    WriteFile(db_ + "/" + manifest, whole_);
    EXPECT_EQ(AppReads(Options(), db_), all_);
  }
}

TEST_F(ManifestEndTest, AllFlushedListsAreThereAgainAfterLdbRepairWithWhatWasKept) {
  for (const std::vector<std::string>& command : WritingCommands(db_)) {
    SCOPED_TRACE(::testing::PrintToString(command));
    Fill();
    Cut(5);
    ASSERT_EQ(Run(command).exit_status, 0);
    ASSERT_EQ(Kept().size(), 1u);
    const std::string copy = folder_ + "/copy";
    fs::remove_all(copy);
    fs::copy(db_, copy);
    fs::copy(second_.replace(0, db_.size(), Kept()[0]), copy);
    ASSERT_EQ(std::system(("ldb --db=" + copy + " repair > /dev/null 2>&1").c_str()), 0);
    const Lists now = AppReads(Options(), copy);
    for (const std::string key : {"first", "second", "both"}) {
      ASSERT_EQ(now.count(key), 1u) << key;
      EXPECT_EQ(now.at(key), all_[key]) << key;
    }
  }
}

TEST_F(ManifestEndTest, EachPlaceWithinARecordIsTold) {
  Fill();
  for (size_t size = 1; size < record_size_; ++size) {
    SCOPED_TRACE(size);
    Cut(size);
    const Result verify = Run({"verify", "--db", db_});
    EXPECT_EQ(verify.exit_status, 0) << verify.out;
    EXPECT_THAT(verify.err, HasSubstr(Facts(size)));
  }
  // Zeros, as some file systems leave them for what was not written.
  WriteFile(Manifest(), whole_.substr(0, record_) + std::string(100, '\0'));
  EXPECT_THAT(Run({"verify", "--db", db_}).err,
              HasSubstr("at offset " + std::to_string(record_) +
                        ": zeros in the place of records; 100 bytes from there on"));
  // So they may be in the middle, where RocksDB then reads no more of the block either.
  std::string bytes = whole_;
  std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(record_), record_size_, '\0');
  WriteFile(Manifest(), bytes);
  EXPECT_THAT(
      Run({"verify", "--db", db_}).err,
      HasSubstr("at offset " + std::to_string(record_) + ": zeros in the place of a record; " +
                std::to_string(whole_.size() - record_) + " bytes from there on"));
  // Between two records nothing tells that it was cut.
  Cut(0);
  EXPECT_THAT(Run({"verify", "--db", db_}).err, Not(HasSubstr("MANIFEST")));
}

TEST_F(ManifestEndTest, AManifestThatIsDamagedInTheMiddleIsRefused) {
  Fill();
  std::string bytes = whole_;
  bytes[record_ - 1] ^= 1;
  WriteFile(Manifest(), bytes);
  auto commands = WritingCommands(db_);
  for (const auto& command : ReadingCommands(db_)) commands.push_back(command);
  const auto before = Snapshot(db_);
  for (const auto& command : commands) {
    SCOPED_TRACE(::testing::PrintToString(command));
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_THAT(result.out + result.err, HasSubstr("Corruption: checksum mismatch"));
    EXPECT_TRUE(Snapshot(db_) == before);
  }
}

TEST_F(ManifestEndTest, NothingIsToldOrKeptIfItEndsCleanlyOrNamesAllFiles) {
  Fill();
  WriteFile(db_ + "/000999.sst", second_bytes_);
  for (const bool is_cut : {false, true}) {
    SCOPED_TRACE(is_cut);
    if (is_cut) {
      Fill();
      Cut(5);
      fs::remove(second_);
    }
    auto commands = ReadingCommands(db_);
    for (const auto& command : WritingCommands(db_)) commands.push_back(command);
    for (const auto& command : commands) {
      const Result result = Run(command);
      EXPECT_THAT(result.err, Not(HasSubstr("cut MANIFEST"))) << command[0];
    }
    EXPECT_THAT(Kept(), IsEmpty());
  }
}

TEST_F(ManifestEndTest, NothingIsToldOfAManifestThatAnotherProcessWrites) {
  Fill();
  App(Options(), db_, [&](rocksdb::DB* db, Store* store) {
    const uint64_t size = fs::file_size(Manifest());
    ASSERT_EQ(store->Append({}, "more", {"4"}).ToString(), "OK");
    ASSERT_EQ(db->Flush({}).ToString(), "OK");
    const std::string bytes = ReadFile(Manifest());
    WriteFile(Manifest(), bytes.substr(0, size + 3));
    const Result verify = Run({"verify", "--db", db_});
    EXPECT_EQ(verify.exit_status, 0) << verify.out;
    EXPECT_THAT(verify.err, Not(HasSubstr("MANIFEST")));
    EXPECT_EQ(Run({"append", "--db", db_, "k", "v"}).exit_status, 1);
    EXPECT_THAT(Kept(), IsEmpty());
    WriteFile(Manifest(), bytes);
  });
}

TEST_F(ManifestEndTest, FilesAreKeptOnceIfTheDbCannotBeOpenedThen) {
  Fill();
  for (const std::string& path : Files(".sst")) {
    if (path != second_) fs::resize_file(path, fs::file_size(path) - 30);
  }
  Cut(5);
  for (int i = 0; i < 3; ++i) {
    const Result result = Run({"append", "--db", db_, "k", "v"});
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_THAT(result.err, HasSubstr("Corruption: "));
    EXPECT_THAT(result.err, HasSubstr(Facts(5)));
    EXPECT_EQ(Kept().size(), 1u);
    EXPECT_EQ(ReadFile(second_), second_bytes_);
  }
}

// Links are kept, so RocksDB must not write another file of the same name in their place. It gives
// new files numbers behind those of all files that are there.
TEST_F(ManifestEndTest, NoNewFileGetsTheNameOfOneThatIsKept) {
  rocksdb::Options options = Options();
  options.enable_blob_files = true;
  Fill(options);
  Cut(5);
  std::vector<std::string> names;
  for (const std::string& path : Files(".blob"))
    names.push_back(fs::path(path).filename().string());
  const int newest = std::stoi(names.back());
  for (int i = 1; i < 5; ++i) names.push_back("0000" + std::to_string(newest + i) + ".blob");
  for (const std::string& name : names) WriteFile(db_ + "/" + name, "blobs of " + name);
  const auto& [log, bytes] = *logs_.rbegin();
  std::string damaged = bytes + bytes;
  damaged.back() ^= 1;
  WriteFile(log, damaged);
  const Result result = Run({"repair", "--db", db_, "--damaged-logs", "stop"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("cut MANIFEST: at offset "));
  EXPECT_THAT(result.err, HasSubstr("recovered the damaged logs"));
  for (const std::string& name : names) {
    EXPECT_EQ(ReadFile(db_ + "/cut-manifest-000005/" + name), "blobs of " + name);
    EXPECT_FALSE(fs::exists(db_ + "/" + name));
  }
  EXPECT_EQ(ToolReads(db_), first_);
}

TEST_F(ManifestEndTest, BlobFilesAndThoseOfOtherFoldersAreKept) {
  rocksdb::Options options = Options();
  options.enable_blob_files = true;
  options.db_paths = {{folder_ + "/ssts", uint64_t{1} << 40}};
  fs::create_directory(folder_ + "/ssts");
  Fill(options);
  Cut(5);
  const auto before = Snapshot(folder_ + "/ssts");
  const Result append =
      Run({"append", "--db", db_, "--db-path", folder_ + "/ssts", "first", "new"});
  EXPECT_EQ(append.exit_status, 0) << append.err;
  EXPECT_THAT(append.err, HasSubstr("2 files are there that it does not name: "));
  ASSERT_EQ(Kept().size(), 1u);
  const auto kept = Snapshot(Kept()[0]);
  const auto now = Snapshot(folder_ + "/ssts");
  int gone = 0;
  for (const auto& [name, bytes] : before) {
    if (now.count(name) != 0) continue;
    ++gone;
    ASSERT_EQ(kept.count(name), 1u) << name;
    EXPECT_EQ(kept.at(name), bytes);
  }
  EXPECT_EQ(gone, 2);
}

TEST_F(ManifestEndTest, FilesOfAColumnFamilyThatIsNotNamedAreKept) {
  Fill();
  size_t size = 0;
  App(Options(), db_, [&](rocksdb::DB* db, Store*) {
    size = fs::file_size(Manifest());
    rocksdb::ColumnFamilyHandle* other = nullptr;
    ASSERT_EQ(db->CreateColumnFamily(Options(), "other", &other).ToString(), "OK");
    ASSERT_EQ(db->Put({}, other, "k", "v").ToString(), "OK");
    ASSERT_EQ(db->Flush({}, other).ToString(), "OK");
    db->DestroyColumnFamilyHandle(other);
  });
  const std::string other = Files(".sst").back();
  const std::string bytes = ReadFile(other);
  WriteFile(Manifest(), ReadFile(Manifest()).substr(0, size + 5));
  const Result append = Run({"append", "--db", db_, "first", "2"});
  EXPECT_EQ(append.exit_status, 0) << append.err;
  EXPECT_THAT(append.err, HasSubstr("1 file is there that it does not name: " +
                                    fs::path(other).filename().string()));
  EXPECT_FALSE(fs::exists(other));
  ASSERT_EQ(Kept().size(), 1u);
  EXPECT_EQ(ReadFile(Kept()[0] + "/" + fs::path(other).filename().string()), bytes);
  all_["first"].push_back("2");
  EXPECT_EQ(ToolReads(db_), all_);
}

// The record of a compaction is cut, and what it compacted is gone.
TEST_F(ManifestEndTest, WhereNamedFilesAreMissingThoseThatAreNotNamedAreTold) {
  Fill();
  std::string before;
  App(Options(), db_, [&](rocksdb::DB* db, Store*) {
    before = ReadFile(Manifest());
    ASSERT_EQ(db->CompactRange({}, nullptr, nullptr).ToString(), "OK");
  });
  WriteFile(Manifest(), ReadFile(Manifest()).substr(0, before.size() + 5));
  for (const std::string command : {"scan", "append", "verify"}) {
    SCOPED_TRACE(command);
    std::vector<std::string> arguments = {command, "--db", db_};
    if (command == "append") arguments.insert(arguments.end(), {"k", "v"});
    const Result result = Run(arguments);
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_THAT(result.out + result.err, HasSubstr("these files are lost"));
    EXPECT_THAT(result.out + result.err, HasSubstr("cut MANIFEST: at offset "));
    EXPECT_THAT(result.out + result.err, HasSubstr("`ldb repair`"));
  }
  EXPECT_THAT(Kept(), IsEmpty());
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
