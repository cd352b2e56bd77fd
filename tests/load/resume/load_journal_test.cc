// The journal of a load, as any bytes, and its folder, as anybody may have left it.

#include "tools/load/resume/load_journal.h"

#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#define XXH_INLINE_ALL
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "rocksdb/comparator.h"
#include "tests/tool/process.h"
#include "tools/load/load_files.h"
#include "tools/load/resume/load_state.h"
#include "xxhash.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;
using testing::Has;
using testing::ReadFile;
using testing::TestFolder;
using testing::WriteFile;
using Record = LoadJournal::Record;

constexpr char kId[] = "0123456789abcdef01234567";

// A record as a journal has it, whose checksum is right.
std::string Line(std::string_view fields) {
  return absl::StrCat(absl::Hex(XXH3_64bits(fields.data(), fields.size()), absl::kZeroPad16), "\t",
                      absl::string_view(fields.data(), fields.size()), "\n");
}

std::string Header() {
  return Line(absl::StrCat("load\t1\t", kId)) + Line("what\t--db\t/lists.db") +
         Line("what\t--input\trows.tsv\t12") + Line("begun");
}

const std::vector<Record> kWhat = {{"--db", "/lists.db"}, {"--input", "rows.tsv", "12"}};

absl::StatusOr<LoadState> StateOf(std::string_view lines) {
  const JournalContents contents = ParseJournal(Header() + std::string(lines), "f/journal");
  EXPECT_TRUE(contents.damage.ok()) << contents.damage;
  return LoadState::Read(contents, "/f");
}

const std::string& Lines() {
  static const std::string lines =
      Line("run\trun-000000\t5\t6\t70\t1\t0\t12\t5\t0\t0") +
      Line("run\trun-000001\t5\t6\t70\t1\t0\t12\t5\t0\t1\trun-000000") + Line("not-sorted") +
      Line("plan\t0\t2\t0\t\t0\tm") + Line("range\t1\t1\t1\t1\trange-1-0.sst\tm\tn\t9\t1\t0") +
      Line(absl::StrCat("staged\t/lists.db.new-", kId)) + Line("built");
  return lines;
}

TEST(LoadJournalTest, EveryCutIsNeverWrittenOrNotBegun) {
  const std::string whole = Header() + Lines();
  const size_t records = ParseJournal(whole, "j").records.size();
  ASSERT_EQ(records, 7u);
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    for (const std::string& bytes : {cut, cut + std::string(100, '\0')}) {
      const JournalContents contents = ParseJournal(bytes, "j");
      EXPECT_TRUE(contents.damage.ok()) << size << contents.damage;
      EXPECT_EQ(contents.begun, size >= Header().size()) << size;
      EXPECT_LT(contents.records.size(), records);
      EXPECT_LE(contents.whole, size);
      // What is left goes on being read.
      const auto again = ParseJournal(bytes.substr(0, contents.whole) + Line("done"), "j");
      if (contents.begun) {
        EXPECT_EQ(again.records.size(), contents.records.size() + 1);
      }
    }
  }
}

TEST(LoadJournalTest, EveryChangedByteIsDamageAndNothingBehindItIsBelieved) {
  const std::string whole = Header() + Lines();
  for (size_t at = 0; at < whole.size(); ++at) {
    for (const char bit : {'\x01', '\x10', '\x40'}) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ bit);
      const JournalContents contents = ParseJournal(bytes, "j");
      const bool ends = at + 1 == whole.size();  // the last record has lost its end
      EXPECT_EQ(contents.damage.ok(), ends) << at;
      if (!ends) {
        EXPECT_EQ(contents.damage.code(), absl::StatusCode::kDataLoss);
      }
      EXPECT_LE(contents.whole, at);
    }
  }
}

TEST(LoadJournalTest, ZerosInTheMiddleAreDamage) {
  std::string bytes = Header() + Lines();
  bytes.replace(Header().size() + 5, 20, std::string(20, '\0'));
  EXPECT_EQ(ParseJournal(bytes, "j").damage.code(), absl::StatusCode::kDataLoss);
}

