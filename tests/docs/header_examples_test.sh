#!/bin/bash
# Compiles the examples in the comments of the public headers.
set -eu -o pipefail
scratch=$(mktemp -d "${TEST_TMPDIR:-/tmp}/examples.XXXXXX")
awk -f tests/docs/header_examples.awk include/sheaf/*.h >"$scratch/examples.cc"
found=$(grep -c '^Any Example' "$scratch/examples.cc")
[ "$found" -ge 12 ] || { echo "only $found examples found" >&2; exit 1; }
for standard in c++17 c++20; do
  g++ -std="$standard" -fsyntax-only -Wall -Wextra -Wno-unused -Werror -I. -Iinclude \
    "$scratch/examples.cc"
done
