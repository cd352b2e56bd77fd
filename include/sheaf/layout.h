// How a blob is laid out: the choice of layout, and the constants of the disk.
//
// A blob does not say which layout it has: its reader does. A column family keeps its layout as the
// option `layout` of its merge operator (see sheaf/append_operator.h).
//
// docs/format.md is the specification; each constant below names its section there.

#ifndef SHEAF_LAYOUT_H_
#define SHEAF_LAYOUT_H_

#if __cplusplus < 201703L
#error "Sheaf needs C++17 or later. With Bazel, in .bazelrc: build --cxxopt=-std=c++17"
#endif

#include <cstddef>
#include <cstdint>

namespace sheaf {

// The layouts of a blob.
enum class Layout : uint8_t {
  // u64 length, u64 count, u64 sizes, contents. Keeps each *size* as a 64-bit integer. The name
  // says nothing of the values, which have any sizes (sheaf/typed_list.h is for values of 64 bits).
  // Like `kCompact`, but readable by any program that knows eight-byte integers, self-delimiting in
  // a stream, and 8 bytes a value larger; access by index is a running sum.
  kFixed64,
  // tag, varint count, sizes of 1, 2 or 4 bytes (one for all where all are equal), checkpoints,
  // contents. The layout to choose: small, O(1) by index. Default everywhere.
  kCompact,
};

// "fixed64" (64-bit sizes, values of any size) or "compact": the names used in options strings, by
// the tool and in documents.
[[nodiscard]] constexpr const char* LayoutName(Layout layout) {
  return layout == Layout::kFixed64 ? "fixed64" : "compact";
}

// Constants of the disk. Never renumber, never reuse.
namespace disk {

// docs/format.md, "compact": the tag's upper four bits, and what the lower four mean.
constexpr uint8_t kCompactTag = 0xB0;
constexpr uint8_t kCompactTagMask = 0xF8;  // bits 7..4 are 1011, bit 3 is 0
constexpr uint8_t kUniformBit = 0x04;
constexpr uint8_t kLog2WidthMask = 0x03;  // 0, 1 or 2; 3 is reserved
constexpr uint8_t kMaxLog2Width = 2;

// docs/format.md, "operands" and "bundles": the other tags.
constexpr uint8_t kEditTag = 0xA0;  // plus one of:
constexpr uint8_t kClearEdit = 0;
constexpr uint8_t kKeepFirstEdit = 1;
constexpr uint8_t kKeepLastEdit = 2;
constexpr uint8_t kRemoveEdit = 3;
constexpr uint8_t kBatchEdit = 4;
constexpr uint8_t kDropFirstEdit = 5;
constexpr uint8_t kRemovePrefixEdit = 6;
constexpr uint8_t kEditTagMask = 0xF0;
constexpr uint8_t kBundleTag = 0xB8;

// docs/format.md, "compact": one checkpoint a group of values.
constexpr size_t kGroupValues = 64;
constexpr size_t kCheckpointBytes = 4;
constexpr uint64_t kMaxCompactContents = 0xFFFFFFFF;
constexpr uint64_t kMaxCompactCount = 0xFFFFFFFF;

// RocksDB's own limit on what it keeps under a key.
constexpr uint64_t kMaxRocksDbValue = 0xFFFFFFFF;

// docs/format.md, "operands": the largest value that a remove names, with its tag and size.
constexpr uint64_t kMaxOperandValue = kMaxRocksDbValue - 6;

// docs/format.md, "values": the largest value in either layout.
constexpr uint64_t kMaxValueBytes = 0xFFFFFFFF;

// docs/format.md, "fixed64": each size is a 64-bit integer.
constexpr size_t kFixed64HeaderBytes = 16;  // total_length and count
constexpr size_t kFixed64SizeBytes = 8;

}  // namespace disk
}  // namespace sheaf

#endif  // SHEAF_LAYOUT_H_
