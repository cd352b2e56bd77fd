// PageTotals: counts the pages of long lists, beside what ListTotals counts.
//
// Thread safety: none.
//
//   ListTotals totals;
//   PageTotals pages;
//   OperandDebt debt;
//   rocksdb::Status s = CountPages(*lists, std::nullopt, &progress, &totals, &pages, &debt);

#ifndef SHEAF_TOOLS_SHEAF_PAGE_TOTALS_H_
#define SHEAF_TOOLS_SHEAF_PAGE_TOTALS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "plugin/rocksdb/histogram.h"
#include "rocksdb/status.h"
#include "tools/common/progress.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_totals.h"
#include "tools/sheaf/operand_debt.h"

namespace sheaf {
namespace tool {

struct PageTotals {
  uint64_t page_bytes = 0;  // AppendOptions::page_bytes
  uint64_t sealed = 0;
  uint64_t open = 0;
  internal::Histogram bytes_per_page;  // as encoded
  // Of the last list: the positions of its values, and the values in the open page.
  uint64_t first = 0;
  uint64_t end = 0;
  uint64_t in_open = 0;
};

// Reads all long lists, or that of `key` alone, and adds to what is counted. Pages that do not
// decode, and keys that are no pages, are ListTotals::undecodable.
rocksdb::Status CountPages(ListDb& lists, const std::optional<std::string>& key,
                           load::Progress* progress, ListTotals* totals, PageTotals* pages,
                           OperandDebt* debt);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_PAGE_TOTALS_H_
