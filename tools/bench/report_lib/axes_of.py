"""What several plots have in common: bars on a log axis, lines on two."""

from matplotlib.ticker import (FuncFormatter, LogLocator, MaxNLocator, NullFormatter,
                               NullLocator)

from . import numbers, svg

BAR = 0.185  # inches a bar


def log_x(axes, lowest, highest, room):
    """A log axis from `lowest`, with `room` for text to the right of the longest bar."""
    axes.set_xscale("log")
    axes.set_xlim(lowest, lowest * (highest / lowest) ** (1 / (1 - room)))
    if highest < 10:
        ticks = (1, 1.5, 2, 3, 5) if lowest > 0.5 else (0.01, 0.1, 1, 10)
        axes.set_xticks([tick for tick in ticks if lowest < tick <= 1.2 * highest])
    else:
        axes.xaxis.set_major_locator(LogLocator(10, numticks=6))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.short(value)))
    axes.grid(axis="x")
    axes.tick_params(axis="both", length=0)
    axes.spines["left"].set_visible(False)


def bar(axes, row, lowest, value, text, colour, bold=False, height=0.72):
    axes.barh(row, value - lowest, left=lowest, color=colour, height=height)
    axes.annotate(text, (max(value, lowest), row), xytext=(3, 0), textcoords="offset points",
                  va="center", fontsize=8, fontweight="bold" if bold else "normal")


def not_measured(axes, row, lowest):
    axes.annotate("not measured", (lowest, row), xytext=(3, 0), textcoords="offset points",
                  va="center", fontsize=8, color="#777777")


def rows(axes, systems):
    axes.set_yticks(range(len(systems)), systems)
    axes.set_ylim(len(systems) - 0.4, -0.6)
    for label in axes.get_yticklabels():
        if label.get_text().startswith("Sheaf"):
            label.set_fontweight("bold")
            label.set_color(svg.SHEAF)


def log_log(axes):
    """Counts against times."""
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.xaxis.set_major_locator(LogLocator(10, numticks=8))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.short(value)))
    axes.yaxis.set_major_locator(LogLocator(10, numticks=8))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: short_time(value)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    axes.grid()
    axes.tick_params(length=0, labelsize=8)


def short_time(nanoseconds):
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def from_zero(axes, highest):
    """Two linear axes from zero, to a little above what is drawn."""
    axes.set_xlim(left=0)
    axes.set_ylim(0, 1.08 * highest)
    axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axes.grid()
    axes.tick_params(length=0, labelsize=8)
