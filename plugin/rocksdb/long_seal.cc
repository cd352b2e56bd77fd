// Sealing: what moves values from an open page into sealed ones.

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/encoder.h"
#include "plugin/codec/operand.h"
#include "plugin/codec/value_range.h"
#include "plugin/rocksdb/exceptions_to_status.h"
#include "plugin/rocksdb/long_core.h"
#include "rocksdb/env.h"
#include "rocksdb/write_batch.h"

namespace sheaf {
namespace internal {

struct LongCore::SealWork {
  struct Page {
    ValueRange values;
    uint64_t position;
  };

  LongList* list;
  AppendGate::Watch* watch;
  uint64_t begin = 0;    // of the open page
  uint64_t encoded = 0;  // bytes of it that are not sealed yet
  std::vector<Page> pages;
  ValueRange rest;  // what is neither in a page nor taken off: all of it, for kMerge
};

namespace {

// A batch of a seal has so many bytes, or one page.
constexpr size_t kMaxBatchBytes = 8 << 20;

// Cuts `list` into pages that have about `page_bytes` each, encoded, but not less.
std::vector<ValueRange> CutIntoPages(const BlobView& list, uint64_t page_bytes) {
  const ValueRange all(list);
  const uint64_t encoded = list.encoded().size();
  const uint64_t number = std::min<uint64_t>(encoded / page_bytes, all.size());
  if (number <= 1) return {all};
  std::vector<ValueRange> pages;
  pages.reserve(static_cast<size_t>(number));
  const uint64_t header = all.uniform() ? 0 : all.width();
  const uint64_t total = all.contents().size() + header * all.size();
  const uint64_t target = (total + number - 1) / number;
  all.WithSizes([&](auto sizes) {
    size_t begin = 0;
    uint64_t from = 0;
    uint64_t at = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      at += sizes[i];
      if (at - from + header * (i + 1 - begin) < target) continue;
      // What would be less than a page goes into the last one.
      const uint64_t rest = total - at - header * (i + 1);
      if (rest != 0 && rest < page_bytes) continue;
      pages.push_back(all.Part(begin, i + 1, from, at));
      begin = i + 1;
      from = at;
    }
    if (begin != all.size()) pages.push_back(all.Part(begin, all.size(), from, at));
    return 0;
  });
  return pages;
}

}  // namespace

rocksdb::Status LongCore::Seal(const rocksdb::Slice& key, SealMode mode) {
  rocksdb::Status s;
  LongList list(*core, key);
  const std::lock_guard<std::mutex> structure(list.lock.structure);
  AppendGate::Watch watch(list.id, static_cast<size_t>(4 * page_bytes));
  const rocksdb::Snapshot* snapshot = nullptr;
  // All appends that are done by then are in the snapshot, and all others are watched.
  uint64_t counted = 0;
  list.lock.appends.Begin(&watch, [&] {
    counted = open_pages.Counted(list.hash);
    snapshot = root->GetSnapshot();
  });
  const absl::Cleanup end = [&] {
    list.lock.appends.End();
    root->ReleaseSnapshot(snapshot);
  };
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  LongRead read(*this, &list, options);
  read.ForSealer();
  PinnedBlob open;
  uint64_t operands = 0;
  {
    ReadContext context;
    s = read.OpenPage(&context, &open);
    operands = context.operands();
  }
  const uint64_t bytes = s.ok() ? open.view().encoded().size() : 0;
  if (s.ok() || s.IsNotFound()) open_pages.Correct(list.hash, counted, bytes);
  if (s.IsNotFound()) return rocksdb::Status::OK();
  if (!s.ok()) return s;
  if (mode == SealMode::kIfLarge && bytes < page_bytes) {
    const bool was_read =
        read_many_[list.hash % read_many_.size()].exchange(false, std::memory_order_relaxed);
    if (operands < kManyOperands || !was_read) return s;
    mode = SealMode::kMerge;
  }
  if (open.empty()) return s;

  SealWork work;
  work.list = &list;
  work.watch = &watch;
  work.encoded = bytes;
  if (mode == SealMode::kMerge) {
    work.rest = ValueRange(open.view());
    return WriteBase(&work);
  }
  PageIndex::Range sealed;
  bool any = false;
  s = read.Sealed(&sealed, &any);
  if (!s.ok()) return s;
  work.begin = sealed.end;
  uint64_t position = work.begin;
  for (const ValueRange& part : CutIntoPages(open.view(), page_bytes)) {
    work.pages.push_back({part, position});
    position += part.size();
  }
  for (size_t next = 0; s.ok() && next < work.pages.size();) s = WritePages(&work, &next);
  // So that readers who know the list go on knowing it.
  if (s.ok()) {
    index.SetSealed(list.hash, list.key(), list.lock.version(), {sealed.begin, position});
  }
  return s;
}

rocksdb::Status LongCore::CountedSeal(const rocksdb::Slice& key, SealMode mode) {
  rocksdb::Status s = MayWrite("LongStore::Seal");
  if (!s.ok()) return s;
  s = ExceptionsToStatus([&] { return Seal(key, mode); });
  if (!s.ok()) seals_failed_.fetch_add(1, std::memory_order_relaxed);
  return s;
}

rocksdb::Status LongCore::WritePages(SealWork* work, size_t* next) {
  LongList& list = *work->list;
  rocksdb::WriteBatch batch;
  uint64_t values = 0;
  uint64_t encoded_bytes = 0;
  const size_t first = *next;
  size_t last = first;
  std::string page;
  for (; last < work->pages.size(); ++last) {
    const SealWork::Page& at = work->pages[last];
    if (last != first && batch.GetDataSize() + at.values.contents().size() > kMaxBatchBytes) break;
    const absl::Status encoded = EncodePage(at.values, core->layout, &page);
    if (!encoded.ok()) return NotWritten(encoded);
    const std::string_view stored = list.stored.At(at.position);
    const rocksdb::Status s =
        batch.Put(core->cf, rocksdb::Slice(stored.data(), stored.size()), page);
    if (!s.ok()) return s;
    values += at.values.size();
    encoded_bytes += page.size();
  }
  rocksdb::WriteOptions options;
  options.disableWAL = without_wal_.load(std::memory_order_relaxed);
  const std::string open_key(list.stored.Open());
  const auto write = [&](bool known) {
    std::string base;
    known = known && watches && last == work->pages.size();
    if (known) {
      // The open page begins anew, with what was appended meanwhile.
      std::vector<BlobView> appended(work->watch->operands().size());
      for (size_t i = 0; known && i < appended.size(); ++i) {
        known = BlobParser::ParseInto(work->watch->operands()[i], Layout::kCompact,
                                      BlobParser::Extent::kWhole, &appended[i])
                    .ok();
      }
      known = known &&
              EncodeList(appended, core->layout, disk::kCompactTag, Limit::kRocksDb, &base).ok();
    }
    rocksdb::Status s = known ? batch.Put(core->cf, open_key, base)
                              : batch.Merge(core->cf, open_key, EncodeDropFirst(values));
    if (!s.ok()) return s;
    const ListLock::Change change(&list.lock);
    s = root->Write(options, &batch);
    if (!s.ok()) return s;
    if (known) {
      open_pages.Set(list.hash, base.size());
    } else {
      const uint64_t bytes = last == work->pages.size()
                                 ? work->encoded
                                 : std::min(work->encoded, uint64_t{batch.GetDataSize()});
      open_pages.Correct(list.hash, bytes, 0);
      work->encoded -= bytes;
    }
    return s;
  };
  rocksdb::Status s = list.lock.appends.Alone(write);
  if (!s.ok()) return s;
  for (size_t i = first; i < last; ++i) {
    const SealWork::Page& at = work->pages[i];
    index.AddPage(list.hash, list.key(), {at.position, at.position + at.values.size()});
  }
  bytes_sealed_.fetch_add(encoded_bytes, std::memory_order_relaxed);
  pages_sealed_.fetch_add(last - first, std::memory_order_relaxed);
  *next = last;
  return s;
}

// Puts what was read of the open page, and what was appended since, in place of the open page. Does
// nothing if that is not known.
rocksdb::Status LongCore::WriteBase(SealWork* work) {
  LongList& list = *work->list;
  rocksdb::WriteOptions options;
  options.disableWAL = without_wal_.load(std::memory_order_relaxed);
  return list.lock.appends.Alone([&](bool known) {
    if (!known || !watches) return rocksdb::Status::OK();
    std::vector<ValueRange> parts = {work->rest};
    for (const std::string& operand : work->watch->operands()) {
      BlobView appended;
      if (!BlobParser::ParseInto(operand, Layout::kCompact, BlobParser::Extent::kWhole, &appended)
               .ok()) {
        return rocksdb::Status::OK();
      }
      parts.emplace_back(appended);
    }
    std::string base;
    if (!EncodeList(parts, core->layout, disk::kCompactTag, Limit::kRocksDb, &base).ok()) {
      return rocksdb::Status::OK();
    }
    const std::string_view stored = list.stored.Open();
    rocksdb::Status s =
        root->Put(options, core->cf, rocksdb::Slice(stored.data(), stored.size()), base);
    if (s.ok()) {
      open_pages.Set(list.hash, base.size());
      open_pages_merged_.fetch_add(1, std::memory_order_relaxed);
    }
    return s;
  });
}

void LongCore::Run() {
  constexpr std::chrono::milliseconds kFirstPause{100};
  constexpr std::chrono::milliseconds kMaxPause{10000};
  std::chrono::milliseconds pause = kFirstPause;
  std::string key;
  while (open_pages.Pop(&key)) {
    const rocksdb::Status s = CountedSeal(key, SealMode::kIfLarge);
    if (!s.ok()) {
      rocksdb::Error(info_log, "sheaf: the open page of key %s was not sealed: %s. %s",
                     ShownKey(key).c_str(), s.ToString().c_str(),
                     "The list is as it was; it is tried again.");
    }
    open_pages.Done(key, /*failed=*/!s.ok(), pause);
    pause = s.ok() ? kFirstPause : std::min(pause * 2, kMaxPause);
  }
}

}  // namespace internal
}  // namespace sheaf
