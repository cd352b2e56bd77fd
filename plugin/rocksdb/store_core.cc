#include "plugin/rocksdb/store_core.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "plugin/codec/stored_key.h"
#include "plugin/rocksdb/bundle.h"
#include "rocksdb/version.h"

namespace sheaf {
namespace internal {

std::string ShownKey(std::string_view key) {
  constexpr size_t kMaxKeyBytes = 64;
  const absl::string_view shown(key.data(), std::min(key.size(), kMaxKeyBytes));
  return absl::StrCat("\"", absl::CHexEscape(shown), key.size() > kMaxKeyBytes ? "...\"" : "\"");
}

std::string ValueOf(const rocksdb::Slice& key) {
  return absl::StrCat("the value of key ", ShownKey(key.ToStringView()));
}

std::string StoreCore::Subject(const rocksdb::Slice& key) const {
  std::string user_key;
  uint64_t position = 0;
  if (append_options.page_bytes == 0 ||
      !StoredKey::Parse(key.ToStringView(), &user_key, &position)) {
    return ValueOf(key);
  }
  return position == StoredKey::kOpen
             ? absl::StrCat("the open page of key ", ShownKey(user_key))
             : absl::StrCat("the page at position ", position, " of key ", ShownKey(user_key));
}

std::unique_ptr<rocksdb::Iterator> StoreCore::NewIterator(const rocksdb::ReadOptions& given) const {
  rocksdb::ReadOptions options = given;
#if ROCKSDB_MAJOR > 9 || (ROCKSDB_MAJOR == 9 && ROCKSDB_MINOR >= 8)
  // Else values would not be there before PrepareValue.
  options.allow_unprepared_value = false;
#endif
  std::unique_ptr<rocksdb::Iterator> iterator;
  const auto create = [&] { iterator.reset(db->NewIterator(options, cf)); };
  if (options.read_tier != rocksdb::kBlockCacheTier || options.ignore_range_deletions) {
    create();
  } else if (!no_range_deletions->Run(create)) {
    iterator.reset(rocksdb::NewErrorIterator(rocksdb::Status::Incomplete(
        "SSTs hold range deletions, which RocksDB's iterators need I/O for (kBlockCacheTier)")));
  }
  return iterator;
}

rocksdb::Status StoreCore::ClosedStatus() const {
  return forked() ? ForkedStatus()
         : append_options.page_bytes != 0
             ? rocksdb::Status::ShutdownInProgress(
                   "the LongStore is closed (LongStore::Close was called)")
             : rocksdb::Status::ShutdownInProgress("the Store is closed (Store::Close was called)");
}

rocksdb::Status StoreCore::ForkedStatus() {
  return rocksdb::Status::NotSupported(
      "this process is a fork of the one that opened the Store, without the threads that the DB "
      "needs",
      "open the DB after fork, in one of the processes only; leave the child with _exit or exec, "
      "without destroying the DB");
}

rocksdb::Status NotWritten(const absl::Status& status) {
  return rocksdb::Status::InvalidArgument(
      "list not written", rocksdb::Slice(status.message().data(), status.message().size()));
}

rocksdb::Status CorruptList(const std::string& subject, const rocksdb::Slice& value, Layout layout,
                            const absl::Status& status) {
  const absl::Status why = ExplainUndecodable(value.ToStringView(), layout, status);
  return rocksdb::Status::Corruption(absl::StrCat(subject, " is not a list"),
                                     rocksdb::Slice(why.message().data(), why.message().size()));
}

rocksdb::Status ExplainFailure(const std::string& subject, const MergeFailure& failure,
                               const rocksdb::Status& status) {
  if (!status.IsCorruption()) return status;
  switch (failure.kind) {
    case MergeFailure::Kind::kTooLarge:
      return rocksdb::Status::Corruption(
          absl::StrCat(subject, " is too large"),
          absl::StrCat("its base and operands have ", failure.bytes,
                       " bytes, a value of RocksDB has at most ", disk::kMaxRocksDbValue,
                       "; nothing is lost. Trim or clear the list, or set max_bytes"));
    case MergeFailure::Kind::kNoMemory: {
      const std::string why = absl::StrCat(
          "not enough memory to merge ", subject, ": its base and operands have ", failure.bytes,
          " bytes; nothing is lost. Read it with more memory, or GetLast");
      return rocksdb::Status::MemoryLimit(why);
    }
    case MergeFailure::Kind::kNone:
      break;
  }
  return status;
}

}  // namespace internal
}  // namespace sheaf
