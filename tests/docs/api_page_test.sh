#!/bin/bash
# docs/api.md lists every name of the public headers, and each of them has a comment. A name that is new,
# gone, changed or without a comment is told.
set -eu -o pipefail
names() { python3 tools/docs/public_names.py "$@"; }
names --check docs/api.md include/sheaf/*.h

scratch=$(mktemp -d "${TEST_TMPDIR:-/tmp}/api.XXXXXX")
cp include/sheaf/*.h "$scratch"
chmod u+w "$scratch"/*
cat >"$scratch/changed.h" <<'HEADER'
namespace sheaf {
namespace internal {
class Hidden {};
}  // namespace internal

struct Undocumented {
  // Has a comment.
  template <typename T, typename = std::enable_if_t<(sizeof(T) > 1)>>
  [[nodiscard]] T New(const T& value = {}) const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return {value};  // } in a comment
  }
  Undocumented(const Undocumented&) = delete;

 private:
  int hidden_ = 0;
};

constexpr char kNew[] = "{;";  // a constant
}  // namespace sheaf
HEADER
sed -i 's/uint64_t first, size_t count,/uint64_t first, uint64_t count,/' "$scratch/store.h"
sed -i '/uint64_t failed = 0;/d' "$scratch/store_stats.h"
names --check docs/api.md "$scratch"/*.h >"$scratch/found" && exit 1
diff "$scratch/found" - <<'EXPECTED'
not in docs/api.md: changed.h  struct Undocumented
not in docs/api.md: changed.h Undocumented T New(const T& value = {}) const
not in docs/api.md: changed.h  constexpr char kNew[]
not in docs/api.md: store.h Store Status GetRange(const ReadOptions& options, const Slice& key, uint64_t first, uint64_t count, std::vector<PinnedSlice>* values)
only in docs/api.md: store.h Store Status GetRange(const ReadOptions& options, const Slice& key, uint64_t first, size_t count, std::vector<PinnedSlice>* values)
only in docs/api.md: store_stats.h StoreStats uint64_t failed
no comment in changed.h:  struct Undocumented
EXPECTED
