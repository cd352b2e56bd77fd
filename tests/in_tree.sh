#!/bin/bash
# Sheaf inside RocksDB's own source tree: not a part of the default run, as it builds RocksDB.
# `--help` tells more.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: tests/in_tree.sh make|cmake [FOLDER]
       tests/in_tree.sh headers ROCKSDB

  make, cmake   gets the source of Debian's RocksDB with apt-get, links plugin/ into it as
                plugin/sheaf, builds ldb with that build system (ten minutes to half an hour), and
                compares what ldb reads from a DB of lists, some with pending operands, with what
                the tool reads. FOLDER (default: $SHEAF_IN_TREE) keeps source and build for the next
                run, 3 GB; without, they are put into a temporary folder that is removed.
  headers       compiles every header and source of Sheaf, without code generation, as C++20 against
                the headers of another RocksDB, whose source tree is ROCKSDB:
                  git clone --depth 1 --branch v10.4.2 https://github.com/facebook/rocksdb ROCKSDB

  $JOBS         compilers that run at once. Default: one for each CPU
  $MIRROR       where apt-get finds Debian's sources. Default: http://deb.debian.org/debian
USAGE
}

die() { echo "error: $*" >&2; exit 1; }

mode=${1:-}
case "$mode" in
  -h | --help) usage; exit 0 ;;
  make | cmake) [ $# -le 2 ] || { usage >&2; exit 2; } ;;
  headers) [ $# -eq 2 ] || { usage >&2; exit 2; } ;;
  *) echo "error: expected make, cmake or headers, found \"$mode\"" >&2; usage >&2; exit 2 ;;
esac
folder=${2:-${SHEAF_IN_TREE:-}}
[ -z "$folder" ] || folder=$(realpath -m -- "$folder")
jobs=${JOBS:-$(nproc)}
cd "$(dirname "$0")/.."
. tools/deps.sh

if [ "$mode" = headers ]; then
  require_packages $BUILD_PACKAGES
  [ -f "$folder/include/rocksdb/version.h" ] ||
    die "$folder is no source tree of RocksDB: it has no include/rocksdb/version.h. --help says how to get one"
  version=$(awk '$2 ~ /^ROCKSDB_(MAJOR|MINOR|PATCH)$/ { printf "%s%s", dot, $3; dot = "." }' \
    "$folder/include/rocksdb/version.h")
  mapfile -t files < <(find include plugin -name '*.h' -o -name '*.cc' | sort)
  # RocksDB's headers as the system's, whose warnings are not ours.
  printf '%s\0' "${files[@]}" |
    xargs -0 -n 1 -P "$jobs" "${CXX:-g++}" -std=c++20 -fsyntax-only -Wall -Wextra -Wshadow -Werror \
      -I. -Iinclude -isystem "$folder/include" -x c++ ||
    die "does not compile as C++20 against RocksDB $version: see above"
  echo "${#files[@]} files compile as C++20 against RocksDB $version"
  exit 0
fi

require_packages $BUILD_PACKAGES cmake dpkg-dev make pkg-config python3-minimal xz-utils
if [ -z "$folder" ]; then
  folder=$(mktemp -d "${TMPDIR:-/tmp}/sheaf-in-tree.XXXXXX")
  trap 'rm -rf "$folder"' EXIT
fi
# Things below are replaced and removed: not in a folder with anything else in it.
mkdir -p "$folder"
if [ -n "$(ls -A "$folder")" ] && [ ! -e "$folder/.sheaf-in-tree" ]; then
  die "$folder is not empty, and was not made by this script: name a new folder"
fi
: >"$folder/.sheaf-in-tree"

step() { printf '\n== %s\n' "$*" >&2; }

source_tree() { find "$folder" -maxdepth 1 -type d -name 'rocksdb-[0-9]*' | sort | tail -n 1; }
if [ -z "$(source_tree)" ]; then
  step "source of RocksDB"
  # Lists of its own: those of the machine may have no sources, and are not ours to change.
  release=$(. /etc/os-release && echo "$VERSION_CODENAME")
  echo "deb-src ${MIRROR:-http://deb.debian.org/debian} $release main" >"$folder/sources.list"
  mkdir -p "$folder/lists"
  apt=(apt-get -q -o "Dir::Etc::sourcelist=$folder/sources.list" -o Dir::Etc::sourceparts=-
    -o "Dir::State::lists=$folder/lists" -o APT::Sandbox::User=root)
  "${apt[@]}" update >&2 || die "no list of sources from ${MIRROR:-deb.debian.org}: is there a network?"
  # It unpacks into the folder at the end only, so a source tree is a whole one.
  mkdir -p "$folder/fetched"
  (cd "$folder/fetched" && "${apt[@]}" source rocksdb >&2) ||
    die "apt-get has no source of rocksdb: see above"
  mv "$folder"/fetched/rocksdb-[0-9]*/ "$folder/"
