// Cursor: steps over the lists of a range of keys. Store::Scan makes it.
//
// Like rocksdb::Iterator, but each value is a list, and errors that RocksDB's
// iterators forget are told (docs/guide.md, section 16, says which are not).
//
// Thread safety: one thread at a time.

#ifndef SHEAF_CURSOR_H_
#define SHEAF_CURSOR_H_

#include <string>
#include <string_view>

#include "absl/base/attributes.h"
#include "rocksdb/slice.h"
#include "rocksdb/status.h"
#include "sheaf/blob_view.h"
#include "sheaf/pinned_blob.h"
#include "sheaf/value_list.h"

namespace sheaf {

// Keys from `begin` on, before `end`, in the order of the column family's comparator. An empty
// `end` is no bound; so is an empty `begin`.
struct KeyRange {
  // The first key that may be in the range, and the first one behind it that is not.
  std::string begin = {};
  std::string end = {};
  // If not empty, only keys behind this one: to go on after a page whose last key it is. (To go on
  // backwards, make it `end`.) For the bytewise comparator.
  std::string after = {};

  // All keys that start with `prefix`. For the bytewise comparator.
  [[nodiscard]] static KeyRange Prefix(std::string_view prefix);
  [[nodiscard]] static KeyRange Prefix(internal::TwoLiterals) = delete;
  [[nodiscard]] static KeyRange All() { return KeyRange(); }
};

// Steps over lists in key order, one key a step. Holds memtables and files of the DB as they were:
// destroy it before the DB is closed. Store::Close() tells.
//
//   auto cursor = store->Scan(rocksdb::ReadOptions(), sheaf::KeyRange::Prefix("user:"));
//   for (; cursor->Valid(); cursor->Next()) Use(cursor->key(), cursor->values());
//   if (!cursor->status().ok()) return cursor->status();
//
// That ends at the first value that is not a list. To go on behind it:
//
//   for (; cursor->HasKey(); cursor->Next()) {
//     if (cursor->Valid()) Use(cursor->key(), cursor->values());
//     else Report(cursor->status());                          // names the key
//   }
//   if (!cursor->status().ok()) return cursor->status();      // RocksDB's: not all was seen
//
// The newest 10 of keys that grow, such as times:
//
//   cursor->SeekToLast();
//   for (int i = 0; i < 10 && cursor->Valid(); ++i, cursor->Prev()) Use(cursor->values());
class Cursor {
 public:
  virtual ~Cursor() = default;

  // True at a list. False at the end, and at a value that is not a list; status() tells which.
  [[nodiscard]] virtual bool Valid() const = 0;

  // True at a key, whether its value is a list or not. False at the end, and if RocksDB's iterator
  // failed.
  [[nodiscard]] virtual bool HasKey() const = 0;

  // To the next key, or the one before. REQUIRES: HasKey().
  virtual void Next() = 0;
  virtual void Prev() = 0;

  // To the first or the last key of the range, or the first one from `key` on. A Cursor is made at
  // the first. May be called at the end, too.
  virtual void SeekToFirst() = 0;
  virtual void SeekToLast() = 0;
  virtual void Seek(const rocksdb::Slice& key) = 0;

  // OK at a list and at the end. Corruption, naming the key, at a value that does not decode.
  // RocksDB's own if its iterator failed.
  [[nodiscard]] virtual rocksdb::Status status() const = 0;

  // The key, valid until the Cursor moves. REQUIRES: HasKey().
  [[nodiscard]] virtual rocksdb::Slice key() const ABSL_ATTRIBUTE_LIFETIME_BOUND = 0;

  // The list; it and all views of it are valid until the Cursor moves. REQUIRES: Valid().
  [[nodiscard]] virtual const BlobView& values() const ABSL_ATTRIBUTE_LIFETIME_BOUND = 0;

  // A copy of the list that may outlive the Cursor: one copy of its bytes. REQUIRES: Valid().
  [[nodiscard]] virtual PinnedBlob Detach() const = 0;
};

}  // namespace sheaf

#endif  // SHEAF_CURSOR_H_
