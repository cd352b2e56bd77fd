#!/bin/bash
# tools/check.sh and tests/fuzz/run.sh, as far as that takes no time: what there is, and bad usage.
set -uo pipefail

failed=0
fail() { echo "FAILED: $*"; failed=1; }

# Exit status 2, and words on stderr.
refuses() {
  local words=$1
  shift
  local err status
  err=$("$@" 2>&1 >/dev/null)
  status=$?
  [ "$status" -eq 2 ] || fail "$*: exit status $status"
  [[ "$err" == *"$words"* ]] || fail "$*: \"$err\" does not say \"$words\""
}

list=$(tools/check.sh --list) || fail "--list"
[ "$(wc -l <<<"$list")" -ge 14 ] || fail "--list has too few checks: $list"
for name in $(awk '{ print $1 }' <<<"$list"); do
  grep -q "^check_$name()" tools/check.sh || fail "nothing runs $name"
  grep -q "\`$name\`" CONTRIBUTING.md || fail "CONTRIBUTING.md does not tell of $name"
done
for name in $(sed -n 's/^check_\([a-z0-9]*\)().*/\1/p' tools/check.sh); do
  grep -q "^$name " <<<"$list" || fail "--list does not tell of $name"
done
[[ "$(tools/check.sh --help)" == *"Exit status: 0 all passed, 1 one failed, 2 bad usage."* ]] || fail "--help"
refuses "no check nonsense; --list" tools/check.sh format nonsense
refuses "no option --nonsense" tools/check.sh --nonsense
refuses "--minutes: expected a number above 0, found 0" tools/check.sh --minutes 0
refuses "--logs needs a value" tools/check.sh --logs

[[ "$(tests/fuzz/run.sh --help)" == *"--minutes N"* ]] || fail "run.sh --help"
refuses "no target nonsense; there are: archive" tests/fuzz/run.sh nonsense
refuses "--minutes: expected a number above 0, found x" tests/fuzz/run.sh --minutes x
refuses "--jobs: expected a number above 0, found 0" tests/fuzz/run.sh --jobs 0

# What fuzz/README.md tells of is what there is.
for target in $(ls tests/fuzz/*_fuzz.cc | sed 's|.*/||; s|_fuzz\.cc||'); do
  grep -q "^| \`$target\` |" tests/fuzz/README.md || fail "tests/fuzz/README.md does not tell of $target"
  [ -n "$(ls "tests/fuzz/corpus/$target")" ] || fail "$target has no corpus"
done

[ "$failed" -eq 0 ] && echo passed
exit "$failed"
