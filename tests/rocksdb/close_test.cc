// Store::Close and Cursors; what a process does with a Store that it was forked with. (Segments:
// segments_lifetime_test.)

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/write_batch.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::HasSubstr;

class CloseTest : public ::testing::Test {
 protected:
  CloseTest() {
    db_.Put("a", {"1"});
    db_.Put("b", {"2"});
  }
  std::unique_ptr<Cursor> Scan() { return db_.store().Scan({}, KeyRange::All()); }

  TestDb db_;
};

TEST_F(CloseTest, ACursorIsWaitedForUntilItIsDestroyed) {
  std::unique_ptr<Cursor> first = Scan();
  std::unique_ptr<Cursor> second = Scan();
  while (second->Valid()) second->Next();
  EXPECT_EQ(db_.store().Close().ToString(),
            "Resource busy: Store::Close: 2 Cursors of Scan not destroyed yet; destroy them first");
  EXPECT_EQ(db_.store().stats().cursors_open, 2u);
  EXPECT_THAT(db_.store().stats().ToString(), HasSubstr(" cursors=2 "));
  second.reset();
  EXPECT_THAT(db_.store().Close().ToString(), HasSubstr(": 1 Cursor of Scan"));
  ASSERT_TRUE(first->Valid());
  first->Next();
  EXPECT_EQ(first->key(), "b") << "nothing has changed";
  first.reset();
  EXPECT_EQ(db_.store().stats().cursors_open, 0u);
  ASSERT_OK(db_.store().Close());
  const std::unique_ptr<Cursor> late = Scan();
  EXPECT_TRUE(late->status().IsShutdownInProgress());
  EXPECT_FALSE(late->Valid());
  EXPECT_OK(db_.store().Close());
}

TEST_F(CloseTest, ACursorMayBeDestroyedOnAnotherThread) {
  std::unique_ptr<Cursor> cursor = Scan();
  std::thread([moved = std::move(cursor)]() mutable {
    moved->Next();
    EXPECT_EQ(moved->key(), "b");
    moved.reset();
  }).join();
  EXPECT_OK(db_.store().Close());
}

TEST_F(CloseTest, ACursorMayOutliveItsStore) {
  std::unique_ptr<Store> store;
  ASSERT_OK(Store::Open(db_.db(), nullptr, {}, &store));
  const std::unique_ptr<Cursor> cursor = store->Scan({}, KeyRange::All());
  store.reset();
  cursor->Next();
  EXPECT_EQ(cursor->key(), "b");
}

TEST_F(CloseTest, CursorsAndSegmentsAreNamedTogether) {
  const std::string large(40000, 'v');  // RocksDB copies what is small
  db_.Append("a", {large});
  db_.Append("a", {large});
  std::vector<PinnedBlob> segments;
  ASSERT_OK(db_.store().GetSegments({}, "a", &segments));
  ASSERT_EQ(segments.size(), 3u);
  std::unique_ptr<Cursor> cursor = Scan();
  EXPECT_EQ(db_.store().Close().ToString(),
            "Resource busy: Store::Close: 3 segments of GetSegments still pinned to the DB; drop "
            "their PinnedBlobs and PinnedSlices first; 1 Cursor of Scan not destroyed yet; destroy "
            "them first");
  segments.clear();
  cursor.reset();
  EXPECT_OK(db_.store().Close());
}

TEST_F(CloseTest, NoCursorAppearsAfterClose) {
  for (int round = 0; round < 50; ++round) {
    std::unique_ptr<Store> store;
    ASSERT_OK(Store::Open(db_.db(), nullptr, {}, &store));
    std::atomic<bool> closed{false};
    std::atomic<int> scans{0};
    std::thread scanner([&] {
      for (;;) {
        const std::unique_ptr<Cursor> cursor = store->Scan({}, KeyRange::All());
        if (cursor->status().IsShutdownInProgress()) return;
        ASSERT_TRUE(cursor->Valid());
        ASSERT_FALSE(closed);
        ++scans;
      }
    });
    while (scans < 10) std::this_thread::yield();
    while (!store->Close().ok()) std::this_thread::yield();
    closed = true;
    scanner.join();
  }
}

// Runs `f` in a fork of this process, and expects it to return true.
template <typename F>
void ExpectInFork(F f) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(f() ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

bool SaysFork(const rocksdb::Status& s) {
  const bool says = s.IsNotSupported() && s.ToString().find("is a fork") != std::string::npos;
  if (!says) std::fprintf(stderr, "not the status of a fork: %s\n", s.ToString().c_str());
  return says;
}

TEST_F(CloseTest, AForkIsRefusedByEveryCallAndTheParentGoesOn) {
  std::unique_ptr<Cursor> cursor = Scan();
  PinnedBlob held;
  ASSERT_OK(db_.store().Get({}, "a", &held));
  ExpectInFork([&] {
    Store& store = db_.store();
    PinnedBlob list;
    std::vector<PinnedSlice> values;
    std::vector<PinnedBlob> segments;
    rocksdb::WriteBatch batch;
    const rocksdb::Slice key = "a";
    rocksdb::Status status;
    store.MultiGet({}, 1, &key, &list, &status);
    bool ok = SaysFork(status);
    for (const rocksdb::Status& s :
         {store.Put({}, "a", {"x"}), store.Append({}, "a", {"x"}), store.Trim({}, "a", 0),
          store.Remove({}, "a", "1"), store.Clear({}, "a"), store.Append(&batch, "a", {"x"}),
          store.Get({}, "a", &list), store.GetLast({}, "a", 1, &values),
          store.GetSegments({}, "a", &segments), store.Scan({}, KeyRange::All())->status(),
          store.Close()}) {
      ok = SaysFork(s) && ok;
    }
    cursor->Next();
    ok = SaysFork(cursor->status()) && !cursor->Valid() && !cursor->HasKey() && ok;
    return ok && held[0] == "1" && store.stats().reads == 1;
  });
  cursor->Next();
  EXPECT_EQ(cursor->key(), "b");
  cursor.reset();
  db_.Append("a", {"2"});
  EXPECT_EQ(db_.Get("a"), List({"1", "2"}));
  EXPECT_OK(db_.store().Close());
}

TEST_F(CloseTest, AForkMayOpenADbOfItsOwn) {
  const TempDir dir;
  ExpectInFork([&] {
    rocksdb::Options options = TestDb::DefaultOptions();
    std::unique_ptr<rocksdb::DB> db;
    std::unique_ptr<Store> store;
    PinnedBlob list;
    return OpenDB(options, dir.path(), &db).ok() &&
           Store::Open(db.get(), nullptr, {}, &store).ok() && store->Append({}, "k", {"v"}).ok() &&
           store->Get({}, "k", &list).ok() && list[0] == "v" && store->Close().ok();
  });
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
