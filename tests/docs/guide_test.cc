// The C++ of docs/guide.md and of the README, compiled and run.
//
// What stands between `// [name]` and `// [/name]`, here, then in guide_recipes.cc, and then in
// guide_long.cc, is in the page, byte for byte but for the indentation; the regions are in the
// order of the page. Those whose names begin with `readme` are the README's.

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/utilities/options_util.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/write_batch.h"
#include "sheaf/big_endian.h"
#include "sheaf/plugin.h"
#include "sheaf/segments.h"
#include "sheaf/store.h"
#include "sheaf/typed_list.h"
#include "tests/docs/guide_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> used;

// What the snippets do with bytes.
void Use(std::string_view value) { used.emplace_back(value); }
void Use(const BlobView& values) {
  for (const std::string_view value : values) Use(value);
}
void Report(const rocksdb::Status& why) { used.push_back(why.ToString()); }

std::vector<std::string> Lines(const std::string& path) {
  std::ifstream file(path);
  EXPECT_TRUE(file) << path;
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

class GuideTest : public GuideDb {
 protected:
  GuideTest() { used.clear(); }
};

// 1 Start

// clang-format off
// [first]
#include <cstdio>
#include <memory>
#include <string_view>

#include "sheaf/store.h"

rocksdb::Status Run() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.merge_operator = sheaf::NewAppendOperator();
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status s = sheaf::OpenDB(options, "lists.db", &db);
  if (!s.ok()) return s;
  std::unique_ptr<sheaf::Store> store;  // declared after `db`, so it is destroyed first
  s = sheaf::Store::Open(db.get(), nullptr, {}, &store);
  if (!s.ok()) return s;

  s = store->Append({}, "user:7", {"login", "search"});    // two values
  if (s.ok()) s = store->Append({}, "user:7", "logout");  // one more
  if (!s.ok()) return s;

  sheaf::PinnedBlob events;
  s = store->Get({}, "user:7", &events);
  if (!s.ok()) return s;
  for (std::string_view event : events) {
    std::printf("%.*s\n", static_cast<int>(event.size()), event.data());
  }
  return store->Close();
}

int main() {
  const rocksdb::Status s = Run();
  if (!s.ok()) std::fprintf(stderr, "%s\n", s.ToString().c_str());
  return s.ok() ? 0 : 1;
}
// [/first]
// clang-format on

TEST_F(GuideTest, TheFirstProgramRuns) {
  char before[PATH_MAX];
  ASSERT_NE(getcwd(before, sizeof before), nullptr);
  ASSERT_EQ(chdir(::testing::TempDir().c_str()), 0);
  ASSERT_OK(rocksdb::DestroyDB("lists.db", rocksdb::Options()));
  ::testing::internal::CaptureStdout();
  const int status = main();
  const std::string printed = ::testing::internal::GetCapturedStdout();
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(main(), 0);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), printed + printed);
  ASSERT_EQ(chdir(before), 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(printed, "login\nsearch\nlogout\n");
  std::string page;
  for (const std::string& line : Lines("docs/guide.md")) page += line + "\n";
  EXPECT_THAT(page, HasSubstr("```\n" + printed + "```\n"));
}

rocksdb::Status WriteAndRead(Store* store) {
  rocksdb::Status s;
  // [append]
  std::vector<std::string> more = {"buy", "logout"};
  s = store->Append(rocksdb::WriteOptions(), "user:7", more);  // or a std::set, an array, ...
  if (!s.ok()) return s;
  s = store->Put(rocksdb::WriteOptions(), "user:8", {"login"});  // replaces the list
  if (!s.ok()) return s;
  // [/append]

  // [key]
  std::string_view user = "7";
  std::string key = absl::StrCat("user:", absl::string_view(user.data(), user.size()));
  // [/key]
  EXPECT_EQ(key, "user:7");
  constexpr bool kOneType = std::is_same<absl::string_view, std::string_view>::value;
  static_assert(kOneType || !std::is_convertible<std::string_view, absl::AlphaNum>::value,
                "this abseil needs no conversion, although it has a type of its own");
  static_assert(kOneType || !std::is_convertible<absl::string_view, rocksdb::Slice>::value,
                "nor does RocksDB");
  static_assert(std::is_convertible<absl::string_view, ValueList>::value, "a value needs none");

  // [get]
  sheaf::PinnedBlob events;
  s = store->Get(rocksdb::ReadOptions(), "user:7", &events);
  if (s.IsNotFound()) {
    // No such key; `events` is empty. A key with an empty list is OK instead.
  } else if (!s.ok()) {
    return s;  // Corruption names the key and the place; everything else is RocksDB's
  }
  for (std::string_view event : events) Use(event);
  // [/get]
  return s;
}

