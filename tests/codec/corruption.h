// What each test of a way to fail asserts.

#ifndef SHEAF_TESTS_CODEC_CORRUPTION_H_
#define SHEAF_TESTS_CODEC_CORRUPTION_H_

#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sheaf/blob_view.h"
#include "tests/codec/differential.h"

namespace sheaf {
namespace test {

// `status` is DataLoss, and its message has each of `parts`.
inline void ExpectDataLoss(const absl::Status& status, std::initializer_list<const char*> parts) {
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  for (const char* part : parts) {
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(part));
  }
}

// `bytes` are refused as a whole blob, for the reason that `parts` of the message give: the field,
// its offset, what was found and what was expected. The reference codec refuses them too.
inline void ExpectCorrupt(std::string_view bytes, Layout layout,
                          std::initializer_list<const char*> parts) {
  EXPECT_FALSE(reference::Decode(bytes, FormOf(layout)).has_value());
  ExpectDataLoss(BlobView::Parse(bytes, layout).status(), parts);
}

// The same, and as the beginning of a stream.
inline void ExpectCorruptAnywhere(std::string_view bytes, Layout layout,
                                  std::initializer_list<const char*> parts) {
  ExpectCorrupt(bytes, layout, parts);
  std::string_view input = bytes;
  ExpectDataLoss(BlobView::ParsePrefix(&input, layout).status(), parts);
  EXPECT_EQ(input.data(), bytes.data());
  EXPECT_EQ(input.size(), bytes.size());
}

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_CODEC_CORRUPTION_H_
