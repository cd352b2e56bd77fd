#include "tools/sheaf/list_evidence.h"

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "plugin/rocksdb/bundle.h"
#include "rocksdb/table_properties.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_view.h"
#include "sheaf/plugin.h"
#include "tools/sheaf/salvage.h"

namespace sheaf {
namespace tool {
namespace {

// What is looked at, at most.
constexpr uint64_t kMaxValues = 1000;
constexpr uint64_t kMaxBytes = uint64_t{64} << 20;

Salvager SalvagerOf(Layout layout, const std::string& delimiter) {
  AppendOptions append;
  append.layout = layout;
  SalvageOptions options;
  options.delimiter = delimiter;
  options.adopt = false;
  return Salvager(NewAppendOperator(append), layout, options);
}

// An SST that was written where sheaf.append or sheaf.stats was known. The name of the operator
// says nothing alone: the tool itself opens a column family without an operator with sheaf.append.
bool TellsOfLists(const rocksdb::TableProperties& table) {
  return table.user_collected_properties.count(kKeysProperty) != 0 ||
         (table.merge_operator_name == kAppendOperatorName && table.num_merge_operands != 0);
}

}  // namespace

ListEvidence FindListEvidence(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* family,
                              const std::string& delimiter) {
  rocksdb::TablePropertiesCollection tables;
  if (!db.GetPropertiesOfAllTables(family, &tables).ok()) return ListEvidence::kUnknown;
  for (const auto& [name, table] : tables) {
    if (TellsOfLists(*table)) return ListEvidence::kLists;
  }
  const Salvager compact = SalvagerOf(Layout::kCompact, delimiter);
  const Salvager fixed64 = SalvagerOf(Layout::kFixed64, delimiter);
  const auto is_list = [&](std::string_view value) {
    return BlobView::Parse(value, Layout::kCompact).ok() ||
           BlobView::Parse(value, Layout::kFixed64).ok() || internal::ParseBundle(value).ok() ||
           compact.Mend(value).ok() || fixed64.Mend(value).ok();
  };
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> at(db.NewIterator(options, family));
  uint64_t values = 0;
  uint64_t lists = 0;
  uint64_t bytes = 0;
  for (at->SeekToFirst(); at->Valid() && values < kMaxValues && bytes < kMaxBytes; at->Next()) {
    const std::string_view value(at->value().data(), at->value().size());
    ++values;
    bytes += value.size();
    if (is_list(value)) ++lists;
  }
  // An integer may look like a list by chance, so one list is not enough.
  if (values != 0 && 2 * lists >= values) return ListEvidence::kLists;
  return at->status().ok() ? ListEvidence::kNone : ListEvidence::kUnknown;
}

absl::Status CheckHoldsLists(const load::Database& database, const load::OpenedDatabase& opened,
                             const std::string& delimiter) {
  // What is missing behind the damage of a log may be lists.
  if (!opened.log_faults().empty()) return absl::OkStatus();
  if (FindListEvidence(*opened.db(), opened.family(), delimiter) != ListEvidence::kNone) {
    return absl::OkStatus();
  }
  const std::string others = database.OtherFamilies();
  return absl::NotFoundError(absl::StrCat(
      database.path(), ": column family ", database.family_name(),
      " holds no lists: the DB's merge operator is ", database.merge_operator(),
      ", not sheaf.append, and neither its SSTs nor its values tell of lists. ",
      others.empty() ? "No other column family has sheaf.append either; `sheaf families` shows "
                       "what is there"
                     : others));
}

}  // namespace tool
}  // namespace sheaf