TEST_F(GuideTest, ValuesAreAppendedAndRead) {
  Open();
  ASSERT_OK(WriteAndRead(store.get()));
  EXPECT_THAT(used, ElementsAre("buy", "logout"));
}

rocksdb::Status Newest(Store* store) {
  rocksdb::Status s;
  // [last]
  std::vector<sheaf::PinnedSlice> newest;
  s = store->GetLast(rocksdb::ReadOptions(), "user:7", 2, &newest);  // the oldest of them first
  if (!s.ok()) return s;
  // [/last]
  for (const PinnedSlice& value : newest) used.push_back(value.ToString());
  return s;
}

TEST_F(GuideTest, TheNewestValuesAreReadAlone) {
  Open();
  ASSERT_OK(store->Append({}, "user:7", {"login", "search", "buy"}));
  ASSERT_OK(store->Append({}, "user:7", {"logout"}));
  ASSERT_OK(Newest(store.get()));
  EXPECT_THAT(used, ElementsAre("buy", "logout"));
}

rocksdb::Status ChangeLists(Store* store) {
  rocksdb::Status s;
  // [edit]
  s = store->Trim(rocksdb::WriteOptions(), "user:7", 3);  // the newest 3 values stay
  if (!s.ok()) return s;
  s = store->Remove(rocksdb::WriteOptions(), "user:7", "search");  // every value equal to this goes
  if (!s.ok()) return s;
  s = store->Clear(rocksdb::WriteOptions(), "session:1");  // an empty list, not no list
  if (!s.ok()) return s;
  // [/edit]
  return s;
}

TEST_F(GuideTest, EditsChangeLists) {
  Open();
  ASSERT_OK(store->Append({}, "user:7", {"login", "search", "buy", "logout"}));
  ASSERT_OK(store->Put({}, "session:1", {"x"}));
  ASSERT_OK(ChangeLists(store.get()));
  PinnedBlob list;
  ASSERT_OK(store->Get({}, "user:7", &list));
  Use(list.view());
  EXPECT_THAT(used, ElementsAre("buy", "logout"));
  ASSERT_OK(store->Get({}, "session:1", &list));
  EXPECT_TRUE(list.empty());
}

TEST_F(GuideTest, AMergeOperatorBoundsLists) {
  rocksdb::Options options;
  // [limits]
  sheaf::AppendOptions append;
  append.max_values = 1000;          // each list keeps its newest 1,000 values
  append.max_bytes = 1 << 20;        // and no more than 1 MiB of them
  append.keep = sheaf::Keep::kLast;  // kFirst: what does not fit any more is dropped
  options.merge_operator = sheaf::NewAppendOperator(append);
  // [/limits]
  options.create_if_missing = true;
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::Open(options, path(), &opened));
  const std::unique_ptr<rocksdb::DB> limited(opened);
  std::unique_ptr<Store> lists;
  ASSERT_OK(Store::Open(limited.get(), nullptr, {}, &lists));
  for (int i = 0; i < 1200; ++i) {
    const std::string value = std::to_string(i);
    ASSERT_OK(lists->Append({}, "k", {value}));
  }
  PinnedBlob list;
  ASSERT_OK(lists->Get({}, "k", &list));
  ASSERT_EQ(list.size(), 1000u);
  EXPECT_EQ(list[0], "200");
}

// 2 Reading

TEST_F(GuideTest, MultiGetGivesAListAndAStatusForEachKey) {
  Open();
  ASSERT_OK(store->Put({}, "user:7", {"a"}));
  ASSERT_OK(store->Put({}, "user:9", {"b", "c"}));
  // [multiget]
  std::vector<rocksdb::Slice> users = {"user:7", "user:8", "user:9"};
  std::vector<sheaf::PinnedBlob> lists;
  std::vector<rocksdb::Status> statuses = store->MultiGet(rocksdb::ReadOptions(), users, &lists);
  // [/multiget]
  EXPECT_OK(statuses[0]);
  EXPECT_TRUE(statuses[1].IsNotFound());
  EXPECT_OK(statuses[2]);
  for (const PinnedBlob& list : lists) Use(list.view());
  EXPECT_THAT(used, ElementsAre("a", "b", "c"));
}

class ScanTest : public GuideTest {
 protected:
  void SetUp() override {
    Open();
    ASSERT_OK(store->Put({}, "group:1", {"x", "y"}));
    ASSERT_OK(store->Put({}, "user:7", {"a"}));
    ASSERT_OK(store->Put({}, "user:9", {"b", "c"}));
    ASSERT_OK(db->Flush({}));
  }

