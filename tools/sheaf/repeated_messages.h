// RepeatedMessages: shows the first messages of each kind, and counts the others.
//
// Messages that differ only in numbers are of one kind.
//
// Thread safety: none.
//
//   RepeatedMessages faults;
//   if (faults.Shows(reason)) Print(place, reason);
//   for (const std::string& rest : faults.Rest()) Print(rest);

#ifndef SHEAF_TOOLS_SHEAF_REPEATED_MESSAGES_H_
#define SHEAF_TOOLS_SHEAF_REPEATED_MESSAGES_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sheaf {
namespace tool {

class RepeatedMessages {
 public:
  static constexpr uint64_t kShown = 10;

  // Counts `message`. False if kShown of its kind came before.
  bool Shows(std::string_view message);

  // A line for each kind of which some were not shown: "969 more: <the first message>".
  std::vector<std::string> Rest() const;

 private:
  struct Kind {
    uint64_t count = 0;
    std::string first;
  };
  std::map<std::string, Kind> kinds_;  // kMaxKinds, and one for all others
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_REPEATED_MESSAGES_H_
