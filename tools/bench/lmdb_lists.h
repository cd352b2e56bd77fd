// LMDB: the values of a list are the sorted duplicates of a key.
//
// As duplicates are a set, sorted by their bytes, each begins with its position, which readers take
// off again. A duplicate has at most 511 bytes: lists of longer values cannot be kept this way.

#ifndef SHEAF_TOOLS_BENCH_LMDB_LISTS_H_
#define SHEAF_TOOLS_BENCH_LMDB_LISTS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "lmdb.h"
#include "rocksdb/slice.h"
#include "rocksdb/status.h"
#include "tools/bench/encoding.h"
#include "tools/bench/read_db.h"
#include "tools/bench/value_reader.h"

namespace sheaf {
namespace bench {

// True if LMDB can hold lists of this shape; and if it can as duplicates of one size.
bool FitsLmdb(const Shape& shape);
bool FitsLmdbFixed(const Shape& shape);

// The lists of a ReadDb in an environment of LMDB, in a folder beside it.
class LmdbLists {
 public:
  // `flags`: of mdb_dbi_open.
  LmdbLists(const ReadDb& db, const char* folder, unsigned flags);
  ~LmdbLists();
  LmdbLists(const LmdbLists&) = delete;
  LmdbLists& operator=(const LmdbLists&) = delete;

  MDB_env* env() const { return env_; }
  MDB_dbi dbi() const { return dbi_; }

  // Of the pages that hold the lists, of branches and lists' own trees too.
  uint64_t BytesUsed() const;

 private:
  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
};

// Duplicates of any size, and of one size for a list.
struct LmdbDupLists : LmdbLists {
  explicit LmdbDupLists(const ReadDb& db) : LmdbLists(db, "lmdb", MDB_DUPSORT) {}
};
struct LmdbDupFixedLists : LmdbLists {
  explicit LmdbDupFixedLists(const ReadDb& db)
      : LmdbLists(db, "lmdb_fixed", MDB_DUPSORT | MDB_DUPFIXED) {}
};

// A transaction and a cursor that live as long as the reader, and are renewed for each read.
class LmdbSession {
 public:
  explicit LmdbSession(const LmdbLists& lists);
  ~LmdbSession();
  LmdbSession(const LmdbSession&) = delete;
  LmdbSession& operator=(const LmdbSession&) = delete;

  // Calls read(cursor), which returns LMDB's result code, within the transaction. MDB_NOTFOUND is
  // the end of what is read.
  template <typename Read>
  rocksdb::Status Run(Read&& read) {
    int result = mdb_txn_renew(txn_);
    if (result == MDB_SUCCESS) result = mdb_cursor_renew(txn_, cursor_);
    if (result == MDB_SUCCESS) result = read(cursor_);
    mdb_txn_reset(txn_);
    if (result == MDB_SUCCESS || result == MDB_NOTFOUND) return rocksdb::Status::OK();
    return rocksdb::Status::IOError(mdb_strerror(result));
  }

 private:
  MDB_txn* txn_ = nullptr;
  MDB_cursor* cursor_ = nullptr;
};

inline MDB_val AsLmdb(const rocksdb::Slice& slice) {
  return {slice.size(), const_cast<char*>(slice.data())};
}
inline std::string_view WithoutPosition(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data) + kPositionBytes, value.mv_size - kPositionBytes};
}

// As ValueReader.
class LmdbReader {
 public:
  explicit LmdbReader(ReadDb& db) : session_(db.Beside<LmdbDupLists>()) {}

  template <typename Visit>
  rocksdb::Status Get(const rocksdb::Slice& list, Visit&& visit) {
    return session_.Run([&](MDB_cursor* cursor) {
      MDB_val key = AsLmdb(list);
      MDB_val value;
      // Returns the first duplicate, so that MDB_FIRST_DUP need not.
      int result = mdb_cursor_get(cursor, &key, &value, MDB_SET_KEY);
      for (; result == MDB_SUCCESS; result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT_DUP)) {
        visit(WithoutPosition(value));
      }
      return result;
    });
  }

  template <typename Visit>
  rocksdb::Status Scan(const Bounds& bounds, Visit&& visit) {
    return session_.Run([&](MDB_cursor* cursor) {
      MDB_val key = AsLmdb(bounds.begin);
      MDB_val value;
      int result = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
      while (result == MDB_SUCCESS) {
        const rocksdb::Slice list(static_cast<const char*>(key.mv_data), key.mv_size);
        if (list.compare(bounds.end) >= 0) return result;
        for (; result == MDB_SUCCESS; result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT_DUP)) {
          visit(WithoutPosition(value));
        }
        if (result != MDB_NOTFOUND) return result;
        result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT_NODUP);
      }
      return result;
    });
  }

 private:
  LmdbSession session_;
};

// The same for values of one size, which LMDB hands over by the page.
class LmdbFixedReader {
 public:
  explicit LmdbFixedReader(ReadDb& db)
      : session_(db.Beside<LmdbDupFixedLists>()), size_(db.shape().size + kPositionBytes) {}

  template <typename Visit>
  rocksdb::Status Get(const rocksdb::Slice& list, Visit&& visit) {
    return session_.Run([&](MDB_cursor* cursor) {
      MDB_val key = AsLmdb(list);
      MDB_val page;
      // Where a list has one value, MDB_GET_MULTIPLE leaves it to MDB_SET_KEY to return it.
      int result = mdb_cursor_get(cursor, &key, &page, MDB_SET_KEY);
      if (result == MDB_SUCCESS) result = mdb_cursor_get(cursor, &key, &page, MDB_GET_MULTIPLE);
      for (; result == MDB_SUCCESS;
           result = mdb_cursor_get(cursor, &key, &page, MDB_NEXT_MULTIPLE)) {
        char* value = static_cast<char*>(page.mv_data);
        for (size_t left = page.mv_size / size_; left != 0; --left, value += size_) {
          visit(WithoutPosition({size_, value}));
        }
      }
      return result;
    });
  }

 private:
  LmdbSession session_;
  const size_t size_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_LMDB_LISTS_H_