  rocksdb::Status Scan(std::vector<PinnedBlob>* kept) {
    // [scan]
    rocksdb::ReadOptions options;
    options.fill_cache = false;  // each block is read once: leave the cache to others
    options.readahead_size = 2 << 20;
    std::unique_ptr<sheaf::Cursor> cursor = store->Scan(options, sheaf::KeyRange::Prefix("user:"));
    for (; cursor->Valid(); cursor->Next()) {
      for (std::string_view value : cursor->values()) Use(value);  // valid until Next()
      if (cursor->values().size() > 1) kept->push_back(cursor->Detach());
    }
    if (!cursor->status().ok()) return cursor->status();
    // [/scan]
    return rocksdb::Status::OK();
  }

  rocksdb::Status Backward() {
    rocksdb::ReadOptions options;
    // [scan_back]
    std::unique_ptr<sheaf::Cursor> back = store->Scan(options, sheaf::KeyRange::Prefix("user:"));
    back->SeekToLast();
    for (; back->Valid(); back->Prev()) Use(back->key().ToStringView());
    if (!back->status().ok()) return back->status();
    // [/scan_back]
    return rocksdb::Status::OK();
  }

  rocksdb::Status PassOver() {
    rocksdb::ReadOptions options;
    // [scan_all]
    std::unique_ptr<sheaf::Cursor> row = store->Scan(options, sheaf::KeyRange::All());
    for (; row->HasKey(); row->Next()) {
      if (row->Valid()) {
        Use(row->values());  // valid until Next()
      } else {
        Report(row->status());  // names the key, and what is wrong with its value
      }
    }
    if (!row->status().ok()) return row->status();  // RocksDB's: not everything was seen
    // [/scan_all]
    return rocksdb::Status::OK();
  }
};

TEST_F(ScanTest, DetachedListsOutliveTheCursorAndTheDb) {
  std::vector<PinnedBlob> kept;
  ASSERT_OK(Scan(&kept));
  EXPECT_THAT(used, ElementsAre("a", "b", "c"));
  Close();
  ASSERT_EQ(kept.size(), 1u);
  EXPECT_THAT(kept[0].view().Views(), ElementsAre("b", "c"));
}

TEST_F(ScanTest, ACursorGoesBackward) {
  ASSERT_OK(Backward());
  EXPECT_THAT(used, ElementsAre("user:9", "user:7"));
}

TEST_F(ScanTest, ACursorGoesOnBehindWhatIsNoList) {
  ASSERT_OK(db->Put({}, "user:8", "hello"));
  std::vector<PinnedBlob> kept;
  EXPECT_TRUE(Scan(&kept).IsCorruption());
  used.clear();
  ASSERT_OK(PassOver());
  EXPECT_THAT(used,
              ElementsAre("x", "y", "a", HasSubstr("\"user:8\" is not a list: compact blob: tag"),
                          "b", "c"));
}

TEST_F(ScanTest, ACursorTakesAsyncIo) {
  rocksdb::ReadOptions options;
  options.async_io = true;
  auto cursor = store->Scan(options, KeyRange::All());
  for (; cursor->Valid(); cursor->Next()) Use(cursor->values());
  ASSERT_OK(cursor->status());
  EXPECT_THAT(used, ElementsAre("x", "y", "a", "b", "c"));
}

TEST_F(GuideTest, ViewsSlicesAndDetachedValues) {
  Open();
  ASSERT_OK(store->Put({}, "user:7", {"login", "search", "logout"}));
  ASSERT_OK(db->Flush({}));
  sheaf::PinnedSlice kept;
  {
    sheaf::PinnedBlob events;
    ASSERT_OK(store->Get({}, "user:7", &events));
    // [take]
    std::string_view first = events[0];                     // valid while `events` is
    sheaf::PinnedSlice second = events.Slice(1);            // keeps the whole block
    std::vector<sheaf::PinnedSlice> all = events.Slices();  // all values, for one atomic add
    sheaf::PinnedSlice alone = events.Slice(2).Detach();    // a copy of 6 bytes, and no block
    // [/take]
    Use(first);
    EXPECT_EQ(all.size(), 3u);
    EXPECT_EQ(all[1].data(), second.data());
    EXPECT_NE(all[2].data(), alone.data());
    kept = alone;
  }
  EXPECT_EQ(store->stats().blocks_pinned, 0u);
  EXPECT_EQ(kept, "logout");
}

