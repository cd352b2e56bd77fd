// ListScan: all lists of a range of keys, with those values that are no lists among them.
//
// Like sheaf::Cursor, but a value that does not decode is an item like any other, so that it is
// told apart from an iterator that failed and ended.
//
// Lifetime: key() and list() are valid until Next(). Thread safety: none.
//
//   ListScan scan(*lists, KeyRange::All());
//   for (; scan.Valid(); scan.Next()) {
//     if (scan.list().ok()) Use(scan.key(), *scan.list());
//   }
//   if (!scan.status().ok()) ...     // not everything was seen

#ifndef SHEAF_TOOLS_SHEAF_LIST_SCAN_H_
#define SHEAF_TOOLS_SHEAF_LIST_SCAN_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "plugin/rocksdb/scan_iterator.h"
#include "rocksdb/comparator.h"
#include "rocksdb/db.h"
#include "sheaf/blob_view.h"
#include "sheaf/store.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/operand_debt.h"

namespace sheaf {
namespace tool {

// `range`, narrowed to keys that begin with `prefix` if `comparator` keeps these together.
KeyRange WithPrefix(KeyRange range, std::string_view prefix, const rocksdb::Comparator* comparator);

class ListScan {
 public:
  // Keys of `range` that begin with `prefix`, whatever the comparator is. Does not fill caches.
  explicit ListScan(ListDb& lists, KeyRange range, std::string prefix = "");

  bool Valid() const { return valid_; }
  void Next();  // REQUIRES: Valid()

  std::string_view key() const { return {iterator_->key().data(), iterator_->key().size()}; }
  // DataLoss, telling why, if the value is not a list.
  const absl::StatusOr<BlobView>& list() const { return list_; }
  // The bytes of the value, list or not.
  std::string_view value() const { return {iterator_->value().data(), iterator_->value().size()}; }
  // The operands that were pending, of which this read made the list.
  PendingOperands operands() const { return operands_; }

  // What the iterator found: not OK if it ended early.
  rocksdb::Status status() const { return iterator_->status(); }

 private:
  // Moves the iterator, and reads what it is at.
  template <typename Move>
  void Go(Move move);

  const Layout layout_;
  KeyRange range_;
  const std::string prefix_;
  rocksdb::Slice begin_;
  rocksdb::Slice end_;
  rocksdb::ReadOptions options_;
  std::unique_ptr<internal::ScanIterator> iterator_;  // points to the members above
  PendingOperands operands_;
  absl::StatusOr<BlobView> list_;
  bool valid_ = false;
};

// What to tell where a scan that is to see all keys ended early, after `keys` of them.
std::string ReadingEnded(uint64_t keys, std::string_view last_key, const rocksdb::Status& status);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LIST_SCAN_H_
