// LoadJournal: the folder of a load's temporary files, and the record of what is finished there.
//
// A load that was interrupted or killed leaves its folder, and `--resume` goes on from the last
// record that is whole (tools/load/resume/journal_records.h).
//
// A new journal has reached the disk before anything depends on it. So after a power cut, a journal
// that has not `begun` is one of a load that had finished nothing: its folder is removed. A damaged
// one is an error.
//
// Folders are those of this user alone (OwnedFolder). Others are reported and left alone: nothing
// that another user wrote is believed.
//
// Ownership: holds a lock on the folder until destruction. The folder stays unless Remove().
// Thread safety: Append() from any thread; the rest from one.
//
//   auto journal = LoadJournal::Create("lists.db.load-", {{"--db", "/lists.db"}});
//   if (!journal.ok()) return journal.status();
//   absl::Status status = (*journal)->Append(NotSortedRecord());

#ifndef SHEAF_TOOLS_LOAD_RESUME_LOAD_JOURNAL_H_
#define SHEAF_TOOLS_LOAD_RESUME_LOAD_JOURNAL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/common/owned_folder.h"
#include "tools/load/resume/journal_records.h"

namespace sheaf {
namespace load {

class LoadJournal {
 public:
  using Record = JournalRecord;
  using Note = std::function<void(const std::string&)>;

  // Makes `<prefix>XXXXXX` with a journal in it, which has reached the disk. `what`: the inputs and
  // options of the load, by name; a load that resumes it must have the same. The first is the
  // place of what is loaded.
  // Errors: Internal, naming the folder in which it cannot be made and the reason.
  static absl::StatusOr<std::unique_ptr<LoadJournal>> Create(const std::string& prefix,
                                                             const std::vector<Record>& what);

  // The folder of an earlier load of `what` that is not complete; null if there is none. `note` is
  // told of folders that are left alone.
  // Errors: FailedPrecondition if there are several, or if there are only such of a load that is
  // running or had other inputs or options: then it says what differs; DataLoss if a record is
  // damaged that is not the last, so that what follows it is not known; Internal.
  static absl::StatusOr<std::unique_ptr<LoadJournal>> Find(const std::string& prefix,
                                                           const std::vector<Record>& what,
                                                           const Note& note = Ignore);

  // What earlier loads into the same DB have left, and nobody uses now.
  static std::vector<std::unique_ptr<LoadJournal>> Leftovers(const std::string& prefix,
                                                             const std::vector<Record>& what,
                                                             const Note& note = Ignore);

  ~LoadJournal();
  LoadJournal(const LoadJournal&) = delete;
  LoadJournal& operator=(const LoadJournal&) = delete;

  const std::string& folder() const { return folder_.path(); }
  // Tells this load from all others.
  const std::string& id() const { return contents_.id; }
  const std::vector<Record>& what() const { return contents_.what; }
  // What was there when it was opened.
  const JournalContents& contents() const { return contents_; }
  const std::vector<Record>& records() const { return contents_.records; }
  // True if something was finished that a later load could go on from.
  bool worth_keeping() const { return worth_keeping_; }

  // Unless MayBeLost(), the record has reached the disk when this returns, after the names of the
  // files in the folder. Errors: Internal.
  absl::Status Append(const Record& record);

  // Removes all files but the journal, the rejects and those whose paths are in `known`.
  void RemoveUnknown(const std::set<std::string>& known);

  // With all that is in the folder.
  void Remove();

 private:
  LoadJournal(OwnedFolder folder, int fd) : folder_(std::move(folder)), fd_(fd) {}

  static void Ignore(const std::string&) {}
  struct Found;
  static std::vector<Found> FindAll(const std::string& prefix, const Note& note);
  static absl::StatusOr<Found> Open(const std::string& folder);
  static bool RemoveUnlessBegun(const std::string& folder);
  std::string Differs(const std::vector<Record>& what) const;
  absl::Status ReadContents();

  const OwnedFolder folder_;
  const int fd_;
  std::mutex mutex_;
  JournalContents contents_;
  bool worth_keeping_ = false;
  bool broken_ = false;  // it ends with a part of a record
  bool removed_ = false;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_RESUME_LOAD_JOURNAL_H_