absl::Status ByIndex(const PinnedBlob& events) {
  // [at]
  if (!events.empty()) Use(events.back());  // the newest; front() is the oldest
  absl::StatusOr<std::string_view> third = events.At(2);
  if (!third.ok()) return third.status();  // OutOfRange: "value 2 of a list of 2 values"
  Use(*third);
  // [/at]
  return absl::OkStatus();
}

TEST_F(GuideTest, AnIndexThatMayBeWrongIsChecked) {
  const PinnedBlob two = PinnedBlob::FromString(*Encode({"login", "search"})).value();
  EXPECT_EQ(ByIndex(two), absl::OutOfRangeError("value 2 of a list of 2 values"));
  const PinnedBlob three = PinnedBlob::FromString(*Encode({"login", "search", "buy"})).value();
  EXPECT_EQ(ByIndex(three), absl::OkStatus());
  EXPECT_THAT(used, ElementsAre("search", "buy", "buy"));
}

TEST_F(GuideTest, ListsAreReadFromTheEndAndSearched) {
  Open();
  ASSERT_OK(store->Put({}, "user:7", {"buy", "login", "search"}));
  PinnedBlob events;
  ASSERT_OK(store->Get({}, "user:7", &events));
  // [iterators]
  for (auto it = events.rbegin(); it != events.rend(); ++it) Use(*it);   // the newest first
  auto found = std::lower_bound(events.begin(), events.end(), "login");  // if the list is sorted
  if (found != events.end() && *found == "login") Use(*found);
  // [/iterators]
  EXPECT_THAT(used, ElementsAre("search", "login", "buy", "login"));
}

rocksdb::Status Integers(Store* store) {
  rocksdb::Status s;
  // [integers]
  std::vector<uint64_t> ids = {7, 9, 12};
  s = store->Append(rocksdb::WriteOptions(), "friends:7", sheaf::AsValues(ids));
  if (!s.ok()) return s;

  sheaf::PinnedBlob friends;
  s = store->Get(rocksdb::ReadOptions(), "friends:7", &friends);
  if (!s.ok()) return s;
  auto list = sheaf::TypedList<uint64_t>::FromBlob(friends);  // holds the block
  if (!list.ok()) return rocksdb::Status::Corruption(list.status().ToString());
  bool known = std::binary_search(list->begin(), list->end(), 9);  // if the list is sorted
  std::vector<uint64_t> copy = list->ToVector();
  // [/integers]
  EXPECT_TRUE(known);
  EXPECT_EQ(copy, ids);
  return s;
}

TEST_F(GuideTest, IntegersAreAppendedAndRead) {
  Open();
  EXPECT_OK(Integers(store.get()));
  // [big_endian]
  std::string key = "user:" + sheaf::EncodeBigEndian(uint64_t{7});  // 5 bytes and 8
  absl::StatusOr<uint64_t> user = sheaf::DecodeBigEndian<uint64_t>(key.substr(5));
  // [/big_endian]
  EXPECT_EQ(user.value(), 7u);
  EXPECT_EQ(key.size(), 5u + 8u);
}

rocksdb::Status ReadPieces(Store* store) {
  rocksdb::Status s;
  // [segments]
  std::vector<sheaf::PinnedBlob> blobs;
  s = store->GetSegments(rocksdb::ReadOptions(), "user:7", &blobs);
  if (!s.ok()) return s;
  const sheaf::Segments pieces(std::move(blobs));
  for (std::string_view event : pieces) Use(event);
  // [/segments]
  return store->Close().IsBusy() ? s : rocksdb::Status::Aborted("Close did not refuse");
}

TEST_F(GuideTest, PiecesAreReadAsOneListAndDroppedBeforeTheDbIsClosed) {
  Open();
  const std::string login(40000, 'l');  // RocksDB copies what is small
  ASSERT_OK(store->Put({}, "user:7", {login, "search"}));
  ASSERT_OK(db->Flush({}));
  ASSERT_OK(store->Append({}, "user:7", {"logout"}));
  ASSERT_OK(ReadPieces(store.get()));
  EXPECT_THAT(used, ElementsAre(login, "search", "logout"));
  EXPECT_OK(store->Close());
}

// 3 Lifetimes

TEST_F(GuideTest, ASliceOutlivesTheDb) {
  const std::string path = this->path();
  rocksdb::Options options = Options();
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::Open(options, path, &opened));
  ASSERT_OK(opened->Put({}, "user:7", *Encode({"login", "search"})));
  ASSERT_OK(opened->Flush({}));
  std::unique_ptr<rocksdb::DB> db(opened);
  std::unique_ptr<Store> store;
  ASSERT_OK(Store::Open(db.get(), nullptr, {}, &store));
  // [outlive]
  sheaf::PinnedSlice last;
  {
    sheaf::PinnedBlob events;
    rocksdb::Status s = store->Get(rocksdb::ReadOptions(), "user:7", &events);
    if (s.ok() && !events.empty()) last = events.Slice(events.size() - 1);
  }
  store.reset();
  db.reset();
  Use(last);  // fine
  // [/outlive]
  EXPECT_THAT(used, ElementsAre("search"));
}

