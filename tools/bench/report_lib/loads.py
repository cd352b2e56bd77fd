"""What the group Load says: `sheaf load` against sort(1), raw SstFileWriter and ldb, as tables.

Shapes are SIZE or SIZE-MEMORY: an input in units of 1000, memory as the tool takes it.
"""

import re
from typing import NamedTuple, Optional

from . import numbers, tables
from .runs import NotMeasured, unique

UNITS = {"kB": 1e-3, "MB": 1, "GB": 1e3}
TITLES = {"Sheaf": "`sheaf load`", "GnuSort": "`sort`", "SstFileWriter": "`SstFileWriter`",
          "SstFileWriter2": "in two threads", "Ldb": "`ldb load --bulk_load`",
          "LdbNoWal": "with `--disable_wal`"}
OPERATIONS = {"Unsorted": "unsorted rows", "Unique": "unsorted rows, each with a key of its own",
              "Sorted": "sorted rows", "Grouped": "the same, beside `ldb`"}


class Shape(NamedTuple):
    megabytes: float  # of the input, in units of 1000
    memory: Optional[str]  # "512M", or None where the name does not say


def parse_shape(shape):
    """Of a name's third part, or None."""
    match = re.fullmatch(r"(\d+)(kB|MB|GB)(?:-(\w+))?", shape)
    return Shape(int(match[1]) * UNITS[match[2]], match[3]) if match else None


def size_text(shape):
    """The input: "2 GB"."""
    return re.sub(r"(\d+)(\w+).*", r"\1 \2", shape)


def _seconds(nanoseconds):
    return f"{nanoseconds / 1e9:,.2f} s"


def _memory(median, shape):
    """As the tool takes it: of the name, or of what the run says."""
    parsed = parse_shape(shape)
    if parsed and parsed.memory:
        return parsed.memory
    megabytes = median.entry.get("memory_MB") if median else None
    if megabytes is None:
        return ""
    mebibytes = round(megabytes * 1e6 / (1 << 20))
    return f"{mebibytes // 1024}G" if mebibytes % 1024 == 0 else f"{mebibytes}M"


def _order(shape):
    """A sort key: smaller inputs first, then less memory."""
    parsed = parse_shape(shape)
    if parsed is None:
        return (float("inf"), 0, shape)
    memory = re.fullmatch(r"(\d+)([MG])", parsed.memory or "")
    return (parsed.megabytes, int(memory[1]) * {"M": 1, "G": 1024}[memory[2]] if memory else 0,
            shape)


class Table:
    """The medians of the group, by system, operation and shape."""

    def __init__(self, results):
        self.medians = {}
        for median in results.of_group("Load"):
            system, _, operation = median.system.partition(".")
            self.medians[system, operation, median.shape] = median

    def find(self, system, operation, shape):
        return self.medians.get((system, operation, shape))

    def systems(self, operation):
        """In the order of TITLES."""
        present = unique(key[0] for key in self.medians if key[1] == operation)
        return [s for s in TITLES if s in present] + [s for s in present if s not in TITLES]

    def operations(self):
        present = unique(key[1] for key in self.medians)
        return [o for o in OPERATIONS if o in present] + [o for o in present
                                                         if o not in OPERATIONS]

    def shapes(self, operation):
        return sorted(unique(key[2] for key in self.medians if key[1] == operation), key=_order)

    def sweep(self, operation="Unsorted"):
        """The memory that the most sizes were loaded with, and its shapes; (None, []) if none."""
        of_memory = {}
        for shape in self.shapes(operation):
            parsed = parse_shape(shape)
            if parsed and parsed.memory:
                of_memory.setdefault(parsed.memory, []).append(shape)
        return max(of_memory.items(), key=lambda item: len(item[1]), default=(None, []))


def beyond_memory(median):
    """What a load held at its highest beyond --memory, in MB (units of 1000)."""
    return median.counter("peak_rss_MB") - median.counter("memory_MB")


def most_beyond_memory(results):
    """Of all loads of the tool."""
    medians = [m for m in results.of_group("Load") if m.system.startswith("Sheaf.")]
    if not medians:
        raise NotMeasured("Load/Sheaf")
    return max(beyond_memory(median) for median in medians)


def _cell(table, system, operation, shape):
    """The time, and in parts of the tool's."""
    median, sheaf = (table.find(name, operation, shape) for name in (system, "Sheaf"))
    if median is None:
        return ""
    over = f" ({numbers.factor(median.time / sheaf.time)})" if sheaf and system != "Sheaf" else ""
    return _seconds(median.time) + over


def _counter(median, name):
    value = median.entry.get(name) if median else None
    return "" if value is None else f"{value:,.0f} MB"


def _rate(median):
    rate = median.entry.get("bytes_per_second") if median else None
    return "" if rate is None else f"{rate / 1e6:,.0f} MB"


def _times(table, operation):
    """A row a shape: times of all systems, and what the tool reads a second and holds."""
    systems = table.systems(operation)
    head = (f"| {OPERATIONS.get(operation, operation)} | memory | "
            + " | ".join(TITLES.get(system, system) for system in systems)
            + " | `sheaf load` reads a second | its peak memory |")
    lines = [head, "|--:|--:|" + "--:|" * (len(systems) + 2)]
    for shape in table.shapes(operation):
        sheaf = table.find("Sheaf", operation, shape)
        cells = [size_text(shape), _memory(sheaf, shape)]
        cells += [_cell(table, system, operation, shape) for system in systems]
        cells += [_rate(sheaf), _counter(sheaf, "peak_rss_MB")]
        lines.append("| " + " | ".join(cells) + " |")
    return lines + [""]


def _medians(table):
    lines = ["| benchmark | median | spread | CPU time | peak memory |", "|---|--:|--:|--:|--:|"]
    for operation in table.operations():
        for shape in table.shapes(operation):
            for system in table.systems(operation):
                median = table.find(system, operation, shape)
                if median is None:
                    continue
                cpu = median.entry.get("cpu_s")
                lines.append(
                    f"| `{median.system}/{shape}` | {_seconds(median.time)} "
                    f"| {tables.spread(median)} "
                    f"| {'' if cpu is None else _seconds(cpu * 1e9)} "
                    f"| {_counter(median, 'peak_rss_MB')} |")
    return lines


def load_lines(results, figures):
    """A table an operation, and all medians."""
    table = Table(results)
    if not table.medians:
        return []
    lines = figures.show("load_time", "Seconds to load unsorted rows, and to sort them with "
                                      "sort(1), against the size of the input")
    lines += figures.show("load_memory", "Peak memory of both against the size of the input")
    lines += ["In brackets: in parts of what `sheaf load` takes. `256M` is `--memory` of `sheaf "
              "load` and `-S` of `sort`, in units of 1024; all other sizes are in units of 1000. "
              "Peak memory is what the process held at its highest, its code and what every "
              "process holds among it.", ""]
    for operation in table.operations():
        lines += _times(table, operation)
    return lines + tables.details("all medians, with spread, CPU time of all threads, and peak "
                                  "memory", _medians(table))
