// Loading rows into a DB: `sheaf load`, run as its users run it, and what it is compared with. Wall
// time of the whole process, page cache warm, outputs new.
//
//   Load/Sheaf.Unsorted/SIZE-MEMORY    sheaf load --memory MEMORY --threads 2 of unsorted TSV
//   Load/GnuSort.Unsorted/SIZE-MEMORY  sort(1) of it by key, stable, with the same memory
//   Load/Sheaf.Few/…                   both with about two rows a key
//   Load/Sheaf.Unique/…                both with a key of its own for each row
//   Load/Sheaf.Sorted/SIZE             sheaf load of the rows sorted
//   Load/SstFileWriter.Sorted/SIZE     raw SstFileWriter of the same lists, encoded already
//   Load/SstFileWriter2.Sorted/SIZE    the same in two threads
//   Load/Sheaf.Grouped/SIZE            as Sheaf.Sorted, beside:
//   Load/Ldb.Grouped/SIZE              ldb load --bulk_load of the same lists
//   Load/LdbNoWal.Grouped/SIZE         the same with --disable_wal
//
// Every system's output is compared with what the rows' generator counted, once a run.
//
//   --folder=DIR                  for inputs and outputs, up to 25 GB (default: TMPDIR, or /tmp)
//   SHEAF_TOOL=FILE               the tool (default: that which Bazel built with this)
//   SHEAF_BENCH_SCALE=500         divides the sizes of inputs; names say what they are then
//   SHEAF_BENCH_MEMORY=4G         for all, in the place of MEMORY; names say so
//   SHEAF_BENCH_LARGE=1           in addition 16 GB unsorted: 60 GB of disk, minutes each time

#include <unistd.h>  // sync

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "benchmark/benchmark.h"
#include "tools/bench/child_process.h"
#include "tools/bench/load_check.h"
#include "tools/bench/load_input.h"
#include "tools/bench/mapped_file.h"
#include "tools/bench/run.h"
#include "tools/bench/sst_writers.h"

namespace sheaf {
namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMiB = uint64_t{1} << 20;

// What one run of a system is given.
struct Job {
  std::string input;   // a file, of the form that the system takes
  std::string memory;  // "512M"
  std::string out;     // a new folder, in which it leaves what it makes
  std::string log;     // a file for what it says

