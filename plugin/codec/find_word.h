// FindWord: looks for a word at equal distances, at the speed of memory where it can.
//
// Thread safety: a free function.

#ifndef SHEAF_PLUGIN_CODEC_FIND_WORD_H_
#define SHEAF_PLUGIN_CODEC_FIND_WORD_H_

#include <cstddef>
#include <cstdint>

namespace sheaf {
namespace internal {

// The least `i` for which the 8 bytes at `bytes + i * stride`, under `mask`, are `word`; or a
// smaller number; or `count`, if it is sure that there is none. Words may overlap.
// REQUIRES: all `count` words may be read; stride >= 1.
size_t FindWord(const char* bytes, size_t stride, size_t count, uint64_t mask, uint64_t word);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_FIND_WORD_H_
