#!/bin/sh
# Each benchmark of mixed_bench once, with few users and short lists: every system must read what was
# appended. Times nothing.
set -eu
out="$TEST_TMPDIR/mixed_bench.json"
SHEAF_BENCH_SCALE=500 tools/bench/mixed_bench --benchmark_min_time=0.0001 \
  --benchmark_out="$out" --benchmark_out_format=json
if grep -q error_occurred "$out"; then
  grep -B 12 -A 1 error_occurred "$out"
  exit 1
fi
require() {
  grep -q "\"name\": \"$1\"" "$out" || {
    echo "no result of $1"
    exit 1
  }
}
for system in Sheaf SheafLong StringAppendTest OneKey ReadModifyWrite; do
  for mix in 95-5 50-50 5-95; do
    require "Mixed/$system.$mix/1000/iterations:1/manual_time"
    require "Mixed/$system.$mix/1000trimmed/iterations:1/manual_time"
  done
done
for system in Sheaf SheafLong StringAppendTest OneKey; do
  for operation in Whole Last One; do
    require "Cold/$system.$operation/200x64/real_time"
    require "Cold/$system.$operation/200x64lz4/real_time"
  done
done
# What is measured is removed again.
if ls -d "$TEST_TMPDIR"/mixed_bench.?????? 2>/dev/null; then
  echo "left behind"
  exit 1
fi
