#include "tools/sheaf/joined_parts.h"

#include <algorithm>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "plugin/codec/blob_view_access.h"
#include "plugin/codec/operand.h"
#include "tools/load/text.h"

namespace sheaf {
namespace tool {
namespace {

using internal::Edit;

// Takes a part off the front of `*rest`.
absl::Status TakePart(FirstPart kind, Layout layout, std::string_view* rest, JoinedPart* part) {
  const std::string_view before = *rest;
  if (kind == FirstPart::kOperand) {
    std::vector<Edit> edits;
    const absl::Status status = internal::ParseOperandPrefix(rest, &edits);
    if (!status.ok()) return status;
    part->clears = std::any_of(edits.begin(), edits.end(),
                               [](const Edit& edit) { return edit.kind == Edit::Kind::kClear; });
  } else if (kind == FirstPart::kList) {
    const absl::Status status = BlobView::ParsePrefix(rest, layout).status();
    if (!status.ok()) return status;
  } else {
    const absl::StatusOr<BlobView> bundle =
        BlobViewAccess::ParseTagged(*rest, disk::kBundleTag, BlobViewAccess::Extent::kPrefix);
    if (!bundle.ok()) return bundle.status();
    rest->remove_prefix(bundle->encoded().size());
  }
  part->bytes = before.substr(0, before.size() - rest->size());
  return absl::OkStatus();
}

}  // namespace

absl::Status SplitJoined(std::string_view input, FirstPart first, Layout layout,
                         std::string_view delimiter, std::vector<JoinedPart>* parts) {
  parts->clear();
  std::string_view rest = input;
  parts->emplace_back();
  absl::Status status = TakePart(first, layout, &rest, &parts->back());
  if (!status.ok()) return status;
  while (!rest.empty()) {
    if (rest.substr(0, delimiter.size()) != delimiter) {
      return absl::DataLossError(
          absl::StrFormat("part %d ends at offset %d: found 0x%02X, expected %s or no more",
                          parts->size() - 1, input.size() - rest.size(),
                          static_cast<unsigned char>(rest[0]), load::Quoted(delimiter)));
    }
    rest.remove_prefix(delimiter.size());
    const size_t offset = input.size() - rest.size();
    parts->emplace_back();
    status = TakePart(FirstPart::kOperand, layout, &rest, &parts->back());
    if (!status.ok()) {
      return absl::DataLossError(
          absl::StrCat("part ", parts->size() - 1, " at offset ", offset, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace tool
}  // namespace sheaf
