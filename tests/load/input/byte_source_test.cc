// ByteSource: archives that the real programs made, whole, joined, cut off and damaged.

#include "tools/load/input/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <thread>

#include "gtest/gtest.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace load {
namespace {

using testing::Has;
using testing::ReadFile;
using testing::TestFolder;
using testing::WriteFile;

std::string ReadAll(const std::string& path, absl::Status* status, size_t chunk = 1 << 16) {
  absl::StatusOr<std::unique_ptr<ByteSource>> source = ByteSource::Open(path);
  *status = source.status();
  std::string all;
  if (!source.ok()) return all;
  std::string buffer(chunk, '\0');
  for (;;) {
    const absl::StatusOr<size_t> got = (*source)->Read(buffer.data(), buffer.size());
    *status = got.status();
    if (!got.ok() || *got == 0) return all;
    all.append(buffer, 0, *got);
  }
}

std::string SomeText(size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) text += "key" + std::to_string(random() % 1000) + "\tvalue\n";
  text.resize(size);
  return text;
}

struct Program {
  const char* name;
  const char* command;
};

class ArchiveTest : public ::testing::TestWithParam<Program> {
 protected:
  // What the program makes of `bytes`.
  std::string Archive(const std::string& bytes) {
    const std::string path = folder_ + "/plain";
    WriteFile(path, bytes);
    const std::string command =
        std::string(GetParam().command) + " < " + path + " > " + folder_ + "/archive";
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return ReadFile(folder_ + "/archive");
  }
  std::string Read(const std::string& archive, absl::Status* status, size_t chunk = 1 << 16) {
    WriteFile(folder_ + "/read", archive);
    return ReadAll(folder_ + "/read", status, chunk);
  }
  const std::string folder_ = TestFolder();
};

TEST_P(ArchiveTest, IsReadAsItWas) {
  absl::Status status;
  for (const size_t size : {0u, 1u, 1000u, 3000000u}) {
    const std::string text = SomeText(size);
    const std::string archive = Archive(text);
    for (const size_t chunk : {1u, 777u, 1u << 20}) {
      if (chunk == 1 && size > 1000) continue;
      EXPECT_TRUE(Read(archive, &status, chunk) == text) << size << " " << chunk;
      EXPECT_TRUE(status.ok()) << status;
    }
  }
}

TEST_P(ArchiveTest, SeveralOneBehindTheOtherAreOne) {
  const std::string first = SomeText(5000);
  const std::string archive = Archive(first) + Archive("") + Archive("end");
  absl::Status status;
  EXPECT_EQ(Read(archive, &status), first + "end");
  EXPECT_TRUE(status.ok()) << status;
}

TEST_P(ArchiveTest, EveryTruncationIsAnErrorThatNamesThePlace) {
  const std::string archive = Archive(SomeText(700));
  for (size_t size = 4; size < archive.size(); ++size) {
    absl::Status status;
    Read(archive.substr(0, size), &status);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_TRUE(Has(std::string(status.message()),
                    "/read: the " + std::string(GetParam().name) + " archive is truncated"))
        << status;
  }
}

TEST_P(ArchiveTest, TruncationOfTheSecondOneIsAnError) {
  const std::string archive = Archive(SomeText(700));
  for (const size_t size : {size_t{4}, size_t{20}, archive.size() - 1}) {
    absl::Status status;
    Read(archive + archive.substr(0, size), &status);
    EXPECT_FALSE(status.ok()) << size;
  }
}

TEST_P(ArchiveTest, EveryFlippedBitIsAnErrorOrChangesNothing) {
  const std::string text = SomeText(700);
  const std::string archive = Archive(text);
  for (size_t bit = 8 * 4; bit < 8 * archive.size(); ++bit) {
    std::string bad = archive;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    absl::Status status;
    const std::string read = Read(bad, &status);
    EXPECT_TRUE(!status.ok() || read == text) << bit;
  }
}

TEST_P(ArchiveTest, OtherBytesBehindItAreAnError) {
  absl::Status status;
  Read(Archive("a\t1\n") + "garbage of another kind", &status);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
}

TEST_P(ArchiveTest, SkipGoesOnWhereReadingWouldHave) {
  const std::string text = SomeText(600000);
  WriteFile(folder_ + "/read", Archive(text));
  auto source = ByteSource::Open(folder_ + "/read");
  ASSERT_TRUE(source.ok());
  char some[8];
  ASSERT_EQ(*(*source)->Read(some, 3), 3u);
  ASSERT_TRUE((*source)->Skip(500000).ok());
  ASSERT_EQ(*(*source)->Read(some, 8), 8u);
  EXPECT_EQ(std::string(some, 8), text.substr(500003, 8));
  EXPECT_FALSE((*source)->Skip(600000).ok());
}

INSTANTIATE_TEST_SUITE_P(Programs, ArchiveTest,
                         ::testing::Values(Program{"gzip", "gzip -c"},
                                           Program{"zstd", "zstd -q --check -c"},
                                           Program{"lz4", "lz4 -q -c --content-size -BX"}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(ByteSourceTest, ShortAndOtherFilesAreReadAsTheyAre) {
  const std::string path = TestFolder() + "/file";
  for (const std::string& bytes :
       {std::string(), std::string("\x1f"), std::string("\x28\xb5\x2f"), std::string("a\t1\n"),
        std::string("\x1f\x8b plain"), SomeText(700000)}) {
    WriteFile(path, bytes);
    absl::Status status;
    EXPECT_TRUE(ReadAll(path, &status) == bytes);
    EXPECT_TRUE(status.ok()) << status;
  }
}

// Writers that come late, write in pieces with pauses, and hand over to the next one.
TEST(ByteSourceTest, FifoIsReadUntilTheLastWriterHasGone) {
  const std::string path = TestFolder() + "/fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  const std::string text = SomeText(300000);
  std::thread writers([&] {
    const auto pause = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
    pause();
    int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    size_t at = 0;
    for (const size_t size : {1u, 6u, 100000u, 1u, 100000u, 99992u}) {
      EXPECT_EQ(write(fd, text.data() + at, size), static_cast<ssize_t>(size));
      at += size;
      pause();
      const int next = open(path.c_str(), O_WRONLY | O_CLOEXEC);
      close(fd);
      fd = next;
      pause();
    }
    close(fd);
  });
  absl::Status status;
  EXPECT_TRUE(ReadAll(path, &status) == text);
  EXPECT_TRUE(status.ok()) << status;
  writers.join();

  // One that writes nothing.
  std::thread writer([&] { close(open(path.c_str(), O_WRONLY | O_CLOEXEC)); });
  EXPECT_EQ(ReadAll(path, &status), "");
  EXPECT_TRUE(status.ok()) << status;
  writer.join();
}

TEST(ByteSourceTest, GzipMayBePaddedWithZeros) {
  const std::string folder = TestFolder();
  const std::string command = "printf 'a\\t1\\n' | gzip -c > " + folder + "/a";
  ASSERT_EQ(std::system(command.c_str()), 0);
  WriteFile(folder + "/b", ReadFile(folder + "/a") + std::string(1000, '\0'));
  absl::Status status;
  EXPECT_EQ(ReadAll(folder + "/b", &status), "a\t1\n");
  EXPECT_TRUE(status.ok()) << status;
}

}  // namespace
}  // namespace load
}  // namespace sheaf
