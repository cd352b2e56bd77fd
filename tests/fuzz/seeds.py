#!/usr/bin/env python3
"""Writes the seeds that have a name into tests/fuzz/corpus: small inputs of each kind.

  tests/fuzz/seeds.py

What a target reads is in the comment at the head of tests/fuzz/TARGET_fuzz.cc. Seeds of `parse` and
`round_trip` are older than this script. Run it again after a change here; it removes nothing.
"""
import gzip
import os
import struct
import subprocess

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")


def seed(target, name, data):
    os.makedirs(os.path.join(ROOT, target), exist_ok=True)
    with open(os.path.join(ROOT, target, name), "wb") as out:
        out.write(data)


def text(data):
    """A byte of size, then the bytes."""
    return bytes([len(data)]) + data


def compact(*values, tag=0xB0):
    return bytes([tag, len(values)]) + bytes(len(v) for v in values) + b"".join(values)


def fixed64(*values):
    sizes = b"".join(struct.pack("<Q", len(v)) for v in values)
    body = struct.pack("<Q", len(values)) + sizes + b"".join(values)
    return struct.pack("<Q", len(body)) + body


def bundle(*inputs):
    return compact(*inputs, tag=0xB8)


CLEAR, KEEP_FIRST, KEEP_LAST = b"\xa0", b"\xa1\x02", b"\xa2\x03"
REMOVE, DROP_FIRST = b"\xa3\x01a", b"\xa5\x01"
APPEND = compact(b"a", b"bc")


def operands():
    for name, data in {
        "append": APPEND,
        "clear": CLEAR,
        "keep_first": KEEP_FIRST,
        "keep_last": b"\xa2\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        "remove": REMOVE,
        "drop_first": b"\xa5\xe8\x07",
        "remove_prefix": b"\xa6\x01a",
        "batch": b"\xa4" + compact(CLEAR, APPEND, KEEP_LAST, REMOVE, KEEP_FIRST),
        "batch_of_drops": b"\xa4" + compact(DROP_FIRST, APPEND, DROP_FIRST, KEEP_LAST),
        "batch_in_batch": b"\xa4" + compact(b"\xa4" + compact(CLEAR), CLEAR),
        "batch_of_none": b"\xa4" + compact(),
        "unknown_edit": b"\xa7xyz",
        "long_varint": b"\xa1\x80\x00",
        "too_many_bytes": CLEAR + b"x",
        "bundle": bundle(b"plain", APPEND, b"\xa7"),
        "bundle_fixed64": bundle(fixed64(b"a"), APPEND),
        "bundle_of_none": bundle(),
    }.items():
        seed("operand", name, data)


