// Store::Scan and the Cursor that it returns.

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/blob_view_access.h"
#include "plugin/codec/bytes_block.h"
#include "plugin/rocksdb/scan_iterator.h"
#include "plugin/rocksdb/store_core.h"
#include "rocksdb/comparator.h"
#include "sheaf/store.h"

namespace sheaf {
namespace {

// Bytes in an allocation of exactly their size, where a memory checker sees each use of them that
// is too late or past their end.
class Copy {
 public:
  void CopyFrom(const rocksdb::Slice& bytes) {
    bytes_.reset(new char[bytes.size()]);
    std::memcpy(bytes_.get(), bytes.data(), bytes.size());
    size_ = bytes.size();
  }
  void Free() { bytes_.reset(); }
  rocksdb::Slice slice() const { return rocksdb::Slice(bytes_.get(), size_); }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
};

class CursorImpl final : public Cursor {
 public:
  CursorImpl(const internal::StoreCore& core, internal::CursorHold hold,
             const rocksdb::ReadOptions& options, KeyRange range)
      : layout_(core.layout),
        copies_(core.copy_reads),
        backward_fault_(core.backward_fault),
        hold_(std::move(hold)),
        range_(std::move(range)),
        options_(options) {
    // Bounds have no timestamps, whatever the comparator.
    const auto less = [&core](const rocksdb::Slice& a, const rocksdb::Slice& b) {
      return core.cf->GetComparator()->CompareWithoutTimestamp(a, /*a_has_ts=*/false, b,
                                                               /*b_has_ts=*/false) < 0;
    };
    // The narrower of our bounds and the caller's, which may be gone after the call.
    const rocksdb::Slice* const lower = options.iterate_lower_bound;
    if (lower != nullptr && (range_.begin.empty() || less(range_.begin, *lower))) {
      range_.begin = lower->ToString();
    }
    const rocksdb::Slice* const upper = options.iterate_upper_bound;
    if (upper != nullptr && (range_.end.empty() || less(*upper, range_.end))) {
      range_.end = upper->ToString();
    }
    if (!range_.after.empty()) {
      range_.after.push_back('\0');  // the next key that there can be
      if (range_.begin.empty() || less(range_.begin, range_.after)) range_.begin = range_.after;
    }
    begin_ = range_.begin;
    end_ = range_.end;
    options_.iterate_lower_bound = lower != nullptr || !begin_.empty() ? &begin_ : nullptr;
    options_.iterate_upper_bound = upper != nullptr || !end_.empty() ? &end_ : nullptr;
    // A range is in key order, whatever prefix extractor the column family has.
    if (!options.auto_prefix_mode && !options.prefix_same_as_start) {
      options_.total_order_seek = true;
    }
    iterator_ = std::make_unique<internal::ScanIterator>(
        core.cf, options_,
        [&core](const rocksdb::ReadOptions& scan) { return core.NewIterator(scan); });
    CursorImpl::SeekToFirst();
  }

  bool Valid() const override { return valid_; }

  bool HasKey() const override { return !stopped_ && iterator_->Valid(); }

  void Next() override {
    if (HasKey()) Go([this] { iterator_->Next(); });
  }

  void Prev() override {
    if (!HasKey()) return;
    if (backward_fault_ != nullptr) return Stop(Backward());
    Go([this] { iterator_->Prev(); });
  }

  void SeekToFirst() override {
    Go([this] {
      if (options_.iterate_lower_bound != nullptr) {
        iterator_->Seek(*options_.iterate_lower_bound);
      } else {
        iterator_->SeekToFirst();
      }
    });
  }

  void SeekToLast() override {
    if (backward_fault_ != nullptr) return Stop(Backward());
    Go([this] { iterator_->SeekToLast(); });
  }

  void Seek(const rocksdb::Slice& key) override {
    Go([this, &key] { iterator_->Seek(key); });
  }

  rocksdb::Status status() const override {
    return HasKey() || !status_.ok() ? status_ : iterator_->status();
  }

  rocksdb::Slice key() const override { return copies_ ? key_.slice() : iterator_->key(); }

  const BlobView& values() const override { return values_; }

