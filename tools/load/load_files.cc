#include "tools/load/load_files.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

constexpr size_t kMaxDigits = 15;

bool Consume(std::string_view begin, std::string_view* name) {
  if (name->substr(0, begin.size()) != begin) return false;
  name->remove_prefix(begin.size());
  return true;
}

// A number as it is printed.
bool ConsumeNumber(std::string_view* name) {
  size_t digits = 0;
  while (digits < name->size() && (*name)[digits] >= '0' && (*name)[digits] <= '9') ++digits;
  if (digits == 0 || digits > kMaxDigits || (digits > 1 && name->front() == '0')) return false;
  name->remove_prefix(digits);
  return true;
}

}  // namespace

std::string RunName(uint64_t number) {
  return absl::StrCat("run-", absl::Dec(number, absl::kZeroPad6));
}

bool ParseRunName(std::string_view name, uint64_t* number) {
  std::string_view digits = name;
  return Consume("run-", &digits) && digits.size() <= kMaxDigits &&
         absl::SimpleAtoi(Abs(digits), number) && name == RunName(*number);
}

bool IsSstName(std::string_view name) {
  if (!Consume("range-", &name) && !Consume("sorted-", &name)) return false;
  if (!ConsumeNumber(&name) || !Consume("-", &name)) return false;
  Consume("piece-", &name);
  return ConsumeNumber(&name) && name == ".sst";
}

bool IsLoadFileName(std::string_view name) {
  uint64_t number;
  return name == kJournalName || name == kStagedName || name == kRejectsName ||
         ParseRunName(name, &number) || IsSstName(name);
}

}  // namespace load
}  // namespace sheaf
