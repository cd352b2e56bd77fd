// Decoder: decompresses a stream of one format, with the library of that format.
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

  // Decompresses the front of `*in` into `to`, which has `size` bytes. Removes what it read from
  // `*in`. Returns the bytes written. Sets `*error` if the content is damaged.
  virtual size_t Decode(std::string_view* in, char* to, size_t size, std::string* error) = 0;

  // True between frames (members of gzip): the input may end here.
  virtual bool at_frame_end() const = 0;
};

// The decoder for content that begins with `front`. Null if that is not compressed.
std::unique_ptr<Decoder> DecoderOf(std::string_view front);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_DECODER_H_
