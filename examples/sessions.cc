// The sessions of users, a list of events a session, and slices that are held while the DB is
// closed and opened again, and after its files are gone.
//
//   sessions NEW_DB

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rocksdb/db.h"
#include "sheaf/store.h"

namespace {

constexpr int kDays = 4;       // the DB is opened once a day
constexpr int kSessions = 50;  // that begin on a day

// What the DB must hold, and what the slices that were read must say.
using Sessions = std::map<std::string, std::vector<std::string>>;
using Held = std::vector<std::pair<sheaf::PinnedSlice, std::string>>;

rocksdb::Status Differs(const rocksdb::Slice& key) {
  return rocksdb::Status::Corruption(key, "is not what was written");
}

// All sessions are begun, continued the next day, and deleted the day after.
rocksdb::Status Write(sheaf::Store& store, int day, Sessions* sessions) {
  rocksdb::Status s;
  for (int begun = std::max(0, day - 2); begun <= day && s.ok(); ++begun) {
    for (int i = 0; i < kSessions && s.ok(); ++i) {
      const std::string key = "session:" + std::to_string(begun) + ":" + std::to_string(i);
      if (begun == day - 2) {
        s = store.Delete(rocksdb::WriteOptions(), key);
        sessions->erase(key);
        continue;
      }
      const std::vector<std::string> events = {
          "login " + key, "search " + std::string(i * 100, '?'), "day " + std::to_string(day)};
      s = store.Append(rocksdb::WriteOptions(), key, events);
      std::vector<std::string>& all = (*sessions)[key];
      all.insert(all.end(), events.begin(), events.end());
    }
  }
  return s;
}

// Compares all sessions, and holds the first and the newest two events of each.
rocksdb::Status Read(sheaf::Store& store, const Sessions& sessions, Held* held) {
  for (const auto& [key, events] : sessions) {
    sheaf::PinnedBlob list;
    rocksdb::Status s = store.Get(rocksdb::ReadOptions(), key, &list);
    if (!s.ok()) return s;
    if (!std::equal(list.begin(), list.end(), events.begin(), events.end())) return Differs(key);
    held->emplace_back(list.Slice(0), events.front());
    std::vector<sheaf::PinnedSlice> newest;
    s = store.GetLast(rocksdb::ReadOptions(), key, 2, &newest);
    if (!s.ok()) return s;
    for (size_t i = 0; i < newest.size(); ++i) {
      held->emplace_back(std::move(newest[i]), events[events.size() - newest.size() + i]);
    }
  }
  return rocksdb::Status::OK();
}

rocksdb::Status OneDay(const std::string& path, int day, Sessions* sessions, Held* held) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.error_if_exists = day == 0;
  options.merge_operator = sheaf::NewAppendOperator();
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status s = sheaf::OpenDB(options, path, &db);
  if (!s.ok()) return s;
  std::unique_ptr<sheaf::Store> store;
  s = sheaf::Store::Open(db.get(), nullptr, {}, &store);

  if (s.ok()) s = Write(*store, day, sessions);
  if (s.ok()) s = Read(*store, *sessions, held);  // copies, as the appends are not merged yet
  rocksdb::CompactRangeOptions compact;  // merges the appends of a single file only if forced to
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  if (s.ok()) s = db->CompactRange(compact, nullptr, nullptr);
  if (s.ok()) s = Read(*store, *sessions, held);  // not copied: pinned in RocksDB's cache
  if (!s.ok()) return s;
  const sheaf::StoreStats stats = store->stats();
  if (stats.zero_copy_reads + stats.copied_reads_for(sheaf::CopyReason::kCopyReads) == 0) {
    return rocksdb::Status::Corruption("RocksDB pinned nothing");
  }

  // There are no other keys.
  std::unique_ptr<sheaf::Cursor> cursor =
      store->Scan(rocksdb::ReadOptions(), sheaf::KeyRange::Prefix("session:"));
  auto expected = sessions->begin();
  for (; cursor->Valid(); cursor->Next(), ++expected) {
    if (expected == sessions->end() || cursor->key() != expected->first) {
      return Differs(cursor->key());
    }
  }
  if (!cursor->status().ok()) return cursor->status();
  if (expected != sessions->end()) return Differs(expected->first);

  // The slices may stay; a Cursor may not.
  s = store->Close();
  if (!s.IsBusy()) return rocksdb::Status::Corruption("closed under a Cursor", s.ToString());
  if (day == 0) std::printf("%s\n", s.ToString().c_str());
  cursor.reset();
  return store->Close();  // `store` goes before `db`
}

rocksdb::Status Run(const std::string& path) {
  Sessions sessions;
  Held held;
  rocksdb::Status s;
  for (int day = 0; day < kDays && s.ok(); ++day) s = OneDay(path, day, &sessions, &held);
  if (s.ok()) s = rocksdb::DestroyDB(path, rocksdb::Options());
  if (!s.ok()) return s;
  for (const auto& [slice, expected] : held) {
    if (slice != expected) return Differs(expected);
  }
  std::printf("%zu slices of a DB that is gone, as they were written\n", held.size());
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: sessions NEW_DB\n");
    return 2;
  }
  const rocksdb::Status s = Run(argv[1]);
  if (s.ok()) return 0;
  std::fprintf(stderr, "sessions: %s\n", s.ToString().c_str());
  return 1;
}
