"""Tables of medians: by shape, by threads, of the crossover, and of groups that nobody knows."""

from . import crossover, numbers
from .runs import shape_order, system_order, unique


def details(summary, lines):
    """Small print that is folded until a reader asks for it."""
    return ["<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>", ""]


def _allocations(median):
    allocations = median.entry.get("allocs")
    return "" if allocations is None else f"{allocations:,.0f}"


def spread(median):
    return "" if median.spread is None else f"{100 * median.spread:.1f} %"


def medians_by_shape(results, group, floor):
    """A folded table a shape, each median beside `floor` of that shape."""
    medians = results.of_group(group, threaded=False)
    lines = []
    for shape in sorted(unique(m.shape for m in medians), key=shape_order):
        below = results.find(group, floor, shape)
        rows = [f"| benchmark | median | / `{floor}` | spread | allocs |",
                "|---|--:|--:|--:|--:|"]
        of_shape = [m for m in medians if m.shape == shape]
        for median in sorted(of_shape, key=lambda m: system_order(m.system)):
            over = numbers.factor(median.time / below.time) if below else ""
            rows.append(f"| `{median.system}` | {numbers.time(median.time)} | {over} "
                        f"| {spread(median)} | {_allocations(median)} |")
        lines += details(f"<code>{shape}</code>: all medians", rows)
    return lines


def thread_table(results, group, floor, shape):
    """Items a second by number of threads, what `floor` does in the time of one, and scaling."""
    medians = [m for m in results.of_group(group, threaded=True) if m.shape == shape
               and "items_per_second" in m.entry]
    counts = sorted({m.threads for m in medians})
    head, rule = "| benchmark |", "|---|"
    for count in counts:
        head += f" {count} thread{'s' if count > 1 else ''} | `{floor}` / it |"
        rule += "--:|--:|"
    scales = 1 in counts and 2 in counts
    lines = [head + (" two / one |" if scales else ""), rule + ("--:|" if scales else "")]
    for system in sorted(unique(m.system for m in medians), key=system_order):
        row, rates = f"| `{system}` |", {}
        for count in counts:
            median = results.find(group, system, shape, count)
            below = results.find(group, floor, shape, count)
            if median is None or "items_per_second" not in median.entry:
                row += " | |"
                continue
            rates[count] = median.counter("items_per_second")
            over = (numbers.factor(below.entry["items_per_second"] / rates[count])
                    if below and "items_per_second" in below.entry else "")
            row += f" {numbers.short(rates[count])} | {over} |"
        if scales:
            row += f" {rates[2] / rates[1]:.2f} |" if 1 in rates and 2 in rates else " |"
        lines.append(row)
    return lines


def overhead_table(results, counter):
    """A row a system, a column a shape; empty if nobody counted it."""
    values = {(m.system, m.shape): m.entry[counter]
              for m in results.of_group("Overhead") if counter in m.entry}
    shapes = sorted(unique(shape for _, shape in values), key=shape_order)
    rows = []
    for system in sorted(unique(system for system, _ in values), key=system_order):
        cells = [numbers.bytes_a_value(values[system, shape]) if (system, shape) in values else ""
                 for shape in shapes]
        rows.append(f"| `{system}` | " + " | ".join(cells) + " |")
    if not rows:
        return []
    return ["| bytes beyond the value's own, a value | " +
            " | ".join(f"`{shape}`" for shape in shapes) + " |",
            "|---|" + "--:|" * len(shapes), *rows]


def _stretch(fastest, first, last):
    names = " and ".join(crossover.title(system) for system in fastest)
    level = " level" if len(fastest) > 1 else ""
    counts = f"{first:,}" if first == last else f"{first:,} to {last:,}"
    return f"{counts}: {names}{level}"


def fastest_table(cross):
    """Which system is the fastest, at which numbers of values: a row a size."""
    titles = [crossover.operation_title(operation) for operation in cross.operations]
    lines = ["| size of a value | " + " | ".join(titles) + " |",
             "|---|" + "---|" * len(titles)]
    for size in cross.sizes:
        cells = ["; ".join(_stretch(*stretch) for stretch in cross.stretches(operation, size))
                 for operation in cross.operations]
        lines.append(f"| {numbers.size(size)} | " + " | ".join(cells) + " |")
    return lines


def crossover_times(cross, operation):
    """Every median of one operation: a row a shape, a column a system."""
    lines = ["| values | size | " + " | ".join(crossover.title(s) for s in cross.systems) + " |",
             "|--:|--:|" + "--:|" * len(cross.systems)]
    for size in cross.sizes:
        for count in cross.counts:
            times = [cross.time(system, operation, count, size) for system in cross.systems]
            if any(time is not None for time in times):
                cells = ["" if time is None else numbers.time(time) for time in times]
                lines.append(f"| {count:,} | {numbers.size(size)} | " + " | ".join(cells) + " |")
    return lines


def crossover_disk(cross):
    """Bytes on disk a value; empty if nobody counted them."""
    rows = []
    for size in cross.sizes:
        for count in cross.counts:
            found = [cross.disk_bytes(system, count, size) for system in cross.systems]
            if any(value is not None for value in found):
                cells = ["" if value is None else numbers.bytes_a_value(value) for value in found]
                rows.append(f"| {count:,} | {numbers.size(size)} | " + " | ".join(cells) + " |")
    if not rows:
        return []
    return ["| values | size | " + " | ".join(crossover.title(s) for s in cross.systems) + " |",
            "|--:|--:|" + "--:|" * len(cross.systems), *rows]


def plain_table(results, group, by_shape=False):
    """Every median; for a group that this report knows nothing about, in the order of the run."""
    lines = ["| benchmark | median | spread | allocs |", "|---|--:|--:|--:|"]
    medians = results.of_group(group)
    if by_shape:
        medians.sort(key=lambda m: (shape_order(m.shape), system_order(m.system)))
    for median in medians:
        name = "/".join(part for part in (median.system, median.shape) if part) or group
        threads = "" if median.threads is None else f"/threads:{median.threads}"
        lines.append(f"| `{name}{threads}` | {numbers.time(median.time)} | {spread(median)} "
                     f"| {_allocations(median)} |")
    return lines
