// The option `layout` of Sheaf's customizable objects.

#ifndef SHEAF_PLUGIN_ROCKSDB_OPTION_TYPES_H_
#define SHEAF_PLUGIN_ROCKSDB_OPTION_TYPES_H_

#include <string>
#include <unordered_map>

#include "rocksdb/utilities/options_type.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace internal {

// For Configurable::RegisterOptions with a pointer to a Layout.
const std::unordered_map<std::string, rocksdb::OptionTypeInfo>* LayoutOption();

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_OPTION_TYPES_H_
