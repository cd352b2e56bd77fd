// Any bytes at all, as either layout: the library must say what the reference codec says, and
// read the same values.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "sheaf/layout.h"
#include "tests/codec/differential.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const sheaf::Layout layout : {sheaf::Layout::kCompact, sheaf::Layout::kFixed64}) {
    const std::string difference = sheaf::test::DecodeDifference(bytes, layout);
    if (difference.empty()) continue;
    std::fprintf(stderr, "%s: %s\n", sheaf::LayoutName(layout), difference.c_str());
    std::abort();
  }
  return 0;
}
