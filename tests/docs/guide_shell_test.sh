#!/bin/bash
# Runs the pipeline of docs/guide.md that loads joined strings with the tool.
set -eu -o pipefail
pipeline=$(sed -n '/^ldb --db=old.db scan/,/^```$/p' docs/guide.md | grep -v '^```$')
[ -n "$pipeline" ]
PATH=$PWD/tools/sheaf:$PATH
cd "$(mktemp -d "${TEST_TMPDIR:-/tmp}/guide.XXXXXX")"
ldb --db=old.db --create_if_missing batchput user:1 $'a,b\tc,\\d' 'key : x' , empty '' >/dev/null
eval "$pipeline"
diff - <(sheaf scan --db new.db --format json) <<'LISTS'
{"key":"empty","layout":"compact","count":1,"values":[""]}
{"key":"key : x","layout":"compact","count":2,"values":["",""]}
{"key":"user:1","layout":"compact","count":3,"values":["a","b\tc","\\d"]}
LISTS
