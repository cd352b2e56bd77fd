// The cursors over long lists.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/rocksdb/long_core.h"
#include "plugin/rocksdb/scan_iterator.h"
#include "sheaf/long_store.h"

namespace sheaf {
namespace internal {
namespace {

// What a cursor has while it is there.
struct Hold {
  explicit Hold(std::shared_ptr<LongCore> long_core)
      : cursor(long_core->core->db_pins), core(std::move(long_core)) {}
  bool empty() const { return cursor.empty() || core->core->closed(); }

  CursorHold cursor;
  std::shared_ptr<LongCore> core;
};

class PageCursorImpl final : public PageCursor {
 public:
  PageCursorImpl(Hold hold, const rocksdb::ReadOptions& options, std::string key, uint64_t position)
      : hold_(std::move(hold)),
        key_(std::move(key)),
        list_(*hold_.core->core, key_),
        read_(*hold_.core, &list_, options) {
    read_.Pin();
    status_ = read_.LastUpTo(position, &at_, nullptr);
    if (status_.IsNotFound()) status_ = read_.FirstFrom(0, &at_);
    if (status_.ok()) {
      any_ = true;
      Load(position);
    } else if (status_.IsNotFound()) {
      at_ = 0;
      LoadOpen(position);
    }
  }

  bool Valid() const override { return status_.ok() && !page_.empty(); }

  void Next() override {
    if (Forked()) return;
    if (status_.IsCorruption() && !is_open_) {
      page_.Reset();
      const uint64_t broken = at_;
      rocksdb::Status s = read_.FirstFrom(broken + 1, &at_);
      if (s.ok()) {
        status_ = s;
        Load(at_);
      } else if (s.IsNotFound()) {
        // The last sealed page is broken.
        is_open_ = true;
        status_ = rocksdb::Status::Corruption(
            absl::StrCat("the position of the open page of key ", ShownKey(key_), " is not known"),
            "the page before it does not decode");
      } else {
        is_open_ = true;  // there is no going on
        status_ = s;
      }
      return;
    }
    if (is_open_) {
      page_.Reset();
      if (status_.IsCorruption()) status_ = rocksdb::Status::OK();
      return;
    }
    at_ += page_.size();
    Load(at_);
  }

  rocksdb::Status status() const override { return status_; }
  uint64_t position() const override { return at_; }
  const BlobView& values() const override { return page_.view(); }
  PinnedBlob Detach() const override { return page_; }

 private:
  bool Forked() {
    if (!hold_.core->core->forked()) return false;
    page_.Reset();
    status_ = StoreCore::ForkedStatus();
    return true;
  }

  // The page at at_, or the open page if there is none and it follows; nothing, if `position` lies
  // behind all.
  void Load(uint64_t position) {
    page_.Reset();
    status_ = read_.Page(at_, &page_);
    if (status_.IsNotFound()) {
      uint64_t behind = 0;
      status_ = read_.FirstFrom(at_, &behind);
      if (status_.ok()) {
        status_ = hold_.core->Corrupt(list_, at_, "it is missing");
      } else if (status_.IsNotFound()) {
        LoadOpen(position);
      }
      return;
    }
    if (!status_.ok()) return;
    // What was asked for lies behind the sealed pages, or the list was trimmed to its end.
    if (page_.empty() || position >= at_ + page_.size()) {
      const uint64_t next = at_ + page_.size();
      uint64_t behind = 0;
      const rocksdb::Status s = read_.FirstFrom(at_ + 1, &behind);
      if (s.IsNotFound()) {
        at_ = next;
        LoadOpen(position);
      } else if (!s.ok()) {
        status_ = s;
      } else if (behind != next) {
        page_.Reset();
        status_ = hold_.core->Corrupt(list_, next, "it is missing");
      }
    }
  }

  void LoadOpen(uint64_t position) {
    is_open_ = true;
    page_.Reset();
    ReadContext context;
    status_ = read_.OpenPage(&context, &page_);
    if (status_.IsNotFound() && any_) status_ = rocksdb::Status::OK();
    if (position >= at_ + page_.size()) page_.Reset();
  }

