// Sums over the size header of a blob: what validation and random access spend their time on. One
// portable implementation; on x86-64 with AVX2 (found at run time) a faster one for sizes of one,
// two and eight bytes.

#ifndef SHEAF_PLUGIN_CODEC_SIZE_SUMS_H_
#define SHEAF_PLUGIN_CODEC_SIZE_SUMS_H_

#include <cstddef>
#include <cstdint>

namespace sheaf {
namespace internal {

// Sum of the `count` sizes of `width` (1, 2 or 4) bytes at `sizes`.
// REQUIRES: count <= 2^32, so that the sum cannot wrap.
uint64_t SumSizes(const char* sizes, size_t count, unsigned width);

// For `groups` groups of 64 sizes of `width` (1, 2 or 4) bytes each: adds all of them to `*total`
// and returns whether for each group k
//     checkpoint[k] - checkpoint[k - 1] == sum of group k      (modulo 2^32; checkpoint[-1] is 0).
// If so and `*total` starts at 0 and ends below 2^32, every checkpoint is right: the differences
// need no running sum, which is what lets them be checked side by side.
// REQUIRES: groups <= 2^26.
bool CheckGroups(const char* sizes, unsigned width, const char* checkpoints, size_t groups,
                 uint64_t* total);

// The portable implementation by itself, for tests to compare with.
bool CheckGroupsPortable(const char* sizes, unsigned width, const char* checkpoints, size_t groups,
                         uint64_t* total);

// Adds up `count` sizes of 8 bytes, of which none may be larger than `limit`. Returns `count` and
// sets `*total`, or returns the index of the first size that is larger.
// REQUIRES: limit < 2^32.
size_t SumFixed64(const char* sizes, size_t count, uint64_t limit, uint64_t* total);

// Where value `index` of a fixed64 list begins in its contents: the sum of the sizes before it.
// `sizes` are those of a blob that was checked.
uint64_t Fixed64Offset(const char* sizes, size_t index);

// Where value `index` of a non-uniform compact list begins in its contents.
// `sizes` are all sizes, `checkpoints` all checkpoints of a blob that was checked.
uint64_t CompactOffset(const char* sizes, unsigned width, const char* checkpoints, size_t index);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_SIZE_SUMS_H_
