"""The look of all plots, and how a figure becomes SVG: the same bytes from the same figures."""

import io
import re
from xml.etree import ElementTree

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

# Okabe and Ito's colours, which those who see fewer of them can tell apart.
SHEAF = "#0072b2"
SHEAF_LIGHT = "#56b4e9"
ORANGE = "#e69f00"
GREEN = "#009e73"
VERMILION = "#d55e00"
FLOOR = "#4d4d4d"
OTHER = "#a6a6a6"
LEVEL = "#e0e0e0"
GRID = "#dddddd"

SVG_SPACE = "http://www.w3.org/2000/svg"
XLINK_SPACE = "http://www.w3.org/1999/xlink"
LETTER_SCALE = "scale(0.015625)"

WIDTH = 8.33  # inches: 800 pixels in a browser

STYLE = {
    # Text as outlines: no reader's fonts change what fits where.
    "svg.fonttype": "path",
    # Otherwise ids are random.
    "svg.hashsalt": "sheaf",
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.axisbelow": True,
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    # A page may be dark: plots bring their own ground.
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


def colour_of(system):
    name = system.split(".")[0]
    return {"Sheaf": SHEAF, "SheafFixed64": SHEAF_LIGHT, "Floor": FLOOR}.get(name, OTHER)


def with_style(draw):
    """Calls `draw`, which returns a Figure or None, under this look; returns its SVG or None."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = draw()
        return None if figure is None else _bytes(figure)


def new_figure(height, rows=1, columns=1, **keywords):
    """A figure of `height` inches, and its axes in a list of lists."""
    figure = Figure(figsize=(WIDTH, height), constrained_layout=True)
    figure.get_layout_engine().set(h_pad=0.09, w_pad=0.06)
    return figure, figure.subplots(rows, columns, squeeze=False, **keywords)


def legend_above(figure, handles, title=None):
    """A legend in a row of its own, above all axes."""
    inches = 0.26 + (0.2 if title else 0)
    share = inches / figure.get_size_inches()[1]
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - share))
    figure.legend(handles=handles, loc="upper center", ncol=len(handles), title=title,
                  borderaxespad=0.1)


def _bytes(figure):
    out = io.BytesIO()
    # Without a date and a version, which would differ each time.
    FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
    root = ElementTree.fromstring(out.getvalue())
    _slim(root)
    ElementTree.register_namespace("", SVG_SPACE)
    ElementTree.register_namespace("xlink", XLINK_SPACE)
    text = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text.replace(b" />", b"/>") + b"\n"


def _slim(root):
    """Takes away what is not seen: about half of what matplotlib writes."""
    group, use, link = f"{{{SVG_SPACE}}}g", f"{{{SVG_SPACE}}}use", f"{{{XLINK_SPACE}}}href"
    names = {}  # an id that is referred to, and a shorter one

    def short(name):
        return names.setdefault(name, f"i{len(names):x}")

    for element in root.iter():
        if link in element.attrib:
            element.set(link, "#" + short(element.get(link)[1:]))
        if "clip-path" in element.attrib:
            element.set("clip-path", f"url(#{short(element.get('clip-path')[5:-1])})")
    for element in root.iter():
        element.text = (element.text or "").strip() or None
        element.tail = None if element.tag == use else "\n"
        name = element.attrib.pop("id", None)
        if name in names:
            element.set("id", names[name])
        # More than two decimals of a pixel are not seen. Not those of scales, which multiply.
        for key in ("d", "x", "y", "width", "height", "transform"):
            if key in element.attrib and element is not root:
                element.set(key, _rounded(element.get(key)))
        if element.tag == use and "x" in element.attrib:
            # A letter: in hundredths of a font's size.
            element.set("x", f"{float(element.get('x')):.0f}")
        if "d" in element.attrib:
            _slim_path(element)
    _unwrap(root, group)


def _slim_path(element):
    d = element.get("d")
    if element.get("transform") == LETTER_SCALE:
        # Outlines of letters, in 64 steps to a hundredth of a font's size: 4 are plenty.
        element.set("transform", "scale(0.25)")
        d = re.sub(r"-?[\d.]+", lambda number: f"{float(number.group()) / 16:.0f}", d)
    element.set("d", re.sub(r" ?([A-Za-z]) ?", r"\1", d))


def _rounded(text):
    def two_decimals(number):
        return f"{float(number.group()):.2f}".rstrip("0").rstrip(".")
    scale = re.search(r"scale\(.*", text)
    numbers, rest = (text[:scale.start()], text[scale.start():]) if scale else (text, "")
    return re.sub(r"\d+\.\d+(?![\de])", two_decimals, " ".join(numbers.split())) + rest


def _unwrap(parent, group):
    """Puts the children of groups that say nothing in the place of the group."""
    children = []
    for child in list(parent):
        _unwrap(child, group)
        if child.tag.endswith("}metadata"):
            continue
        children += list(child) if child.tag == group and not child.attrib else [child]
    parent[:] = children
