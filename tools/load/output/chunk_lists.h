// ChunkLists: the lists of a chunk of sorted rows, encoded while the rows are parsed.
//
// The list of its first key may begin in a chunk before, and that of its last key may go on in a
// chunk behind. So both are given to an SstBuilder as pieces of a list.
//
// Thread safety: none.
//
//   ChunkLists lists(Layout::kCompact);
//   absl::Status status = parser.Parse(lists).status();
//   if (status.ok()) status = lists.Finish();
//   if (status.ok()) status = lists.AppendTo(&builder, 0, lists.size(), &rows, &values);

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_CHUNK_LISTS_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_CHUNK_LISTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "sheaf/blob_builder.h"
#include "sheaf/layout.h"
#include "tools/load/input/row_sink.h"
#include "tools/load/output/sst_builder.h"

namespace sheaf {
namespace load {

class ChunkLists final : public RowSink {
 public:
  explicit ChunkLists(Layout layout) : layout_(layout), builder_(layout) {}

  void Clear() {
    keys_.clear();
    blobs_.clear();
    lists_.clear();
  }

  // Errors: FailedPrecondition if the row is not in order; those of Finish().
  absl::Status Add(std::string_view key, absl::Span<const std::string_view> values) override;

  // Ends the last list. Errors: ResourceExhausted if its values are too large for a blob.
  absl::Status Finish();

  bool empty() const { return lists_.empty(); }
  size_t size() const { return lists_.size(); }
  std::string_view first_key() const { return Key(lists_.front()); }
  std::string_view last_key() const { return Key(lists_.back()); }

  // Gives the lists from `begin` on and before `end` to `builder`, and adds to the counts.
  // Errors: those of the builder. REQUIRES: Finish() succeeded.
  absl::Status AppendTo(SstBuilder* builder, size_t begin, size_t end, uint64_t* rows,
                        uint64_t* values) const;

 private:
  struct List {
    size_t key_offset;
    size_t key_size;
    size_t offset;  // in blobs_
    size_t size;
    uint64_t values;
    uint64_t rows;
  };

  std::string_view Key(const List& list) const {
    return std::string_view(keys_).substr(list.key_offset, list.key_size);
  }

  const Layout layout_;
  BlobBuilder builder_;
  std::string blob_;
  std::string keys_;
  std::string blobs_;
  std::vector<List> lists_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_CHUNK_LISTS_H_
