// FlatBuffers: a vector of strings, verified and then visited in its place.
//
// RocksDB does not align values, so integers are read at any alignment, which x86-64 allows.
// Elsewhere a user has to copy the value first.

#ifndef SHEAF_TOOLS_BENCH_FLAT_BUFFERS_FORMAT_H_
#define SHEAF_TOOLS_BENCH_FLAT_BUFFERS_FORMAT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench/byte_list_generated.h"
#include "tools/bench/encoding.h"

namespace sheaf {
namespace bench {

struct FlatBuffersFormat : Unmerged {
  static constexpr const char* kName = "flat_buffers";
  static std::string Encode(const Values& values) {
    flatbuffers::FlatBufferBuilder builder;
    std::vector<flatbuffers::Offset<flatbuffers::String>> strings;
    strings.reserve(values.size());
    for (const std::string_view value : values) {
      strings.push_back(builder.CreateString(value.data(), value.size()));
    }
    builder.Finish(fb::CreateByteList(builder, builder.CreateVector(strings)));
    return std::string(reinterpret_cast<const char*>(builder.GetBufferPointer()),
                       builder.GetSize());
  }
  template <typename Visit>
  bool ForEach(std::string_view bytes, Visit&& visit) {
    const auto* const data = reinterpret_cast<const uint8_t*>(bytes.data());
    flatbuffers::Verifier verifier(data, bytes.size());
    if (!fb::VerifyByteListBuffer(verifier)) return false;
    const auto* const values = fb::GetByteList(data)->values();
    if (values == nullptr) return true;
    for (const flatbuffers::String* const value : *values) {
      visit(std::string_view(value->c_str(), value->size()));
    }
    return true;
  }
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_FLAT_BUFFERS_FORMAT_H_
