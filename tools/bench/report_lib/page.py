"""Puts docs/benchmarks.md together: its sections, and the notes that people write."""

import re

from . import appends, conditions, crossover, goals, loads, long_lists, operations, tables
from .runs import BadInput, shape_order, unique

INTRODUCTION = """\
# Benchmarks

Made by `tools/bench/report`; edit `tools/bench/notes.md` instead of this page. To repeat, for each
of the binaries under "Where it ran":

    bazel run -c opt //tools/bench:read_bench -- --benchmark_repetitions=5 \\
        --benchmark_report_aggregates_only --benchmark_out=/tmp/read.json \\
        --benchmark_out_format=json --benchmark_context=commit=$(git rev-parse --short HEAD)
    tools/bench/report /tmp/read.json /tmp/crossover.json /tmp/append.json /tmp/load.json

All systems of a group run in one binary and one process, on the same values; loaders are programs,
which `load_bench` runs. `read_bench`, `append_bench` and `load_bench` run repetitions in random
order, so that whatever else the machine does falls on all systems; `crossover_bench`, `long_bench` and
`mixed_bench`, which have one DB at a time, do not. A figure is the median of the repetitions, in CPU time (the benchmarks with
threads: in real time; compactions: of all threads; loads: from the start of the process to its end,
by the clock); spread is their standard deviation in parts of their mean, and `allocs` are calls of
`operator new` an iteration, RocksDB's own among them. Absolute times are of the machine below; what
carries over to another is a ratio.

But for appends and loads, a list is under one key in an SST: flushed, compacted, not compressed,
its block in a warm LRU block cache. Values are random bytes from a fixed seed. `10000xmix` is
10,000 values of 25 to 75 bytes, `10000xzipf` of 0 to 4,000 with small ones the most frequent,
`COUNTxSIZE` of that size. Each benchmark shows that it reads the same list as all others before it
is timed."""


class Section:
    """A heading and what is below it; `of` a function of (results, figures) to lines.

    The notes' section of the same title, if there is one, opens it. Without lines of its own a
    section is left out, and the notes' section stays where the notes have it.
    """

    def __init__(self, title, of):
        self.title = title
        self.of = of


class Figures:
    """The plots that were drawn, to be shown where they belong. None were with --no-plots."""

    def __init__(self, drawn):
        self._drawn = drawn

    def show(self, name, alternative):
        return [f"![{alternative}](plots/{name}.svg)", ""] if name in self._drawn else []


def _read(results, figures):
    if not results.of_group("Read", threaded=False):
        return []
    lines = figures.show("read", "Time to read a list of 10,000 mixed values, in units of "
                                 "DB::Get into a PinnableSlice, for every system")
    lines += figures.show("read_shapes", "The same for 10,000 values of 50 bytes and for a list "
                                         "of one value")
    return lines + tables.medians_by_shape(results, "Read", "Floor.Get")


def _cross(results, figures):
    cross = crossover.Crossover(results)
    if not cross.medians:
        return []
    lines = ["The fastest by the number of values in a list; level: within "
             f"{100 * (crossover.LEVEL - 1):.0f} % of each other. Lists are in a warm block cache. "
             "Sizes are means, of sizes from half to one and a half times as much: lists of equal "
             "sizes are Sheaf's best case. An append is the write alone; what merging it costs the "
             "next read is in \"append, read one\", and what it costs a compaction in neither.", ""]
    lines += tables.fastest_table(cross) + [""]
    lines += figures.show("crossover", "Which system is the fastest for each number and size of "
                                       "values, and how many times as long the second takes")
    lines += figures.show("cost", "Time to read a whole list against the number of its values, "
                                  "a panel for each size of a value")
    for operation in cross.operations:
        lines += tables.details(f"{crossover.operation_title(operation)}: all medians",
                                tables.crossover_times(cross, operation))
    disk = tables.crossover_disk(cross)
    return lines + (tables.details("Bytes on disk a value", disk) if disk else [])


def _overhead(results, figures):
    if not any("overhead_per_value" in m.entry for m in results.of_group("Overhead")):
        return []
    lines = figures.show("overhead", "Bytes of overhead a value, for each system and shape")
    lines += ["Of the encoded list, its key not counted; where a value has a place of its own "
              "(`OneKey`, `Lmdb`), of the files, with keys and with pages that are not full.", "",
              *tables.overhead_table(results, "overhead_per_value"), ""]
    on_disk = tables.overhead_table(results, "disk_overhead_per_value")
    if on_disk:
        lines += tables.details("The same of the files, for all: SSTs, not compressed, or LMDB's "
                                "pages", on_disk)
    return lines


