#!/bin/bash
# Builds Sheaf and installs it for programs that are not built with Bazel. `--help` tells more.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: tools/install.sh --prefix P [--libdir DIR] [--destdir D] [-- BAZEL OPTION...]
       tools/install.sh --prefix P [--destdir D] --uninstall

On Debian 12. Installs the packages that the build needs (as root; else it says which), builds with
`-c opt`, and then installs:

  P/include/sheaf/*.h
  P/lib/libsheaf.a, libsheaf.so         codec, Store and plugin, position independent
  P/lib/libsheaf_plugin.so              for LD_PRELOAD with RocksDB's own tools
  P/lib/pkgconfig/sheaf.pc              pkg-config --cflags --libs sheaf
  P/lib/cmake/Sheaf/                    find_package(Sheaf), target Sheaf::sheaf
  P/bin/sheaf                           the tool
  P/share/doc/sheaf/                    README.md, docs/, LICENSE, CHANGELOG.md, examples/
  P/share/sheaf/install_manifest.txt    what was installed, for --uninstall

  --prefix P       where to; the whole of it may be moved afterwards
  --libdir DIR     instead of lib, below P: lib/x86_64-linux-gnu
  --destdir D      write to D/P, to make a package of it
  --uninstall      remove what the manifest lists, and folders that were made for it
  -- OPTION...     more options for `bazel build`: -- --copt=-march=native

Nothing is copied before all of it is built. Installing again replaces what was installed before,
each file in one step, so that programs that run keep the files that they have open.
USAGE
}

die() { echo "error: $*" >&2; exit 1; }
bad_usage() { echo "error: $*" >&2; usage >&2; exit 2; }

prefix="" libdir=lib destdir="" uninstall=no
bazel_options=(-c opt)
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) usage; exit 0 ;;
    --prefix | --libdir | --destdir)
      [ $# -ge 2 ] && [ -n "$2" ] || bad_usage "$1 needs a folder"
      printf -v "${1#--}" %s "$2"
      shift 2 ;;
    --prefix=?* | --libdir=?* | --destdir=?*)
      name=${1%%=*}
      printf -v "${name#--}" %s "${1#*=}"
      shift ;;
    --uninstall) uninstall=yes; shift ;;
    --) shift; bazel_options+=("$@"); break ;;
    *) bad_usage "unknown argument: $1" ;;
  esac
done
[ -n "$prefix" ] || bad_usage "--prefix is missing: where shall Sheaf go?"
if [ -n "$destdir" ]; then
  case "$prefix" in
    /*) ;;
    *) bad_usage "--prefix $prefix: with --destdir it must begin with /" ;;
  esac
fi
case "/$libdir/" in
  //* | */../* | */./*) bad_usage "--libdir $libdir: must be a folder below the prefix, such as lib64" ;;
esac
libdir=${libdir%/}

# The folder to write to.
umask 022  # what is installed is for everybody
where=$(realpath -m -- "$prefix")
root=$(realpath -m -- "${destdir:+$destdir/}$prefix")
manifest=share/sheaf/install_manifest.txt

# Every line of the manifest is a path below the root; folders end with a slash.
manifest_lines() {
  [ -f "$root/$manifest" ] || return 0
  if grep -nE '^/|(^|/)\.\.(/|$)' "$root/$manifest" >&2; then
    die "$root/$manifest has the lines above, which Sheaf did not write: nothing was removed"
  fi
  grep -v '^$' "$root/$manifest" || true
}

# Removes those folders on stdin that are empty, the innermost first.
remove_folders() {
  local folder
  sort -r | while read -r folder; do
    rmdir --ignore-fail-on-non-empty -- "$root/$folder" 2>/dev/null || true
  done
}

if [ "$uninstall" = yes ]; then
  [ -f "$root/$manifest" ] ||
    die "nothing is installed in $root: there is no $manifest. Is it another --prefix?"
  lines=$(manifest_lines)
  removed=0
  while read -r line; do
    case "$line" in */ | "$manifest") continue ;; esac
    if [ -e "$root/$line" ] || [ -L "$root/$line" ]; then
      rm -f -- "$root/$line" || die "could not remove $root/$line; --uninstall again goes on from here"
      removed=$((removed + 1))
    fi
  done <<<"$lines"
  # Last: until here, --uninstall can be repeated.
  rm -f -- "$root/$manifest"
  { grep '/$' <<<"$lines" || true; } | remove_folders
  echo "removed $((removed + 1)) files from $root" >&2
  exit 0
fi

# Before the build, which takes minutes: can the folder be written?
existing=$root
while [ ! -e "$existing" ] && [ ! -L "$existing" ]; do existing=$(dirname "$existing"); done
[ -d "$existing" ] ||
  die "cannot install to $root: $existing is not a folder. Choose another --prefix"
probe=$(mktemp -d "$existing/.sheaf-install.XXXXXX" 2>/dev/null) ||
  die "cannot install to $root: $existing cannot be written. Choose another --prefix, or be root"
rmdir "$probe"

cd "$(dirname "$0")/.."
. tools/deps.sh
require_packages $BUILD_PACKAGES

