// Threads that read rows and write runs within a limit of memory.

#include "tools/load/sort/run_maker.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>

#include "gtest/gtest.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "tests/load/row_lists.h"
#include "tests/support/sanitizers.h"
#include "tests/tool/process.h"
#include "tools/common/worker_threads.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/input/reject_log.h"
#include "tools/load/sort/row_merge.h"

namespace sheaf {
namespace load {
namespace {

using testing::TestFolder;
using testing::WriteFile;

// Rows of `bytes` in all that take ten times as much in a table, and options for 4 MB of it a
// thread.
std::string ShortRows(size_t bytes) {
  std::string rows;
  while (rows.size() < bytes) rows += "a\t\n";
  return rows;
}

RunMaker::Options SmallMaking(size_t threads) {
  RunMaker::Options making;
  making.memory = threads * (uint64_t{6} << 20);
  making.threads = threads;
  making.folder = TestFolder();
  making.order = &kBytewise;
  making.on_run = [](const RunInfo&, const std::vector<std::string>&) { return absl::OkStatus(); };
  return making;
}

ChunkReader::Options ReadingOf(const std::string& rows) {
  ChunkReader::Options reading;
  reading.inputs = {TestFolder() + "/rows.tsv"};
  reading.chunk_bytes = 1 << 16;
  WriteFile(reading.inputs[0], rows);
  return reading;
}

TEST(RunMakerTest, WorkersStopWhenOneFails) {
  const std::string rows = ShortRows(8 << 20);
  ChunkReader reader(ReadingOf(rows));
  RunMaker::Options making = SmallMaking(2);
  size_t runs = 0;
  making.on_run = [&runs](const RunInfo&, const std::vector<std::string>&) {
    return runs++ == 0 ? absl::InternalError("disk full") : absl::OkStatus();
  };
  RejectLog log(OnError::kStop, "", [](const std::string&) {});
  RunMaker maker(std::move(making), &log);
  EXPECT_EQ(maker.Read(&reader, [] {}), absl::InternalError("disk full"));
  EXPECT_LT(reader.position(), rows.size() / 2);
}

// Beside the table are the chunk with such a row, and the row in what writes a run.
TEST(RunMakerTest, LongRowsLeaveRoomForTheirCopies) {
  const size_t size = 700000;
  std::string rows;
  for (int i = 0; i < 40; ++i) {
    rows += "k" + std::to_string(i * 7 % 40) + "\t" + std::string(size, 'v') + "\n";
  }
  ChunkReader reader(ReadingOf(rows));
  RunMaker::Options making = SmallMaking(1);
  const uint64_t memory = making.memory;
  size_t runs = 0;
  making.on_run = [&](const RunInfo& run, const std::vector<std::string>&) {
    ++runs;
    EXPECT_LT(run.rows * size + 2 * size, memory - (1 << 20));
    return absl::OkStatus();
  };
  RejectLog log(OnError::kStop, "", [](const std::string&) {});
  RunMaker maker(std::move(making), &log);
  EXPECT_TRUE(maker.Read(&reader, [] {}).ok());
  EXPECT_GT(runs, 5u);
  EXPECT_LT(runs, 20u);
}

// Their runs are written before the next such row is read, not before its chunk is taken.
TEST(RunMakerTest, RunsOfLongRowsAreMergedWhileReadingToo) {
  std::string rows;
  for (int i = 0; i < 40; ++i) rows += "k\t" + std::string(700000, 'v') + "\n";
  ChunkReader reader(ReadingOf(rows));
  RunMaker::Options making = SmallMaking(1);
  making.max_runs = 3;
  size_t runs = 0;
  making.on_run = [&runs](const RunInfo&, const std::vector<std::string>& replaced) {
    runs += 1 - replaced.size();
    EXPECT_LE(runs, 4u);
    return absl::OkStatus();
  };
  RejectLog log(OnError::kStop, "", [](const std::string&) {});
  RunMaker maker(std::move(making), &log);
  EXPECT_TRUE(maker.Read(&reader, [] {}).ok());
  EXPECT_GT(runs, 1u);
}

// While SSTs are written there are blocks of runs with it, and copies.
TEST(RunMakerTest, TablesMakeRoomForWritingALongRow) {
  for (const size_t size : {1300000u, 100000u}) {
    ChunkReader reader(ReadingOf("k\t" + std::string(size, 'v') + "\n"));
    RejectLog log(OnError::kStop, "", [](const std::string&) {});
    RunMaker maker(SmallMaking(1), &log);
    ASSERT_TRUE(maker.Read(&reader, [] {}).ok());
    EXPECT_GT(maker.memory_used(), size);
    ASSERT_TRUE(maker.Settle(0, 1, [] {}).ok());
    EXPECT_EQ(maker.memory_used() == 0, size == 1300000);
    EXPECT_EQ(maker.stores().size(), 1u);
  }
}

TEST(RunMakerTest, RowThatCouldNotBeWrittenIsRefused) {
  RunMaker::Options making = SmallMaking(1);
  making.memory = 200 << 20;
  for (const size_t megabytes : {30, 40}) {
    ChunkReader reader(ReadingOf("k\t" + std::string(megabytes << 20, 'v') + "\n"));
    RejectLog log(OnError::kStop, "", [](const std::string&) {});
    RunMaker maker(making, &log);
    const absl::Status status = maker.Read(&reader, [] {});
    EXPECT_EQ(absl::IsResourceExhausted(status), megabytes == 40) << status;
  }
}

// Each is an open file, and takes memory.
TEST(RunMakerTest, RunsAreMergedWhileReadingWhenThereAreMany) {
  std::string rows;
  Lists model;
  for (uint32_t i = 0; i < 600000; ++i) {
    const std::string key = "key" + std::to_string(i * 2654435761u % 5003);
    const std::string value = std::to_string(i);
    rows += key + "\t" + value + "\n";
    model[key].push_back(value);
  }
  for (const size_t threads : {1u, 2u}) {
    RunMaker::Options making = SmallMaking(threads);
    making.max_runs = 3;
    making.folder += "/runs" + std::to_string(threads);
    std::filesystem::create_directory(making.folder);
    const std::string folder = making.folder;
    std::set<std::string> recorded;
    size_t merged = 0;
    making.on_run = [&](const RunInfo& run, const std::vector<std::string>& replaced) {
      EXPECT_TRUE(std::filesystem::exists(run.path));
      EXPECT_TRUE(recorded.insert(run.path).second);
      for (const std::string& path : replaced) {
        EXPECT_TRUE(std::filesystem::exists(path)) << "removed before another one was recorded";
        EXPECT_EQ(recorded.erase(path), 1u);
      }
      merged += replaced.size();
      EXPECT_LE(recorded.size(), threads == 1 ? 4u : 12u);
      return absl::OkStatus();
    };
    ChunkReader reader(ReadingOf(rows));
    RejectLog log(OnError::kStop, "", [](const std::string&) {});
    RunMaker maker(std::move(making), &log);
    ASSERT_TRUE(maker.Read(&reader, [] {}).ok());
    EXPECT_GT(merged, 2u);
    std::set<std::string> there;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      there.insert(entry.path().string());
    }
    EXPECT_EQ(there, recorded);
    const std::vector<const RowStore*> stores = maker.stores();
    std::vector<std::string> order;
    EXPECT_TRUE(ListsOf(*MergeRange(stores, RowRange(), kBytewise, SharedPrefix(stores, kBytewise)),
                        &order) == model);
  }
}

// The journal may have a record of a run whose file is gone.
TEST(RunMakerTest, NamesOfAnEarlierLoadAreNotUsedAgain) {
  ChunkReader reader(ReadingOf(ShortRows(1 << 20)));
  RunMaker::Options making = SmallMaking(1);
  making.first_run = 7;
  std::vector<std::string> names;
  making.on_run = [&names](const RunInfo& run, const std::vector<std::string>&) {
    names.push_back(std::filesystem::path(run.path).filename().string());
    return absl::OkStatus();
  };
  RejectLog log(OnError::kStop, "", [](const std::string&) {});
  RunMaker maker(std::move(making), &log);
  EXPECT_TRUE(maker.Read(&reader, [] {}).ok());
  ASSERT_GE(names.size(), 2u);
  EXPECT_EQ(names[0], "run-000007");
  EXPECT_EQ(names[1], "run-000008");
}

TEST(WorkerThreadsTest, ExceptionsAreErrorsOfTheirWork) {
  std::atomic<bool> ticked{false};
  const auto run = [&ticked](std::function<void()> fails) {
    return RunWorkers(
        3,
        [&fails](size_t i) {
          if (i == 1) fails();
          return absl::OkStatus();
        },
        [&ticked] {
          ticked = true;
          throw std::runtime_error("progress");
        });
  };
  const absl::Status memory = run([] { throw std::bad_alloc(); });
  EXPECT_EQ(memory.code(), absl::StatusCode::kResourceExhausted) << memory;
  EXPECT_TRUE(testing::Has(std::string(memory.message()), "out of memory")) << memory;
  const absl::Status other = run([] { throw std::runtime_error("some reason"); });
  EXPECT_EQ(other.code(), absl::StatusCode::kInternal) << other;
  EXPECT_TRUE(testing::Has(std::string(other.message()), "some reason")) << other;
  ticked = false;
  const absl::Status tick = run([&ticked] {
    while (!ticked) std::this_thread::yield();
  });
  EXPECT_TRUE(tick.ok()) << tick;
}

// In a process of its own, which gets no more stacks than those of threads before.
TEST(WorkerThreadsTest, WorkOfThreadsThatCannotBeStartedIsDone) {
  if (test::kAddressSanitizer || test::kThreadSanitizer) {
    GTEST_SKIP() << "a sanitizer needs address space itself";
  }
  const pid_t child = fork();
  if (child == 0) {
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_AS, &none);
    std::atomic<size_t> done{0};
    const absl::Status status = RunWorkers(
        16,
        [&done](size_t i) {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
          done += i + 1;
          return absl::OkStatus();
        },
        [] {});
    _exit(status.ok() && done == 16 * 17 / 2 ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace load
}  // namespace sheaf