def _threaded(group, floor, unit):
    def lines_of(results, figures):
        medians = results.of_group(group, threaded=True)
        shapes = sorted(unique(m.shape for m in medians), key=shape_order)
        lines = []
        for shape in shapes:
            lines += figures.show(f"{group.lower()}_{shape}",
                                  f"{unit} a second with one and two threads, lists {shape}")
            lines += [f"{unit} a second, lists `{shape}`:", ""]
            lines += tables.thread_table(results, group, floor, shape) + [""]
        return lines
    return lines_of


# A group that no section names gets a plain table: see `_others`. To add a section: a function
# here, its groups in KNOWN_GROUPS, its names in operations.py, its goals in goals.py.
SECTIONS = [
    Section("One list, read", _read),
    Section("Which to take: blob, one key a value, or wide columns?", _cross),
    Section("Appending", appends.append_lines),
    Section("Reading what is pending", appends.operand_lines),
    Section("Reading with edits pending, and the newest values", appends.edit_lines),
    Section("A list in pieces, and its newest values", appends.piece_lines),
    Section("Long lists", long_lists.long_lines),
    Section("Long lists, written", long_lists.write_lines),
    Section("Many lists, appended to and read", long_lists.mixed_lines),
    Section("Lists that are read from disk", long_lists.cold_lines),
    Section("Loading rows", loads.load_lines),
    Section("Bytes beyond the values' own", _overhead),
    Section("Many lists at once", _threaded("Multi", "Floor.MultiGet", "Keys")),
    Section("Scans", _threaded("Scan", "Floor.Iterate", "Keys")),
    Section("Threads", _threaded("Read", "Floor.Get", "Reads")),
]
KNOWN_GROUPS = ("Read", "Cross", "Append", "Operands", "Segments", "Tail", "Pending", "Load", "Overhead",
                "Multi", "Scan", "Long", "LongWrite", "Mixed", "Cold")


def _others(results):
    lines = []
    for group in results.groups():
        if group not in KNOWN_GROUPS:
            lines += [f"## {group}", "", *tables.plain_table(results, group), ""]
    return lines


def _names(results):
    lines, described = ["## What each name measures", ""], set()
    for group in operations.OPERATIONS:
        more = " (others as above, list by list)" if described & {
            median.system for median in results.of_group(group)} else ""
        table = operations.operations_table(results, group, described)
        if table:
            lines += [f"`{group}/…`{more}:", "", *table, ""]
    return lines + [
        "`SharedPtr`, `Cord` and `Naive` take Sheaf's own encoding apart, which is the fastest "
        "there is here:", "what they cost is how they hold a value.", ""]


def split_notes(notes, path):
    """{title: text below it} of the notes' `## ` sections, in their order. `path` is theirs.

    Raises BadInput where a part of them would be on no page.
    """
    sections, first_line, title = {}, {}, None
    for number, line in enumerate(notes.splitlines(), 1):
        if line.startswith("## "):
            title = line[len("## "):].strip()
            if title in sections:
                raise BadInput(f"{path}:{number}: a second section \"{title}\"; the first is in "
                               f"line {first_line[title]}; give one of them another title")
            sections[title], first_line[title] = [], number
        elif title is not None:
            sections[title].append(line)
        elif line.strip():
            raise BadInput(f"{path}:{number}: text before the first section; begin with \"## \" "
                           "and a title")
    return {title: "\n".join(lines).strip() for title, lines in sections.items()}


def page(results, notes, drawn, root):
    """The page. `notes`: of `split_notes`; `drawn`: names of the plots that there are; `root`: of
    the repository."""
    figures = Figures(drawn)
    sections = dict(notes)
    lines = [INTRODUCTION, "", "## Where it ran", "",
             *conditions.conditions(results.runs, root), "",
             "## Goals", "", *goals.goals_table(results), ""]
    for section in SECTIONS:
        own = section.of(results, figures)
        if own:
            opening = sections.pop(section.title, None)
            lines += [f"## {section.title}", "", *([opening, ""] if opening else []), *own, ""]
    lines += _others(results) + _names(results)
    for title, text in sections.items():
        lines += [f"## {title}", "", text, ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).rstrip() + "\n"
