// ListScan: all lists of a range of keys, and the values that are not lists.
//
// Like sheaf::Cursor, but a value that does not decode is an item like any other. So the caller can
// tell it from an iterator that failed and ended.
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

// Narrows `range` to keys that begin with `prefix`, if `comparator` sorts these side by side.
KeyRange WithPrefix(KeyRange range, std::string_view prefix, const rocksdb::Comparator* comparator);

class ListScan {
 public:
  // Scans the keys of `range` that begin with `prefix`, with any comparator. Does not fill caches.
  explicit ListScan(ListDb& lists, KeyRange range, std::string prefix = "");

  bool Valid() const { return valid_; }
  void Next();  // REQUIRES: Valid()

  std::string_view key() const { return {iterator_->key().data(), iterator_->key().size()}; }
  // DataLoss, with the reason, if the value is not a list.
  const absl::StatusOr<BlobView>& list() const { return list_; }
  // The bytes of the value, list or not.
  std::string_view value() const { return {iterator_->value().data(), iterator_->value().size()}; }
  // The pending operands that this read merged.
  PendingOperands operands() const { return operands_; }

  // The iterator's status: not OK if it ended early.
  rocksdb::Status status() const { return iterator_->status(); }

 private:
  // Moves the iterator, and reads the value there.
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

// The message for a scan of all keys that ended early, after `keys` of them.
std::string ReadingEnded(uint64_t keys, std::string_view last_key, const rocksdb::Status& status);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LIST_SCAN_H_
