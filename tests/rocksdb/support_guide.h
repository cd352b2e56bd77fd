// GuideTable: a table of docs/guide.md, read by its first heading, so that the page says what tests
// run and nothing else.
//
// Thread safety: as std::vector.
//
//   const GuideTable table = ReadGuideTable("where lists lie");
//   table.cell("blob files", "DB")     // "yes"

#ifndef SHEAF_TESTS_ROCKSDB_SUPPORT_GUIDE_H_
#define SHEAF_TESTS_ROCKSDB_SUPPORT_GUIDE_H_

#include <string>
#include <vector>

namespace sheaf {
namespace testing {

struct GuideTable {
  std::vector<std::string> columns;             // the headings but the first
  std::vector<std::string> rows;                // the first cell of each row
  std::vector<std::vector<std::string>> cells;  // by row, then column

  // Fails the test, and is empty, where the page has no such row or column.
  std::string cell(const std::string& row, const std::string& column) const;
};

// The first table of the page whose first heading is `heading`.
GuideTable ReadGuideTable(const std::string& heading);

// A name for GoogleTest: the letters and digits of `text`, words capitalized.
std::string TestName(const std::string& text);

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_SUPPORT_GUIDE_H_
