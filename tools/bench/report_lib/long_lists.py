"""Long lists, many lists at once, and lists that are read from disk: tables and a plot's points."""

from . import numbers
from .runs import shape_order, unique

TITLES = {"SheafLong": "LongStore", "Sheaf": "Store", "OneKey": "one key a value",
          "OneKeyBatch": "64 values a key", "ReadModifyWrite": "pages and a count",
          "StringAppendTest": "stringappendtest"}
OPERATIONS = {"AppendLast": "append a value, read the newest",
              "AppendOne": "append a value, read one at random", "One": "one value at random",
              "Range": "100 values at random", "Last": "the newest 20",
              "Whole": "all, each visited", "Touch": "all, every byte read"}
COLD = {"Whole": "all, each visited", "Last": "the newest 20", "One": "one value at random"}


def title(system):
    return TITLES.get(system, system)


def _by_operation(results, group):
    """{operation: {(system, shape): median}}, and the systems, in the order of the run."""
    found, systems = {}, []
    for median in results.of_group(group):
        system, _, operation = median.system.partition(".")
        found.setdefault(operation, {})[system, median.shape] = median
        systems.append(system)
    return found, unique(systems)


def _size_first(shape):
    count, _, size = shape.partition("x")
    return (int("".join(c for c in size if c.isdigit()) or 0), size, int(count))


def points(results, operation, size):
    """{system: [(values, nanoseconds)]} for values of `size` bytes."""
    found, systems = _by_operation(results, "Long")
    lines = {}
    for system in systems:
        lines[system] = sorted(
            (int(shape.partition("x")[0]), median.time)
            for (of, shape), median in found.get(operation, {}).items()
            if of == system and shape.partition("x")[2] == str(size))
    return lines


def _times(found, systems, order):
    shapes = sorted(unique(shape for _, shape in found), key=order)
    lines = ["| values | " + " | ".join(title(system) for system in systems) + " |",
             "|---|" + "--:|" * len(systems)]
    for shape in shapes:
        cells = [numbers.time(found[system, shape].time) if (system, shape) in found else ""
                 for system in systems]
        lines.append(f"| `{shape}` | " + " | ".join(cells) + " |")
    return lines


def long_lines(results, figures):
    found, systems = _by_operation(results, "Long")
    if not found:
        return []
    lines = figures.show("long", "Time of an append and a read against the length of the list, for "
                                 "each way to keep it")
    for operation, text in OPERATIONS.items():
        if operation in found:
            lines += [f"{text[0].upper()}{text[1:]} (`{operation}`):", "",
                      *_times(found[operation], systems, _size_first), ""]
    return lines


def write_lines(results, _figures):
    medians = results.of_group("LongWrite")
    if not medians:
        return []
    lines = ["| | wall | CPU, all threads | p50 | p99 | p99.9 | compactions wrote |",
             "|---|--:|--:|--:|--:|--:|--:|"]
    for median in medians:
        def of(name, unit):
            value = median.entry.get(name)
            return "" if value is None else f"{numbers.short(value)} {unit}"
        lines.append(f"| `{median.system}/{median.shape}` | {numbers.time(median.time)} "
                     f"| {of('cpu_s', 's')} | {of('p50_us', 'us')} | {of('p99_us', 'us')} "
                     f"| {of('p99.9_us', 'us')} | {of('compacted_mb', 'MB')} |")
    return lines


def mixed_lines(results, _figures):
    medians = results.of_group("Mixed")
    if not medians:
        return []
    lines = []
    for shape in unique(m.shape for m in medians):
        for mix in unique(m.system.partition(".")[2] for m in medians):
            rows = [m for m in medians if m.shape == shape and m.system.partition(".")[2] == mix]
            if not rows:
                continue
            appends, _, reads = mix.partition("-")
            trimmed = ", trimmed to 1,000" if shape.endswith("trimmed") else ""
            lines += [f"{appends} % appends, {reads} % reads{trimmed} (`{mix}/{shape}`):", "",
                      "| | operations a second | append p50, p99, p99.9 (us) "
                      "| read p50, p99, p99.9 (us) | written a byte | read a byte | disk a byte |",
                      "|---|--:|--:|--:|--:|--:|--:|"]
            for median in rows:
                def three(name):
                    values = [median.entry.get(f"{name}_{p}_us") for p in ("p50", "p99", "p99.9")]
                    return ", ".join("" if v is None else numbers.short(v) for v in values)
                def one(name):
                    return numbers.short(median.entry.get(name, 0))
                lines.append(f"| {title(median.system.partition('.')[0])} "
                             f"| {one('operations_a_s')} | {three('append')} | {three('read')} "
                             f"| {one('written_a_byte')} | {one('read_a_byte')} "
                             f"| {one('disk_a_byte')} |")
            lines.append("")
    return lines


def cold_lines(results, _figures):
    found, systems = _by_operation(results, "Cold")
    lines = []
    for operation, text in COLD.items():
        if operation in found:
            lines += [f"{text[0].upper()}{text[1:]}:", "",
                      *_times(found[operation], systems,
                              lambda shape: (shape.endswith("lz4"), *shape_order(shape)[:1])), ""]
    return lines