targets=(//plugin:libsheaf.a //plugin:libsheaf.so //plugin:libsheaf_plugin.so //tools/sheaf)
bazel build "${bazel_options[@]}" "${targets[@]}"
bin=$(bazel info "${bazel_options[@]}" bazel-bin 2>/dev/null)

version_part() { awk -v name="SHEAF_VERSION_$1" '$2 == name { print $3 }' include/sheaf/version.h; }
major=$(version_part MAJOR) minor=$(version_part MINOR) patch=$(version_part PATCH)
version=$major.$minor.$patch

# Everything is put together beside its place, so that a full disk is an error before anything is
# replaced, and then moved there, which is one step for each file.
mkdir -p -- "$root" || die "cannot make $root"
stage=$(mktemp -d "$root/.sheaf-install.XXXXXX")
trap 'rm -rf "$stage"' EXIT
trap 'exit 130' INT TERM

files=()
put() {  # MODE SOURCE PATH
  mkdir -p -- "$stage/$(dirname "$3")"
  install -m "$1" -- "$2" "$stage/$3"
  files+=("$3")
}
put_link() {  # TARGET PATH
  ln -s -- "$1" "$stage/$2"
  files+=("$2")
}
put_template() {  # SOURCE PATH
  mkdir -p -- "$stage/$(dirname "$2")"
  sed -e "s,@VERSION@,$version,g" -e "s,@VERSION_MAJOR@,$major,g" -e "s,@VERSION_MINOR@,$minor,g" \
    -e "s,@ABI_VERSION@,$major.$minor,g" \
    -e "s,@PREFIX_FROM_PKGCONFIG@,$(realpath -ms --relative-to="/$libdir/pkgconfig" /),g" \
    -e "s,@PREFIX_FROM_CMAKE@,$(realpath -ms --relative-to="/$libdir/cmake/Sheaf" /),g" \
    "$1" >"$stage/$2"
  chmod 644 "$stage/$2"
  files+=("$2")
}

for header in include/sheaf/*.h; do put 644 "$header" "$header"; done
put 644 "$bin/plugin/libsheaf.a" "$libdir/libsheaf.a"
put 644 "$bin/plugin/libsheaf.so" "$libdir/libsheaf.so.$version"
put_link "libsheaf.so.$version" "$libdir/libsheaf.so.$major.$minor"
put_link "libsheaf.so.$major.$minor" "$libdir/libsheaf.so"
put 644 "$bin/plugin/libsheaf_plugin.so" "$libdir/libsheaf_plugin.so"
put_template tools/install/sheaf.pc.in "$libdir/pkgconfig/sheaf.pc"
for part in Config ConfigVersion Targets; do
  put_template "tools/install/Sheaf$part.cmake.in" "$libdir/cmake/Sheaf/Sheaf$part.cmake"
done
put 755 "$bin/tools/sheaf/sheaf" bin/sheaf
# In the folders that they have here, so that links between them work.
for file in README.md LICENSE CHANGELOG.md CONTRIBUTING.md docs/*.md docs/plots/*.svg examples/*.cc \
  examples/CMakeLists.txt; do
  put 644 "$file" "share/doc/sheaf/$file"
done
files+=("$manifest")

# The manifest: files, and the folders that are made now or were by an installation before.
before=$(manifest_lines)
folders=$(
  grep '/$' <<<"$before" || true
  for file in "${files[@]}"; do
    folder=$(dirname "$file")
    while [ "$folder" != . ]; do
      [ -d "$root/$folder" ] || echo "$folder/"
      folder=$(dirname "$folder")
    done
  done | sort -u)
mkdir -p -- "$stage/$(dirname "$manifest")"
now=$({ printf '%s\n' "${files[@]}"; echo "$folders"; } | grep -v '^$' | sort -u)

for file in "${files[@]}"; do mkdir -p -- "$root/$(dirname "$file")"; done
# In place before the files are: should this end half-way, --uninstall finds all of old and new.
printf '%s\n' "$before" "$now" | grep -v '^$' | sort -u >"$stage/$manifest"
mv -fT -- "$stage/$manifest" "$root/$manifest"
for file in "${files[@]}"; do
  [ "$file" = "$manifest" ] || mv -fT -- "$stage/$file" "$root/$file"
done
# What an older version had and this one has not.
comm -23 <(grep -v '/$' <<<"$before" | grep -v '^$' | sort -u) <(sort -u <<<"$now") |
  while read -r file; do rm -f -- "$root/$file"; done
echo "$now" >"$stage/$manifest"
mv -fT -- "$stage/$manifest" "$root/$manifest"

echo "installed Sheaf $version, ${#files[@]} files, in $root" >&2
cat >&2 <<NEXT
  CMake        cmake -DCMAKE_PREFIX_PATH=$where ...    find_package(Sheaf $major.$minor)
  pkg-config   PKG_CONFIG_PATH=$where/$libdir/pkgconfig pkg-config --cflags --libs sheaf
  documents    $where/share/doc/sheaf/docs/guide.md, examples in $where/share/doc/sheaf/examples
  to run       LD_LIBRARY_PATH=$where/$libdir, or \`ldconfig\` where that folder is one of the system's
NEXT
