#include "tools/sheaf/list_scan.h"

#include <utility>

#include "plugin/rocksdb/bundle.h"
#include "rocksdb/comparator.h"

namespace sheaf {
namespace tool {

ListScan::ListScan(rocksdb::DB& db, Layout layout, KeyRange range, std::string prefix)
    : layout_(layout), range_(std::move(range)), prefix_(std::move(prefix)) {
  const rocksdb::Comparator* const comparator = db.DefaultColumnFamily()->GetComparator();
  if (!prefix_.empty() && comparator == rocksdb::BytewiseComparator()) {
    const KeyRange with_prefix = KeyRange::Prefix(prefix_);
    if (range_.begin < with_prefix.begin) range_.begin = with_prefix.begin;
    if (range_.end.empty() || (!with_prefix.end.empty() && with_prefix.end < range_.end)) {
      range_.end = with_prefix.end;
    }
  }
  begin_ = range_.begin;
  end_ = range_.end;
  options_.total_order_seek = true;
  options_.fill_cache = false;
  options_.readahead_size = size_t{2} << 20;
  // A range that ends before it begins is empty; RocksDB wants no such bounds.
  const bool empty = !begin_.empty() && !end_.empty() && comparator->Compare(begin_, end_) >= 0;
  if (!begin_.empty() && !empty) options_.iterate_lower_bound = &begin_;
  if (!end_.empty()) options_.iterate_upper_bound = &end_;
  iterator_.reset(db.NewIterator(options_));
  if (empty) return;
  if (begin_.empty()) {
    iterator_->SeekToFirst();
  } else {
    iterator_->Seek(begin_);
  }
  Parse();
}

void ListScan::Next() {
  iterator_->Next();
  Parse();
}

void ListScan::Parse() {
  // Only a comparator that is not bytewise brings keys without the prefix.
  while (iterator_->Valid() && key().substr(0, prefix_.size()) != prefix_) iterator_->Next();
  valid_ = iterator_->Valid();
  if (!valid_) return;
  const std::string_view value(iterator_->value().data(), iterator_->value().size());
  list_ = BlobView::Parse(value, layout_);
  if (!list_.ok()) list_ = internal::ExplainUndecodable(value, layout_, list_.status());
}

}  // namespace tool
}  // namespace sheaf