rocksdb::Status CloseBoth(std::unique_ptr<Store> store, std::unique_ptr<rocksdb::DB> db) {
  // [close]
  rocksdb::Status s = store->Close();  // Busy while a Cursor or a segment is held
  if (!s.ok()) return s;
  store.reset();
  db.reset();
  // [/close]
  return s;
}

TEST_F(GuideTest, TheStoreIsClosedBeforeTheDb) {
  Open();
  auto cursor = store->Scan(rocksdb::ReadOptions(), KeyRange::All());
  EXPECT_TRUE(store->Close().IsBusy());
  cursor.reset();
  EXPECT_OK(CloseBoth(std::move(store), std::move(db)));
}

PinnedBlob Load(const rocksdb::Slice&) { return PinnedBlob(); }

// Compiled, and never run: it uses views of bytes that are gone. lifetime_warnings_test.sh asks for
// clang's warnings.
#if defined(__clang__)
#pragma clang diagnostic push
#if !defined(SHEAF_WARNS_OF_WRONG_CODE)
#pragma clang diagnostic ignored "-Wdangling"
#endif
#endif
[[maybe_unused]] void Wrong(Store* store, const rocksdb::Slice& key) {
  // [wrong]
  std::string_view newest = Load(key)[0];  // WRONG, clang warns: the PinnedBlob is gone already
  Use(newest);
  for (std::string_view value : Load(key).view()) Use(value);  // WRONG, clang warns: so it is here

  std::vector<std::string_view> views;
  {
    sheaf::PinnedBlob list;
    if (store->Get(rocksdb::ReadOptions(), key, &list).ok()) views = list.view().Views();
  }
  for (std::string_view value : views) Use(value);  // WRONG: `list` was the only holder

  auto cursor = store->Scan(rocksdb::ReadOptions(), sheaf::KeyRange::All());
  for (; cursor->Valid(); cursor->Next()) views.push_back(cursor->values()[0]);  // WRONG
  // [/wrong]
}
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

// 4 Thread safety

TEST_F(GuideTest, SlicesGoToOtherThreads) {
  Open();
  ASSERT_OK(store->Put({}, "user:7", {"login", "search"}));
  PinnedBlob events;
  ASSERT_OK(store->Get({}, "user:7", &events));
  size_t bytes = 0;
  // [threads]
  std::thread worker([slices = events.Slices(), &bytes] {
    for (const sheaf::PinnedSlice& slice : slices) bytes += slice.size();
  });  // `slices` is dropped on the worker
  events.Reset();
  worker.join();
  // [/threads]
  EXPECT_EQ(bytes, 11u);
  EXPECT_EQ(store->stats().blocks_pinned, 0u);
}

// 5 Column families

rocksdb::Status OpenFamilies(const std::string& path) {
  // [families]
  rocksdb::DBOptions db_options;
  db_options.create_if_missing = true;
  db_options.create_missing_column_families = true;
  rocksdb::ColumnFamilyOptions lists;
  lists.merge_operator = sheaf::NewAppendOperator();
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, rocksdb::ColumnFamilyOptions()},
      {"events", lists},
      {"friends", lists}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status s = sheaf::OpenDB(db_options, path, families, &handles, &db);
  if (!s.ok()) return s;

  std::unique_ptr<sheaf::Store> events, friends;
  s = sheaf::Store::Open(db.get(), handles[1], sheaf::StoreOptions(), &events);
  if (s.ok()) s = sheaf::Store::Open(db.get(), handles[2], sheaf::StoreOptions(), &friends);
  // [/families]
  if (s.ok()) s = events->Append({}, "user:7", {"login"});
  if (s.ok()) s = friends->Append({}, "user:7", {"user:8", "user:9"});
  events.reset();
  friends.reset();
  for (rocksdb::ColumnFamilyHandle* const handle : handles) db->DestroyColumnFamilyHandle(handle);
  return s;
}

