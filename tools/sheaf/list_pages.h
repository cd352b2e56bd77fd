// ListPages: the lists of a range of keys, each page by page, in memory of one page. A plain list
// is one page.
//
// Like ListScan, but for long lists too. A list or a page that does not decode is told like any
// other, and what is behind it can still be read.
//
// Lifetime: key() is valid until Next(), a page within the call. Thread safety: none.
//
//   ListPages pages(*lists, KeyRange::All());
//   for (; pages.Valid(); pages.Next()) {
//     rocksdb::Status read = pages.ForEach(
//         0, [&](uint64_t position, const BlobView& page) { return Use(page); },
//         [&](const ListFault& fault) { return Report(fault.Text()); });
//   }
//   if (!pages.status().ok()) ...     // not everything was seen

#ifndef SHEAF_TOOLS_SHEAF_LIST_PAGES_H_
#define SHEAF_TOOLS_SHEAF_LIST_PAGES_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rocksdb/status.h"
#include "sheaf/blob_view.h"
#include "sheaf/long_store.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_scan.h"

namespace sheaf {
namespace tool {

// What does not decode.
struct ListFault {
  std::string where;  // names the key, and of a page the position
  std::string why;

  std::string Text() const { return where + ": " + why; }
};

class ListPages {
 public:
  // The keys of `range` that begin with `prefix`.
  explicit ListPages(ListDb& lists, KeyRange range, const std::string& prefix = "");
  // The list of `key` alone.
  static ListPages Of(ListDb& lists, const std::string& key);

  // At a key.
  bool Valid() const { return scan_ != nullptr ? scan_->Valid() : cursor_->HasKey(); }
  void Next();  // REQUIRES: Valid()
  std::string_view key() const;

  // Why the list's bounds are not known, or nothing: a plain list does not decode, or the last
  // sealed page of a long list does not, whose other pages can be read.
  const std::optional<ListFault>& fault() const { return fault_; }
  // Positions of its values: [first, end). REQUIRES: no fault().
  uint64_t first() const { return first_; }
  uint64_t end() const { return end_; }

  // Calls `f` for the pages from that with the value at `position` on, and `fault` for each that
  // does not decode; both return false to end. `f` gets the position of the page's first value.
  using PageFunction = std::function<bool(uint64_t position, const BlobView& page)>;
  using FaultFunction = std::function<bool(const ListFault& fault)>;
  // Errors: those of reading.
  rocksdb::Status ForEach(uint64_t position, const PageFunction& f,
                          const FaultFunction& fault) const;

  // Not OK if it ended early.
  rocksdb::Status status() const;

 private:
  void FindBounds();
  ListFault FaultOf(const rocksdb::Status& status) const;

  std::unique_ptr<ListScan> scan_;  // of plain lists, or null
  std::unique_ptr<LongCursor> cursor_;
  std::optional<ListFault> fault_;
  uint64_t first_ = 0;
  uint64_t end_ = 0;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LIST_PAGES_H_
