#!/bin/sh
# Each benchmark of load_bench once, with a 500th of the rows: every system must have loaded what
# was generated. Times nothing.
set -eu
out="$TEST_TMPDIR/load_bench.json"
SHEAF_BENCH_SCALE=500 tools/bench/load_bench --benchmark_out="$out" --benchmark_out_format=json
if grep -q error_occurred "$out"; then
  grep -B 12 -A 1 error_occurred "$out"
  exit 1
fi
require() {
  grep -q "\"name\": \"$1/iterations:1/manual_time\"" "$out" || {
    echo "no result of $1"
    exit 1
  }
}
for system in Sheaf GnuSort; do
  for shape in 250kB-256M 500kB-256M 1MB-256M 1MB-2G 2MB-256M 4MB-256M 4MB-512M; do
    require "Load/$system.Unsorted/$shape"
  done
  require "Load/$system.Unique/1MB-256M"
done
for system in Sheaf SstFileWriter SstFileWriter2; do
  require "Load/$system.Sorted/1MB"
  require "Load/$system.Sorted/4MB"
done
for system in Sheaf Ldb LdbNoWal; do
  require "Load/$system.Grouped/1MB"
done
# A tool that loads all rows, but in another order, is found out.
cat >"$TEST_TMPDIR/backwards" <<'TOOL'
#!/bin/sh
# load --db DB --input ROWS ...
tac "$5" | "$REAL_TOOL" load --db "$3" --format tsv
TOOL
chmod +x "$TEST_TMPDIR/backwards"
REAL_TOOL="$PWD/tools/sheaf/sheaf" SHEAF_TOOL="$TEST_TMPDIR/backwards" SHEAF_BENCH_SCALE=500 \
  tools/bench/load_bench --benchmark_filter=Sheaf.Unsorted/250kB --benchmark_out="$out.backwards" \
  --benchmark_out_format=json
grep -q 'DATA_LOSS: .*the list of user:.* another order' "$out.backwards" || {
  echo "a wrong order of values was not noticed"
  exit 1
}
# What is measured is removed again.
if ls -d "$TEST_TMPDIR"/load_bench.?????? 2>/dev/null; then
  echo "left behind"
  exit 1
fi
# The figure that the goal of memory is made of.
grep -q '"peak_rss_MB": [1-9]' "$out"
