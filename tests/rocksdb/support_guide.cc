#include "tests/rocksdb/support_guide.h"

#include <algorithm>
#include <cctype>
#include <fstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace sheaf {
namespace testing {
namespace {

// The cells of a line `| a | b |`.
std::vector<std::string> Cells(const std::string& line) {
  std::vector<std::string> cells;
  const std::vector<std::string> parts = absl::StrSplit(line, '|');
  for (size_t i = 1; i + 1 < parts.size(); ++i) {
    cells.emplace_back(absl::StripAsciiWhitespace(parts[i]));
  }
  return cells;
}

}  // namespace

std::string GuideTable::cell(const std::string& row, const std::string& column) const {
  const auto at_row = std::find(rows.begin(), rows.end(), row);
  const auto at_column = std::find(columns.begin(), columns.end(), column);
  if (at_row == rows.end() || at_column == columns.end()) {
    ADD_FAILURE() << "docs/guide.md has no cell for row \"" << row << "\" and column \"" << column
                  << "\"";
    return "";
  }
  return cells[static_cast<size_t>(at_row - rows.begin())]
              [static_cast<size_t>(at_column - columns.begin())];
}

GuideTable ReadGuideTable(const std::string& heading) {
  GuideTable table;
  std::ifstream file("docs/guide.md");
  EXPECT_TRUE(file.good()) << "cannot read docs/guide.md";
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells = Cells(line);
    if (!inside) {
      inside = !cells.empty() && cells[0] == heading;
      if (inside) table.columns.assign(cells.begin() + 1, cells.end());
      continue;
    }
    if (cells.empty()) break;
    if (cells[0].rfind("---", 0) == 0) continue;
    EXPECT_EQ(cells.size(), table.columns.size() + 1) << line;
    table.rows.push_back(cells[0]);
    cells.erase(cells.begin());
    cells.resize(table.columns.size());
    table.cells.push_back(std::move(cells));
  }
  EXPECT_TRUE(inside) << "docs/guide.md has no table that starts with " << heading;
  return table;
}

std::string TestName(const std::string& text) {
  std::string name;
  bool starts = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) == 0) {
      starts = true;
      continue;
    }
    name += starts ? static_cast<char>(std::toupper(byte)) : c;
    starts = false;
  }
  return name;
}

}  // namespace testing
}  // namespace sheaf
