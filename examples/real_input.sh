#!/bin/bash
# Real input: loads this machine's package database and a dictionary with `sheaf load`, and compares
# every list with its source, read by other programs. `--help` tells more.
set -eu -o pipefail

usage() {
  cat <<'USAGE'
usage: examples/real_input.sh [--sheaf FILE] [--root DIR] [--output DIR]

Makes four DBs with awk and `sheaf load`, of what any Debian machine has:
  files.db    package -> the paths that it installed            dpkg's file lists, tsv
  folders.db  folder -> the packages that installed files there the same, rows shuffled
  fields.db   field -> each package's content of it             dpkg's status, tsv with line ends
  words.db    word -> its synsets with their glosses            WordNet (wordnet-base), jsonl
and compares every list, as `sheaf export` writes it, and some as `sheaf get` does, with the source as
grep, sed, perl, join, sort and dpkg-query read it. What awk makes of it is in examples/real_input/.

  --sheaf FILE   the tool (default: bin/sheaf in the clone, which
                 tools/quickstart.sh leaves, else bazel-bin/tools/sheaf/sheaf)
  --root DIR     a machine's root folder, a chroot for example (default: this machine's); without it,
                 wordnet-base is installed if it is missing
  --output DIR   where to leave the DBs: a folder that exists and has none of them (default: a
                 temporary one, which is removed)

Exit status: 0 no difference; 1 a difference, which is shown, or something could not be read; 2 bad
usage.
USAGE
}

sheaf="" root="" output=""
while [ $# -gt 0 ]; do
  case "$1" in
    -h | --help) usage; exit 0 ;;
    --sheaf | --root | --output)
      [ $# -ge 2 ] || { echo "error: $1 needs a value" >&2; exit 2; }
      declare "${1#--}=$2"
      shift 2
      ;;
    *) echo "error: unknown argument: $1" >&2; usage >&2; exit 2 ;;
  esac
