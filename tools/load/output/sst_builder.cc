#include "tools/load/output/sst_builder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/interrupt.h"
#include "tools/common/text.h"
#include "tools/load/sort/row_record.h"

namespace sheaf {
namespace load {
namespace {

// A list past this leaves buffers that are not kept for the next.
constexpr size_t kKeptBuffer = size_t{1} << 20;
constexpr uint64_t kRowsACheck = 4096;

// What the size of a value takes, in BlobBuilder or in the blob. A list of empty values is all
// sizes.
size_t SizeBytes(const SstPlan& plan) {
  return BlobLayout(plan) == Layout::kFixed64 ? sizeof(uint64_t) : sizeof(uint32_t);
}

}  // namespace

SstBuilder::SstBuilder(const SstPlan& plan, std::string prefix)
    : plan_(plan), files_(plan, std::move(prefix)) {
  if (plan_.large_list != nullptr) {
    large_ = std::unique_lock<std::mutex>(*plan_.large_list, std::defer_lock);
  }
}

SstBuilder::~SstBuilder() = default;

absl::Status SstBuilder::Append(SortedRows& rows, const KeyOrder& order) {
  uint64_t bytes = 0;
  absl::Status status;
  for (uint64_t count = 0; rows.Next(); ++count) {
    if (count % kRowsACheck == 0) {
      if (status = CheckInterrupt(); !status.ok()) return status;
      if (plan_.bytes_merged != nullptr) *plan_.bytes_merged += std::exchange(bytes, 0);
    }
    bytes += rows.key().size() + rows.body().size();
    if (!in_list_ || !order.Equal(rows.key(), key_)) {
      if (status = BeginList(rows.key()); !status.ok()) return status;
    }
    if (status = AddBody(rows.body()); !status.ok()) return status;
  }
  if (plan_.bytes_merged != nullptr) *plan_.bytes_merged += bytes;
  return rows.status();
}

absl::Status SstBuilder::AddList(std::string_view key, std::string_view blob, uint64_t values) {
  if (in_list_) {
    if (absl::Status status = EndList(); !status.ok()) return status;
  }
  if (plan_.page_bytes != 0 && blob.size() > plan_.page_bytes) {
    const absl::StatusOr<BlobView> view = BlobView::Parse(blob, BlobLayout(plan_));
    return view.ok() ? AddPart(key, *view) : view.status();
  }
  ++written_.keys;
  written_.values += values;
  return plan_.page_bytes != 0 ? files_.Add(internal::StoredKey(key).Open(), blob)
                               : files_.Add(key, blob);
}

absl::Status SstBuilder::AddPart(std::string_view key, BlobView values) {
  absl::Status status = CheckInterrupt();
  if (status.ok() && (!in_list_ || key != key_)) status = BeginList(key);
  if (status.ok() && plan_.page_bytes != 0 && target_ != Target::kOpenPage) {
    for (const std::string_view value : values) {
      if (status = MakeRoom(value.size(), 1); !status.ok()) return status;
      builder_->Add(value);
    }
    return CheckSize();
  }
  if (status.ok()) status = MakeRoom(values.contents().size(), values.size());
  if (!status.ok()) return status;
  builder_->AddAll(values);
  return CheckSize();
}

absl::Status SstBuilder::End() {
  absl::Status status;
  if (in_list_ && !(status = EndList()).ok()) return status;
  if (status = files_.Finish(); !status.ok()) return status;
  written_.files = files_.files();
  return absl::OkStatus();
}

absl::Status SstBuilder::BeginList(std::string_view key) {
  if (in_list_) {
    if (absl::Status status = EndList(); !status.ok()) return status;
  }
  key_.assign(key.data(), key.size());
  in_list_ = true;
  if (plan_.page_bytes != 0) {
    target_ = Target::kUnknown;
    stored_.emplace(key_);
    position_ = 0;
    has_open_ = false;
  }
  if (builder_ == nullptr) builder_ = std::make_unique<BlobBuilder>(BlobLayout(plan_));
  return absl::OkStatus();
}

uint64_t SstBuilder::ListBytes() const {
  return builder_->contents_bytes() + builder_->size() * SizeBytes(plan_);
}

absl::Status SstBuilder::MakeRoom(size_t bytes, size_t values) {
  const uint64_t needed = ListBytes() + bytes + values * SizeBytes(plan_);
  if (builder_->size() == 0) return absl::OkStatus();
  if (plan_.page_bytes != 0 && target_ != Target::kOpenPage) {
    if (needed <= plan_.page_bytes) return absl::OkStatus();
    if (absl::Status status = FindTarget(); !status.ok()) return status;
    if (target_ == Target::kPages) return WritePage();
  }
  return needed <= plan_.piece_bytes ? absl::OkStatus() : CutPiece();
}

absl::Status SstBuilder::AddBody(std::string_view body) {
  const char* at = body.data();
  for (uint64_t left = LoadVarint(&at); left != 0; --left) {
    const std::string_view value = LoadText(&at);
    if (absl::Status status = MakeRoom(value.size(), 1); !status.ok()) return status;
    builder_->Add(value);
  }
  return CheckSize();
}

absl::Status SstBuilder::CheckSize() {
  if (ListBytes() > plan_.piece_bytes / 8 && plan_.large_list != nullptr && !large_.owns_lock()) {
    large_.lock();
  }
  if (shape_.bytes() + builder_->contents_bytes() > plan_.list_bytes) {
    return TooLarge(absl::StrCat("its values have more than ", Grouped(plan_.list_bytes),
                                 " bytes in all, the most that a list has"));
  }
  return absl::OkStatus();
}

absl::Status SstBuilder::TooLarge(std::string_view why) const {
  return absl::ResourceExhaustedError(absl::StrCat("the list of key ", Quoted(key_),
                                                   " is too large: ", Abs(why),
                                                   ". Spread its values over several keys"));
}

absl::Status SstBuilder::CutPiece() {
  if (!plan_.can_merge) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "writing the list of key ", Quoted(key_), " needs more than ", Bytes(plan_.piece_bytes),
        " for its values; raise --memory. (With the merge operator sheaf.append in the DB's "
        "options it could be written in pieces)"));
  }
  return WritePiece();
}

