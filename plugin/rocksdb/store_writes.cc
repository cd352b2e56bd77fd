// Writing through a Store: into the DB, a batch or a transaction.

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "plugin/codec/operand.h"
#include "plugin/rocksdb/single_appends.h"
#include "plugin/rocksdb/store_core.h"
#include "rocksdb/comparator.h"
#include "sheaf/store.h"

namespace sheaf {
namespace {

absl::Status TooLargeToRemove(size_t size) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "a value of ", size, " bytes to remove; an operand holds at most ", disk::kMaxOperandValue));
}

// One operand that removes all of `values`, of which there is one at least.
absl::Status EncodeRemoves(Store::Values values, std::string* operand) {
  std::vector<std::string> removes;
  removes.reserve(values.size());
  for (const std::string_view value : values) {
    if (value.size() > disk::kMaxOperandValue) return TooLargeToRemove(value.size());
    removes.push_back(internal::EncodeRemove(value));
  }
  if (removes.size() == 1) {
    *operand = std::move(removes[0]);
    return absl::OkStatus();
  }
  return internal::EncodeBatch(std::vector<std::string_view>(removes.begin(), removes.end()),
                               operand);
}

}  // namespace

Store::Change Store::Putting(const ValueList& values) const {
  Change change = {"Store::Put", Change::Kind::kPut, rocksdb::Status::OK(), ""};
  absl::StatusOr<std::string> blob = Encode(values.views(), core_->layout);
  if (blob.ok()) {
    change.value = *std::move(blob);
  } else {
    change.status = internal::NotWritten(blob.status());
  }
  return change;
}

Store::Change Store::Appending(const ValueList& values) const {
  static constexpr char kName[] = "Store::Append";  // outlives the call
  Change change = Merging(kName, "");
  const absl::Status encoded = internal::EncodeAppend(values.views(), &change.value);
  if (!encoded.ok()) change.status = internal::NotWritten(encoded);
  return change;
}

Store::Change Store::Trimming(uint64_t count, Keep keep) const {
  return Merging("Store::Trim", keep == Keep::kLast ? internal::EncodeKeepLast(count)
                                                    : internal::EncodeKeepFirst(count));
}

Store::Change Store::Removing(const ValueList& values) const {
  Change change = Merging("Store::Remove", "");
  if (values.empty()) {
    change.kind = Change::Kind::kNothing;
    return change;
  }
  const absl::Status encoded = EncodeRemoves(values.views(), &change.value);
  if (!encoded.ok()) change.status = internal::NotWritten(encoded);
  return change;
}

Store::Change Store::RemovingPrefix(const rocksdb::Slice& prefix) const {
  Change change = Merging("Store::RemovePrefix", "");
  if (prefix.size() > disk::kMaxOperandValue) {
    change.status = internal::NotWritten(TooLargeToRemove(prefix.size()));
  } else {
    change.value = internal::EncodeRemovePrefix(prefix.ToStringView());
  }
  return change;
}

Store::Change Store::Clearing() const { return Merging("Store::Clear", internal::EncodeClear()); }

Store::Change Store::Deleting() const {
  return {"Store::Delete", Change::Kind::kDelete, rocksdb::Status::OK(), ""};
}

Store::Change Store::Merging(const char* name, std::string operand) const {
  return {name, Change::Kind::kMerge, rocksdb::Status::OK(), std::move(operand)};
}

rocksdb::Status Store::MayWrite(const Change& change) const {
  if (!change.status.ok()) return change.status;
  if (core_->closed()) return core_->ClosedStatus();
  if (core_->read_only) {
    return rocksdb::Status::NotSupported(
        absl::StrCat(change.name, ": the Store was opened with StoreOptions::read_only"));
  }
  if (core_->cf->GetComparator()->timestamp_size() != 0) {
    return rocksdb::Status::NotSupported(absl::StrCat(
        change.name, ": column family \"", core_->cf->GetName(),
        "\" has user-defined timestamps, which RocksDB does not merge; write with "
        "DB::Put(options, cf, key, timestamp, sheaf::Encode(values)), and read with Store and "
        "ReadOptions::timestamp"));
  }
  return rocksdb::Status::OK();
}

rocksdb::Status Store::Write(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                             const Change& change) {
  const rocksdb::Status may = MayWrite(change);
  if (!may.ok()) return may;
  switch (change.kind) {
    case Change::Kind::kPut:
      return core_->db->Put(options, core_->cf, key, change.value);
    case Change::Kind::kMerge:
      return core_->db->Merge(options, core_->cf, key, change.value);
    case Change::Kind::kDelete:
      return core_->db->Delete(options, core_->cf, key);
    case Change::Kind::kNothing:
      break;
  }
  return rocksdb::Status::OK();
}

template <typename Target>
rocksdb::Status Store::WriteChange(Target* target, const rocksdb::Slice& key,
                                   const Change& change) {
  switch (change.kind) {
    case Change::Kind::kPut:
      return target->Put(core_->cf, key, change.value);
    case Change::Kind::kMerge:
      return target->Merge(core_->cf, key, change.value);
    case Change::Kind::kDelete:
      return target->Delete(core_->cf, key);
    case Change::Kind::kNothing:
      break;
  }
  return rocksdb::Status::OK();
}

rocksdb::Status Store::WriteInto(rocksdb::WriteBatchBase* batch, const rocksdb::Slice& key,
                                 const Change& change) {
  if (batch == nullptr) {
    return rocksdb::Status::InvalidArgument(absl::StrCat(change.name, ": no batch"));
  }
  const rocksdb::Status may = MayWrite(change);
  return may.ok() ? WriteChange(batch, key, change) : may;
}

rocksdb::Status Store::WriteInto(rocksdb::Transaction* transaction, const rocksdb::Slice& key,
                                 const Change& change) {
  if (transaction == nullptr) {
    return rocksdb::Status::InvalidArgument(absl::StrCat(change.name, ": no transaction"));
  }
  const rocksdb::Status may = MayWrite(change);
  if (!may.ok()) return may;
  if (change.kind == Change::Kind::kMerge && core_->instance.hides_prepared) {
    return rocksdb::Status::NotSupported(absl::StrCat(
        change.name,
        ": into a transaction of a TransactionDB with the write policy WRITE_PREPARED or "
        "WRITE_UNPREPARED, where RocksDB may not roll merges back; read the list with "
        "Transaction::GetForUpdate and Put the new one, or use WRITE_COMMITTED"));
  }
  return WriteChange(transaction, key, change);
}

rocksdb::Status Store::Put(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                           const ValueList& values) {
  return Write(options, key, Putting(values));
}

rocksdb::Status Store::Append(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                              const ValueList& values) {
  return Write(options, key, Appending(values));
}

rocksdb::Status Store::Trim(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                            uint64_t count, Keep keep) {
  return Write(options, key, Trimming(count, keep));
}

rocksdb::Status Store::Remove(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                              const ValueList& values) {
  return Write(options, key, Removing(values));
}

rocksdb::Status Store::RemovePrefix(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                                    const rocksdb::Slice& prefix) {
  return Write(options, key, RemovingPrefix(prefix));
}

rocksdb::Status Store::Clear(const rocksdb::WriteOptions& options, const rocksdb::Slice& key) {
  return Write(options, key, Clearing());
}

rocksdb::Status Store::Delete(const rocksdb::WriteOptions& options, const rocksdb::Slice& key) {
  return Write(options, key, Deleting());
}

}  // namespace sheaf
