// get, scan, keys, count, export, append, trim and delete on long lists: lists, not pages.

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "tests/support/ok.h"
#include "tests/tool/long_db.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

std::string Lines(const List& values, const std::string& lead = "") {
  std::string lines;
  for (const std::string& value : values) lines += lead + value + "\n";
  return lines;
}

class LongCommandsTest : public ::testing::TestWithParam<Layout> {
 protected:
  const std::string folder_ = TestFolder();
  const LongDb db_{folder_ + "/db", 300, GetParam()};

  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--db", db_.path()});
    return RunSheaf(arguments);
  }
  std::string Out(const std::vector<std::string>& arguments) {
    const Result result = Run(arguments);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }
  // Values "0", "1", ... in two sealed pages and an open one, of which the first three are trimmed.
  List Make(const std::string& key) {
    List all;
    for (int i = 0; i < 60; ++i) all.push_back(std::to_string(i));
    db_.With([&](LongStore& lists) {
      for (const auto& [begin, end] : {std::pair(0, 20), std::pair(20, 50), std::pair(50, 60)}) {
        ASSERT_OK(lists.Append({}, key, List(all.begin() + begin, all.begin() + end)));
        if (end != 60) ASSERT_OK(lists.Seal(key));
      }
      ASSERT_OK(lists.TrimBefore({}, key, 3));
    });
    return List(all.begin() + 3, all.end());
  }
};
INSTANTIATE_TEST_SUITE_P(Layouts, LongCommandsTest,
                         ::testing::Values(Layout::kCompact, Layout::kFixed64),
                         [](const auto& info) { return std::string(LayoutName(info.param)); });

TEST_P(LongCommandsTest, GetPrintsEachRangeOfPositions) {
  const List list = Make("k");
  EXPECT_EQ(Out({"get", "k"}), Lines(list));
  EXPECT_EQ(Out({"count", "k"}), "57\n");
  for (int from : {0, 2, 3, 4, 19, 20, 21, 49, 50, 59, 60, 1000}) {
    EXPECT_EQ(Out({"get", "k", "--from", std::to_string(from)}),
              Lines(List(list.begin() + std::clamp(from - 3, 0, 57), list.end())));
    for (int count : {1, 2, 30, 100}) {
      const int begin = std::clamp(from - 3, 0, 57);
      const int end = std::clamp(from + count - 3, begin, 57);
      EXPECT_EQ(Out({"get", "k", "--from", std::to_string(from), "--count", std::to_string(count)}),
                Lines(List(list.begin() + begin, list.begin() + end)))
          << from << " " << count;
    }
  }
  EXPECT_EQ(Out({"get", "k", "--from", "18446744073709551615", "--count", "2"}), "");
  for (int last : {1, 10, 11, 41, 57, 58}) {
    EXPECT_EQ(Out({"get", "k", "--last", std::to_string(last)}),
              Lines(List(list.end() - std::min(last, 57), list.end())));
  }
  EXPECT_EQ(Out({"get", "k", "--index", "25"}), "25\n");
  for (const auto& [index, why] :
       {std::pair("2", "the first index is 3"), std::pair("60", "the last index is 59")}) {
    const Result result = Run({"get", "k", "--index", index});
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_EQ(result.err, "sheaf get: --index " + std::string(index) +
                              ": the list of key \"k\" has 57 values; " + why + "\n");
  }
  const Result none = Run({"get", "none"});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_EQ(none.err, "sheaf get: " + db_.path() + ": key not found: \"none\"\n");
}

