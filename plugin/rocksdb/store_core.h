// StoreCore: what Store and Cursor share.

#ifndef SHEAF_PLUGIN_ROCKSDB_STORE_CORE_H_
#define SHEAF_PLUGIN_ROCKSDB_STORE_CORE_H_

#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "plugin/rocksdb/caches.h"
#include "plugin/rocksdb/ledger.h"
#include "rocksdb/db.h"
#include "rocksdb/status.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace internal {

class StoreCore {
 public:
  StoreCore(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf, Layout layout, bool can_append,
            std::shared_ptr<const Caches> caches)
      : db(db),
        cf(cf),
        layout(layout),
        can_append(can_append),
        caches(caches),
        ledger(Ledger::New(std::move(caches))) {}

  rocksdb::DB* const db;
  rocksdb::ColumnFamilyHandle* const cf;
  const Layout layout;
  const bool can_append;  // the merge operator is sheaf.append
  const std::shared_ptr<const Caches> caches;
  const Ledger::Ptr ledger;
};

// Corruption of the list of `key`: `value` was refused with `status`.
rocksdb::Status CorruptList(const rocksdb::Slice& key, const rocksdb::Slice& value, Layout layout,
                            const absl::Status& status);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_STORE_CORE_H_