// The disk has what was written later, and zeros before it.
TEST(LoadJournalTest, SectorsThatAPowerCutLostWereNeverWrittenUnlessWhatHadToLastIsBehindThem) {
  constexpr size_t kSector = 16;
  const std::string run = Line("run\trun-000000\t5\t6\t70\t0\t0");
  const auto expect = [](std::string bytes, size_t at, bool damaged, bool begun) {
    bytes.replace(at, kSector, std::string(kSector, '\0'));
    const JournalContents contents = ParseJournal(bytes, "j");
    EXPECT_EQ(contents.damage.ok(), !damaged) << at << contents.damage;
    EXPECT_EQ(contents.begun, begun) << at;
    EXPECT_LE(contents.whole, at);
  };
  const std::string lost = Header() + run + Line("not-sorted") + run;
  for (size_t at = 0; at + kSector <= lost.size(); at += kSector) {
    if (at + kSector <= Header().size()) {
      expect(Header(), at, false, false);
      expect(lost, at, true, false);
    }
    expect(lost + Line("range\t1\t0\t0\t0"), at, true, at >= Header().size());
    if (at >= Header().size()) expect(lost, at, false, true);
  }
}

TEST(LoadJournalTest, RecordsThatNoLoadWritesAreRefusedWhateverTheirChecksum) {
  const std::string load = Line(absl::StrCat("load\t1\t", kId));
  const std::string what = Line("what\t--db\t/lists.db");
  for (const std::string& bytes :
       {Line(""), Line("what"), load + Line("what"), load + Line("what\t--input"), load + Line(""),
        load + Line("what\t"), load + what + Line("what\t\tx"), load + Line("done"),
        load + what + Line("load\t1\t" + load), Line("load\t1\t"),
        Line("load\t1\t../../../../etc/passwd00"), Line("load\t2\t0123456789abcdef01234567"),
        Line("load"), load + what + load, load + what + Line("begun") + what,
        load + what + Line("\\q")}) {
    EXPECT_EQ(ParseJournal(bytes, "j").damage.code(), absl::StatusCode::kDataLoss) << bytes;
  }
}

TEST(LoadJournalTest, NamesThatNoLoadMakesAreRefused) {
  EXPECT_TRUE(StateOf(Lines()).ok()) << StateOf(Lines()).status();
  for (const char* const name :
       {"", ".", "..", "/", "../run-000000", "/etc/passwd", "run-", "run-00000", "run-0000000",
        "run--00001", "run-+00001", "run-99999999999999999999", "run-000000/../../x", "journal",
        "run-000000 ", "range-0-0.sst"}) {
    const std::string record = absl::StrCat("run\t", name, "\t5\t6\t70\t0\t0");
    EXPECT_FALSE(StateOf(Line(record)).ok()) << name;
  }
  for (const char* const name :
       {"", "..", "../range-1-0.sst", "/range-1-0.sst", "range-1-0.sst/..", "range-01-0.sst",
        "range--0.sst", "range-1-0", "range-1-0.sst.", "run-000000", "journal",
        "sorted-1-piece-.sst", "range-1-9999999999999999999.sst"}) {
    const std::string record =
        absl::StrCat("sorted-part\t0\t0\t1\t1\t1\t1\t1\t", name, "\ta\tb\t9\t1\t0\t1\t0\t9\t1\t0");
    EXPECT_FALSE(StateOf(Line(record)).ok()) << name;
  }
  for (const std::string name : {"range-1-0.sst", "range-12-piece-3.sst", "sorted-0-10.sst"}) {
    EXPECT_TRUE(IsSstName(name));
  }
  uint64_t number = 0;
  EXPECT_TRUE(ParseRunName("run-1234567", &number));
  EXPECT_EQ(number, 1234567u);
  EXPECT_EQ(RunName(7), "run-000007");
}

TEST(LoadJournalTest, OnlyFoldersThatThisLoadStagesAreBelieved) {
  for (const std::string& good : {absl::StrCat("/lists.db.new-", kId),
                                  absl::StrCat("/lists.db/.new-", kId), std::string("/f/new")}) {
    const auto state = StateOf(Line("staged\t" + good));
    ASSERT_TRUE(state.ok()) << state.status();
    EXPECT_EQ(state->staged, good);
  }
  for (const std::string& bad :
       {std::string("/home/me"), std::string("/f/new/.."), std::string("/f"), std::string("/"),
        std::string(""), std::string("new"), std::string("/f/new/"), std::string("/lists.db"),
        absl::StrCat("/other.db.new-", kId), std::string("/lists.db.new-76543210fedcba9876543210"),
        absl::StrCat("/lists.db/../x/.new-", kId)}) {
    const auto state = StateOf(Line("staged\t" + bad));
    EXPECT_EQ(state.status().code(), absl::StatusCode::kDataLoss) << bad;
    EXPECT_TRUE(Has(std::string(state.status().message()), "left alone")) << state.status();
  }
}

