#include "tools/sheaf/list_pages.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/rocksdb/store_core.h"
#include "rocksdb/comparator.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {
ListPages::ListPages(ListDb& lists, KeyRange range, const std::string& prefix) {
  if (!lists.is_long()) {
    scan_ = std::make_unique<ListScan>(lists, std::move(range), prefix);
  } else {
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    range = WithPrefix(std::move(range), prefix, rocksdb::BytewiseComparator());
    cursor_ = lists.long_store().Scan(options, std::move(range));
  }
  FindBounds();
}

ListPages ListPages::Of(ListDb& lists, const std::string& key) {
  return ListPages(lists, KeyRange{key, key + std::string(1, '\0')});
}

void ListPages::Next() {
  if (scan_ != nullptr) {
    scan_->Next();
  } else {
    cursor_->Next();
  }
  FindBounds();
}

std::string_view ListPages::key() const {
  return scan_ != nullptr ? scan_->key() : cursor_->key().ToStringView();
}

void ListPages::FindBounds() {
  if (!Valid()) return;
  first_ = end_ = 0;
  fault_.reset();
  if (scan_ != nullptr) {
    if (scan_->list().ok()) {
      end_ = scan_->list()->size();
    } else {
      fault_ = ListFault{absl::StrCat("the value of key ", load::Quoted(key()), " is not a list"),
                         std::string(scan_->list().status().message())};
    }
  } else if (cursor_->Valid()) {
    first_ = cursor_->first();
    end_ = cursor_->end();
  } else {
    fault_ = FaultOf(cursor_->status());
  }
}

ListFault ListPages::FaultOf(const rocksdb::Status& status) const {
  // "Corruption: the page at position 7 of key "k" is not a list: why"
  const std::string text = status.ToString();
  const std::string shown = internal::ShownKey(key());
  const size_t begin = status.IsCorruption() ? std::string_view("Corruption: ").size() : 0;
  const size_t found = text.find(shown, begin);
  const size_t end = found == text.npos ? text.npos : text.find(": ", found + shown.size());
  if (end == text.npos) return {absl::StrCat("key ", shown), text};
  return {text.substr(begin, end - begin), text.substr(end + 2)};
}

rocksdb::Status ListPages::ForEach(uint64_t position, const PageFunction& f,
                                   const FaultFunction& fault) const {
  if (scan_ != nullptr) {
    if (scan_->list().ok()) {
      f(0, *scan_->list());
    } else {
      fault(*fault_);
    }
    return rocksdb::Status::OK();
  }
  const std::unique_ptr<PageCursor> pages = cursor_->Pages(position);
  std::string last_fault;
  for (;; pages->Next()) {
    if (pages->Valid()) {
      if (!f(pages->position(), pages->values())) return rocksdb::Status::OK();
      continue;
    }
    const rocksdb::Status status = pages->status();
    if (!status.IsCorruption()) return status;
    // What is behind the last page is not known.
    if (status.ToString() == last_fault) return rocksdb::Status::OK();
    last_fault = status.ToString();
    if (!fault(FaultOf(status))) return rocksdb::Status::OK();
  }
}

rocksdb::Status ListPages::status() const {
  if (scan_ != nullptr) return scan_->status();
  return cursor_->HasKey() ? rocksdb::Status::OK() : cursor_->status();
}

}  // namespace tool
}  // namespace sheaf
