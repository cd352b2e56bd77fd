#!/bin/bash
# Every file that docs/architecture.md and CONTRIBUTING.md name is there.
set -u
# The pages are links to the source tree, which has the other files.
cd "$(dirname "$(readlink -f docs/architecture.md)")/.." || exit 1
failed=0
count=0
for page in docs/architecture.md CONTRIBUTING.md; do
  while read -r path; do
    count=$((count + 1))
    [ -e "$path" ] && continue
    echo "$page names $path, which is not there"
    failed=1
  done < <(grep -oE '`(include|plugin|tools|tests|docs|examples|bazel)/[A-Za-z0-9_./-]*`' "$page" | tr -d '`' | sort -u)
done
[ "$count" -ge 40 ] || { echo "found only $count paths"; failed=1; }
exit "$failed"
