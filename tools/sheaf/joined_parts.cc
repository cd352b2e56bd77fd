#include "tools/sheaf/joined_parts.h"

#include <algorithm>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/operand.h"
#include "plugin/codec/varint.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {
namespace {

using internal::Edit;

// Parses the part at the front of `*rest`, and removes it there.
absl::Status ParsePart(FirstPart kind, Layout layout, std::string_view* rest, JoinedPart* part) {
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
        BlobParser::ParseTagged(*rest, disk::kBundleTag, BlobParser::Extent::kPrefix);
    if (!bundle.ok()) return bundle.status();
    rest->remove_prefix(bundle->encoded().size());
  }
  part->bytes = before.substr(0, before.size() - rest->size());
  return absl::OkStatus();
}

// Parses the parts in `*rest`, the end of `input` after its first part, and removes them there.
// `may_parse(p)` says whether to try an operand at offset `p` of `input`. Errors: Cancelled if it
// says no; DataLoss.
template <typename MayParse>
absl::Status ParseOthers(std::string_view input, std::string_view delimiter, std::string_view* rest,
                         MayParse may_parse, std::vector<JoinedPart>* parts) {
  while (!rest->empty()) {
    if (rest->substr(0, delimiter.size()) != delimiter) {
      return absl::DataLossError(
          absl::StrFormat("part %d ends at offset %d: found 0x%02X, expected %s or no more",
                          parts->size() - 1, input.size() - rest->size(),
                          static_cast<unsigned char>((*rest)[0]), load::Quoted(delimiter)));
    }
    rest->remove_prefix(delimiter.size());
    const size_t offset = input.size() - rest->size();
    if (!may_parse(offset)) return absl::CancelledError();
    parts->emplace_back();
    const absl::Status status =
        ParsePart(FirstPart::kOperand, Layout::kCompact, rest, &parts->back());
    if (!status.ok()) {
      return absl::DataLossError(
          absl::StrCat("part ", parts->size() - 1, " at offset ", offset, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

// About how many bytes ParsePart() reads of an operand at the front of `rest`.
uint64_t BytesRead(std::string_view rest) {
  constexpr uint64_t kMin = 16;
  if (rest.empty()) return kMin;
  const auto tag = static_cast<unsigned char>(rest[0]);
  if (tag == (disk::kEditTag | disk::kBatchEdit)) {
    std::string_view behind = rest.substr(1);
    const uint64_t header = BytesRead(behind);
    // The contents are read only if the header can be.
    if (!BlobView::ParsePrefix(&behind, Layout::kCompact).ok()) return header;
    return 2 * header + rest.size() - behind.size();
  }
  size_t at = 1;
  uint64_t count = 0;
  const bool has_sizes =
      (tag & disk::kCompactTagMask) == disk::kCompactTag && (tag & disk::kUniformBit) == 0;
  if (!has_sizes || internal::ReadVarint(rest, &at, &count) != internal::VarintFault::kNone) {
    return kMin;
  }
  const uint64_t sizes = count << std::min<unsigned>(tag & disk::kLog2WidthMask, 2);
  return kMin + (count > rest.size() || sizes > rest.size() ? 0 : sizes);
}

}  // namespace

absl::Status SplitJoined(std::string_view input, FirstPart first, Layout layout,
                         std::string_view delimiter, std::vector<JoinedPart>* parts) {
  parts->clear();
  std::string_view rest = input;
  parts->emplace_back();
  absl::Status status = ParsePart(first, layout, &rest, &parts->back());
  if (!status.ok()) return status;
  return ParseOthers(
      input, delimiter, &rest, [](size_t) { return true; }, parts);
}

bool IsTag(char byte) {
  const auto tag = static_cast<unsigned char>(byte);
  return tag >= disk::kEditTag && tag <= (disk::kCompactTag | 0x0F);
}

absl::StatusOr<PlainValue> SplitPlain(std::string_view input, std::string_view delimiter,
                                      uint64_t* bytes_read) {
  // If lists seem to begin within one another, their sizes are read again.
  constexpr uint64_t kMaxReads = 64;
  const uint64_t max_read = kMaxReads * (input.size() + 1);
  uint64_t read = 0;
  // The offsets that were tried: from none of them do parts reach the end.
  std::vector<bool> tried(input.size() + 1);
  const auto may_parse = [&](size_t offset) {
    if (tried[offset]) return false;
    tried[offset] = true;
    read += BytesRead(input.substr(offset));
    return read <= max_read;
  };
  PlainValue plain;
  absl::Status doubt;
  for (size_t at = delimiter.empty() ? std::string_view::npos : input.find(delimiter);
       at != std::string_view::npos && read <= max_read; at = input.find(delimiter, at + 1)) {
    const size_t begin = at + delimiter.size();
    if (begin == input.size() || !IsTag(input[begin]) || !may_parse(begin)) continue;
    const std::string_view joined = input.substr(begin);
    std::string_view rest = joined;
    plain.parts.assign(1, JoinedPart());
    if (!ParsePart(FirstPart::kOperand, Layout::kCompact, &rest, &plain.parts[0]).ok()) continue;
    const absl::Status status = ParseOthers(
        joined, delimiter, &rest, [&](size_t offset) { return may_parse(begin + offset); },
        &plain.parts);
    if (status.ok()) {
      plain.value = input.substr(0, at);
      if (bytes_read != nullptr) *bytes_read = read;
      return plain;
    }
    if (doubt.ok() && !absl::IsCancelled(status)) {
      doubt = absl::DataLossError(
          absl::StrCat("a plain value that has what may be an operand at offset ", begin,
                       ", and behind it: ", status.message()));
    }
  }
  if (bytes_read != nullptr) *bytes_read = read;
  if (!doubt.ok()) return doubt;
  if (read > max_read) {
    return absl::DataLossError(
        absl::StrCat("neither a list nor a plain value: operands may begin behind so many of its ",
                     load::Quoted(delimiter), " that it was not tried for all"));
  }
  plain.value = input;
  plain.parts.clear();
  return plain;
}

}  // namespace tool
}  // namespace sheaf
