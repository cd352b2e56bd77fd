// List evidence: whether a column family that has no sheaf.append holds lists all the same.
//
// A tool that does not know sheaf.append writes OPTIONS without it, and the lists are still there.
// A column family of plain values looks the same in OPTIONS. SSTs and values tell them apart.
//
// Thread safety: free functions.
//
//   if (!database.OptionsTellOfLists()) status = CheckHoldsLists(database, *opened);

#ifndef SHEAF_TOOLS_SHEAF_LIST_EVIDENCE_H_
#define SHEAF_TOOLS_SHEAF_LIST_EVIDENCE_H_

#include <string>

#include "absl/status/status.h"
#include "rocksdb/db.h"
#include "tools/database/database.h"

namespace sheaf {
namespace tool {

enum class ListEvidence {
  kLists,
  kNone,     // no value is there, or most of those that were looked at are not lists
  kUnknown,  // it cannot be read to the end
};

// Looks at the properties of the SSTs of `family`, and then at its first values. What another merge
// operator joined with `delimiter` counts as a list.
ListEvidence FindListEvidence(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family,
                              const std::string& delimiter = ":");

// NotFound if the column family of `database`, which is opened as `opened`, holds no lists. Says
// which column families have sheaf.append. OK if it cannot be known.
absl::Status CheckHoldsLists(const load::Database& database, const load::OpenedDatabase& opened,
                             const std::string& delimiter = ":");

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LIST_EVIDENCE_H_
