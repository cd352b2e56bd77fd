#include "tools/sheaf/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {
namespace {

// How much is written before the disk is to begin with it.
constexpr uint64_t kDiskBytes = uint64_t{8} << 20;

}  // namespace

// A thread that writes one buffer while the caller fills another.
class Output::Writer {
 public:
  explicit Writer(Output& out) : out_(out), thread_([this] { Run(); }) {}

  ~Writer() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      end_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  // Hands over `*buffer` with `used` bytes to write, and replaces it with an empty one.
  void Submit(std::unique_ptr<char[]>* buffer, size_t used) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return used_ == 0; });
    buffer_.swap(*buffer);
    used_ = used;
    lock.unlock();
    changed_.notify_all();
  }

  void Wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return used_ == 0; });
  }

 private:
  void Run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return end_ || used_ != 0; });
      if (end_) return;
      lock.unlock();
      out_.WriteNow({buffer_.get(), used_});
      lock.lock();
      used_ = 0;
      changed_.notify_all();
    }
  }

  Output& out_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<char[]> buffer_{new char[kBufferBytes]};
  size_t used_ = 0;  // while it is not 0, the buffer is the thread's
  bool end_ = false;
  std::thread thread_;  // begins when all others are there
};

Output::Output(int fd, std::string name)
    : fd_(fd), name_(std::move(name)), buffer_(new char[kBufferBytes]) {}

Output::~Output() = default;

void Output::WriteBehind() {
  struct stat info;
  to_disk_ = fstat(fd_, &info) == 0 && S_ISREG(info.st_mode);
  writer_ = std::make_unique<Writer>(*this);
}

void Output::WritePart(std::string_view* bytes) {
  const size_t part = kBufferBytes - used_;
  std::memcpy(buffer_.get() + used_, bytes->data(), part);
  used_ += part;
  bytes->remove_prefix(part);
  Flush();
}

void Output::Flush() {
  const size_t used = std::exchange(used_, 0);
  if (used == 0 || !ok()) return;
  if (writer_ != nullptr) {
    writer_->Submit(&buffer_, used);
  } else {
    WriteNow({buffer_.get(), used});
  }
}

void Output::WriteNow(std::string_view bytes) {
  const size_t size = bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EPIPE) {
      ok_ = false;
      return;
    } else if (errno != EINTR && errno != EAGAIN) {
      status_ = absl::InternalError(
          absl::StrCat("cannot write to ", name_, ": ", load::ErrnoText(errno)));
      ok_ = false;
      return;
    }
  }
  if (to_disk_) BeginWithDisk(size);
}

void Output::BeginWithDisk(size_t written) {
  not_begun_ += written;
  if (not_begun_ < kDiskBytes) return;
  not_begun_ = 0;
  // Of the whole file: what is not written yet. Only a hint.
  to_disk_ = sync_file_range(fd_, 0, 0, SYNC_FILE_RANGE_WRITE) == 0;
}

absl::Status Output::Finish() {
  Flush();
  if (writer_ != nullptr) writer_->Wait();
  return status_;
}

}  // namespace tool
}  // namespace sheaf