TEST(LoadJournalTest, NumbersThatFitNothingAreRefused) {
  for (const char* const record :
       {"range\t0\t1\t1\t0", "plan\t0\t0", "plan\t0\t99\t0\t", "run\trun-000000\t1\t1\t1\t9\t0\t1",
        "run\trun-000000\t1\t1\t1\t18446744073709551615\t0", "run\trun-000000\t1\t1\t1\t0\t-1",
        "sorted-part\t18446744073709551615\t0\t1\t1\t1\t1\t0\t1\t0\t9\t1\t0", "run", "range",
        "plan", "ingest", "ingest\tx\t0\t", "written\t1\t2\t3\t4", "written\t1\t2\t3\t4\t5\t6",
        "done\tx", "", "what is it"}) {
    const auto state = StateOf(Line(record));
    EXPECT_EQ(state.status().code(), absl::StatusCode::kDataLoss) << record;
  }
  EXPECT_FALSE(StateOf(Line("plan\t0\t1\t0\t") + Line("range\t1\t1\t1\t0")).ok());
  const KeyOrder order(rocksdb::BytewiseComparator());
  for (const auto& [plan, shards] :
       std::vector<std::pair<const char*, uint64_t>>{{"plan\t0\t3\t0\t\t0\tm\t0\ta", 1},
                                                     {"plan\t0\t2\t0\t\t1\tm", 1},
                                                     {"plan\t0\t3\t0\t\t1\tm\t0\tn", 2},
                                                     {"plan\t0\t3\t0\t\t0\tm\t0\tm", 1}}) {
    EXPECT_FALSE(StateOf(Line(plan))->CheckPlan(order, shards, "/f").ok()) << plan;
  }
  EXPECT_TRUE(StateOf(Lines())->CheckPlan(order, 1, "/f").ok());
}

class LoadFolderTest : public ::testing::Test {
 protected:
  LoadFolderTest() {
    fs::create_directory(tmp_);
    fs::create_directories(victim_ + "/inner");
    WriteFile(victim_ + "/inner/file", "precious");
    WriteFile(path_, "a\t1\n");
  }

  // Tells what the load says. It has to end well, and nothing but its own is touched: not even
  // read, if there is an inotify to `watch` that.
  std::string Load(bool resume, int watch = -1) {
    fs::remove_all(folder_ + "/db");
    const auto before = testing::Snapshot(victim_);
    std::vector<std::string> command = {"load",  "--db", folder_ + "/db", "--input", path_,
                                        "--tmp", tmp_};
    if (resume) command.push_back("--resume");
    std::vector<int> watches;
    if (watch >= 0) {
      for (const char* const inner : {"", "/inner"}) {
        watches.push_back(inotify_add_watch(watch, (victim_ + inner).c_str(), IN_ALL_EVENTS));
      }
    }
    const testing::Result result = testing::RunSheaf(command);
    EXPECT_LE(result.exit_status, 1) << result.err;
    char events[4096];
    if (watch >= 0) {
      EXPECT_EQ(read(watch, events, sizeof events), -1) << "it was looked into; " << result.err;
      for (const int each : watches) inotify_rm_watch(watch, each);
      while (read(watch, events, sizeof events) > 0) {
      }
    }
    EXPECT_EQ(testing::Snapshot(victim_), before);
    return absl::StrCat(result.exit_status, ": ", result.err);
  }
  // Of a load with default options, but for its inputs.
  std::string Options() const {
    const std::string real = fs::canonical(folder_).string();
    return Line(absl::StrCat("load\t1\t", kId)) + Line("what\t--db\t" + real + "/db") +
           Line("what\t--db\t" + real + "/db") + Line("what\t--cf\tdefault\t0") +
           Line("what\t--mode\t0") + Line("what\t--format\t") + Line("what\t--layout\tcompact") +
           Line("what\t--on-error\t0") + Line("what\t--rejects\t") + Line("what\t--shards\t1");
  }
  // A journal of the load that Load() resumes, from a load that was killed.
  std::string Journal(const std::string& more) const {
    struct stat info;
    EXPECT_EQ(stat(path_.c_str(), &info), 0);
    const std::string real = fs::canonical(folder_).string();
    return Options() + Line("what\t--input\tfiles") +
           Line(absl::StrCat("what\t--input\t", real, "/rows.tsv\t", info.st_size, "\t",
                             info.st_mtim.tv_sec, ".", info.st_mtim.tv_nsec)) +
           more;
  }
  void Plant(const std::string& journal) const {
    fs::remove_all(planted_);
    fs::create_directory(planted_);
    chmod(planted_.c_str(), 0700);
    WriteFile(planted_ + "/journal", journal);
  }

