// Long lists with a page that does not decode, or is missing: errors name the user's key and the
// position, and all else stays readable.

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "rocksdb/table.h"
#include "sheaf/long_store.h"
#include "tests/rocksdb/failing_reads.h"
#include "tests/rocksdb/long_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kKey[] = "k\x01";  // shown escaped

std::string Value(uint64_t position) { return "value " + std::to_string(position); }

List ValuesAt(uint64_t begin, uint64_t end) {
  List list;
  for (uint64_t at = begin; at < end; ++at) list.push_back(Value(at));
  return list;
}

// Lists "a", kKey and "z" with sealed pages at 0, 10, 20 and 30, and 3 values in the open page. The
// store knows where pages are, or (`warm` = false) has to look for them.
class LongCorruptionTest : public ::testing::TestWithParam<bool> {
 protected:
  LongCorruptionTest() : db_(1000) {
    for (const std::string key : {"a", kKey, "z"}) {
      for (uint64_t at = 0; at < 40; at += 10) {
        db_.Append(key, ValuesAt(at, at + 10));
        db_.Seal(key);
      }
      db_.Append(key, ValuesAt(40, 43));
    }
    if (!GetParam()) {
      db_.CloseStore();
      db_.OpenStore();
    }
  }

  std::string Get() {
    Segments list;
    const rocksdb::Status s = db_->Get({}, kKey, &list);
    EXPECT_EQ(s.ok(), !list.empty());
    return s.ToString();
  }
  std::string Range(uint64_t position, size_t count) {
    std::vector<PinnedSlice> values;
    const rocksdb::Status s = db_->GetRange({}, kKey, position, count, &values);
    if (s.ok()) {
      EXPECT_EQ(ToStrings(values), ValuesAt(position, position + count));
    } else {
      EXPECT_TRUE(values.empty());
    }
    return s.ToString();
  }
  std::string Last(size_t count) {
    std::vector<PinnedSlice> values;
    const rocksdb::Status s = db_->GetLast({}, kKey, count, &values);
    return s.ok() ? ::testing::PrintToString(ToStrings(values)) : s.ToString();
  }
  // What the cursor stops at: positions and failures.
  List Pages(uint64_t position = 0) {
    List stops;
    auto page = db_->Pages({}, kKey, position);
    for (; page->Valid() || !page->status().ok(); page->Next()) {
      if (stops.size() > 10) {
        stops.emplace_back("no end");
        break;
      }
      stops.push_back(page->Valid() ? std::to_string(page->position()) : page->status().ToString());
      if (page->Valid()) {
        EXPECT_EQ(ToList(page->values()),
                  ValuesAt(page->position(), page->position() + page->values().size()));
      }
    }
    return stops;
  }
  void ExpectOthersAreReadable() {
    for (const std::string key : {"a", "z"}) {
      EXPECT_EQ(db_.Get(key), ValuesAt(0, 43));
      EXPECT_EQ(db_.Bounds(key), "0..43");
    }
    // The scan stops at the list, and goes on.
    const auto scan = db_->Scan({}, KeyRange::All());
    List keys;
    for (; scan->HasKey(); scan->Next()) keys.push_back(scan->key().ToString());
    EXPECT_THAT(keys, ElementsAre("a", kKey, "z"));
  }

  LongDb db_;
};

TEST_P(LongCorruptionTest, APageInTheMiddle) {
  db_.PutRaw(kKey, 10, "\x01junk");
  const auto is_named =
      StartsWith("Corruption: the page at position 10 of key \"k\\x01\" is not a list: ");
  EXPECT_THAT(Get(), is_named);
  EXPECT_THAT(Range(5, 10), is_named);
  EXPECT_THAT(Range(12, 1), is_named);
  EXPECT_THAT(Range(19, 5), is_named);
  EXPECT_EQ(Range(0, 10), "OK");
  EXPECT_EQ(Range(20, 23), "OK");
  EXPECT_EQ(db_.Bounds(kKey), "0..43");
  EXPECT_EQ(Last(23), ::testing::PrintToString(ValuesAt(20, 43)));
  EXPECT_THAT(Last(24), is_named);
  EXPECT_THAT(Pages(), ElementsAre("0", is_named, "20", "30", "40"));
  EXPECT_THAT(Pages(15), ElementsAre(is_named, "20", "30", "40"));
  EXPECT_THAT(Pages(25), ElementsAre("20", "30", "40"));
  ExpectOthersAreReadable();
  // What does not need the page goes on.
  db_.Append(kKey, ValuesAt(43, 45));
  EXPECT_OK(db_->Seal(kKey));
  EXPECT_EQ(Range(40, 5), "OK");
  EXPECT_THAT(db_->TrimBefore({}, kKey, 15).ToString(), is_named);
  EXPECT_EQ(db_.Bounds(kKey), "0..45");
  // To trim the page away mends the list.
  EXPECT_OK(db_->TrimBefore({}, kKey, 20));
  EXPECT_EQ(Get(), "OK");
  EXPECT_EQ(db_.Bounds(kKey), "20..45");
}

