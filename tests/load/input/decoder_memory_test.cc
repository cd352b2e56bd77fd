// Decompressing where the libraries have no memory for it: a message, and no crash.

#include <lz4frame.h>
#include <zstd.h>

#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tools/load/input/decoder.h"

// In the place of the libraries' own, in this program.
extern "C" ZSTD_DStream* ZSTD_createDStream() { return nullptr; }
extern "C" LZ4F_errorCode_t LZ4F_createDecompressionContext(LZ4F_dctx**, unsigned) {
  return static_cast<LZ4F_errorCode_t>(-9);
}

namespace sheaf {
namespace load {
namespace {

TEST(DecoderMemoryTest, NoContextIsAnError) {
  for (const std::string_view front :
       {std::string_view("\x28\xb5\x2f\xfd....", 8), std::string_view("\x04\x22\x4d\x18....", 8)}) {
    const std::unique_ptr<Decoder> decoder = DecoderOf(front);
    ASSERT_NE(decoder, nullptr);
    std::string_view in = front;
    char to[16];
    std::string error;
    EXPECT_EQ(decoder->Decode(&in, to, sizeof to, &error), 0u);
    EXPECT_EQ(error, "there is no memory to decompress it") << decoder->name();
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf
