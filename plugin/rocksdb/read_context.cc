#include "plugin/rocksdb/read_context.h"

#include <algorithm>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace sheaf {
namespace internal {

SHEAF_THREAD_LOCAL ReadContext* ReadContext::current_ = nullptr;

size_t ReadContext::HashOf(std::string_view key) {
  return absl::HashOf(absl::string_view(key.data(), key.size()));
}

void ReadContext::Note(std::string_view key, const rocksdb::Slice* base,
                       const std::vector<rocksdb::Slice>& operands) {
  operands_ += operands.size();
  if (counts_bytes_) {
    for (const rocksdb::Slice& operand : operands) bytes_ += operand.size();
    if (base != nullptr) base_bytes_ += base->size();
  }
  // Not added up: a key may be asked for twice, and is then merged twice.
  if (keys_ != nullptr) (*keys_)[HashOf(key)].operands = operands.size();
}

void ReadContext::NoteFailure(std::string_view key, const MergeFailure& failure) {
  failure_ = failure;
  failed_key_bytes_ = key.copy(failed_key_, kKeyBytes);
  if (keys_ == nullptr) return;
  const auto found = keys_->find(HashOf(key));
  if (found != keys_->end()) found->second.failure = failure;
}

ReadContext::Merged ReadContext::Of(std::string_view key) const {
  const auto found = keys_->find(HashOf(key));
  if (found != keys_->end()) return found->second;
  // There was no memory to enter it.
  Merged merged;
  if (failure_.kind == MergeFailure::Kind::kNoMemory) merged.failure = failure_;
  return merged;
}

void ReadContext::Cut(EditableList* list) {
  if (wants_ == Part::kLast) return list->KeepLast(wanted_);
  const uint64_t size = list->size();
  const uint64_t first = std::min(first_, size);
  const uint64_t count = std::min(wanted_, size - first);
  list->KeepFirst(first + count);
  list->KeepLast(count);
  is_cut_ = true;
  whole_size_ = size;
}

bool ReadContext::CoversTail(std::string_view operand) {
  std::vector<Edit> edits;
  if (!ParseOperand(operand, &edits).ok()) {
    may_stop_ = false;
    return false;
  }
  for (auto edit = edits.rbegin(); edit != edits.rend() && remaining_ != 0; ++edit) {
    switch (edit->kind) {
      case Edit::Kind::kAppend:
        remaining_ -= std::min<uint64_t>(remaining_, edit->values.size());
        break;
      case Edit::Kind::kKeepLast:
        remaining_ = std::min(remaining_, edit->count);
        break;
      case Edit::Kind::kDropFirst:
        // If as many more are seen, what it drops is older than those wanted.
        remaining_ += std::min(edit->count, std::numeric_limits<uint64_t>::max() - remaining_);
        break;
      case Edit::Kind::kClear:
        remaining_ = 0;
        break;
      default:
        // What stays depends on all that was before.
        may_stop_ = false;
        return false;
    }
  }
  return remaining_ == 0;
}

}  // namespace internal
}  // namespace sheaf
