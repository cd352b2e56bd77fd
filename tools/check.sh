#!/bin/bash
# Everything that is heavier than a test run, in one command, with a table at the end.
#
#   tools/check.sh                     all checks: some hours
#   tools/check.sh asan tidy           these two
#   tools/check.sh --list              what there is
#
#   --minutes N      of fuzzing, for each target (default: 10)
#   --logs FOLDER    gets a log for each check (default: a new folder in /tmp)
#   --stop           end at the first check that fails (default: --keep-going)
#
# Installs what is missing (tools/deps.sh). Exit status: 0 all passed, 1 one failed, 2 bad usage.
set -uo pipefail
cd "$(dirname "$0")/.."

# NAME runs check_NAME, whose last line of output is its count in the table.
CHECKS="\
format      clang-format over all sources
tidy        clang-tidy over all sources (.clang-tidy)
docs        API reference of Doxygen: each public name has a comment
clang       all tests, compiled with clang
cxx20       all tests, as C++20
opt         all tests, optimized (-c opt)
asan        all tests under AddressSanitizer
ubsan       all tests under UndefinedBehaviorSanitizer
tsan        all tests under ThreadSanitizer
valgrind    codec and store tests under valgrind
kills       200 kills of a writer, 600 of one of long lists, 160 of a load
histories   100,000 random histories of lists
fuzz        every fuzz target for --minutes
make        inside RocksDB's tree, with its make
cmake       inside RocksDB's tree, with its cmake"

check_format() {
  mapfile -t files < <(git ls-files '*.cc' '*.h')
  clang-format --dry-run -Werror "${files[@]}" && echo "${#files[@]} files"
}
check_tidy() {
  # What benchmarks include is generated.
  bazel build //tools/bench/... || return 1
  mapfile -t files < <(git ls-files '*.cc')
  printf '%s\0' "${files[@]}" | xargs -0 -I{} -P "$(nproc)" \
    clang-tidy --quiet {} -- -std=c++17 -I. -Iinclude -Ibazel-bin && echo "${#files[@]} files"
}
check_docs() { tools/docs.sh "$logs/api"; }
check_clang() { tools/test.sh --config=clang; }
check_cxx20() { tools/test.sh --config=cxx20; }
check_opt() { tools/test.sh -c opt; }
check_asan() { tools/test.sh --config=asan; }
check_ubsan() { tools/test.sh --config=ubsan; }
check_tsan() { tools/test.sh --config=tsan; }
check_valgrind() { tests/valgrind.sh; }
check_kills() {
  scaled 20 //tests/rocksdb:crash_test && scaled 8 //tests/load:load_resume_test &&
    echo "960 kills"
}
check_histories() { scaled 100 //tests/rocksdb:history_test && echo "100,000 histories"; }
check_fuzz() { tests/fuzz/run.sh --minutes "$minutes" --out "$logs/fuzz"; }
check_make() { tests/in_tree.sh make; }
check_cmake() { tests/in_tree.sh cmake; }

# A test that does more than in a test run.
scaled() {
  bazel test -c opt --test_output=all --test_timeout=7200 --test_env=SHEAF_TEST_SCALE="$1" "$2"
}

minutes=10
logs=""
stop=""
names=()
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) sed -n '2,/^set /{ /^set /d; s/^# \{0,1\}//; p; }' "$0"; echo; echo "$CHECKS"; exit 0 ;;
    --list) echo "$CHECKS"; exit 0 ;;
    --stop) stop=yes ;;
    --keep-going) stop="" ;;
    --minutes | --logs)
      [ $# -ge 2 ] || { echo "error: $1 needs a value" >&2; exit 2; }
      declare "${1#--}=$2"
      shift ;;
    -*) echo "error: no option $1; try --help" >&2; exit 2 ;;
    *)
      [ "$(type -t "check_$1")" = function ] ||
        { echo "error: no check $1; --list tells which there are" >&2; exit 2; }
      names+=("$1") ;;
  esac
  shift
done
[[ "$minutes" =~ ^[0-9]+(\.[0-9]+)?$ && "$minutes" =~ [1-9] ]] ||
  { echo "error: --minutes: expected a number above 0, found $minutes" >&2; exit 2; }
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(awk '{ print $1 }' <<<"$CHECKS")

. tools/deps.sh
require_packages $BUILD_PACKAGES $TEST_PACKAGES $CHECK_PACKAGES
if [ -z "$logs" ]; then
  logs=$(mktemp -d "${TMPDIR:-/tmp}/sheaf-check.XXXXXX") || exit 1
fi
mkdir -p "$logs" && logs=$(realpath "$logs") || exit 1
echo "logs are in $logs" >&2

table=""
failed=0
for name in "${names[@]}"; do
  echo "== $name" >&2
  started=$SECONDS
  result=passed
  (set -o pipefail; "check_$name") >"$logs/$name.log" 2>&1 || result=FAILED
  took=$((SECONDS - started))
  table+=$(printf '%s\t%s\t%d:%02d:%02d\t%s\t%s' "$name" "$result" $((took / 3600)) \
    $((took / 60 % 60)) $((took % 60)) "$(tail -n 1 "$logs/$name.log" | cut -c 1-50)" \
    "$logs/$name.log")$'\n'
  [ "$result" = passed ] && continue
  failed=1
  tail -n 20 "$logs/$name.log" >&2
  [ -z "$stop" ] || break
done

printf '%s' "$table" | awk -F'\t' '
  BEGIN { printf "%-10s %-7s %8s  %-50s %s\n", "check", "result", "time", "count", "log" }
  { printf "%-10s %-7s %8s  %-50s %s\n", $1, $2, $3, $4, $5 }'
exit "$failed"
