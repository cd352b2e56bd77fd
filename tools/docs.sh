#!/bin/bash
# Makes the API reference of the public headers with Doxygen, as HTML.
#
#   tools/docs.sh [FOLDER]    writes FOLDER/index.html (default: build/api)
#
# Fails if a public name has no comment, or if Doxygen warns of anything else. Installs Debian's doxygen
# if it is missing (as root; else it says so).
set -euo pipefail
case "${1:-}" in
  -h | --help) sed -n '2,/^set /{ /^set /d; s/^# \{0,1\}//; p; }' "$0"; exit 0 ;;
  -*) echo "error: no option $1; try --help" >&2; exit 2 ;;
esac
[ $# -le 1 ] || { echo "error: one folder is enough; try --help" >&2; exit 2; }
folder=$(realpath -m -- "${1:-$(dirname "$0")/../build/api}")

cd "$(dirname "$0")/.."
. tools/deps.sh
require_packages $DOC_PACKAGES
mkdir -p -- "$folder"
version=$(awk '$2 ~ /^SHEAF_VERSION_/ && NF == 3 { printf "%s%s", dot, $3; dot = "." }' include/sheaf/version.h)
{ cat tools/docs/Doxyfile; printf 'OUTPUT_DIRECTORY = "%s"\nPROJECT_NUMBER = %s\n' "$folder" "$version"; } | doxygen -
names=$(python3 tools/docs/public_names.py include/sheaf/*.h | wc -l)
echo "$folder/index.html: $names names"
