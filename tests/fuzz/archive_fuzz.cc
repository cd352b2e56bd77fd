// Any bytes at all, as a file that may be compressed: it is read or refused with its name, and in
// whatever pieces it is read, to the same bytes. And any bytes, compressed here by each library:
// they come back, and a cut archive is refused.

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "tools/load/input/byte_source.h"
#include "tools/load/input/decoder.h"

namespace sheaf {
namespace load {
namespace {

using fuzz::Check;

// An archive may hold a thousand times its size; more than this is not looked at.
constexpr size_t kMost = size_t{1} << 20;

struct Content {
  std::string bytes;
  std::string error;
};

Content ReadFile(std::string_view file, size_t piece) {
  static fuzz::MemoryFile& memory = *new fuzz::MemoryFile();
  memory.Write(file);
  Content content;
  absl::StatusOr<std::unique_ptr<ByteSource>> source = ByteSource::Open(memory.path());
  if (!source.ok()) return {"", std::string(source.status().message())};
  std::string buffer(piece, '\0');
  while (content.bytes.size() < kMost) {
    const absl::StatusOr<size_t> got = (*source)->Read(buffer.data(), buffer.size());
    if (!got.ok()) {
      content.error = std::string(got.status().message());
      break;
    }
    Check(*got <= buffer.size(), "no more is read than there is room for");
    if (*got == 0) break;
    content.bytes.append(buffer, 0, *got);
  }
  if (!content.error.empty()) {
    Check(content.error.find(memory.path()) == 0, "an error names its file", content.error);
  }
  return content;
}

void CheckAnyFile(std::string_view file) {
  const Content whole = ReadFile(file, kMost);
  if (whole.bytes.size() >= kMost) return;
  const Content pieces = ReadFile(file, 7);
  // What was decompressed before the damage may be given out or not.
  const size_t both = std::min(whole.bytes.size(), pieces.bytes.size());
  Check(whole.bytes.compare(0, both, pieces.bytes, 0, both) == 0, "pieces are as the whole");
  Check(whole.error.empty() == pieces.error.empty(), "pieces fail as the whole does",
        whole.error + pieces.error);
  if (whole.error.empty()) Check(both == whole.bytes.size(), "pieces are the whole");
}

std::string Compress(int kind, std::string_view bytes) {
  std::string out(compressBound(bytes.size()) + 1024, '\0');
  size_t size = 0;
  if (kind == 0) {
    z_stream stream = {};
    Check(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib");
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    Check(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib compresses");
    size = out.size() - stream.avail_out;
    deflateEnd(&stream);
  } else if (kind == 1) {
    size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1);
    Check(!ZSTD_isError(size), "zstd compresses");
  } else {
    size = LZ4F_compressFrame(out.data(), out.size(), bytes.data(), bytes.size(), nullptr);
    Check(!LZ4F_isError(size), "LZ4 compresses");
  }
  out.resize(size);
  return out;
}

void CheckArchive(int kind, std::string_view bytes, size_t cut) {
  const std::string archive = Compress(kind, bytes);
  Check(DecoderOf(archive) != nullptr, "an archive is known by its front");
  const Content content = ReadFile(archive + archive, 1000);
  Check(content.error.empty(), "an archive is read", content.error);
  Check(content.bytes == std::string(bytes) + std::string(bytes), "two archives are one stream");
  cut = 4 + cut % (archive.size() - 4);
  const Content part = ReadFile(std::string_view(archive).substr(0, cut), 1000);
  Check(!part.error.empty(), "a cut archive is refused");
  Check(bytes.substr(0, part.bytes.size()) == part.bytes, "what is before the cut is right");
}

}  // namespace
}  // namespace load
}  // namespace sheaf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  sheaf::load::CheckAnyFile(bytes);
  // Compressing takes ten times as long as reading: one input in eight, by its bytes.
  sheaf::fuzz::Input input(data, size);
  const unsigned first = input.Byte();
  if (first % 8 == 0) sheaf::load::CheckArchive(first / 8 % 3, input.Rest(), first * 37 + size);
  return 0;
}
