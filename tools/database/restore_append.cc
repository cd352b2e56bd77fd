// Database::RestoreAppend: what an OPTIONS file of before says of the merge operator.

#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/convenience.h"
#include "rocksdb/merge_operator.h"
#include "sheaf/append_operator.h"
#include "sheaf/plugin.h"
#include "tools/database/database.h"

namespace sheaf {
namespace load {
namespace {

using Families = std::vector<rocksdb::ColumnFamilyDescriptor>;

bool HasAppend(const rocksdb::ColumnFamilyOptions& family) {
  return family.merge_operator != nullptr &&
         family.merge_operator->IsInstanceOf(kAppendOperatorName);
}

// What RocksDB's tools put in the place of an operator that they do not know.
bool IsForeign(const rocksdb::ColumnFamilyOptions& family) {
  if (family.merge_operator == nullptr) return true;
  const std::string name = family.merge_operator->Name();
  return name == "StringAppendOperator" || name == "StringAppendTESTOperator";
}

std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> FindStats(
    const rocksdb::ColumnFamilyOptions& family) {
  for (const auto& factory : family.table_properties_collector_factories) {
    if (factory != nullptr && factory->IsInstanceOf(kStatsCollectorName)) return factory;
  }
  return nullptr;
}

uint64_t PageBytesOf(const rocksdb::MergeOperator& append) {
  std::string text;
  uint64_t bytes = 0;
  if (!append.GetOption(rocksdb::ConfigOptions(), "page_bytes", &text).ok()) return 0;
  return absl::SimpleAtoi(text, &bytes) ? bytes : 0;
}

const rocksdb::ColumnFamilyOptions* Find(const std::string& name, const Families& families) {
  for (const rocksdb::ColumnFamilyDescriptor& family : families) {
    if (family.name == name) return &family.options;
  }
  return nullptr;
}

}  // namespace

void Database::FindPageBytes() {
  const rocksdb::ColumnFamilyOptions& options = family();
  merge_operator_ = options.merge_operator == nullptr ? "none" : options.merge_operator->Name();
  can_append_ = HasAppend(options);
  page_bytes_ = can_append_ ? PageBytesOf(*options.merge_operator) : 0;
  if (can_append_ || !IsForeign(options) || is_new_) return;
  for (const std::string& name : OptionsFile::Names(path_)) {
    const absl::StatusOr<OptionsFile> file = OptionsFile::Read(path_, name);
    const auto* const before = file.ok() ? Find(family_name_, file->families) : nullptr;
    if (before == nullptr || !HasAppend(*before)) continue;
    page_bytes_ = PageBytesOf(*before->merge_operator);
    return;
  }
}

bool Database::OptionsTellOfLists() const {
  if (can_append_ || FindStats(*Find(family_name_, said_.families)) != nullptr) return true;
  for (const std::string& name : OptionsFile::Names(path_)) {
    const absl::StatusOr<OptionsFile> file = OptionsFile::Read(path_, name);
    const auto* const family = file.ok() ? Find(family_name_, file->families) : nullptr;
    if (family != nullptr && HasAppend(*family)) return true;
  }
  return false;
}

absl::Status Database::RestoreAppend(std::optional<Layout> layout, std::string* change) {
  change->clear();
  const auto refuse_layout = [&] {
    return absl::FailedPreconditionError(absl::StrCat(
        path_, ": the lists have layout ", LayoutName(layout_), ", not ", LayoutName(*layout),
        "; leave --layout out, or say --layout ", LayoutName(layout_)));
  };
  if (can_append_) {
    return layout.has_value() && *layout != layout_ ? refuse_layout() : absl::OkStatus();
  }
  if (!IsForeign(*Find(family_name_, said_.families))) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": the DB's merge operator is ", merge_operator(),
                     "; only in the place of StringAppendOperator or none is sheaf.append put"));
  }
  const std::string was = merge_operator();
  std::string source;
  for (const std::string& name : OptionsFile::Names(path_)) {
    const absl::StatusOr<OptionsFile> before = OptionsFile::Read(path_, name);
    if (!before.ok()) continue;
    // Other column families may have been treated alike. Each takes the newest file that has it.
    for (rocksdb::ColumnFamilyDescriptor& family : said_.families) {
      const auto* const old = Find(family.name, before->families);
      if (old == nullptr || !HasAppend(*old) || !IsForeign(family.options)) continue;
      family.options.merge_operator = old->merge_operator;
      const auto stats = FindStats(*old);
      if (stats != nullptr && FindStats(family.options) == nullptr) {
        family.options.table_properties_collector_factories.push_back(stats);
      }
      if (family.name == family_name_) source = name;
    }
  }
  if (source.empty()) {
    if (!layout.has_value() && FindStats(family()) == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat(
          path_, ": the DB's merge operator is ", was,
          ", and no OPTIONS file of it names sheaf.append",
          family_name_ == rocksdb::kDefaultColumnFamilyName ? "" : " for column family ",
          family_name_ == rocksdb::kDefaultColumnFamilyName ? "" : family_name_,
          ": nothing says which layout its lists have. Say --layout compact, which `sheaf load` "
          "uses, or --layout fixed64"));
    }
    AppendOptions append;
    append.layout = layout.value_or(layout_);
    for (rocksdb::ColumnFamilyDescriptor& family : said_.families) {
      if (family.name == family_name_) family.options.merge_operator = NewAppendOperator(append);
    }
  }
  said_.Rewrite();
  DeriveOptions();
  if (layout.has_value() && *layout != layout_) return refuse_layout();
  *change = absl::StrCat("merge operator ", was, " -> sheaf.append, layout ", LayoutName(layout_),
                         source.empty() ? "" : absl::StrCat(", as in ", source));
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf
