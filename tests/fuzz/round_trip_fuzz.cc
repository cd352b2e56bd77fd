// Any list of values, in either layout: every encoder writes the reference codec's bytes, and those
// decode to the list.
//
// The input is a list: a byte of size before each value. Sizes from 252 on stretch the value to
// 300, 20,000, 40,000 or 70,000 bytes, so that all widths are within reach of small inputs.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sheaf/layout.h"
#include "tests/codec/differential.h"

namespace {

sheaf::reference::Values ReadList(std::string_view input) {
  constexpr size_t kStretched[] = {300, 20000, 40000, 70000};
  sheaf::reference::Values values;
  size_t stretched = 0;
  while (!input.empty()) {
    const size_t size = static_cast<uint8_t>(input[0]);
    input.remove_prefix(1);
    if (size < 252 || ++stretched > 3) {
      values.emplace_back(input.substr(0, size));
      input.remove_prefix(values.back().size());
    } else {
      values.emplace_back(kStretched[size - 252], static_cast<char>(input.size()));
    }
  }
  return values;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using sheaf::test::DecodeDifference;
  using sheaf::test::EncodeDifference;
  const auto values = ReadList(std::string_view(reinterpret_cast<const char*>(data), size));
  for (const sheaf::Layout layout : {sheaf::Layout::kCompact, sheaf::Layout::kFixed64}) {
    std::string difference = EncodeDifference(values, layout);
    if (difference.empty()) {
      const auto form = sheaf::test::FormOf(layout);
      difference = DecodeDifference(sheaf::reference::Encode(values, form), layout);
    }
    if (difference.empty()) continue;
    std::fprintf(stderr, "%s: %s\n", sheaf::LayoutName(layout), difference.c_str());
    std::abort();
  }
  return 0;
}
