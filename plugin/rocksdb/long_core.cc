// Writing long lists: appends, trims and deletes. Seals are in long_seal.cc.

#include "plugin/rocksdb/long_core.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/encoder.h"
#include "plugin/codec/operand.h"
#include "plugin/codec/value_range.h"
#include "plugin/rocksdb/exceptions_to_status.h"
#include "plugin/rocksdb/single_appends.h"
#include "rocksdb/env.h"
#include "rocksdb/write_batch.h"

namespace sheaf {
namespace internal {
namespace {

// Pages that a trim or a delete deletes one by one. More of them are deleted as a range, so that
// they need not be read.
constexpr int kMaxDeletes = 64;
constexpr std::chrono::milliseconds kMaxStall{1000};

std::string_view Text(const rocksdb::Slice& slice) { return slice.ToStringView(); }

// About what `values` add to a page, seldom an eighth less. Their sizes are not counted where they
// are small beside the values, as values of one size have none there. So what is counted seldom
// reaches page_bytes before the page does, which would then be looked at in vain.
uint64_t BytesInPage(LongStore::Values values) {
  constexpr size_t kSmall = 16;
  uint64_t bytes = 0;
  for (const std::string_view value : values) {
    bytes += value.size() + (value.size() < kSmall ? 1 : 0);
  }
  return bytes;
}

// What `merge_operator` wraps, if it does: that is what merges lists.
const rocksdb::MergeOperator* Innermost(const rocksdb::MergeOperator* merge_operator) {
  const rocksdb::Customizable* object = merge_operator;
  while (object->Inner() != nullptr) object = object->Inner();
  return static_cast<const rocksdb::MergeOperator*>(object);
}

}  // namespace

absl::Status EncodePage(const ValueRange& values, Layout layout, std::string* page) {
  return EncodeList(absl::MakeConstSpan(&values, 1), layout, disk::kCompactTag, Limit::kRocksDb,
                    page);
}

LongList::LongList(const StoreCore& core, const rocksdb::Slice& user_key)
    : id{core.db->GetRootDB(), core.cf->GetID(), Text(user_key)},
      hash(absl::HashOf(id.db, id.column_family,
                        absl::string_view(user_key.data(), user_key.size()))),
      lock(ListLock::Of(hash)),
      stored(id.key) {}

LongCore::LongCore(std::unique_ptr<StoreCore> store_core, const LongStoreOptions& options,
                   const rocksdb::Options& cf_options)
    : core(std::move(store_core)),
      info_log(cf_options.info_log),
      root(core->db->GetRootDB()),
      page_bytes(core->append_options.page_bytes),
      seals(options.seal_in_background && !core->read_only && !core->instance.is_read_only),
      watches(!cf_options.allow_2pc),  // which every TransactionDB sets
      index(options.index_bytes),
      open_pages(page_bytes, seals, Innermost(cf_options.merge_operator.get())) {
  if (seals) sealer_ = std::thread([this] { Run(); });
}

LongCore::~LongCore() { Stop(); }

void LongCore::Stop() {
  if (core->forked()) {
    // The thread is not in this process.
    if (sealer_.joinable()) sealer_.detach();
    return;
  }
  open_pages.Stop();
  const std::lock_guard<std::mutex> lock(stopping_);
  if (sealer_.joinable()) sealer_.join();
}

rocksdb::Status LongCore::MayWrite(const char* call) const {
  if (core->closed()) return core->ClosedStatus();
  if (core->read_only) {
    return rocksdb::Status::NotSupported(
        absl::StrCat(call, ": the LongStore was opened with LongStoreOptions::read_only"));
  }
  return rocksdb::Status::OK();
}

rocksdb::Status LongCore::Corrupt(const LongList& list, uint64_t position,
                                  const std::string& why) const {
  return rocksdb::Status::Corruption(
      absl::StrCat("the page at position ", position, " of key ", ShownKey(list.key())), why);
}

rocksdb::Status LongCore::Append(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                                 const ValueList& values) {
  rocksdb::Status s = MayWrite("LongStore::Append");
  if (!s.ok()) return s;
  std::string operand;
  const absl::Status encoded = EncodeAppend(values.views(), &operand);
  if (!encoded.ok()) return NotWritten(encoded);
  if (options.disableWAL) without_wal_.store(true, std::memory_order_relaxed);
  LongList list(*core, key);
  const std::string_view stored = list.stored.Open();
  const uint64_t bytes = BytesInPage(values.views());
  OpenPages::Size size = OpenPages::Size::kSmall;
  const auto write = [&] {
    rocksdb::Status written =
        core->db->Merge(options, core->cf, rocksdb::Slice(stored.data(), stored.size()), operand);
    if (written.ok()) size = open_pages.Appended(list.hash, list.key(), bytes);
    return written;
  };
  s = watches ? list.lock.appends.Append(list.id, operand, write) : write();
  if (size == OpenPages::Size::kFarTooLarge && open_pages.Await(key.ToString(), kMaxStall)) {
    appends_delayed_.fetch_add(1, std::memory_order_relaxed);
  }
  return s;
}

template <typename Target>
rocksdb::Status LongCore::AppendTo(Target* target, const rocksdb::Slice& key,
                                   const ValueList& values) {
  if (target == nullptr) {
    return rocksdb::Status::InvalidArgument("LongStore::Append: no batch or transaction");
  }
  rocksdb::Status s = MayWrite("LongStore::Append");
  if (!s.ok()) return s;
  std::string operand;
  const absl::Status encoded = EncodeAppend(values.views(), &operand);
  if (!encoded.ok()) return NotWritten(encoded);
  LongList list(*core, key);
  if (watches) list.lock.appends.AppendUnseen();
  const std::string_view stored = list.stored.Open();
  s = target->Merge(core->cf, rocksdb::Slice(stored.data(), stored.size()), operand);
  if (s.ok()) {
    open_pages.Appended(list.hash, list.key(), BytesInPage(values.views()),
                        OpenPages::Written::kWhenever);
  }
  return s;
}

template rocksdb::Status LongCore::AppendTo(rocksdb::WriteBatchBase*, const rocksdb::Slice&,
                                            const ValueList&);
template rocksdb::Status LongCore::AppendTo(rocksdb::Transaction*, const rocksdb::Slice&,
                                            const ValueList&);

void LongCore::NoteOpenPage(const LongList& list, uint64_t operands, uint64_t bytes) {
  if (bytes >= page_bytes) {
    open_pages.FoundLarge(list.key());
  } else if (operands >= kManyOperands && seals && SeesAppends(list)) {
    read_many_[list.hash % read_many_.size()].store(true, std::memory_order_relaxed);
    open_pages.FoundMany(list.key());
  }
}

namespace {

// Deletes sealed pages of `list` that begin before `end`, in `batch`: one by one, as long as they
// are few.
rocksdb::Status DeletePages(const StoreCore& core, LongRead* read, LongList* list, uint64_t begin,
                            uint64_t end, rocksdb::WriteBatch* batch) {
  std::vector<uint64_t> pages;
  rocksdb::Status s;
  for (uint64_t at = begin; pages.size() <= kMaxDeletes && at < end; ++at) {
    s = read->FirstFrom(at, &at);
    if (s.IsNotFound() || (s.ok() && at >= end)) break;
    if (!s.ok()) return s;
    pages.push_back(at);
  }
  s = rocksdb::Status::OK();
  if (pages.size() > kMaxDeletes) {
    const std::string from(list->stored.At(begin));
    const std::string_view to = list->stored.At(end);
    return batch->DeleteRange(core.cf, from, rocksdb::Slice(to.data(), to.size()));
  }
  for (const uint64_t page : pages) {
    const std::string_view stored = list->stored.At(page);
    if (s.ok()) s = batch->Delete(core.cf, rocksdb::Slice(stored.data(), stored.size()));
  }
  return s;
}

}  // namespace

rocksdb::Status LongCore::TrimBefore(const rocksdb::WriteOptions& options,
                                     const rocksdb::Slice& key, uint64_t position) {
  rocksdb::Status s = MayWrite("LongStore::TrimBefore");
  if (!s.ok()) return s;
  LongList list(*core, key);
  const std::lock_guard<std::mutex> structure(list.lock.structure);
  LongRead read(*this, &list, rocksdb::ReadOptions());
  read.Pin();
  PageIndex::Range sealed;
  bool any = false;
  s = read.Sealed(&sealed, &any);
  if (!s.ok() || (any && position <= sealed.begin) || position == 0) return s;

  rocksdb::WriteBatch batch;
  std::string page;
  const auto put = [&](uint64_t at) {
    const std::string_view stored = list.stored.At(at);
    return batch.Put(core->cf, rocksdb::Slice(stored.data(), stored.size()), page);
  };
  if (position < sealed.end) {
    uint64_t at = 0;
    s = read.LastUpTo(position, &at, nullptr);
    if (!s.ok()) return s;
    if (at < position) {
      // The rest of that page, under the position where it begins.
      PinnedBlob blob;
      s = read.Page(at, &blob);
      if (!s.ok()) return s;
      const uint64_t gone = position - at;
      if (gone >= blob.size()) {
        return Corrupt(list, at,
                       absl::StrCat("it has ", blob.size(),
                                    " values, and the next page "
                                    "does not follow it"));
      }
      ValueRange rest(blob.view());
      rest.KeepLast(static_cast<size_t>(blob.size() - gone));
      const absl::Status encoded = EncodePage(rest, core->layout, &page);
      if (!encoded.ok()) return NotWritten(encoded);
      s = put(position);
    }
    if (s.ok()) s = DeletePages(*core, &read, &list, sealed.begin, position, &batch);
  } else {
    // All sealed pages go, and the first values of the open page.
    PinnedBlob open;
    ReadContext context;
    context.WantRange(0, 0);
    s = read.OpenPage(&context, &open);
    if (s.IsNotFound() && !any) return rocksdb::Status::OK();
    if (!s.ok() && !s.IsNotFound()) return s;
    const uint64_t in_open = !s.ok() ? 0 : context.is_cut() ? context.whole_size() : open.size();
    const uint64_t gone = std::min(position - sealed.end, in_open);
    if (gone == 0 && sealed.begin == sealed.end) return rocksdb::Status::OK();
    const uint64_t begin = sealed.end + gone;
    s = DeletePages(*core, &read, &list, sealed.begin, begin, &batch);
    if (s.ok() && begin != 0) {
      const absl::Status encoded = EncodePage(ValueRange(), core->layout, &page);
      if (!encoded.ok()) return NotWritten(encoded);
      s = put(begin);
    }
    if (s.ok() && gone != 0) {
      s = batch.Merge(core->cf, std::string(list.stored.Open()), EncodeDropFirst(gone));
    }
  }
  if (!s.ok()) return s;
  const ListLock::Change change(&list.lock);
  return root->Write(options, &batch);
}

rocksdb::Status LongCore::Delete(const rocksdb::WriteOptions& options, const rocksdb::Slice& key) {
  rocksdb::Status s = MayWrite("LongStore::Delete");
  if (!s.ok()) return s;
  LongList list(*core, key);
  const std::lock_guard<std::mutex> structure(list.lock.structure);
  LongRead read(*this, &list, rocksdb::ReadOptions());
  read.Pin();
  rocksdb::WriteBatch batch;
  s = DeletePages(*core, &read, &list, 0, StoredKey::kOpen, &batch);
  if (s.ok()) s = batch.Delete(core->cf, std::string(list.stored.Open()));
  if (!s.ok()) return s;
  const ListLock::Change change(&list.lock);
  s = root->Write(options, &batch);
  if (s.ok()) open_pages.Set(list.hash, 0);
  return s;
}

void LongCore::AddTo(LongStoreStats* stats) const {
  stats->pages_sealed = pages_sealed_.load(std::memory_order_relaxed);
  stats->bytes_sealed = bytes_sealed_.load(std::memory_order_relaxed);
  stats->seals_failed = seals_failed_.load(std::memory_order_relaxed);
  stats->open_pages_too_large = open_pages.waiting();
  stats->appends_delayed = appends_delayed_.load(std::memory_order_relaxed);
  stats->open_pages_merged = open_pages_merged_.load(std::memory_order_relaxed);
}

}  // namespace internal
}  // namespace sheaf