  const std::string folder_ = TestFolder();
  const std::string path_ = folder_ + "/rows.tsv";
  const std::string tmp_ = folder_ + "/tmp";
  const std::string victim_ = folder_ + "/victim";
  const std::string planted_ = tmp_ + "/sheaf-load-abcdef";
};

TEST_F(LoadFolderTest, JournalOfTheSameLoadIsGoneOnWith) {
  Plant(Journal(Line("begun") + Line("not-sorted")));
  EXPECT_EQ(Load(true).substr(0, 1), "0");
  EXPECT_FALSE(fs::exists(planted_));
}

TEST_F(LoadFolderTest, StagedFolderOfAnotherIsNotRemoved) {
  for (const char* const more : {"", "/inner", "/inner/.."}) {
    Plant(Journal(Line("staged\t" + victim_ + more)));
    for (const bool resume : {false, true}) {
      const std::string said = Load(resume);
      EXPECT_TRUE(Has(said, "sheaf-load-abcdef")) << said;
      EXPECT_TRUE(Has(said, "left alone")) << said;
      EXPECT_TRUE(fs::exists(planted_ + "/journal"));
    }
  }
}

// Its name is one that the load could have staged, but it is a link.
TEST_F(LoadFolderTest, StagedLinkIsNotFollowed) {
  Plant(Journal(Line(absl::StrCat("staged\t", fs::canonical(folder_).string(), "/db.new-", kId))));
  fs::create_directory_symlink(victim_, folder_ + "/db.new-" + kId);
  Load(true);
}

TEST_F(LoadFolderTest, RecordsWithoutFieldsAreReported) {
  for (const std::string& journal :
       {Line(absl::StrCat("load\t1\t", kId)) + Line("what"), Line(""), std::string("\n"),
        Journal("").substr(0, 200) + "\n" + Line("done"), Journal(Line("run")),
        Journal(Line("plan\t0\t1")), Journal(Line("what\t--input")),
        std::string(5000, 'x') + "\n"}) {
    Plant(journal);
    for (const bool resume : {false, true}) {
      const std::string said = Load(resume);
      EXPECT_TRUE(Has(said, "sheaf-load-abcdef")) << said;
      EXPECT_EQ(ReadFile(planted_ + "/journal"), journal);
    }
  }
}

// Its rows are nowhere else: a later version of sheaf may still load them.
TEST_F(LoadFolderTest, JournalOfStdinThatCannotBeReadIsKept) {
  const std::string journal = Options() + Line("what\t--input\tthat cannot be read again") +
                              Line("begun") + Line("later version");
  Plant(journal);
  const testing::Result result =
      testing::RunSheaf({"load", "--db", folder_ + "/db", "--tmp", tmp_, "--resume"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err,
                  "expected a record that this version of sheaf knows, found \"later "
                  "version\"; remove the folder"))
      << result.err;
  ASSERT_TRUE(fs::exists(planted_ + "/journal"));
  EXPECT_EQ(ReadFile(planted_ + "/journal"), journal);
}

