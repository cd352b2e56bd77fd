// Sums over the sizes in a blob's header. Validation and access by index spend their time here.
//
// There is a portable implementation. For sizes of one, two and eight bytes there is also a faster
// one for x86-64 with AVX2, which is chosen at run time.
//
// Thread safety: free functions, which borrow their arguments.

#ifndef SHEAF_PLUGIN_CODEC_SIZE_SUMS_H_
#define SHEAF_PLUGIN_CODEC_SIZE_SUMS_H_

#include <cstddef>
#include <cstdint>

namespace sheaf {
namespace internal {

// The sum of the `count` sizes of `width` (1, 2 or 4) bytes at `sizes`.
// REQUIRES: count <= 2^32, so that the sum cannot wrap.
uint64_t SumSizes(const char* sizes, size_t count, unsigned width);

// Checks the checkpoints of `groups` groups, each of 64 sizes of `width` (1, 2 or 4) bytes. Adds
// all sizes to `*total`. Returns whether for each group k
//     checkpoint[k] - checkpoint[k - 1] == sum of group k      (modulo 2^32; checkpoint[-1] is 0).
// If that is true, and `*total` was 0 and is now less than 2^32, then every checkpoint is right.
// (The differences need no running sum, so several groups are checked at once.)
// REQUIRES: groups <= 2^26.
bool CheckGroups(const char* sizes, unsigned width, const char* checkpoints, size_t groups,
                 uint64_t* total);

// The portable implementation of CheckGroups, for tests to compare with.
bool CheckGroupsPortable(const char* sizes, unsigned width, const char* checkpoints, size_t groups,
                         uint64_t* total);

// Adds up `count` sizes of 8 bytes. If none is larger than `limit`, sets `*total` to the sum and
// returns `count`. Else returns the index of the first one that is larger.
// REQUIRES: limit < 2^32.
size_t SumFixed64(const char* sizes, size_t count, uint64_t limit, uint64_t* total);

// Where value `index` of a fixed64 list begins in its contents: the sum of the sizes before it.
// REQUIRES: `sizes` are those of a blob that was checked.
uint64_t Fixed64Offset(const char* sizes, size_t index);

// Where value `index` of a compact list begins in its contents.
// REQUIRES: `sizes` are all sizes and `checkpoints` all checkpoints of a blob that was checked and
// is not uniform; index is less than the number of values.
uint64_t CompactOffset(const char* sizes, unsigned width, const char* checkpoints, size_t index);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_SIZE_SUMS_H_
