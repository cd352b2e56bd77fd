#include "plugin/rocksdb/scan_iterator.h"

#include <utility>

#include "plugin/rocksdb/read_context.h"
#include "rocksdb/comparator.h"

namespace sheaf {
namespace internal {

ScanIterator::ScanIterator(rocksdb::ColumnFamilyHandle* cf, const rocksdb::ReadOptions& options,
                           const Create& create)
    : seeks_(cf->GetComparator() == rocksdb::BytewiseComparator() &&
             !options.prefix_same_as_start) {
  if (options.read_tier == rocksdb::kBlockCacheTier && !seeks_) {
    iterator_.reset(rocksdb::NewErrorIterator(rocksdb::Status::Incomplete(
        "a scan with ReadOptions::read_tier = kBlockCacheTier",
        "RocksDB's iterators leave out keys that are not in a cache, and say OK; scan with "
        "kReadAllTier, or read keys with Store::MultiGet")));
    return;
  }
  rocksdb::ReadOptions scan = options;
  // RocksDB asks this of each SST that it opens.
  scan.table_filter = [this, filter = options.table_filter](const rocksdb::TableProperties& table) {
    opened_ = true;
    return !filter || filter(table);
  };
  iterator_ = create(scan);
}

void ScanIterator::Next() {
  if (!seeks_) return iterator_->Next();
  from_.assign(key().data(), key().size());
  opened_ = false;
  iterator_->Next();
  // An error that is told already stays.
  if (!MayForget()) return;
  from_.push_back('\0');
  if (ReadContext* const context = ReadContext::Current()) context->Restart();
  iterator_->Seek(from_);
}

void ScanIterator::Prev() {
  if (!seeks_) return iterator_->Prev();
  const std::string from = key().ToString();
  // A second try is needed only if an error came and went.
  constexpr int kTries = 3;
  for (int tries = 0; tries < kTries; ++tries) {
    // RocksDB looks one key ahead: an SST that was opened by the step before counts, too.
    const bool opened_ahead = std::exchange(opened_, false);
    iterator_->Prev();
    if (!status().ok() || !(opened_ahead || MayForget())) return;
    if (NothingBetween(from) || !status().ok()) return;
    // On the way, the error is told.
    while (Valid() && key() != from) Next();
    if (!Valid()) break;
  }
  Fail();
}

// A seek to where an SST may begin tells of an error in it; one to where it may end does not.
bool ScanIterator::NothingBetween(const std::string& from) {
  const bool found = Valid();
  std::string behind = found ? key().ToString() : "";
  const auto restart = [] {
    if (ReadContext* const context = ReadContext::Current()) context->Restart();
  };
  restart();
  if (found) {
    behind.push_back('\0');
    iterator_->Seek(behind);
    behind.pop_back();
  } else {
    iterator_->SeekToFirst();
  }
  if (!Valid() || key() != from) return false;
  restart();
  opened_ = false;
  iterator_->Prev();
  return found ? Valid() && key() == behind : !Valid();
}

void ScanIterator::Fail() {
  if (!status().ok()) return;
  iterator_.reset(rocksdb::NewErrorIterator(rocksdb::Status::IOError(
      "a scan backward", "RocksDB finds other keys each time; read the range again")));
}

}  // namespace internal
}  // namespace sheaf
