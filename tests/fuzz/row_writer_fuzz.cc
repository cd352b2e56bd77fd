// Any lists, written as rows in each format and read: the same lists.
//
// The input is a list of keys and values: a byte of size before each; a size of 255 is one of
// 70,000 bytes, and one of 254 ends the list of a key.

#include <string>
#include <string_view>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/rows.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sheaf::load::RowFormat;
  sheaf::fuzz::Input input(data, size);
  sheaf::fuzz::Lists lists;
  size_t stretched = 0;
  while (!input.empty()) {
    std::string key(input.Text());
    if (key.empty()) key = "k";
    sheaf::fuzz::Lists::mapped_type& list = lists[key];
    for (unsigned bytes; !input.empty() && (bytes = input.Byte()) != 254;) {
      std::string value(input.Take(bytes));
      // Past the sizes at which writing goes on piece by piece.
      if (bytes == 255 && ++stretched < 4) {
        for (const std::string piece = value + "x"; value.size() < 70000;) value += piece;
      }
      list.push_back(value);
    }
  }
  for (const RowFormat format :
       {RowFormat::kTsv, RowFormat::kJsonl, RowFormat::kFramed, RowFormat::kCsv}) {
    sheaf::fuzz::CheckWriteAndRead(format, lists);
  }
  return 0;
}