done
# The folders below are left again and again.
absolute() { case "$1" in /* | "") echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
sheaf=$(absolute "$sheaf") root=$(absolute "$root") output=$(absolute "$output")

cd "$(dirname "$0")/.."
awk_folder=$PWD/examples/real_input
[ -n "$sheaf" ] || [ ! -x bin/sheaf ] || sheaf=$PWD/bin/sheaf
: "${sheaf:=$PWD/bazel-bin/tools/sheaf/sheaf}"
if [ ! -x "$sheaf" ]; then
  echo "error: no tool at $sheaf; build it: bazel build -c opt //tools/sheaf" >&2
  exit 1
fi
if [ -z "$root" ]; then
  . tools/deps.sh
  require_packages wordnet-base
fi
lists=$root/var/lib/dpkg/info status=$root/var/lib/dpkg/status wordnet=$root/usr/share/wordnet

# Bytes, whatever their encoding; keys in RocksDB's order.
export LC_ALL=C
tab=$'\t'
scratch=$(mktemp -d "${TMPDIR:-/tmp}/sheaf-real-input.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
: "${output:=$scratch}"
for db in files folders fields words; do
  if [ -e "$output/$db.db" ]; then
    echo "error: $output/$db.db is there already" >&2
    exit 1
  fi
done
failed=0

by_key() { sort --stable --field-separator="$tab" --key=1,1; }
# What export escapes beyond backslash, TAB and LF, as bytes: rows then look as awk wrote them.
control_bytes() { perl -pe 's/(\\\\)|\\x(..)/$1 \/\/ chr hex $2/ge'; }
# The rows of a DB. Keys come in order of their bytes; sorted again as an escape is not its byte.
exported() { "$sheaf" export --db "$output/$1" --format tsv | control_bytes | by_key; }
escapes() { sed 's/\\/&&/g; s/\t/\\t/g'; }

# same WHAT EXPECTED FOUND: compares two files.
same() {
  if [ ! -s "$2" ]; then
    echo "  DIFFERENT: $1: nothing was read from the source"
  elif cmp --silent "$2" "$3"; then
    echo "  same: $1"
    return
  else
    echo "  DIFFERENT: $1; the first of the lines (< source, > sheaf):"
    { diff --text "$2" "$3" || true; } >"$scratch/difference"
    head -n 8 "$scratch/difference" | cut -c 1-200 | sed 's/^/    /'
  fi
  failed=1
}
count() { echo "$(wc -l <"$1") rows of $(cut -f 1 "$1" | uniq | wc -l) keys"; }

cd "$scratch"

echo "files.db: package -> paths"
awk -f "$awk_folder/package_files.awk" "$lists"/*.list | "$sheaf" load --db "$output/files.db"
(cd "$lists" && grep --text --with-filename '' -- *.list) | escapes | sed "s/\.list:/$tab/" >paths
by_key <paths >expected
exported files.db >found
same "all $(count found), with grep, sed and sort" expected found
dpkg-query --admindir="$root/var/lib/dpkg" --listfiles dpkg >expected
"$sheaf" get --db "$output/files.db" dpkg >found
same "get dpkg, with dpkg-query --listfiles" expected found

# The folders in any order, and so the packages of each: those keep it.
echo "folders.db: folder -> packages, from shuffled rows"
awk -f "$awk_folder/package_files.awk" "$lists"/*.list | awk -f "$awk_folder/package_folders.awk" >ordered
shuf --random-source=ordered ordered >rows  # any bytes will do: the same shuffle each time
"$sheaf" load --db "$output/folders.db" --input rows --format tsv
exported folders.db >found
by_key <rows >expected
same "all $(count found), in each list in the order of the input, with sort" expected found
sed "s#^\([^$tab]*\)$tab\(.*\)/[^/]*\$#\2$tab\1#; s#^$tab#/&#" paths | sort --unique >expected
sort found >sorted
same "the same rows, with grep, sed and sort" expected sorted
(cd "$lists" && grep --text --files-with-matches '^/etc/[^/]*$' -- *.list) | sed 's/\.list$//' |
  sort >expected
"$sheaf" get --db "$output/folders.db" /etc | sort >found
same "get /etc, with grep" expected found

echo "fields.db: field -> package and content"
awk -f "$awk_folder/status_fields.awk" "$status" | "$sheaf" load --db "$output/fields.db"
perl -00 -ne '
  chomp;
  my ($package) = /^Package: (.*)$/m;
  for (split /\n(?![ \t])/) {
    my ($field, $content) = /^([^:]+): ?(.*)$/s or die "not a field: $_\n";
    s/\\/\\\\/g, s/\t/\\t/g, s/\n/\\n/g for $content;
    print "$field\t$package $content\n";
  }' "$status" | by_key >expected
exported fields.db >found
same "all $(count found), with perl and sort" expected found
dpkg-query --admindir="$root/var/lib/dpkg" --show --showformat='${Package} ${Essential}\n' |
  grep ' yes$' | sort >expected
"$sheaf" get --db "$output/fields.db" Essential | sort >found
same "get Essential, with dpkg-query --show" expected found

echo "words.db: word -> synsets"
awk -f "$awk_folder/wordnet_words.awk" "$wordnet"/data.{noun,verb,adj,adv} \
  "$wordnet"/index.{noun,verb,adj,adv} |
  "$sheaf" load --db "$output/words.db" --format jsonl
exported words.db >found
# The offsets of a word are the numbers of eight digits behind it; a gloss is what is behind the bar.
grep --no-filename -v '^ ' "$wordnet"/index.{noun,verb,adj,adv} |
  perl -ne '/^(\S+) (.) / or die; my ($word, $pos) = ($1, $2);
            print "$pos $1\t$word\t", ++$n, "\n" while / (\d{8})\b/g' | sort >senses
for part in n:noun v:verb a:adj r:adv; do
  sed -n "s/^\([0-9]*\) [^|]* | \(.*[^ ]\) *\$/${part%:*} \1$tab\2/p" "$wordnet/data.${part#*:}"
done | sort >glosses
join -t "$tab" -o 1.2,1.3,1.1,2.2 senses glosses | sort -t "$tab" -k 1,1 -k 2,2n |
  escapes | sed 's/\\t[0-9]*\\t/\t/; s/\\t/ /' >expected
same "all $(count found), with join and sort" expected found
# Without the index: a line of data names the words of its synset.
perl -ne '
  next if /^ /;
  my @field = split / /;
  my $pos = $field[2] eq "s" ? "a" : $field[2];
  for (1 .. hex $field[3]) {
    my $word = lc $field[2 + 2 * $_];
    $word =~ s/\((a|p|ip)\)$//;
    print "$word\t$pos $field[0]\n";
  }' "$wordnet"/data.{noun,verb,adj,adv} | sort --unique >expected
sed "s/\($tab. [0-9]*\) .*/\1/" found | sort >sorted
same "the words of every synset, with perl and sort" expected sorted
# An offset is that of a byte: the word with the most synsets, looked up as WordNet does.
word=$(cut -f 1 found | uniq -c | sort -k 1,1nr | sed -n '1s/^ *[0-9]* //p')
"$sheaf" get --db "$output/words.db" -- "$word" >found
awk -F "$tab" -v word="$word" '$2 == word' senses | sort -t "$tab" -k 3,3n >offsets
while read -r pos offset _; do
  case $pos in n) part=noun ;; v) part=verb ;; a) part=adj ;; *) part=adv ;; esac
  # Without pipefail: tail is not let finish.
  (set +o pipefail; tail -c "+$((10#$offset + 1))" "$wordnet/data.$part" | head -n 1) |
    sed "s/^\([0-9]*\) [^|]* | \(.*[^ ]\) *\$/$pos \1 \2/"
done <offsets | escapes >expected
same "get $word, with tail" expected found

if [ "$failed" -ne 0 ]; then
  echo "differences were found" >&2
  exit 1
fi
echo "4 DBs, no difference"
