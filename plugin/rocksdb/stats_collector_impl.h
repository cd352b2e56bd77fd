// The factory behind NewStatsCollectorFactory in sheaf/plugin.h.

#ifndef SHEAF_PLUGIN_ROCKSDB_STATS_COLLECTOR_IMPL_H_
#define SHEAF_PLUGIN_ROCKSDB_STATS_COLLECTOR_IMPL_H_

#include "rocksdb/table_properties.h"
#include "sheaf/layout.h"
#include "sheaf/plugin.h"

namespace sheaf {
namespace internal {

class StatsCollectorFactory final : public rocksdb::TablePropertiesCollectorFactory {
 public:
  explicit StatsCollectorFactory(Layout layout);

  static const char* kClassName() { return kStatsCollectorName; }
  const char* Name() const override { return kClassName(); }

  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context context) override;

 private:
  Layout layout_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_STATS_COLLECTOR_IMPL_H_
