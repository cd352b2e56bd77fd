"""The goals: what is measured, the relation that is wanted, and the bound."""

from typing import Callable, NamedTuple, Optional

from . import loads
from .runs import NotMeasured


class Goal(NamedTuple):
    text: str
    measure: Callable  # of Results; raises NotMeasured
    relation: Optional[str] = None  # None: shown to compare, with no goal
    bound: Optional[float] = None


def ratio(over, under, shape="10000xmix", group="Read"):
    """The time of one over the time of another."""
    return lambda results: (results.get(group, over, shape).time
                            / results.get(group, under, shape).time)


def more_allocations(over, under, shape="10000xmix"):
    return lambda results: (results.get("Read", over, shape).counter("allocs")
                            - results.get("Read", under, shape).counter("allocs"))


def random_growth(many, few):
    """The ten accesses of Random without Open, in one shape over another."""
    def access(results, shape):
        time = (results.get("Read", "Sheaf.Random", shape).time
                - results.get("Read", "Sheaf.Open", shape).time)
        if time <= 0:
            raise NotMeasured(f"Random and Open of {shape} are too close to tell them apart")
        return time
    return lambda results: access(results, many) / access(results, few)


def scaling(system, shape="10000xmix", group="Read"):
    """What two threads read a second over what one does."""
    def reads(results, threads):
        return results.get(group, system, shape, threads).counter("items_per_second")
    return lambda results: reads(results, 2) / reads(results, 1)


def pending(shape):
    """What operands over a list cost its readers: against as many appends."""
    get = "Sheaf.Get"
    return [
        Goal(f"`Sheaf.GetLast` of 20 / `Sheaf.Get`, 5 appends pending, `{shape}`",
             ratio("Sheaf.GetLast", get, shape, "Pending"), "<=", 1.1),
        Goal("the same with a trim pending: `GetLastTrimmed` / `GetTrimmed`",
             ratio("Sheaf.GetLastTrimmed", "Sheaf.GetTrimmed", shape, "Pending"), "<=", 1.1),
        Goal("the same with a remove: `GetLastRemoved` / `GetRemoved`",
             ratio("Sheaf.GetLastRemoved", "Sheaf.GetRemoved", shape, "Pending"), "<=", 1.1),
        Goal(f"`Sheaf.GetTrimmed` / `Sheaf.Get`, `{shape}`",
             ratio("Sheaf.GetTrimmed", get, shape, "Pending"), "<=", 2),
        Goal(f"`Sheaf.GetRemoved` / `Sheaf.Get`, `{shape}`",
             ratio("Sheaf.GetRemoved", get, shape, "Pending"), "<=", 2),
    ]


def growth_an_operand(system, many, few):
    """Time of a read by each pending append, with many over with few."""
    def each(results, shape):
        return results.get("Operands", system, shape).time / int(shape.partition("x")[0])
    return lambda results: each(results, many) / each(results, few)


def against_string_append_test(shape):
    """Sheaf and the merge operator that it is compared with, for one shape."""
    def against(operation):
        return ratio(f"Sheaf.{operation}", f"StringAppendTest.{operation}", shape, "Append")
    return [
        Goal(f"`Sheaf.Merge` / `StringAppendTest.Merge`, `{shape}`", against("Merge"), "<=", 1.1),
        Goal(f"the same of `GetMemtable`, `{shape}`", against("GetMemtable"), "<=", 1.0),
        Goal(f"the same of `Compact`, `{shape}`", against("Compact"), "<=", 1.0),
        Goal(f"the same of `GetFlushed`, `{shape}`, to compare", against("GetFlushed")),
    ]


def against_writer(shape):
    """Sorted rows, and SSTs of the same lists without a loader."""
    return [
        Goal(f"`Sheaf.Sorted` / `SstFileWriter.Sorted`, `{shape}`",
             ratio("Sheaf.Sorted", "SstFileWriter.Sorted", shape, "Load"), "<=", 1.25),
        Goal("the same, `SstFileWriter2`: in two threads, as the tool has them",
             ratio("Sheaf.Sorted", "SstFileWriter2.Sorted", shape, "Load"), "<=", 1.4),
    ]


def load_growth(system, many, few):
    """Time of a load of more rows over that of fewer."""
    return lambda results: (results.get("Load", system, many).time
                            / results.get("Load", system, few).time)


def statistics_cost(shape="10000xmix"):
    """What the ledger does for statistics alone, as a part of Open."""
    return lambda results: ((results.get("Stats", "Ledger.Pin", shape).time
                             - results.get("Stats", "Ledger.Reference", shape).time)
                            / results.get("Read", "Sheaf.Open", shape).time)


def long_ratio(over, under, shape="1000000x64", group="Long"):
    return ratio(over, under, shape, group)


def against_one_key(operation, bound):
    """LongStore and a key a value, at each length of values of 64 bytes."""
    return [Goal(f"`SheafLong.{operation}` / `OneKey.{operation}`, `{count}x64`",
                 long_ratio(f"SheafLong.{operation}", f"OneKey.{operation}", f"{count}x64"), "<=",
                 bound)
            for count in (10, 1000, 100000, 1000000)]


