#!/bin/bash
# Mistakes in calls of Store do not compile, and the compiler's message names the real cause.
set -eu -o pipefail
scratch=$(mktemp -d "${TEST_TMPDIR:-/tmp}/errors.XXXXXX")
failed=0

# Each statement on a line of its own; behind it, what the message has.
cat >"$scratch/right" <<'END'
store.Append({}, "k", {{"dd", "cc"}});
store.Remove(&batch, "k", {"bb", "aa"});
store.Append({}, "k", {&view, 1});
store.Append({}, "k", {{view.data(), view.size()}});
store.Put({}, "k", std::set<std::string>{"a"});
builder.Add({}), builder.Add({"a"}), builder.Add({"ab", 1});
END
cat >"$scratch/wrong" <<'END'
store.Append({}, "k", numbers);                // the elements of this range are not strings
store.Put({}, "k", std::vector<float>());      // for integers and structs, sheaf::AsValues
store.Append({}, "k", anew);                   // this range makes each string anew
store.Append({}, "k", arrays);                 // this range makes each string anew
store.Append({}, "k", 7);                      // a value is a string: give
store.Append({}, "k", {"a", 1});               // a value is a string: give
store.Append({}, "k", nullptr);                // no matching
store.Append(&same, "k", "v");                 // that is not const
store.Append(&store, "k", "v");                // or into a pointer to a
store.RemovePrefix({}, "k", {"a", "b"});       // no matching
builder.Add({"a", "b"});                       // TwoLiterals
sheaf::KeyRange::Prefix({"a", "b"});           // TwoLiterals
END

# Compiles the statements on the lines of file $1. A message names `statements`, and their line.
compile() {
  cat - "$1" <(echo '}') >"$scratch/statements.cc" <<'END'
#include <array>
#include <set>
#include "sheaf/store.h"
#include "sheaf/typed_list.h"
struct Anew {
  struct Iterator {
    std::string operator*() const { return ""; }
    Iterator& operator++() { return *this; }
    bool operator!=(const Iterator&) const { return false; }
  };
  Iterator begin() const { return {}; }
  Iterator end() const { return {}; }
};
void Use(sheaf::Store& store, rocksdb::WriteBatch& batch, const rocksdb::WriteBatch& same,
         const std::vector<int>& numbers, const Anew& anew, std::string_view view,
         const sheaf::TypedList<std::array<char, 16>>& arrays,
         sheaf::BlobBuilder& builder) {
#line 1 "statements"
END
  "$compiler" -std="$standard" -fsyntax-only -Wno-unused-value -Wno-unused-result $all_errors \
    -Iinclude "$scratch/statements.cc" 2>"$scratch/log"
}

for compiler in g++ clang++; do
  command -v "$compiler" >/dev/null || continue
  all_errors=$([ "$compiler" = g++ ] && echo -fmax-errors=0 || echo -ferror-limit=0)
  for standard in c++17 c++20; do
    compile "$scratch/right" || { cat "$scratch/log" >&2; failed=1; }
    if compile "$scratch/wrong"; then
      echo "FAILED ($compiler, $standard): all of it compiles" >&2
      failed=1
    fi
    line=0
    while IFS= read -r statement; do
      line=$((line + 1))
      reason=${statement#*// }
      if ! grep -q "^statements:$line:" "$scratch/log" || ! grep -q -F -- "$reason" "$scratch/log"; then
        echo "FAILED ($compiler, $standard): expected an error: $statement" >&2
        failed=1
      fi
    done <"$scratch/wrong"
  done
done
exit "$failed"
