#include "plugin/rocksdb/instance.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "rocksdb/compaction_filter.h"
#include "rocksdb/comparator.h"
#include "rocksdb/customizable.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/write_batch.h"

namespace sheaf {
namespace internal {
namespace {

bool Is(const rocksdb::Customizable* object, const char* name) {
  return object != nullptr && object->IsInstanceOf(name);
}

// DBWithTTL wraps these, or adds them.
bool HasTtlObjects(const rocksdb::Options& options) {
  return Is(options.merge_operator.get(), "TtlMergeOperator") ||
         Is(options.compaction_filter, "TtlCompactionFilter") ||
         Is(options.compaction_filter_factory.get(), "TtlCompactionFilterFactory");
}

// An iterator that reads through a check of what is committed cannot be refreshed.
bool CannotRefresh(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf) {
  // Without a timestamp, if keys have them, it would be an iterator that only holds an error.
  const std::string newest(cf->GetComparator()->timestamp_size(), '\xFF');
  const rocksdb::Slice timestamp = newest;
  rocksdb::ReadOptions options;
  if (!newest.empty()) options.timestamp = &timestamp;
  const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator(options, cf));
  return !iterator->Refresh().ok();
}

// The same, where its iterators abort: only such a DB takes an empty batch before it looks at
// options that contradict each other. Writes nothing.
bool TakesEmptyBatch(rocksdb::DB* db) {
  rocksdb::WriteOptions contradiction;
  contradiction.sync = true;
  contradiction.disableWAL = true;
  rocksdb::WriteBatch empty;
  return db->Write(contradiction, &empty).ok();
}

}  // namespace

Instance Instance::Of(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf,
                      const rocksdb::Options& options) {
  Instance instance;
  const bool is_stacked = db->GetRootDB() != db;
  instance.has_ttl = is_stacked && HasTtlObjects(options);
  instance.hides_prepared =
      is_stacked && !instance.has_ttl &&
      (options.inplace_update_support ? TakesEmptyBatch(db) : CannotRefresh(db, cf));
  // To ingest no files is refused by every instance, each with a reason of its own.
  const rocksdb::Status s = db->IngestExternalFile(cf, {}, rocksdb::IngestExternalFileOptions());
  instance.is_secondary = s.IsNotSupported() && absl::StrContains(s.ToString(), "secondary");
  instance.is_read_only = s.IsNotSupported() && !instance.is_secondary;
  return instance;
}

}  // namespace internal
}  // namespace sheaf
