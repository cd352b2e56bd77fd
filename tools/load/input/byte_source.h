// ByteSource: the bytes of a file, a pipe or stdin, decompressed if they are compressed.
//
// Thread safety: none, but file_bytes() may be called while another thread reads.
//
//   absl::StatusOr<std::unique_ptr<ByteSource>> source = ByteSource::Open("rows.tsv.gz");
//   char buffer[1 << 16];
//   for (;;) {
//     absl::StatusOr<size_t> got = (*source)->Read(buffer, sizeof buffer);
//     if (!got.ok() || *got == 0) break;
//   }

#ifndef SHEAF_TOOLS_LOAD_INPUT_BYTE_SOURCE_H_
#define SHEAF_TOOLS_LOAD_INPUT_BYTE_SOURCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sheaf {
namespace load {

class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // `path`: "-" is stdin. Content that begins as a gzip file, a zstd frame or an LZ4 frame is
  // decompressed, whatever the file's name is. Several frames in a row are one stream, as for their
  // own programs. Decompressing takes up to 128 MB of memory for zstd, 8 MB for LZ4.
  // Errors: NotFound, InvalidArgument (a directory) or Internal, naming the file and the reason.
  static absl::StatusOr<std::unique_ptr<ByteSource>> Open(const std::string& path);

  // Reads 1 to `n` bytes to `to`, fewer than `n` only before the end; 0 at the end. REQUIRES: n >
  // 0. Errors: InvalidArgument for an archive that is truncated or damaged, naming the file and the
  // place; Internal if reading fails; Cancelled if interrupted.
  virtual absl::StatusOr<size_t> Read(char* to, size_t n) = 0;

  // Passes over `bytes`, as if they had been read. Errors: as Read(); InvalidArgument if there are
  // fewer.
  virtual absl::Status Skip(uint64_t bytes) = 0;

  // The first kFrontBytes (tools/load/input/content_kind.h), decompressed. Fewer if there are
  // fewer.
  virtual std::string_view front() const = 0;
  // The last kTailBytes of a plain file. Empty if they cannot be known.
  virtual std::string_view tail() const = 0;

  // For messages: the path, or "stdin".
  virtual const std::string& name() const = 0;
  // Bytes read of the file itself so far, compressed as it is: for progress.
  virtual uint64_t file_bytes() const = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_BYTE_SOURCE_H_
