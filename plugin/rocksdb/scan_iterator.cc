#include "plugin/rocksdb/scan_iterator.h"

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
  from_.assign(key().data(), key().size());
  opened_ = false;
  iterator_->Prev();
  if (!MayForget() || from_.empty()) return;
  // To the last key before from_. There is a last one only before a zero byte. Otherwise so many
  // bytes 255 stand for the last one that the key that was found is not behind it.
  constexpr size_t kBytes = 64;
  const char last = from_.back();
  from_.pop_back();
  if (last != '\0') {
    from_.push_back(static_cast<char>(static_cast<unsigned char>(last) - 1));
    from_.append(Valid() ? key().size() + kBytes : kBytes, '\xFF');
  }
  if (ReadContext* const context = ReadContext::Current()) context->Restart();
  iterator_->SeekForPrev(from_);
}

}  // namespace internal
}  // namespace sheaf
