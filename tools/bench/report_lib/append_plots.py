"""The plots of appends: bars against Sheaf, time against pending appends, lists in pieces."""

from matplotlib.lines import Line2D

from . import appends, axes_of, long_lists, numbers, svg
from .runs import unique

COLOURS = {"Sheaf": svg.SHEAF, "StringAppendTest": svg.GREEN, "StringAppend": svg.VERMILION,
           "ReadModifyWrite": svg.OTHER, "OneKey": svg.ORANGE}
MARKERS = {"Sheaf": "o", "StringAppendTest": "v", "StringAppend": "x", "ReadModifyWrite": "D",
           "OneKey": "s"}


def bars(results, shape):
    """A panel an operation, a bar a system, in units of Sheaf."""
    table = appends.Table(results, "Append")
    systems = [s for s in table.systems if any(k[0] == s and k[2] == shape for k in table.medians)]
    operations = [operation for operation in table.operations(shape)
                  if table.time("Sheaf", operation, shape)]
    if len(systems) < 2 or not operations:
        return None
    columns = min(len(operations), 2)
    rows = -(-len(operations) // columns)
    figure, axes = svg.new_figure(0.3 + rows * (0.62 + axes_of.BAR * len(systems)), rows, columns)
    panels = [panel for row in axes for panel in row]
    for panel in panels[len(operations):]:
        panel.set_visible(False)
    for at, (panel, operation) in enumerate(zip(panels, operations)):
        sheaf = table.time("Sheaf", operation, shape)
        over = {system: table.time(system, operation, shape) / sheaf for system in systems
                if table.time(system, operation, shape)}
        lowest = min(0.7, 0.8 * min(over.values()))
        for row, system in enumerate(systems):
            if system in over:
                axes_of.bar(panel, row, lowest, over[system], numbers.factor(over[system]),
                            COLOURS.get(system, svg.OTHER), bold=system == "Sheaf")
            else:
                axes_of.not_measured(panel, row, lowest)
        axes_of.log_x(panel, lowest, max(*over.values(), 2), 0.2)
        panel.axvline(1, color=svg.FLOOR, linewidth=1)
        axes_of.rows(panel, [appends.title(system) for system in systems]
                     if at % columns == 0 else [""] * len(systems))
        panel.set_title(f"{appends.OPERATIONS.get(operation, operation)} "
                        f"(Sheaf: {numbers.time(sheaf)})")
    figure.supxlabel("time / Sheaf's", fontsize=9)
    return figure


def _look(system):
    """Sheaf's line is wide, so that it is seen below another."""
    wide = system == "Sheaf"
    return {"color": COLOURS.get(system, svg.OTHER), "marker": MARKERS.get(system, "x"),
            "linewidth": 3.6 if wide else 1.4, "markersize": 7 if wide else 4}


def operands(results):
    """Time of a read against the number of pending appends: a line a system."""
    table = appends.Table(results, "Operands")
    if not table.medians:
        return None
    figure, axes = svg.new_figure(4.2)
    panel = axes[0][0]
    for system in table.systems:
        shapes = [shape for shape in table.shapes if table.time(system, "Get", shape)]
        panel.plot([appends.pending(shape) for shape in shapes],
                   [table.time(system, "Get", shape) for shape in shapes], **_look(system))
    axes_of.log_log(panel)
    panel.set_xlabel("appends of 72 bytes that are pending in the memtable")
    panel.set_ylabel("time to read the list")
    svg.legend_above(figure, [
        Line2D([], [], label=appends.title(system), **_look(system)) for system in table.systems])
    return figure


def pieces(results):
    """Time against the number of pieces: a panel for the whole list, one for its tail."""
    groups = [(group, title) for group, title in (("Segments", "the whole list"),
                                                  ("Tail", "the newest 10 values"))
              if results.of_group(group)]
    if not groups:
        return None
    figure, axes = svg.new_figure(2.9, 1, len(groups), sharey=True)
    looks = {"Sheaf.Get": (svg.OTHER, "s"), "Sheaf.GetSegments": (svg.SHEAF, "o"),
             "Sheaf.GetLast": (svg.SHEAF_LIGHT, "^")}
    other = (svg.FLOOR, "x")
    present = []
    for panel, (group, title) in zip(axes[0], groups):
        medians = results.of_group(group)
        for name in unique(m.system for m in medians):
            points = sorted((appends.pending(m.shape), m.time) for m in medians
                            if m.system == name)
            colour, marker = looks.get(name, other)
            panel.plot([x for x, _ in points], [y for _, y in points], linewidth=1.6, markersize=4,
                       color=colour, marker=marker)
            present.append(name)
        axes_of.log_log(panel)
        counts = sorted({appends.pending(m.shape) for m in medians})
        panel.set_xticks(counts, [str(count) for count in counts])
        panel.set_title(title)
    svg.legend_above(figure, [
        Line2D([], [], color=looks.get(name, other)[0], marker=looks.get(name, other)[1],
               linewidth=1.6, markersize=4, label=name.partition(".")[2])
        for name in unique(present)])
    figure.supxlabel("pieces of a list of 1 MB", fontsize=9)
    figure.supylabel("time", fontsize=9)
    return figure


def long_lists_by_count(results):
    """Time of an append and a read against the length of the list: a panel an operation."""
    looks = {"SheafLong": (svg.SHEAF, "o"), "Sheaf": (svg.SHEAF_LIGHT, "^"),
             "OneKey": (svg.ORANGE, "s"), "OneKeyBatch": (svg.GREEN, "v"),
             "ReadModifyWrite": (svg.OTHER, "D")}
    operations = [operation for operation in ("AppendLast", "AppendOne", "Whole")
                  if any(long_lists.points(results, operation, 64).values())]
    if not operations:
        return None
    figure, axes = svg.new_figure(2.9, 1, len(operations), sharey=True)
    present = []
    for panel, operation in zip(axes[0], operations):
        for system, points in long_lists.points(results, operation, 64).items():
            colour, marker = looks.get(system, (svg.FLOOR, "x"))
            panel.plot([x for x, _ in points], [y for _, y in points], linewidth=1.6, markersize=4,
                       color=colour, marker=marker)
            present.append(system)
        axes_of.log_log(panel)
        panel.set_title(long_lists.OPERATIONS[operation], fontsize=9)
    svg.legend_above(figure, [
        Line2D([], [], color=looks.get(system, (svg.FLOOR, "x"))[0],
               marker=looks.get(system, (svg.FLOOR, "x"))[1], linewidth=1.6, markersize=4,
               label=long_lists.title(system)) for system in unique(present)])
    figure.supxlabel("values of 64 bytes in the list", fontsize=9)
    figure.supylabel("time", fontsize=9)
    return figure
