#include "tools/load/reject_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/load/escapes.h"
#include "tools/load/interrupt.h"
#include "tools/load/load_place.h"
#include "tools/load/text.h"

namespace sheaf {
namespace load {

RejectLog::RejectLog(OnError on_error, std::string file,
                     std::function<void(const std::string&)> note)
    : on_error_(on_error), file_(std::move(file)), note_(std::move(note)) {}

RejectLog::~RejectLog() {
  if (out_ != nullptr) std::fclose(out_);
  if (!part_.empty()) unlink(part_.c_str());
}

absl::Status RejectLog::Open(const std::string& folder) {
  if (file_.empty()) return absl::OkStatus();
  struct stat info;
  const bool is_device = KeepsItsPlace(file_);
  const bool is_folder = stat(file_.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  if (is_folder || (is_device && access(file_.c_str(), W_OK) != 0)) {
    return CannotWrite(absl::StatusCode::kInvalidArgument, is_folder ? EISDIR : errno);
  }
  const std::string path = is_device ? folder + "/rejects" : file_ + ".part";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  out_ = fd < 0 ? nullptr : fdopen(fd, "w+");
  if (out_ == nullptr) return CannotWrite(absl::StatusCode::kInvalidArgument, errno);
  if (is_device) {
    unlink(path.c_str());
  } else {
    part_ = path;
  }
  return absl::OkStatus();
}

absl::Status RejectLog::CannotWrite(absl::StatusCode code, int error) const {
  return absl::Status(code,
                      absl::StrCat("--rejects ", file_, ": cannot write it: ", ErrnoText(error)));
}

void RejectLog::Add(const RowBlock& block, BlockReport report) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (on_error_ == OnError::kStop && !report.rejects.empty()) {
    stopped_at_ = std::min(stopped_at_.load(), block.position());
  }
  const uint64_t end = block.position() + block.rows().size();
  // Blocks without rejects are put together, so that memory does not grow with the input while an
  // early one is waited for.
  const auto behind = pending_.lower_bound(block.position());
  if (behind != pending_.begin() && report.rejects.empty()) {
    Pending& before = std::prev(behind)->second;
    if (before.end == block.position() && before.input == block.input() &&
        before.report.rejects.empty()) {
      before.end = end;
      before.report.lines += report.lines;
      return;
    }
  }
  pending_.emplace(block.position(), Pending{end, block.offset(), block.input(), block.format(),
                                             block.name(), std::move(report)});
  TakeAll();
}

void RejectLog::AddPassedOver(uint64_t begin, uint64_t end, uint64_t lines) {
  const std::lock_guard<std::mutex> lock(mutex_);
  passed_over_[begin] = {end, lines};
}

void RejectLog::TakeAll() {
  for (;;) {
    if (const auto block = pending_.find(next_); block != pending_.end()) {
      next_ = block->second.end;
      Take(block->first, block->second);
      pending_.erase(block);
    } else if (const auto over = passed_over_.find(next_);
               over != passed_over_.end() && next_ < over->second.end) {
      next_ = over->second.end;
    } else {
      return;
    }
  }
}

void RejectLog::Take(uint64_t position, const Pending& pending) {
  if (pending.input != input_) {
    input_ = pending.input;
    lines_ = 0;
    // Blocks of the input before that were passed over behind its last one.
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
  pending.report.rejects.ForEach([&](const Reject& reject) { TakeReject(pending, reject); });
  lines_ += pending.report.lines;
}

void RejectLog::TakeReject(const Pending& pending, const Reject& reject) {
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
  if (out_ != nullptr) WriteReject(place(), reject, pending.format);
}

void RejectLog::WriteReject(const std::string& place, const Reject& reject, RowFormat format) {
  std::string line;
  AppendEscaped(place, &line);
  absl::StrAppend(&line, "\t", reject.kind, reject.detail.empty() ? "" : ": ", Abs(reject.detail),
                  "\t");
  Write(line);
  if (format == RowFormat::kFramed) {
    EscapeInPieces(reject.raw, [this](std::string_view piece) { Write(piece); });
  } else {
    Write(reject.raw);
  }
  Write("\n");
}

void RejectLog::Write(std::string_view text) {
  if (write_error_ != 0) return;
  if (std::fwrite(text.data(), 1, text.size(), out_) != text.size()) write_error_ = errno;
}

absl::Status RejectLog::Finish() {
  if (!first_.ok()) return first_;
  if (stopped())
    return absl::InternalError("a malformed row was not reached; this is a bug in sheaf");
  if (out_ == nullptr) return absl::OkStatus();
  if (std::fflush(out_) != 0 && write_error_ == 0) write_error_ = errno;
  if (write_error_ != 0) return CannotWrite(absl::StatusCode::kInternal, write_error_);
  return part_.empty() ? CopyToDevice() : absl::OkStatus();
}

absl::Status RejectLog::CopyToDevice() {
  const int to = open(file_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (to < 0) return CannotWrite(absl::StatusCode::kInternal, errno);
  char bytes[1 << 14];
  off_t offset = 0;
  absl::Status status;
  for (ssize_t got; status.ok() && (got = pread(fileno(out_), bytes, sizeof bytes, offset)) != 0;) {
    // A pipe may take less, or be full until a signal comes.
    const ssize_t taken = got < 0 ? got : write(to, bytes, static_cast<size_t>(got));
    if (taken >= 0) {
      offset += taken;
    } else if (errno == EINTR) {
      status = CheckInterrupt();
    } else {
      status = CannotWrite(absl::StatusCode::kInternal, errno);
    }
  }
  if (close(to) != 0 && status.ok()) status = CannotWrite(absl::StatusCode::kInternal, errno);
  return status;
}

absl::Status RejectLog::Commit() {
  if (out_ == nullptr) return absl::OkStatus();
  const bool closed = std::fclose(out_) == 0;
  out_ = nullptr;
  if (closed && part_.empty()) return absl::OkStatus();
  if (closed && std::rename(part_.c_str(), file_.c_str()) == 0) {
    part_.clear();
    return absl::OkStatus();
  }
  return CannotWrite(absl::StatusCode::kInternal, errno);
}

void RejectLog::CommitLeft(const std::string& file) {
  if (!file.empty()) std::rename((file + ".part").c_str(), file.c_str());
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
