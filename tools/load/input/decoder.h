// Decoder: decompresses one format, as it comes, with the library of that format.
//
// Thread safety: none.

#ifndef SHEAF_TOOLS_LOAD_INPUT_DECODER_H_
#define SHEAF_TOOLS_LOAD_INPUT_DECODER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sheaf {
namespace load {

class Decoder {
 public:
  virtual ~Decoder() = default;

  // For messages: "gzip".
  virtual const char* name() const = 0;

  // Decompresses from the front of `*in` to `to`, of `size` bytes, and advances `*in` past what it
  // took. Returns the bytes written. On damage sets `*error` to what is wrong.
  virtual size_t Decode(std::string_view* in, char* to, size_t size, std::string* error) = 0;

  // Between frames (members of gzip): the input may end here.
  virtual bool at_frame_end() const = 0;
};

// The decoder for content that begins with `front`; null if it is not compressed.
std::unique_ptr<Decoder> DecoderOf(std::string_view front);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_DECODER_H_
