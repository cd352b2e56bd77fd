// SstFiles: writes blobs, in the order of their keys, to SSTs of limited size.
//
// Like rocksdb::SstFileWriter, but it begins a new file when one is large enough, or when RocksDB
// would keep too much of it in memory.
//
// Ownership: borrows the plan. The files stay where they were written. Thread safety: none; several
// may write to one folder, each with its own prefix.
//
//   SstFiles files(plan, folder + "/0-");
//   absl::Status status = files.Add("key", blob);
//   if (status.ok()) status = files.Finish();
//   ingest(files.files());

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_SST_FILES_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_SST_FILES_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/sst_file_writer.h"
#include "sheaf/layout.h"
#include "tools/load/output/long_lists.h"

namespace sheaf {
namespace load {

// What is the same for all SSTs of a load.
struct SstPlan {
  // Options of the DB and the column family that will ingest the files: comparator, compression,
  // table format, collectors.
  rocksdb::Options options;
  // The column family that the files name in their properties. RocksDB ingests them into no other.
  // Null: any may ingest them.
  std::shared_ptr<rocksdb::ColumnFamilyHandle> family;
  // Lists are written as operands of sheaf.append, which are compact, and not as values of
  // `layout`.
  bool operands = false;
  // The column family has sheaf.append, so that a large list can be written in pieces.
  bool can_merge = true;
  Layout layout = Layout::kCompact;
  // Not 0: long lists, in pages of about so many bytes.
  uint64_t page_bytes = 0;
  // With `page_bytes` and `operands`: looks a list up in the DB, for sealed pages that follow what
  // is there. Null: that is not known, and everything goes into open pages.
  std::function<absl::StatusOr<std::optional<LongListEnd>>(std::string_view key)> find_list;
  // A file is finished at the first key past this size.
  uint64_t file_bytes = uint64_t{256} << 20;
  // A file is also finished when RocksDB keeps so much of it in memory: a key for each data block,
  // and for filters a hash of each key.
  uint64_t kept_bytes = uint64_t{4} << 20;
  // The values of a list are written as a piece when they, with their sizes, need so many bytes.
  uint64_t piece_bytes = uint64_t{64} << 20;
  // The values of a list have at most so many bytes, without their sizes. Default: what RocksDB
  // takes as one value.
  uint64_t list_bytes = 0xFFFFFFFF;
  // Counters for progress: lists that were written, bytes of rows that were merged.
  std::atomic<uint64_t>* keys_written = nullptr;
  std::atomic<uint64_t>* bytes_merged = nullptr;
  // Held by a builder while it has a large list; null if several may have one at once.
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
  bool piece = false;  // one piece of a list; to be ingested after all files that are none
};

class SstFiles {
 public:
  SstFiles(const SstPlan& plan, std::string prefix);
  ~SstFiles();

  // Writes `blob` as the value of `key`, or as its first operand. REQUIRES: `key` is behind the one
  // before. Errors: Internal, naming the file, if it cannot be written.
  absl::Status Add(std::string_view key, std::string_view blob);
  // Writes `blob` as the value of `key`, also if lists are written as operands.
  absl::Status AddValue(std::string_view key, std::string_view blob);
  // Writes `blob` as a further operand of `key`, in a file of its own. Errors: as Add().
  absl::Status AddPiece(std::string_view key, std::string_view blob);
  // Finishes the last file. Errors: as Add().
  absl::Status Finish();

  // All files, in the order in which they are to be ingested. REQUIRES: Finish() succeeded.
  const std::vector<SstFile>& files() const { return files_; }
  // Of all files so far.
  uint64_t bytes() const { return finished_bytes_ + (writer_ ? writer_->FileSize() : 0); }

 private:
  absl::Status Open(std::unique_ptr<rocksdb::SstFileWriter>* writer, const std::string& path) const;
  absl::Status OpenNext(std::string_view key);
  absl::Status FinishFile();
  void CountKept(std::string_view key);
  absl::Status Write(std::string_view key, std::string_view blob, bool operand);

  const SstPlan& plan_;
  const std::string prefix_;
  bool has_filter_ = false;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;  // of the last of files_, or null
  std::vector<SstFile> files_;
  std::vector<SstFile> pieces_;  // behind files_, at the end
  uint64_t finished_bytes_ = 0;

  // Of the file that is being written.
  bool long_keys_ = false;
  uint64_t kept_bytes_ = 0;
  uint64_t blocks_ = 0;  // data blocks
  uint64_t blocks_bytes_ = 0;
  std::string index_key_;  // of the last of these
  std::string last_key_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_SST_FILES_H_
