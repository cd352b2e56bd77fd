// Pages that follow what a DB has of a long list, and the check that it still has just that.

#include "tools/load/output/long_lists.h"

#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/table.h"
#include "sheaf/blob_builder.h"
#include "tests/support/ok.h"
#include "tests/tool/long_db.h"
#include "tests/tool/process.h"
#include "tools/load/output/sst_builder.h"

namespace sheaf {
namespace load {
namespace {

using testing::kOpenPage;
using testing::List;
using testing::LongDb;
using testing::Pages;

constexpr uint64_t kPageBytes = 200;

class LongListsTest : public ::testing::TestWithParam<Layout> {
 protected:
  const std::string folder_ = testing::TestFolder();
  const LongDb db_{folder_ + "/db", kPageBytes, GetParam()};
  std::vector<std::string> files_;

  // Positions 0..4 sealed, 5 and 6 in the open page.
  static void Make(LongStore& lists) {
    ASSERT_OK(lists.Append({}, "k", {"a", "b", "c", "d", "e"}));
    ASSERT_OK(lists.Seal("k"));
    ASSERT_OK(lists.Append({}, "k", {"f", "g"}));
  }
  // 100 values for `key` as SSTs, as a load makes them.
  List Build(const std::string& key) {
    List values;
    for (int i = 0; i < 100; ++i) values.push_back("value " + std::to_string(i));
    const auto database = Database::Read(db_.path());
    EXPECT_TRUE(database.ok()) << database.status();
    const auto opened = database->OpenForReadOnly();
    EXPECT_TRUE(opened.ok()) << opened.status();
    const auto lists = LongLists::Open(**opened, GetParam());
    EXPECT_TRUE(lists.ok()) << lists.status();
    SstPlan plan;
    plan.options = database->options();
    plan.operands = true;
    plan.layout = GetParam();
    plan.page_bytes = kPageBytes;
    // A file for each page or two.
    rocksdb::BlockBasedTableOptions table;
    table.block_size = 64;
    plan.options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    plan.file_bytes = 1;
    plan.find_list = [&](std::string_view k) { return (*lists)->Find(k); };
    SstBuilder builder(plan, folder_ + "/sst-");
    const std::string blob = Encode(values).value();
    EXPECT_TRUE(builder.AddPart(key, BlobView::Parse(blob).value()).ok());
    EXPECT_TRUE(builder.End().ok());
    EXPECT_EQ(builder.written().values, 100u);
    EXPECT_EQ(builder.written().keys, 1u);
    for (const SstFile& file : builder.written().files) files_.push_back(file.path);
    return values;
  }
  absl::Status Check() {
    const auto database = Database::Read(db_.path());
    const auto opened = database->OpenForReadOnly();
    EXPECT_TRUE(opened.ok()) << opened.status();
    return CheckFollow(*database, **opened, files_);
  }
  void Ingest() {
    db_.WithDb([&](rocksdb::DB& db) {
      ASSERT_OK(db.IngestExternalFile(files_, rocksdb::IngestExternalFileOptions()));
    });
  }
};
INSTANTIATE_TEST_SUITE_P(Layouts, LongListsTest,
                         ::testing::Values(Layout::kCompact, Layout::kFixed64),
                         [](const auto& info) { return std::string(LayoutName(info.param)); });

struct Case {
  std::function<void(LongStore&)> make;
  uint64_t first;
  List list;
};

std::vector<Case> Cases(void (*make)(LongStore&)) {
  return {
      {[](LongStore&) {}, 0, {}},
      {[](LongStore& lists) { ASSERT_OK(lists.Append({}, "k", "x")); }, 0, {"x"}},
      {[](LongStore& lists) {
         ASSERT_OK(lists.Append({}, "k", "x"));
         ASSERT_OK(lists.Seal("k"));
       },
       0,
       {"x"}},
      {[make](LongStore& lists) { make(lists); }, 0, {"a", "b", "c", "d", "e", "f", "g"}},
      {[make](LongStore& lists) {
         make(lists);
         ASSERT_OK(lists.TrimBefore({}, "k", 3));
       },
       3,
       {"d", "e", "f", "g"}},
      {[make](LongStore& lists) {
         make(lists);
         ASSERT_OK(lists.TrimBefore({}, "k", 6));
       },
       6,
       {"g"}},
      {[make](LongStore& lists) {
         make(lists);
         ASSERT_OK(lists.TrimBefore({}, "k", 7));
       },
       7,
       {}},
      {[make](LongStore& lists) {
         make(lists);
         ASSERT_OK(lists.Delete({}, "k"));
       },
       0,
       {}},
      // An open page of several pages, as one that nobody sealed.
      {[](LongStore& lists) { ASSERT_OK(lists.Append({}, "k", List(200, "y"))); }, 0,
       List(200, "y")},
  };
}

TEST_P(LongListsTest, PagesFollowWhatIsThere) {
  for (const Case& shape : Cases(Make)) {
    ASSERT_EQ(std::system(("rm -rf '" + folder_ + "'/*").c_str()), 0);
    files_.clear();
    db_.With(shape.make);
    List expected = shape.list;
    const List added = Build("k");
    EXPECT_GT(files_.size(), 3u);
    const absl::Status follows = Check();
    EXPECT_TRUE(follows.ok()) << follows;
    Ingest();
    expected.insert(expected.end(), added.begin(), added.end());
    EXPECT_EQ(db_.ListOf("k"), expected);
    uint64_t next = shape.first;
    for (const auto& [position, page] : db_.PagesOf("k")) {
      if (position == kOpenPage) continue;
      EXPECT_EQ(std::exchange(next, position + page.size()), position);
    }
    db_.With([&](LongStore& lists) {
      uint64_t first = 0;
      uint64_t end = 0;
      ASSERT_OK(lists.Bounds({}, "k", &first, &end));
      EXPECT_EQ(first, shape.first);
      EXPECT_EQ(end, shape.first + expected.size());
      ASSERT_OK(lists.Append({}, "k", "behind"));
    });
    EXPECT_EQ(db_.ListOf("k").back(), "behind");
    const testing::Result verified = testing::RunSheaf({"verify", "--db", db_.path()});
    EXPECT_EQ(verified.exit_status, 0) << verified.out << verified.err;
  }
}

TEST_P(LongListsTest, WhatWasWrittenMeanwhileIsNoticed) {
  const std::vector<std::function<void(LongStore&)>> changes = {
      [](LongStore& lists) { ASSERT_OK(lists.Append({}, "k", "new")); },
      [](LongStore& lists) { ASSERT_OK(lists.Seal("k")); },
      [](LongStore& lists) { ASSERT_OK(lists.TrimBefore({}, "k", 6)); },
      [](LongStore& lists) { ASSERT_OK(lists.Delete({}, "k")); },
      [](LongStore& lists) {
        ASSERT_OK(lists.Delete({}, "k"));
        Make(lists);
        ASSERT_OK(lists.TrimBefore({}, "k", 6));
      },
      [](LongStore& lists) {
        ASSERT_OK(lists.Delete({}, "k"));
        ASSERT_OK(lists.Append({}, "k", {"a", "b", "c", "d", "e"}));
        ASSERT_OK(lists.Seal("k"));
        ASSERT_OK(lists.Append({}, "k", {"f", "other"}));
      },
  };
  for (const auto& change : changes) {
    ASSERT_EQ(std::system(("rm -rf '" + folder_ + "'/*").c_str()), 0);
    files_.clear();
    db_.With(Make);
    Build("k");
    EXPECT_TRUE(Check().ok());
    db_.With(change);
    const absl::Status noticed = Check();
    EXPECT_EQ(noticed.code(), absl::StatusCode::kAborted);
    EXPECT_EQ(noticed.message(),
              db_.path() + ": another process wrote to the DB meanwhile; run the load again");
  }
}

TEST_P(LongListsTest, AListThatCameMeanwhileIsNoticed) {
  db_.With([](LongStore&) {});
  Build("k");
  EXPECT_TRUE(Check().ok());
  db_.With([](LongStore& lists) { ASSERT_OK(lists.Append({}, "j", "another list")); });
  EXPECT_TRUE(Check().ok());
  db_.With([](LongStore& lists) { ASSERT_OK(lists.Append({}, "k", "x")); });
  EXPECT_EQ(Check().code(), absl::StatusCode::kAborted);
}

TEST_P(LongListsTest, AnEndThatCannotBeReadIsRefusedByItsKey) {
  db_.With(Make);
  db_.Put("k", 0, "\xFF");
  const auto database = Database::Read(db_.path());
  const auto opened = database->OpenForReadOnly();
  const auto lists = LongLists::Open(**opened, GetParam());
  ASSERT_TRUE(lists.ok()) << lists.status();
  const auto end = (*lists)->Find("k");
  EXPECT_EQ(end.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(testing::Has(std::string(end.status().message()),
                           "cannot append to the list of key \"k\": Corruption: "))
      << end.status();
}

}  // namespace
}  // namespace load
}  // namespace sheaf
