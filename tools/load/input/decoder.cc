#include "tools/load/input/decoder.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "tools/load/input/frame.h"

namespace sheaf {
namespace load {
namespace {

constexpr uint32_t kZstdMagic = 0xFD2FB528;
constexpr uint32_t kLz4Magic = 0x184D2204;

constexpr char kNoMemory[] = "there is no memory to decompress it";

// Frames that zstd and LZ4 pass over: this with any lowest four bits, then a size.
bool IsSkippable(uint32_t magic) { return (magic & 0xFFFFFFF0) == 0x184D2A50; }

bool IsGzip(std::string_view front) {
  return front.size() >= 3 && front.substr(0, 3) == "\x1f\x8b\x08";
}

class GzipDecoder final : public Decoder {
 public:
  GzipDecoder() { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }
  ~GzipDecoder() override {
    if (ready_) inflateEnd(&stream_);
  }

  const char* name() const override { return "gzip"; }
  bool at_frame_end() const override { return at_end_; }

  size_t Decode(std::string_view* in, char* to, size_t size, std::string* error) override {
    if (!ready_) {
      *error = kNoMemory;
      return 0;
    }
    if (at_end_ && members_ != 0) {
      // gzip pads with zeros to the size of a tape's block.
      const size_t begin = std::min(in->find_first_not_of('\0'), in->size());
      padded_ = padded_ || begin != 0;
      in->remove_prefix(begin);
      if (in->empty()) return 0;
      if (padded_ || in->front() != '\x1f') {
        *error = "expected a gzip member or the end, found other bytes";
        return 0;
      }
      inflateReset(&stream_);
    }
    at_end_ = false;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in->data()));
    stream_.avail_in = static_cast<uInt>(in->size());
    stream_.next_out = reinterpret_cast<Bytef*>(to);
    stream_.avail_out = static_cast<uInt>(std::min<size_t>(size, 1 << 30));
    const uInt had = stream_.avail_out;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    in->remove_prefix(in->size() - stream_.avail_in);
    if (result == Z_STREAM_END) {
      at_end_ = true;
      ++members_;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      *error = stream_.msg != nullptr ? stream_.msg : "damaged data";
    }
    return had - stream_.avail_out;
  }

 private:
  z_stream stream_ = {};
  bool ready_ = false;
  bool at_end_ = false;
  bool padded_ = false;
  uint64_t members_ = 0;
};

class ZstdDecoder final : public Decoder {
 public:
  ZstdDecoder() : stream_(ZSTD_createDStream()) {}
  ~ZstdDecoder() override { ZSTD_freeDStream(stream_); }

  const char* name() const override { return "zstd"; }
  bool at_frame_end() const override { return at_end_; }

  size_t Decode(std::string_view* in, char* to, size_t size, std::string* error) override {
    if (stream_ == nullptr) {
      *error = kNoMemory;
      return 0;
    }
    ZSTD_inBuffer from = {in->data(), in->size(), 0};
    ZSTD_outBuffer out = {to, size, 0};
    const size_t left = ZSTD_decompressStream(stream_, &out, &from);
    in->remove_prefix(from.pos);
    if (ZSTD_isError(left)) {
      *error = ZSTD_getErrorName(left);
      if (ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge) {
        absl::StrAppend(error,
                        "; its window is larger than 128 MB: zstd -d --long=31 -c FILE | ...");
      }
    } else {
      // After a frame, nothing is left of it; asked again it expects the header of the next.
      if (left == 0) {
        at_end_ = true;
      } else if (from.pos != 0 || out.pos != 0) {
        at_end_ = false;
      }
    }
    return out.pos;
  }

 private:
  ZSTD_DStream* const stream_;
  bool at_end_ = false;
};

class Lz4Decoder final : public Decoder {
 public:
  Lz4Decoder() {
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context_, LZ4F_VERSION))) context_ = nullptr;
  }
  ~Lz4Decoder() override { LZ4F_freeDecompressionContext(context_); }

  const char* name() const override { return "lz4"; }
  bool at_frame_end() const override { return at_end_; }

  size_t Decode(std::string_view* in, char* to, size_t size, std::string* error) override {
    if (context_ == nullptr) {
      *error = kNoMemory;
      return 0;
    }
    size_t taken = in->size();
    size_t written = size;
    const size_t left = LZ4F_decompress(context_, to, &written, in->data(), &taken, nullptr);
    if (LZ4F_isError(left)) {
      *error = LZ4F_getErrorName(left);
      return 0;
    }
    in->remove_prefix(taken);
    if (left == 0) {
      at_end_ = true;
    } else if (taken != 0 || written != 0) {
      at_end_ = false;
    }
    return written;
  }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool at_end_ = false;
};

}  // namespace

std::unique_ptr<Decoder> DecoderOf(std::string_view front) {
  if (IsGzip(front)) return std::make_unique<GzipDecoder>();
  // Both know frames that are passed over: what follows tells them apart, as far as it is there.
  bool skippable = false;
  while (front.size() >= 4) {
    const uint32_t magic = LoadU32(front.data());
    if (magic == kZstdMagic) return std::make_unique<ZstdDecoder>();
    if (magic == kLz4Magic) return std::make_unique<Lz4Decoder>();
    if (!IsSkippable(magic)) return nullptr;
    skippable = true;
    if (front.size() < 8 || front.size() - 8 < LoadU32(front.data() + 4)) break;
    front.remove_prefix(8 + size_t{LoadU32(front.data() + 4)});
  }
  if (!skippable) return nullptr;
  return std::make_unique<ZstdDecoder>();
}

}  // namespace load
}  // namespace sheaf