  std::string db() const { return out + "/db"; }
};

struct System {
  const char* name;
  absl::StatusOr<std::string> (*input)(LoadInput&);
  absl::StatusOr<ChildUsage> (*run)(const Job&);
  // Whether `job` left what it should; with `all`, list by list.
  absl::Status (*check)(const Job& job, const RowsModel& model, bool all);
};

absl::StatusOr<std::string> Rows(LoadInput& input) { return input.Rows(); }
absl::StatusOr<std::string> Sorted(LoadInput& input) { return input.Sorted(); }
absl::StatusOr<std::string> Lists(LoadInput& input) { return input.Lists(); }
absl::StatusOr<std::string> Lines(LoadInput& input) { return input.Lines(); }

// The tool, that which Bazel built beside this binary unless SHEAF_TOOL names another.
const std::string& Tool() {
  static const auto* const tool = [] {
    if (const char* const named = std::getenv("SHEAF_TOOL")) return new std::string(named);
    // Where `bazel run` and `bazel test` start a binary, its data are found by their labels.
    const fs::path runfile = fs::absolute("tools/sheaf/sheaf");
    std::error_code error;
    if (fs::is_regular_file(runfile, error)) return new std::string(runfile);
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    return new std::string(self.parent_path().parent_path() / "sheaf/sheaf");
  }();
  return *tool;
}

absl::StatusOr<ChildUsage> RunSheaf(const Job& job) {
  return RunChild({Tool(), "load", "--db", job.db(), "--input", job.input, "--format", "tsv",
                   "--memory", job.memory, "--threads", "2"},
                  "/dev/null", job.log);
}

absl::Status CheckSheaf(const Job& job, const RowsModel& model, bool all) {
  const absl::Status status = CheckSummary(job.log, model);
  return status.ok() && all ? CheckDb(job.db(), model) : status;
}

absl::StatusOr<ChildUsage> RunGnuSort(const Job& job) {
  return RunChild({"sort", "-S", job.memory, "--parallel=2", "-s", "-t", "\t", "-k1,1", "-T",
                   job.out, "-o", job.out + "/sorted.tsv", job.input},
                  "/dev/null", job.log);
}

absl::Status CheckGnuSort(const Job& job, const RowsModel& model, bool all) {
  return all ? CheckSorted(job.out + "/sorted.tsv", model) : absl::OkStatus();
}

template <bool wal>
absl::StatusOr<ChildUsage> RunLdb(const Job& job) {
  std::vector<std::string> arguments = {"ldb",  "--db=" + job.db(), "--value_hex",
                                        "load", "--bulk_load",      "--create_if_missing"};
  if (!wal) arguments.push_back("--disable_wal");
  return RunChild(arguments, job.input, job.log);
}

absl::Status CheckLdb(const Job& job, const RowsModel& model, bool all) {
  return all ? CheckDb(job.db(), model) : absl::OkStatus();
}

template <size_t count>
std::vector<std::string> SstsOf(const Job& job) {
  std::vector<std::string> paths;
  for (size_t i = 0; i < count; ++i) paths.push_back(absl::StrCat(job.out, "/", i, ".sst"));
  return paths;
}

template <size_t threads>
absl::StatusOr<ChildUsage> RunSstFileWriter(const Job& job) {
  const absl::StatusOr<MappedFile> lists = MappedFile::Open(job.input);
  if (!lists.ok()) return lists.status();
  return WriteSsts(lists->bytes(), SstsOf<threads>(job));
}

template <size_t threads>
absl::Status CheckSstFileWriter(const Job& job, const RowsModel& model, bool all) {
  return all ? CheckSsts(SstsOf<threads>(job), model) : absl::OkStatus();
}

// Not yet compared, list by list: true once for each name.
bool First(const std::string& name) {
  static auto* const compared = new std::set<std::string>;
  return compared->insert(name).second;
}

absl::Status RunOnce(benchmark::State& state, const std::string& name, const System& system,
                     const RowsSpec& spec, const std::string& memory) {
  const absl::StatusOr<LoadInput*> input = LoadInput::Of(spec);
  if (!input.ok()) return input.status();
  const absl::StatusOr<std::string> path = system.input(**input);
  if (!path.ok()) return path.status();
  Job job;
  job.input = *path;
  job.memory = memory;
  job.out = LoadInput::Folder() + "/out";
  job.log = LoadInput::Folder() + "/log";
  std::error_code error;
  fs::remove_all(job.out, error);
  if (!fs::create_directory(job.out, error)) {
    return absl::InternalError(absl::StrCat("cannot make ", job.out, ": ", error.message()));
  }
  // What others left to be written, and then the input in the page cache.
  sync();
  if (const auto warm = MappedFile::Open(job.input); !warm.ok()) return warm.status();

  const absl::StatusOr<ChildUsage> usage = system.run(job);
  absl::Status status = usage.status();
  if (status.ok()) status = system.check(job, (*input)->model(), First(name));
  fs::remove_all(job.out, error);
  if (!status.ok()) return status;
  state.SetIterationTime(usage->wall_seconds);
  const RowsModel& model = (*input)->model();
  state.SetBytesProcessed(static_cast<int64_t>(model.bytes));
  state.SetItemsProcessed(static_cast<int64_t>(model.rows));
  state.counters["bytes_in"] = static_cast<double>(model.bytes);
  state.counters["rows"] = static_cast<double>(model.rows);
  state.counters["cpu_s"] = usage->cpu_seconds;
  if (usage->peak_bytes != 0) {
    state.counters["peak_rss_MB"] = static_cast<double>(usage->peak_bytes) / 1e6;
  }
  return status;
}

// "512M", "2G": units of 1024, as all the programs understand them.
std::string MemoryText(uint64_t bytes) {
  const uint64_t mib = bytes / kMiB;
  return mib % 1024 == 0 ? absl::StrCat(mib / 1024, "G") : absl::StrCat(mib, "M");
}

// 0 if `text` is not like that.
uint64_t MemoryBytes(absl::string_view text) {
  const uint64_t unit = absl::ConsumeSuffix(&text, "G")   ? 1024 * kMiB
                        : absl::ConsumeSuffix(&text, "M") ? kMiB
                                                          : 0;
  uint64_t count = 0;
  return absl::SimpleAtoi(text, &count) ? count * unit : 0;
}

// In the place of `mib`, if the environment names another.
uint64_t MemoryOr(uint64_t mib) {
  const char* const text = std::getenv("SHEAF_BENCH_MEMORY");
  if (text == nullptr) return mib * kMiB;
  if (const uint64_t bytes = MemoryBytes(text); bytes != 0) return bytes;
  std::fprintf(stderr, "SHEAF_BENCH_MEMORY=%s: expected a size like 512M or 4G\n", text);
  std::exit(2);
}

// Units of 1000: "500MB".
std::string SizeText(uint64_t bytes) {
  if (bytes % 1000000000 == 0) return absl::StrCat(bytes / 1000000000, "GB");
  if (bytes % 1000000 == 0) return absl::StrCat(bytes / 1000000, "MB");
  return absl::StrCat(bytes / 1000, "kB");
}

// An input's size, and the memory that it is loaded with: `MEMORY` is part of the name only where
// it makes a difference.
struct Shape {
  uint64_t mega_bytes;
  uint64_t memory_mib;
  bool name_memory;
  RowKeys keys = RowKeys::kSkewed;
};

void Add(const char* operation, const System& system, const Shape& shape) {
  RowsSpec spec;
  spec.bytes = shape.mega_bytes * 1000000 / Scale();
  spec.keys = shape.keys;
  const uint64_t memory = MemoryOr(shape.memory_mib);
  const std::string name =
      absl::StrCat("Load/", system.name, ".", operation, "/", SizeText(spec.bytes),
                   shape.name_memory ? "-" + MemoryText(memory) : "");
  // SHEAF_BENCH_MEMORY makes one of two.
  static auto* const names = new std::set<std::string>;
  if (!names->insert(name).second) return;
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) {
                                 for (auto _ : state) {
                                   const absl::Status status =
                                       RunOnce(state, name, system, spec, MemoryText(memory));
                                   if (!status.ok()) state.SkipWithError(status.ToString().c_str());
                                 }
                                 state.counters["memory_MB"] = static_cast<double>(memory) / 1e6;
                               })
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kSecond);
}

