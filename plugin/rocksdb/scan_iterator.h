// ScanIterator: like rocksdb::Iterator, but an error does not make keys disappear.
//
// If an iterator of RocksDB 7.7 to 8.6 reaches the end of an SST and cannot read the next one of
// that level, it forgets the error, goes on without that level, and reports OK at the end (mended
// by https://github.com/facebook/rocksdb/pull/11782). A Seek does report the error. So
// Next() seeks to where it is each time that an SST was opened, and at the end. That costs one more
// Seek for each SST.
//
// Prev() seeks forward from the key that it found. If another key than the one that it came from is
// there, an error was forgotten.
//
// It does not see
//   - errors that RocksDB forgets while it skips deleted keys, one by one or of a range, in a Seek
//     as well;
//   - any of them, if keys are not in bytewise order, or with prefix_same_as_start;
//   - in the middle of a scan, that an SST cannot be opened at all, which happens if max_open_files
//     is small.
//
// Ownership: `options` is copied; the DB and what the options point to must outlive the iterator.
// Thread safety: as rocksdb::Iterator.
//
//   ScanIterator at(cf, options, [&core](const rocksdb::ReadOptions& scan) {
//     return core.NewIterator(scan);
//   });
//   for (at.SeekToFirst(); at.Valid(); at.Next()) Use(at.key(), at.value());
//   return at.status();

#ifndef SHEAF_PLUGIN_ROCKSDB_SCAN_ITERATOR_H_
#define SHEAF_PLUGIN_ROCKSDB_SCAN_ITERATOR_H_

#include <functional>
#include <memory>
#include <string>

#include "rocksdb/db.h"
#include "rocksdb/iterator.h"
#include "rocksdb/options.h"
#include "rocksdb/slice.h"
#include "rocksdb/status.h"

namespace sheaf {
namespace internal {

class ScanIterator {
 public:
  // Incomplete at once if `options` has read_tier = kBlockCacheTier and errors could be forgotten:
  // what is not in a cache is an error like any other.
  // `create` makes RocksDB's iterator, of the options that it is given.
  using Create = std::function<std::unique_ptr<rocksdb::Iterator>(const rocksdb::ReadOptions&)>;
  ScanIterator(rocksdb::ColumnFamilyHandle* cf, const rocksdb::ReadOptions& options,
               const Create& create);
  ScanIterator(const ScanIterator&) = delete;
  ScanIterator& operator=(const ScanIterator&) = delete;

  void SeekToFirst() { iterator_->SeekToFirst(); }
  void Seek(const rocksdb::Slice& key) {
    from_.assign(key.data(), key.size());  // which may be key(), that RocksDB frees meanwhile
    iterator_->Seek(from_);
  }
  void SeekToLast() { iterator_->SeekToLast(); }
  // REQUIRES: Valid(). A ReadContext of the thread is of the key that is next, and counts it once.
  void Next();
  void Prev();

  bool Valid() const { return iterator_->Valid(); }
  rocksdb::Slice key() const { return iterator_->key(); }
  rocksdb::Slice value() const { return iterator_->value(); }
  rocksdb::Status status() const { return iterator_->status(); }

 private:
  // Whether no key lies between the one that Prev() found and `from`. The iterator stays where it
  // is; if false, it is somewhere before `from`.
  bool NothingBetween(const std::string& from);
  void Fail();
  // Whether the step that was just made from from_ may have forgotten an error.
  bool MayForget() const { return Valid() ? opened_ : status().ok(); }

  const bool seeks_;  // whether the first key after a key is known
  bool opened_ = false;
  std::string from_;
  std::unique_ptr<rocksdb::Iterator> iterator_;  // calls back to opened_
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_SCAN_ITERATOR_H_
