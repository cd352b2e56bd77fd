#!/bin/bash
# Wrong uses of views in the comments of the public headers, in docs/guide.md and in wrong_views.cc, as
# far as they say that clang warns of them: it does, at each of these lines, and at no other one.
#
# The guide's code is that of guide_test.cc, which another test compares with it.
set -eu -o pipefail
if ! command -v clang++ >/dev/null; then
  echo "SKIPPED: no clang++; tools/check.sh clang installs it and runs this"
  exit 0
fi
scratch=$(mktemp -d "${TEST_TMPDIR:-/tmp}/lifetimes.XXXXXX")
awk -f tests/docs/header_examples.awk include/sheaf/*.h >"$scratch/examples.cc"

# Of the files that $1 is, or has in it, those lines that $2... are about.
check() {
  local source=$1
  shift
  grep -Hn '// WRONG, clang warns' "$@" | cut -d: -f1,2 >"$scratch/expected"
  [ -s "$scratch/expected" ] || { echo "no line of $* says that clang warns" >&2; return 1; }
  clang++ -std="$standard" -fsyntax-only -Wall -Wextra -Wno-unused -Wunused-result -DSHEAF_WARNS_OF_WRONG_CODE \
    -I. -Iinclude "$source" 2>"$scratch/log" || { cat "$scratch/log" >&2; return 1; }
  grep -E ': warning: ' "$scratch/log" | cut -d: -f1,2 | sort -u -V >"$scratch/found" || true
  diff <(sort -V "$scratch/expected") "$scratch/found" || { cat "$scratch/log" >&2; return 1; }
}

for standard in c++17 c++20; do
  check "$scratch/examples.cc" include/sheaf/blob_view.h include/sheaf/pinned_blob.h
  check tests/docs/guide_test.cc tests/docs/guide_test.cc
  check tests/docs/wrong_views.cc tests/docs/wrong_views.cc
done
grep -q '// WRONG, clang warns' docs/guide.md
