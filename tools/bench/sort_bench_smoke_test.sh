#!/bin/sh
# Each benchmark of sort_bench with a hundredth of the rows: all must give all rows in order. Times
# nothing.
set -eu
out="$TEST_TMPDIR/sort_bench.json"
SHEAF_BENCH_SCALE=100 tools/bench/sort_bench --benchmark_out="$out" --benchmark_out_format=json
if grep -q error_occurred "$out"; then
  exit 1
fi
for way in Radix Windows Keys RocksDb; do
  for shape in few unique prefix; do
    grep -q "\"name\": \"Sort/$way/$shape/iterations:3\"" "$out"
  done
done
