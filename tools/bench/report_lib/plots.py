"""The plots of docs/benchmarks.md: `draw` makes those that the results have figures for."""

import math

from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from . import append_plots, axes_of, crossover, load_plots, numbers, svg
from .runs import shape_order, unique

FASTEST_COLOURS = {"Sheaf": svg.SHEAF, "OneKey": svg.ORANGE, "WideColumns": svg.GREEN}
MARKERS = {"Sheaf": "o", "OneKey": "s", "WideColumns": "^"}


def draw(results):
    """{name: SVG} of all plots."""
    makers = {
        "read": lambda: bars_against_floor(results, ["10000xmix"]),
        "read_shapes": lambda: bars_against_floor(results, ["10000x50", "1x100"]),
        "overhead": lambda: overhead(results),
        "crossover": lambda: crossover_map(crossover.Crossover(results)),
        "cost": lambda: cost_by_count(crossover.Crossover(results)),
        "append": lambda: append_plots.bars(results, "50000x72"),
        "operands": lambda: append_plots.operands(results),
        "pieces": lambda: append_plots.pieces(results),
        "long": lambda: append_plots.long_lists_by_count(results),
        "load_time": lambda: load_plots.time(results),
        "load_memory": lambda: load_plots.memory(results),
    }
    for group, title in (("Multi", "100 keys at once"), ("Scan", "Scan")):
        for shape in unique(m.shape for m in results.of_group(group, threaded=True)):
            makers[f"{group.lower()}_{shape}"] = (
                lambda group=group, title=title, shape=shape:
                rates(results, group, shape, f"{title}, lists {shape}: keys a second"))
    drawn = {name: svg.with_style(maker) for name, maker in makers.items()}
    return {name: image for name, image in drawn.items() if image is not None}


def bars_against_floor(results, shapes):
    """Each system's time in units of Floor.Get: a panel a shape, the first's fastest on top."""
    shapes = [shape for shape in shapes if results.find("Read", "Floor.Get", shape)]
    if not shapes:
        return None
    times = {(m.system, m.shape): m.time for m in results.of_group("Read", threaded=False)
             if m.shape in shapes}
    systems = sorted(unique(system for system, _ in times),
                     key=lambda system: times.get((system, shapes[0]), float("inf")))
    figure, axes = svg.new_figure(0.95 + axes_of.BAR * len(systems), 1, len(shapes))
    for panel, shape in zip(axes[0], shapes):
        floor = times["Floor.Get", shape]
        lowest = min(0.7, 0.8 * min(time / floor for (_, at), time in times.items()
                                    if at == shape))
        for row, system in enumerate(systems):
            if (system, shape) in times:
                over = times[system, shape] / floor
                axes_of.bar(panel, row, lowest, over, numbers.factor(over), svg.colour_of(system),
                            bold=system.startswith("Sheaf."))
            else:
                axes_of.not_measured(panel, row, lowest)
        highest = max(time / floor for (_, at), time in times.items() if at == shape)
        axes_of.log_x(panel, lowest, max(highest, 2), 0.12 if len(shapes) == 1 else 0.2)
        panel.axvline(1, color=svg.FLOOR, linewidth=1)
        axes_of.rows(panel, systems if panel is axes[0][0] else [""] * len(systems))
        panel.set_title(f"{shape} (Floor.Get: {numbers.time(floor)})")
    figure.supxlabel("time / Floor.Get", fontsize=9)
    return figure


