// SstBuilder: groups sorted rows into lists and writes these as SSTs that a column family can
// ingest.
//
// A list whose values and their sizes come to more than SstPlan::piece_bytes is never in memory as
// a whole: it is written in pieces, each an operand of sheaf.append in a file of its own, behind
// the first. Such files overlap, and have to be ingested in the order of files().
//
// Ownership: the files stay where they were written; who made the folder removes it.
// Thread safety: one builder a thread; several may write into one folder, each under its own
// prefix. SstPlan::large_list makes them take turns at large lists, and is for builders that one
// thread calls from the first call to the last.
//
//   SstBuilder builder(plan, folder + "/0-");
//   absl::Status status = builder.Append(*rows, order);
//   if (status.ok()) status = builder.End();
//   ingest(builder.written().files);

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_SST_BUILDER_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_SST_BUILDER_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "plugin/codec/encoder.h"
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

  // Writes all lists of `rows`; the last one may go on in the next call. Errors: what `rows` says;
  // ResourceExhausted for a list past RocksDB's limit of 4 GiB - 1 bytes, naming its key; Internal,
  // naming the file, if it cannot be written; Cancelled if interrupted.
  absl::Status Append(SortedRows& rows, const KeyOrder& order);
  // A list that is complete: `blob` has `values` values and is what the plan wants to be written.
  // REQUIRES: neither a row before nor one after is of `key`.
  absl::Status AddList(std::string_view key, std::string_view blob, uint64_t values);
  // Some values of a list, which may go on in the next call. Errors: as Append().
  absl::Status AddPart(std::string_view key, BlobView values);
  // Finishes the last list and all files. Errors: as Append().
  absl::Status End();

  // Complete after End().
  const RangeFiles& written() const { return written_; }
  // Of all files so far.
  uint64_t bytes() const { return files_.bytes(); }

 private:
  absl::Status BeginList(std::string_view key);
  // Of the values in builder_ and their sizes.
  uint64_t ListBytes() const;
  absl::Status MakeRoom(size_t bytes, size_t values);
  absl::Status AddBody(std::string_view body);
  absl::Status CheckSize();
  absl::Status EndList();
  absl::Status CutPiece();
  absl::Status TooLarge(std::string_view why) const;
  absl::Status WritePiece();

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
  std::unique_lock<std::mutex> large_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_SST_BUILDER_H_
