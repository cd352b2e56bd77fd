#!/bin/sh
# Each system and operation of crossover_bench once, on a few small lists and one of 8 MB: it must
# read what was written. Times nothing.
set -eu
out="$TEST_TMPDIR/crossover_bench.json"
tools/bench/crossover_bench --benchmark_min_time=0.0001 \
  --benchmark_filter='/(10x512|1x65536|100000x64)$' \
  --benchmark_out="$out" --benchmark_out_format=json
if grep -q error_occurred "$out"; then
  grep -B 12 -A 1 error_occurred "$out"
  exit 1
fi
for system in Sheaf OneKey WideColumns; do
  for operation in Whole One AppendOne Append; do
    for shape in 10x512 1x65536 100000x64; do
      grep -q "\"name\": \"Cross/$system.$operation/$shape\"" "$out" || {
        echo "no result of $system.$operation/$shape"
        exit 1
      }
    done
  done
done
grep -q '"disk_bytes_per_value": [1-9]' "$out"