def counter_ratio(group, over, under, shape, name):
    return lambda results: (results.get(group, over, shape).counter(name)
                            / results.get(group, under, shape).counter(name))


GOALS = [
    Goal("`Sheaf.Open` / `Floor.Get`", ratio("Sheaf.Open", "Floor.Get"), "<=", 1.2),
    Goal("the same, `10000x50`", ratio("Sheaf.Open", "Floor.Get", "10000x50"), "<=", 1.05),
    Goal("the same, `1x100`", ratio("Sheaf.Open", "Floor.Get", "1x100"), "<=", 1.05),
    Goal("`SheafFixed64.Open` / `Floor.Get`", ratio("SheafFixed64.Open", "Floor.Get"), "<=", 2.5),
    Goal("`Sheaf.Touch` / `Floor.GetTouch`", ratio("Sheaf.Touch", "Floor.GetTouch"), "<=", 1.05),
    Goal("`Sheaf.Views` / `Floor.Get`", ratio("Sheaf.Views", "Floor.Get"), "<=", 8),
    Goal("`SharedPtr.Slices` / `Sheaf.Slices`", ratio("SharedPtr.Slices", "Sheaf.Slices"),
         ">=", 2),
    Goal("`Cord.Slices` / `Sheaf.Slices`", ratio("Cord.Slices", "Sheaf.Slices"), ">=", 8),
    Goal("`Naive.Strings` / `Sheaf.Slices`", ratio("Naive.Strings", "Sheaf.Slices"), ">=", 4),
    Goal("`WideColumns.Get` / `Sheaf.Open`", ratio("WideColumns.Get", "Sheaf.Open"), ">=", 60),
    Goal("`Lmdb.Dup` / `Sheaf.Open`", ratio("Lmdb.Dup", "Sheaf.Open"), ">=", 40),
    Goal("`Naive.Strings` / `Sheaf.Open`", ratio("Naive.Strings", "Sheaf.Open"), ">=", 200),
    Goal("allocations of `Sheaf.Open` beyond `Floor.Get`",
         more_allocations("Sheaf.Open", "Floor.Get"), "<=", 1),
    Goal("allocations of `Sheaf.Random` beyond `Sheaf.Open`",
         more_allocations("Sheaf.Random", "Sheaf.Open"), "<=", 0),
    Goal("`Random` less `Open`, `1000000x8` / `10000xmix`",
         random_growth("1000000x8", "10000xmix"), "<=", 3),
    Goal("the same, `1000000x8` / `10000x50`: all sizes equal in both",
         random_growth("1000000x8", "10000x50"), "<=", 3),
    Goal("statistics (`Ledger.Pin` less `Ledger.Reference`) / `Sheaf.Open`", statistics_cost(),
         "<=", 0.01),
    Goal("`Sheaf.Open`, reads a second of two threads / one", scaling("Sheaf.Open"), ">=", 1.8),
    Goal("`Floor.Get`, the same, to compare", scaling("Floor.Get")),
    Goal("`StringAppend.GetMemtable` / `Sheaf.GetMemtable`, `50000x72`: malloc decides it, to "
         "compare", ratio("StringAppend.GetMemtable", "Sheaf.GetMemtable", "50000x72", "Append")),
    *against_string_append_test("50000x72"),
    *against_string_append_test("1000000x40zipf"),
    *pending("1000000x8"),
    *pending("100000x8"),
    *pending("1000x100"),
    Goal("growth of the time of `Sheaf.Get` a pending append, 100,000 / 1,000 of them, over that "
         "of `StringAppendTest.Get`",
         lambda results: (growth_an_operand("Sheaf.Get", "100000x72", "1000x72")(results)
                          / growth_an_operand("StringAppendTest.Get", "100000x72",
                                              "1000x72")(results)), "<=", 1.05),
    Goal("that of `Sheaf.Get`, to compare", growth_an_operand("Sheaf.Get", "100000x72", "1000x72")),
    *against_one_key("AppendLast", 1.0),
    *against_one_key("AppendOne", 1.2),
    Goal("`SheafLong.Append` / `Sheaf.Append`, seals included, wall",
         long_ratio("SheafLong.Append", "Sheaf.Append", group="LongWrite"), "<=", 1.15),
    Goal("the same, CPU time of all threads",
         counter_ratio("LongWrite", "SheafLong.Append", "Sheaf.Append", "1000000x64", "cpu_s"),
         "<=", 1.3),
    Goal("p99.9 of `SheafLong.AppendFlushing` / that of `Sheaf.AppendFlushing`",
         counter_ratio("LongWrite", "SheafLong.AppendFlushing", "Sheaf.AppendFlushing",
                       "1000000x64", "p99.9_us"), "<=", 1.5),
    Goal("`SheafLong.Touch` / `Sheaf.Touch`, `1000000x64`",
         long_ratio("SheafLong.Touch", "Sheaf.Touch"), "<=", 1.5),
    Goal("`OneKey.Whole` / `SheafLong.Whole`", long_ratio("OneKey.Whole", "SheafLong.Whole"),
         ">=", 50),
    Goal("`SheafLong.Range` / `OneKey.Range`", long_ratio("SheafLong.Range", "OneKey.Range"),
         "<=", 0.15),
    Goal("`SheafLong.One` / `OneKey.One`", long_ratio("SheafLong.One", "OneKey.One"), "<=", 0.6),
    Goal("`SheafLong.Last`, `10000000x64` / `100x64`",
         lambda results: (results.get("Long", "SheafLong.Last", "10000000x64").time
                          / results.get("Long", "SheafLong.Last", "100x64").time), "<=", 1.5),
    Goal("MB that compactions write for 1,000 appends of 100 B, flushed ten at a time, to a list "
         "of 10 MB",
         lambda results: results.get("LongWrite", "SheafLong.Rewritten",
                                     "100000x100").counter("compacted_mb"), "<=", 4),
    Goal("the same of `Sheaf.Rewritten`, to compare",
         lambda results: results.get("LongWrite", "Sheaf.Rewritten",
                                     "100000x100").counter("compacted_mb")),
    Goal("bytes on disk of `SheafLong` / those of `Sheaf`, `1000000x64`",
         counter_ratio("Long", "SheafLong.Whole", "Sheaf.Whole", "1000000x64", "disk_a_byte"),
         "<=", 1.02),
    Goal("`Sheaf.Unsorted` / `GnuSort.Unsorted`, `2GB-512M`",
         ratio("Sheaf.Unsorted", "GnuSort.Unsorted", "2GB-512M", "Load"), "<=", 0.25),
    Goal("the same of `Few`: two rows a key", ratio("Sheaf.Few", "GnuSort.Few", "2GB-512M", "Load"),
         "<=", 0.25),
    Goal("the same of `Unique`: one row a key",
         ratio("Sheaf.Unique", "GnuSort.Unique", "2GB-512M", "Load"), "<=", 0.25),
    Goal("the same, `500MB-256M`, to compare",
         ratio("Sheaf.Unsorted", "GnuSort.Unsorted", "500MB-256M", "Load")),
    Goal("the same, `500MB-2G`: all in memory, to compare",
         ratio("Sheaf.Unsorted", "GnuSort.Unsorted", "500MB-2G", "Load")),
    Goal("`Sheaf.Unique` / `GnuSort.Unique`, `500MB-256M`, to compare",
         ratio("Sheaf.Unique", "GnuSort.Unique", "500MB-256M", "Load")),
    *against_writer("2GB"),
    *against_writer("500MB"),
    Goal("`Ldb.Grouped` / `Sheaf.Grouped`, `500MB`",
         ratio("Ldb.Grouped", "Sheaf.Grouped", "500MB", "Load"), ">=", 4),
    Goal("the same, `LdbNoWal`: without its log, to compare",
         ratio("LdbNoWal.Grouped", "Sheaf.Grouped", "500MB", "Load")),
    Goal("MB of peak memory beyond `--memory`, the most of all loads", loads.most_beyond_memory,
         "<=", 128),
    Goal("`Sheaf.Unsorted`, `2GB-256M` / `500MB-256M`",
         load_growth("Sheaf.Unsorted", "2GB-256M", "500MB-256M"), "<=", 4.4),
    Goal("the same, `2GB-512M` / `500MB-256M`, to compare",
         load_growth("Sheaf.Unsorted", "2GB-512M", "500MB-256M")),
    Goal("time of `Sheaf.Unsorted` a byte, `16GB-512M` / `2GB-512M`",
         lambda results: load_growth("Sheaf.Unsorted", "16GB-512M", "2GB-512M")(results) / 8,
         "<=", 1.2),
    Goal("`GnuSort.Unsorted`, `2GB-256M` / `500MB-256M`, to compare",
         load_growth("GnuSort.Unsorted", "2GB-256M", "500MB-256M")),
]


def is_met(goal, value):
    return value <= goal.bound if goal.relation == "<=" else value >= goal.bound


def show(goal, value):
    """As many digits as tell the value from the bound."""
    if value == int(value):
        return f"{value:,.0f}"
    if goal.relation is None or (goal.bound < 2 and value < 10):
        return f"{value:.3f}"
    return f"{value:,.1f}"


def goals_table(results):
    """Each goal with what was measured. One that no run measures is shown as such."""
    lines = ["| goal (shape `10000xmix` unless it says more) | wanted | measured | |",
             "|---|---|---|---|"]
    for goal in GOALS:
        wanted = f"{goal.relation} {goal.bound}" if goal.relation else ""
        try:
            value = goal.measure(results)
        except NotMeasured:
            if goal.relation:
                lines.append(f"| {goal.text} | {wanted} | not measured | |")
            continue
        verdict = ""
        if goal.relation:
            verdict = "met" if is_met(goal, value) else "**missed**"
        lines.append(f"| {goal.text} | {wanted} | {show(goal, value)} | {verdict} |")
    return lines
