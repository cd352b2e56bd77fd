// A frame, which is a row of the format `framed`: u32 key size, u32 value size, key, value. Numbers
// are little-endian, as on all machines that Sheaf runs on.
//
// Thread safety: free functions.

#ifndef SHEAF_TOOLS_LOAD_INPUT_FRAME_H_
#define SHEAF_TOOLS_LOAD_INPUT_FRAME_H_

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sheaf {
namespace load {

constexpr size_t kFrameHeaderBytes = 8;

inline uint32_t LoadU32(const char* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

inline uint64_t FrameKeySize(const char* frame) { return LoadU32(frame); }
inline uint64_t FrameValueSize(const char* frame) { return LoadU32(frame + 4); }

// Bytes of the frame at the front of `data`. 0 if it is not whole.
inline size_t FirstFrame(const char* data, size_t size) {
  if (size < kFrameHeaderBytes) return 0;
  const uint64_t bytes = kFrameHeaderBytes + FrameKeySize(data) + FrameValueSize(data);
  return bytes <= size ? bytes : 0;
}

// Bytes at the front of `data` that are whole frames.
inline size_t WholeFrames(const char* data, size_t size) {
  size_t whole = 0;
  while (const size_t bytes = FirstFrame(data + whole, size - whole)) whole += bytes;
  return whole;
}

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_FRAME_H_
