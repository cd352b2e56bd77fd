// RejectLog: counts the rows that cannot be read by kind, knows their places, and writes them to a
// file.
//
// Several threads parse chunks in any order. The log puts their reports back into the order of the
// input. So it knows the number of each line, and which error is the first of the input.
//
// Thread safety: Add(), NewReport(), stopped() and stopped_before() from any thread; the rest when
// all threads are done.
//
//   RejectLog log(OnError::kSkip, "rejects.tsv", note);
//   absl::Status status = log.Open(folder);
//   ChunkReport report = log.NewReport();       // for each chunk
//   if (parser->Parse(chunk, sink, &report).ok()) log.Add(chunk, std::move(report));
//   if (status.ok()) status = log.Finish();     // all rows were read
//   if (status.ok()) status = log.Commit();     // the load succeeded

#ifndef SHEAF_TOOLS_LOAD_INPUT_REJECT_LOG_H_
#define SHEAF_TOOLS_LOAD_INPUT_REJECT_LOG_H_

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tools/common/output_file.h"
#include "tools/load/input/row_chunk.h"
#include "tools/load/input/row_parser.h"

namespace sheaf {
namespace load {

class RejectLog {
 public:
  // How many places are named for each kind.
  static constexpr size_t kPlaces = 5;

  // `file`: gets a line for each reject when the load has succeeded: `place TAB reason TAB row`,
  // with the row as it was read (frames and csv with the escapes of tsv). Empty: no file. `note`:
  // called with what the user should know and is no error.
  RejectLog(OnError on_error, std::string file, std::function<void(const std::string&)> note);
  ~RejectLog();
  RejectLog(const RejectLog&) = delete;
  RejectLog& operator=(const RejectLog&) = delete;

  // Checks that the file can be written. Until Finish() the rejects are in a file in `folder`,
  // which is that of the load: rows may be read twice. Errors: InvalidArgument, naming the file and
  // the reason; Internal if nothing can be written to `folder`.
  absl::Status Open(const std::string& folder);

  // The report to parse a chunk with.
  ChunkReport NewReport() const {
    ChunkReport report;
    report.keeps_rows = !file_.empty();
    return report;
  }
  // Adds the report of `chunk`. REQUIRES: `report` comes from NewReport(); once for each chunk.
  void Add(const RowChunk& chunk, ChunkReport report);

  // Says that the rows between two positions are not parsed again, and how many lines they have.
  // REQUIRES: before any Add().
  void AddPassedOver(uint64_t begin, uint64_t end, uint64_t lines);

  // True if Finish() will return an error: loading more is in vain.
  bool stopped() const { return stopped_at_.load(std::memory_order_relaxed) != kNowhere; }
  // True if it will because of a row before `position`: reading on from there is in vain as well.
  bool stopped_before(uint64_t position) const {
    return stopped_at_.load(std::memory_order_relaxed) < position;
  }

  // Errors: with OnError::kStop InvalidArgument for the first reject; Internal if the file cannot
  // be written; Cancelled if interrupted while a pipe takes nothing. REQUIRES: the reports of all
  // chunks were added, at least of those up to the first reject that stops.
  absl::Status Finish();
  // Gives the file its name. Errors: Internal; Cancelled as for Finish().
  absl::Status Commit();

  // Finish() and Commit() for a load that ended, or was killed, after Finish(): takes what it has
  // left in its `folder`. Does nothing if that is nothing. Errors: as theirs.
  static absl::Status CommitLeft(const std::string& file, const std::string& folder);

  uint64_t count() const { return count_; }

  // A line for each kind: "2 rows skipped: expected key TAB value, found no TAB: rows.tsv:17,
  // rows.tsv:20".
  std::vector<std::string> Account() const;

 private:
  struct Kind {
    uint64_t count = 0;
    std::vector<std::string> places;  // the first kPlaces
    std::string detail;               // of the first
  };
  struct Pending {
    uint64_t end;  // position
    uint64_t offset;
    size_t input;
    RowFormat format;
    std::string name;
    ChunkReport report;
  };

  static constexpr uint64_t kNowhere = ~uint64_t{0};

  // Counts what is complete up to next_.
  void CountPending();
  void Count(uint64_t position, const Pending& pending);
  void CountReject(const Pending& pending, const Reject& reject);
  void WriteReject(const std::string& place, const Reject& reject, RowFormat format);
  void Write(std::string_view text);
  static absl::Status CopyTo(const std::string& file, const std::string& folder, int spool,
                             std::unique_ptr<OutputFile>* out);

  const OnError on_error_;
  const std::string file_;
  const std::function<void(const std::string&)> note_;
  std::string folder_;
  std::FILE* spool_ = nullptr;
  std::unique_ptr<OutputFile> out_;  // since Finish()
  int write_error_ = 0;              // errno of the first write that failed

  std::mutex mutex_;
  // By position.
  std::map<uint64_t, Pending> pending_;
  struct PassedOver {
    uint64_t end;
    uint64_t lines;
  };
  std::map<uint64_t, PassedOver> passed_over_;
  uint64_t next_ = 0;  // position: all before was counted
  size_t input_ = 0;
  uint64_t lines_ = 0;  // of that input so far
  uint64_t count_ = 0;
  std::map<std::string, Kind, std::less<>> kinds_;
  absl::Status first_;
  std::atomic<uint64_t> stopped_at_{kNowhere};  // position of the first chunk that stops
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_REJECT_LOG_H_
