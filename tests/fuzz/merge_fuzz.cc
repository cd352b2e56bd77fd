// Any history of a key, merged in any grouping of partial and full merges: what the model says.
//
// The input is the choices: a byte each.

#include "tests/fuzz/fuzz.h"
#include "tests/rocksdb/merge_grouping.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sheaf::fuzz::Input input(data, size);
  const auto choose = [&input] { return input.Byte(); };
  const std::string difference = sheaf::testing::Grouping(choose).Difference();
  sheaf::fuzz::Check(difference.empty(), "a merge gives what the model says", difference);
  return 0;
}
