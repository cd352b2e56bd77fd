// FailuresOf: counts how often `checks` would fail the test, without failing it. For tests of
// checks that must fail if something is wrong on purpose.

#ifndef SHEAF_TESTS_SUPPORT_FAILURES_OF_H_
#define SHEAF_TESTS_SUPPORT_FAILURES_OF_H_

#include <functional>

#include "gtest/gtest-spi.h"
#include "gtest/gtest.h"

namespace sheaf {
namespace testing {

inline int FailuresOf(const std::function<void()>& checks) {
  using Reporter = ::testing::ScopedFakeTestPartResultReporter;
  ::testing::TestPartResultArray results;
  {
    const Reporter reporter(Reporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    checks();
  }
  int failures = 0;
  for (int i = 0; i < results.size(); ++i)
    failures += results.GetTestPartResult(i).failed() ? 1 : 0;
  return failures;
}

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_FAILURES_OF_H_
