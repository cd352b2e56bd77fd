#include "tools/common/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

std::string Amount(uint64_t amount, bool in_bytes) {
  return in_bytes ? Bytes(amount) : Grouped(amount);
}

}  // namespace

bool Progress::Wanted(bool force) { return force || isatty(STDERR_FILENO) != 0; }

void Progress::Phase(std::string name, uint64_t total, bool in_bytes) {
  phase_ = std::move(name);
  total_ = total;
  in_bytes_ = in_bytes;
  began_ = Clock::now();
  printed_ = Clock::time_point();
  At(0);
}

void Progress::At(uint64_t done, uint64_t count, const char* noun) {
  if (!enabled_) return;
  const Clock::time_point now = Clock::now();
  if (now - printed_ < std::chrono::milliseconds(250)) return;
  printed_ = now;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  std::string line = who_ + ": " + phase_;
  if (count != 0) line += "  " + Plural(count, noun);
  if (done != 0 || total_ != 0) line += "  " + Amount(done, in_bytes_);
  if (total_ != 0) line += " of " + Amount(total_, in_bytes_);
  if (seconds > 0.1 && done != 0) {
    const auto rate = static_cast<double>(done) / seconds;
    line += "  " + Amount(static_cast<uint64_t>(rate), in_bytes_) + "/s";
    if (total_ > done) {
      const auto left =
          static_cast<uint64_t>(std::llround(static_cast<double>(total_ - done) / rate));
      char eta[32];
      std::snprintf(eta, sizeof eta, "  ETA %llu:%02llu",
                    static_cast<unsigned long long>(left / 60),
                    static_cast<unsigned long long>(left % 60));
      line += eta;
    }
  }
  // \r and "erase to the end of the line" keep it one line.
  std::fprintf(stderr, "\r%s\033[K", line.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void Progress::Clear() {
  if (!shown_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace load
}  // namespace sheaf
