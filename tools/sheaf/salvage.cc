#include "tools/sheaf/salvage.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "plugin/codec/little_endian.h"
#include "plugin/rocksdb/bundle.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tools/common/text.h"
#include "tools/sheaf/joined_parts.h"

namespace sheaf {
namespace tool {
namespace {

// Bundles are not within bundles, but in what other software wrote: their depth is bounded.
constexpr int kMaxDepth = 4;

// As the first eight bytes of a fixed64 list do, whatever comes after them.
bool BeginsAsFixed64(std::string_view value) {
  return value.size() > 4 &&
         std::all_of(value.begin() + 4, value.begin() + std::min<ptrdiff_t>(8, value.size()),
                     [](char byte) { return byte == '\0'; });
}

std::string Parts(size_t count, const SalvageOptions& options) {
  return absl::StrCat(load::Plural(count, "part"), " joined with ",
                      load::Quoted(options.delimiter));
}

// What was merged to a value, in order, as far as it is known.
class History {
 public:
  History(Layout layout, const SalvageOptions& options) : layout_(layout), options_(options) {}

  // An input of a merge. The first may be the base.
  void Add(std::string_view input, bool is_first, int depth = 0) {
    if (is_first && BlobView::Parse(input, layout_).ok()) return SetBase(std::string(input));
    std::vector<JoinedPart> parts;
    if (is_first && depth < kMaxDepth && Split(input, FirstPart::kBundle, &parts).ok()) {
      return AddBundle(parts, depth);
    }
    absl::Status why = Split(input, FirstPart::kOperand, &parts);
    if (why.ok()) return AddParts(parts, 0);
    if (is_first && layout_ != Layout::kCompact) {
      const absl::Status as_list = Split(input, FirstPart::kList, &parts);
      if (as_list.ok()) {
        SetBase(std::string(parts[0].bytes));
        return AddParts(parts, 1);
      }
      if (!input.empty() && !IsTag(input[0])) why = as_list;
    }
    if (is_first) why = Adopt(input, std::move(why));
    if (!why.ok() && status_.ok()) status_ = why;
  }

  // OK if everything decoded that matters.
  const absl::Status& status() const { return status_; }
  bool has_base() const { return has_base_; }
  const std::string& base() const { return base_; }
  const std::vector<rocksdb::Slice>& operands() const { return operands_; }
  std::string notes() const { return absl::StrJoin(notes_, ", "); }

 private:
  absl::Status Split(std::string_view input, FirstPart first,
                     std::vector<JoinedPart>* parts) const {
    return SplitJoined(input, first, layout_, options_.delimiter, parts);
  }

  void SetBase(std::string list) {
    has_base_ = true;
    base_ = std::move(list);
  }

  // Parts from `first` on are operands; those before it have been added.
  void AddParts(const std::vector<JoinedPart>& parts, size_t first) {
    if (parts.size() > 1) notes_.push_back(Parts(parts.size(), options_));
    for (size_t i = first; i < parts.size(); ++i) {
      if (parts[i].clears) {
        if (!status_.ok()) notes_.push_back("what does not decode, before a clear, dropped");
        status_ = absl::OkStatus();
        has_base_ = false;
        operands_.clear();
      }
      operands_.emplace_back(parts[i].bytes.data(), parts[i].bytes.size());
    }
  }

  void AddBundle(const std::vector<JoinedPart>& parts, int depth) {
    const absl::StatusOr<BlobView> bundle = internal::ParseBundle(parts[0].bytes);
    notes_.push_back(absl::StrCat("bundle of ", load::Plural(bundle->size(), "input")));
    size_t index = 0;
    for (const std::string_view input : *bundle) {
      const bool failed_before = !status_.ok();
      Add(input, index == 0, depth + 1);
      if (!status_.ok() && !failed_before) {
        status_ = absl::DataLossError(
            absl::StrCat("bundle of ", load::Plural(bundle->size(), "raw input"), ": input ", index,
                         " of ", load::Plural(input.size(), "byte"), ": ", status_.message()));
      }
      ++index;
    }
    AddParts(parts, 1);
  }

  // Makes `input` a list of one value. Errors: `why` it is no list, or why it was not adopted.
  absl::Status Adopt(std::string_view input, absl::Status why) {
    if (!input.empty() && IsTag(input[0])) return why;
    if (layout_ == Layout::kFixed64 && BeginsAsFixed64(input)) return why;
    std::string_view rest = input;
    if (layout_ != Layout::kFixed64 && BlobView::ParsePrefix(&rest, Layout::kFixed64).ok()) {
      return absl::DataLossError(
          "begins with a list of layout fixed64, and the layout here is compact");
    }
    const absl::StatusOr<PlainValue> plain = SplitPlain(input, options_.delimiter);
    if (!plain.ok()) return plain.status();
    const std::string_view value = plain->value;
    if (!options_.adopt) {
      return absl::DataLossError(absl::StrCat("a plain value of ",
                                              load::Plural(value.size(), "byte"),
                                              ", not a list; --adopt makes it a list of one"));
    }
    absl::StatusOr<std::string> list = Encode({value}, layout_);
    if (!list.ok()) return list.status();
    SetBase(*std::move(list));
    notes_.push_back(
        absl::StrCat("plain value of ", load::Plural(value.size(), "byte"), " adopted"));
    AddParts(plain->parts, 0);
    return absl::OkStatus();
  }

  const Layout layout_;
  const SalvageOptions& options_;
  absl::Status status_;
  bool has_base_ = false;
  std::string base_;
  std::vector<rocksdb::Slice> operands_;
  std::vector<std::string> notes_;
};

}  // namespace

Salvager::Salvager(std::shared_ptr<const rocksdb::MergeOperator> append, Layout layout,
                   SalvageOptions options)
    : append_(std::move(append)), layout_(layout), options_(std::move(options)) {}

absl::StatusOr<Salvaged> Salvager::Mend(std::string_view value) const {
  History history(layout_, options_);
  history.Add(value, /*is_first=*/true);
  if (!history.status().ok()) return history.status();
  Salvaged mended;
  if (history.operands().empty()) {
    mended.list = history.base();
  } else {
    using Operator = rocksdb::MergeOperator;
    // The input refers to what it is given.
    const rocksdb::Slice key;
    const rocksdb::Slice base(history.base());
    const Operator::MergeOperationInput in(key, history.has_base() ? &base : nullptr,
                                           history.operands(), /*_logger=*/nullptr);
    rocksdb::Slice existing(nullptr, 0);
    Operator::MergeOperationOutput out(mended.list, existing);
    if (!append_->FullMergeV2(in, &out)) {
      return absl::DataLossError(absl::StrCat("the list would have more than the ",
                                              disk::kMaxRocksDbValue,
                                              " bytes of RocksDB's largest value"));
    }
    if (existing.data() != nullptr) mended.list = existing.ToString();
  }
  const absl::StatusOr<BlobView> list = BlobView::Parse(mended.list, layout_);
  if (!list.ok()) return list.status();
  mended.how = history.notes();
  if (mended.how.empty()) mended.how = "an operand by itself";
  absl::StrAppend(&mended.how, "; ", load::Plural(list->size(), "value"));
  return mended;
}

}  // namespace tool
}  // namespace sheaf
