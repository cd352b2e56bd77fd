// PageScan: all pages of the long lists of a range of keys, in order, and what is not a page.
//
// Like ListScan, of which it is made, but it reads stored keys (docs/format.md, "long lists"). It
// is for what looks at pages: the other commands use ListPages.
//
// Lifetime: key() and list() are valid until Next(). Thread safety: none.
//
//   PageScan pages(*lists, KeyRange::All());
//   for (; pages.Valid(); pages.Next()) {
//     if (pages.is_page() && pages.list().ok()) Use(pages.key(), pages.position(), *pages.list());
//   }
//   if (!pages.status().ok()) ...     // not everything was seen

#ifndef SHEAF_TOOLS_SHEAF_PAGE_SCAN_H_
#define SHEAF_TOOLS_SHEAF_PAGE_SCAN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "plugin/codec/stored_key.h"
#include "rocksdb/status.h"
#include "sheaf/blob_view.h"
#include "sheaf/cursor.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_scan.h"
#include "tools/sheaf/operand_debt.h"

namespace sheaf {
namespace tool {

// The stored keys of the lists whose keys are in `range`. All of them have a begin and an end, but
// for the range of all keys, which also has what is no page.
KeyRange StoredRange(const KeyRange& range);

class PageScan {
 public:
  // Of the keys of `range` that begin with `prefix`. `lists` holds long lists.
  explicit PageScan(ListDb& lists, KeyRange range, const std::string& prefix = "");

  bool Valid() const { return scan_.Valid(); }
  void Next();  // REQUIRES: Valid()

  // False for a key that is not that of a page.
  bool is_page() const { return is_page_; }
  // The user's key, or the stored key of what is not a page.
  std::string_view key() const { return is_page_ ? std::string_view(key_) : scan_.key(); }
  std::string_view stored_key() const { return scan_.key(); }
  // The first page of its list.
  bool begins_list() const { return begins_list_; }
  bool is_open() const { return position_ == internal::StoredKey::kOpen; }
  // Of the page's first value. REQUIRES: is_page(), !is_open().
  uint64_t position() const { return position_; }

  // As of ListScan.
  const absl::StatusOr<BlobView>& list() const { return scan_.list(); }
  std::string_view value() const { return scan_.value(); }
  PendingOperands operands() const { return scan_.operands(); }
  rocksdb::Status status() const { return scan_.status(); }

 private:
  void Parse();

  ListScan scan_;
  bool any_ = false;  // there was a page
  std::string key_;   // of the last page
  std::string next_key_;
  uint64_t position_ = 0;
  bool is_page_ = false;
  bool begins_list_ = false;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_PAGE_SCAN_H_
