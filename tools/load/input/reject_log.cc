#include "tools/load/input/reject_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/common/escapes.h"
#include "tools/common/text.h"
#include "tools/load/load_files.h"

namespace sheaf {
namespace load {
namespace {

std::string SpoolIn(const std::string& folder) { return absl::StrCat(folder, "/", kRejectsName); }

std::string What(const std::string& file) { return "--rejects " + file; }

// Of the file's temporary name: the load's, so that the one that goes on after a kill finds it.
std::string IdOf(const std::string& folder) {
  return folder.substr(folder.size() - OutputFile::kIdBytes);
}

absl::Status CannotWrite(const std::string& spool, int error) {
  return absl::InternalError(absl::StrCat(spool, ": cannot write it: ", ErrnoText(error)));
}

}  // namespace

RejectLog::RejectLog(OnError on_error, std::string file,
                     std::function<void(const std::string&)> note)
    : on_error_(on_error), file_(std::move(file)), note_(std::move(note)) {}

// What Finish() has written was synced; all else is thrown away.
RejectLog::~RejectLog() {
  if (spool_ != nullptr) std::fclose(spool_);
}

absl::Status RejectLog::Open(const std::string& folder) {
  if (file_.empty()) return absl::OkStatus();
  if (absl::Status status = OutputFile::Check(What(file_), file_, IdOf(folder)); !status.ok())
    return status;
  const std::string path = SpoolIn(folder);
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  spool_ = fd < 0 ? nullptr : fdopen(fd, "w+");
  if (spool_ == nullptr) return CannotWrite(path, errno);
  folder_ = folder;
  // What is written in place is written once, and nothing is left for CommitLeft().
  if (OutputFile::IsInPlace(file_)) unlink(path.c_str());
  return absl::OkStatus();
}

void RejectLog::Add(const RowChunk& chunk, ChunkReport report) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (on_error_ == OnError::kStop && !report.rejects.empty()) {
    stopped_at_ = std::min(stopped_at_.load(), chunk.position());
  }
  const uint64_t end = chunk.position() + chunk.rows().size();
  // Chunks without rejects are put together, so that memory does not grow with the input while an
  // early one is waited for.
  const auto behind = pending_.lower_bound(chunk.position());
  if (behind != pending_.begin() && report.rejects.empty()) {
    Pending& before = std::prev(behind)->second;
    if (before.end == chunk.position() && before.input == chunk.input() &&
        before.report.rejects.empty()) {
      before.end = end;
      before.report.lines += report.lines;
      return;
    }
  }
  pending_.emplace(chunk.position(), Pending{end, chunk.offset(), chunk.input(), chunk.format(),
                                             chunk.name(), std::move(report)});
  CountPending();
}

void RejectLog::AddPassedOver(uint64_t begin, uint64_t end, uint64_t lines) {
  const std::lock_guard<std::mutex> lock(mutex_);
  passed_over_[begin] = {end, lines};
}

void RejectLog::CountPending() {
  for (;;) {
    if (const auto chunk = pending_.find(next_); chunk != pending_.end()) {
      next_ = chunk->second.end;
      Count(chunk->first, chunk->second);
      pending_.erase(chunk);
    } else if (const auto over = passed_over_.find(next_);
               over != passed_over_.end() && next_ < over->second.end) {
      next_ = over->second.end;
    } else {
      return;
    }
  }
}

void RejectLog::Count(uint64_t position, const Pending& pending) {
  if (pending.input != input_) {
    input_ = pending.input;
    lines_ = 0;
    // Chunks of the input before that were passed over behind its last one.
    const auto end = passed_over_.lower_bound(position - pending.offset);
    passed_over_.erase(passed_over_.begin(), end);
  }
  while (!passed_over_.empty() && passed_over_.begin()->first < position) {
    lines_ += passed_over_.begin()->second.lines;
    passed_over_.erase(passed_over_.begin());
  }
  if (pending.report.crlf && pending.format == RowFormat::kTsv && pending.offset == 0) {
    note_(absl::StrCat(pending.name,
                       ":1: lines end with CR LF; the CR is kept as the last byte of the value. "
                       "If that is not wanted: tr -d '\\r' < FILE | sheaf load"));
  }
  pending.report.rejects.ForEach([&](const Reject& reject) { CountReject(pending, reject); });
  lines_ += pending.report.lines;
}

void RejectLog::CountReject(const Pending& pending, const Reject& reject) {
  const auto place = [&] {
    return pending.format == RowFormat::kFramed
               ? absl::StrCat(pending.name, ": offset ", pending.offset + reject.at)
               : absl::StrCat(pending.name, ":", lines_ + reject.at + 1);
  };
  ++count_;
  if (on_error_ == OnError::kStop) {
    if (!first_.ok()) return;
    first_ = absl::InvalidArgumentError(absl::StrCat(
        place(), ": ", reject.kind, reject.detail.empty() ? "" : ": ", Abs(reject.detail)));
    return;
  }
  auto account = kinds_.find(std::string_view(reject.kind));
  if (account == kinds_.end()) {
    account = kinds_.try_emplace(reject.kind).first;
    account->second.detail = std::string(reject.detail);
  }
  ++account->second.count;
  if (account->second.places.size() < kPlaces) account->second.places.push_back(place());
  if (spool_ != nullptr) WriteReject(place(), reject, pending.format);
}

void RejectLog::WriteReject(const std::string& place, const Reject& reject, RowFormat format) {
  std::string line;
  AppendEscaped(place, &line);
  absl::StrAppend(&line, "\t", reject.kind, reject.detail.empty() ? "" : ": ", Abs(reject.detail),
                  "\t");
  Write(line);
  if (format == RowFormat::kFramed || format == RowFormat::kCsv) {  // which may have line ends
    EscapeInPieces(reject.raw, [this](std::string_view piece) { Write(piece); });
  } else {
    Write(reject.raw);
  }
  Write("\n");
}

void RejectLog::Write(std::string_view text) {
  if (write_error_ != 0) return;
  if (std::fwrite(text.data(), 1, text.size(), spool_) != text.size()) write_error_ = errno;
}

absl::Status RejectLog::Finish() {
  if (!first_.ok()) return first_;
  if (stopped())
    return absl::InternalError("a malformed row was not reached; this is a bug in sheaf");
  if (spool_ == nullptr) return absl::OkStatus();
  // After a power cut the load goes on from here with what the spool has.
  const bool written = std::fflush(spool_) == 0 && fdatasync(fileno(spool_)) == 0;
  if (!written && write_error_ == 0) write_error_ = errno;
  if (write_error_ != 0) return CannotWrite(SpoolIn(folder_), write_error_);
  return CopyTo(file_, folder_, fileno(spool_), &out_);
}

// Rows may be read twice, and a file must not be there before the load is: so they are copied.
absl::Status RejectLog::CopyTo(const std::string& file, const std::string& folder, int spool,
                               std::unique_ptr<OutputFile>* out) {
  *out = std::make_unique<OutputFile>(What(file));
  absl::Status status = (*out)->Open(file, IdOf(folder));
  char bytes[1 << 14];
  off_t offset = 0;
  for (ssize_t got; status.ok() && (got = pread(spool, bytes, sizeof bytes, offset)) != 0;) {
    if (got < 0) {
      status = CannotWrite(SpoolIn(folder), errno);
    } else {
      status = (*out)->Write({bytes, static_cast<size_t>(got)});
      offset += got;
    }
  }
  return status.ok() ? (*out)->Sync() : status;
}

absl::Status RejectLog::Commit() {
  if (spool_ == nullptr) return absl::OkStatus();
  absl::Status status;
  // Without rows to read nothing was finished.
  if (out_ == nullptr) status = CopyTo(file_, folder_, fileno(spool_), &out_);
  return status.ok() ? out_->Commit() : status;
}

absl::Status RejectLog::CommitLeft(const std::string& file, const std::string& folder) {
  if (file.empty()) return absl::OkStatus();
  const int spool = open(SpoolIn(folder).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
  if (spool < 0) {
    OutputFile::RemoveLeft(file, IdOf(folder));
    return absl::OkStatus();
  }
  std::unique_ptr<OutputFile> out;
  absl::Status status = CopyTo(file, folder, spool, &out);
  close(spool);
  return status.ok() ? out->Commit() : status;
}

std::vector<std::string> RejectLog::Account() const {
  std::vector<std::string> lines;
  for (const auto& [kind, account] : kinds_) {
    lines.push_back(absl::StrCat(
        Plural(account.count, "row"), " skipped: ", kind,
        account.detail.empty() ? "" : absl::StrCat(" (first: ", account.detail, ")"), ": ",
        absl::StrJoin(account.places, ", "), account.count > account.places.size() ? ", ..." : ""));
  }
  return lines;
}

}  // namespace load
}  // namespace sheaf
