// LoadJournal: the folder of a load's temporary files, and the record of what is finished there.
//
// A load that was interrupted or killed leaves its folder, and `--resume` goes on from the last
// record that is whole. Records are lines: XXH3 of the rest, then fields, escaped as in tsv. Only
// what is written before and after an ingestion is flushed to the disk itself: runs have checksums,
// and SSTs are flushed by RocksDB.
//
// Ownership: holds a lock on the folder until destruction. The folder stays unless Remove().
// Thread safety: Append() from any thread.

#ifndef SHEAF_TOOLS_LOAD_LOAD_JOURNAL_H_
#define SHEAF_TOOLS_LOAD_LOAD_JOURNAL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sheaf {
namespace load {

class LoadJournal {
 public:
  using Record = std::vector<std::string>;

  // Makes `<prefix>XXXXXX` with a journal in it. `what`: the inputs and options of the load, by
  // name; a load that resumes it must have the same.
  // Errors: Internal, naming the folder in which it cannot be made and the reason.
  static absl::StatusOr<std::unique_ptr<LoadJournal>> Create(const std::string& prefix,
                                                             const std::vector<Record>& what);

  // The folder of an earlier load of `what` that is not complete; null if there is none.
  // Errors: FailedPrecondition if there are several, or if there are only such of a load that is
  // running or had other inputs or options: then it says what differs; DataLoss if a record is
  // damaged that is not the last, so that what follows it is not known; Internal.
  static absl::StatusOr<std::unique_ptr<LoadJournal>> Find(const std::string& prefix,
                                                           const std::vector<Record>& what);

  // What earlier loads into the same DB have left, and nobody uses now.
  static std::vector<std::unique_ptr<LoadJournal>> Leftovers(const std::string& prefix,
                                                             const std::vector<Record>& what);

  // A name for `what` that has one size.
  static std::string Digest(const std::vector<Record>& what);

  ~LoadJournal();
  LoadJournal(const LoadJournal&) = delete;
  LoadJournal& operator=(const LoadJournal&) = delete;

  const std::string& folder() const { return folder_; }
  // Tells this load from all others.
  const std::string& id() const { return id_; }
  const std::vector<Record>& what() const { return what_; }
  // Those that were there when it was opened, without `what`.
  const std::vector<Record>& records() const { return records_; }
  // True if something was finished that a later load could go on from.
  bool worth_keeping() const { return worth_keeping_; }

  // `sync`: has reached the disk when this returns. Errors: Internal.
  absl::Status Append(const Record& record, bool sync);

  void Remove();

 private:
  LoadJournal(std::string folder, int fd) : folder_(std::move(folder)), fd_(fd) {}

  // Null if it is no journal; `*locked` if somebody else has it. `*damaged`: a record that is, or
  // OK.
  static std::unique_ptr<LoadJournal> Open(const std::string& folder, bool* locked,
                                           absl::Status* damaged);
  static std::vector<std::string> Folders(const std::string& prefix);
  static void RemoveEmpty(const std::string& prefix);
  std::string Differs(const std::vector<Record>& what) const;

  const std::string folder_;
  const int fd_;
  std::mutex mutex_;
  std::string id_;
  std::vector<Record> what_;
  std::vector<Record> records_;
  bool worth_keeping_ = false;
  bool broken_ = false;  // it ends with a part of a record
  bool removed_ = false;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_LOAD_JOURNAL_H_
