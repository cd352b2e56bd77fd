// Timer: seconds of wall time since it was made.
//
// Thread safety: immutable.
//
//   const Timer timer;
//   summary->write_seconds = timer.Seconds();

#ifndef SHEAF_TOOLS_COMMON_TIMER_H_
#define SHEAF_TOOLS_COMMON_TIMER_H_

#include <chrono>

namespace sheaf {
namespace load {

class Timer {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_TIMER_H_
