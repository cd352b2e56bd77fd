// StoredKey, against docs/format.md: an escape that a model writes byte by byte, and the order that
// it must keep.

#include "plugin/codec/stored_key.h"

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "tests/codec/lists.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace test {
namespace {

using internal::StoredKey;

std::string Model(const std::string& key, uint64_t position) {
  std::string stored;
  for (const char c : key) {
    stored += c;
    if (c == '\0') stored += '\xFF';
  }
  stored += std::string("\0\x01", 2);
  for (int shift = 56; shift >= 0; shift -= 8) stored += static_cast<char>(position >> shift);
  return stored;
}

// Keys of few different bytes, so that many are prefixes of others, and any.
std::string RandomKey(std::mt19937_64& random) {
  static constexpr char kBytes[] = {'\0', '\x01', '\x02', '\xFE', '\xFF', 'a'};
  std::string key(random() % 6, '\0');
  const bool any = random() % 4 == 0;
  for (char& c : key) c = any ? static_cast<char>(random()) : kBytes[random() % sizeof kBytes];
  return key;
}

uint64_t RandomPosition(std::mt19937_64& random) {
  switch (random() % 4) {
    case 0:
      return random() % 3;
    case 1:
      return UINT64_MAX - random() % 3;
    default:
      return random() >> (random() % 64);
  }
}

std::vector<std::string> SomeKeys(int count) {
  std::mt19937_64 random(1);
  std::vector<std::string> keys = {"", std::string(1000, '\0'), std::string(300, '\xFF')};
  for (int i = 0; i < count; ++i) keys.push_back(RandomKey(random));
  return keys;
}

std::string ToHex(std::string_view bytes) {
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

TEST(StoredKeyTest, HasTheBytesOfTheFormatPage) {
  EXPECT_EQ(ToHex(StoredKey("user:7").At(1000)),
            "757365723a37"
            "0001"
            "00000000000003e8");
  EXPECT_EQ(ToHex(StoredKey("user:7").Open()),
            "757365723a37"
            "0001"
            "ffffffffffffffff");
  EXPECT_EQ(ToHex(StoredKey("").At(0)),
            "0001"
            "0000000000000000");
  EXPECT_EQ(ToHex(StoredKey(Hex("00")).At(1)),
            "00ff"
            "0001"
            "0000000000000001");
  EXPECT_EQ(ToHex(StoredKey(Hex("61 00 01 00 FF")).At(0x0102030405060708)),
            "6100ff0100ffff"
            "0001"
            "0102030405060708");
  EXPECT_EQ(ToHex(StoredKey("a").prefix()), "610001");
}

TEST(StoredKeyTest, IsThatOfTheModel) {
  std::mt19937_64 random(2);
  for (const std::string& key : SomeKeys(20000)) {
    StoredKey stored(key);
    for (int i = 0; i < 3; ++i) {
      const uint64_t position = RandomPosition(random);
      ASSERT_EQ(stored.At(position), Model(key, position)) << ToHex(key);
    }
    ASSERT_EQ(stored.Open(), Model(key, UINT64_MAX));
    ASSERT_EQ(stored.prefix(), Model(key, 0).substr(0, Model(key, 0).size() - 8));
  }
}

TEST(StoredKeyTest, ParseGivesBackKeyAndPosition) {
  std::mt19937_64 random(3);
  for (const std::string& key : SomeKeys(20000)) {
    const uint64_t position = RandomPosition(random);
    std::string parsed = "before";
    uint64_t at = 0;
    ASSERT_TRUE(StoredKey::Parse(Model(key, position), &parsed, &at)) << ToHex(key);
    ASSERT_EQ(parsed, key);
    ASSERT_EQ(at, position);
  }
}

TEST(StoredKeyTest, KeepsTheOrderOfKeysAndThenOfPositions) {
  std::mt19937_64 random(4);
  const std::vector<std::string> keys = SomeKeys(3000);
  for (int i = 0; i < 200000; ++i) {
    const std::pair<std::string, uint64_t> a = {keys[random() % keys.size()],
                                                RandomPosition(random)};
    std::pair<std::string, uint64_t> b = {keys[random() % keys.size()], RandomPosition(random)};
    if (i % 3 == 0) b.first = a.first;
    // std::string compares bytes as RocksDB does: as unsigned ones.
    ASSERT_EQ(StoredKey(a.first).At(a.second) < StoredKey(b.first).At(b.second), a < b)
        << ToHex(a.first) << " " << a.second << ", " << ToHex(b.first) << " " << b.second;
  }
}

TEST(StoredKeyTest, NoPrefixIsThePrefixOfAnother) {
  std::vector<std::string> keys = SomeKeys(3000);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  std::vector<std::string> prefixes;
  for (const std::string& key : keys) prefixes.emplace_back(StoredKey(key).prefix());
  // They are in order, so that of a prefix and what begins with it, all between begin with it, too.
  ASSERT_TRUE(std::is_sorted(prefixes.begin(), prefixes.end()));
  for (size_t i = 1; i < prefixes.size(); ++i) {
    ASSERT_NE(prefixes[i].substr(0, prefixes[i - 1].size()), prefixes[i - 1])
        << ToHex(keys[i - 1]) << ", " << ToHex(keys[i]);
  }
}

TEST(StoredKeyTest, HasFindsThePagesOfItsListAlone) {
  std::mt19937_64 random(5);
  const std::vector<std::string> keys = SomeKeys(3000);
  for (int i = 0; i < 100000; ++i) {
    const std::string& key = keys[random() % keys.size()];
    const std::string& other = keys[random() % keys.size()];
    const uint64_t position = RandomPosition(random);
    uint64_t found = 0;
    ASSERT_EQ(StoredKey(key).Has(Model(other, position), &found), key == other);
    ASSERT_TRUE(StoredKey(key).Has(Model(key, position), &found));
    ASSERT_EQ(found, position);
  }
  uint64_t found = 0;
  EXPECT_FALSE(StoredKey("a").Has("", &found));
  EXPECT_FALSE(StoredKey("a").Has(StoredKey("a").prefix(), &found));
  EXPECT_FALSE(StoredKey("a").Has(Model("a", 1) + "x", &found));
}

TEST(StoredKeyTest, BoundsAreAroundThePagesOfAList) {
  std::mt19937_64 random(6);
  const std::vector<std::string> keys = SomeKeys(3000);
  for (int i = 0; i < 100000; ++i) {
    const std::string& key = keys[random() % keys.size()];
    const std::string& other = keys[random() % keys.size()];
    const std::string page = Model(other, RandomPosition(random));
    ASSERT_EQ(page >= StoredKey::LowerBound(key), other >= key) << ToHex(key) << ToHex(other);
    ASSERT_EQ(page >= StoredKey::UpperBound(key), other > key) << ToHex(key) << ToHex(other);
  }
}

// What begins with a zero byte in the escape: FF, or 01 at the end.
bool IsStoredKey(const std::string& bytes) {
  if (bytes.size() < 10) return false;
  size_t i = 0;
  for (; i + 8 < bytes.size(); ++i) {
    if (bytes[i] != '\0') continue;
    const char next = bytes[++i];
    if (next == '\x01') return i + 1 + 8 == bytes.size();
    if (next != '\xFF') return false;
  }
  return false;
}

TEST(StoredKeyTest, ParseRefusesWhatIsNone) {
  std::string key;
  uint64_t position = 0;
  const auto parses = [&](const std::string& bytes) {
    return StoredKey::Parse(bytes, &key, &position);
  };
  EXPECT_FALSE(parses(""));
  EXPECT_FALSE(parses("user:7"));
  EXPECT_FALSE(parses(Hex("01 0000000000000000"))) << "too short";
  EXPECT_FALSE(parses(Hex("61 0000 0000000000000000"))) << "no end";
  EXPECT_FALSE(parses(Hex("61 0002 0000000000000000"))) << "no end";
  EXPECT_FALSE(parses(Hex("61 00 62 0001 0000000000000000"))) << "a zero byte that is not escaped";
  EXPECT_FALSE(parses(Hex("61 0001 62 0001 0000000000000000"))) << "an end in the middle";
  EXPECT_FALSE(parses(Hex("61 00 0001 0000000000000000"))) << "a zero byte before the end";
  // Cut at every length, and with a byte more.
  const std::string whole = Model(Hex("61 00 62"), 7);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(parses(whole.substr(0, size))) << size;
  }
  EXPECT_FALSE(parses(whole + '\x05'));
  // Any bytes.
  std::mt19937_64 random(7);
  static constexpr char kBytes[] = {'\0', '\x01', '\xFF', '\x02', 'a'};
  int valid = 0;
  for (int i = 0; i < 300000; ++i) {
    std::string bytes(random() % 16, '\0');
    for (char& c : bytes) c = kBytes[random() % sizeof kBytes];
    const bool is_one = IsStoredKey(bytes);
    ASSERT_EQ(parses(bytes), is_one) << ToHex(bytes);
    if (!is_one) continue;
    ++valid;
    ASSERT_EQ(Model(key, position), bytes) << "one key has one escape";
  }
  EXPECT_GT(valid, 100);
}

}  // namespace
}  // namespace test
}  // namespace sheaf
