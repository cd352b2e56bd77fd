#!/bin/bash
# Mistakes in calls of Store do not compile, and the compiler's message names the real cause.
set -eu -o pipefail
scratch=$(mktemp -d "${TEST_TMPDIR:-/tmp}/errors.XXXXXX")
failed=0

compile() {
  cat >"$scratch/wrong.cc" <<END
#include <set>
#include "sheaf/store.h"
rocksdb::Status Use(sheaf::Store& store, rocksdb::WriteBatch& batch) {
  const rocksdb::WriteBatch& same = batch;
  std::vector<int> numbers;
  struct Anew {
    struct Iterator {
      std::string operator*() const { return ""; }
      Iterator& operator++() { return *this; }
      bool operator!=(const Iterator&) const { return false; }
    };
    Iterator begin() const { return {}; }
    Iterator end() const { return {}; }
  } anew;
  sheaf::BlobBuilder builder;
  (void)same, (void)numbers, (void)anew, (void)builder;
  $1
}
END
  "$compiler" -std="$standard" -fsyntax-only -Iinclude "$scratch/wrong.cc" 2>"$scratch/log"
}

# The statement $1 does not compile, for the reason $2.
refuses() {
  if compile "$1" || ! grep -q -F -- "$2" "$scratch/log"; then
    echo "FAILED ($compiler, $standard): $1: expected the error: $2" >&2
    head -n 5 "$scratch/log" >&2
    failed=1
  fi
}

takes() {
  compile "$1" || { cat "$scratch/log" >&2; failed=1; }
}

for compiler in g++ clang++; do
  command -v "$compiler" >/dev/null || continue
  for standard in c++17 c++20; do
    takes 'return store.Append({}, "k", {{"dd", "cc"}});'
    takes 'return store.Remove(&batch, "k", {"bb", "aa"});'
    takes 'builder.Add({}); builder.Add({"a"}); builder.Add({"ab", 1}); return {};'
    takes 'return store.Put({}, "k", std::set<std::string>{"a"});'
    takes 'std::string_view v = "v"; return store.Append({}, "k", {&v, 1});'
    takes 'std::string_view v = "v"; return store.Append({}, "k", {{v.data(), v.size()}});'
    refuses 'return store.Append({}, "k", numbers);' 'the elements of this range are not strings'
    refuses 'return store.Append({}, "k", numbers);' 'for integers and structs, sheaf::AsValues'
    refuses 'return store.Append({}, "k", 7);' 'a value is a string: '
    refuses 'return store.Append({}, "k", anew);' 'this range makes each string anew'
    refuses 'return store.Append(&same, "k", "v");' 'that is not const'
    refuses 'return store.Append(&store, "k", "v");' 'or into a pointer to a'
    refuses 'return store.Append({}, "k", nullptr);' 'no matching'
    refuses 'return store.Append({}, "k", {"a", 1});' 'a value is a string: '
    refuses 'return store.RemovePrefix({}, "k", {"a", "b"});' 'no matching'
    refuses 'builder.Add({"a", "b"}); return {};' 'TwoLiterals'
    refuses 'return store.Scan({}, sheaf::KeyRange::Prefix({"a", "b"}))->status();' 'TwoLiterals'
  done
done
exit "$failed"
