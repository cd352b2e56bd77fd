// Database::RestoreAppend: what an OPTIONS file of before says of the merge operator.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/utilities/options_util.h"
#include "sheaf/append_operator.h"
#include "sheaf/plugin.h"
#include "tools/load/database.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;
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

rocksdb::ColumnFamilyOptions* Find(const std::string& name, Families* families) {
  for (rocksdb::ColumnFamilyDescriptor& family : *families) {
    if (family.name == name) return &family.options;
  }
  return nullptr;
}

// Names of the OPTIONS files of the DB in `path`, the newest first.
std::vector<std::string> OptionsFiles(const std::string& path) {
  constexpr std::string_view kPrefix = "OPTIONS-";
  std::vector<std::pair<uint64_t, std::string>> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind(kPrefix, 0) != 0) continue;
    char* end = nullptr;
    const uint64_t number = std::strtoull(name.c_str() + kPrefix.size(), &end, 10);
    if (*end == '\0') found.emplace_back(number, name);  // else one that is being written
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<std::string> names;
  for (auto& [number, name] : found) names.push_back(std::move(name));
  return names;
}

}  // namespace

absl::Status Database::RestoreAppend(std::optional<Layout> layout, std::string* change) {
  change->clear();
  const auto refuse_layout = [&] {
    return absl::FailedPreconditionError(absl::StrCat(
        path_, ": the lists have layout ", LayoutName(layout_), ", not ", LayoutName(*layout)));
  };
  if (can_append_) {
    return layout.has_value() && *layout != layout_ ? refuse_layout() : absl::OkStatus();
  }
  if (!IsForeign(family())) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": the DB's merge operator is ", merge_operator(),
                     "; only in the place of StringAppendOperator or none is sheaf.append put"));
  }
  const std::string was = merge_operator();
  std::string source;
  rocksdb::ConfigOptions config;
  config.ignore_unsupported_options = false;
  for (const std::string& file : OptionsFiles(path_)) {
    rocksdb::DBOptions db_options;
    Families families;
    if (!rocksdb::LoadOptionsFromFile(config, path_ + "/" + file, &db_options, &families).ok()) {
      continue;
    }
    const auto* const before = Find(rocksdb::kDefaultColumnFamilyName, &families);
    if (before == nullptr || !HasAppend(*before)) continue;
    // Other column families may have been treated alike.
    for (rocksdb::ColumnFamilyDescriptor& family : families_) {
      const auto* const old = Find(family.name, &families);
      if (old == nullptr || !HasAppend(*old) || !IsForeign(family.options)) continue;
      family.options.merge_operator = old->merge_operator;
      const auto stats = FindStats(*old);
      if (stats != nullptr && FindStats(family.options) == nullptr) {
        family.options.table_properties_collector_factories.push_back(stats);
      }
    }
    source = file;
    break;
  }
  if (source.empty()) {
    if (!layout.has_value() && FindStats(family()) == nullptr) {
      return absl::FailedPreconditionError(absl::StrCat(
          path_, ": the DB's merge operator is ", was,
          ", and no OPTIONS file of it names sheaf.append: nothing says that this is a DB of "
          "lists. "
          "If it is, say --layout compact, which `sheaf load` uses, or --layout fixed64"));
    }
    AppendOptions append;
    append.layout = layout.value_or(layout_);
    family().merge_operator = NewAppendOperator(append);
  }
  FindLayout();
  if (layout.has_value() && *layout != layout_) return refuse_layout();
  *change = absl::StrCat("merge operator ", was, " -> sheaf.append, layout ", LayoutName(layout_),
                         source.empty() ? "" : absl::StrCat(", as in ", source));
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf
