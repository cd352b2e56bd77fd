#!/bin/bash
# Installs what is missing, builds everything and runs every test. Arguments go to `bazel test`:
#   tools/test.sh                    as CI does
#   tools/test.sh --config=asan      under a sanitizer: asan, ubsan, tsan; also clang, cxx20
# The last line is `N passed, N failed`: single tests, counted from what GoogleTest reported, and the
# cases of tests/install_test.sh, which Bazel cannot run as it runs Bazel. Those are left out with
# --config, as they build in their own way.
set -uo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  -h | --help) sed -n '2,7s/^# //p' "$0"; exit 0 ;;
esac

. tools/deps.sh
packages="$BUILD_PACKAGES $TEST_PACKAGES"
config=""
case " $* " in
  *--config=cxx20*) config=yes ;;
  *--config=*) config=yes; packages="$packages $CLANG_PACKAGES" ;;
esac
require_packages $packages

log=$(mktemp)
trap 'rm -f "$log"' EXIT

bazel test --keep_going "$@" //... 2>&1 | tee "$log"
status=${PIPESTATUS[0]}
if [ -z "$config" ]; then
  tests/install_test.sh 2>&1 | tee -a "$log"
  [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
fi

# GoogleTest reports single tests in test.xml, one for each shard of a target. A target that did not
# build, or ended before it could report, counts as one failure.
python3 - "$log" "$status" <<'COUNT'
import glob, re, sys, xml.etree.ElementTree as xml

passed = failed = 0
for line in open(sys.argv[1], errors="replace"):
    case = re.match(r"install_test: \S+ (PASSED|FAILED)\b", line)
    if case:
        passed += case.group(1) == "PASSED"
        failed += case.group(1) == "FAILED"
        continue
    match = re.match(r"//(\S*):(\S+) +(?:\(cached\) )?(PASSED|FLAKY|FAILED|TIMEOUT|NO STATUS)", line)
    if not match:
        continue
    package, target, result = match.groups()
    ok = result in ("PASSED", "FLAKY")
    tests = failures = 0
    for path in glob.glob(f"bazel-testlogs/{package}/{target}/**/test.xml", recursive=True):
        try:
            report = xml.parse(path).getroot()
        except xml.ParseError:
            continue
        suites = [report] if report.get("tests") else list(report)
        tests += sum(int(s.get("tests", 0)) - int(s.get("disabled") or 0) for s in suites)
        failures += sum(int(s.get("failures", 0)) + int(s.get("errors", 0)) for s in suites)
    tests = max(tests, 1)
    if not ok:
        failures = max(failures, 1)
    passed += tests - failures
    failed += failures
if sys.argv[2] != "0" and failed == 0:
    failed = 1
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
COUNT
