#include "plugin/rocksdb/option_types.h"

#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "plugin/rocksdb/exceptions_to_status.h"
#include "sheaf/append_operator.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace internal {
namespace {

using rocksdb::OptionTypeInfo;

// What the maps below point to is never destroyed: DBs may be closed by static destructors.
using LayoutNames = std::unordered_map<std::string, Layout>;
using KeepNames = std::unordered_map<std::string, Keep>;

rocksdb::Status Refuse(const std::string& name, const char* expected, const std::string& found) {
  return rocksdb::Status::InvalidArgument(
      absl::StrCat("option ", name, ": expected ", expected, ", found \"", found, "\""));
}

// RocksDB's own message for an enum does not tell what is expected.
template <typename T>
OptionTypeInfo EnumOption(size_t offset, const std::unordered_map<std::string, T>* names,
                          const char* expected) {
  OptionTypeInfo info = OptionTypeInfo::Enum<T>(static_cast<int>(offset), names);
  info.SetParseFunc([names, expected](const rocksdb::ConfigOptions&, const std::string& name,
                                      const std::string& text, void* at) {
    return ExceptionsToStatus([&] {
      const auto found = names->find(text);
      if (found == names->end()) return Refuse(name, expected, text);
      *static_cast<T*>(at) = found->second;
      return rocksdb::Status::OK();
    });
  });
  return info;
}

// RocksDB's own parser takes -1 for the largest number, and ends the process at what is none.
// `expected`: what numbers there are, for messages.
OptionTypeInfo NumberOption(size_t offset, const char* expected) {
  OptionTypeInfo info(static_cast<int>(offset), rocksdb::OptionType::kUInt64T);
  info.SetParseFunc([expected](const rocksdb::ConfigOptions&, const std::string& name,
                               const std::string& text, void* at) {
    return ExceptionsToStatus([&] {
      uint64_t number = 0;
      if (!absl::SimpleAtoi(text, &number)) return Refuse(name, expected, text);
      *static_cast<uint64_t*>(at) = number;
      return rocksdb::Status::OK();
    });
  });
  return info;
}

OptionTypeInfo LayoutOptionAt(size_t offset) {
  static const auto* const names = new LayoutNames{
      {LayoutName(Layout::kFixed64), Layout::kFixed64},
      {LayoutName(Layout::kCompact), Layout::kCompact},
  };
  return EnumOption(offset, names, "compact or fixed64");
}

}  // namespace

const OptionTypes* LayoutOption() {
  static const auto* const options = new OptionTypes{{"layout", LayoutOptionAt(0)}};
  return options;
}

const OptionTypes* AppendOptionTypes() {
  static constexpr char kLimit[] = "a number from 0 (no limit) to 18446744073709551615";
  static constexpr char kPageBytes[] = "a number from 0 (plain lists) to 18446744073709551615";
  static const auto* const keeps = new KeepNames{{"last", Keep::kLast}, {"first", Keep::kFirst}};
  static const auto* const options = new OptionTypes{
      {"layout", LayoutOptionAt(offsetof(AppendOptions, layout))},
      {"max_values", NumberOption(offsetof(AppendOptions, max_values), kLimit)},
      {"max_bytes", NumberOption(offsetof(AppendOptions, max_bytes), kLimit)},
      {"keep", EnumOption(offsetof(AppendOptions, keep), keeps, "last or first")},
      {"page_bytes", NumberOption(offsetof(AppendOptions, page_bytes), kPageBytes)},
  };
  return options;
}

}  // namespace internal
}  // namespace sheaf