TEST_P(LongCorruptionTest, TheLastSealedPage) {
  db_.PutRaw(kKey, 30, "\x01junk");
  const auto is_named =
      StartsWith("Corruption: the page at position 30 of key \"k\\x01\" is not a list: ");
  EXPECT_THAT(Get(), is_named);
  EXPECT_THAT(Range(25, 10), is_named);
  EXPECT_THAT(Range(31, 1), is_named);
  if (GetParam()) {
    EXPECT_EQ(db_.Bounds(kKey), "0..43") << "known";
  } else {
    EXPECT_THAT(db_.Bounds(kKey), is_named);
    EXPECT_THAT(Range(1000, 1), is_named) << "where it ends is not known";
  }
  EXPECT_EQ(Range(0, 30), "OK");
  EXPECT_EQ(Last(3), ::testing::PrintToString(ValuesAt(40, 43)));
  EXPECT_THAT(Last(4), is_named);
  const std::string behind =
      "Corruption: the position of the open page of key \"k\\x01\" is not known: the page before "
      "it "
      "does not decode";
  EXPECT_THAT(Pages(), ElementsAre("0", "10", "20", is_named, behind));
  EXPECT_THAT(Pages(100), ElementsAre(is_named, behind));
  ExpectOthersAreReadable();
  const auto scan = db_->Scan({}, KeyRange::All());
  scan->Seek(kKey);
  EXPECT_FALSE(scan->Valid());
  EXPECT_THAT(scan->status().ToString(), is_named);
  // Appends go on; nothing is sealed at a position that is not known.
  db_.Append(kKey, ValuesAt(43, 45));
  const std::string raw = db_.Raw(kKey, kOpenPage);
  EXPECT_THAT(db_->Seal(kKey).ToString(), is_named);
  EXPECT_EQ(db_->stats().seals_failed, 1u);
  EXPECT_EQ(db_->stats().pages_sealed, GetParam() ? 12u : 0u);
  EXPECT_EQ(db_.Raw(kKey, kOpenPage), raw);
  EXPECT_THAT(db_->TrimBefore({}, kKey, 10).ToString(), is_named);
  EXPECT_EQ(Last(5), ::testing::PrintToString(ValuesAt(40, 45)));
  EXPECT_OK(db_->Delete({}, kKey));
  EXPECT_EQ(db_.Bounds(kKey), "NotFound: ");
}

TEST_P(LongCorruptionTest, TheOpenPage) {
  db_.PutRaw(kKey, kOpenPage, "\x01junk");
  const auto is_named =
      AllOf(StartsWith("Corruption: the open page of key \"k\\x01\" is not a list: "),
            HasSubstr("; its first value has position 40"));
  EXPECT_THAT(Get(), is_named);
  EXPECT_THAT(db_.Bounds(kKey), is_named);
  EXPECT_THAT(Range(35, 10), is_named);
  EXPECT_THAT(Range(40, 1), is_named);
  EXPECT_EQ(Range(0, 40), "OK");
  EXPECT_THAT(Last(1), is_named);
  EXPECT_THAT(Pages(), ElementsAre("0", "10", "20", "30", is_named));
  EXPECT_THAT(Pages(41), ElementsAre(is_named));
  ExpectOthersAreReadable();
  // Appends go on, and nothing is lost: what was there is bundled with them.
  db_.Append(kKey, {"appended"});
  EXPECT_THAT(db_->Seal(kKey).ToString(), is_named);
  EXPECT_EQ(db_->stats().seals_failed, 1u);
  EXPECT_THAT(db_.Raw(kKey, kOpenPage), AllOf(HasSubstr("junk"), HasSubstr("appended")));
  db_.Compact();
  EXPECT_THAT(db_.Bounds(kKey), is_named);
  EXPECT_THAT(db_.Raw(kKey, kOpenPage), AllOf(HasSubstr("junk"), HasSubstr("appended")));
  EXPECT_OK(db_->TrimBefore({}, kKey, 20));
  EXPECT_EQ(Range(20, 20), "OK");
}

