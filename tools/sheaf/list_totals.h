// ListTotals: counts lists, their values and bytes.
//
// TableStats: the totals of all SSTs of a column family, added up from the SSTs' properties without
// reading a list, and the reasons why the DB may hold something else.
//
// Thread safety: none.
//
//   TableStats tables;
//   if (rocksdb::Status s = TableStats::Read(*lists, &tables); !s.ok()) return s;
//   if (tables.reasons.empty()) Print(tables.totals);      // exact

#ifndef SHEAF_TOOLS_SHEAF_LIST_TOTALS_H_
#define SHEAF_TOOLS_SHEAF_LIST_TOTALS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "plugin/rocksdb/histogram.h"
#include "rocksdb/db.h"
#include "sheaf/blob_view.h"
#include "tools/sheaf/list_db.h"

namespace sheaf {
namespace tool {

struct ListTotals {
  uint64_t keys = 0;
  uint64_t values = 0;
  uint64_t bytes = 0;          // of values
  uint64_t encoded_bytes = 0;  // with headers
  internal::Histogram values_per_key;
  internal::Histogram bytes_per_value;
  // Not in the numbers above: values that do not decode, and lists in blob files, which were not
  // read.
  uint64_t undecodable = 0;
  uint64_t references = 0;

  void Add(const BlobView& list);
};

struct TableStats {
  // For the column family of `lists`. Reads only properties, which RocksDB has in memory or reads
  // from the end of each file.
  static rocksdb::Status Read(ListDb& lists, TableStats* stats);

  ListTotals totals;
  // Sentences that say why `totals` are not exact; none if they are.
  std::vector<std::string> reasons;

  uint64_t tables = 0;
  uint64_t tables_without = 0;  // SSTs without the properties
  // About as many bytes as a scan reads: keys and values of SSTs before compression, memtables,
  // blob files.
  uint64_t scan_bytes = 0;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LIST_TOTALS_H_
