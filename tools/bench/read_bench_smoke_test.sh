#!/bin/sh
# Each benchmark of small shapes once: it must read the same list as the others and say so.
set -eu
out="$TEST_TMPDIR/read_bench.json"
tools/bench/read_bench --benchmark_min_time=0.001 \
  --benchmark_filter='^(Read/.*/(100xmix|1x100)$|(Multi|Scan|Overhead)/.*/1x100/)' \
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
for system in Floor.GetTouch Sheaf.Open Sheaf.Visit SheafFixed64.Slices SharedPtr.Slices \
  Cord.Slices Naive.Strings WideColumns.Get Join.Split Protobuf.Parse Protobuf.Reuse \
  FlatBuffers.Verify OneKey.Scan Lmdb.Dup; do
  require "Read/$system/100xmix"
done
require Read/Lmdb.DupFixed/1x100
for threads in 1 2; do
  for system in Floor.MultiGet Floor.Get Sheaf.MultiGet Sheaf.MultiGetVisit Sheaf.Get Naive.Strings \
    Protobuf.Parse WideColumns.Get OneKey.Scan Lmdb.Dup; do
    require "Multi/$system/1x100/real_time/threads:$threads"
  done
  for system in Floor.Iterate Sheaf.Scan Sheaf.ScanVisit Sheaf.ScanDetach Naive.Strings \
    Protobuf.Parse WideColumns.Iterate OneKey.Scan Lmdb.Dup; do
    require "Scan/$system/1x100/real_time/threads:$threads"
  done
done
for system in Sheaf SheafFixed64 Join Protobuf FlatBuffers WideColumns OneKey Arrow Lmdb LmdbFixed; do
  require "Overhead/$system/1x100/iterations:1"
done
# Allocations are counted: two of a list of one value that is copied, the list itself and its copy.
grep -q '"allocs": [1-9]' "$out"
