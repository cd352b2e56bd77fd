// ASSERT_OK, EXPECT_OK: a Status of RocksDB or abseil is OK.
//
//   ASSERT_OK(db->Put(options, key, value));

#ifndef SHEAF_TESTS_SUPPORT_OK_H_
#define SHEAF_TESTS_SUPPORT_OK_H_

#include "gtest/gtest.h"

// With its text, if it is not.
#define EXPECT_OK(expr)                                                \
  do {                                                                 \
    const auto expect_ok_status = (expr);                              \
    EXPECT_TRUE(expect_ok_status.ok()) << expect_ok_status.ToString(); \
  } while (0)
#define ASSERT_OK(expr)                                                \
  do {                                                                 \
    const auto assert_ok_status = (expr);                              \
    ASSERT_TRUE(assert_ok_status.ok()) << assert_ok_status.ToString(); \
  } while (0)

#endif  // SHEAF_TESTS_SUPPORT_OK_H_
