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
        BlobParser::ParseTagged(*rest, disk::kBundleTag, BlobParser::Extent::kPrefix);
    if (!bundle.ok()) return bundle.status();
    rest->remove_prefix(bundle->encoded().size());
  }
  part->bytes = before.substr(0, before.size() - rest->size());
  return absl::OkStatus();
}

// Takes parts off `*rest`, the end of `input`, which begins behind one, up to the end.
// `may_take(p)`: whether an operand at offset `p` of `input` is to be tried; where it says no,
// Cancelled.
template <typename MayTake>
absl::Status TakeOthers(std::string_view input, std::string_view delimiter, std::string_view* rest,
                        MayTake may_take, std::vector<JoinedPart>* parts) {
  while (!rest->empty()) {
    if (rest->substr(0, delimiter.size()) != delimiter) {
      return absl::DataLossError(
          absl::StrFormat("part %d ends at offset %d: found 0x%02X, expected %s or no more",
                          parts->size() - 1, input.size() - rest->size(),
                          static_cast<unsigned char>((*rest)[0]), load::Quoted(delimiter)));
    }
    rest->remove_prefix(delimiter.size());
    const size_t offset = input.size() - rest->size();
    if (!may_take(offset)) return absl::CancelledError();
    parts->emplace_back();
    const absl::Status status =
        TakePart(FirstPart::kOperand, Layout::kCompact, rest, &parts->back());
    if (!status.ok()) {
      return absl::DataLossError(
          absl::StrCat("part ", parts->size() - 1, " at offset ", offset, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

// About how many bytes TakePart() reads of an operand at the front of `rest`.
uint64_t BytesRead(std::string_view rest) {
  constexpr uint64_t kMin = 16;
  if (rest.empty()) return kMin;
  const auto tag = static_cast<unsigned char>(rest[0]);
  if (tag == (disk::kEditTag | disk::kBatchEdit)) {
    std::string_view behind = rest.substr(1);
    const uint64_t header = BytesRead(behind);
    // What is in it is read, if its header can be.
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
  absl::Status status = TakePart(first, layout, &rest, &parts->back());
  if (!status.ok()) return status;
  return TakeOthers(
      input, delimiter, &rest, [](size_t) { return true; }, parts);
}

bool IsTag(char byte) {
  const auto tag = static_cast<unsigned char>(byte);
  return tag >= disk::kEditTag && tag <= (disk::kCompactTag | 0x0F);
}

absl::StatusOr<PlainValue> SplitPlain(std::string_view input, std::string_view delimiter,
                                      uint64_t* bytes_read) {
  // Lists that seem to begin within one another have their sizes read again.
  constexpr uint64_t kMaxReads = 64;
  const uint64_t most = kMaxReads * (input.size() + 1);
  uint64_t read = 0;
  // Offsets of parts from which no parts go to the end, so far: all that were tried.
  std::vector<bool> tried(input.size() + 1);
  const auto may_take = [&](size_t offset) {
    if (tried[offset]) return false;
    tried[offset] = true;
    read += BytesRead(input.substr(offset));
    return read <= most;
  };
  PlainValue plain;
  absl::Status doubt;
  for (size_t at = delimiter.empty() ? std::string_view::npos : input.find(delimiter);
       at != std::string_view::npos && read <= most; at = input.find(delimiter, at + 1)) {
    const size_t begin = at + delimiter.size();
    if (begin == input.size() || !IsTag(input[begin]) || !may_take(begin)) continue;
    const std::string_view joined = input.substr(begin);
    std::string_view rest = joined;
    plain.parts.assign(1, JoinedPart());
    if (!TakePart(FirstPart::kOperand, Layout::kCompact, &rest, &plain.parts[0]).ok()) continue;
    const absl::Status status = TakeOthers(
        joined, delimiter, &rest, [&](size_t offset) { return may_take(begin + offset); },
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
  if (read > most) {
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