absl::Status SstBuilder::WritePiece() {
  if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
  const bool first = pieces_of_list_++ == 0;
  const Layout layout = first ? BlobLayout(plan_) : Layout::kCompact;
  absl::Status status = builder_->Finish(&blob_);
  if (!status.ok()) return TooLarge(Std(status.message()));
  const absl::StatusOr<BlobView> piece = BlobView::Parse(blob_, layout);
  if (!piece.ok()) return piece.status();  // we wrote it
  shape_.AddAll(*piece);
  if (status = shape_.FitsRocksDb(plan_.layout); !status.ok()) {
    return TooLarge(Std(status.message()));
  }
  written_.values += piece->size();
  status = first ? files_.Add(ListKey(), blob_) : files_.AddPiece(ListKey(), blob_);
  if (first) builder_ = std::make_unique<BlobBuilder>(Layout::kCompact);
  std::string().swap(blob_);
  return status;
}

std::string_view SstBuilder::ListKey() {
  return plan_.page_bytes != 0 ? stored_->Open() : std::string_view(key_);
}

// If the values in builder_ go into pages, writes those before them.
absl::Status SstBuilder::FindTarget() {
  if (target_ != Target::kUnknown) return absl::OkStatus();
  target_ = plan_.operands && plan_.find_list == nullptr ? Target::kOpenPage : Target::kPages;
  if (!plan_.operands || target_ == Target::kOpenPage) return absl::OkStatus();
  const absl::StatusOr<std::optional<LongListEnd>> end = plan_.find_list(key_);
  if (!end.ok()) return end.status();
  // Operands are compact, and pages have the layout of the DB.
  std::string values;
  absl::Status status = builder_->Finish(&values);
  if (!status.ok()) return TooLarge(Std(status.message()));
  const absl::StatusOr<BlobView> view = BlobView::Parse(values, BlobLayout(plan_));
  if (!view.ok()) return view.status();  // we wrote it
  builder_ = std::make_unique<BlobBuilder>(plan_.layout);
  if (end->has_value()) {
    position_ = (*end)->sealed_end;
    has_open_ = (*end)->has_open;
    // They are in the DB, and are not counted. They end with a page: CheckFollow() compares them.
    const uint64_t written = written_.values;
    for (const std::string_view value : (*end)->open.view()) {
      if (status = MakeRoom(value.size(), 1); !status.ok()) return status;
      builder_->Add(value);
    }
    if (builder_->size() != 0) status = WritePage();
    if (!status.ok()) return status;
    written_.values = written;
  }
  builder_->AddAll(*view);
  return absl::OkStatus();
}

absl::Status SstBuilder::WritePage() {
  if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
  const uint64_t count = builder_->size();
  absl::Status status = builder_->Finish(&blob_);
  if (!status.ok()) return TooLarge(Std(status.message()));
  status = files_.AddValue(stored_->At(position_), blob_);
  position_ += count;
  written_.values += count;
  return status;
}

// Writes what is left of a long list as its open page.
absl::Status SstBuilder::EndPages() {
  absl::Status status;
  if (builder_->size() != 0 && ListBytes() >= plan_.page_bytes) status = WritePage();
  if (!status.ok()) return status;
  if (builder_->size() != 0 || position_ == 0 || has_open_) {
    written_.values += builder_->size();
    status = builder_->Finish(&blob_);
    if (!status.ok()) return TooLarge(Std(status.message()));
    status = files_.AddValue(stored_->Open(), blob_);
  }
  // It may have the layout of pages, and not that of operands.
  if (plan_.operands) builder_.reset();
  return status;
}

absl::Status SstBuilder::EndList() {
  in_list_ = false;
  ++written_.keys;
  if (plan_.keys_written != nullptr && written_.keys % 256 == 0) *plan_.keys_written += 256;
  absl::Status status;
  if (plan_.page_bytes != 0 && (target_ == Target::kPages || !plan_.operands)) {
    status = EndPages();
  } else if (pieces_of_list_ != 0) {
    if (builder_->size() != 0) status = WritePiece();
    pieces_of_list_ = 0;
    shape_ = internal::ListShape();
    builder_.reset();
  } else {
    const size_t count = builder_->size();
    const bool large = ListBytes() > kKeptBuffer;
    status = builder_->Finish(&blob_);
    constexpr uint64_t kMaxRocksValue = 0xFFFFFFFF;
    if (status.ok() && blob_.size() > kMaxRocksValue) {
      status = absl::ResourceExhaustedError(absl::StrCat(Grouped(blob_.size()),
                                                         " bytes; RocksDB takes at most ",
                                                         Grouped(kMaxRocksValue), " as one value"));
    }
    if (!status.ok()) return TooLarge(Std(status.message()));
    written_.values += count;
    status = files_.Add(ListKey(), blob_);
    if (large) {
      std::string().swap(blob_);
      builder_.reset();
    }
  }
  if (large_.owns_lock()) large_.unlock();
  return status;
}

}  // namespace load
}  // namespace sheaf
