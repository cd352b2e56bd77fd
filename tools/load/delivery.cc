#include "tools/load/delivery.h"

#include <functional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/load/output/publish.h"
#include "tools/load/resume/load_state.h"

namespace sheaf {
namespace load {
namespace {

// All files of the ranges that are `wanted`, those first that are no pieces of a list.
std::vector<SstFile> InOrder(const BuiltLists& lists,
                             const std::function<bool(const BuiltLists::Range&)>& wanted) {
  std::vector<SstFile> files;
  for (const bool pieces : {false, true}) {
    for (const BuiltLists::Range& range : lists.ranges) {
      if (!wanted(range)) continue;
      for (const SstFile& file : range.files.files) {
        if (file.piece == pieces) files.push_back(file);
      }
    }
  }
  return files;
}

}  // namespace

absl::Status IngestLists(const Delivery& delivery, const Database& database) {
  IngestionOptions ingestion;
  const auto all = [](const BuiltLists::Range&) { return true; };
  for (const SstFile& file : InOrder(*delivery.lists, all)) ingestion.files.push_back(file.path);
  if (ingestion.files.empty() && !database.is_new()) return absl::OkStatus();
  const LoadMode mode = delivery.options->mode;
  ingestion.long_lists = database.page_bytes() != 0;
  // Lists that are replaced need not be looked for, but long lists can only be made.
  const bool may_be_there =
      ingestion.long_lists ? mode == LoadMode::kCreateOnly : mode != LoadMode::kAppend;
  ingestion.must_be_empty = !may_be_there && !delivery.preflight->operands;
  ingestion.create_only = mode == LoadMode::kCreateOnly;
  ingestion.before = [&](const IngestionIntent& intent) {
    return database.is_new() ? absl::OkStatus() : delivery.journal->Append(RecordOf(intent));
  };
  ingestion.note = delivery.options->note;
  return Ingest(database, ingestion);
}

absl::Status PublishLists(const Delivery& delivery, const std::string& folder,
                          const LoadSummary& summary) {
  const LoadOptions& options = *delivery.options;
  const Preflight& preflight = *delivery.preflight;
  SstSet set;
  set.mark = absl::StrCat(delivery.mark.what, ":", delivery.mark.id);
  set.comparator = preflight.order.comparator()->Name();
  set.layout = LayoutName(preflight.operands ? Layout::kCompact : preflight.database.layout());
  set.family = options.family;
  set.operands = preflight.operands;
  std::vector<std::string> folders;
  std::vector<PublishedFile> files;
  for (size_t shard = 0; shard < options.shards; ++shard) {
    const auto is_of_shard = [shard](const BuiltLists::Range& range) {
      return range.shard == shard;
    };
    SstSet::Shard one;
    one.folder =
        options.shards == 1 ? "." : absl::StrCat("shard-", absl::Dec(shard, absl::kZeroPad4));
    for (const BuiltLists::Range& range : delivery.lists->ranges) {
      if (is_of_shard(range)) one.keys += range.files.keys;
    }
    for (SstFile& file : InOrder(*delivery.lists, is_of_shard)) {
      const std::string name = absl::StrCat(absl::Dec(one.files.size(), absl::kZeroPad6), ".sst");
      files.push_back({file.path, one.folder + "/" + name});
      file.path = name;
      one.files.push_back(std::move(file));
    }
    folders.push_back(one.folder);
    set.shards.push_back(std::move(one));
  }
  return Publish(folder, folders, files, options.manifest(set, summary));
}

}  // namespace load
}  // namespace sheaf
