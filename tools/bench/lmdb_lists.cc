#include "tools/bench/lmdb_lists.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace sheaf {
namespace bench {
namespace {

// Of address space; the file grows as it is written to.
constexpr size_t kMapBytes = size_t{16} << 30;

void Require(int result, const char* what) {
  if (result == MDB_SUCCESS) return;
  std::fprintf(stderr, "LMDB: %s: %s\n", what, mdb_strerror(result));
  std::abort();
}

}  // namespace

bool FitsLmdb(const Shape& shape) {
  constexpr size_t kMaxDuplicate = 511;
  return shape.sizes == Shape::Sizes::kMixed ||
         (shape.sizes == Shape::Sizes::kEqual && shape.size + kPositionBytes <= kMaxDuplicate);
}

bool FitsLmdbFixed(const Shape& shape) {
  return shape.sizes == Shape::Sizes::kEqual && FitsLmdb(shape);
}

LmdbLists::LmdbLists(const ReadDb& db, const char* folder, unsigned flags) {
  const std::string path = db.folder() + "/" + folder;
  std::filesystem::create_directory(path);
  Require(mdb_env_create(&env_), "create");
  Require(mdb_env_set_mapsize(env_, kMapBytes), "set map size");
  // Nothing has to survive a crash here; reads are as with any other flags.
  Require(mdb_env_open(env_, path.c_str(), MDB_NOSYNC | MDB_NOMETASYNC, 0644), "open");
  MDB_txn* txn;
  Require(mdb_txn_begin(env_, nullptr, 0, &txn), "begin");
  Require(mdb_dbi_open(txn, nullptr, flags | MDB_CREATE, &dbi_), "open database");
  std::string duplicate;
  for (size_t list = 0; list < db.lists(); ++list) {
    const Values& values = db.Model(list).values();
    for (size_t i = 0; i < values.size(); ++i) {
      duplicate.clear();
      AppendPosition(i, &duplicate);
      duplicate.append(values[i]);
      MDB_val key = AsLmdb(db.Key(list));
      MDB_val value = AsLmdb(duplicate);
      // Keys and duplicates come in order: said so, LMDB fills its pages.
      Require(mdb_put(txn, dbi_, &key, &value, i == 0 ? MDB_APPEND : MDB_APPENDDUP), "put");
    }
  }
  Require(mdb_txn_commit(txn), "commit");
}

LmdbLists::~LmdbLists() { mdb_env_close(env_); }

uint64_t LmdbLists::BytesUsed() const {
  MDB_envinfo info;
  MDB_stat stat;
  Require(mdb_env_info(env_, &info), "info");
  Require(mdb_env_stat(env_, &stat), "stat");
  // All were written in one transaction, which leaves no page free. Two are LMDB's own.
  return (info.me_last_pgno + 1 - 2) * stat.ms_psize;
}

LmdbSession::LmdbSession(const LmdbLists& lists) {
  Require(mdb_txn_begin(lists.env(), nullptr, MDB_RDONLY, &txn_), "begin to read");
  Require(mdb_cursor_open(txn_, lists.dbi(), &cursor_), "open cursor");
  mdb_txn_reset(txn_);
}

LmdbSession::~LmdbSession() {
  mdb_cursor_close(cursor_);
  mdb_txn_abort(txn_);
}

}  // namespace bench
}  // namespace sheaf
