"""What each name measures, by group. A name of a run that is not here is reported by `undescribed`.

A key is a system, `System.Op`, `System.*` for all operations of a system, or `*.Op`.
"""

from .runs import unique

# Peers that keep a list in a form of their own, and read it in the way their users do: every value
# is visited. The same in Read, Multi and Scan.
PEERS = {
    "WideColumns.Get": "`DB::GetEntity`, a column for each value, named by its position",
    "Join.Split": "values joined with a delimiter that none of them contains; `absl::StrSplit` "
                  "into a vector of views",
    "Protobuf.Parse": "`repeated bytes`, parsed on an arena that is reset after each list",
    "Protobuf.Reuse": "the same, parsed into one message that keeps its memory",
    "FlatBuffers.Verify": "a vector of strings, verified and then read in its place",
    "OneKey.Scan": "a key of RocksDB for each value; an iterator over them, bounded by the last",
    "Lmdb.Dup": "LMDB, `MDB_DUPSORT`: each value a duplicate of the key, its position before it; "
                "at most 511 bytes a value",
    "Lmdb.DupFixed": "LMDB, `MDB_DUPFIXED`: values of one size, a page of them a call",
    "Naive.Strings": "read into a string, and a `std::string` for each value",
}

OPERATIONS = {
    "Read": {
        "Floor.Get": "`DB::Get` into a `PinnableSlice`, nothing else",
        "Floor.GetTouch": "the same, and adds up every byte",
        "Sheaf.Open": "`Store::Get`, all validated, and the size of the last value",
        "Sheaf.Visit": "the same, and every value visited, as the peers do",
        "Sheaf.Random": "`Open`, and the first byte of 10 values at random",
        "Sheaf.Touch": "`Open`, and adds up every byte of every value at once "
                       "(`BlobView::contents()`), with the routine of `GetTouch`",
        "Sheaf.TouchEach": "the same, value by value",
        "Sheaf.Views": "`Open`, and a vector of all views",
        "Sheaf.Slices": "`Open`, and a vector of all `PinnedSlice`s, dropped one by one",
        "SheafFixed64.*": "the same in layout fixed64",
        "SharedPtr.Slices": "a `shared_ptr` to the `PinnableSlice` and a view for each value",
        "Cord.Slices": "`MakeCordFromExternal`, and a `Subcord` for each value",
        **PEERS,
    },
    "Multi": {
        "Floor.MultiGet": "`DB::MultiGet` of 100 keys chosen at random into `PinnableSlice`s, "
                          "nothing else",
        "Floor.Get": "a `DB::Get` for each key",
        "Sheaf.MultiGet": "`Store::MultiGet`, all validated, and the size of each list's last "
                          "value",
        "Sheaf.MultiGetVisit": "the same, and every value visited, as the peers do",
        "Sheaf.Get": "a `Store::Get` for each key, otherwise as `Sheaf.MultiGet`",
        **PEERS,
    },
    "Scan": {
        "Floor.Iterate": "RocksDB's iterator over all keys, nothing else",
        "Sheaf.Scan": "`Store::Scan`, all validated, and the size of each list's last value",
        "Sheaf.ScanVisit": "the same, and every value visited, as the peers do",
        "Sheaf.ScanDetach": "as `Sheaf.Scan`, each list detached from the cursor",
        "WideColumns.Iterate": "RocksDB's iterator, the columns of each key visited",
        **PEERS,
    },
    "Stats": {
        "Ledger.Pin": "what a read and the drop of its list do for `Store::stats()` and for the "
                      "reference that keeps the caches",
        "Ledger.Reference": "that reference alone",
        "Store.Stats": "one `Store::stats()`",
    },
    "Overhead": {
        "Sheaf": "a blob in layout compact",
        "SheafFixed64": "a blob in layout fixed64",
        "Join": "a delimiter between values",
        "Arrow": "Apache Arrow, by the formula of its specification: an offset of 4 bytes a value "
                 "and one more, and a bit a value for its validity",
        "ArrowOffsets": "an offset of 4 bytes a value and one more, as Apache Arrow has them",
        "Protobuf": "`repeated bytes`",
        "FlatBuffers": "a vector of strings",
        "WideColumns": "RocksDB's wide columns, named by position",
        "OneKey": "a key for each value: the SSTs, less the values",
        "Lmdb": "`MDB_DUPSORT`: the pages in use, less the values",
        "LmdbFixed": "`MDB_DUPFIXED`: the pages in use, less the values",
    },
    "Cross": {
        "Sheaf.Whole": "`Store::Get`, and every value visited",
        "Sheaf.One": "`Store::Get`, and one value by its index",
        "Sheaf.Append": "`Store::Append` of one value: a merge, which does not read",
        "Sheaf.AppendOne": "the same, and `One` of that list, which merges what was appended",
        "OneKey.Whole": "an iterator over the keys of the list",
        "OneKey.One": "`DB::Get` of one value's key",
        "OneKey.Append": "`DB::Put` of one value's key, by who knows how many there are",
        "OneKey.AppendOne": "the same, and `One` of that list",
        "WideColumns.Whole": "`DB::GetEntity`, and every column visited",
        "WideColumns.One": "`DB::GetEntity`, and one column by its name",
        "WideColumns.Append": "`DB::GetEntity`, one column more, `DB::PutEntity`",
        "WideColumns.AppendOne": "the same, and `One` of that list",
    },
    "Append": {
        "Sheaf.Merge": "all appends to a new DB, `Store::Append` of one value each: a merge; with "
                       "the write-ahead log, as by default",
        "Sheaf.GetMemtable": "`Store::Get` of a list whose appends are all in the memtable",
        "Sheaf.GetFlushed": "the same after a flush, in a warm block cache",
        "Sheaf.Compact": "`DB::CompactRange` of what was flushed, to the bottom, every file anew",
        "StringAppendTest.*": "the same with RocksDB's merge operator `stringappendtest`: "
                              "`DB::Merge`, and `DB::Get` of the values with commas between them, "
                              "not taken apart",
        "StringAppend.*": "the same with its `stringappend`",
        "ReadModifyWrite.*": "Sheaf's encoding and no merge: an append reads the list and "
                             "puts it, one value longer",
        "OneKey.*": "a key for each value, put by who knows how many there are; read by an "
                    "iterator, bounded by the last",
    },
    "Operands": {
        "*.Get": "as `GetMemtable` above, of one list, by the number of its appends",
    },
    "Segments": {
        "Sheaf.Get": "`Store::Get`, which merges the pieces, and every value visited",
        "Sheaf.GetSegments": "`Store::GetSegments`, and every value visited through `Segments`",
    },
    "Tail": {
        "Sheaf.Get": "`Store::Get`, and slices of the newest 10 values",
        "Sheaf.GetLast": "`Store::GetLast` of 10 values",
    },
    "Pending": {
        "Sheaf.Get": "`Store::Get` of a list in an SST, over which 5 appends of one value are "
                     "pending in the memtable",
        "Sheaf.GetLast": "`Store::GetLast` of 20 values of it",
        "Sheaf.GetTrimmed": "`Store::Get` with 4 appends and then a trim pending, which drops 4 "
                            "values",
        "Sheaf.GetRemoved": "the same with a remove, which finds one value in the middle",
        "Sheaf.GetLastTrimmed": "`Store::GetLast` of 20 values, with the trim pending",
        "Sheaf.GetLastRemoved": "the same with the remove pending",
    },
    "Long": {
        "SheafLong.*": "`LongStore`, `page_bytes` of 64 KiB: GetLast, GetRange, Get",
        "Sheaf.*": "`Store`, all of the list in one blob, up to 64 MiB",
        "OneKey.*": "a key for each value, by who knows how many there are",
        "OneKeyBatch.*": "64 values a key; an append reads the last key and writes it again",
        "ReadModifyWrite.*": "numbered pages of 1,000 values and a count beside them, both read and "
                             "written by an append",
    },
    "LongWrite": {
        "*.Append": "a new list by single appends, until all is sealed; CPU time of all threads",
        "*.AppendFlushing": "the same to 100 lists, with a memtable of 4 MB",
        "*.Rewritten": "1,000 appends of 100 B to a list of 10 MB, flushed ten at a time",
    },
    "Mixed": {
        "SheafLong.*": "appends of a value to, and reads of the newest 20 of, 50,000 lists of 200 "
                       "values at first, chosen by Zipf's law; `LongStore`",
        "Sheaf.*": "the same, `Store`",
        "StringAppendTest.*": "RocksDB's merge operator; a reader splits the list",
        "OneKey.*": "a key for each value, by who knows how many there are",
        "ReadModifyWrite.*": "numbered pages of 1,000 values and a count beside them",
    },
    "Cold": {
        "*.Whole": "a list that is in no cache, read with direct I/O: all of it",
        "*.Last": "its newest 20 values",
        "*.One": "one value at a random position",
    },
    "Load": {
        "Sheaf.Unsorted": "`sheaf load --db NEW --memory M --threads 2` of a TSV file",
        "Sheaf.Few": "the same, about two rows a key",
        "Sheaf.Unique": "the same, each row with a key of its own, 16 hex digits",
        "Sheaf.Sorted": "the same of the rows sorted by key",
        "Sheaf.Grouped": "the same again, beside `ldb`",
        "GnuSort.*": "`LC_ALL=C sort -S M --parallel=2 -s -t TAB -k1,1` of the same file: sorting "
                     "alone, its output is not synced",
        "SstFileWriter.*": "RocksDB's `SstFileWriter` of the same lists, sorted and encoded and in "
                           "memory before the clock: one file, synced; one thread",
        "SstFileWriter2.*": "the same in two threads, a file each",
        "Ldb.*": "`ldb load --bulk_load --create_if_missing --value_hex` of the same lists, "
                 "encoded, a line each; its last lists stay in its log",
        "LdbNoWal.*": "the same with `--disable_wal`: all in SSTs at the end",
    },
}


def describe(group, system):
    """The words for a name, or None."""
    known = OPERATIONS.get(group, {})
    name, _, operation = system.partition(".")
    return known.get(system) or known.get(f"{name}.*") or known.get(f"*.{operation}")


def undescribed(results):
    """Names of the groups above that these runs have and that nobody has described."""
    return unique(f"{group}/{median.system}" for group in OPERATIONS
                  for median in results.of_group(group) if not describe(group, median.system))


def operations_table(results, group, described):
    """The names of a group that these runs have, in the order above, but for names that
    `described`, a set, has; adds to it those of peers."""
    present = {median.system for median in results.of_group(group)}
    rows = []
    for name, text in OPERATIONS[group].items():
        if name in described or not any(
                name == system or describe(group, system) == text for system in present):
            continue
        rows.append(f"| `{name}` | {text} |")
        if name in PEERS:
            described.add(name)
    return ["| name | what is measured |", "|---|---|", *rows] if rows else []
