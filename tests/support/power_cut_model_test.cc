// What PowerCut leaves of files and names, by events that are written by hand.

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/power_cut.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;
using Kind = DiskEvent::Kind;

class PowerCutModelTest : public ::testing::Test {
 protected:
  // Two folders, and a file in the first.
  static std::string MakeRoot() {
    const std::string root = ::testing::TempDir() + "root";
    fs::remove_all(root);
    fs::create_directories(root + "/a");
    fs::create_directories(root + "/b");
    std::ofstream(root + "/a/old") << "old";
    return root;
  }

  uint64_t Inode(const std::string& path) const {
    struct stat info;
    EXPECT_EQ(stat((root_ + path).c_str(), &info), 0);
    return info.st_ino;
  }
  static constexpr uint64_t kNew = ~uint64_t{0};  // a file that is made

  void Create() { disk_.Apply({Kind::kCreate, Inode("/a"), kNew, S_IFREG | 0644, "new", ""}); }
  void Write(uint64_t inode, uint64_t offset, const std::string& data) {
    disk_.Apply({Kind::kWrite, inode, offset, 0, "", data});
  }
  void Sync(uint64_t inode) { disk_.Apply({Kind::kSync, inode, 0, 0, "", ""}); }
  void Rename(const std::string& from, const std::string& name, const std::string& to,
              const std::string& new_name) {
    disk_.Apply({Kind::kRename, Inode(from), Inode(to), 0, name, new_name});
  }

  // All of the names "a/..." and "b/..." with their bytes.
  std::string After(const Cut& cut) {
    const std::string image = ::testing::TempDir() + "image";
    fs::create_directory(image);
    disk_.WriteTo(image, cut);
    std::string all;
    for (const char* const path : {"a/new", "a/old", "b/new", "b/old"}) {
      std::ifstream in(image + "/" + path, std::ios::binary);
      if (!in) continue;
      all += std::string(path) + "=" + std::string(std::istreambuf_iterator<char>(in), {}) + " ";
    }
    return all;
  }
  std::set<std::string> AfterAny(Cut::Data data, Cut::Names names) {
    std::set<std::string> all;
    for (uint32_t seed = 0; seed < 80; ++seed) all.insert(After({data, names, seed}));
    return all;
  }

  const std::string root_ = MakeRoot();
  PowerCut disk_{root_};
};

TEST_F(PowerCutModelTest, BytesAreThereAfterASyncOfTheFile) {
  const uint64_t old = Inode("/a/old");
  Write(old, 3, "er");
  EXPECT_EQ(After(Cut::Strict()), "a/old=old ");
  EXPECT_EQ(After(Cut::Nothing()), "a/old=older ");
  Sync(old);
  EXPECT_EQ(After(Cut::Strict()), "a/old=older ");
}

TEST_F(PowerCutModelTest, ANameIsThereAfterASyncOfItsFolderAndNotOfItsFile) {
  Create();
  Write(kNew, 0, "x");
  Sync(kNew);
  EXPECT_EQ(After(Cut::Strict()), "a/old=old ");
  Sync(Inode("/a"));
  EXPECT_EQ(After(Cut::Strict()), "a/new=x a/old=old ");
}

TEST_F(PowerCutModelTest, ANameWithoutItsBytesIsAnEmptyFile) {
  Create();
  Write(kNew, 0, "x");
  Sync(Inode("/a"));
  EXPECT_EQ(After(Cut::Strict()), "a/new= a/old=old ");
}

TEST_F(PowerCutModelTest, ARenameIsThereAsAWholeOrNotAtAllWhicheverFolderIsSynced) {
  Rename("/a", "old", "/b", "old");
  EXPECT_EQ(AfterAny(Cut::Data::kLost, Cut::Names::kSome),
            std::set<std::string>({"a/old=old ", "b/old=old "}));
  Sync(Inode("/a"));
  EXPECT_EQ(After(Cut::Strict()), "b/old=old ");
}

TEST_F(PowerCutModelTest, NamesOfOneFolderComeInOrderAndFoldersEachForThemselves) {
  Create();
  disk_.Apply({Kind::kLink, Inode("/a"), kNew, 0, "old", ""});
  disk_.Apply({Kind::kLink, Inode("/b"), kNew, 0, "new", ""});
  EXPECT_EQ(AfterAny(Cut::Data::kLost, Cut::Names::kSome),
            std::set<std::string>({"a/old=old ", "a/new= a/old=old ",
                                   "a/new= a/old= ", "a/old=old b/new= ",
                                   "a/new= a/old=old b/new= ", "a/new= a/old= b/new= "}));
}

TEST_F(PowerCutModelTest, AWriteIsTornBetweenSectors) {
  const uint64_t old = Inode("/a/old");
  Write(old, 0, std::string(1024, 'x'));
  const std::string sector(512, 'x');
  EXPECT_EQ(AfterAny(Cut::Data::kTorn, Cut::Names::kLost),
            std::set<std::string>(
                {"a/old=old ", "a/old=" + sector + " ", "a/old=" + sector + sector + " "}));
  const std::string zeros = std::string("old") + std::string(509, '\0');
  EXPECT_EQ(AfterAny(Cut::Data::kSectors, Cut::Names::kLost).count("a/old=" + zeros + sector + " "),
            1u);
}

TEST_F(PowerCutModelTest, ASyncThatIsToBeLostIsNotDone) {
  PowerCut disk(root_, [](const std::string& path) { return path == "a/old"; });
  const uint64_t old = Inode("/a/old");
  disk.Apply({Kind::kWrite, old, 0, 0, "", "new"});
  disk.Apply({Kind::kSync, old, 0, 0, "", ""});
  disk.WriteTo(root_, Cut::Strict());
  std::ifstream in(root_ + "/a/old");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), "old");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
