#include "tests/rocksdb/crash_kept_list.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace sheaf {
namespace testing {

void CrashKeptList::Note(const CrashEvent& event) {
  if (event.kind == CrashEvent::kTrimming) {
    trimming_ = event.position;
  } else if (event.kind == CrashEvent::kTrimmed) {
    first_ = std::max(first_, event.position);
    trimming_.reset();
  } else {
    ASSERT_EQ(event.kind, CrashEvent::kFound);
    const std::pair<int, uint64_t> value(event.thread, event.number);
    EXPECT_EQ(found_.emplace(event.position, value).first->second, value)
        << "another value was at position " << event.position << " of list " << event.list;
  }
}

void CrashKeptList::Check(const CrashList& list,
                          const std::array<uint64_t, kCrashThreads>& operations) {
  if (!trimming_.has_value() || list.first != std::max(first_, *trimming_)) {
    ASSERT_EQ(list.first, first_) << "where the list was trimmed";
  }
  first_ = list.first;
  trimming_.reset();
  found_.erase(found_.begin(), found_.lower_bound(first_));
  for (auto it = found_.begin(); it != found_.end();) {
    const auto& [position, value] = *it;
    const auto& [thread, number] = value;
    if (number >= operations[static_cast<size_t>(thread)]) {
      it = found_.erase(it);
      continue;
    }
    ASSERT_LT(position, list.end());
    ASSERT_EQ(list.values[position - first_], CrashValueOf(thread, number))
        << "at position " << position;
    ++it;
  }
}

}  // namespace testing
}  // namespace sheaf
