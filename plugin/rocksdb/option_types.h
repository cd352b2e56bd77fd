// The options of Sheaf's customizable objects, for options strings and OPTIONS files.

#ifndef SHEAF_PLUGIN_ROCKSDB_OPTION_TYPES_H_
#define SHEAF_PLUGIN_ROCKSDB_OPTION_TYPES_H_

#include <string>
#include <unordered_map>

#include "rocksdb/utilities/options_type.h"

namespace sheaf {
namespace internal {

using OptionTypes = std::unordered_map<std::string, rocksdb::OptionTypeInfo>;

// The option `layout`, for Configurable::RegisterOptions with a pointer to a Layout.
const OptionTypes* LayoutOption();

// The members of AppendOptions by their names, for a pointer to an AppendOptions.
const OptionTypes* AppendOptionTypes();

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_OPTION_TYPES_H_
