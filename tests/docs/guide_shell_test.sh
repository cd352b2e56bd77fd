#!/bin/bash
# Runs the pipeline of docs/guide.md that loads joined strings with the tool, and its sessions: blocks
# of commands after "$ ", each with what it prints. Of a command that ends with "# figures differ" no
# number is compared: they are of the machine.
set -eu -o pipefail
guide=$PWD/docs/guide.md
examples=$PWD/examples
pipeline=$(sed -n '/^ldb --db=old.db scan/,/^```$/p' docs/guide.md | grep -v '^```$')
[ -n "$pipeline" ]
PATH=$PWD/tools/sheaf:$PATH
scratch=$(mktemp -d "${TEST_TMPDIR:-/tmp}/guide.XXXXXX")
cd "$scratch"
ldb --db=old.db --create_if_missing batchput user:1 $'a,b\tc,\\d' 'key : x' , empty '' >/dev/null
eval "$pipeline"
diff - <(sheaf scan --db new.db --format json) <<'LISTS'
{"key":"empty","layout":"compact","count":1,"values":[""]}
{"key":"key : x","layout":"compact","count":2,"values":["",""]}
{"key":"user:1","layout":"compact","count":3,"values":["a","b\tc","\\d"]}
LISTS

# Splits the sessions into files of their own; how long a command takes is not compared.
awk '/^```sh$/ { getline; if (/^\$ /) { file = "session" ++sessions; print > file; inside = 1 }; next }
     /^```$/ { inside = 0 }
     inside { print > file }' "$guide"
without_figures() {
  awk '/^\$ / { differ = /# figures differ$/; print; next }
       differ { gsub(/[0-9][0-9.,]*/, "N"); gsub(/[KMG]B/, "B"); gsub(/SSTs/, "SST"); gsub(/  +/, " ") }
       { print }' "$1"
}
for session in session*; do
  mkdir "in-$session"
  ln -s "$examples" "in-$session/examples"
  (cd "in-$session"
   while IFS= read -r command; do
     echo "\$ $command"
     eval "$command" 2>&1 || true
   done < <(sed -n 's/^\$ //p' "../$session")) | sed 's/[0-9.]* s$/ s/' >"$session.out"
  sed 's/[0-9.]* s$/ s/' "$session" >"$session.expected"
  diff <(without_figures "$session.expected") <(without_figures "$session.out")
done
[ "$(ls session*.out | wc -l)" -eq 12 ]
