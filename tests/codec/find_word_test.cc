#include "plugin/codec/find_word.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "plugin/codec/editable_list.h"
#include "sheaf/blob_builder.h"
#include "tests/support/guarded_bytes.h"

namespace sheaf {
namespace internal {
namespace {

size_t Expected(std::string_view bytes, size_t stride, size_t count, uint64_t mask, uint64_t word) {
  for (size_t i = 0; i < count; ++i) {
    uint64_t found;
    std::memcpy(&found, bytes.data() + i * stride, sizeof found);
    if ((found & mask) == word) return i;
  }
  return count;
}

TEST(FindWordTest, FindsTheFirst) {
  std::mt19937_64 random(1);
  test::GuardedBytes guarded(size_t{1} << 14);
  for (size_t stride = 1; stride <= 24; ++stride) {
    for (const size_t count :
         {size_t{0}, size_t{1}, size_t{31}, size_t{32}, size_t{33}, size_t{200}, size_t{321}}) {
      for (const unsigned bits : {0, 8, 24, 32, 40, 64}) {
        const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
        std::string bytes(count == 0 ? 0 : (count - 1) * stride + 8, '\0');
        for (char& byte : bytes) byte = static_cast<char>(random() % 3);
        // One that is there, and one that is not.
        uint64_t word = 0x7F7F7F7F7F7F7F7F;
        if (count != 0 && random() % 4 != 0) {
          std::memcpy(&word, bytes.data() + random() % count * stride, sizeof word);
        }
        word &= mask;
        const std::string_view at = guarded.AtEnd(bytes);
        EXPECT_EQ(FindWord(at.data(), stride, count, mask, word),
                  Expected(at, stride, count, mask, word))
            << "stride " << stride << ", count " << count << ", bits " << bits;
      }
    }
  }
}

// What looks for words: removes in a list of values of one size, which ends where memory does.
TEST(FindWordTest, RemovesFindEveryValueOfEqualSize) {
  std::mt19937 random(2);
  test::GuardedBytes guarded(size_t{1} << 14);
  for (size_t size = 1; size <= 20; ++size) {
    for (const size_t count : {2, 9, 40, 41, 300}) {
      std::vector<std::string> values;
      for (size_t i = 0; i < count; ++i) {
        values.push_back(std::string(size, 'x'));
        values.back()[random() % size] = static_cast<char>('a' + random() % 20);
      }
      const std::string blob =
          Encode(std::vector<std::string_view>(values.begin(), values.end())).value();
      for (const size_t i : {size_t{0}, count / 2, count - 1}) {
        for (size_t bytes = 1; bytes <= size; ++bytes) {
          const std::string removed = values[i].substr(0, bytes);
          EditableList list;
          list.Append(BlobView::Parse(guarded.AtEnd(blob)).value());
          bytes == size ? list.Remove(removed) : list.RemovePrefix(removed);
          const auto left = std::count_if(
              values.begin(), values.end(),
              [&](const std::string& value) { return value.compare(0, bytes, removed) != 0; });
          EXPECT_EQ(list.size(), static_cast<uint64_t>(left)) << size << " " << count << " " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