rocksdb::Status OpenByName(const std::string& path, std::vector<std::string>* operators) {
  // [by_name]
  sheaf::RegisterPlugin();
  rocksdb::ConfigOptions config;
  config.ignore_unsupported_options = false;  // fail, rather than open without the merge operator
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  rocksdb::Status s = rocksdb::LoadLatestOptions(config, path, &db_options, &families);
  if (!s.ok()) return s;
  // [/by_name]
  for (const auto& family : families) {
    const auto& merge_operator = family.options.merge_operator;
    operators->push_back(family.name + "=" + (merge_operator ? merge_operator->Name() : "none"));
  }
  return s;
}

TEST_F(GuideTest, EachColumnFamilyHasAStoreAndIsKnownByName) {
  ASSERT_OK(OpenFamilies(path()));
  std::vector<std::string> operators;
  ASSERT_OK(OpenByName(path(), &operators));
  EXPECT_THAT(operators,
              ElementsAre("default=none", "events=sheaf.append", "friends=sheaf.append"));
}

// 6 Transactions

TEST_F(GuideTest, ABatchWritesToSeveralFamiliesAtOnce) {
  Open();
  rocksdb::ColumnFamilyHandle* other = nullptr;
  ASSERT_OK(db->CreateColumnFamily(Options(), "other", &other));
  std::unique_ptr<Store> events;
  ASSERT_OK(Store::Open(db.get(), other, {}, &events));
  rocksdb::Status s;
  // [batch]
  rocksdb::WriteBatch batch;
  s = events->Append(&batch, "user:7", {"login"});
  if (s.ok()) s = store->Put(&batch, "last", {"user:7"});
  if (s.ok()) s = db->Write(rocksdb::WriteOptions(), &batch);
  // [/batch]
  ASSERT_OK(s);
  PinnedBlob list;
  ASSERT_OK(events->Get({}, "user:7", &list));
  EXPECT_THAT(list.view().Views(), ElementsAre("login"));
  ASSERT_OK(store->Get({}, "last", &list));
  EXPECT_THAT(list.view().Views(), ElementsAre("user:7"));
  events.reset();
  ASSERT_OK(db->DestroyColumnFamilyHandle(other));
}

// Appends `event` unless it is the last one already.
rocksdb::Status AppendOnce(rocksdb::TransactionDB* db, Store* store, std::string_view key,
                           std::string_view event) {
  rocksdb::ColumnFamilyHandle* const family = db->DefaultColumnFamily();
  // [transaction]
  std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction(rocksdb::WriteOptions()));
  rocksdb::PinnableSlice value;
  rocksdb::Status s =
      transaction->GetForUpdate(rocksdb::ReadOptions(), family, key, &value);  // locks the key
  if (s.ok()) {
    absl::StatusOr<sheaf::PinnedBlob> list =
        sheaf::FromPinnable(std::move(value), store->layout(), store->keep_alive());
    if (!list.ok()) return rocksdb::Status::Corruption(std::string(list.status().message()));
    if (!list->empty() && (*list)[list->size() - 1] == event) return s;
  } else if (!s.IsNotFound()) {
    return s;
  }
  s = store->Append(transaction.get(), key, {event});
  if (s.ok()) s = transaction->Commit();
  // [/transaction]
  return s;
}

TEST_F(GuideTest, ATransactionReadsAndAppends) {
  rocksdb::TransactionDB* opened = nullptr;
  ASSERT_OK(rocksdb::TransactionDB::Open(Options(), {}, path(), &opened));
  const std::unique_ptr<rocksdb::TransactionDB> db(opened);
  std::unique_ptr<Store> store;
  ASSERT_OK(Store::Open(db.get(), nullptr, {}, &store));
  for (const char* const event : {"login", "search", "search", "login"}) {
    ASSERT_OK(AppendOnce(db.get(), store.get(), "user:7", event));
  }
  PinnedBlob list;
  ASSERT_OK(store->Get({}, "user:7", &list));
  EXPECT_THAT(list.view().Views(), ElementsAre("login", "search", "login"));
}

// 7 Snapshots

TEST_F(GuideTest, TwoReadsOfOneSnapshotAgree) {
  Open();
  ASSERT_OK(store->Put({}, "a", {"1"}));
  ASSERT_OK(store->Put({}, "b", {"1"}));
  PinnedBlob a, b;
  rocksdb::Status s;
  // [snapshot]
  rocksdb::ManagedSnapshot snapshot(db.get());  // released at the end of the scope
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  s = store->Get(options, "a", &a);
  if (s.ok()) s = store->Get(options, "b", &b);
  // [/snapshot]
  ASSERT_OK(s);
  ASSERT_OK(store->Append({}, "b", {"2"}));
  ASSERT_OK(store->Get(options, "b", &b));
  EXPECT_THAT(b.view().Views(), ElementsAre("1"));
}

// 9 What a pin costs

