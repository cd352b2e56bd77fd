#include "sheaf/store.h"

#include <memory>
#include <utility>

#include "absl/container/fixed_array.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "plugin/rocksdb/append_operator_impl.h"
#include "plugin/rocksdb/bundle.h"
#include "plugin/rocksdb/pinnable_block.h"
#include "plugin/rocksdb/read_watch.h"
#include "plugin/rocksdb/store_core.h"

namespace sheaf {
namespace internal {

rocksdb::Status CorruptList(const rocksdb::Slice& key, const rocksdb::Slice& value, Layout layout,
                            const absl::Status& status) {
  constexpr size_t kMaxKeyBytes = 64;
  const absl::string_view shown(key.data(), std::min(key.size(), kMaxKeyBytes));
  const absl::Status why =
      ExplainUndecodable(std::string_view(value.data(), value.size()), layout, status);
  return rocksdb::Status::Corruption(
      absl::StrCat("the value of key \"", absl::CHexEscape(shown),
                   key.size() > kMaxKeyBytes ? "...\"" : "\"", " is not a list"),
      rocksdb::Slice(why.message().data(), why.message().size()));
}

namespace {

std::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

using StoreBlock = PinnableBlock<Ledger::Pin>;

// Turns what a read left in `block` into `*list`, which is empty; `why_copied()` is asked if it is
// not pinned. `*s` is OK, and stays so unless the bytes are not a list: it is not written again
// where it need not be.
template <typename WhyCopied>
void TakeList(const StoreCore& core, const rocksdb::Slice& key, std::unique_ptr<StoreBlock> block,
              WhyCopied why_copied, PinnedBlob* list, rocksdb::Status* s) {
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
    const CopyReason reason = value.IsPinned() ? core.caches->pin_reason : why_copied();
    core.ledger->CountCopied(reason, bytes);
  }
  StoreBlock::Seal(std::move(block), share_pin, std::move(pin), list);
}

rocksdb::Status EncodeForWrite(Store::Values values, Layout layout, std::string* encoded) {
  absl::StatusOr<std::string> blob = Encode(values, layout);
  if (!blob.ok()) {
    return rocksdb::Status::InvalidArgument(
        "list not written",
        rocksdb::Slice(blob.status().message().data(), blob.status().message().size()));
  }
  *encoded = *std::move(blob);
  return rocksdb::Status::OK();
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
      std::make_shared<const internal::Caches>(internal::Caches::Of(cf_options)))));
  return rocksdb::Status::OK();
}

rocksdb::Status Store::Put(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                           Values values) {
  std::string blob;
  const rocksdb::Status s = internal::EncodeForWrite(values, core_->layout, &blob);
  return s.ok() ? core_->db->Put(options, core_->cf, key, blob) : s;
}

rocksdb::Status Store::PutInto(rocksdb::WriteBatchBase* batch, const rocksdb::Slice& key,
                               Values values) {
  if (batch == nullptr) return rocksdb::Status::InvalidArgument("Store::Put: no batch");
  std::string blob;
  const rocksdb::Status s = internal::EncodeForWrite(values, core_->layout, &blob);
  return s.ok() ? batch->Put(core_->cf, key, blob) : s;
}

rocksdb::Status Store::PutInto(rocksdb::Transaction* transaction, const rocksdb::Slice& key,
                               Values values) {
  if (transaction == nullptr) {
    return rocksdb::Status::InvalidArgument("Store::Put: no transaction");
  }
  std::string blob;
  const rocksdb::Status s = internal::EncodeForWrite(values, core_->layout, &blob);
  return s.ok() ? transaction->Put(core_->cf, key, blob) : s;
}

namespace {

void CountMiss(const StoreCore& core, const rocksdb::Status& status) {
  if (status.IsNotFound()) {
    core.ledger->CountNotFound();
  } else {
    core.ledger->CountFailed();
  }
}

// An operand, if the column family can merge it.
rocksdb::Status EncodeOperand(const StoreCore& core, Store::Values values, std::string* operand) {
  if (!core.can_append) {
    return rocksdb::Status::InvalidArgument(
        absl::StrCat("Append: column family \"", core.cf->GetName(),
                     "\" does not have the merge operator sheaf.append; open the DB with "
                     "ColumnFamilyOptions::merge_operator = sheaf::NewAppendOperator()"));
  }
  return internal::EncodeForWrite(values, Layout::kCompact, operand);
}

}  // namespace

rocksdb::Status Store::Append(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                              Values values) {
  std::string operand;
  const rocksdb::Status s = EncodeOperand(*core_, values, &operand);
  return s.ok() ? core_->db->Merge(options, core_->cf, key, operand) : s;
}

rocksdb::Status Store::AppendInto(rocksdb::WriteBatchBase* batch, const rocksdb::Slice& key,
                                  Values values) {
  if (batch == nullptr) return rocksdb::Status::InvalidArgument("Store::Append: no batch");
  std::string operand;
  const rocksdb::Status s = EncodeOperand(*core_, values, &operand);
  return s.ok() ? batch->Merge(core_->cf, key, operand) : s;
}

rocksdb::Status Store::AppendInto(rocksdb::Transaction* transaction, const rocksdb::Slice& key,
                                  Values values) {
  if (transaction == nullptr) {
    return rocksdb::Status::InvalidArgument("Store::Append: no transaction");
  }
  std::string operand;
  const rocksdb::Status s = EncodeOperand(*core_, values, &operand);
  return s.ok() ? transaction->Merge(core_->cf, key, operand) : s;
}

rocksdb::Status Store::Get(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                           PinnedBlob* list) {
  list->Reset();
  // RocksDB reads straight into the block: moving a PinnableSlice costs more than the block that
  // is allocated in vain where there is no list.
  auto block = std::make_unique<internal::StoreBlock>();
  const internal::ReadWatch watch(*core_->caches, options);
  rocksdb::Status s = core_->db->Get(options, core_->cf, key, &block->value());
  if (s.ok()) {
    internal::TakeList(
        *core_, key, std::move(block), [&watch] { return watch.WhyCopied(watch.merged()); }, list,
        &s);
  } else {
    CountMiss(*core_, s);
  }
  return s;
}

void Store::MultiGet(const rocksdb::ReadOptions& options, size_t n, const rocksdb::Slice* keys,
                     PinnedBlob* lists, rocksdb::Status* statuses) {
  absl::FixedArray<rocksdb::PinnableSlice, 32> values(n);
  const internal::ReadWatch watch(*core_->caches, options);
  const internal::MergedKeys merged;
  core_->db->MultiGet(options, core_->cf, n, keys, values.data(), statuses);
  for (size_t i = 0; i < n; ++i) {
    lists[i].Reset();
    if (statuses[i].ok()) {
      auto block = std::make_unique<internal::StoreBlock>();
      block->MoveFrom(std::move(values[i]));
      const auto why_copied = [&] {
        return watch.WhyCopied(watch.merged() && merged.contains(internal::View(keys[i])));
      };
      internal::TakeList(*core_, keys[i], std::move(block), why_copied, &lists[i], &statuses[i]);
    } else {
      CountMiss(*core_, statuses[i]);
    }
  }
}

StoreStats Store::stats() const { return core_->ledger->Snapshot(); }

Layout Store::layout() const { return core_->layout; }

std::shared_ptr<const void> Store::keep_alive() const { return core_->caches; }

}  // namespace sheaf
