#include "sheaf/plugin.h"

#include "plugin/rocksdb/append_operator_impl.h"
#include "plugin/rocksdb/stats_collector_impl.h"

extern "C" int sheaf_register(rocksdb::ObjectLibrary& library, const std::string& /*arg*/) {
  using sheaf::internal::AppendOperator;
  using sheaf::internal::StatsCollectorFactory;
  library.AddFactory<rocksdb::MergeOperator>(
      AppendOperator::kClassName(),
      [](const std::string&, std::unique_ptr<rocksdb::MergeOperator>* guard, std::string*) {
        guard->reset(new AppendOperator(sheaf::AppendOptions()));
        return guard->get();
      });
  library.AddFactory<rocksdb::TablePropertiesCollectorFactory>(
      StatsCollectorFactory::kClassName(),
      [](const std::string&, std::unique_ptr<rocksdb::TablePropertiesCollectorFactory>* guard,
         std::string*) {
        guard->reset(new StatsCollectorFactory(sheaf::Layout::kCompact));
        return guard->get();
      });
  return 2;
}

namespace sheaf {

void RegisterPlugin() {
  static const int registered = sheaf_register(*rocksdb::ObjectLibrary::Default(), "");
  (void)registered;
}

}  // namespace sheaf