TEST_F(GuideTest, PinsAreSeen) {
  Open();
  ASSERT_OK(store->Put({}, "user:7", {std::string(5000, 'x')}));
  ASSERT_OK(db->Flush({}));
  std::shared_ptr<rocksdb::Cache> block_cache = cache;
  PinnedBlob list;
  ASSERT_OK(store->Get({}, "user:7", &list));
  std::string line;
  const auto Log = [&line](const std::string& text) { line = text; };
  // [watch]
  sheaf::StoreStats stats = store->stats();
  Log(stats.ToString() + " cache_pinned=" + std::to_string(block_cache->GetPinnedUsage()));
  // [/watch]
  EXPECT_THAT(line, HasSubstr("zero_copy=1 pinned=1/50"));
  EXPECT_THAT(line, HasSubstr(" cache_pinned=5"));
}

// 10 Migration

// Values of the old column family are joined with ','.
std::vector<std::string_view> Split(std::string_view joined) {
  std::vector<std::string_view> values;
  if (joined.empty()) return values;
  for (size_t comma; (comma = joined.find(',')) != std::string_view::npos;) {
    values.push_back(joined.substr(0, comma));
    joined.remove_prefix(comma + 1);
  }
  values.push_back(joined);
  return values;
}

// [move]
// Moves the list of `key`, if it is in `old_family` still, and appends `more`, in one transaction.
rocksdb::Status MoveAndAppend(rocksdb::TransactionDB* db, rocksdb::ColumnFamilyHandle* old_family,
                              sheaf::Store* lists, const rocksdb::Slice& key,
                              absl::Span<const std::string_view> more) {
  std::unique_ptr<rocksdb::Transaction> move(db->BeginTransaction(rocksdb::WriteOptions()));
  std::string joined;
  rocksdb::Status s = move->GetForUpdate(rocksdb::ReadOptions(), old_family, key, &joined);
  if (!s.ok() && !s.IsNotFound()) return s;
  if (s.ok()) {
    s = lists->Put(move.get(), key, Split(joined));
    if (s.ok()) s = move->Delete(old_family, key);
    if (!s.ok()) return s;
  }
  s = more.empty() ? rocksdb::Status::OK() : lists->Append(move.get(), key, more);
  return s.ok() ? move->Commit() : s;
}

// From one snapshot, so that a key is not missed while it is moved.
rocksdb::Status ReadEither(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* old_family,
                           sheaf::Store* lists, const rocksdb::Slice& key,
                           std::vector<std::string>* values) {
  rocksdb::ManagedSnapshot snapshot(db);
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  sheaf::PinnedBlob list;
  rocksdb::Status s = lists->Get(options, key, &list);
  if (s.ok()) values->assign(list.begin(), list.end());
  if (!s.IsNotFound()) return s;
  std::string joined;
  s = db->Get(options, old_family, key, &joined);
  if (!s.ok()) return s;
  std::vector<std::string_view> split = Split(joined);
  values->assign(split.begin(), split.end());
  return s;
}
// [/move]

TEST_F(GuideTest, ListsMoveWhileTheyAreReadAndWritten) {
  rocksdb::Options old_options = Options();
  ASSERT_OK(rocksdb::MergeOperator::CreateFromString(rocksdb::ConfigOptions(),
                                                     "id=StringAppendOperator;delimiter=,",
                                                     &old_options.merge_operator));
  rocksdb::TransactionDB* opened = nullptr;
  ASSERT_OK(rocksdb::TransactionDB::Open(old_options, {}, path(), &opened));
  const std::unique_ptr<rocksdb::TransactionDB> db(opened);
  rocksdb::ColumnFamilyHandle* const old_family = db->DefaultColumnFamily();
  ASSERT_OK(db->Put({}, old_family, "k", "a"));
  ASSERT_OK(db->Merge({}, old_family, "k", "b"));
  ASSERT_OK(db->Put({}, old_family, "m", "c,,d"));
  rocksdb::ColumnFamilyHandle* family = nullptr;
  ASSERT_OK(db->CreateColumnFamily(Options(), "lists", &family));
  std::unique_ptr<Store> lists;
  ASSERT_OK(Store::Open(db.get(), family, {}, &lists));

  std::vector<std::string> values;
  ASSERT_OK(ReadEither(db.get(), old_family, lists.get(), "k", &values));
  EXPECT_THAT(values, ElementsAre("a", "b"));
  ASSERT_OK(MoveAndAppend(db.get(), old_family, lists.get(), "k", {"e"}));
  ASSERT_OK(MoveAndAppend(db.get(), old_family, lists.get(), "k", {"f"}));
  ASSERT_OK(MoveAndAppend(db.get(), old_family, lists.get(), "new", {"g"}));
  ASSERT_OK(MoveAndAppend(db.get(), old_family, lists.get(), "m", {}));
  ASSERT_OK(ReadEither(db.get(), old_family, lists.get(), "k", &values));
  EXPECT_THAT(values, ElementsAre("a", "b", "e", "f"));
  ASSERT_OK(ReadEither(db.get(), old_family, lists.get(), "m", &values));
  EXPECT_THAT(values, ElementsAre("c", "", "d"));
  ASSERT_OK(ReadEither(db.get(), old_family, lists.get(), "new", &values));
  EXPECT_THAT(values, ElementsAre("g"));
  std::string joined;
  EXPECT_TRUE(db->Get({}, old_family, "k", &joined).IsNotFound());
  EXPECT_TRUE(ReadEither(db.get(), old_family, lists.get(), "none", &values).IsNotFound());
  lists.reset();
  ASSERT_OK(db->DestroyColumnFamilyHandle(family));
}