  PinnedBlob Detach() const override {
    const std::string_view bytes = values_.encoded();
    internal::BytesBlock* const block = internal::BytesBlock::New(bytes.size());
    std::memcpy(block->bytes(), bytes.data(), bytes.size());
    return PinnedBlob(BlobViewAccess::Relocate(values_, block->bytes()), block,
                      /*zero_copy=*/false);
  }

 private:
  // Moves the iterator, and looks at what it is at.
  template <typename Move>
  void Go(Move move) {
    // In a fork, the iterator may wait for ever.
    if (opened_in_ != internal::ForkCount::Now()) {
      return Stop(internal::StoreCore::ForkedStatus());
    }
    stopped_ = false;
    const internal::ReadContext context;
    move();
    Parse();
    if (!iterator_->Valid() && context.failure().kind != internal::MergeFailure::Kind::kNone) {
      status_ = internal::ExplainFailure(internal::ValueOf(context.failed_key()), context.failure(),
                                         iterator_->status());
    }
  }

  void Stop(rocksdb::Status status) {
    stopped_ = true;
    valid_ = false;
    status_ = std::move(status);
  }

  rocksdb::Status Backward() const {
    return rocksdb::Status::NotSupported("Cursor: RocksDB does not go backward", backward_fault_);
  }

  void Parse() {
    valid_ = false;
    key_.Free();
    value_.Free();
    if (!status_.ok()) status_ = rocksdb::Status::OK();
    if (!iterator_->Valid()) return;
    rocksdb::Slice value = iterator_->value();
    if (copies_) {
      key_.CopyFrom(iterator_->key());
      value_.CopyFrom(value);
      value = value_.slice();
    }
    const absl::Status status =
        BlobParser::ParseInto(value.ToStringView(), layout_, BlobParser::Extent::kWhole, &values_);
    valid_ = status.ok();
    if (!valid_)
      status_ = internal::CorruptList(internal::ValueOf(iterator_->key()), value, layout_, status);
  }

  const Layout layout_;
  const bool copies_;  // StoreOptions::copy_reads
  const char* const backward_fault_;
  const internal::CursorHold hold_;  // until the iterator is gone
  const uint64_t opened_in_ = internal::ForkCount::Now();
  KeyRange range_;
  rocksdb::Slice begin_;
  rocksdb::Slice end_;
  rocksdb::ReadOptions options_;
  std::unique_ptr<internal::ScanIterator> iterator_;  // points to the members above
  Copy key_;                                          // both empty unless copies_
  Copy value_;
  BlobView values_;
  bool valid_ = false;
  bool stopped_ = false;
  rocksdb::Status status_;
};

// What Scan returns where it cannot scan.
class FailedCursor final : public Cursor {
 public:
  explicit FailedCursor(rocksdb::Status status) : status_(std::move(status)) {}
  bool Valid() const override { return false; }
  bool HasKey() const override { return false; }
  void Next() override {}
  void Prev() override {}
  void SeekToFirst() override {}
  void SeekToLast() override {}
  void Seek(const rocksdb::Slice& /*key*/) override {}
  rocksdb::Status status() const override { return status_; }
  rocksdb::Slice key() const override { return rocksdb::Slice(); }
  const BlobView& values() const override { return values_; }
  PinnedBlob Detach() const override { return PinnedBlob(); }

 private:
  const rocksdb::Status status_;
  BlobView values_;
};

}  // namespace

std::unique_ptr<Cursor> Store::Scan(const rocksdb::ReadOptions& options, KeyRange range) {
  internal::CursorHold hold(core_->db_pins);
  if (core_->closed() || hold.empty()) {
    return std::make_unique<FailedCursor>(core_->ClosedStatus());
  }
  const rocksdb::Comparator* const comparator = core_->cf->GetComparator();
  if (!range.after.empty() && comparator != rocksdb::BytewiseComparator()) {
    return std::make_unique<FailedCursor>(rocksdb::Status::NotSupported(absl::StrCat(
        "Store::Scan: KeyRange::after with the comparator ", comparator->Name(),
        ", whose next key is not known; use KeyRange::begin, and skip a key that is equal")));
  }
  return std::make_unique<CursorImpl>(*core_, std::move(hold), options, std::move(range));
}

}  // namespace sheaf