fi
rocksdb=$(source_tree)

# A copy of the two folders, as RocksDB's make puts objects beside the sources.
rm -rf "$folder/sheaf"
mkdir "$folder/sheaf"
cp -a plugin include "$folder/sheaf/"
ln -sfnT "$folder/sheaf/plugin" "$rocksdb/plugin/sheaf"

started=$SECONDS
case "$mode" in
  make)
    step "make ROCKSDB_PLUGINS=sheaf ldb, in $rocksdb"
    make -C "$rocksdb" -j "$jobs" ROCKSDB_PLUGINS=sheaf DEBUG_LEVEL=0 LIB_MODE=static PORTABLE=1 ldb >&2
    ldb=$rocksdb/ldb ;;
  cmake)
    step "cmake -DROCKSDB_PLUGINS=sheaf, in $folder/build"
    # Warnings are not errors: GCC 12 with -O3 has some in RocksDB itself.
    cmake -S "$rocksdb" -B "$folder/build" -DCMAKE_BUILD_TYPE=Release -DFAIL_ON_WARNINGS=OFF \
      -DPORTABLE=ON -DROCKSDB_BUILD_SHARED=OFF -DROCKSDB_PLUGINS=sheaf -DWITH_BENCHMARK_TOOLS=OFF \
      -DWITH_BZ2=ON -DWITH_LZ4=ON -DWITH_SNAPPY=ON -DWITH_TESTS=OFF -DWITH_ZLIB=ON -DWITH_ZSTD=ON >&2
    cmake --build "$folder/build" --target ldb -- -j "$jobs" >&2
    ldb=$folder/build/tools/ldb ;;
esac
echo "$mode: ldb built in $((SECONDS - started)) s" >&2

step "a DB of lists"
bazel build -c opt //tools/sheaf
sheaf=$(bazel info -c opt bazel-bin 2>/dev/null)/tools/sheaf/sheaf
db=$folder/$mode.db
rm -rf "$db"
{
  printf 'fruit\tapple\nfruit\tpear\nnut\thazel\nfruit\t\\x00\\xFF\n'
  for i in $(seq 1000); do printf 'many\tvalue %d\n' "$i"; done
} | "$sheaf" load --db "$db" --format tsv
"$sheaf" append --db "$db" fruit plum ""
"$sheaf" append --db "$db" many "the last"
"$sheaf" append --db "$db" only-appended first
"$sheaf" append --db "$db" only-appended second

step "ldb and the tool, of the same DB"
python3 - "$ldb" "$sheaf" "$db" <<'COMPARE'
import base64, json, re, struct, subprocess, sys, tempfile

ldb, sheaf, db = sys.argv[1:]

def run(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout

def tool(*arguments):
    return run(sheaf, *arguments[:1], "--db", db, *arguments[1:])

def rocksdb_tool(*arguments):
    return run(ldb, "--db=" + db, "--try_load_options", "--hex", *arguments).decode()

# What the tool says: rows of key and value.
lists, rows = {}, tool("export", "--format", "framed")
while rows:
    key_size, value_size = struct.unpack_from("<II", rows)
    end = 8 + key_size + value_size
    lists.setdefault(rows[8 : 8 + key_size], []).append(rows[8 + key_size : end])
    rows = rows[end:]

# What ldb says: key and blob in hex. `inspect` takes blobs apart.
def values(blob):
    with tempfile.NamedTemporaryFile() as file:
        file.write(blob)
        file.flush()
        found = json.loads(run(sheaf, "inspect", file.name, "--layout", "compact", "--format", "json"))
    return [base64.b64decode(value) for value in found["values"]]

scanned = {}
for line in rocksdb_tool("scan").splitlines():
    key, blob = re.fullmatch(r"0x([0-9A-F]+) ?[:=]+>? ?0x([0-9A-F]+)", line).groups()
    scanned[bytes.fromhex(key)] = bytes.fromhex(blob)

pending = len(re.findall(r"type:2\b", rocksdb_tool("idump")))
assert pending >= 4, f"operands are merged already, {pending} are left: the comparison shows nothing"
assert {key: values(blob) for key, blob in scanned.items()} == lists, "scan differs from export"
for key, blob in scanned.items():
    got = bytes.fromhex(rocksdb_tool("get", "0x" + key.hex()).strip()[2:])
    assert got == blob, f"get {key} differs from scan"
    raw = tool("get", key.decode(), "--format", "raw")
    assert blob.endswith(raw) and raw == b"".join(lists[key]), f"get --format raw {key} differs"
print(f"the same: {len(lists)} lists, {sum(map(len, lists.values()))} values, {pending} operands pending")
COMPARE
