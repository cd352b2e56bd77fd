#!/bin/bash
# Runs examples/real_input.sh: on a small root folder with names that must be escaped, with tools that
# lose or move a row, which it must notice, and on this machine.
set -eu -o pipefail
script=$PWD/examples/real_input.sh
sheaf=$PWD/tools/sheaf/sheaf
dir=$(mktemp -d "${TEST_TMPDIR:-/tmp}/real_input.XXXXXX")
trap 'rm -rf "$dir"' EXIT
root=$dir/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates" "$root/usr/share/wordnet"
cd "$root/var/lib/dpkg"

echo 1 >info/format
printf '%s\n' /. /etc /etc/dpkg /usr /usr/bin /usr/bin/dpkg >info/dpkg.list
printf '%s\n' /. /etc /etc/ld.so.conf.d /usr /usr/lib /usr/lib/libc.so.6 >info/libc6:amd64.list
# Space, TAB, CR, backslash (also what looks like an escape), a byte that is not UTF-8, quotes, `.list:`.
printf '%s\n' /. /usr '/usr/a b' $'/usr/t\tab' $'/usr/c\r' '/usr/b\x41\n\\' $'/usr/\xff' \
  "/usr/'\"\$" '/usr/x.list:/y' '/usr/ends\/z' >info/odd.list
: >info/empty.list
cat >status <<'STATUS'
Package: dpkg
Essential: yes
Status: install ok installed
Maintainer: somebody <a@b.example>
Architecture: amd64
Version: 1.21.22
Conffiles:
 /etc/alternatives/README 7be88b21f7e386c8d5a8790c2461c92b
 /etc/logrotate.d/dpkg 9e25c8505966b5829785f34a548ae11f
Description: Debian package management system
 First: with a colon.
 .
   Indented, a\backslash.

Package: libc6
Status: install ok installed
Architecture: amd64
Maintainer: somebody <a@b.example>
Multi-Arch: same
Version: 2.36
Description: library

Package: odd
Status: deinstall ok config-files
Maintainer: somebody <a@b.example>
Architecture: all
Version: 0
Description: odd
STATUS
# Offsets are those of the lines; `run` is a noun and a verb, `big` an adjective and its satellite.
cd "$root/usr/share/wordnet"
licence='  1 This software is provided AS IS | without.  '
line() { printf '%08d %s\n' "$(wc -c <"$1")" "$2" >>"$1"; }
for part in noun verb adj adv; do echo "$licence" | tee "index.$part" >"data.$part"; done
line data.noun '04 n 02 run 0 tally 0 000 | a score; "a \" in baseball"  '
line data.noun '04 n 01 run 0 000 | the act of running  '
line data.verb '30 v 01 run 0 000 01 + 01 00 | move fast  '
line data.adj '00 a 01 big 0 000 | large  '
line data.adj '00 s 02 Big 1 bad(p) 0 000 | boastful  '
offset() { sed -n "$2s/ .*//p" "data.$1"; }
echo "run n 2 1 @ 2 1 $(offset noun 3) $(offset noun 2)  " >>index.noun
echo "tally n 1 1 @ 1 0 $(offset noun 2)  " >>index.noun
echo "run v 1 1 @ 1 1 $(offset verb 2)  " >>index.verb
echo "bad a 1 1 & 1 0 $(offset adj 3)  " >>index.adj
echo "big a 2 1 & 2 1 $(offset adj 2) $(offset adj 3)  " >>index.adj

fail() { echo "$*" >&2; exit 1; }

cd "$dir"
mkdir small
"$script" --sheaf "$sheaf" --root "$root" --output small >account 2>&1 || fail "$(cat account)"
[ "$(grep -c '^  same: ' account)" -eq 10 ] || fail "not 10 comparisons: $(cat account)"
diff - <("$sheaf" get --db small/files.db odd) <<'LIST'
/.
/usr
/usr/a b
/usr/t\tab
/usr/c\x0D
/usr/b\\x41\\n\\\\
/usr/\xFF
/usr/'"$
/usr/x.list:/y
/usr/ends\\/z
LIST
diff - <("$sheaf" get --db small/fields.db Description) <<'LIST'
dpkg Debian package management system\n First: with a colon.\n .\n   Indented, a\\backslash.
libc6 library
odd odd
LIST
diff - <("$sheaf" get --db small/words.db run | sed 's/ [0-9]* / /') <<'LIST'
n the act of running
n a score; "a \\" in baseball"
v move fast
LIST
diff - <("$sheaf" get --db small/folders.db /usr | sort) <<<$'dpkg\nlibc6:amd64\nodd'

# A tool that changes the rows of one DB: $1, as awk does it, $2, to a load or an export, $3.
damaged() {
  mkdir -p tools
  cat >tools/sheaf <<TOOL
#!/bin/bash
case "\$*" in
  load*/$1*--input*) awk '$2' rows >changed && exec "$sheaf" "\${@/%rows/changed}" ;;
  load*/$1*) awk '$2' | "$sheaf" "\$@" ;;
  *) exec "$sheaf" "\$@" ;;
esac
TOOL
  chmod +x tools/sheaf
  if "$script" --sheaf tools/sheaf --root "$root" >account 2>&1; then
    fail "$1, $2: not noticed: $(cat account)"
  fi
  grep -q '^differences were found' account || fail "$1, $2: ended early: $(cat account)"
  awk -v db="$1" '/^[a-z]*\.db: / { inside = index($0, db) == 1 }
                  /^  DIFFERENT: / { ++found; if (!inside) other = 1 }
                  END { exit !(found > 0 && !other) }' account ||
    fail "$1, $2: reported elsewhere: $(cat account)"
}
for db in files folders fields words; do
  damaged $db.db 'NR != 3'
  damaged $db.db '{ if (NR == 3) print; print }'
done
swap='NR == 2 { kept = $0; next } { print } NR == 3 { print kept }'
damaged files.db "$swap"
damaged words.db 'NR == 1 { sub(/running/, "walking") } { print }'
damaged folders.db '{ row[NR] = $0 } END { for (i = NR; i > 0; --i) print row[i] }'

# One that loses the first value of each list that it gets.
cat >tools/sheaf <<TOOL
#!/bin/bash
case "\$1" in get) "$sheaf" "\$@" | sed 1d ;; *) exec "$sheaf" "\$@" ;; esac
TOOL
if "$script" --sheaf tools/sheaf --root "$root" >account 2>&1; then fail "get: not noticed"; fi
[ "$(grep -c '^  DIFFERENT: get ' account)" -eq 4 ] || fail "get: $(cat account)"

mkdir real
"$script" --sheaf "$sheaf" --output real >account 2>&1 || fail "$(cat account)"
cat account
if "$script" --sheaf "$sheaf" --output real >account 2>&1; then fail "wrote to DBs that were there"; fi
grep -q 'files.db is there already' account || fail "$(cat account)"
