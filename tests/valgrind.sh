#!/bin/bash
# Runs the codec and store tests under valgrind's memcheck: some minutes. Prints one line a test and
# fails at the first error or definite leak. Arguments name the tests; without, all of both.
#   tests/valgrind.sh                                  tests/valgrind.sh //tests/rocksdb:sources_test
set -uo pipefail
cd "$(dirname "$0")/.."
. tools/deps.sh
require_packages $BUILD_PACKAGES $TEST_PACKAGES valgrind

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  # preload_test only starts other programs.
  mapfile -t targets < <(bazel query --noshow_progress \
    'tests(//tests/codec/...) + tests(//tests/rocksdb/...) - //tests/rocksdb:preload_test' 2>/dev/null)
fi
bazel build -c opt "${targets[@]}" || exit 1

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failed=0
for target in "${targets[@]}"; do
  binary=bazel-bin/${target#//}
  binary=${binary/://}
  # A test reads its data below its runfiles, which is where `bazel test` runs it.
  binary=$PWD/$binary
  (cd "$binary.runfiles/sheaf" &&
    TEST_TMPDIR=$scratch TEST_SRCDIR=$binary.runfiles TEST_WORKSPACE=sheaf \
      SHEAF_TEST_SCALE=${SHEAF_TEST_SCALE:-0.05} \
      valgrind --quiet --error-exitcode=99 --leak-check=full \
      --errors-for-leak-kinds=definite,indirect --log-file="$scratch/log" \
      "$binary" >"$scratch/out" 2>&1)
  status=$?
  tests=$(grep -aoE '^\[  PASSED  \] [0-9]+' "$scratch/out" | grep -oE '[0-9]+')
  if [ $status -eq 0 ]; then
    echo "$target: ${tests:-0} tests, no errors, no leaks"
  else
    failed=1
    echo "$target: exit status $status"
    tail -n 30 "$scratch/log" "$scratch/out"
  fi
done
exit $failed
