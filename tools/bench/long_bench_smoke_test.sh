#!/bin/sh
# Each benchmark of long_bench once, with a thousandth of the values: every system must read what
# was appended. Times nothing.
set -eu
out="$TEST_TMPDIR/long_bench.json"
SHEAF_BENCH_SCALE=1000 tools/bench/long_bench --benchmark_min_time=0.0001 \
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
for system in SheafLong Sheaf OneKey OneKeyBatch ReadModifyWrite; do
  for operation in Whole Touch One Range Last AppendOne AppendLast; do
    require "Long/$system.$operation/1000x64"
  done
done
for system in SheafLong Sheaf OneKey; do
  require "LongWrite/$system.Append/1000x64/iterations:1/manual_time"
  require "LongWrite/$system.AppendFlushing/1000x64/iterations:1/manual_time"
done
require LongWrite/SheafLong.Rewritten/100000x100/iterations:1/manual_time
# What is measured is removed again.
if ls -d "$TEST_TMPDIR"/long_bench.?????? 2>/dev/null; then
  echo "left behind"
  exit 1
fi