// The README. Compiled only: it opens a folder of its own in /tmp.

[[maybe_unused]] int ReadMe() {
  const auto Fail = [](const std::string& why) {
    std::fprintf(stderr, "%s\n", why.c_str());
    return 1;
  };
  // clang-format off
  // [readme]
#include "sheaf/store.h"

  rocksdb::Options options;
  options.create_if_missing = true;
  options.merge_operator = sheaf::NewAppendOperator();            // lists grow without being read
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status s = sheaf::OpenDB(options, "/tmp/lists", &db);  // DB::Open, and checks the operator

  std::unique_ptr<sheaf::Store> store;
  if (s.ok()) s = sheaf::Store::Open(db.get(), nullptr, {}, &store);
  if (s.ok()) s = store->Append({}, "user:7", {"login", "search", "logout"});

  sheaf::PinnedBlob events;
  if (s.ok()) s = store->Get({}, "user:7", &events);
  if (!s.ok()) return Fail(s.ToString());                         // says what, and of which key or file
  for (std::string_view event : events) Use(event);               // borrowed: no copy, no allocation
  sheaf::PinnedSlice last;                                        // owning: may outlive everything
  if (!events.empty()) last = events.Slice(events.size() - 1);

  s = store->Close();                                             // Busy while a Cursor is open
  store.reset();                                                  // the Store first, then the DB
  db.reset();
  // [/readme]
  // clang-format on
  return 0;
}

// The pages against this file

// Blocks of C++ in a page.
std::vector<std::string> Blocks(const std::string& path) {
  std::vector<std::string> blocks;
  bool inside = false;
  for (const std::string& line : Lines(path)) {
    if (line == "```cpp") {
      inside = true;
      blocks.emplace_back();
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

// Regions of this file and of those after it, less the indentation of their markers.
std::vector<std::string> Regions(bool readme) {
  std::vector<std::string> lines;
  for (const char* const name : {"guide_test.cc", "guide_recipes.cc", "guide_long.cc"}) {
    const std::vector<std::string> more = Lines(std::string("tests/docs/") + name);
    lines.insert(lines.end(), more.begin(), more.end());
  }
  std::vector<std::string> regions;
  std::string end;
  size_t indent = 0;
  for (const std::string& line : lines) {
    const size_t at = std::min(line.find_first_not_of(' '), line.size());
    const std::string text = line.substr(at);
    if (!end.empty() && text == end) {
      end.clear();
    } else if (!end.empty()) {
      regions.back() += line.substr(std::min(at, indent)) + "\n";
    } else if (text.rfind("// [", 0) == 0 && text.rfind("// [/", 0) != 0) {
      if ((text.rfind("// [readme", 0) == 0) != readme) continue;
      end = "// [/" + text.substr(4);
      indent = at;
      regions.emplace_back();
    }
  }
  return regions;
}

TEST(PagesTest, TheGuideHasTheCodeOfTheseFiles) {
  const std::vector<std::string> blocks = Blocks("docs/guide.md");
  const std::vector<std::string> regions = Regions(/*readme=*/false);
  ASSERT_GT(regions.size(), 10u);
  for (size_t i = 0; i < std::min(blocks.size(), regions.size()); ++i) {
    ASSERT_EQ(blocks[i], regions[i]) << "block " << i;
  }
  EXPECT_EQ(blocks.size(), regions.size());
}

TEST(PagesTest, TheReadmeHasTheCodeOfTheseFiles) {
  EXPECT_EQ(Blocks("README.md"), Regions(/*readme=*/true));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
