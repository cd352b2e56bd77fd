#!/bin/bash
# Sheaf without Bazel: installs it into a temporary folder and uses it from there, as programs do that
# are built with CMake, with pkg-config, or in another workspace of Bazel. tools/test.sh runs it.
# One line a case, `install_test: NAME PASSED`, and the output of those that failed. Installs what
# `bazel test` has built (without -c opt), so that little is compiled twice.
set -uo pipefail
cd "$(dirname "$0")/.."
case "${1:-}" in
  -h | --help) sed -n '2,5s/^# //p' "$0"; exit 0 ;;
esac
. tools/deps.sh
require_packages $BUILD_PACKAGES $TEST_PACKAGES

source_folder=$PWD
jobs=$(nproc)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sheaf-install.XXXXXX")
P=$scratch/prefix
workspace=$scratch/workspace
moved=$scratch/moved
examples=$(sed -n 's/^foreach(example IN ITEMS \(.*\))$/\1/p' examples/CMakeLists.txt)

bazel_elsewhere() { (cd "$workspace" && bazel --output_base="$scratch/bazel" "$@"); }
clean_up() {
  [ ! -d "$scratch/bazel" ] || bazel_elsewhere shutdown >/dev/null 2>&1
  # Bazel makes its outputs read-only.
  chmod -R u+w "$scratch/bazel" 2>/dev/null
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

install_sheaf() { tools/install.sh "$@" -- -c fastbuild; }
run_examples() { LD_LIBRARY_PATH=$P/lib examples/examples_test.sh "$1"; }
installed_files() { (cd "$P" && find . ! -type d -printf '%P\n' | LC_ALL=C sort); }
same() {  # EXPECTED ACTUAL
  [ "$1" = "$2" ] || { printf 'expected:\n%s\nfound:\n%s\n' "$1" "$2"; return 1; }
}
lacks() {  # FILE PATTERN: a program that does not load such libraries
  if readelf -d "$1" | grep NEEDED | grep -E -- "$2"; then return 1; fi
}
refused() {  # PATTERN COMMAND...: which must fail, and say why
  local pattern=$1 said
  shift
  if said=$("$@" 2>&1); then
    printf 'not refused: %s\n%s\n' "$*" "$said"
    return 1
  fi
  grep -q -- "$pattern" <<<"$said" || { printf 'no "%s" in:\n%s\n' "$pattern" "$said"; return 1; }
}

# ---- the cases -------------------------------------------------------------------------------------

InstallsWhatTheManifestLists() {
  # A file and a folder of somebody else, for the last case.
  mkdir -p "$P/lib/pkgconfig"
  echo mine >"$P/lib/pkgconfig/other.pc"
  install_sheaf --prefix "$P"
  same "$(installed_files | grep -v other.pc)" \
    "$(grep -v '/$' "$P/share/sheaf/install_manifest.txt" | LC_ALL=C sort)"
  [ -z "$(find "$P" -name '.sheaf-install*')" ]
}

InstallingAgainReplaces() {
  local before
  before=$(installed_files)
  echo damaged >"$P/include/sheaf/store.h"
  # An older version's file.
  touch "$P/lib/libsheaf.so.0.0.9"
  echo lib/libsheaf.so.0.0.9 >>"$P/share/sheaf/install_manifest.txt"
  install_sheaf --prefix "$P"
  cmp include/sheaf/store.h "$P/include/sheaf/store.h"
  same "$before" "$(installed_files)"
}

AnUnusablePrefixIsRefusedBeforeTheBuild() {
  touch "$scratch/file"
  refused "$scratch/file is not a folder" tools/install.sh --prefix "$scratch/file/below"
  refused "is not a folder\|cannot be written" tools/install.sh --prefix /proc/sheaf
  refused "prefix is missing" tools/install.sh
  refused "must be a folder below" tools/install.sh --prefix "$scratch/none" --libdir ../lib
  refused "nothing is installed" tools/install.sh --prefix "$scratch/none" --uninstall
  [ ! -e "$scratch/none" ]
}

OneVersionEverywhere() {
  local version abi
  version=$(PKG_CONFIG_PATH=$P/lib/pkgconfig pkg-config --modversion sheaf)
  abi=${version%.*}
  grep -q "PACKAGE_VERSION \"$version\"" "$P/lib/cmake/Sheaf/SheafConfigVersion.cmake"
  same "sheaf $version" "$("$P/bin/sheaf" --version | cut -d ' ' -f 1,2)"
  readelf -d "$P/lib/libsheaf.so" | grep -F "soname: [libsheaf.so.$abi]"
  same "libsheaf.so.$version" "$(readlink "$P/lib/libsheaf.so.$abi")"
  same "libsheaf.so.$abi" "$(readlink "$P/lib/libsheaf.so")"
}

TheSharedLibraryExportsPublicNames() {
  local names others
  names=$(nm -DC --defined-only "$P/lib/libsheaf.so" | cut -d ' ' -f 3-)
  grep -q '^sheaf::Store::Open(' <<<"$names"
  grep -qx sheaf_register <<<"$names"
  # Templates begin with what they return.
  others=$(grep -vE '^(vtable for |typeinfo for |typeinfo name for )?sheaf::|^sheaf_register$' <<<"$names" || true)
  same "" "$others"
  same "" "$(grep -E '^(vtable for |typeinfo for |typeinfo name for )?sheaf::internal::' <<<"$names" || true)"
  readelf -d "$P/lib/libsheaf.so" | grep -F 'NEEDED' | grep -F librocksdb.so
}

DocumentsLicenceAndExamplesAreThere() {
  local doc=$P/share/doc/sheaf file
  for file in README.md LICENSE docs/guide.md docs/format.md docs/api.md; do cmp "$file" "$doc/$file"; done
  same "$(cd examples && ls -- *.cc CMakeLists.txt)" "$(ls "$doc/examples")"
  # Every link in them leads to a file or a heading that is installed.
  python3 tests/docs/links_test.py "$doc"
}

# From the installed sources.
CMakeBuildsTheExamples() {
  cmake -S "$P/share/doc/sheaf/examples" -B "$scratch/cmake" -DCMAKE_PREFIX_PATH="$P" -DCMAKE_CXX_FLAGS=-O0
  cmake --build "$scratch/cmake" -- -j "$jobs"
  readelf -d "$scratch/cmake/event_log" | grep -F 'NEEDED' | grep -F libsheaf.so
  examples/examples_test.sh "$scratch/cmake"
}

CMakeLinksTheArchive() {
  cmake -S "$P/share/doc/sheaf/examples" -B "$scratch/cmake" -DSHEAF_LIBRARY=Sheaf::sheaf_static
  cmake --build "$scratch/cmake" -- -j "$jobs"
  lacks "$scratch/cmake/event_log" libsheaf
  examples/examples_test.sh "$scratch/cmake"
}

CMakeFindsTheCodecAlone() {
  cmake -S tests/install -B "$scratch/codec" -DCMAKE_PREFIX_PATH="$P"
  cmake --build "$scratch/codec"
  lacks "$scratch/codec/codec_only" 'rocksdb|libsheaf'
  same $'abc\nde' "$("$scratch/codec/codec_only")"
}

CMakeChecksTheVersion() {
  local version minor wanted
  version=$(PKG_CONFIG_PATH=$P/lib/pkgconfig pkg-config --modversion sheaf)
  minor=$(cut -d . -f 2 <<<"$version")
  ask() { cmake -S tests/install -B "$scratch/codec" -DCMAKE_PREFIX_PATH="$P" -DSHEAF_WANTED="$1"; }
  for wanted in 0 "0.$minor" "$version" "0.$minor...<0.$((minor + 1))" 0.0...1; do ask "$wanted"; done
  for wanted in 1 "0.$((minor + 1))" "0.$minor.999" "0.$((minor + 1))...0.99"; do
    refused "version" ask "$wanted"
  done
}

# Compiles and links with nothing but what pkg-config says.
with_pkg_config() {  # FOLDER, OPTION of g++ and of pkg-config
  mkdir -p "$1"
  printf '%s\n' $examples | PKG_CONFIG_PATH=$P/lib/pkgconfig xargs -P "$jobs" -I NAME bash -c \
    "g++ -std=c++17 ${2:+-static} examples/NAME.cc -o '$1/NAME' \$(pkg-config --cflags --libs ${2:-} sheaf)"
}

PkgConfigBuildsTheExamples() {
  with_pkg_config "$scratch/pkg-config"
  run_examples "$scratch/pkg-config"
}

PkgConfigBuildsStaticPrograms() {
  with_pkg_config "$scratch/static" --static
  lacks "$scratch/static/event_log" .
  examples/examples_test.sh "$scratch/static"
}

# Sheaf is there twice, and registers twice.
ProgramsRunWithThePluginPreloaded() {
  mkdir "$scratch/preloaded"
  local name
  for name in $examples; do
    printf '#!/bin/sh\nLD_PRELOAD=%s exec %s "$@"\n' "$P/lib/libsheaf_plugin.so" \
      "$scratch/pkg-config/$name" >"$scratch/preloaded/$name"
    chmod +x "$scratch/preloaded/$name"
  done
  run_examples "$scratch/preloaded"
}

LdbReadsListsWithTheInstalledPlugin() {
  local db=$scratch/lists.db
  printf 'k\tab\nk\tcd\n' | "$P/bin/sheaf" load --db "$db"
  "$P/bin/sheaf" append --db "$db" k ef
  # Three values of two bytes (docs/format.md).
  same "0x6B : 0xB40302616263646566" \
    "$(LD_PRELOAD=$P/lib/libsheaf_plugin.so ldb --try_load_options --db="$db" --hex scan)"
}

AnotherWorkspaceBuildsTheExamples() {
  local name
  mkdir "$workspace"
  cp examples/*.cc "$workspace"
  cat >"$workspace/WORKSPACE" <<END
local_repository(name = "sheaf", path = "$source_folder")
load("@sheaf//bazel:repositories.bzl", "sheaf_repositories")
sheaf_repositories(path = "$source_folder")
END
  printf 'build --cxxopt=-std=c++17\nbuild --nosandbox_debug\n' >"$workspace/.bazelrc"
  for name in $examples; do
    echo "cc_binary(name = \"$name\", srcs = [\"$name.cc\"], deps = [\"@sheaf//:sheaf\"])"
  done >"$workspace/BUILD"
  bazel_elsewhere build //...
  examples/examples_test.sh "$workspace/bazel-bin"
}

AMovedPrefixWorks() {
  mv "$P" "$moved"
  # Whatever happens, the next case finds it where it was.
  trap 'mv "$moved" "$P"' EXIT
  cmake -S tests/install -B "$scratch/codec-moved" -DCMAKE_PREFIX_PATH="$moved"
  cmake --build "$scratch/codec-moved"
  same $'abc\nde' "$("$scratch/codec-moved/codec_only")"
  export PKG_CONFIG_PATH=$moved/lib/pkgconfig
  g++ -std=c++17 tests/install/codec_only.cc -o "$scratch/codec-moved/linked" \
    $(pkg-config --cflags --libs sheaf)
  same $'abc\nde' "$(LD_LIBRARY_PATH=$moved/lib "$scratch/codec-moved/linked")"
}

PackagesAreMadeWithDestdirAndLibdir() {
  local root=$scratch/package/usr
  install_sheaf --destdir "$scratch/package" --prefix /usr --libdir lib/any-linux-gnu
  same "$root" "$(realpath "$(PKG_CONFIG_PATH=$root/lib/any-linux-gnu/pkgconfig pkg-config --variable=prefix sheaf)")"
  cmake -S tests/install -B "$scratch/codec-package" -DCMAKE_PREFIX_PATH="$root" \
    -DSheaf_DIR="$root/lib/any-linux-gnu/cmake/Sheaf"
  tools/install.sh --destdir "$scratch/package" --prefix /usr --uninstall
  same "" "$(find "$root" ! -type d)"
}

UninstallRemovesWhatWasInstalled() {
  tools/install.sh --prefix "$P" --uninstall
  same "lib/pkgconfig/other.pc" "$(installed_files)"
  same "lib lib/pkgconfig" "$(cd "$P" && find . -mindepth 1 -type d -printf '%P\n' | sort | xargs)"
}

# RocksDB's builds take the list of sources from this file (tests/in_tree.sh builds one).
SheafMkListsEverySource() {
  same "$(cd plugin && find . -name '*.cc' ! -name preload.cc -printf '%P\n' | LC_ALL=C sort)" \
    "$(sed -n 's/^sheaf_SOURCES = //p' plugin/sheaf.mk | tr ' ' '\n')"
}

# ----------------------------------------------------------------------------------------------------

cases="SheafMkListsEverySource InstallsWhatTheManifestLists InstallingAgainReplaces
  AnUnusablePrefixIsRefusedBeforeTheBuild OneVersionEverywhere TheSharedLibraryExportsPublicNames
  DocumentsLicenceAndExamplesAreThere CMakeBuildsTheExamples CMakeLinksTheArchive CMakeFindsTheCodecAlone CMakeChecksTheVersion
  PkgConfigBuildsTheExamples PkgConfigBuildsStaticPrograms ProgramsRunWithThePluginPreloaded
  LdbReadsListsWithTheInstalledPlugin AnotherWorkspaceBuildsTheExamples AMovedPrefixWorks
  PackagesAreMadeWithDestdirAndLibdir UninstallRemovesWhatWasInstalled"

failed=0
for name in $cases; do
  started=$SECONDS
  # Not as a condition, where `set -e` would be off.
  (set -e; "$name") >"$scratch/log" 2>&1 </dev/null
  if [ $? -eq 0 ]; then
    result=PASSED
  else
    result=FAILED
    failed=1
    tail -n 40 "$scratch/log"
  fi
  echo "install_test: $name $result ($((SECONDS - started)) s)"
done
exit $failed