  const Hold hold_;
  const std::string key_;
  LongList list_;
  LongRead read_;
  bool any_ = false;      // there are sealed pages
  bool is_open_ = false;  // at the open page, or behind it
  uint64_t at_ = 0;
  PinnedBlob page_;
  rocksdb::Status status_;
};

class FailedPageCursor final : public PageCursor {
 public:
  explicit FailedPageCursor(rocksdb::Status status) : status_(std::move(status)) {}
  bool Valid() const override { return false; }
  void Next() override {}
  rocksdb::Status status() const override { return status_; }
  uint64_t position() const override { return 0; }
  const BlobView& values() const override { return values_; }
  PinnedBlob Detach() const override { return PinnedBlob(); }

 private:
  const rocksdb::Status status_;
  const BlobView values_;
};

std::unique_ptr<PageCursor> NewPageCursor(const std::shared_ptr<LongCore>& core,
                                          const rocksdb::ReadOptions& options, std::string key,
                                          uint64_t position) {
  rocksdb::Status s = LongRead::Check(*core, options);
  if (!s.ok()) return std::make_unique<FailedPageCursor>(s);
  Hold hold(core);
  if (hold.empty()) return std::make_unique<FailedPageCursor>(core->core->ClosedStatus());
  return std::make_unique<PageCursorImpl>(std::move(hold), options, std::move(key), position);
}

class LongCursorImpl final : public LongCursor {
 public:
  LongCursorImpl(Hold hold, const rocksdb::ReadOptions& options, const KeyRange& range)
      : hold_(std::move(hold)), options_(options) {
    const StoreCore& core = *hold_.core->core;
    if (options_.snapshot == nullptr) options_.snapshot = own_ = hold_.core->root->GetSnapshot();
    begin_ = StoredKey::LowerBound(range.begin);
    if (!range.after.empty()) {
      begin_ = std::max(begin_, StoredKey::UpperBound(range.after));
    }
    if (!range.end.empty()) end_ = StoredKey::LowerBound(range.end);
    const rocksdb::Slice* const lower = options.iterate_lower_bound;
    if (lower != nullptr) begin_ = std::max(begin_, StoredKey::LowerBound(lower->ToStringView()));
    const rocksdb::Slice* const upper = options.iterate_upper_bound;
    if (upper != nullptr) {
      const std::string bound = StoredKey::LowerBound(upper->ToStringView());
      if (end_.empty() || bound < end_) end_ = bound;
    }
    begin_slice_ = begin_;
    end_slice_ = end_;
    rocksdb::ReadOptions scan = options_;
    scan.iterate_lower_bound = &begin_slice_;
    scan.iterate_upper_bound = end_.empty() ? nullptr : &end_slice_;
    scan.iter_start_ts = nullptr;
    scan.tailing = false;
    scan.prefix_same_as_start = false;
    scan.auto_prefix_mode = false;
    scan.total_order_seek = true;
    scan.ignore_range_deletions = false;
    iterator_ = std::make_unique<ScanIterator>(
        core.cf, scan,
        [&core](const rocksdb::ReadOptions& with) { return core.NewIterator(with); });
    LongCursorImpl::SeekToFirst();
  }
  ~LongCursorImpl() override {
    iterator_.reset();
    if (own_ != nullptr && !hold_.core->core->forked()) hold_.core->root->ReleaseSnapshot(own_);
  }

  bool Valid() const override { return has_key_ && status_.ok(); }
  bool HasKey() const override { return has_key_; }

  void Next() override {
    std::string behind = is_list_ ? StoredKey::UpperBound(key_) : key_;
    if (!is_list_) behind.push_back('\0');
    Go([&] { iterator_->Seek(behind); });
  }
  void SeekToFirst() override {
    Go([&] { iterator_->SeekToFirst(); });
  }
  void Seek(const rocksdb::Slice& key) override {
    const std::string from = std::max(begin_, StoredKey::LowerBound(key.ToStringView()));
    Go([&] { iterator_->Seek(from); });
  }

  rocksdb::Status status() const override { return status_; }
  rocksdb::Slice key() const override { return key_; }
  uint64_t first() const override { return first_; }
  uint64_t end() const override { return last_; }

  std::unique_ptr<PageCursor> Pages(uint64_t position) const override {
    rocksdb::ReadOptions options = options_;
    options.iterate_lower_bound = nullptr;
    options.iterate_upper_bound = nullptr;
    return NewPageCursor(hold_.core, options, key_, position);
  }

