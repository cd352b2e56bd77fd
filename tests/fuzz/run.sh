#!/bin/bash
# Builds all fuzz targets with libFuzzer and runs each for some minutes, then prints a table.
#
#   tests/fuzz/run.sh [--minutes N] [--jobs N] [--out FOLDER] [TARGET...]
#
#   --minutes N    for each target, may be a part of one (default: 10)
#   --jobs N       targets that run at once (default: one a core)
#   --out FOLDER   logs, inputs that reach further, and inputs that crash (default: a new one in /tmp)
#   TARGET         parse, merge, ...: without _fuzz (default: all)
#
# Runs begin with tests/fuzz/corpus/TARGET and FOLDER/corpus/TARGET. Exit status: 0 nothing was
# found, 1 a target crashed, hung, took too much memory, or found what does not hold; 2 bad usage.
set -uo pipefail
cd "$(dirname "$0")/../.."

usage() {
  sed -n '2,/^set /s/^# \{0,1\}//p' "$0" | grep -v '^set '
}

minutes=10
jobs=$(nproc)
out=""
targets=()
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) usage; exit 0 ;;
    --minutes | --jobs | --out)
      [ $# -ge 2 ] || { echo "error: $1 needs a value" >&2; exit 2; }
      declare "${1#--}=$2"
      shift ;;
    -*) echo "error: no option $1; try --help" >&2; exit 2 ;;
    *) targets+=("$1") ;;
  esac
  shift
done
all=$(ls tests/fuzz/*_fuzz.cc | sed 's|.*/||; s|_fuzz\.cc$||')
[ ${#targets[@]} -gt 0 ] || mapfile -t targets <<<"$all"
for target in "${targets[@]}"; do
  grep -qx -- "$target" <<<"$all" || {
    echo "error: no target $target; there are:" $all >&2
    exit 2
  }
done
seconds=$(awk -v m="$minutes" 'BEGIN { if (m !~ /^[0-9.]+$/ || m <= 0) exit 1; printf "%d", m * 60 + 0.5 }') ||
  { echo "error: --minutes: expected a number above 0, found $minutes" >&2; exit 2; }
case "$jobs" in
  '' | *[!0-9]* | 0) echo "error: --jobs: expected a number above 0, found $jobs" >&2; exit 2 ;;
esac

. tools/deps.sh
require_packages $BUILD_PACKAGES $TEST_PACKAGES $CLANG_PACKAGES
[ -n "$out" ] || out=$(mktemp -d "${TMPDIR:-/tmp}/sheaf-fuzz.XXXXXX")
mkdir -p "$out"
bazel build --config=fuzz $(printf '//tests/fuzz:%s_fuzz ' "${targets[@]}") >"$out/build.log" 2>&1 ||
  { tail -n 40 "$out/build.log"; echo "error: the build failed: $out/build.log" >&2; exit 1; }
# Another build meanwhile puts other programs at their place.
mkdir -p "$out/bin"
for target in "${targets[@]}"; do cp -f "bazel-bin/tests/fuzz/${target}_fuzz" "$out/bin/"; done
echo "fuzzing ${#targets[@]} targets for $seconds s each, $jobs at once; logs are in $out" >&2

# Inputs have some kilobytes at most; nothing that they ask for has to take gigabytes or half a
# minute.
run_target() {
  local target=$1
  mkdir -p "$out/corpus/$target" "$out/crashes"
  "$out/bin/${target}_fuzz" -max_total_time="$seconds" -max_len=4096 -timeout=30 \
    -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$out/crashes/$target-" \
    "$out/corpus/$target" "tests/fuzz/corpus/$target" >"$out/$target.log" 2>&1
  echo $? >"$out/$target.status"
}

for target in "${targets[@]}"; do
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
  run_target "$target" &
done
wait

failed=0
printf '%-12s %12s %9s %9s %9s  %s\n' target executions each_s coverage new result
for target in "${targets[@]}"; do
  log="$out/$target.log"
  result=ok
  if [ "$(cat "$out/$target.status")" -ne 0 ]; then
    failed=1
    result="FOUND: $(grep -m1 -E 'does not hold|ERROR: |SUMMARY: ' "$log" | cut -c 1-120)"
  fi
  awk -v target="$target" -v result="$result" '
    / INITED / { for (i = 1; i < NF; ++i) if ($i == "cov:") first = $(i + 1) }
    / cov: / { for (i = 1; i < NF; ++i) if ($i == "cov:") last = $(i + 1) }
    /^#[0-9]+/ { n = substr($1, 2) + 0; if (n > runs) runs = n }
    /stat::number_of_executed_units/ { runs = $2 }
    /stat::average_exec_per_sec/ { each = $2 }
    END { printf "%-12s %12d %9d %9d %9d  %s\n", target, runs, each, last, last - first, result }
  ' "$log"
done
cat "$out"/*.log | awk '/stat::number_of_executed_units/ { runs += $2 } END { print runs + 0, "executions" }'
[ "$failed" -eq 0 ] || echo "inputs that were found are in $out/crashes" >&2
exit "$failed"
