// Reading long lists: LongRead, and the reads of LongStore.

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/rocksdb/long_core.h"
#include "plugin/rocksdb/scan_iterator.h"
#include "sheaf/long_store.h"

namespace sheaf {
namespace internal {
namespace {

rocksdb::Slice SliceOf(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

// Adds the values of `page` at [begin, end) that it has, counted from its first.
void AddSlices(const PinnedBlob& page, uint64_t begin, uint64_t end,
               std::vector<PinnedSlice>* values) {
  end = std::min<uint64_t>(end, page.size());
  if (begin >= end) return;
  std::vector<PinnedSlice> slices =
      page.Slices(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  if (values->empty()) {
    *values = std::move(slices);
  } else {
    std::move(slices.begin(), slices.end(), std::back_inserter(*values));
  }
}

// How many values an open page has that was read, whole or in part, in `context`.
uint64_t SizeOf(const PinnedBlob& open, const ReadContext& context) {
  return context.is_cut() ? context.whole_size() : open.size();
}

}  // namespace

LongRead::LongRead(LongCore& core, LongList* list, const rocksdb::ReadOptions& options)
    : core_(core), list_(list), options_(options) {
  // What a scan would take notice of.
  options_.iterate_lower_bound = nullptr;
  options_.iterate_upper_bound = nullptr;
  options_.iter_start_ts = nullptr;
  options_.table_filter = nullptr;
  options_.tailing = false;
  options_.pin_data = false;
  options_.prefix_same_as_start = false;
  options_.auto_prefix_mode = false;
  options_.total_order_seek = true;
  options_.max_skippable_internal_keys = 0;
  // Trimming and deleting write them.
  options_.ignore_range_deletions = false;
}

LongRead::~LongRead() {
  if (own_ != nullptr && !core_.core->forked()) core_.root->ReleaseSnapshot(own_);
}

rocksdb::Status LongRead::Check(const LongCore& core, const rocksdb::ReadOptions& options) {
  if (core.core->closed()) return core.core->ClosedStatus();
  if (options.read_tier != rocksdb::kReadAllTier) {
    return rocksdb::Status::NotSupported(
        "a long list is read with ReadOptions::read_tier = kReadAllTier: where its pages are is "
        "found by iterators, which leave out what is not in a cache");
  }
  return rocksdb::Status::OK();
}

void LongRead::Pin() {
  if (options_.snapshot == nullptr) options_.snapshot = own_ = core_.root->GetSnapshot();
}

rocksdb::Status LongRead::Page(uint64_t position, PinnedBlob* page) {
  ReadContext context;
  return ReadList(*core_.core, options_, SliceOf(list_->stored.At(position)), &context, page);
}

rocksdb::Status LongRead::OpenPage(ReadContext* context, PinnedBlob* page) {
  context->CountBytes();
  rocksdb::Status s = ReadList(*core_.core, options_, SliceOf(list_->stored.Open()), context, page);
  if (s.ok() && notes_) {
    // What edits dropped is pending as well, but not in the page. A part of it does not tell how
    // large it is.
    const bool is_whole =
        context->operands() == 0 || (context->is_edited() && !context->wants_part());
    const uint64_t bytes = is_whole               ? page->view().encoded().size()
                           : context->is_edited() ? 0
                                                  : context->bytes() + context->base_bytes();
    core_.NoteOpenPage(*list_, context->operands(), bytes);
  }
  if (!s.IsCorruption()) return s;
  // So that it can be told which values they are.
  Pin();
  PageIndex::Range sealed;
  bool any = false;
  if (!Sealed(&sealed, &any, nullptr).ok()) return s;
  return rocksdb::Status::Corruption(
      absl::StrCat(s.getState(), "; its first value has position ", sealed.end));
}

rocksdb::Status LongRead::Seek(uint64_t lower, uint64_t upper, bool last, uint64_t* begin,
                               uint64_t* count) {
  const std::string low(list_->stored.At(lower));
  const std::string high(list_->stored.At(upper));
  const rocksdb::Slice low_bound = low;
  const rocksdb::Slice high_bound = high;
  rocksdb::ReadOptions options = options_;
  options.iterate_lower_bound = &low_bound;
  options.iterate_upper_bound = &high_bound;
  const ReadContext context;
  ScanIterator at(core_.core->cf, options, [this](const rocksdb::ReadOptions& scan) {
    return core_.core->NewIterator(scan);
  });
  last ? at.SeekToLast() : at.SeekToFirst();
  if (!at.Valid()) return at.status().ok() ? rocksdb::Status::NotFound() : at.status();
  if (!list_->stored.Has(at.key().ToStringView(), begin)) {
    return rocksdb::Status::Corruption(
        absl::StrCat("a key among the pages of key ", ShownKey(list_->key()), " is none of them"));
  }
  if (count == nullptr) return rocksdb::Status::OK();
  BlobView page;
  const absl::Status parsed = BlobParser::ParseInto(at.value().ToStringView(), core_.core->layout,
                                                    BlobParser::Extent::kWhole, &page);
  if (!parsed.ok()) {
    return CorruptList(core_.core->Subject(at.key()), at.value(), core_.core->layout, parsed);
  }
  *count = page.size();
  return rocksdb::Status::OK();
}

rocksdb::Status LongRead::LastUpTo(uint64_t position, uint64_t* begin, uint64_t* count) {
  return Seek(0, position == StoredKey::kOpen ? position : position + 1, /*last=*/true, begin,
              count);
}

rocksdb::Status LongRead::FirstFrom(uint64_t position, uint64_t* begin) {
  return Seek(position, StoredKey::kOpen, /*last=*/false, begin, nullptr);
}

rocksdb::Status LongRead::Sealed(PageIndex::Range* sealed, bool* any, rocksdb::Status* last_page) {
  *sealed = PageIndex::Range();
  *any = false;
  uint64_t last = 0;
  uint64_t count = 0;
  rocksdb::Status s = LastUpTo(StoredKey::kOpen, &last, &count);
  if (s.IsNotFound()) return rocksdb::Status::OK();
  if (last_page != nullptr) {
    *last_page = s;
    if (s.IsCorruption()) s = LastUpTo(StoredKey::kOpen, &last, nullptr);
  }
  if (s.ok()) s = FirstFrom(0, &sealed->begin);
  if (!s.ok()) return s;
  sealed->end = last + count;
  *any = true;
  return s;
}

// One call of LongStore that reads a list, which it may know something of.
class LongReading {
 public:
  LongReading(LongCore* core, const rocksdb::ReadOptions& options, const rocksdb::Slice& key)
      : core_(*core),
        list_(*core->core, key),
        read_(*core, &list_, options),
        is_latest_(options.snapshot == nullptr),
        version_(list_.lock.version()) {}

  LongRead& read() { return read_; }

  // What sealed pages hold, if it is known. It is right for what was read since this was made, if
  // StillKnown() says so afterwards.
  bool Knows(PageIndex::Range* sealed) const {
    return is_latest_ && ListLock::IsSettled(version_) &&
           core_.index.FindSealed(list_.hash, list_.key(), version_, sealed);
  }
  bool StillKnown() const { return list_.lock.VersionAfterReads() == version_; }

  // From here on all is of one moment.
  void PinMoment() {
    if (read_.has_snapshot()) return;
    const uint64_t version = list_.lock.version();
    read_.Pin();
    // Whether the snapshot was made while the list had the structure of that version.
    is_of_version_ = ListLock::IsSettled(version) && list_.lock.VersionAfterReads() == version;
    moment_version_ = version;
  }

  // The same, and reads what sealed pages hold, as LongRead::Sealed().
  rocksdb::Status Pin(PageIndex::Range* sealed, bool* any, rocksdb::Status* last_page = nullptr) {
    PinMoment();
    if (is_of_version_ &&
        core_.index.FindSealed(list_.hash, list_.key(), moment_version_, sealed)) {
      *any = sealed->end != 0;
      return rocksdb::Status::OK();
    }
    rocksdb::Status s = read_.Sealed(sealed, any, last_page);
    if (s.ok() && is_of_version_ && (last_page == nullptr || last_page->ok()) &&
        *any == (sealed->end != 0)) {
      core_.index.SetSealed(list_.hash, list_.key(), moment_version_, *sealed);
    }
    return s;
  }

  // The page of a value that sealed pages hold, and its first position. REQUIRES: Pin().
  rocksdb::Status PageOf(uint64_t position, uint64_t* begin, PinnedBlob* page) {
    if (KnownPageOf(position, begin, page)) return rocksdb::Status::OK();
    return FindPageOf(position, begin, page);
  }

  // The last sealed page that begins at `position` or before, found by an iterator. NotFound if
  // there is none. REQUIRES: PinMoment().
  rocksdb::Status FindPageOf(uint64_t position, uint64_t* begin, PinnedBlob* page) {
    rocksdb::Status s = read_.LastUpTo(position, begin, nullptr);
    return s.ok() ? ExpectPage(*begin, page) : s;
  }

  // The same, if it is known where it begins, and it is there. Needs no Pin().
  bool KnownPageOf(uint64_t position, uint64_t* begin, PinnedBlob* page) {
    PageIndex::Range range;
    if (!core_.index.FindPage(list_.hash, list_.key(), position, &range) ||
        !read_.Page(range.begin, page).ok() || position - range.begin >= page->size()) {
      return false;
    }
    *begin = range.begin;
    return true;
  }

  // The page at `position`, which must be there.
  rocksdb::Status ExpectPage(uint64_t position, PinnedBlob* page) {
    rocksdb::Status s = read_.Page(position, page);
    if (s.IsNotFound()) return core_.Corrupt(list_, position, "it is missing");
    if (s.ok()) {
      core_.index.AddPage(list_.hash, list_.key(), {position, position + page->size()});
    }
    return s;
  }

  rocksdb::Status NotJoined(uint64_t position, const PinnedBlob& page) const {
    return core_.Corrupt(
        list_, position,
        absl::StrCat("it has ", page.size(), " values, and the next page does not follow it"));
  }

  // Calls `f(begin, page)` for the sealed pages that have positions [position, end), which are
  // within `sealed`. REQUIRES: Pin().
  template <typename F>
  rocksdb::Status ForPages(uint64_t position, uint64_t end, const PageIndex::Range& sealed, F f) {
    if (position >= end) return rocksdb::Status::OK();
    uint64_t at = 0;
    PinnedBlob page;
    rocksdb::Status s = PageOf(position, &at, &page);
    if (!s.ok()) return s;
    for (;;) {
      const uint64_t next = at + page.size();
      if (next <= position || next > sealed.end) return NotJoined(at, page);
      f(at, page);
      position = at = next;
      if (at >= end) return s;
      s = ExpectPage(at, &page);
      if (!s.ok()) return s;
    }
  }

 private:
  LongCore& core_;
  LongList list_;
  LongRead read_;
  const bool is_latest_;  // not of a snapshot of the caller's
  const uint64_t version_;
  bool is_of_version_ = false;  // the moment is, of moment_version_
  uint64_t moment_version_ = 0;
};

}  // namespace internal

using internal::LongRead;
using internal::LongReading;
using internal::PageIndex;
using internal::ReadContext;
using internal::StoredKey;

rocksdb::Status LongStore::Bounds(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                                  uint64_t* first, uint64_t* end) {
  *first = *end = 0;
  rocksdb::Status s = LongRead::Check(*core_, options);
  if (!s.ok()) return s;
  LongReading reading(core_.get(), options, key);
  PageIndex::Range sealed;
  PinnedBlob open;
  if (reading.Knows(&sealed)) {
    ReadContext context;
    context.WantRange(0, 0);
    s = reading.read().OpenPage(&context, &open);
    if (s.ok() && reading.StillKnown()) {
      *first = sealed.begin;
      *end = sealed.end + internal::SizeOf(open, context);
      return s;
    }
  }
  bool any = false;
  s = reading.Pin(&sealed, &any);
  if (!s.ok()) return s;
  ReadContext context;
  context.WantRange(0, 0);
  s = reading.read().OpenPage(&context, &open);
  if (s.IsNotFound() && any) {
    s = rocksdb::Status::OK();
  } else if (s.ok()) {
    *end = internal::SizeOf(open, context);
  }
  if (!s.ok()) return s;
  *first = sealed.begin;
  *end += sealed.end;
  return s;
}

rocksdb::Status LongStore::Get(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                               Segments* list) {
  *list = Segments();
  rocksdb::Status s = LongRead::Check(*core_, options);
  if (!s.ok()) return s;
  LongReading reading(core_.get(), options, key);
  PageIndex::Range sealed;
  std::vector<PinnedBlob> pages(1);
  if (reading.Knows(&sealed) && sealed.begin == sealed.end) {
    ReadContext context;
    s = reading.read().OpenPage(&context, &pages[0]);
    if (s.ok() && reading.StillKnown()) {
      *list = Segments(std::move(pages));
      return s;
    }
  }
  pages.clear();
  bool any = false;
  s = reading.Pin(&sealed, &any);
  if (!s.ok()) return s;
  s = reading.ForPages(sealed.begin, sealed.end, sealed, [&](uint64_t /*at*/, PinnedBlob& page) {
    pages.push_back(std::move(page));
  });
  if (!s.ok()) return s;
  ReadContext context;
  PinnedBlob open;
  s = reading.read().OpenPage(&context, &open);
  if (s.IsNotFound() && any) {
    s = rocksdb::Status::OK();
  } else if (s.ok()) {
    pages.push_back(std::move(open));
  }
  if (s.ok()) *list = Segments(std::move(pages));
  return s;
}

rocksdb::Status LongStore::GetRange(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                                    uint64_t position, size_t count,
                                    std::vector<PinnedSlice>* values, uint64_t* first) {
  values->clear();
  if (first != nullptr) *first = position;
  rocksdb::Status s = LongRead::Check(*core_, options);
  if (!s.ok()) return s;
  const uint64_t end = count > UINT64_MAX - position ? UINT64_MAX : position + count;
  LongReading reading(core_.get(), options, key);
  PageIndex::Range sealed;
  PinnedBlob page;
  uint64_t at = 0;
  // All in one page that is known, or all in the open page of a list that is known.
  if (reading.Knows(&sealed) && position >= sealed.end) {
    ReadContext context;
    context.WantRange(position - sealed.end, end - position);
    s = reading.read().OpenPage(&context, &page);
    if (s.ok() && reading.StillKnown()) {
      const uint64_t skipped = context.is_cut() ? 0 : position - sealed.end;
      internal::AddSlices(page, skipped, skipped + (end - position), values);
      return s;
    }
  } else if (position != end && reading.KnownPageOf(position, &at, &page) &&
             end - at <= page.size()) {
    internal::AddSlices(page, position - at, end - at, values);
    return s;
  }
  // All in one page that is found by one seek: the page is then read as well.
  reading.PinMoment();
  if (position != end && reading.FindPageOf(position, &at, &page).ok() &&
      position - at < page.size() && end - at <= page.size()) {
    internal::AddSlices(page, position - at, end - at, values);
    return s;
  }
  bool any = false;
  rocksdb::Status last_page;
  s = reading.Pin(&sealed, &any, &last_page);
  if (s.ok() && !last_page.ok() && end > sealed.end) s = last_page;
  if (!s.ok()) return s;
  const uint64_t from = std::max(position, sealed.begin);
  s = reading.ForPages(
      from, std::min(end, sealed.end), sealed, [&](uint64_t begin, const PinnedBlob& found) {
        internal::AddSlices(found, std::max(begin, from) - begin, end - begin, values);
      });
  if (s.ok()) {
    // Also where none of its values is wanted: whether there is a list.
    const uint64_t open_from = std::max(from, sealed.end) - sealed.end;
    const uint64_t open_count = end > sealed.end + open_from ? end - sealed.end - open_from : 0;
    if (open_count != 0 || !any) {
      ReadContext context;
      context.WantRange(open_from, open_count);
      s = reading.read().OpenPage(&context, &page);
      if (s.IsNotFound() && any) {
        s = rocksdb::Status::OK();
      } else if (s.ok()) {
        const uint64_t skipped = context.is_cut() ? 0 : open_from;
        internal::AddSlices(page, skipped, skipped + open_count, values);
      }
    }
  }
  if (!s.ok()) {
    values->clear();
    return s;
  }
  if (first != nullptr) *first = from;
  return s;
}

rocksdb::Status LongStore::GetLast(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                                   size_t count, std::vector<PinnedSlice>* values) {
  values->clear();
  rocksdb::Status s = LongRead::Check(*core_, options);
  if (!s.ok()) return s;
  LongReading reading(core_.get(), options, key);
  const auto read_open = [&](PinnedBlob* open) {
    ReadContext context;
    context.WantLast(count, /*may_stop=*/true);
    return reading.read().OpenPage(&context, open);
  };
  const auto last_of = [](const PinnedBlob& page, uint64_t wanted, std::vector<PinnedSlice>* out) {
    const uint64_t size = page.size();
    internal::AddSlices(page, size - std::min<uint64_t>(size, wanted), size, out);
  };
  PinnedBlob open;
  s = read_open(&open);
  if (!s.ok() && !s.IsNotFound()) return s;
  if (s.ok() && open.size() >= count) {
    last_of(open, count, values);
    return s;
  }
  PageIndex::Range sealed;
  PinnedBlob page;
  uint64_t at = 0;
  if (s.ok() && reading.Knows(&sealed)) {
    const uint64_t rest = count - open.size();
    if (sealed.begin == sealed.end ||
        (reading.KnownPageOf(sealed.end - 1, &at, &page) && at + page.size() == sealed.end &&
         (page.size() >= rest || at == sealed.begin))) {
      if (reading.StillKnown()) {
        last_of(page, rest, values);
        last_of(open, count, values);
        return s;
      }
    }
  }
  reading.PinMoment();
  const rocksdb::Status open_status = read_open(&open);
  s = open_status.IsNotFound() ? rocksdb::Status::OK() : open_status;
  std::vector<PinnedBlob> pages;  // from the newest on
  uint64_t rest = count - std::min<uint64_t>(count, open.size());
  bool any = false;
  for (uint64_t before = StoredKey::kOpen; s.ok() && (rest != 0 || open_status.IsNotFound());
       before = at) {
    if (before == 0) break;
    s = any ? reading.PageOf(before - 1, &at, &page) : reading.FindPageOf(before - 1, &at, &page);
    if (s.IsNotFound()) {
      s = rocksdb::Status::OK();
      break;
    }
    if (s.ok() && any && at + page.size() != before) s = reading.NotJoined(at, page);
    if (!s.ok()) break;
    any = true;
    if (rest == 0) break;
    rest -= std::min<uint64_t>(rest, page.size());
    pages.push_back(std::move(page));
  }
  if (s.ok() && open_status.IsNotFound() && !any) s = open_status;
  if (!s.ok()) return s;
  rest = count - std::min<uint64_t>(count, open.size());
  for (size_t i = 0; i + 1 < pages.size(); ++i) rest -= pages[i].size();
  while (!pages.empty()) {
    last_of(pages.back(), rest, values);
    rest = UINT64_MAX;
    pages.pop_back();
  }
  last_of(open, count, values);
  return s;
}

}  // namespace sheaf
