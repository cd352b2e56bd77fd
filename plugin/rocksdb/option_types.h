// The options of Sheaf's customizable objects, for options strings and OPTIONS files.

#ifndef SHEAF_PLUGIN_ROCKSDB_OPTION_TYPES_H_
#define SHEAF_PLUGIN_ROCKSDB_OPTION_TYPES_H_

#include <string>
#include <unordered_map>

#include "rocksdb/utilities/options_type.h"

namespace sheaf {
namespace internal {

using OptionTypes = std::unordered_map<std::string, rocksdb::OptionTypeInfo>;

// For Configurable::RegisterOptions with a pointer to a Layout: `layout`.
const OptionTypes* LayoutOption();

// With a pointer to AppendOptions: its members by their names.
const OptionTypes* AppendOptionTypes();

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_OPTION_TYPES_H_