void AddAll() {
  const auto sheaf = [](auto* input) { return System{"Sheaf", input, RunSheaf, CheckSheaf}; };
  const System gnu_sort = {"GnuSort", Rows, RunGnuSort, CheckGnuSort};
  const System writer = {"SstFileWriter", Lists, RunSstFileWriter<1>, CheckSstFileWriter<1>};
  const System writer2 = {"SstFileWriter2", Lists, RunSstFileWriter<2>, CheckSstFileWriter<2>};

  for (const Shape& shape :
       {Shape{125, 256, true}, Shape{250, 256, true}, Shape{500, 256, true}, Shape{500, 2048, true},
        Shape{1000, 256, true}, Shape{2000, 256, true}, Shape{2000, 512, true}}) {
    Add("Unsorted", sheaf(Rows), shape);
    Add("Unsorted", gnu_sort, shape);
  }
  if (std::getenv("SHEAF_BENCH_LARGE") != nullptr) {
    Add("Unsorted", sheaf(Rows), {16000, 512, true});
  }
  const Shape few = {2000, 512, true, RowKeys::kFew};
  Add("Few", sheaf(Rows), few);
  Add("Few", gnu_sort, few);
  for (const Shape& shape :
       {Shape{500, 256, true, RowKeys::kUnique}, Shape{2000, 512, true, RowKeys::kUnique}}) {
    Add("Unique", sheaf(Rows), shape);
    Add("Unique", gnu_sort, shape);
  }
  for (const Shape& shape : {Shape{500, 256, false}, Shape{2000, 512, false}}) {
    Add("Sorted", sheaf(Sorted), shape);
    Add("Sorted", writer, shape);
    Add("Sorted", writer2, shape);
  }
  const Shape grouped = {500, 256, false};
  Add("Grouped", sheaf(Sorted), grouped);
  Add("Grouped", {"Ldb", Lines, RunLdb<true>, CheckLdb}, grouped);
  Add("Grouped", {"LdbNoWal", Lines, RunLdb<false>, CheckLdb}, grouped);
}

}  // namespace
}  // namespace bench
}  // namespace sheaf

int main(int argc, char** argv) {
  using sheaf::bench::LoadInput;
  std::vector<char*> rest;
  for (int i = 0; i < argc; ++i) {
    absl::string_view argument = argv[i];
    if (i != 0 && absl::ConsumePrefix(&argument, "--folder=")) {
      LoadInput::SetBase(std::string(argument));
    } else {
      rest.push_back(argv[i]);
    }
  }
  rest.push_back(nullptr);
  sheaf::bench::EndChildrenAtSignals();
  const int status = sheaf::bench::RunBenchmarks(static_cast<int>(rest.size()) - 1, rest.data(),
                                                 {"--benchmark_enable_random_interleaving=true"},
                                                 sheaf::bench::AddAll);
  LoadInput::RemoveAll();
  return sheaf::bench::Interrupted() ? 1 : status;
}
