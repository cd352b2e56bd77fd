#include "sheaf/plugin.h"

#include <exception>
#include <memory>
#include <string>

#include "plugin/rocksdb/append_operator_impl.h"
#include "plugin/rocksdb/page_partitioner.h"
#include "plugin/rocksdb/stats_collector_impl.h"

namespace {

// Adds a factory of `Object`, for whose name it is called. An object that there is no memory for is
// null, with no message, which would need memory.
template <typename Interface, typename Object, typename... Arguments>
void Add(rocksdb::ObjectLibrary* library, Arguments... arguments) {
  library->AddFactory<Interface>(
      Object::kClassName(),
      [arguments...](const std::string&, std::unique_ptr<Interface>* guard, std::string*) {
        try {
          guard->reset(new Object(arguments...));
        } catch (const std::exception&) {
          guard->reset();
        }
        return guard->get();
      });
}

}  // namespace

extern "C" int sheaf_register(rocksdb::ObjectLibrary& library, const std::string& /*arg*/) {
  using sheaf::internal::AppendOperator;
  using sheaf::internal::StatsCollectorFactory;
  try {
    Add<rocksdb::MergeOperator, AppendOperator>(&library, sheaf::AppendOptions());
    Add<rocksdb::TablePropertiesCollectorFactory, StatsCollectorFactory>(&library,
                                                                         sheaf::Layout::kCompact);
    Add<rocksdb::SstPartitionerFactory, sheaf::internal::PagePartitionerFactory>(&library);
  } catch (const std::exception&) {
    return 0;
  }
  return 3;
}

namespace sheaf {

void RegisterPlugin() {
  static const int registered = sheaf_register(*rocksdb::ObjectLibrary::Default(), "");
  (void)registered;
}

}  // namespace sheaf
