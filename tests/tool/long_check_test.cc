// stats, verify, compact, repair and families on long lists.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "tests/support/ok.h"
#include "tests/tool/long_db.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

std::string Page(const List& values) { return Encode(values).value(); }

class LongCheckTest : public ::testing::Test {
 protected:
  const std::string folder_ = TestFolder();
  const LongDb db_{folder_ + "/db", 1000};

  // Lists of values of equal size have a header of three bytes. "k": positions 0..9, 10..29
  // sealed, 30..34 open. "l": one value in the open page.
  void Make() {
    db_.With([](LongStore& lists) {
      for (const int count : {10, 20}) {
        ASSERT_OK(lists.Append({}, "k", List(static_cast<size_t>(count), "v")));
        ASSERT_OK(lists.Seal("k"));
      }
      for (int i = 0; i < 5; ++i) ASSERT_OK(lists.Append({}, "k", "w"));
      ASSERT_OK(lists.Append({}, "l", "x"));
    });
  }
  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--db", db_.path()});
    return RunSheaf(arguments);
  }
  // Expects no error, and no complaint.
  std::string Out(const std::vector<std::string>& arguments) {
    const Result result = Run(arguments);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }
  // Expects these faults, and as many as there are.
  void ExpectFaults(const std::string& out, int keys, const std::string& faults) {
    const Result result = Run({"verify"});
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_EQ(result.out, out);
    EXPECT_EQ(result.err, "sheaf verify: " + db_.path() + ": " + std::to_string(keys) +
                              (keys == 1 ? " key" : " keys") + " checked, " + faults + "\n");
  }
};

TEST_F(LongCheckTest, StatsCountListsAndPages) {
  Make();
  const std::string all = Out({"stats"});
  EXPECT_EQ(all.substr(0, all.find("\n\n")),
            "layout         compact\n"
            "page bytes     1,000\n"
            "sealed pages   2\n"
            "open pages     2\n"
            "keys           2\n"
            "values         36\n"
            "bytes          36\n"
            "encoded bytes  48");
  EXPECT_TRUE(Has(all, "values a key")) << all;
  EXPECT_TRUE(Has(all, "bytes a page")) << all;
  const std::string json = Out({"stats", "--format", "json", "--debt"});
  EXPECT_EQ(json.find("{\"layout\":\"compact\",\"page_bytes\":1000,\"sealed_pages\":2,"
                      "\"open_pages\":2,\"keys\":2,\"values\":36,\"bytes\":36,"),
            0u)
      << json;
  EXPECT_TRUE(Has(json, "\"debt\":{\"operands\":6,\"bytes\":")) << json;
  EXPECT_TRUE(Has(json, "\"top\":[{\"key\":\"k\",\"operands\":5,")) << json;
  EXPECT_EQ(Out({"stats", "--key", "k", "--format", "json"}),
            "{\"layout\":\"compact\",\"page_bytes\":1000,\"key\":\"k\",\"first\":0,\"end\":35,"
            "\"values\":35,\"bytes\":35,\"encoded_bytes\":44,\"sealed_pages\":2,"
            "\"open_page_values\":5}\n");
  ASSERT_EQ(Out({"trim", "k", "--before", "12"}), "");
  EXPECT_EQ(Out({"stats", "--key", "k"}),
            "layout         compact\n"
            "page bytes     1,000\n"
            "first          12\n"
            "end            35\n"
            "values         23\n"
            "bytes          23\n"
            "encoded bytes  29\n"
            "sealed pages   1\n"
            "in open page   5 values\n");
  ASSERT_EQ(Out({"trim", "k", "--before", "99"}), "");
  EXPECT_EQ(Out({"stats", "--key", "k", "--format", "json"}),
            "{\"layout\":\"compact\",\"page_bytes\":1000,\"key\":\"k\",\"first\":35,\"end\":35,"
            "\"values\":0,\"bytes\":0,\"encoded_bytes\":4,\"sealed_pages\":1,"
            "\"open_page_values\":0}\n");
  const Result none = Run({"stats", "--key", "none"});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_EQ(none.err, "sheaf stats: " + db_.path() + ": key not found: \"none\"\n");
  const Result estimate = Run({"stats", "--estimate"});
  EXPECT_EQ(estimate.exit_status, 1);
  EXPECT_EQ(estimate.err, "sheaf stats: " + db_.path() +
                              ": --estimate: the properties of SSTs count the pages of long lists, "
                              "not the lists; leave it out\n");
}

