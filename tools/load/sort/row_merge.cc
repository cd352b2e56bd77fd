#include "tools/load/sort/row_merge.h"

#include <algorithm>
#include <utility>

#include "tools/load/sort/row_sort.h"

namespace sheaf {
namespace load {
RowMerge::RowMerge(std::vector<std::unique_ptr<SortedRows>> inputs, const KeyOrder& order,
                   size_t shared)
    : inputs_(std::move(inputs)), order_(order), shared_(shared), entries_(inputs_.size()) {}

void RowMerge::Load(size_t input) {
  SortedRows* const rows = inputs_[input].get();
  Entry& entry = entries_[input];
  if (!rows->Next()) {
    if (!rows->status().ok()) status_ = rows->status();
    entry.rows = nullptr;
    return;
  }
  entry.rows = rows;
  entry.size = rows->key().size();
  if (order_.bytewise()) entry.prefix = EightBytes(rows->key(), shared_);
}

bool RowMerge::Before(size_t a, size_t b) const {
  const Entry& left = entries_[a];
  const Entry& right = entries_[b];
  if (left.rows == nullptr || right.rows == nullptr) return right.rows == nullptr;
  if (left.prefix != right.prefix) return left.prefix < right.prefix;
  if (order_.bytewise() && std::max(left.size, right.size) <= shared_ + sizeof(uint64_t)) {
    // A prefix is filled up with zeros: the shorter one is the smaller one.
    if (left.size != right.size) return left.size < right.size;
  } else {
    const int compared = order_.Compare(left.rows->key(), right.rows->key());
    if (compared != 0) return compared < 0;
  }
  return left.rows->position() < right.rows->position();
}

size_t RowMerge::Play(size_t node) {
  const size_t n = entries_.size();
  if (node >= n) return node - n;
  const size_t left = Play(2 * node);
  const size_t right = Play(2 * node + 1);
  const bool left_wins = Before(left, right);
  losers_[node] = left_wins ? right : left;
  return left_wins ? left : right;
}

bool RowMerge::Next() {
  if (entries_.empty()) return false;
  if (!started_) {
    started_ = true;
    for (size_t i = 0; i < entries_.size(); ++i) Load(i);
    losers_.resize(entries_.size());
    winner_ = Play(1);
  } else {
    Load(winner_);
    for (size_t node = (winner_ + entries_.size()) / 2; node != 0; node /= 2) {
      if (Before(losers_[node], winner_)) std::swap(losers_[node], winner_);
    }
  }
  const SortedRows* const rows = entries_[winner_].rows;
  if (rows == nullptr || !status_.ok()) return false;
  key_ = rows->key();
  body_ = rows->body();
  position_ = rows->position();
  return true;
}

size_t SharedPrefix(const std::vector<const RowStore*>& stores, const KeyOrder& order) {
  if (!order.bytewise() || stores.empty()) return 0;
  // All keys are between the first and the last, so they begin with what both begin with.
  std::string_view first = stores[0]->first_key();
  std::string_view last = stores[0]->last_key();
  for (const RowStore* const store : stores) {
    first = std::min(first, store->first_key());
    last = std::max(last, store->last_key());
  }
  size_t shared = 0;
  while (shared < first.size() && shared < last.size() && first[shared] == last[shared]) ++shared;
  return shared;
}

std::vector<RowRange> CutRanges(const std::vector<const RowStore*>& stores, const KeyOrder& order,
                                uint64_t bytes, size_t parts, std::vector<size_t>* part_of) {
  std::vector<KeySample> samples;
  uint64_t total = 0;
  for (const RowStore* const store : stores) {
    for (KeySample& sample : store->Samples()) {
      total += sample.bytes;
      samples.push_back(std::move(sample));
    }
  }
  std::sort(samples.begin(), samples.end(), [&order](const KeySample& a, const KeySample& b) {
    return order.Compare(a.key, b.key) < 0;
  });
  std::vector<RowRange> ranges(1);
  part_of->assign(1, 0);
  uint64_t before = 0;  // bytes of the samples that were passed
  uint64_t begun = 0;   // where the current range began
  size_t part = 0;
  for (const KeySample& sample : samples) {
    const bool new_part = part + 1 < parts && before >= total / parts * (part + 1);
    RowRange& last = ranges.back();
    // The first range needs no sample in it to begin with; an empty one is of no use.
    const bool cuts = !last.has_begin ? before != 0 : order.Compare(last.begin, sample.key) < 0;
    if (cuts && (new_part || before - begun >= bytes)) {
      last.end = sample.key;
      last.has_end = true;
      if (new_part) ++part;
      RowRange next;
      next.begin = sample.key;
      next.has_begin = true;
      ranges.push_back(std::move(next));
      part_of->push_back(part);
      begun = before;
    }
    before += sample.bytes;
  }
  return ranges;
}

std::unique_ptr<SortedRows> MergeRange(const std::vector<const RowStore*>& stores,
                                       const RowRange& range, const KeyOrder& order,
                                       size_t shared) {
  std::vector<std::unique_ptr<SortedRows>> inputs;
  for (const RowStore* const store : stores) inputs.push_back(store->Read(range));
  if (inputs.size() == 1) return std::move(inputs[0]);
  return std::make_unique<RowMerge>(std::move(inputs), order, shared);
}

}  // namespace load
}  // namespace sheaf
