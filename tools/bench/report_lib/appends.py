"""What the groups Append, Operands, Segments and Tail say: systems against Sheaf, as tables."""

from . import numbers, tables
from .runs import shape_order, system_order, unique

OPERATIONS = {"Merge": "all appends", "GetMemtable": "read, all in the memtable",
              "GetFlushed": "read, after a flush", "Compact": "compaction after the flush"}
TITLES = {"StringAppendTest": "stringappendtest", "StringAppend": "stringappend",
          "ReadModifyWrite": "read, modify, write", "OneKey": "one key a value"}
SYSTEMS = ("Sheaf", *TITLES)


def title(system):
    return TITLES.get(system, system)


class Table:
    """The medians of a group, by system, operation and shape."""

    def __init__(self, results, group):
        self.medians = {}
        for median in results.of_group(group):
            system, _, operation = median.system.partition(".")
            self.medians[system, operation, median.shape] = median
        self.systems = sorted(unique(key[0] for key in self.medians), key=lambda system: (
            SYSTEMS.index(system) if system in SYSTEMS else len(SYSTEMS), system))
        self.shapes = sorted(unique(key[2] for key in self.medians), key=shape_order)

    def time(self, system, operation, shape):
        """Nanoseconds, or None."""
        median = self.medians.get((system, operation, shape))
        return median.time if median else None

    def operations(self, shape):
        present = unique(key[1] for key in self.medians if key[2] == shape)
        return [o for o in OPERATIONS if o in present] + [o for o in present
                                                         if o not in OPERATIONS]

    def beside_sheaf(self, system, operation, shape):
        """A cell: the time, and in parts of Sheaf's."""
        time = self.time(system, operation, shape)
        if time is None:
            return ""
        sheaf = self.time("Sheaf", operation, shape)
        return numbers.time(time) + (f" ({numbers.factor(time / sheaf)})"
                                     if sheaf and system != "Sheaf" else "")


def pending(shape):
    """The number of values in a name COUNTxSIZE."""
    return int(shape.partition("x")[0])


def _spreads(results, group):
    return tables.details("all medians, with spread and allocations",
                          tables.plain_table(results, group, by_shape=True))


def append_lines(results, figures):
    """A table a shape: a row an operation, a column a system."""
    table = Table(results, "Append")
    if not table.medians:
        return []
    lines = [
        "In brackets: in parts of what Sheaf takes. `50000x72` is 50,000 appends of 72 bytes to "
        "one key, the case of RocksDB's issue 1988; `zipf` spreads the appends over many keys, "
        "chosen by Zipf's law, and a read is of keys chosen by the same law. `stringappend` is "
        "quadratic where it reads, as is read, modify, write where it writes: those are measured "
        "with fewer appends. A flush may fold what is pending already, which Sheaf and "
        "`stringappend` do and `stringappendtest` does not.", ""]
    lines += figures.show("append", "Time to append 50,000 values, to read them and to compact "
                                    "them, in units of Sheaf's, for every system")
    for shape in table.shapes:
        systems = [s for s in table.systems if any(k[0] == s and k[2] == shape
                                                   for k in table.medians)]
        lines += [f"| `{shape}` | " + " | ".join(title(system) for system in systems) + " |",
                  "|---|" + "--:|" * len(systems)]
        for operation in table.operations(shape):
            cells = [table.beside_sheaf(system, operation, shape) for system in systems]
            lines.append(f"| {OPERATIONS.get(operation, operation)} | " + " | ".join(cells) + " |")
        lines.append("")
    return lines + _spreads(results, "Append")


def operand_lines(results, figures):
    """Time of a read by the number of appends that it merges, and by each of them."""
    table = Table(results, "Operands")
    if not table.medians:
        return []
    lines = figures.show("operands", "Time of a read against the number of appends that it finds "
                                     "pending in the memtable, for every system")
    lines += ["A read of one list, in brackets a pending append of 72 bytes:", "",
              "| appends | " + " | ".join(title(system) for system in table.systems) + " |",
              "|--:|" + "--:|" * len(table.systems)]
    for shape in table.shapes:
        cells = []
        for system in table.systems:
            time = table.time(system, "Get", shape)
            cells.append("" if time is None else
                         f"{numbers.time(time)} ({numbers.time(time / pending(shape))})")
        lines.append(f"| {pending(shape):,} | " + " | ".join(cells) + " |")
    return lines + [""] + _spreads(results, "Operands")


def edit_lines(results, figures):
    """Pending: a row a shape, a column an operation."""
    del figures
    if not results.of_group("Pending"):
        return []
    systems = sorted(unique(m.system for m in results.of_group("Pending")), key=system_order)
    lines = ["5 operands are pending over a list that lies in an SST, in a warm block cache.", "",
             "| list | " + " | ".join(f"`{s.partition('.')[2]}`" for s in systems) + " |",
             "|---|" + "--:|" * len(systems)]
    for shape in sorted(unique(m.shape for m in results.of_group("Pending")), key=shape_order):
        found = [results.find("Pending", system, shape) for system in systems]
        cells = [numbers.time(median.time) if median else "" for median in found]
        lines.append(f"| `{shape}` | " + " | ".join(cells) + " |")
    lines.append("")
    return lines + tables.details("All medians, with spread and allocations",
                                  tables.plain_table(results, "Pending", by_shape=True))


def piece_lines(results, figures):
    """Segments and Tail: a row a number of pieces, a column an operation."""
    groups = [group for group in ("Segments", "Tail") if results.of_group(group)]
    if not groups:
        return []
    lines = figures.show("pieces", "Time to read a list of 1 MB that is in several pieces, and its "
                                   "newest values, by the number of pieces")
    lines += ["A list of 20,000 values of 50 bytes, 1 MB, of which one part was put and the others "
              "were appended, each in a file of its own. Whole: every value visited. Tail: its "
              "newest 10.", ""]
    columns = [(group, operation) for group in groups
               for operation in unique(m.system.partition(".")[2]
                                       for m in results.of_group(group))]
    columns.sort(key=lambda column: (groups.index(column[0]), system_order(column[1])))
    lines += ["| pieces | " + " | ".join(f"{'whole' if group == 'Segments' else 'tail'}, "
                                         f"`{operation}`" for group, operation in columns) + " |",
              "|--:|" + "--:|" * len(columns)]
    shapes = unique(m.shape for group in groups for m in results.of_group(group))
    for shape in sorted(shapes, key=shape_order):
        found = [results.find(group, f"Sheaf.{operation}", shape) for group, operation in columns]
        cells = [numbers.time(median.time) if median else "" for median in found]
        lines.append(f"| {pending(shape):,} | " + " | ".join(cells) + " |")
    lines.append("")
    for group in groups:
        lines += tables.details(f"<code>{group}</code>: all medians, with spread and allocations",
                                tables.plain_table(results, group, by_shape=True))
    return lines