 private:
  template <typename Move>
  void Go(Move move) {
    has_key_ = false;
    if (hold_.core->core->forked()) {
      status_ = StoreCore::ForkedStatus();
      return;
    }
    status_ = rocksdb::Status::OK();
    const ReadContext context;
    move();
    if (!iterator_->Valid()) {
      status_ = iterator_->status();
      if (context.failure().kind != MergeFailure::Kind::kNone) {
        status_ = ExplainFailure(hold_.core->core->Subject(context.failed_key()), context.failure(),
                                 status_);
      }
      return;
    }
    uint64_t position = 0;
    is_list_ = StoredKey::Parse(iterator_->key().ToStringView(), &key_, &position);
    if (!is_list_) {
      key_ = iterator_->key().ToString();
      has_key_ = true;
      status_ = rocksdb::Status::Corruption(
          absl::StrCat("the key ", ShownKey(key_), " is not that of a page of a long list"));
      return;
    }
    has_key_ = true;
    first_ = last_ = 0;
    if (position == StoredKey::kOpen) {
      // Most lists of a column family are short.
      status_ = CountOpen(iterator_->value(), &last_);
      if (status_.ok()) {
        hold_.core->NoteOpenPage(LongList(*hold_.core->core, key_), context.operands(),
                                 iterator_->value().size());
      }
      return;
    }
    LongList list(*hold_.core->core, key_);
    LongRead read(*hold_.core, &list, options_);
    PageIndex::Range sealed;
    bool any = false;
    status_ = read.Sealed(&sealed, &any);
    if (!status_.ok()) return;
    first_ = sealed.begin;
    last_ = sealed.end;
    ReadContext of_open;
    of_open.WantRange(0, 0);
    PinnedBlob open;
    status_ = read.OpenPage(&of_open, &open);
    if (status_.IsNotFound()) {
      status_ = rocksdb::Status::OK();
    } else if (status_.ok()) {
      last_ += of_open.is_cut() ? of_open.whole_size() : open.size();
    }
  }

  rocksdb::Status CountOpen(const rocksdb::Slice& value, uint64_t* count) const {
    BlobView open;
    const Layout layout = hold_.core->core->layout;
    const absl::Status parsed =
        BlobParser::ParseInto(value.ToStringView(), layout, BlobParser::Extent::kWhole, &open);
    *count = open.size();
    if (parsed.ok()) return rocksdb::Status::OK();
    return CorruptList(hold_.core->core->Subject(iterator_->key()), value, layout, parsed);
  }

  const Hold hold_;
  rocksdb::ReadOptions options_;
  const rocksdb::Snapshot* own_ = nullptr;
  std::string begin_;
  std::string end_;
  rocksdb::Slice begin_slice_;
  rocksdb::Slice end_slice_;
  std::unique_ptr<ScanIterator> iterator_;
  bool has_key_ = false;
  bool is_list_ = false;  // key_ is that of a list, not a key of somebody else
  std::string key_;
  uint64_t first_ = 0;
  uint64_t last_ = 0;
  rocksdb::Status status_;
};

class FailedLongCursor final : public LongCursor {
 public:
  explicit FailedLongCursor(rocksdb::Status status) : status_(std::move(status)) {}
  bool Valid() const override { return false; }
  bool HasKey() const override { return false; }
  void Next() override {}
  void SeekToFirst() override {}
  void Seek(const rocksdb::Slice& /*key*/) override {}
  rocksdb::Status status() const override { return status_; }
  rocksdb::Slice key() const override { return rocksdb::Slice(); }
  uint64_t first() const override { return 0; }
  uint64_t end() const override { return 0; }
  std::unique_ptr<PageCursor> Pages(uint64_t /*position*/) const override {
    return std::make_unique<FailedPageCursor>(status_);
  }

 private:
  const rocksdb::Status status_;
};

}  // namespace
}  // namespace internal

std::unique_ptr<PageCursor> LongStore::Pages(const rocksdb::ReadOptions& options,
                                             const rocksdb::Slice& key, uint64_t position) {
  return internal::NewPageCursor(core_, options, key.ToString(), position);
}

std::unique_ptr<LongCursor> LongStore::Scan(const rocksdb::ReadOptions& options, KeyRange range) {
  const rocksdb::Status s = internal::LongRead::Check(*core_, options);
  if (!s.ok()) return std::make_unique<internal::FailedLongCursor>(s);
  internal::Hold hold(core_);
  if (hold.empty()) {
    return std::make_unique<internal::FailedLongCursor>(core_->core->ClosedStatus());
  }
  return std::make_unique<internal::LongCursorImpl>(std::move(hold), options, range);
}

}  // namespace sheaf
