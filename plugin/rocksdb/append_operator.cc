#include "sheaf/append_operator.h"

#include <cinttypes>
#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "plugin/codec/blob_view_access.h"
#include "plugin/codec/edit_folder.h"
#include "plugin/codec/editable_list.h"
#include "plugin/codec/encoder.h"
#include "plugin/codec/operand.h"
#include "plugin/rocksdb/append_operator_impl.h"
#include "plugin/rocksdb/bundle.h"
#include "plugin/rocksdb/option_types.h"
#include "plugin/rocksdb/read_context.h"
#include "plugin/rocksdb/single_appends.h"
#include "rocksdb/convenience.h"
#include "rocksdb/env.h"
#include "rocksdb/version.h"
#include "sheaf/blob_view.h"

namespace sheaf {
namespace internal {

namespace {

using Input = rocksdb::MergeOperator::MergeOperationInput;
using Output = rocksdb::MergeOperator::MergeOperationOutput;

std::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

uint64_t BytesOf(const std::vector<rocksdb::Slice>& operands) {
  uint64_t bytes = 0;
  for (const rocksdb::Slice& operand : operands) bytes += operand.size();
  return bytes;
}

EditableList::Limits LimitsOf(const AppendOptions& options) {
  EditableList::Limits limits;
  if (options.max_values != 0) limits.max_values = options.max_values;
  if (options.max_bytes != 0) limits.max_bytes = options.max_bytes;
  limits.keep_first = options.keep == Keep::kFirst;
  return limits;
}

bool WantsTail(const ReadContext* context) { return context != nullptr && context->wants_tail(); }

bool ParseList(std::string_view encoded, Layout layout, BlobView* list) {
  return BlobViewAccess::ParseInto(encoded, layout, BlobViewAccess::Extent::kWhole, list).ok();
}

// Parses `encoded` onto the end of `lists`; false if it is not a list.
bool Collect(std::string_view encoded, Layout layout, std::vector<BlobView>* lists) {
  lists->emplace_back();
  if (ParseList(encoded, layout, &lists->back())) return true;
  lists->pop_back();
  return false;
}

// The inputs of a merge that matter: those since the last clear.
struct History {
  std::string_view base;
  bool has_base = false;
  size_t first_operand = 0;
  // What they say, if all of them decode.
  bool decodes = true;
  BlobView base_list;
  std::vector<Edit> edits;
};

History HistoryOf(const Input& in, Layout layout) {
  History history;
  if (in.existing_value != nullptr) {
    history.has_base = true;
    history.base = View(*in.existing_value);
    history.decodes = ParseList(history.base, layout, &history.base_list);
  }
  for (size_t i = 0; i < in.operand_list.size(); ++i) {
    std::vector<Edit>& edits = history.edits;
    const size_t before = edits.size();
    if (!ParseOperand(View(in.operand_list[i]), &edits).ok()) history.decodes = false;
    for (size_t clear = edits.size(); clear > before; --clear) {
      if (edits[clear - 1].kind != Edit::Kind::kClear) continue;
      edits.erase(edits.begin(), edits.begin() + static_cast<ptrdiff_t>(clear - 1));
      history.has_base = false;
      history.first_operand = i;
      history.decodes = true;
      break;
    }
  }
  return history;
}

// Raw inputs, with those of bundles among them in place of the bundle, so that any grouping of
// merges bundles the same inputs in the same order.
absl::Status Bundle(const Input& in, const History& history, Layout layout, std::string* out) {
  std::vector<std::string_view> inputs;
  const auto add = [&inputs](std::string_view input, Layout input_layout) {
    const absl::StatusOr<BlobView> bundle = ParseBundle(input);
    if (bundle.ok() && !BlobView::Parse(input, input_layout).ok()) {
      bundle->ForEach([&inputs](std::string_view raw) { inputs.push_back(raw); });
    } else {
      inputs.push_back(input);
    }
  };
  if (history.has_base) add(history.base, layout);
  for (size_t i = history.first_operand; i < in.operand_list.size(); ++i) {
    add(View(in.operand_list[i]), Layout::kCompact);
  }
  return EncodeBundle(inputs, out);
}

absl::Status MergeEdits(const Input& in, const AppendOptions& options, const ReadContext* context,
                        std::string* out) {
  const History history = HistoryOf(in, options.layout);
  if (!history.decodes) return Bundle(in, history, options.layout, out);
  EditableList list(LimitsOf(options));
  if (history.has_base) list.Append(history.base_list);
  for (const Edit& edit : history.edits) list.Apply(edit);
  if (WantsTail(context)) list.KeepLast(context->wanted());
  return list.Encode(options.layout, out);
}

// The last `wanted` values of `lists`.
absl::Status MergeTail(absl::Span<const BlobView> lists, uint64_t wanted, Layout layout,
                       std::string* out) {
  size_t first = lists.size();
  for (uint64_t values = 0; first > 0 && values < wanted;) values += lists[--first].size();
  EditableList list;
  for (const BlobView& values : lists.subspan(first)) list.Append(values);
  list.KeepLast(wanted);
  return list.Encode(layout, out);
}

// Does not throw.
void LogFailure(const Input& in, const MergeFailure& failure) {
  try {
    const std::string why =
        failure.kind == MergeFailure::Kind::kNoMemory
            ? "there is not enough memory to merge it"
            : absl::StrCat("a value of RocksDB has at most ", disk::kMaxRocksDbValue, " bytes");
    rocksdb::Error(in.logger,
                   "sheaf.append: the list of key %s was not merged: its base and %" PRIu64
                   " operands have %" PRIu64 " bytes; %s. Nothing is lost.",
                   in.key.ToString(/*hex=*/true).c_str(), uint64_t{in.operand_list.size()},
                   failure.bytes, why.c_str());
  } catch (const std::exception&) {
    // No memory to say so.
  }
}

}  // namespace

AppendOperator::AppendOperator(const AppendOptions& options) : options_(options) {
  RegisterOptions("append", &options_, AppendOptionTypes());
}

rocksdb::Status AppendOperator::Find(const rocksdb::MergeOperator* merge_operator, bool* found,
                                     AppendOptions* options) {
  *found = false;
  const rocksdb::Customizable* object = merge_operator;
  while (object != nullptr && !object->IsInstanceOf(kClassName())) object = object->Inner();
  if (object == nullptr) return rocksdb::Status::OK();

  const rocksdb::ConfigOptions config;
  AppendOperator copy{AppendOptions()};
  std::unordered_set<std::string> names;
  rocksdb::Status s = object->GetOptionNames(config, &names);
  if (s.ok() && names.count("layout") == 0) {
    s = rocksdb::Status::NotFound("it has no option \"layout\"");
  }
  for (const std::string& name : names) {
    if (name == "id" || !s.ok()) continue;
    std::string value;
    s = object->GetOption(config, name, &value);
    if (s.ok()) s = copy.ConfigureOption(config, name, value);
  }
  if (!s.ok()) {
    return rocksdb::Status::NotSupported(
        "the column family's merge operator calls itself sheaf.append, but is not this version's",
        s.ToString());
  }
  *found = true;
  *options = copy.options();
  return rocksdb::Status::OK();
}

absl::Status AppendOperator::Merge(const MergeOperationInput& in, MergeOperationOutput* out) const {
  ReadContext* const context = ReadContext::Current();
  if (context != nullptr) context->Note(View(in.key), in.operand_list);
  if (!limited() && in.operand_list.size() > 1 && !WantsTail(context)) {
    BlobView base;
    if ((in.existing_value == nullptr ||
         ParseList(View(*in.existing_value), options_.layout, &base)) &&
        MergeSingleAppends(base, in.operand_list, options_.layout, &out->new_value)) {
      return absl::OkStatus();
    }
  }
  return MergeAny(in, context, out);
}

absl::Status AppendOperator::MergeAny(const MergeOperationInput& in, const ReadContext* context,
                                      MergeOperationOutput* out) const {
  std::vector<BlobView> lists;
  bool plain = !limited();
  if (plain) {
    lists.reserve(in.operand_list.size() + 1);
    plain =
        in.existing_value == nullptr || Collect(View(*in.existing_value), options_.layout, &lists);
    for (size_t i = 0; plain && i < in.operand_list.size(); ++i) {
      plain = Collect(View(in.operand_list[i]), Layout::kCompact, &lists);
    }
  }
  if (!plain) return MergeEdits(in, options_, context, &out->new_value);
  if (lists.size() == 1 && lists[0].layout() == options_.layout) {
    const std::string_view only = lists[0].encoded();
    out->existing_operand = rocksdb::Slice(only.data(), only.size());
    return absl::OkStatus();
  }
  if (WantsTail(context)) {
    return MergeTail(lists, context->wanted(), options_.layout, &out->new_value);
  }
  return Concatenate(lists, options_.layout, &out->new_value);
}

bool AppendOperator::FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const {
  MergeFailure failure;
  try {
    if (Merge(in, out).ok()) return true;
    failure.kind = MergeFailure::Kind::kTooLarge;
  } catch (const std::exception&) {  // std::bad_alloc, std::length_error
    failure.kind = MergeFailure::Kind::kNoMemory;
  }
  // From here on nothing allocates.
  out->new_value.clear();
  failure.bytes =
      BytesOf(in.operand_list) + (in.existing_value == nullptr ? 0 : in.existing_value->size());
  ReadContext* const context = ReadContext::Current();
  if (context != nullptr) context->NoteFailure(View(in.key), failure);
  LogFailure(in, failure);
#if ROCKSDB_MAJOR > 7 || (ROCKSDB_MAJOR == 7 && ROCKSDB_MINOR >= 10)
  // Reads of the key fail; a compaction keeps the operands as they are.
  out->op_failure_scope = OpFailureScope::kMustMerge;
#endif
  return false;
}

bool AppendOperator::PartialMergeMulti(const rocksdb::Slice& /*key*/,
                                       const std::deque<rocksdb::Slice>& operands,
                                       std::string* folded, rocksdb::Logger* /*logger*/) const {
  try {
    if (Fold(operands, folded)) return true;
  } catch (const std::exception&) {
    // No memory now; the operands stay as they are.
  }
  folded->clear();
  return false;
}

bool AppendOperator::Fold(const std::deque<rocksdb::Slice>& operands, std::string* folded) const {
  const std::vector<rocksdb::Slice> slices(operands.begin(), operands.end());
  if (MergeSingleAppends(BlobView(), slices, Layout::kCompact, folded)) return true;

  std::vector<BlobView> lists;
  lists.reserve(operands.size());
  for (const rocksdb::Slice& operand : operands) {
    if (!Collect(View(operand), Layout::kCompact, &lists)) break;
  }
  if (lists.size() == operands.size()) return Concatenate(lists, Layout::kCompact, folded).ok();

  EditFolder folder(limited());
  std::vector<Edit> edits;
  for (const rocksdb::Slice& operand : operands) {
    edits.clear();
    if (!ParseOperand(View(operand), &edits).ok()) return false;
    for (const Edit& edit : edits) folder.Push(edit);
  }
  return folder.Finish(folded).ok();
}

bool AppendOperator::ShouldMerge(const std::vector<rocksdb::Slice>& backward) const {
  ReadContext* const context = ReadContext::Current();
  if (context == nullptr) return false;
  try {
    return context->Covers(View(backward.back()));
  } catch (const std::exception&) {
    return false;  // no memory to look at the operand; the read goes on
  }
}

}  // namespace internal

std::shared_ptr<rocksdb::MergeOperator> NewAppendOperator(const AppendOptions& options) {
  return std::make_shared<internal::AppendOperator>(options);
}

}  // namespace sheaf