TEST_F(LongCheckTest, FamiliesNameLongLists) {
  Make();
  EXPECT_EQ(Out({"families"}),
            "family   merge operator  layout   lists\n"
            "default  sheaf.append    compact  long\n");
  EXPECT_EQ(Out({"families", "--format", "json"}),
            "{\"family\":\"default\",\"merge_operator\":\"sheaf.append\",\"layout\":\"compact\","
            "\"lists\":true,\"page_bytes\":1000}\n");
}

TEST_F(LongCheckTest, VerifyFindsNoFaultInWhatLongStoreWrote) {
  Make();
  const Result whole = Run({"verify"});
  EXPECT_EQ(whole.exit_status, 0);
  EXPECT_EQ(whole.out + whole.err, "sheaf verify: " + db_.path() + ": 2 keys checked, 0 faults\n");
  for (const char* before : {"5", "10", "29", "30", "33", "100"}) {
    ASSERT_EQ(Out({"trim", "k", "--before", before}), "");
    ASSERT_EQ(Out({"append", "k", "new"}), "");
    EXPECT_EQ(Run({"verify"}).exit_status, 0) << before;
  }
}

TEST_F(LongCheckTest, VerifyNamesPagesThatDoNotFitTogether) {
  Make();
  db_.Put("k", 12, Page({"a"}));
  ExpectFaults("k\tposition 12: the page before ends at position 30: they overlap\n", 2, "1 fault");
  db_.WithDb([](rocksdb::DB& db) {
    ASSERT_OK(db.Delete({}, StoredKeyOf("k", 12)));
    ASSERT_OK(db.Delete({}, StoredKeyOf("k", 10)));
  });
  db_.Put("k", 30, Page({"a"}));
  db_.Put("k", 31, Page({}));
  db_.Put("k", 40, Page({"a"}));
  ExpectFaults(
      "k\tposition 30: the page before ends at position 10: values are missing between them\n"
      "k\tposition 40: the page before ends at position 31: values are missing between them\n",
      2, "2 faults");
}

TEST_F(LongCheckTest, VerifyNamesWhatIsNoPage) {
  Make();
  db_.Put("k", 10, "\xFF");
  db_.WithDb([](rocksdb::DB& db) {
    ASSERT_OK(db.Put({}, "plain", Page({"a"})));
    ASSERT_OK(db.Put({}, "z", Page({"a"})));
  });
  const std::string why =
      "compact blob: tag at offset 0: found 0xFF (not a tag of this layout), expected "
      "0xB0..0xB2 or 0xB4..0xB6";
  ExpectFaults("k\tposition 10: not a list: " + why +
                   "\n"
                   "plain\tnot the key of a page: another program wrote it, or it is damaged\n"
                   "z\tnot the key of a page: another program wrote it, or it is damaged\n",
               2, "3 faults");
}

