// SstBuilder: groups sorted rows into lists, and writes the lists to SSTs that a column family can
// ingest.
//
// A list that needs more than SstPlan::piece_bytes is never in memory as a whole. It is written in
// pieces: the first as usual, each further one as an operand of sheaf.append in a file of its own.
// Such files overlap, so all files have to be ingested in the order of written().files.
//
// With SstPlan::page_bytes, lists are long lists (docs/format.md): a list has no limit, as each
// page is written when it is full. What is left at the end becomes the open page. In a DB that has
// lists, pages follow what the list has, whose open page becomes a sealed one. What is less than a
// page is an operand of the open page.
//
// Ownership: borrows the plan. The files stay where they were written.
// Thread safety: none. Several builders may write to one folder, each with its own prefix. With
// SstPlan::large_list they take turns at large lists; then one thread makes all calls of a builder.
//
//   SstBuilder builder(plan, folder + "/0-");
//   absl::Status status = builder.Append(*rows, order);
//   if (status.ok()) status = builder.End();
//   if (status.ok()) ingest(builder.written().files);

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_SST_BUILDER_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_SST_BUILDER_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "plugin/codec/encoder.h"
#include "plugin/codec/stored_key.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tools/load/output/sst_files.h"
#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

// What a builder wrote.
struct RangeFiles {
  std::vector<SstFile> files;
  uint64_t keys = 0;
  uint64_t values = 0;
};

class SstBuilder {
 public:
  SstBuilder(const SstPlan& plan, std::string prefix);
  ~SstBuilder();

  // Adds all lists of `rows`. The last list may go on in the next call. Errors: those of `rows`;
  // ResourceExhausted, naming the key, for a list that is too large for RocksDB, for
  // SstPlan::list_bytes, or for memory if it cannot be written in pieces; Internal, naming the
  // file, if it cannot be written; Cancelled if interrupted.
  absl::Status Append(SortedRows& rows, const KeyOrder& order);
  // Adds a complete list. `blob` has `values` values, in BlobLayout() of the plan.
  // REQUIRES: no other call adds values of `key`. Errors: as Append().
  absl::Status AddList(std::string_view key, std::string_view blob, uint64_t values);
  // Adds some values of a list, which may go on in the next call. Errors: as Append().
  absl::Status AddPart(std::string_view key, BlobView values);
  // Finishes the last list and all files. Errors: as Append().
  absl::Status End();

  // Complete after End().
  const RangeFiles& written() const { return written_; }
  // Bytes of all files so far.
  uint64_t bytes() const { return files_.bytes(); }

 private:
  absl::Status BeginList(std::string_view key);
  // Bytes of the values in builder_ and their sizes.
  uint64_t ListBytes() const;
  absl::Status MakeRoom(size_t bytes, size_t values);
  absl::Status AddBody(std::string_view body);
  absl::Status CheckSize();
  absl::Status EndList();
  absl::Status CutPiece();
  absl::Status TooLarge(std::string_view why) const;
  absl::Status WritePiece();
  // Where the values of a long list go.
  enum class Target { kUnknown, kPages, kOpenPage };
  absl::Status FindTarget();
  absl::Status WritePage();
  absl::Status EndPages();
  // The key of a list, or of its open page.
  std::string_view ListKey();

  const SstPlan& plan_;
  SstFiles files_;
  RangeFiles written_;

  // The list that is being put together.
  bool in_list_ = false;
  std::string key_;
  std::unique_ptr<BlobBuilder> builder_;
  std::string blob_;
  uint64_t pieces_of_list_ = 0;
  internal::ListShape shape_;  // of the pieces that were written
  Target target_ = Target::kUnknown;
  std::optional<internal::StoredKey> stored_;  // of a long list
  uint64_t position_ = 0;                      // where its next page begins
  bool has_open_ = false;                      // the DB has an open page of it, which is to go
  std::unique_lock<std::mutex> large_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_SST_BUILDER_H_