TEST_F(LoadFolderTest, LinksAndFoldersThatOthersCanWriteToAreLeftAlone) {
  const std::string journal = Journal(Line("begun") + Line("not-sorted"));
  const auto expect_left = [&](const char* why) {
    for (const bool resume : {false, true}) {
      const std::string said = Load(resume);
      EXPECT_EQ(said.substr(0, 1), "0") << said;
      EXPECT_TRUE(Has(said, "sheaf-load-abcdef is left alone")) << said;
      EXPECT_TRUE(Has(said, why)) << said;
    }
  };
  Plant(journal);
  chmod(planted_.c_str(), 0777);
  expect_left("other users may write to it");
  chmod(planted_.c_str(), 0755);
  chmod((planted_ + "/journal").c_str(), 0666);
  expect_left("other users may write to it");
  chmod((planted_ + "/journal").c_str(), 0644);
  fs::create_hard_link(planted_ + "/journal", folder_ + "/second");
  expect_left("one name");
  EXPECT_EQ(ReadFile(planted_ + "/journal"), journal);

  fs::remove(planted_ + "/journal");
  fs::create_symlink(folder_ + "/second", planted_ + "/journal");
  expect_left("a link");
  fs::remove(planted_ + "/journal");
  ASSERT_EQ(mkfifo((planted_ + "/journal").c_str(), 0600), 0);
  expect_left("regular file");
  fs::remove_all(planted_);
  WriteFile(victim_ + "/journal", "");
  fs::create_directory_symlink(victim_, planted_);
  expect_left("a link");
  fs::remove(planted_);
  WriteFile(planted_, "a file");
  expect_left("expected a folder");
}

// All that is read, changed or removed is told by the kernel.
TEST_F(LoadFolderTest, NothingThatAJournalNamesOutsideOfItsFolderIsTouched) {
  const int watch = inotify_init1(IN_NONBLOCK);
  ASSERT_GE(watch, 0);
  // A run and an SST, as a load would leave them.
  for (const char* const name : {"run-000000", "range-0-0.sst", "sorted-0-0.sst", "precious"}) {
    WriteFile(victim_ + "/" + name, "precious");
  }
  const std::string out = "../../victim/";
  const std::string run = "\t1\t1\t8\t1\t0\t4\t1\t0\t";
  const std::string sst = "\ta\ta\t8\t1\t0";
  std::vector<std::string> records;
  for (const std::string& folder : {out, victim_ + "/", std::string("/etc/"), std::string("new/"),
                                    std::string("./"), std::string("link/")}) {
    for (const std::string& name :
         {std::string("run-000000"), std::string("precious"), std::string("")}) {
      records.push_back("run\t" + folder + name + run + "0");
      records.push_back("run\trun-000001" + run + "1\t" + folder + name);
    }
    for (const char* const name : {"range-0-0.sst", "sorted-0-0.sst", "precious", ""}) {
      records.push_back("sorted-part\t0\t0\t1\t1\t1\t1\t1\t" + folder + name + sst +
                        "\t1\t0\t4\t1\t0");
      records.push_back(
          "plan\t0\t1\t0\t\n"
          "range\t0\t1\t1\t1\t" +
          folder + name + sst);
    }
    records.push_back("staged\t" + folder);
  }
  // Names that are right, of links that lead out.
  records.push_back("run\trun-000000" + run + "0");
  records.push_back("sorted-part\t0\t0\t1\t1\t1\t1\t1\tsorted-0-0.sst" + sst + "\t1\t0\t4\t1\t0");
  records.push_back(
      "plan\t0\t1\t0\t\n"
      "range\t0\t1\t1\t1\trange-0-0.sst" +
      sst);
  for (const std::string& record : records) {
    SCOPED_TRACE(record);
    std::string lines = Line("begun");
    for (const absl::string_view line : absl::StrSplit(record, '\n'))
      lines += Line(std::string(line));
    for (const bool resume : {true, false}) {
      Plant(Journal(lines));
      for (const char* const name : {"run-000000", "range-0-0.sst", "sorted-0-0.sst"}) {
        fs::create_symlink(victim_ + "/" + name, planted_ + "/" + name);
      }
      fs::create_directory_symlink(victim_, planted_ + "/link");
      fs::create_directory_symlink(victim_, planted_ + "/new");
      const std::string said = Load(resume, watch);
      EXPECT_TRUE(Has(said, "sheaf-load-abcdef") || (resume && said[0] == '0')) << said;
    }
  }
  close(watch);
}

