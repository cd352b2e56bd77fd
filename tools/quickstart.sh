#!/bin/bash
# Sheaf in five minutes: installs what is missing, builds, loads this machine's package file lists
# into ./sheaf-demo.db, and reads them back. Safe to run again. `--help` tells more.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: tools/quickstart.sh

On Debian 12. Installs the packages that the build needs (as root; else it says which), builds the
tool with `-c opt`, and copies it to bin/sheaf in the clone. Then it loads the file list of every
installed package, key: package, values: the paths that it installed, into ./sheaf-demo.db, in the
folder it is called from. It shows the database's statistics, one list, and how long it takes to read
every list with and without copying.

Running it again reuses what is built and replaces every list with the same name.
To start over: rm -r sheaf-demo.db
USAGE
}

case "${1:-}" in
  "") ;;
  -h | --help) usage; exit 0 ;;
  *) echo "error: unknown argument: $1" >&2; usage >&2; exit 2 ;;
esac

db="$PWD/sheaf-demo.db"
cd "$(dirname "$0")/.."
. tools/deps.sh

step() { printf '\n== %s\n' "$*" >&2; }

step "packages"
require_packages $BUILD_PACKAGES

step "build (the first time takes some minutes)"
bazel build -c opt //tools/sheaf //examples:read_lists //plugin:libsheaf_plugin.so
# A copy that stays what it is: the next build without `-c opt` replaces the one in bazel-bin.
sheaf=bin/sheaf
install -D -m 755 bazel-bin/tools/sheaf/sheaf "$sheaf"

step "load: one row for each path that a package installed"
if [ -e "$db" ]; then
  echo "reusing $db: lists of the same package are replaced" >&2
fi
awk -f examples/real_input/package_files.awk /var/lib/dpkg/info/*.list |
  "$sheaf" load --db "$db" --mode replace --format tsv

step "sheaf stats --db ${db##*/}"
"$sheaf" stats --db "$db"

package=dpkg
step "sheaf get --db ${db##*/} $package, the first ten of"
"$sheaf" get --db "$db" "$package" > "$db.get"
wc -l < "$db.get" >&2
head -n 10 "$db.get"
rm "$db.get"

step "reading every list, with Sheaf and by copying"
bazel-bin/examples/read_lists "$db"

step "next"
cat >&2 <<NEXT
  bin/sheaf --help                           the tool
  README.md                                  ten lines of C++
  examples/read_lists.cc                     the program that measured the above
  examples/real_input.sh                     more real data, compared with its source
NEXT