TEST_P(LongCommandsTest, EveryFormatPrintsListsUnderTheKeysOfTheUser) {
  const std::string layout = LayoutName(GetParam());
  const std::string odd("a\0b", 3);
  db_.With([&](LongStore& lists) {
    ASSERT_OK(lists.Append({}, odd, {"x", "y"}));
    ASSERT_OK(lists.Seal(odd));
    ASSERT_OK(lists.Append({}, odd, {"z,"}));
    ASSERT_OK(lists.Append({}, "b", {"1"}));
    ASSERT_OK(lists.Append({}, "c", {"1"}));
    ASSERT_OK(lists.TrimBefore({}, "c", 1));  // empty, goes on at 1
  });
  EXPECT_EQ(Out({"scan"}), "a\\x00b\tx\na\\x00b\ty\na\\x00b\tz,\nb\t1\nc\n");
  EXPECT_EQ(Out({"keys"}), "a\\x00b\nb\nc\n");
  EXPECT_EQ(Out({"count"}), "lists 3\nvalues 4\n");
  EXPECT_EQ(Out({"scan", "--prefix", "b"}), "b\t1\n");
  EXPECT_EQ(Out({"scan", "--prefix", "a"}), "a\\x00b\tx\na\\x00b\ty\na\\x00b\tz,\n");
  EXPECT_EQ(Out({"keys", "--from", "b", "--to", "c"}), "b\n");
  EXPECT_EQ(Out({"keys", "--from", "a", "--to", "b", "--limit", "1"}), "a\\x00b\n");
  EXPECT_EQ(Out({"scan", "--format", "json"}),
            "{\"key\":\"a\\u0000b\",\"layout\":\"" + layout +
                "\",\"first\":0,\"count\":3,\"values\":[\"x\",\"y\",\"z,\"]}\n"
                "{\"key\":\"b\",\"layout\":\"" +
                layout +
                "\",\"first\":0,\"count\":1,\"values\":[\"1\"]}\n{\"key\":\"c\",\"layout\":\"" +
                layout + "\",\"first\":1,\"count\":0,\"values\":[]}\n");
  EXPECT_EQ(Out({"get", "--escaped", "a\\x00b", "--format", "json", "--from", "1", "--count", "1"}),
            "{\"key\":\"a\\u0000b\",\"layout\":\"" + layout +
                "\",\"first\":0,\"count\":3,\"values\":[\"y\"]}\n");
  EXPECT_EQ(Out({"export", "--format", "jsonl"}),
            "{\"key\":\"a\\u0000b\",\"values\":[\"x\",\"y\",\"z,\"]}\n"
            "{\"key\":\"b\",\"values\":[\"1\"]}\n{\"key\":\"c\",\"values\":[]}\n");
  EXPECT_EQ(Out({"get", "b", "--format", "raw"}), "1");
  EXPECT_EQ(Out({"get", "b", "--format", "csv", "--header"}), "key,value\nb,1\n");
  // Nothing new is not an empty list.
  EXPECT_EQ(Out({"get", "b", "--format", "tsv", "--from", "1"}), "");
  const Result left_out = Run({"export", "--format", "csv"});
  EXPECT_EQ(left_out.exit_status, 1);
  const std::string comma = odd + ",";
  EXPECT_EQ(left_out.out, "\"" + odd + "\",x\n" + comma + "y\n" + comma + "\"z,\"\n" + "b,1\n");
  EXPECT_EQ(left_out.err,
            "sheaf export: 1 key left out, which have an empty list; the first is \"c\". Use "
            "--format jsonl, which can express them\n");
}

TEST_P(LongCommandsTest, PlainListsHavePositionsForGetToo) {
  const std::string plain = folder_ + "/plain";
  ASSERT_EQ(RunSheaf({"load", "--db", plain}, "k\ta\nk\tb\nk\tc\n").exit_status, 0);
  const auto get = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"get", "--db", plain, "k"});
    return RunSheaf(arguments).out;
  };
  EXPECT_EQ(get({"--from", "1"}), "b\nc\n");
  EXPECT_EQ(get({"--from", "1", "--count", "1"}), "b\n");
  EXPECT_EQ(get({"--count", "2"}), "a\nb\n");
  EXPECT_EQ(get({"--from", "3"}), "");
  EXPECT_EQ(get({"--from", "2", "--format", "tsv"}), "k\tc\n");
  const Result trim = RunSheaf({"trim", "--db", plain, "k", "--before", "1"});
  EXPECT_EQ(trim.exit_status, 1);
  EXPECT_EQ(trim.err, "sheaf trim: " + plain +
                          ": --before is for long lists, whose values have positions that stay; "
                          "here --keep-last N keeps the newest values\n");
}

TEST_P(LongCommandsTest, AppendSealsAnOpenPageThatIsPastPageBytes) {
  db_.With([](LongStore&) {});
  List list;
  for (int i = 0; i < 40; ++i) {
    const std::string value = "a value with the number " + std::to_string(i);
    EXPECT_EQ(Out({"append", "k", value}), "");
    list.push_back(value);
  }
  const Pages pages = db_.PagesOf("k");
  EXPECT_EQ(db_.ListOf("k"), list);
  ASSERT_GT(pages.size(), 2u);
  uint64_t next = 0;
  for (const auto& [position, page] : pages) {
    if (position == kOpenPage) continue;
    EXPECT_EQ(position, next);
    next += page.size();
  }
  EXPECT_EQ(Out({"get", "k"}), Lines(list));
}