TEST_P(LongCorruptionTest, AnOpenPageAlone) {
  ASSERT_OK(db_->Delete({}, kKey));
  db_.PutRaw(kKey, kOpenPage, "\x01junk");
  const auto is_named =
      AllOf(StartsWith("Corruption: the open page of key \"k\\x01\" is not a list: "),
            HasSubstr("; its first value has position 0"));
  EXPECT_THAT(db_.Bounds(kKey), is_named);
  EXPECT_THAT(Pages(), ElementsAre(is_named));
  ExpectOthersAreReadable();
}

TEST_P(LongCorruptionTest, AMissingPageInTheMiddle) {
  ASSERT_OK(db_.db()->Delete({}, StoredKeyOf(kKey, 10)));
  const std::string missing =
      "Corruption: the page at position 10 of key \"k\\x01\": it is missing";
  EXPECT_EQ(Get(), missing);
  EXPECT_EQ(Range(5, 10), missing);
  EXPECT_EQ(Range(12, 1),
            "Corruption: the page at position 0 of key \"k\\x01\": it has 10 values, and the next "
            "page does not follow it");
  EXPECT_EQ(Range(0, 10), "OK");
  EXPECT_EQ(Range(20, 23), "OK");
  EXPECT_EQ(Last(23), ::testing::PrintToString(ValuesAt(20, 43)));
  EXPECT_THAT(Last(24), StartsWith("Corruption: the page at position 0 of key \"k\\x01\": "));
  EXPECT_THAT(Pages(), ElementsAre("0", missing, "20", "30", "40"));
  EXPECT_THAT(Pages(15), ElementsAre(missing, "20", "30", "40"));
  EXPECT_THAT(db_->TrimBefore({}, kKey, 15).ToString(),
              StartsWith("Corruption: the page at position 0 of key \"k\\x01\": "));
  EXPECT_EQ(db_.Bounds(kKey), "0..43");
  ExpectOthersAreReadable();
}

TEST_P(LongCorruptionTest, AKeyOfSomebodyElse) {
  db_.Append("b", {"of a list behind the foreign key"});
  ASSERT_OK(db_.db()->Put({}, "b", "foreign"));
  const auto scan = db_->Scan({}, KeyRange::All());
  List stops;
  for (; scan->HasKey(); scan->Next()) {
    stops.push_back(scan->Valid() ? scan->key().ToString() : scan->status().ToString());
  }
  EXPECT_OK(scan->status());
  EXPECT_THAT(
      stops, ElementsAre("a", "Corruption: the key \"b\" is not that of a page of a long list", "b",
                         kKey, "z"));
}

// A cursor that is told to go on ends, whatever cannot be read.
TEST(LongUnreadableTest, PagesEndEvenIfNothingCanBeRead) {
  const auto files =
      std::make_shared<FailingReads>(rocksdb::IOStatus::Corruption("the block is broken"));
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
  rocksdb::Options options = LongDb::DefaultOptions(1000);
  options.env = env.get();
  options.disable_auto_compactions = true;
  rocksdb::BlockBasedTableOptions table;
  table.no_block_cache = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  LongDb db(options);
  db.Append("k", List(30, std::string(100, 'v')));
  db.Seal("k");
  db.Flush();
  const auto page = db->Pages({}, "k");
  ASSERT_TRUE(page->Valid());
  files->fails = true;
  int steps = 0;
  do {
    page->Next();
    EXPECT_FALSE(page->Valid());
    if (steps == 0) {
      EXPECT_TRUE(page->status().IsCorruption()) << page->status().ToString();
    }
  } while (page->status().IsCorruption() && ++steps < 10);
  EXPECT_LT(steps, 10);
  files->fails = false;
}

INSTANTIATE_TEST_SUITE_P(ColdAndWarm, LongCorruptionTest, ::testing::Bool(),
                         [](const auto& warm) { return warm.param ? "Warm" : "Cold"; });

}  // namespace
}  // namespace testing
}  // namespace sheaf
