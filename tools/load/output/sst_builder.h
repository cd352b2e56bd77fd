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

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "plugin/codec/encoder.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/sst_file_writer.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "sheaf/layout.h"
#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

// What is the same for all SSTs of a load.
struct SstPlan {
  // Those of the DB and the column family that will ingest the files: comparator, compression,
  // table format, collectors.
  rocksdb::Options options;
  // The column family that the files name in their properties; null for files that any may ingest.
  // RocksDB then ingests them into no other.
  std::shared_ptr<rocksdb::ColumnFamilyHandle> family;
  // Lists are written as values of `layout`, or as operands of sheaf.append, which are compact.
  bool operands = false;
  // The column family has sheaf.append, so that a large list may be written in pieces.
  bool can_merge = true;
  Layout layout = Layout::kCompact;
  // A file is finished at the first key past this size, or when what RocksDB keeps in memory until
  // then is so large: a key for each data block, and for filters a hash of each key.
  uint64_t file_bytes = uint64_t{256} << 20;
  uint64_t kept_bytes = uint64_t{4} << 20;
  // Values of a list are written when they come to so many bytes, with their sizes.
  uint64_t piece_bytes = uint64_t{64} << 20;
  // The most bytes that the values of a list have. Default: what RocksDB takes as one value; what
  // sizes add is known as well.
  uint64_t list_bytes = 0xFFFFFFFF;
  // Counters for progress: lists, and bytes of rows.
  std::atomic<uint64_t>* keys_written = nullptr;
  std::atomic<uint64_t>* bytes_merged = nullptr;
  std::mutex* large_list = nullptr;
};

// The layout of the blobs that are written.
inline Layout BlobLayout(const SstPlan& plan) {
  return plan.operands ? Layout::kCompact : plan.layout;
}

struct SstFile {
  std::string path;
  std::string smallest;  // keys
  std::string largest;
  uint64_t bytes = 0;
  uint64_t keys = 0;
  bool piece = false;  // goes behind all files that are none
};

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
  uint64_t bytes() const { return finished_bytes_ + (writer_ ? writer_->FileSize() : 0); }

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
  absl::Status Add(std::string_view blob);
  absl::Status WritePiece();
  absl::Status Finish();
  absl::Status OpenNext();
  void CountKept();
  absl::Status Open(std::unique_ptr<rocksdb::SstFileWriter>* writer, const std::string& path) const;

  const SstPlan& plan_;
  const std::string prefix_;
  bool has_filter_ = false;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
  RangeFiles written_;
  std::vector<SstFile> pieces_;  // behind written_.files, at the end
  uint64_t finished_bytes_ = 0;

  // Of the file that is being written.
  bool long_keys_ = false;
  uint64_t kept_bytes_ = 0;
  uint64_t blocks_ = 0;  // data blocks
  uint64_t blocks_bytes_ = 0;
  std::string index_key_;  // of the last of these
  std::string last_key_;

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
