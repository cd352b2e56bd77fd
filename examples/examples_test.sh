#!/bin/bash
# Runs each example and compares what it prints with what its text says it must.
#   examples/examples_test.sh [FOLDER]     where the programs are. Default: examples
set -u
programs=${1:-examples}
dir=$(mktemp -d "${TEST_TMPDIR:-/tmp}/examples.XXXXXX")
trap 'rm -rf "$dir"' EXIT
failed=0

# expect NAME EXPECTED ARGUMENT...: standard input goes to the example.
expect() {
  local name=$1 expected=$2 printed
  shift 2
  if ! printed=$("$programs/$name" "$@"); then
    echo "$name: failed"
    failed=1
  elif [ "$printed" != "$expected" ]; then
    printf '%s: expected\n%s\nbut it printed\n%s\n' "$name" "$expected" "$printed"
    failed=1
  fi
}

expect register_by_name $'sheaf.append with sheaf.stats\nVenus\nEarth\nMars' "$dir/named" </dev/null
expect event_log '20000 events of 4 users, each read as it was appended' "$dir/events" </dev/null
expect long_events $'20000 events; kept by number: 1000, by age: as many as the model
the consumer handled each exactly once, in order' "$dir/long" </dev/null
# 1,003 posts in pages of 20; 357 more are posted, which are on none of the 51 pages. Of these 1,360,
# each page that is read drops 20: 34 pages have posts, and the last one finds that the rest is gone.
expect paged_listing $'post 1002 ... post 983, older: 983
51 pages\n51 pages, while others post\n35 pages, while the oldest posts are trimmed' \
  "$dir/posts" </dev/null
# 50 sessions on the first day, 100 on each of three more; all are read twice, 3 slices a time.
busy='Resource busy: Store::Close: 1 Cursor of Scan not destroyed yet; destroy them first'
expect sessions "$busy"$'\n''2100 slices of a DB that is gone, as they were written' \
  "$dir/sessions" </dev/null
# 40 + 50 + 5 bytes and three line ends; the block is held until the message goes.
expect cord_handover $'98 bytes, not copied, blocks pinned: 1\nafter: 0' "$dir/cord" </dev/null

# Gives COMMANDS to the index, and asks it for words. awk has the last word: the lines of
# DOCUMENT..., in this order, that have every one of them.
expect_index() {  # COMMANDS DOCUMENT...
  local commands=$1 words expected
  shift
  expect posting_lists "$(printf '%s\n' "$@")" "$dir/index" <<<"$commands"$'\n'list
  for words in 'merge list' 'you may not' 'bazel the test' license 'second edition' 'a nowhere'; do
    expected=$(cd "$dir/text" && LC_ALL=C awk -v words="$words" '
      { line = " " tolower($0) " "; gsub(/[^a-z0-9]/, " ", line); all = 1
        n = split(words, each, " ")
        for (i = 1; i <= n; ++i) if (index(line, " " each[i] " ") == 0) all = 0
        if (all) print FILENAME ":" FNR }' "$@" /dev/null)
    expect posting_lists "$expected" "$dir/index" <<<"find $words"
  done
}

mkdir "$dir/text"
cp README.md LICENSE CONTRIBUTING.md "$dir/text"
read_file() { echo "add $1 $dir/text/$1"; }
expect_index "$(read_file README.md; read_file LICENSE; read_file CONTRIBUTING.md)" \
  README.md LICENSE CONTRIBUTING.md
# A document that has changed comes last.
sed -i -e 's/the/the second edition/' -e '20,$d' "$dir/text/README.md"
expect_index "$(read_file README.md)" LICENSE CONTRIBUTING.md README.md
expect_index 'remove README.md LICENSE nobody' CONTRIBUTING.md
expect_index "$(read_file LICENSE; read_file LICENSE)" CONTRIBUTING.md LICENSE
expect_index 'remove LICENSE CONTRIBUTING.md'
expect_index "$(read_file README.md)" README.md

# ldb joins with ':'. Sizes by hand: uniform, one, none, two empty ones, two sizes.
ldb --db="$dir/joined" --create_if_missing batchput a x:y:z b one c '' d : e '::q' >/dev/null
expect migrate_joined_lists '5 keys, 9 values, 1 empty lists; all compared' \
  "$dir/joined" default lists :
lists=$(ldb --db="$dir/joined" --column_family=lists scan --hex)
if [ "$lists" != $'0x61 : 0xB4030178797A\n0x62 : 0xB001036F6E65\n0x63 : 0xB000
0x64 : 0xB0020000\n0x65 : 0xB00300000171' ]; then
  printf 'migrate_joined_lists wrote\n%s\n' "$lists"
  failed=1
fi

if "$programs/event_log" "$dir/events" >/dev/null 2>&1; then
  echo "event_log: opened a DB that exists"
  failed=1
fi
exit $failed
