"""How figures are written, in tables and in plots."""


def time(nanoseconds):
    """With its unit, and about three digits of sense."""
    for unit, size in (("ns", 1), ("us", 1e3), ("ms", 1e6)):
        if nanoseconds < 10000 * size:
            value = nanoseconds / size
            return f"{value:,.1f} {unit}" if value < 1000 and size > 1 else f"{value:,.0f} {unit}"
    return f"{nanoseconds / 1e9:,.2f} s"


def factor(value):
    """A ratio: 1.03, 23.1, 180."""
    if value < 10:
        return f"{value:.2f}"
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def short_factor(value):
    """A ratio where there is room for four characters: 1.3, 23, 1.2k."""
    letter = ""
    if value >= 999.5:
        value, letter = value / 1000, "k"
    return f"{value:.1f}{letter}" if value < 9.95 else f"{value:.0f}{letter}"


def short(value):
    """1,620,000 is 1.62M; 9,800 is 9.8k."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= 0.9995 * size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def size(count):
    """Bytes: 4096 is 4 KiB."""
    for unit, bytes_of in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= bytes_of and count % bytes_of == 0:
            return f"{count // bytes_of} {unit}"
    return f"{count} B"


def short_size(count):
    """The same where there is little room: 4096 is 4K."""
    return size(count).replace(" MiB", "M").replace(" KiB", "K").replace(" B", "")


def bytes_a_value(value):
    """Overhead: 0.0004, 1.06, 8, 4,096."""
    if value == 0:
        return "0"
    if value < 0:
        return f"{value:.2f}"
    if value < 0.01:
        return f"{value:.4f}".rstrip("0") if value >= 0.0001 else f"{value:.0e}"
    if value < 10:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}".rstrip("0").rstrip(".")
