#!/bin/sh
# Each benchmark of append_bench once, with a fiftieth of the appends: every system must read what
# was appended. Times nothing.
set -eu
out="$TEST_TMPDIR/append_bench.json"
SHEAF_BENCH_SCALE=50 tools/bench/append_bench --benchmark_min_time=0.0001 \
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
once=iterations:1/manual_time
for system in Sheaf StringAppendTest OneKey; do
  for shape in 1000x72 20000x40zipf; do
    require "Append/$system.Merge/$shape/$once"
    require "Append/$system.GetMemtable/$shape"
    require "Append/$system.GetFlushed/$shape"
    require "Append/$system.Compact/$shape/$once"
  done
done
for system in Sheaf StringAppend ReadModifyWrite; do
  require "Append/$system.GetFlushed/40x72"
done
require Append/StringAppend.GetMemtable/1000x72/iterations:1
for system in Sheaf StringAppendTest StringAppend ReadModifyWrite OneKey; do
  require "Operands/$system.Get/20x72"
done
for pieces in 2x500000 50x20000; do
  require "Segments/Sheaf.Get/$pieces"
  require "Segments/Sheaf.GetSegments/$pieces"
  require "Tail/Sheaf.Get/$pieces"
  require "Tail/Sheaf.GetLast/$pieces"
done
# What is measured is removed again.
if ls -d "$TEST_TMPDIR"/append_bench.?????? 2>/dev/null; then
  echo "left behind"
  exit 1
fi
# The figure that the linearity goal is made of.
grep -q '"s_per_operand": [1-9]' "$out"
