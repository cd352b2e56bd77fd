// SstBuilder: writes sorted lists as SSTs that a column family can ingest.
//
// Ownership: the files stay where they were written; who made the folder removes it.
// Thread safety: one builder a thread; several may write into one folder, each under its own
// prefix.
//
//   SstBuilder builder(plan, folder + "/0-");
//   absl::Status status = builder.Write(*lists);
//   ingest(builder.files());

#ifndef SHEAF_TOOLS_LOAD_SST_BUILDER_H_
#define SHEAF_TOOLS_LOAD_SST_BUILDER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rocksdb/options.h"
#include "rocksdb/sst_file_writer.h"
#include "sheaf/layout.h"
#include "tools/load/list_source.h"

namespace sheaf {
namespace load {

// What is the same for all SSTs of a load.
struct SstPlan {
  // Those of the DB and the column family that will ingest the files: comparator, compression,
  // table format, collectors.
  rocksdb::Options options;
  // Lists are written as values of `layout`, or as operands of sheaf.append, which are compact.
  bool operands = false;
  Layout layout = Layout::kCompact;
  // A file is finished at the first key past this size.
  uint64_t file_bytes = uint64_t{256} << 20;
  // If not null, counts lists as they are written, for progress.
  std::atomic<uint64_t>* written = nullptr;
};

class SstBuilder {
 public:
  SstBuilder(const SstPlan& plan, std::string prefix);
  ~SstBuilder();

  // Writes all lists. Errors: what `lists` says; ResourceExhausted for a list past RocksDB's limit
  // of 4 GiB - 1 bytes, naming its key; Internal, naming the file, if it cannot be written;
  // Cancelled if interrupted.
  absl::Status Write(ListSource& lists);

  const std::vector<std::string>& files() const { return files_; }
  uint64_t bytes() const { return bytes_; }  // of the files
  uint64_t keys() const { return keys_; }

 private:
  absl::Status Add(std::string_view key, const std::string& blob);
  absl::Status Finish();

  const SstPlan& plan_;
  const std::string prefix_;
  std::unique_ptr<rocksdb::SstFileWriter> writer_;
  std::vector<std::string> files_;
  uint64_t bytes_ = 0;
  uint64_t keys_ = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SST_BUILDER_H_
