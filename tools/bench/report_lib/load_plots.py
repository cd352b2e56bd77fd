"""The plots of loads: time and peak memory against the size of the input."""

from matplotlib.lines import Line2D

from . import axes_of, loads, svg

SYSTEMS = {"Sheaf": (svg.SHEAF, "o", "sheaf load"), "GnuSort": (svg.ORANGE, "s", "sort")}
GOAL = 128  # MB beyond --memory


def _against_size(results, value_of):
    """A figure of lines with the memory that most sizes have, points with any other; None if there
    are no two sizes. And that memory in MB, or None."""
    table = loads.Table(results)
    memory, shapes = table.sweep()
    if len(shapes) < 2:
        return None, None, None
    figure, axes = svg.new_figure(3.6)
    panel = axes[0][0]
    handles, limit, highest = [], None, 0
    for system, (colour, marker, title) in SYSTEMS.items():
        points = []
        for shape in table.shapes("Unsorted"):
            median = table.find(system, "Unsorted", shape)
            value = value_of(median) if median else None
            if value is None:
                continue
            highest = max(highest, value)
            gigabytes = loads.parse_shape(shape).megabytes / 1e3
            if shape in shapes:
                points.append((gigabytes, value))
                limit = median.entry.get("memory_MB", limit)
                continue
            other = loads.parse_shape(shape).memory
            panel.plot(gigabytes, value, marker=marker, markersize=6, color=colour,
                       markerfacecolor="white", linestyle="none")
            panel.annotate(other, (gigabytes, value), xytext=(7, 0), textcoords="offset points",
                           va="center", fontsize=8, color=colour)
        if points:
            panel.plot([x for x, _ in points], [y for _, y in points], marker=marker, markersize=4,
                       color=colour, linewidth=1.8)
            handles.append(Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=1.8,
                                  label=f"{title}, {memory}"))
    if not handles:
        return None, None, None
    handles.append(Line2D([], [], color=svg.FLOOR, marker="o", markersize=6, linestyle="none",
                          markerfacecolor="white", label="with other memory"))
    axes_of.from_zero(panel, highest)
    panel.set_xlim(right=1.08 * panel.get_xlim()[1])  # room for words
    panel.set_xlabel("input: GB of unsorted rows")
    svg.legend_above(figure, handles)
    return figure, panel, limit


def time(results):
    """Seconds of the whole process."""
    figure, panel, _ = _against_size(results, lambda median: median.time / 1e9)
    if figure:
        panel.set_ylabel("seconds")
    return figure


def memory(results):
    """The peak, beside the bound that was given and the goal."""
    figure, panel, limit = _against_size(results,
                                         lambda median: median.entry.get("peak_rss_MB"))
    if figure is None:
        return None
    panel.set_ylabel("peak memory, MB")
    if limit:
        right = panel.get_xlim()[1]
        panel.set_ylim(0, max(panel.get_ylim()[1], 1.1 * (limit + GOAL)))
        for at, text, above in ((limit, f"memory that was given: {limit:.0f} MB", False),
                                (limit + GOAL, f"goal: {GOAL} MB more", True)):
            panel.axhline(at, color=svg.FLOOR, linewidth=0.9, linestyle=(0, (4, 3)))
            panel.annotate(text, (right, at), xytext=(-3, 3 if above else -4),
                           textcoords="offset points", ha="right",
                           va="bottom" if above else "top", fontsize=8, color=svg.FLOOR)
    return figure
