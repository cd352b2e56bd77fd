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
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/edit_folder.h"
#include "plugin/codec/editable_list.h"
#include "plugin/codec/encoder.h"
#include "plugin/codec/operand.h"
#include "plugin/rocksdb/append_operator_impl.h"
#include "plugin/rocksdb/merge_edits.h"
#include "plugin/rocksdb/open_pages.h"
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

uint64_t BytesOf(const std::vector<rocksdb::Slice>& operands) {
  uint64_t bytes = 0;
  for (const rocksdb::Slice& operand : operands) bytes += operand.size();
  return bytes;
}

bool WantsPart(const ReadContext* context) { return context != nullptr && context->wants_part(); }

bool ParseList(std::string_view encoded, Layout layout, BlobView* list) {
  return BlobParser::ParseInto(encoded, layout, BlobParser::Extent::kWhole, list).ok();
}

// Parses `encoded` onto the end of `lists`; false if it is not a list.
bool Collect(std::string_view encoded, Layout layout, std::vector<BlobView>* lists) {
  lists->emplace_back();
  if (ParseList(encoded, layout, &lists->back())) return true;
  lists->pop_back();
  return false;
}

// The part of `lists` that `context` wants.
absl::Status MergePart(const std::vector<BlobView>& lists, ReadContext* context, Layout layout,
                       std::string* out) {
  EditableList list;
  for (const BlobView& values : lists) list.Append(values);
  context->Cut(&list);
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
  if (context != nullptr) context->Note(in.key.ToStringView(), in.existing_value, in.operand_list);
  if (!limited() && in.operand_list.size() > 1 && !WantsPart(context)) {
    BlobView base;
    if ((in.existing_value == nullptr ||
         ParseList(in.existing_value->ToStringView(), options_.layout, &base)) &&
        MergeSingleAppends(base, in.operand_list, options_.layout, &out->new_value)) {
      return absl::OkStatus();
    }
  }
  return MergeAny(in, context, out);
}

absl::Status AppendOperator::MergeAny(const MergeOperationInput& in, ReadContext* context,
                                      MergeOperationOutput* out) const {
  std::vector<BlobView> lists;
  bool plain = !limited();
  if (plain) {
    lists.reserve(in.operand_list.size() + 1);
    plain = in.existing_value == nullptr ||
            Collect(in.existing_value->ToStringView(), options_.layout, &lists);
    for (size_t i = 0; plain && i < in.operand_list.size(); ++i) {
      plain = Collect(in.operand_list[i].ToStringView(), Layout::kCompact, &lists);
    }
  }
  if (!plain) return MergeEdits(in, options_, context, &out->new_value);
  if (lists.size() == 1 && lists[0].layout() == options_.layout) {
    const std::string_view only = lists[0].encoded();
    out->existing_operand = rocksdb::Slice(only.data(), only.size());
    return absl::OkStatus();
  }
  if (WantsPart(context)) return MergePart(lists, context, options_.layout, &out->new_value);
  return EncodeList(lists, options_.layout, disk::kCompactTag, Limit::kRocksDb, &out->new_value);
}

bool AppendOperator::FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const {
  MergeFailure failure;
  try {
    if (Merge(in, out).ok()) {
      NoteLarge(in.key, out->existing_operand.data() != nullptr ? out->existing_operand.size()
                                                                : out->new_value.size());
      return true;
    }
    failure.kind = MergeFailure::Kind::kTooLarge;
  } catch (const std::exception&) {  // std::bad_alloc, std::length_error
    failure.kind = MergeFailure::Kind::kNoMemory;
  }
  // From here on, what must be done does not allocate; LogFailure does, and may do nothing.
  out->new_value.clear();
  failure.bytes =
      BytesOf(in.operand_list) + (in.existing_value == nullptr ? 0 : in.existing_value->size());
  ReadContext* const context = ReadContext::Current();
  if (context != nullptr) context->NoteFailure(in.key.ToStringView(), failure);
  LogFailure(in, failure);
#if ROCKSDB_MAJOR > 7 || (ROCKSDB_MAJOR == 7 && ROCKSDB_MINOR >= 10)
  // Reads of the key fail; a compaction keeps the operands as they are.
  out->op_failure_scope = OpFailureScope::kMustMerge;
#endif
  return false;
}

void AppendOperator::NoteLarge(const rocksdb::Slice& key, size_t bytes) const {
  if (options_.page_bytes == 0 || bytes < options_.page_bytes) return;
  // A read of ours knows the list, and tells its store itself.
  if (ReadContext::Current() == nullptr) OpenPages::Meet(this, key);
}

bool AppendOperator::PartialMergeMulti(const rocksdb::Slice& key,
                                       const std::deque<rocksdb::Slice>& operands,
                                       std::string* folded, rocksdb::Logger* /*logger*/) const {
  try {
    if (Fold(operands, folded)) {
      NoteLarge(key, folded->size());
      return true;
    }
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
    if (!Collect(operand.ToStringView(), Layout::kCompact, &lists)) break;
  }
  if (lists.size() == operands.size()) {
    return EncodeList(lists, Layout::kCompact, disk::kCompactTag, Limit::kRocksDb, folded).ok();
  }

  EditFolder folder(limited());
  std::vector<Edit> edits;
  for (const rocksdb::Slice& operand : operands) {
    edits.clear();
    if (!ParseOperand(operand.ToStringView(), &edits).ok()) return false;
    for (const Edit& edit : edits) folder.Push(edit);
  }
  return folder.Finish(folded).ok();
}

bool AppendOperator::ShouldMerge(const std::vector<rocksdb::Slice>& backward) const {
  ReadContext* const context = ReadContext::Current();
  if (context == nullptr) return false;
  try {
    return context->Covers(backward.back().ToStringView());
  } catch (const std::exception&) {
    return false;  // no memory to look at the operand; the read goes on
  }
}

}  // namespace internal

std::shared_ptr<rocksdb::MergeOperator> NewAppendOperator(const AppendOptions& options) {
  return std::make_shared<internal::AppendOperator>(options);
}

}  // namespace sheaf
