// PageIndex: what it says is what it was told, and it stays within its memory.

#include "plugin/rocksdb/page_index.h"

#include <map>
#include <random>
#include <string>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tests/support/live_bytes.h"

namespace sheaf {
namespace internal {
namespace {

uint64_t HashOf(const std::string& key) { return absl::HashOf(absl::string_view(key)); }

std::string Key(uint64_t number) { return "key " + std::to_string(number); }

using Range = PageIndex::Range;

std::string Find(const PageIndex& index, const std::string& key, uint64_t position) {
  Range page;
  if (!index.FindPage(HashOf(key), key, position, &page)) return "none";
  return std::to_string(page.begin) + ".." + std::to_string(page.end);
}

void Add(PageIndex* index, const std::string& key, uint64_t begin, uint64_t end) {
  index->AddPage(HashOf(key), key, {begin, end});
}

TEST(PageIndexTest, FindsThePageOfAPosition) {
  PageIndex index(1 << 20);
  EXPECT_EQ(Find(index, "k", 0), "none");
  Add(&index, "k", 10, 20);
  Add(&index, "k", 40, 50);
  Add(&index, "k", 20, 30);
  EXPECT_EQ(Find(index, "k", 9), "none");
  EXPECT_EQ(Find(index, "k", 10), "10..20");
  EXPECT_EQ(Find(index, "k", 19), "10..20");
  EXPECT_EQ(Find(index, "k", 20), "20..30");
  EXPECT_EQ(Find(index, "k", 30), "none");
  EXPECT_EQ(Find(index, "k", 49), "40..50");
  EXPECT_EQ(Find(index, "k", 50), "none");
  EXPECT_EQ(Find(index, "k", UINT64_MAX), "none");
  EXPECT_EQ(Find(index, "another", 10), "none");
  Add(&index, "k", 35, 35);
  EXPECT_EQ(Find(index, "k", 35), "none") << "a page without values has no positions";
}

TEST(PageIndexTest, ANewerPageTakesThePlaceOfThoseItOverlaps) {
  PageIndex index(1 << 20);
  for (uint64_t at = 0; at < 100; at += 10) Add(&index, "k", at, at + 10);
  Add(&index, "k", 25, 45);
  EXPECT_EQ(Find(index, "k", 19), "10..20");
  EXPECT_EQ(Find(index, "k", 20), "none");
  EXPECT_EQ(Find(index, "k", 25), "25..45");
  EXPECT_EQ(Find(index, "k", 44), "25..45");
  EXPECT_EQ(Find(index, "k", 45), "none");
  EXPECT_EQ(Find(index, "k", 50), "50..60");
}

TEST(PageIndexTest, SealedIsKnownForItsVersionAlone) {
  PageIndex index(1 << 20);
  Range sealed;
  EXPECT_FALSE(index.FindSealed(HashOf("k"), "k", 0, &sealed));
  Add(&index, "k", 0, 10);
  EXPECT_FALSE(index.FindSealed(HashOf("k"), "k", 0, &sealed)) << "a page does not tell";
  index.SetSealed(HashOf("k"), "k", 4, {3, 100});
  ASSERT_TRUE(index.FindSealed(HashOf("k"), "k", 4, &sealed));
  EXPECT_EQ(sealed.begin, 3u);
  EXPECT_EQ(sealed.end, 100u);
  EXPECT_FALSE(index.FindSealed(HashOf("k"), "k", 6, &sealed));
  EXPECT_FALSE(index.FindSealed(HashOf("l"), "l", 4, &sealed));
  index.SetSealed(HashOf("k"), "k", 6, {5, 120});
  EXPECT_FALSE(index.FindSealed(HashOf("k"), "k", 4, &sealed));
  ASSERT_TRUE(index.FindSealed(HashOf("k"), "k", 6, &sealed));
  EXPECT_EQ(sealed.end, 120u);
}

TEST(PageIndexTest, WithoutMemoryItKnowsNothing) {
  for (const size_t bytes : {0, 100}) {
    PageIndex index(bytes);
    Add(&index, "k", 0, 10);
    index.SetSealed(HashOf("k"), "k", 4, {3, 100});
    EXPECT_EQ(Find(index, "k", 0), "none");
    Range sealed;
    EXPECT_FALSE(index.FindSealed(HashOf("k"), "k", 4, &sealed));
  }
}

// Against a map of all pages that were entered last.
TEST(PageIndexTest, ForgetsButIsNeverWrong) {
  for (const size_t bytes : {size_t{20000}, size_t{1} << 20}) {
    PageIndex index(bytes);
    std::map<std::string, std::map<uint64_t, uint64_t>> model;  // key, begin, end
    std::mt19937_64 random(bytes);
    uint64_t found = 0;
    for (int i = 0; i < 100000; ++i) {
      const std::string key = Key(random() % 40);
      std::map<uint64_t, uint64_t>& pages = model[key];
      if (random() % 2 == 0) {
        const uint64_t begin = random() % 1000;
        const uint64_t end = begin + 1 + random() % 20;
        Add(&index, key, begin, end);
        for (auto it = pages.begin(); it != pages.end();) {
          it = it->first < end && it->second > begin ? pages.erase(it) : std::next(it);
        }
        pages[begin] = end;
        continue;
      }
      const uint64_t position = random() % 1100;
      Range page;
      if (!index.FindPage(HashOf(key), key, position, &page)) continue;
      ++found;
      ASSERT_LE(page.begin, position);
      ASSERT_GT(page.end, position);
      ASSERT_EQ(pages.count(page.begin), 1u) << page.begin;
      ASSERT_EQ(pages[page.begin], page.end);
    }
    EXPECT_GT(found, 1000u);
  }
}

TEST(PageIndexTest, StaysWithinItsMemory) {
  if (!test::CountsLiveBytes()) GTEST_SKIP();
  static constexpr uint64_t kBytes = 4 << 20;
  const auto with = [](const std::string& what, auto fill) {
    SCOPED_TRACE(what);
    const uint64_t before = test::LiveBytes();
    PageIndex index(kBytes);
    fill(&index);
    EXPECT_LE(test::LiveBytes() - before, kBytes);
    EXPECT_GE(test::LiveBytes() - before, kBytes / 8) << "it is used";
  };
  with("many lists", [](PageIndex* index) {
    for (uint64_t i = 0; i < 200000; ++i) {
      const std::string key = Key(i);
      index->SetSealed(HashOf(key), key, 2, {0, 100});
    }
  });
  with("many lists with a page", [](PageIndex* index) {
    for (uint64_t i = 0; i < 200000; ++i) Add(index, Key(i), 0, 100);
  });
  with("lists with many pages", [](PageIndex* index) {
    for (uint64_t i = 0; i < 500000; ++i) Add(index, Key(i % 100), i * 10, i * 10 + 10);
  });
  with("long keys", [](PageIndex* index) {
    for (uint64_t i = 0; i < 20000; ++i) Add(index, Key(i) + std::string(1000, 'k'), 0, 100);
  });
  // One list is in one shard.
  const uint64_t before = test::LiveBytes();
  PageIndex index(kBytes);
  for (uint64_t i = 0; i < 100000; ++i) Add(&index, "k", i * 10, i * 10 + 10);
  EXPECT_LE(test::LiveBytes() - before, kBytes / 16 + 4096);
  EXPECT_EQ(Find(index, "k", 999995), "999990..1000000");
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