def merges():
    # Layout, limits, whether there are bad ones; base; number of operands; see merge_grouping.h.
    seed("merge", "no_base", bytes([1, 0, 0, 1, 3, 0, 1, 8, 2, 2, 1, 2, 2, 0]))
    seed("merge", "limits", bytes([0, 1, 0, 2, 0, 5, 0, 0, 0, 3, 2, 3, 4]) + bytes(range(60)))
    seed("merge", "bad_operands", bytes([1, 0, 1, 0, 1, 5, 2, 3, 4, 6]) + bytes([0, 4, 9] * 20))
    seed("merge", "bad_base", bytes([0, 0, 1, 0, 0, 0, 5] + [1, 8, 3, 2, 2, 2] * 8))
    seed("merge", "many", bytes((i * 37 + i // 7) % 256 for i in range(300)))


def rows():
    tsv, jsonl, framed, csv = b"\0", b"\1", b"\2", b"\3"
    frame = lambda key, value: struct.pack("<II", len(key), len(value)) + key + value
    for name, data in {
        "tsv": tsv + b"a\t1\nb\t2\na\t3\n",
        "tsv_escapes": tsv + b"a\\t\\x00\t\\n\\\\\nb\t\\q\nc\t\\x4\n",
        "tsv_no_rows": tsv + b"\n\tvalue\nno tab\na\tb\tc\n",
        "tsv_crlf": tsv + b"a\t1\r\nb\t\r\n",
        "tsv_bom": tsv + b"\xef\xbb\xbfa\t1\nb\t2",
        "jsonl": jsonl + b'{"key":"a","value":"1"}\n{"values":["2",""],"key":"b"}\n\n',
        "jsonl_base64": jsonl + b'{"key":{"base64":"/w=="},"values":[{"base64":"AP8="},"\\u00e4\\n"]}',
        "jsonl_no_rows": jsonl + b'[]\n{"key":"","value":"x"}\n{"key":"a"}\n{"value":"a"}\n'
                                 b'{"key":"a","key":"b","value":""}\n{"key":1,"value":"x"}\nx\n'
                                 b'{"key":"a","value":"\xff"}\n{"key":"a","values":"x","y":1}\n',
        "jsonl_empty_list": jsonl + b'{"key":"a","values":[]}\n',
        "framed": framed + frame(b"a", b"1\n\t") + frame(b"b", b"") + frame(b"a", b"\0" * 20),
        "framed_empty_key": framed + frame(b"", b"1") + frame(b"b", b"2"),
        "framed_like_zstd": framed + b"\x28\xb5\x2f\xfd\0\0\1\0\0",
        "csv": csv + b'a,1\r\n"b","2,\n""x"""\n\na,\n',
        "csv_no_rows": csv + b'a\na,1,2\n,x\na,"x"y\na,x"y\n"a" ,"\nb,"\n" "\nc,"x',
        "csv_bom": csv + b'\xef\xbb\xbf"a",1\r\r\nb,""\r',
        "framed_cut": framed + frame(b"a", b"1") + frame(b"bb", b"22")[:-1],
    }.items():
        seed("row", name, data)
    seed("row_writer", "two_lists", text(b"key") + text(b"a") + text(b"b") + b"\xfe" + text(b"k2"))
    seed("row_writer", "special", text(b"a\tb\\") + text(b"\n\r\0") + text("ü".encode()) +
         text(b"\xff\t") + text(b'"\\'))
    seed("row_writer", "long", text(b"k") + b"\xff" + b"ab\xc3\xbc\t" * 51 + text(b"x"))
    seed("row_writer", "long_not_utf8", text(b"\xc3") + b"\xff" + b"ab\xbc\n\\" * 51)
    for name, data in {
        "plain": b"plain text",
        "control": bytes(range(32)) + b"\x7f\\",
        "utf8": "grüße €".encode(),
        "not_utf8": b"gr\xfc\xdfe",
        "escapes": b"\\t\\n\\\\\\x00\\xfF",
        "bad_escape": b"a\\q",
        "cut_escape": b"a\\x4",
        "ends_in_backslash": b"a\\",
    }.items():
        seed("escape", name, data)


def archives():
    # The first byte of an archive keeps it from being compressed once more.
    data = b"a\t1\nb\t2\n" * 8
    run = lambda *command: subprocess.run(command, input=data, stdout=subprocess.PIPE,
                                          check=True).stdout
    gz = gzip.compress(data, mtime=0)
    seed("archive", "gzip", gz)
    seed("archive", "gzip_members", gz + gz + b"\0" * 8)
    seed("archive", "gzip_and_more", gz + b"x")
    seed("archive", "gzip_cut", gz[:-3])
    seed("archive", "zstd", run("zstd", "-q", "-c"))
    seed("archive", "zstd_skippable", b"\x50\x2a\x4d\x18\4\0\0\0abcd" + run("zstd", "-q", "-c"))
    seed("archive", "lz4", run("lz4", "-q", "-c"))
    seed("archive", "lz4_frames", run("lz4", "-q", "-c") * 2)
    seed("archive", "skippable_alone", b"\x51\x2a\x4d\x18\4\0\0\0abcd")
    seed("archive", "bzip2", b"BZh91AY&SY" + bytes(range(20)))
    seed("archive", "xz", b"\xfd7zXZ\0\0\4" + bytes(20))
    seed("archive", "zip", b"PK\3\4\x14\0\0\0\0\0" + bytes(20))
    seed("archive", "plain", data)
    for kind, name in enumerate(["to_gzip", "to_zstd", "to_lz4"]):
        seed("archive", name, bytes([8 * kind]) + data)


def journals():
    any_bytes, any_lines, any_records = b"\0", b"\1", b"\2"
    seed("journal", "empty", any_bytes)
    seed("journal", "no_checksum", any_bytes + b"0123456789abcdef\tload\t1\tid\n")
    seed("journal", "other_db", any_lines + b"load\t1\tid\nwhat\t--db\t/other\n")
    seed("journal", "no_what", any_lines + b"load\t1\tid\ndone\n")
    seed("journal", "not_a_load", any_lines + b"done\nrun\n")
    seed("journal", "other_options", any_lines + b"load\t1\tid\nwhat\t--db\t/lists.db\n"
                                                 b"what\t--input\tother\t1\nwhat\t--memory\t1\n")
    # Fewer fields than a load has.
    seed("journal", "what_without_fields", any_lines + b"load\t1\tid\nwhat\n")
    seed("journal", "input_without_name",
         any_lines + b"load\t1\tid\nwhat\t--db\t/lists.db\nwhat\t--input\n")
    seed("journal", "more_than_it_has", any_records + b"what\nwhat\t--input\ndone\n")
    seed("journal", "option_without_name", any_records + b"what\t\tx\n")
    seed("journal", "input_that_it_has_not", any_records + b"what\t--input\ndone\n")
    for name, records in {
        "done": b"done",
        "run": b"run\trun-3\t2\t2\t10\t1\t0\t10\t2\t0\t1\trun-1",
        "plan": b"plan\t0\t2\t0\t\t1\tm",
        "range": b"range\t0\t2\t2\t1\t000001.sst\ta\tb\t1000\t2\t0",
        "sorted": b"sorted-part\t1\t0\t3\t3\t2\t2\t1\t1.sst\ta\tb\t900\t2\t0\t1\t0\t12\t3\t0\n"
                  b"not-sorted",
        "written": b"written\t3\t3\t0\t12\t12",
        "staged": b"staged\t/.new-abc\nbuilt\nunstaged",
        "staged_elsewhere": b"staged\t/home/somebody\nbuilt",
        "ingest": b"ingest\t7\t1\t000004.sst 000005.sst",
        "counts_too_large": b"plan\t0\t18446744073709551615\nrun\tr\t1\t1\t1\t99999999999",
        "path_outside": b"run\t../../etc/passwd\t1\t1\t1\t0\t0\n"
                        b"range\t0\t1\t1\t1\t../x.sst\ta\ta\t1\t1\t0",
        "unknown": b"later\t1",
        "bad_escape": b"staged\t\\q",
    }.items():
        seed("journal", name, any_records + records)


def runs():
    as_it_is, sealed, written = b"\0", b"\1", b"\2"
    row = lambda key, block, body: text(key) + bytes([block]) + text(body)
    footer = lambda rows, largest, first, last, positions, samples: (
        bytes([rows, largest]) + text(first) + text(last) + bytes([len(positions)]) +
        bytes(positions) + bytes([len(samples)]) + b"".join(text(k) + bytes([o])
                                                             for k, o in samples))
    block = row(b"a", 0, b"\1\1x") + row(b"", 1, b"\1\1y") + row(b"n", 1, b"\0")
    good = footer(3, 60, b"a", b"n", [0, 5], [(b"a", 12)])
    seed("run", "sealed", sealed + b"\1" + b"\0" + text(block) + good)
    seed("run", "two_blocks", sealed + b"\2" + (b"\0" + text(block)) * 2 +
         footer(6, 60, b"a", b"n", [0, 5], [(b"a", 12), (b"n", 60)]))
    seed("run", "no_footer", sealed + b"\0")
    seed("run", "position_past_the_end", sealed + b"\1" + b"\0" + text(row(b"a", 9, b"\0")) + good)
    seed("run", "row_past_the_end", sealed + b"\1" + b"\0" + text(b"\1a\0\x40x") + good)
    seed("run", "many_positions", sealed + b"\0" + b"\3\x3c\1a\1n\xff\xff\xff\xff\xff\xff\x7f")
    seed("run", "sample_outside", sealed + b"\1" + b"\0" + text(block) +
         footer(3, 60, b"a", b"n", [0, 5], [(b"a", 200)]))
    seed("run", "compressed", sealed + b"\1" + bytes([len(block)]) +
         text(bytes([len(block) << 4 & 0xF0 if len(block) < 15 else 0xF0, len(block) - 15]) + block)
         + good)
    seed("run", "header_alone", as_it_is + b"SHEAFRUN\1\0\0\0")
    seed("run", "rows", written + b"\0" + b"\2" + text(b"b") + b"\1" + text(b"v") + text(b"a") +
         b"\2" + text(b"v") + text(b"w") + b"\1" + text(b"z") + b"\0")
    seed("run", "rows_not_compressed", written + b"\1" + (b"\3" + (text(b"n") + b"\0") * 3) * 4)


def options():
    def file(operator, collector=b"{{id=sheaf.stats;layout=compact;}}", more=b""):
        return (b"[Version]\n  rocksdb_version=7.8.3\n  options_file_version=1.1\n"
                b"[DBOptions]\n  max_open_files=-1\n" + b'[CFOptions "default"]\n' +
                b"  table_properties_collectors=" + collector + b"\n  merge_operator=" + operator +
                b"\n" + more)
    append = b"{id=sheaf.append;keep=last;max_bytes=0;max_values=0;layout=compact;}"
    limits = b"{id=sheaf.append;keep=first;max_bytes=100;max_values=9;layout=fixed64;}"
    pages = (b"{id=sheaf.append;keep=last;max_bytes=0;max_values=0;layout=compact;"
             b"page_bytes=65536;}")
    other_family = b'[CFOptions "lists"]\n  merge_operator=' + limits + b"\n"
    joined = b"{id=StringAppendOperator;delimiter=:;}"
    older = b"\n====\n"
    for name, data in {
        "append": b"\0" + file(append),
        "limits": b"\1" + file(limits, b"nullptr"),
        "family": b"\0" + file(append, more=other_family),
        "pages": b"\0" + file(pages),
        "joined": b"\0" + file(joined) + older + file(limits),
        "joined_family": b"\0" + file(joined, b"nullptr", b'[CFOptions "lists"]\n') + older +
                         file(append, more=other_family),
        "none": b"\1" + file(b"nullptr", b"nullptr"),
        "other": b"\0" + file(b"{id=max;}"),
        "cut": b"\0" + file(append)[:90] + older + file(append),
        "empty": b"\2",
        "unknown_object": b"\0" + file(b"{id=somebody.else;}"),
        "wal_dir": b"\0" + file(append).replace(b"max_open_files=-1", b"wal_dir=/somewhere"),
        "fifo": b"\0" + file(append, more=b"  compaction_style=kCompactionStyleFIFO\n"),
        "table": b"\0" + file(append, more=b'[TableOptions/BlockBasedTable "default"]\n'
                                           b"  block_size=4096\n"),
    }.items():
        seed("options", name, data)


def others():
    for name, data in {
        "empty": b"",
        "one": b"9-9 4:3",
        "several": b"0-75 0:1 5:70 6:6000",
        "largest": b"18446744073709551615-18446744073709551615 64:18446744073709551615",
        "wide": b"0-18446744073709551615 0:1 64:1",
        "past_64_bits": b"1-1 1:18446744073709551616",
        "gap": b"1-4 1:1 1:1 3:1",
        "numbers": bytes(9 * [255]) + bytes(range(9)),
        "list": compact(*[b"x" * (i % 40) for i in range(100)]),
    }.items():
        seed("histogram", name, data)
    number = struct.pack(">Q", 1000)
    shard = text(b"0") + b"\1" + text(b"000001.sst") + text(b"a") + text(b"\xff") + number
    seed("manifest", "one_shard", text(b"leveldb.BytewiseComparator") + text(b"default") + number +
         shard)
    seed("manifest", "shards", text(b"c") + text(b"gr\xc3\xbcn\"\n") + number + shard + shard)
    seed("manifest", "somebody_elses", b'{"version":1,"load":"fedcba987654321001234567"}')
    for name, data in {
        "joined": b"\0" + compact(b"a") + b":" + APPEND + b":" + REMOVE,
        "joined_fixed64": b"\1" + fixed64(b"a") + b":" + APPEND,
        "joined_drops": b"\0" + compact(b"a", b"b") + b":" + DROP_FIRST + b":" + APPEND,
        "joined_by_nothing": b"\4" + compact(b"a") + APPEND + KEEP_LAST,
        "plain": b"\0plain:value",
        "plain_not_adopted": b"\x08plain",
        "plain_and_parts": b"\0a:b:" + APPEND + b":" + CLEAR,
        "bundle": b"\0" + bundle(b"plain", APPEND, APPEND + b":" + REMOVE),
        "bundle_in_bundle": b"\0" + bundle(bundle(bundle(b"plain"))),
        "bundle_and_parts": b"\0" + bundle(b"plain") + b":" + APPEND,
        "damaged_list": b"\0\xb0\x02\x03\x02abcd",
        "later_operand": b"\0" + APPEND + b":\xa7",
        "clears": b"\0x" + b":\xa0" * 20 + b":\xa1",
        "edits": b"\x10\0" + text(b"base") + b"\6\2\1x\2yy\2\3\3\1x\5\1\0\6\1\3abc",
        "edits_without_base": b"\x10\1\6\2\1x\1y\1\1\3\1y",
        "edits_fixed64": b"\x11\0" + text(b"b") + b"\4\1\1:\2\5",
    }.items():
        seed("salvage", name, data)


for write in operands, merges, rows, archives, journals, runs, options, others:
    write()
