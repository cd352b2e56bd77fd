#include "sheaf/store.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/fixed_array.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "plugin/codec/operand.h"
#include "plugin/rocksdb/append_operator_impl.h"
#include "plugin/rocksdb/bundle.h"
#include "plugin/rocksdb/pinnable_block.h"
#include "plugin/rocksdb/read_watch.h"
#include "plugin/rocksdb/single_appends.h"
#include "plugin/rocksdb/store_core.h"
#include "plugin/rocksdb/tail_watch.h"

namespace sheaf {
namespace internal {

namespace {

// For messages.
std::string Shown(const rocksdb::Slice& key) {
  constexpr size_t kMaxKeyBytes = 64;
  const absl::string_view shown(key.data(), std::min(key.size(), kMaxKeyBytes));
  return absl::StrCat("\"", absl::CHexEscape(shown), key.size() > kMaxKeyBytes ? "...\"" : "\"");
}

}  // namespace

rocksdb::Status CorruptList(const rocksdb::Slice& key, const rocksdb::Slice& value, Layout layout,
                            const absl::Status& status) {
  const absl::Status why =
      ExplainUndecodable(std::string_view(value.data(), value.size()), layout, status);
  return rocksdb::Status::Corruption(
      absl::StrCat("the value of key ", Shown(key), " is not a list"),
      rocksdb::Slice(why.message().data(), why.message().size()));
}

namespace {

std::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

using StoreBlock = PinnableBlock<Ledger::Pin>;

// Turns what a read left in `block` into `*list`, which is empty; if it is not pinned, `operands()`
// is asked of how many it was merged. `*s` is OK, and stays so unless the bytes are not a list: it
// is not written again where it need not be.
template <typename Operands>
void TakeList(const StoreCore& core, const rocksdb::Slice& key, std::unique_ptr<StoreBlock> block,
              const ReadWatch& watch, Operands operands, PinnedBlob* list, rocksdb::Status* s) {
  rocksdb::PinnableSlice& value = block->value();
  const absl::Status status = BlobViewAccess::ParseInto(
      View(value), core.layout, BlobViewAccess::Extent::kWhole, BlobViewAccess::view(list));
  if (!status.ok()) {
    core.ledger->CountCorrupt();
    *s = CorruptList(key, value, core.layout, status);
    return;
  }
  const uint64_t bytes = value.size();
  const bool share_pin = HoldsPin(value) && !core.caches->pins_die_with_db;
  Ledger::Pin pin = core.ledger->CountFound(bytes);
  if (!share_pin) {
    const uint64_t merged = operands();
    const CopyReason reason = value.IsPinned() ? core.caches->pin_reason : watch.WhyCopied(merged);
    core.ledger->CountCopied(reason, bytes);
    if (merged != 0) core.ledger->CountMerged(merged);
  }
  StoreBlock::Seal(std::move(block), share_pin, std::move(pin), list);
}

// Counts a read that returned no list. RocksDB does not say what the merge operator did not like.
[[gnu::noinline, gnu::cold]] void Miss(const StoreCore& core, const rocksdb::Slice& key,
                                       const ReadWatch& watch, rocksdb::Status* s) {
  core.ledger->CountMiss(*s);
  if (!s->IsCorruption() || !watch.merged()) return;
  const uint64_t bytes = MergeWatch::TakeTooLarge();
  if (bytes == 0) return;
  *s = rocksdb::Status::Corruption(
      absl::StrCat("the list of key ", Shown(key), " is too large"),
      absl::StrCat("its base and operands have ", bytes, " bytes, a value of RocksDB has at most ",
                   disk::kMaxRocksDbValue,
                   "; nothing is lost. Trim or clear the list, or set "
                   "max_bytes"));
}

// Why a list or an operand that cannot be encoded was not written.
rocksdb::Status NotWritten(const absl::Status& status) {
  return rocksdb::Status::InvalidArgument(
      "list not written", rocksdb::Slice(status.message().data(), status.message().size()));
}

}  // namespace
}  // namespace internal

using internal::StoreCore;

KeyRange KeyRange::Prefix(std::string_view prefix) {
  KeyRange range;
  range.begin = std::string(prefix);
  // The first key after all with the prefix: its last byte that can be incremented, incremented.
  range.end = std::string(prefix);
  while (!range.end.empty() && static_cast<unsigned char>(range.end.back()) == 0xFF) {
    range.end.pop_back();
  }
  if (!range.end.empty()) {
    range.end.back() = static_cast<char>(static_cast<unsigned char>(range.end.back()) + 1);
  }
  return range;
}

Store::Store(std::unique_ptr<StoreCore> core) : core_(std::move(core)) {}
Store::~Store() = default;

rocksdb::Status Store::Open(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf,
                            const StoreOptions& options, std::unique_ptr<Store>* store) {
  store->reset();
  if (db == nullptr) return rocksdb::Status::InvalidArgument("Store::Open: no DB");
  if (cf == nullptr) cf = db->DefaultColumnFamily();
  const rocksdb::Options cf_options = db->GetOptions(cf);
  const auto* append = cf_options.merge_operator == nullptr
                           ? nullptr
                           : cf_options.merge_operator->CheckedCast<internal::AppendOperator>();
  if (append != nullptr && append->layout() != options.layout) {
    return rocksdb::Status::InvalidArgument(
        absl::StrCat("Store::Open: StoreOptions::layout is ", LayoutName(options.layout),
                     ", but the merge operator of column family \"", cf->GetName(),
                     "\" has layout ", LayoutName(append->layout())));
  }
  store->reset(new Store(std::make_unique<StoreCore>(
      db, cf, options.layout, append != nullptr,
      append != nullptr ? append->options() : AppendOptions(),
      std::make_shared<const internal::Caches>(internal::Caches::Of(cf_options)))));
  return rocksdb::Status::OK();
}

Store::Change Store::Putting(Values values) const {
  Change change = {"Store::Put", /*is_merge=*/false, rocksdb::Status::OK(), ""};
  absl::StatusOr<std::string> blob = Encode(values, core_->layout);
  if (blob.ok()) {
    change.value = *std::move(blob);
  } else {
    change.status = internal::NotWritten(blob.status());
  }
  return change;
}

Store::Change Store::Appending(Values values) const {
  static constexpr char kName[] = "Store::Append";  // outlives the call
  if (values.size() == 1 && values[0].size() <= disk::kMaxOperandValue) {
    return Merging(kName, internal::EncodeSingleAppend(values[0]));
  }
  absl::StatusOr<std::string> operand = Encode(values);
  const absl::Status encoded = operand.status();
  Change change = Merging(kName, encoded.ok() ? *std::move(operand) : "");
  if (change.status.ok() && !encoded.ok()) change.status = internal::NotWritten(encoded);
  return change;
}

Store::Change Store::Trimming(uint64_t count, Keep keep) const {
  return Merging("Store::Trim", keep == Keep::kLast ? internal::EncodeKeepLast(count)
                                                    : internal::EncodeKeepFirst(count));
}

Store::Change Store::Removing(std::string_view value) const {
  Change change = Merging("Store::Remove", "");
  if (value.size() > disk::kMaxOperandValue) {
    change.status = internal::NotWritten(absl::ResourceExhaustedError(
        absl::StrCat("a value of ", value.size(), " bytes to remove; an operand holds at most ",
                     disk::kMaxOperandValue)));
  } else {
    change.value = internal::EncodeRemove(value);
  }
  return change;
}

Store::Change Store::Clearing() const { return Merging("Store::Clear", internal::EncodeClear()); }

Store::Change Store::Merging(const char* name, std::string operand) const {
  Change change = {name, /*is_merge=*/true, rocksdb::Status::OK(), std::move(operand)};
  if (!core_->can_append) {
    change.status = rocksdb::Status::InvalidArgument(
        absl::StrCat(name, ": column family \"", core_->cf->GetName(),
                     "\" does not have the merge operator sheaf.append; open the DB with "
                     "ColumnFamilyOptions::merge_operator = sheaf::NewAppendOperator()"));
  }
  return change;
}

rocksdb::Status Store::Write(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                             const Change& change) {
  if (!change.status.ok()) return change.status;
  if (core_->closed()) return StoreCore::ClosedStatus();
  return change.is_merge ? core_->db->Merge(options, core_->cf, key, change.value)
                         : core_->db->Put(options, core_->cf, key, change.value);
}

rocksdb::Status Store::WriteInto(rocksdb::WriteBatchBase* batch, const rocksdb::Slice& key,
                                 const Change& change) {
  if (batch == nullptr) {
    return rocksdb::Status::InvalidArgument(absl::StrCat(change.name, ": no batch"));
  }
  if (!change.status.ok()) return change.status;
  if (core_->closed()) return StoreCore::ClosedStatus();
  return change.is_merge ? batch->Merge(core_->cf, key, change.value)
                         : batch->Put(core_->cf, key, change.value);
}

rocksdb::Status Store::WriteInto(rocksdb::Transaction* transaction, const rocksdb::Slice& key,
                                 const Change& change) {
  if (transaction == nullptr) {
    return rocksdb::Status::InvalidArgument(absl::StrCat(change.name, ": no transaction"));
  }
  if (!change.status.ok()) return change.status;
  if (core_->closed()) return StoreCore::ClosedStatus();
  return change.is_merge ? transaction->Merge(core_->cf, key, change.value)
                         : transaction->Put(core_->cf, key, change.value);
}

rocksdb::Status Store::Put(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                           Values values) {
  return Write(options, key, Putting(values));
}

rocksdb::Status Store::Append(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                              Values values) {
  return Write(options, key, Appending(values));
}

rocksdb::Status Store::Trim(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                            uint64_t count, Keep keep) {
  return Write(options, key, Trimming(count, keep));
}

rocksdb::Status Store::Remove(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                              std::string_view value) {
  return Write(options, key, Removing(value));
}

rocksdb::Status Store::Clear(const rocksdb::WriteOptions& options, const rocksdb::Slice& key) {
  return Write(options, key, Clearing());
}

rocksdb::Status Store::Get(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                           PinnedBlob* list) {
  list->Reset();
  if (core_->closed()) return StoreCore::ClosedStatus();
  // RocksDB reads straight into the block: moving a PinnableSlice costs more than the block that
  // is allocated in vain where there is no list.
  auto block = std::make_unique<internal::StoreBlock>();
  const internal::ReadWatch watch(*core_->caches, options);
  rocksdb::Status s = core_->db->Get(options, core_->cf, key, &block->value());
  if (s.ok()) {
    internal::TakeList(
        *core_, key, std::move(block), watch, [&watch] { return watch.operands(); }, list, &s);
  } else {
    internal::Miss(*core_, key, watch, &s);
  }
  return s;
}

rocksdb::Status Store::GetLast(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                               size_t count, std::vector<PinnedSlice>* values) {
  values->clear();
  const AppendOptions& append = core_->append_options;
  const bool limited = append.max_values != 0 || append.max_bytes != 0;
  // A row cache keeps what a read of a file has seen, so a read must see all that there is. And
  // where the limits drop newer values, or large ones, what is seen is not all that is kept.
  const bool may_stop = core_->caches->row == nullptr && append.max_bytes == 0 &&
                        !(limited && append.keep == Keep::kFirst);
  uint64_t wanted = count;
  if (may_stop && limited) wanted = std::min(wanted, append.max_values);
  PinnedBlob list;
  rocksdb::Status s;
  {
    const internal::TailWatch watch(wanted, may_stop);
    s = Get(options, key, &list);
  }
  if (s.ok()) *values = list.Slices(list.size() - std::min(list.size(), count));
  return s;
}

void Store::MultiGet(const rocksdb::ReadOptions& options, size_t n, const rocksdb::Slice* keys,
                     PinnedBlob* lists, rocksdb::Status* statuses) {
  if (core_->closed()) {
    std::fill_n(lists, n, PinnedBlob());
    std::fill_n(statuses, n, StoreCore::ClosedStatus());
    return;
  }
  absl::FixedArray<rocksdb::PinnableSlice, 32> values(n);
  const internal::ReadWatch watch(*core_->caches, options);
  const internal::MergedKeys merged;
  core_->db->MultiGet(options, core_->cf, n, keys, values.data(), statuses);
  for (size_t i = 0; i < n; ++i) {
    lists[i].Reset();
    if (statuses[i].ok()) {
      auto block = std::make_unique<internal::StoreBlock>();
      block->MoveFrom(std::move(values[i]));
      const auto operands = [&] {
        return watch.merged() ? merged.OperandsOf(internal::View(keys[i])) : 0;
      };
      internal::TakeList(*core_, keys[i], std::move(block), watch, operands, &lists[i],
                         &statuses[i]);
    } else {
      core_->ledger->CountMiss(statuses[i]);
    }
  }
}

StoreStats Store::stats() const {
  StoreStats stats = core_->ledger->Snapshot();
  stats.segments_pinned = core_->segment_pins->count();
  return stats;
}

Layout Store::layout() const { return core_->layout; }

std::shared_ptr<const void> Store::keep_alive() const { return core_->caches; }

}  // namespace sheaf
