// CrashKeptList: what a keeper of crash_writer has told of its long list: how it was trimmed, and
// where values are.
//
// Thread safety: none.

#ifndef SHEAF_TESTS_ROCKSDB_CRASH_KEPT_LIST_H_
#define SHEAF_TESTS_ROCKSDB_CRASH_KEPT_LIST_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "tests/rocksdb/crash_lists.h"
#include "tests/rocksdb/crash_workload.h"

namespace sheaf {
namespace testing {

class CrashKeptList {
 public:
  // kTrimming, kTrimmed or kFound. Fails the test if another value was at that position.
  void Note(const CrashEvent& event);

  bool is_trimming() const { return trimming_.has_value(); }

  // Fails the test if `list` is not trimmed as was told, or if values are at other positions. Goes
  // on from there. `operations`: how many each thread has done; others were lost.
  void Check(const CrashList& list, const std::array<uint64_t, kCrashThreads>& operations);

 private:
  uint64_t first_ = 0;                // it was trimmed before
  std::optional<uint64_t> trimming_;  // a trim before this was sent, and not acknowledged
  std::map<uint64_t, std::pair<int, uint64_t>> found_;  // by position: thread and number
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_CRASH_KEPT_LIST_H_
