// What the codec allocates: one block for a list, and nothing for a value, a view or a slice.

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/cord.h"
#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "sheaf/pinned_blob.h"
#include "tests/codec/lists.h"
#include "tests/support/counting_new.h"

namespace sheaf {
namespace {

using test::AllocationCount;

class AllocationTest : public ::testing::TestWithParam<Layout> {
 protected:
  void SetUp() override {
    if (!test::CountsAllocations()) GTEST_SKIP() << "allocations are not counted here";
  }

  static constexpr size_t kValues = 1000;
  const reference::Values values_ = test::ListOfSizes(std::vector<size_t>(kValues, 50));
  const std::string encoded_ =
      reference::Encode(values_, GetParam() == Layout::kFixed64 ? reference::Form::kFixed64
                                                                : reference::Form::kCompact);
};

INSTANTIATE_TEST_SUITE_P(Layouts, AllocationTest,
                         ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         test::LayoutTestName());

// The ruler: without it, a count of 0 would prove nothing.
TEST_P(AllocationTest, EveryKindOfNewIsCounted) {
  struct alignas(64) Aligned {
    char bytes[64];
  };
  AllocationCount count;
  void* volatile one = ::operator new(8);
  ::operator delete(one);
  Aligned* volatile aligned = new Aligned;
  delete aligned;
  char* volatile array = new char[100];
  delete[] array;
  EXPECT_EQ(count.so_far(), 3u);
  EXPECT_EQ(count.bytes_so_far(), 172u);
}

TEST_P(AllocationTest, ParsingAndReadingAllocateNothing) {
  AllocationCount count;
  const absl::StatusOr<BlobView> view = BlobView::Parse(encoded_, GetParam());
  size_t bytes = 0;
  for (const std::string_view value : *view) bytes += value.size();
  view->ForEach([&bytes](std::string_view value) { bytes += value.size(); });
  for (size_t i = 0; i < view->size(); ++i) bytes += (*view)[i].size() + view->At(i)->size();
  EXPECT_EQ(count.so_far(), 0u);
  EXPECT_EQ(bytes, 4 * 50 * kValues);
}

TEST_P(AllocationTest, ViewsAreOneAllocation) {
  const absl::StatusOr<BlobView> view = BlobView::Parse(encoded_, GetParam());
  AllocationCount count;
  const std::vector<std::string_view> views = view->Views();
  EXPECT_EQ(count.so_far(), 1u);
  EXPECT_EQ(count.bytes_so_far(), 16 * kValues);
}

TEST_P(AllocationTest, AStringBecomesABlockInOneAllocation) {
  std::string encoded = encoded_;
  AllocationCount count;
  const absl::StatusOr<PinnedBlob> blob = PinnedBlob::FromString(std::move(encoded), GetParam());
  EXPECT_EQ(count.so_far(), 1u);
  EXPECT_LT(count.bytes_so_far(), 100u) << "the block, not the bytes";
}

TEST_P(AllocationTest, AFlatCordBecomesABlockInOneAllocation) {
  const absl::Cord cord{std::string(encoded_)};
  AllocationCount count;
  const absl::StatusOr<PinnedBlob> blob = PinnedBlob::FromCord(cord, GetParam());
  EXPECT_EQ(count.so_far(), 1u);
  EXPECT_LT(count.bytes_so_far(), 100u) << "the block, not the bytes";
}

TEST_P(AllocationTest, AFragmentedCordBecomesABlockInOneAllocation) {
  absl::Cord cord{encoded_.substr(0, 20000)};
  cord.Append(std::string(encoded_.substr(20000)));
  ASSERT_FALSE(cord.TryFlat().has_value());
  AllocationCount count;
  const absl::StatusOr<PinnedBlob> blob = PinnedBlob::FromCord(cord, GetParam());
  EXPECT_EQ(count.so_far(), 1u);
  EXPECT_LT(count.bytes_so_far(), encoded_.size() + 100) << "the block and the bytes";
}

TEST_P(AllocationTest, ExternalBytesBecomeABlockInOneAllocation) {
  AllocationCount count;
  const absl::StatusOr<PinnedBlob> blob = PinnedBlob::FromExternal(encoded_, nullptr, GetParam());
  EXPECT_EQ(count.so_far(), 1u);
  EXPECT_LT(count.bytes_so_far(), 100u) << "the block, not the bytes";
}

TEST_P(AllocationTest, SlicesOfAValueAllocateNothing) {
  const PinnedBlob blob = PinnedBlob::FromString(encoded_, GetParam()).value();
  AllocationCount count;
  size_t bytes = 0;
  for (size_t i = 0; i < kValues; ++i) {
    PinnedSlice slice = blob.Slice(i);
    const PinnedSlice copy = slice;
    const PinnedSlice part = slice.Subslice(5, 5);
    const PinnedSlice tail = slice.Split(10);
    const PinnedSlice moved = std::move(slice);
    const PinnedSlice nothing = tail.Subslice(0, 0).Detach();
    bytes += copy.size() + part.size() + tail.size() + moved.size() + nothing.size();
  }
  EXPECT_EQ(count.so_far(), 0u);
  EXPECT_EQ(bytes, kValues * (50 + 5 + 40 + 10));
}

TEST_P(AllocationTest, AllSlicesAreOneAllocation) {
  const PinnedBlob blob = PinnedBlob::FromString(encoded_, GetParam()).value();
  AllocationCount count;
  const std::vector<PinnedSlice> slices = blob.Slices();
  EXPECT_EQ(count.so_far(), 1u);
  EXPECT_EQ(count.bytes_so_far(), 24 * kValues);
}

TEST_P(AllocationTest, CopiesAndMovesOfABlobAllocateNothing) {
  PinnedBlob blob = PinnedBlob::FromString(encoded_, GetParam()).value();
  AllocationCount count;
  PinnedBlob copy = blob;
  PinnedBlob moved = std::move(blob);
  copy = moved;
  EXPECT_EQ(count.so_far(), 0u);
}

TEST_P(AllocationTest, DetachIsOneAllocationOfItsSize) {
  const PinnedBlob blob = PinnedBlob::FromString(encoded_, GetParam()).value();
  const PinnedSlice slice = blob.Slice(0);
  AllocationCount count;
  const PinnedSlice own = slice.Detach();
  EXPECT_EQ(count.so_far(), 1u);
  EXPECT_LE(count.bytes_so_far(), 50u + 16u);
}

TEST_P(AllocationTest, EncodeAllocatesOnce) {
  const std::vector<std::string_view> views(values_.begin(), values_.end());
  AllocationCount count;
  const absl::StatusOr<std::string> blob = Encode(views, GetParam());
  EXPECT_EQ(count.so_far(), 1u);
  EXPECT_EQ(*blob, encoded_);
}

}  // namespace
}  // namespace sheaf
