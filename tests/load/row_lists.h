// Sorted rows for tests: as lists, into a table.

#ifndef SHEAF_TESTS_LOAD_ROW_LISTS_H_
#define SHEAF_TESTS_LOAD_ROW_LISTS_H_

#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/comparator.h"
#include "tools/load/sort/row_record.h"
#include "tools/load/sort/row_table.h"
#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

inline const KeyOrder kBytewise(rocksdb::BytewiseComparator());

using Lists = std::map<std::string, std::vector<std::string>>;

// The rows of `rows` as lists; `*order` gets the keys as they came.
inline Lists ListsOf(SortedRows& rows, std::vector<std::string>* order) {
  Lists lists;
  uint64_t position = 0;
  while (rows.Next()) {
    const std::string key(rows.key());
    if (order->empty() || order->back() != key) {
      EXPECT_EQ(lists.count(key), 0u) << "a key in two places";
      order->push_back(key);
    } else {
      EXPECT_GE(rows.position(), position);
    }
    position = rows.position();
    std::vector<std::string>& list = lists[key];
    const char* at = rows.body().data();
    for (uint64_t left = LoadVarint(&at); left != 0; --left) list.emplace_back(LoadText(&at));
  }
  EXPECT_TRUE(rows.status().ok()) << rows.status();
  return lists;
}

inline void AddRow(RowTable* table, std::string_view key, std::string_view value) {
  ASSERT_TRUE(table->Add(key, {&value, 1}).ok());
}

// Few different bytes and lengths around the window's: ties at every depth.
inline std::string TiedKey(std::mt19937* random, size_t prefix) {
  std::string key(prefix, 'p');
  for (size_t n = (*random)() % 20; n > 0; --n) key += "\0a\xff"[(*random)() % 3];
  return key.empty() ? "x" : key;
}

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TESTS_LOAD_ROW_LISTS_H_
