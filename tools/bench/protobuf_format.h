// Protocol Buffers: `repeated bytes`.

#ifndef SHEAF_TOOLS_BENCH_PROTOBUF_FORMAT_H_
#define SHEAF_TOOLS_BENCH_PROTOBUF_FORMAT_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "google/protobuf/arena.h"
#include "tools/bench/byte_list.pb.h"
#include "tools/bench/encoding.h"

namespace sheaf {
namespace bench {

template <typename Visit>
bool ParseAndVisit(std::string_view bytes, pb::ByteList* list, Visit&& visit) {
  if (!list->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  for (const std::string& value : list->values()) visit(std::string_view(value));
  return true;
}

// A message on an arena, which is reset after each list. The arena's first block has room for the
// longest list so far, so that a list takes no other. The bytes of a value that is longer than
// std::string itself are on the heap all the same.
class ProtobufFormat : public Unmerged {
 public:
  static constexpr const char* kName = "protobuf";
  static std::string Encode(const Values& values) {
    pb::ByteList list;
    for (const std::string_view value : values) list.add_values(value.data(), value.size());
    return list.SerializeAsString();
  }

  template <typename Visit>
  bool ForEach(std::string_view bytes, Visit&& visit) {
    auto* const list = google::protobuf::Arena::CreateMessage<pb::ByteList>(arena_.get());
    const bool parsed = ParseAndVisit(bytes, list, visit);
    const size_t used = arena_->SpaceAllocated();
    arena_->Reset();
    if (used > block_size_) Grow(used);
    return parsed;
  }

 private:
  void Grow(size_t size) {
    arena_.reset();  // before its block
    block_size_ = size;
    block_.reset(new char[size]);
    google::protobuf::ArenaOptions options;
    options.initial_block = block_.get();
    options.initial_block_size = size;
    arena_ = std::make_unique<google::protobuf::Arena>(options);
  }

  size_t block_size_ = 0;
  std::unique_ptr<char[]> block_;
  std::unique_ptr<google::protobuf::Arena> arena_ = std::make_unique<google::protobuf::Arena>();
};

// One message for all lists: it keeps its strings, so that in the end nothing is allocated. One
// list can be held at a time.
class ReusedProtobufFormat : public ProtobufFormat {
 public:
  template <typename Visit>
  bool ForEach(std::string_view bytes, Visit&& visit) {
    return ParseAndVisit(bytes, &list_, visit);
  }

 private:
  pb::ByteList list_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_PROTOBUF_FORMAT_H_