// Of a load that is ours, but for what another user has put there.
TEST_F(LoadFolderTest, FilesAndStagedFoldersOfAnotherUserAreNotUsed) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  Plant(Journal(Line("begun") + Line("run\trun-000000\t1\t1\t9\t1\t0\t4\t1\t0\t0")));
  WriteFile(planted_ + "/run-000000", "theirs");
  ASSERT_EQ(chown((planted_ + "/run-000000").c_str(), 65534, 65534), 0);
  const std::string said = Load(true);
  EXPECT_TRUE(Has(said, "its rows are read again")) << said;
  EXPECT_EQ(said[0], '0') << said;
  const std::string staged = fs::canonical(folder_).string() + "/db.new-" + kId;
  for (const char* const built : {"", "built"}) {
    Plant(Journal(Line("staged\t" + staged) + (*built != '\0' ? Line(built) : "")));
    fs::create_directories(staged);
    WriteFile(staged + "/CURRENT", "theirs");
    ASSERT_EQ(chown(staged.c_str(), 65534, 65534), 0);
    const std::string refused = Load(true);
    EXPECT_EQ(refused[0], '1') << refused;
    EXPECT_TRUE(Has(refused, staged + ": it belongs to user 65534")) << refused;
    EXPECT_EQ(ReadFile(staged + "/CURRENT"), "theirs");
  }
}

TEST_F(LoadFolderTest, FoldersOfAnotherUserAreLeftAlone) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  Plant(Journal(Line("begun") + Line("not-sorted")));
  for (const bool of_folder : {false, true}) {
    const std::string given = of_folder ? planted_ : planted_ + "/journal";
    ASSERT_EQ(chown(given.c_str(), 65534, 65534), 0) << "in a sandbox?";
    for (const bool resume : {false, true}) {
      const std::string said = Load(resume);
      EXPECT_EQ(said.substr(0, 1), "0") << said;
      EXPECT_TRUE(Has(said, "it belongs to user 65534")) << said;
      EXPECT_TRUE(fs::exists(planted_ + "/journal"));
    }
  }
}

// A power cut before the journal had reached the disk: nothing was finished.
TEST_F(LoadFolderTest, FolderWhoseJournalIsCutBeforeItsBeginIsRemoved) {
  const std::string whole = Journal("");
  for (const size_t size : {size_t{0}, size_t{1}, size_t{50}, whole.size() - 1, whole.size()}) {
    for (const bool resume : {false, true}) {
      Plant(whole.substr(0, size));
      WriteFile(planted_ + "/sorted-0-0.sst", "some");
      const std::string said = Load(resume);
      EXPECT_EQ(said.substr(0, 1), "0") << said;
      EXPECT_FALSE(fs::exists(planted_)) << size << said;
      EXPECT_EQ(Has(said, "no interrupted load of these inputs was found"), resume) << said;
    }
  }
  Plant(whole.substr(0, 50));
  WriteFile(planted_ + "/mine", "some");
  const std::string said = Load(false);
  EXPECT_TRUE(Has(said, "its journal is not whole, and files in it are no load's")) << said;
  EXPECT_EQ(ReadFile(planted_ + "/mine"), "some");
}

// Links in a folder of ours are removed themselves; what they lead to stays.
TEST_F(LoadFolderTest, LinksInAFolderThatIsRemovedAreNotFollowed) {
  Plant(Journal(Line("begun") + Line("not-sorted") +
                Line("run\trun-000000\t1\t1\t9\t1\t0\t4\t1\t0\t0")));
  fs::create_directory_symlink(victim_, planted_ + "/new");
  fs::create_symlink(victim_ + "/inner/file", planted_ + "/run-000000");
  fs::create_directory(planted_ + "/deep");
  fs::create_directory_symlink(victim_, planted_ + "/deep/link");
  const std::string said = Load(true);
  EXPECT_EQ(said.substr(0, 1), "0") << said;
  EXPECT_FALSE(fs::exists(planted_));
}

TEST_F(LoadFolderTest, NewFolderAndItsJournalAreOfThisUserAlone) {
  const mode_t mask = umask(0);
  const auto journal = LoadJournal::Create(tmp_ + "/sheaf-load-", kWhat);
  umask(mask);
  ASSERT_TRUE(journal.ok()) << journal.status();
  struct stat info;
  ASSERT_EQ(stat((*journal)->folder().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0700u);
  ASSERT_EQ(stat(((*journal)->folder() + "/journal").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  (*journal)->Remove();
  EXPECT_TRUE(fs::is_empty(tmp_));
}

}  // namespace
}  // namespace load
}  // namespace sheaf
