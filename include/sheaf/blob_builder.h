// BlobBuilder: collects values and encodes them as one blob.
//
// Like protobuf's repeated field, but no value is an object of its own: contents go into one
// buffer, sizes into one array. If all values are at hand, take Encode() below: one allocation, and
// no buffer between.
//
// Ownership: Add() copies. The value may go as soon as it returns.
// Thread safety: none; one thread at a time.
//
//   sheaf::BlobBuilder builder;
//   for (const Event& event : events) builder.Add(event.Serialized());
//   std::string blob;
//   absl::Status status = builder.Finish(&blob);

#ifndef SHEAF_BLOB_BUILDER_H_
#define SHEAF_BLOB_BUILDER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sheaf/blob_view.h"
#include "sheaf/layout.h"
#include "sheaf/value_list.h"

namespace sheaf {

class BlobBuilder {
 public:
  // Of no values. The blob will have this layout.
  explicit BlobBuilder(Layout layout = Layout::kCompact) : layout_(layout) {}

  // Makes room for `values` values of `bytes` bytes in all, on top of what is there.
  void Reserve(size_t values, size_t bytes);

  // Appends a copy of `value`. A value past 4 GiB - 1 bytes makes Finish() fail.
  void Add(std::string_view value);
  void Add(internal::TwoLiterals) = delete;  // one value a call

  // Appends copies of all values of a list, of any layout: one copy of its contents.
  void AddAll(BlobView values);

  // Number of values added.
  [[nodiscard]] size_t size() const { return sizes_.size(); }

  // Bytes of all values added, without the header.
  [[nodiscard]] size_t contents_bytes() const { return contents_.size(); }

  // Replaces `*out` with the blob. Whatever the outcome, the builder is empty afterwards and can be
  // used again. It keeps its memory.
  //
  // Errors: absl::StatusCode::kResourceExhausted if a value has more than 4 GiB - 1 bytes or, in
  // layout `kCompact`, all values together do; `*out` is then empty.
  [[nodiscard]] absl::Status Finish(std::string* out);

 private:
  Layout layout_;
  std::vector<uint32_t> sizes_;
  std::string contents_;
  uint64_t oversized_ = 0;  // size of the first value that no layout can hold, or 0
};

// Encodes `values` as one blob; each byte is written once. Errors: as BlobBuilder::Finish.
[[nodiscard]] absl::StatusOr<std::string> Encode(const ValueList& values,
                                                 Layout layout = Layout::kCompact);

}  // namespace sheaf

#endif  // SHEAF_BLOB_BUILDER_H_
