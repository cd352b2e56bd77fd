#include "tools/sheaf/page_check.h"

#include "absl/strings/str_cat.h"
#include "tools/common/escapes.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {

std::string PlaceOf(const PageScan& page) {
  return page.is_open() ? "open page" : absl::StrCat("position ", page.position());
}

void PageCheck::Add(const PageScan& page) {
  std::string key;
  load::AppendEscaped(page.key(), &key);
  if (!page.is_page()) {
    return report_(key, "not the key of a page: another program wrote it, or it is damaged");
  }
  if (page.begins_list()) {
    ++lists_;
    next_.reset();
  }
  const std::string place = PlaceOf(page);
  if (!page.is_open() && next_.has_value() && page.position() != *next_) {
    report_(key, absl::StrCat(place, ": the page before ends at position ", *next_,
                              page.position() > *next_ ? ": values are missing between them"
                                                       : ": they overlap"));
  }
  next_.reset();
  if (!page.list().ok()) {
    const std::string remedy = remedy_(page);
    report_(key, absl::StrCat(place, ": not a list: ", page.list().status().message(),
                              remedy.empty() ? "" : "; ", remedy));
  } else if (!page.is_open()) {
    next_ = page.position() + page.list()->size();
  }
}

}  // namespace tool
}  // namespace sheaf