def overhead(results):
    """A panel a shape, a bar a system."""
    values = {(m.system, m.shape): m.entry["overhead_per_value"]
              for m in results.of_group("Overhead") if "overhead_per_value" in m.entry}
    if not values:
        return None
    shapes = sorted(unique(shape for _, shape in values), key=shape_order)

    # Most systems have all shapes; the long mixed one is the most like what users have.
    shape = "10000xmix" if "10000xmix" in shapes else shapes[-1]
    systems = sorted(unique(system for system, _ in values),
                     key=lambda system: values.get((system, shape), float("inf")))
    columns = min(len(shapes), 2)
    rows = -(-len(shapes) // columns)
    figure, axes = svg.new_figure(rows * (0.62 + axes_of.BAR * len(systems)), rows, columns,
                                  sharex=True)
    lowest = 10 ** -4
    highest = max(values.values())
    for at, panel in enumerate(panel for row in axes for panel in row):
        if at >= len(shapes):
            panel.set_visible(False)
            continue
        shape = shapes[at]
        for row, system in enumerate(systems):
            if (system, shape) in values:
                value = values[system, shape]
                axes_of.bar(panel, row, lowest, max(value, lowest), numbers.bytes_a_value(value),
                            svg.colour_of(system), bold=system == "Sheaf")
            else:
                axes_of.not_measured(panel, row, lowest)
        axes_of.log_x(panel, lowest, max(highest, 10), 0.15)
        panel.tick_params(labelbottom=True)
        axes_of.rows(panel, systems if at % columns == 0 else [""] * len(systems))
        panel.set_title(shape)
    figure.supxlabel("bytes a value beyond its own", fontsize=9)
    return figure


def rates(results, group, shape, title):
    """Items a second with one thread and more, a pair of bars a system, the most on top."""
    medians = [m for m in results.of_group(group, threaded=True)
               if m.shape == shape and "items_per_second" in m.entry]
    if not medians:
        return None
    found = {(m.system, m.threads): m.entry["items_per_second"] for m in medians}
    threads = sorted({m.threads for m in medians})
    systems = sorted(unique(m.system for m in medians),
                     key=lambda s: -max(found.get((s, count), 0) for count in threads))
    figure, axes = svg.new_figure(0.8 + axes_of.BAR * len(systems) * len(threads))
    panel = axes[0][0]
    lowest = 10 ** math.floor(math.log10(min(found.values()) / 1.5))
    height = 0.8 / len(threads)
    for row, system in enumerate(systems):
        for at, count in enumerate(threads):
            if (system, count) in found:
                rate = found[system, count]
                axes_of.bar(panel, row + (at - (len(threads) - 1) / 2) * height, lowest, rate,
                            f"{numbers.short(rate)}   ({count} thread{'s' if count > 1 else ''})",
                            svg.colour_of(system), bold=system.startswith("Sheaf."),
                            height=0.9 * height)
    axes_of.log_x(panel, lowest, max(found.values()), 0.21)
    axes_of.rows(panel, systems)
    panel.set_title(title)
    return figure


def cost_by_count(cross):
    """Time to read a whole list against its number of values: a panel a size, a line a system."""
    if "Whole" not in cross.operations:
        return None
    columns = min(len(cross.sizes), 3)
    rows = -(-len(cross.sizes) // columns)
    figure, axes = svg.new_figure(0.6 + 2.1 * rows, rows, columns, sharex=True, sharey=True)
    panels = [panel for row in axes for panel in row]
    for panel in panels[len(cross.sizes):]:
        panel.set_visible(False)
    for at, (panel, size) in enumerate(zip(panels, cross.sizes)):
        for system in cross.systems:
            line = [(count, cross.time(system, "Whole", count, size)) for count in cross.counts
                    if cross.time(system, "Whole", count, size)]
            panel.plot([count for count, _ in line], [time for _, time in line],
                       color=FASTEST_COLOURS.get(system, svg.OTHER), linewidth=1.6,
                       marker=MARKERS.get(system, "x"), markersize=4)
        axes_of.log_log(panel)
        panel.tick_params(labelbottom=at + columns >= len(cross.sizes))
        panel.set_title(f"values of {numbers.size(size)}")
    svg.legend_above(figure, [
        Line2D([], [], color=FASTEST_COLOURS.get(system, svg.OTHER), linewidth=1.6,
               marker=MARKERS.get(system, "x"), markersize=4, label=crossover.title(system))
        for system in cross.systems])
    figure.supxlabel("values in the list", fontsize=9)
    figure.supylabel("time to read it whole", fontsize=9)
    return figure


def crossover_map(cross):
    """A panel an operation; a square a shape, in the colour of the fastest, with the factor to the
    second."""
    if not cross.medians:
        return None
    figure, axes = svg.new_figure(1.05 + 0.3 * len(cross.counts), 1, len(cross.operations),
                                  sharey=True)
    for panel, operation in zip(axes[0], cross.operations):
        for x, size in enumerate(cross.sizes):
            for y, count in enumerate(cross.counts):
                cell = cross.cell(operation, count, size)
                if cell is None:
                    continue
                level = len(cell.fastest) > 1
                colour = (svg.LEVEL if level
                          else FASTEST_COLOURS.get(cell.fastest[0], svg.OTHER))
                panel.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour,
                                          edgecolor="white", linewidth=1))
                dark = not level and cell.fastest[0] == "Sheaf"
                panel.text(x, y, "=" if level else numbers.short_factor(cell.factor),
                           ha="center", va="center", fontsize=8,
                           color="white" if dark else "black")
        panel.set_xlim(-0.5, len(cross.sizes) - 0.5)
        panel.set_ylim(-0.5, len(cross.counts) - 0.5)
        panel.set_xticks(range(len(cross.sizes)), [numbers.short_size(s) for s in cross.sizes])
        panel.set_yticks(range(len(cross.counts)), [f"{count:,}" for count in cross.counts])
        panel.tick_params(length=0, labelsize=8)
        for spine in panel.spines.values():
            spine.set_visible(False)
        panel.set_title(crossover.operation_title(operation))
        panel.set_xlabel("bytes a value")
    axes[0][0].set_ylabel("values in the list")
    handles = [Patch(color=FASTEST_COLOURS.get(system, svg.OTHER), label=crossover.title(system))
               for system in cross.systems]
    handles.append(Patch(color=svg.LEVEL, label="= level"))
    svg.legend_above(figure, handles, "fastest, and how many times as long the second takes")
    return figure