TEST_P(LongCommandsTest, TrimAndDeleteAct) {
  const List list = Make("k");
  EXPECT_EQ(Out({"trim", "k", "--before", "25"}), "");
  EXPECT_EQ(Out({"get", "k"}), Lines(List(list.begin() + 22, list.end())));
  EXPECT_EQ(Out({"trim", "k", "--keep-last", "5"}), "");
  EXPECT_EQ(Out({"get", "k"}), Lines(List(list.end() - 5, list.end())));
  EXPECT_EQ(Out({"trim", "k", "--keep-last", "0"}), "");
  EXPECT_EQ(Out({"get", "k"}), "");
  EXPECT_EQ(Out({"append", "k", "new"}), "");
  EXPECT_EQ(Out({"get", "k", "--from", "60"}), "new\n");
  const Result first = Run({"trim", "k", "--keep-first", "1"});
  EXPECT_EQ(first.exit_status, 1);
  EXPECT_EQ(first.err,
            "sheaf trim: " + db_.path() +
                ": --keep-first drops the newest values, which a long list cannot, as their "
                "positions would be those of other values then\n");
  EXPECT_EQ(Out({"delete", "k"}), "");
  EXPECT_EQ(Out({"keys"}), "");
  EXPECT_EQ(db_.PagesOf("k"), Pages());
  const Result none = Run({"delete", "k", "j"});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_EQ(none.err, "sheaf delete: " + db_.path() + ": key not found: \"k\"\nsheaf delete: " +
                          db_.path() + ": key not found: \"j\"\n");
}

TEST_P(LongCommandsTest, APageThatDoesNotDecodeIsNamedAndTheOthersAreRead) {
  const List list = Make("k");
  db_.With([](LongStore& lists) { ASSERT_OK(lists.Append({}, "l", "1")); });
  db_.Put("k", 20, "\xFF");
  const std::string fault = db_.path() + ": the page at position 20 of key \"k\" is not a list: ";
  const Result get = Run({"get", "k"});
  EXPECT_EQ(get.exit_status, 1);
  EXPECT_EQ(get.err.find("sheaf get: " + fault), 0u) << get.err;
  // What is behind the last sealed page has no positions then.
  EXPECT_EQ(get.out, Lines(List(list.begin(), list.begin() + 17)));
  EXPECT_EQ(Out({"get", "k", "--from", "4", "--count", "2"}), "4\n5\n");
  const Result scan = Run({"scan"});
  EXPECT_EQ(scan.exit_status, 1);
  EXPECT_EQ(scan.out, "l\t1\n");
  EXPECT_EQ(scan.err.find("sheaf scan: " + fault), 0u) << scan.err;
  const Result exported = Run({"export"});
  EXPECT_EQ(exported.exit_status, 1);
  EXPECT_EQ(exported.err.find("sheaf export: " + fault), 0u) << exported.err;
  EXPECT_TRUE(Has(exported.err, "The export ends here."));
  db_.Put("k", 20, Encode(List(30, "x"), GetParam()).value());
  db_.Put("k", 3, "\xFF");
  const Result first = Run({"get", "k", "--from", "3"});
  EXPECT_EQ(first.exit_status, 1);
  EXPECT_EQ(first.err.find("sheaf get: " + db_.path() +
                           ": the page at position 3 of key \"k\" is not a list: "),
            0u);
  EXPECT_EQ(first.out, Lines(List(30, "x")) + Lines(List(list.end() - 10, list.end())));
}

// Against a std::map of vectors.
TEST_P(LongCommandsTest, ExportsWhatAModelHasAndLoadsItBack) {
  std::mt19937 random(7);
  std::map<std::string, std::pair<uint64_t, List>> model;
  db_.With([&](LongStore& lists) {
    for (int step = 0; step < 400; ++step) {
      const std::string key(1 + random() % 3, static_cast<char>(random() % 3));
      auto& [first, list] = model[key];
      switch (random() % 8) {
        case 0:
          ASSERT_OK(lists.Seal(key));
          break;
        case 1: {
          const uint64_t drop = list.empty() ? 0 : random() % list.size();
          ASSERT_OK(lists.TrimBefore({}, key, first + drop));
          list.erase(list.begin(), list.begin() + static_cast<ptrdiff_t>(drop));
          first += drop;
          break;
        }
        default:
          list.emplace_back(random() % 30, static_cast<char>(random()));
          ASSERT_OK(lists.Append({}, key, list.back()));
      }
    }
  });
  std::string framed;
  const auto add_size = [&framed](size_t size) {
    for (int shift = 0; shift < 32; shift += 8) framed.push_back(static_cast<char>(size >> shift));
  };
  for (const auto& [key, found] : model) {
    for (const std::string& value : found.second) {
      add_size(key.size());
      add_size(value.size());
      framed += key + value;
    }
  }
  EXPECT_EQ(Out({"export", "--format", "framed"}), framed);
  for (const std::string format : {"tsv", "jsonl", "csv"}) {
    const std::string rows = Out({"export", "--format", format});
    const std::string back = folder_ + "/back-" + format;
    ASSERT_EQ(RunSheaf({"load", "--db", back, "--format", format}, rows).exit_status, 0);
    EXPECT_EQ(RunSheaf({"export", "--db", back, "--format", "framed"}).out, framed) << format;
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
