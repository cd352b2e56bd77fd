#include "plugin/rocksdb/option_types.h"

namespace sheaf {
namespace internal {
namespace {

const std::unordered_map<std::string, Layout>* LayoutNames() {
  static const auto* const names = new std::unordered_map<std::string, Layout>{
      {LayoutName(Layout::kFixed64), Layout::kFixed64},
      {LayoutName(Layout::kCompact), Layout::kCompact},
  };
  return names;
}

}  // namespace

const std::unordered_map<std::string, rocksdb::OptionTypeInfo>* LayoutOption() {
  // Never destroyed: DBs may be closed by static destructors.
  static const auto* const info = new std::unordered_map<std::string, rocksdb::OptionTypeInfo>{
      {"layout", rocksdb::OptionTypeInfo::Enum<Layout>(0, LayoutNames())},
  };
  return info;
}

}  // namespace internal
}  // namespace sheaf
