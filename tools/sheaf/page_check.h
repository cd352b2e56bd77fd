// PageCheck: whether the pages of long lists fit together: every page decodes, and the next one
// begins where it ends.
//
// Thread safety: none.
//
//   PageCheck check(report);
//   PageScan pages(*lists, KeyRange::All());
//   for (; pages.Valid(); pages.Next()) check.Add(pages);
//   Print(check.lists());

#ifndef SHEAF_TOOLS_SHEAF_PAGE_CHECK_H_
#define SHEAF_TOOLS_SHEAF_PAGE_CHECK_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "tools/sheaf/page_scan.h"

namespace sheaf {
namespace tool {

class PageCheck {
 public:
  // Gets the key, with the escapes of tsv, and the reason, which begins with the position.
  using Report = std::function<void(const std::string& key, const std::string& reason)>;
  // What can be done about a page that does not decode; empty for nothing.
  using Remedy = std::function<std::string(const PageScan& page)>;

  PageCheck(Report report, Remedy remedy)
      : report_(std::move(report)), remedy_(std::move(remedy)) {}

  // Checks the page that `page` is at. REQUIRES: all pages before were added.
  void Add(const PageScan& page);

  uint64_t lists() const { return lists_; }

 private:
  const Report report_;
  const Remedy remedy_;
  uint64_t lists_ = 0;
  std::optional<uint64_t> next_;  // where the next sealed page of the list begins, if it is known
};

// "position 7", "open page".
std::string PlaceOf(const PageScan& page);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_PAGE_CHECK_H_
