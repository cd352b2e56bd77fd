#include "tools/sheaf/page_scan.h"

#include <utility>

#include "rocksdb/comparator.h"

namespace sheaf {
namespace tool {

using internal::StoredKey;

KeyRange StoredRange(const KeyRange& range) {
  KeyRange stored;
  if (!range.begin.empty()) stored.begin = StoredKey::LowerBound(range.begin);
  if (!range.end.empty()) stored.end = StoredKey::LowerBound(range.end);
  return stored;
}

PageScan::PageScan(ListDb& lists, KeyRange range, const std::string& prefix)
    : scan_(lists,
            StoredRange(WithPrefix(std::move(range), prefix, rocksdb::BytewiseComparator()))) {
  Parse();
}

void PageScan::Next() {
  scan_.Next();
  Parse();
}

void PageScan::Parse() {
  if (!scan_.Valid()) return;
  is_page_ = StoredKey::Parse(scan_.key(), &next_key_, &position_);
  if (!is_page_) return;
  begins_list_ = !any_ || next_key_ != key_;
  any_ = true;
  std::swap(key_, next_key_);
}

}  // namespace tool
}  // namespace sheaf
