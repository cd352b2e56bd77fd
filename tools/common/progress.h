// Progress: one line on stderr that shows how far a long operation is.
//
// Ownership: none. Thread safety: none; one thread uses it.
//
//   Progress progress("sheaf load", Progress::Wanted(force));
//   progress.Phase("reading", total_bytes, /*in_bytes=*/true);
//   progress.At(bytes, rows);    // cheap: prints four times a second
//   progress.Clear();            // before other output

#ifndef SHEAF_TOOLS_COMMON_PROGRESS_H_
#define SHEAF_TOOLS_COMMON_PROGRESS_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace sheaf {
namespace load {

class Progress {
 public:
  Progress(std::string who, bool enabled) : who_(std::move(who)), enabled_(enabled) {}
  ~Progress() { Clear(); }

  // True if stderr is a terminal, or `force`.
  static bool Wanted(bool force);

  // Begins a phase. `total`: the final `done` of At(), 0 if it is not known. `in_bytes`: amounts
  // are bytes, and are printed as such.
  void Phase(std::string name, uint64_t total, bool in_bytes);

  // Shows `done` of the phase's total, and `count` things called `noun`, unless that is 0.
  void At(uint64_t done, uint64_t count = 0, const char* noun = "row");

  // Removes the line.
  void Clear();

 private:
  using Clock = std::chrono::steady_clock;

  const std::string who_;
  const bool enabled_;
  std::string phase_;
  uint64_t total_ = 0;
  bool in_bytes_ = false;
  Clock::time_point began_;
  Clock::time_point printed_;
  bool shown_ = false;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_PROGRESS_H_
