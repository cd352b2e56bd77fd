#include "tools/bench/sst_writers.h"

#include <time.h>  // clock_gettime

#include <chrono>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/options.h"
#include "rocksdb/sst_file_writer.h"
#include "tools/bench/load_input.h"

namespace sheaf {
namespace bench {
namespace {

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

rocksdb::Status WriteSst(std::string_view lists, const std::string& path) {
  const rocksdb::Options options;
  // As in sheaf load: the file is read again soon.
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(options), options, /*column_family=*/nullptr,
                                /*invalidate_page_cache=*/false);
  rocksdb::Status status = writer.Open(path);
  std::string_view key, blob;
  while (status.ok() && NextList(&lists, &key, &blob)) status = writer.Put(key, blob);
  return status.ok() ? writer.Finish() : status;
}

}  // namespace

absl::StatusOr<ChildUsage> WriteSsts(std::string_view lists,
                                     const std::vector<std::string>& paths) {
  std::vector<std::string_view> parts;
  std::string_view rest = lists, key, blob;
  for (size_t part = 1; part < paths.size(); ++part) {
    const std::string_view begin = rest;
    const size_t end = lists.size() * part / paths.size();
    while (lists.size() - rest.size() < end && NextList(&rest, &key, &blob)) {
    }
    parts.push_back(begin.substr(0, begin.size() - rest.size()));
  }
  parts.push_back(rest);

  std::vector<rocksdb::Status> statuses(paths.size());
  const double cpu = CpuSeconds();
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (size_t part = 0; part < paths.size(); ++part) {
    threads.emplace_back([&, part] { statuses[part] = WriteSst(parts[part], paths[part]); });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  for (size_t part = 0; part < paths.size(); ++part) {
    if (!statuses[part].ok()) {
      return absl::InternalError(absl::StrCat(paths[part], ": ", statuses[part].ToString()));
    }
  }
  ChildUsage usage;
  usage.wall_seconds = wall.count();
  usage.cpu_seconds = CpuSeconds() - cpu;
  return usage;
}

}  // namespace bench
}  // namespace sheaf
