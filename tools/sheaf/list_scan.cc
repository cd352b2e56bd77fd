#include "tools/sheaf/list_scan.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/rocksdb/bundle.h"
#include "plugin/rocksdb/read_context.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {

namespace {

// Lists of this size have blocks of their own, which are read as a whole: to read ahead would be
// one more copy of each, of its size.
constexpr uint64_t kLongList = uint64_t{256} << 10;

// About how many bytes of SSTs a key has; 0 if there are none.
uint64_t MeanBytes(ListDb& lists) {
  uint64_t bytes = 0;
  uint64_t keys = 0;
  using P = rocksdb::DB::Properties;
  rocksdb::DB& db = lists.db();
  if (!db.GetIntProperty(lists.family(), P::kLiveSstFilesSize, &bytes)) return 0;
  if (!db.GetIntProperty(lists.family(), P::kEstimateNumKeys, &keys)) return 0;
  return bytes / std::max<uint64_t>(keys, 1);
}

}  // namespace

KeyRange WithPrefix(KeyRange range, std::string_view prefix,
                    const rocksdb::Comparator* comparator) {
  if (prefix.empty() || comparator != rocksdb::BytewiseComparator()) return range;
  const KeyRange with_prefix = KeyRange::Prefix(prefix);
  if (range.begin < with_prefix.begin) range.begin = with_prefix.begin;
  if (range.end.empty() || (!with_prefix.end.empty() && with_prefix.end < range.end)) {
    range.end = with_prefix.end;
  }
  return range;
}

ListScan::ListScan(ListDb& lists, KeyRange range, std::string prefix)
    : layout_(lists.layout()),
      range_(WithPrefix(std::move(range), prefix, lists.family()->GetComparator())),
      prefix_(std::move(prefix)) {
  const rocksdb::Comparator* const comparator = lists.family()->GetComparator();
  begin_ = range_.begin;
  end_ = range_.end;
  options_.total_order_seek = true;
  options_.fill_cache = false;
  if (MeanBytes(lists) < kLongList) options_.readahead_size = size_t{2} << 20;
  // A range that ends before it begins is empty; RocksDB wants no such bounds.
  const bool empty = !begin_.empty() && !end_.empty() && comparator->Compare(begin_, end_) >= 0;
  if (!begin_.empty() && !empty) options_.iterate_lower_bound = &begin_;
  if (!end_.empty()) options_.iterate_upper_bound = &end_;
  iterator_ = std::make_unique<internal::ScanIterator>(
      lists.family(), options_, [&lists](const rocksdb::ReadOptions& scan) {
        return std::unique_ptr<rocksdb::Iterator>(lists.db().NewIterator(scan, lists.family()));
      });
  if (empty) return;
  Go([this] {
    if (begin_.empty()) {
      iterator_->SeekToFirst();
    } else {
      iterator_->Seek(begin_);
    }
  });
}

void ListScan::Next() {
  Go([this] { iterator_->Next(); });
}

template <typename Move>
void ListScan::Go(Move move) {
  const auto step = [this](auto&& go) {
    internal::ReadContext context;
    context.CountBytes();
    go();
    operands_ = {context.operands(), context.bytes()};
  };
  step(move);
  // Only a comparator that is not bytewise brings keys without the prefix.
  while (iterator_->Valid() && key().substr(0, prefix_.size()) != prefix_) {
    step([this] { iterator_->Next(); });
  }
  valid_ = iterator_->Valid();
  if (!valid_) return;
  list_ = BlobView::Parse(value(), layout_);
  if (!list_.ok()) list_ = internal::ExplainUndecodable(value(), layout_, list_.status());
}

std::string ReadingEnded(uint64_t keys, std::string_view last_key, const rocksdb::Status& status) {
  return absl::StrCat(
      "reading ended ",
      keys == 0 ? "before the first key" : absl::StrCat("behind key ", load::Quoted(last_key)),
      ", keys after it were not checked: ", status.ToString());
}

}  // namespace tool
}  // namespace sheaf
