// Store::Scan and the Cursor that it returns.

#include <cstring>
#include <utility>

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
    Go([this] {
      if (options_.iterate_lower_bound != nullptr) {
        iterator_->Seek(*options_.iterate_lower_bound);
      } else {
        iterator_->SeekToFirst();
      }
    });
  }

  bool Valid() const override { return valid_; }

  bool HasKey() const override { return !stopped_ && iterator_->Valid(); }

  void Next() override {
    if (!HasKey()) return;
    if (opened_in_ != internal::ForkCount::Now()) return Stop();
    Go([this] { iterator_->Next(); });
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
    const internal::ReadContext context;
    move();
    Parse();
    if (!iterator_->Valid() && context.failure().kind != internal::MergeFailure::Kind::kNone) {
      status_ =
          internal::ExplainFailure(context.failed_key(), context.failure(), iterator_->status());
    }
  }

  // In a fork, the iterator may wait for ever.
  void Stop() {
    stopped_ = true;
    valid_ = false;
    status_ = internal::StoreCore::ForkedStatus();
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
    if (!valid_) status_ = internal::CorruptList(iterator_->key(), value, layout_, status);
  }

  const Layout layout_;
  const bool copies_;                // StoreOptions::copy_reads
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

// What Scan of a Store that is closed, or of another process, returns.
class ClosedCursor final : public Cursor {
 public:
  explicit ClosedCursor(rocksdb::Status status) : status_(std::move(status)) {}
  bool Valid() const override { return false; }
  bool HasKey() const override { return false; }
  void Next() override {}
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
    return std::make_unique<ClosedCursor>(core_->ClosedStatus());
  }
  return std::make_unique<CursorImpl>(*core_, std::move(hold), options, std::move(range));
}

}  // namespace sheaf
