#include "plugin/codec/operand.h"

#include "absl/strings/str_cat.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/encoder.h"
#include "plugin/codec/hex_byte.h"
#include "plugin/codec/varint.h"

namespace sheaf {
namespace internal {
namespace {

template <typename... Parts>
[[gnu::noinline, gnu::cold]] absl::Status Corrupt(const char* edit, const char* field,
                                                  size_t offset, const Parts&... parts) {
  return absl::DataLossError(
      absl::StrCat(edit, ": ", field, " at offset ", offset, ": ", parts...));
}

bool IsEdit(std::string_view operand) {
  return !operand.empty() &&
         (static_cast<uint8_t>(operand[0]) & disk::kEditTagMask) == disk::kEditTag;
}

// Reads the varint at `*at`, the field `field` of `edit`.
absl::Status ReadNumber(const char* edit, const char* field, std::string_view input, size_t* at,
                        uint64_t* number) {
  const size_t begin = *at;
  switch (ReadVarint(input, at, number)) {
    case VarintFault::kNone:
      return absl::OkStatus();
    case VarintFault::kCutOff:
      return Corrupt(edit, field, begin, "the varint is cut off after ", *at - begin, " bytes");
    case VarintFault::kNotShortest:
      return Corrupt(edit, field, begin, "the varint has ", *at - begin,
                     " bytes, expected the shortest form of ", *number);
    default:
      return Corrupt(edit, field, begin, "the varint does not fit 64 bits");
  }
}

absl::Status ReadCount(const char* name, Edit::Kind kind, std::string_view* input,
                       std::vector<Edit>* edits) {
  Edit edit;
  edit.kind = kind;
  size_t at = 1;
  const absl::Status status = ReadNumber(name, "count", *input, &at, &edit.count);
  if (!status.ok()) return status;
  edits->push_back(edit);
  input->remove_prefix(at);
  return absl::OkStatus();
}

absl::Status ReadRemove(const char* name, Edit::Kind kind, std::string_view* input,
                        std::vector<Edit>* edits) {
  Edit edit;
  edit.kind = kind;
  size_t at = 1;
  uint64_t size = 0;
  const absl::Status status = ReadNumber(name, "size", *input, &at, &size);
  if (!status.ok()) return status;
  if (size > input->size() - at) {
    return Corrupt(name, "value", at, "needs ", size, " bytes, ", input->size() - at, " remain");
  }
  edit.value = input->substr(at, static_cast<size_t>(size));
  edits->push_back(edit);
  input->remove_prefix(at + static_cast<size_t>(size));
  return absl::OkStatus();
}

absl::Status ReadBlob(std::string_view* input, std::vector<Edit>* edits) {
  Edit edit;
  const absl::Status status =
      BlobParser::ParseInto(*input, Layout::kCompact, BlobParser::Extent::kPrefix, &edit.values);
  if (!status.ok()) return status;
  input->remove_prefix(edit.values.encoded().size());
  edits->push_back(edit);
  return absl::OkStatus();
}

absl::Status ReadBatch(std::string_view* input, std::vector<Edit>* edits);

absl::Status Read(bool may_be_batch, std::string_view* input, std::vector<Edit>* edits) {
  if (!IsEdit(*input)) return ReadBlob(input, edits);
  const auto tag = static_cast<uint8_t>((*input)[0]);
  switch (tag & ~disk::kEditTagMask) {
    case disk::kClearEdit: {
      Edit edit;
      edit.kind = Edit::Kind::kClear;
      edits->push_back(edit);
      input->remove_prefix(1);
      return absl::OkStatus();
    }
    case disk::kKeepFirstEdit:
      return ReadCount("edit keep_first", Edit::Kind::kKeepFirst, input, edits);
    case disk::kKeepLastEdit:
      return ReadCount("edit keep_last", Edit::Kind::kKeepLast, input, edits);
    case disk::kRemoveEdit:
      return ReadRemove("edit remove", Edit::Kind::kRemove, input, edits);
    case disk::kDropFirstEdit:
      return ReadCount("edit drop_first", Edit::Kind::kDropFirst, input, edits);
    case disk::kRemovePrefixEdit:
      return ReadRemove("edit remove_prefix", Edit::Kind::kRemovePrefix, input, edits);
    case disk::kBatchEdit:
      if (may_be_batch) return ReadBatch(input, edits);
      return Corrupt("edit batch", "tag", 0, "a batch within a batch");
    default:
      return Corrupt("operand", "tag", 0,
                     absl::StrCat("found ", HexByte(tag),
                                  ", an edit that this version does not know, expected ",
                                  HexByte(disk::kEditTag), "..",
                                  HexByte(disk::kEditTag | disk::kRemovePrefixEdit), " or a list"));
  }
}

absl::Status ReadBatch(std::string_view* input, std::vector<Edit>* edits) {
  std::string_view rest = input->substr(1);
  const absl::StatusOr<BlobView> operands = BlobView::ParsePrefix(&rest);
  if (!operands.ok()) {
    return absl::DataLossError(
        absl::StrCat("edit batch: operands at offset 1: ", operands.status().message()));
  }
  size_t index = 0;
  for (std::string_view operand : *operands) {
    absl::Status status = Read(/*may_be_batch=*/false, &operand, edits);
    if (status.ok() && !operand.empty()) {
      status = absl::DataLossError(absl::StrCat(operand.size(), " bytes too many"));
    }
    if (!status.ok()) {
      return absl::DataLossError(
          absl::StrCat("edit batch: operand ", index, ": ", status.message()));
    }
    ++index;
  }
  *input = rest;
  return absl::OkStatus();
}

std::string EncodeRemoveEdit(uint8_t edit, std::string_view value) {
  std::string out;
  out.reserve(1 + VarintBytes(value.size()) + value.size());
  out.push_back(static_cast<char>(disk::kEditTag | edit));
  AppendVarint(&out, value.size());
  out.append(value);
  return out;
}

std::string EncodeCount(uint8_t edit, uint64_t count) {
  std::string out(1, static_cast<char>(disk::kEditTag | edit));
  AppendVarint(&out, count);
  return out;
}

}  // namespace

absl::Status ParseOperandPrefix(std::string_view* input, std::vector<Edit>* edits) {
  const size_t before = edits->size();
  absl::Status status = Read(/*may_be_batch=*/true, input, edits);
  if (!status.ok()) edits->resize(before);
  return status;
}

absl::Status ParseOperand(std::string_view operand, std::vector<Edit>* edits) {
  if (!IsEdit(operand)) {
    // So that what is too much is told of as in a list.
    Edit edit;
    absl::Status status =
        BlobParser::ParseInto(operand, Layout::kCompact, BlobParser::Extent::kWhole, &edit.values);
    if (status.ok()) edits->push_back(edit);
    return status;
  }
  const size_t before = edits->size();
  std::string_view rest = operand;
  absl::Status status = ParseOperandPrefix(&rest, edits);
  if (!status.ok() || rest.empty()) return status;
  edits->resize(before);
  return Corrupt("operand", "end", operand.size() - rest.size(), "expected no more, found ",
                 rest.size(), rest.size() == 1 ? " byte" : " bytes");
}

bool IsClear(std::string_view operand) {
  return operand.size() == 1 &&
         static_cast<uint8_t>(operand[0]) == (disk::kEditTag | disk::kClearEdit);
}

std::string EncodeClear() {
  return std::string(1, static_cast<char>(disk::kEditTag | disk::kClearEdit));
}
std::string EncodeKeepFirst(uint64_t count) { return EncodeCount(disk::kKeepFirstEdit, count); }
std::string EncodeKeepLast(uint64_t count) { return EncodeCount(disk::kKeepLastEdit, count); }
std::string EncodeDropFirst(uint64_t count) { return EncodeCount(disk::kDropFirstEdit, count); }

std::string EncodeRemove(std::string_view value) {
  return EncodeRemoveEdit(disk::kRemoveEdit, value);
}
std::string EncodeRemovePrefix(std::string_view prefix) {
  return EncodeRemoveEdit(disk::kRemovePrefixEdit, prefix);
}

absl::Status EncodeBatch(absl::Span<const std::string_view> operands, std::string* out) {
  absl::Status status =
      EncodeList(operands, Layout::kCompact, disk::kCompactTag, Limit::kRocksDb, out);
  if (!status.ok()) return status;
  if (out->size() == disk::kMaxRocksDbValue) {  // and the tag
    out->clear();
    return absl::ResourceExhaustedError("a batch of operands past what RocksDB holds");
  }
  out->insert(out->begin(), static_cast<char>(disk::kEditTag | disk::kBatchEdit));
  return status;
}

}  // namespace internal
}  // namespace sheaf