TEST_F(LongCheckTest, CompactFoldsTheOpenPageOfOneList) {
  Make();
  const Result key = Run({"compact", "--key", "l"});
  EXPECT_EQ(key.exit_status, 0);
  EXPECT_TRUE(Has(key.err, ": before 1 operand of 1 key, ")) << key.err;
  EXPECT_TRUE(Has(key.err, "; after 0 operands of 0 keys, 0 B; ")) << key.err;
  const Result again = Run({"compact", "--key", "l"});
  EXPECT_EQ(again.err,
            "sheaf compact: " + db_.path() + ": no operand is pending there; nothing was done\n");
  ASSERT_EQ(Out({"append", "k", "more"}), "");
  EXPECT_EQ(Run({"compact", "--prefix", "k"}).exit_status, 0);
  EXPECT_TRUE(Has(Out({"stats", "--debt", "--format", "json"}), "\"debt\":{\"operands\":0,"));
  EXPECT_EQ(db_.PagesOf("k"), (Pages{{0, List(10, "v")},
                                     {10, List(20, "v")},
                                     {kOpenPage, {"w", "w", "w", "w", "w", "more"}}}));
}

// What another merge operator made of an open page is separated; sealed pages keep their positions.
TEST_F(LongCheckTest, RepairMendsPagesInTheirPlace) {
  Make();
  db_.Put("l", kOpenPage, Page({"x"}) + ":" + Page({"y"}));
  db_.Put("k", 0, Page(List(8, "v")) + ":" + Page({"a", "b"}));
  const Result dry = Run({"repair", "--dry-run"});
  EXPECT_EQ(dry.exit_status, 0);
  const std::string lines =
      "k\tposition 0: 2 parts joined with \":\"; 10 values\n"
      "l\topen page: 2 parts joined with \":\"; 2 values\n";
  EXPECT_EQ(dry.out, lines);
  const Result done = Run({"repair"});
  EXPECT_EQ(done.exit_status, 0);
  EXPECT_EQ(done.out, lines);
  EXPECT_EQ(done.err,
            "sheaf repair: " + db_.path() + ": 2 keys checked, 2 mended, 0 left as they are\n");
  List first(8, "v");
  first.insert(first.end(), {"a", "b"});
  EXPECT_EQ(db_.PagesOf("k")[0], first);
  EXPECT_EQ(db_.ListOf("l"), (List{"x", "y"}));
  EXPECT_EQ(Run({"verify"}).exit_status, 0);
}

TEST_F(LongCheckTest, RepairLeavesASealedPageWhosePositionsWouldChange) {
  Make();
  db_.Put("k", 0, Page(List(8, "v")) + ":" + Page({"a"}));
  db_.Put("k", 10, Page(List(19, "v")) + ":" + Page({"a"}));
  db_.WithDb([](rocksdb::DB& db) { ASSERT_OK(db.Put({}, "plain", "p")); });
  const auto before = db_.PagesOf("l");
  const Result left = Run({"repair"});
  EXPECT_EQ(left.exit_status, 1);
  EXPECT_EQ(left.out,
            "k\tposition 0: left as it is: the next page is at position 10, so it had 10 values, "
            "and 9 can be read\n"
            "k\tposition 10: left as it is: it is the last sealed page, and nothing says how many "
            "values it had\n"
            "plain\tleft as it is: not the key of a page\n");
  EXPECT_EQ(left.err,
            "sheaf repair: " + db_.path() + ": 2 keys checked, 0 mended, 3 left as they are\n");
  EXPECT_EQ(db_.PagesOf("l"), before);
}

// As RocksDB's `ldb` does without the plugin.
TEST_F(LongCheckTest, RepairPutsPageBytesBack) {
  Make();
  // RocksDB drops a log with operands, if there is no operator.
  db_.WithDb([](rocksdb::DB& db) {
    ASSERT_OK(db.CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr));
  });
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::Open(rocksdb::Options(), db_.path(), &opened));
  delete opened;
  EXPECT_EQ(Run({"get", "k"}).exit_status, 1);
  const Result repaired = Run({"repair"});
  EXPECT_EQ(repaired.exit_status, 0) << repaired.err;
  EXPECT_TRUE(Has(repaired.err, "merge operator none -> sheaf.append, layout compact, as in "));
  EXPECT_EQ(Out({"count", "k"}), "35\n");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
