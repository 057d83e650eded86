"""One style for every figure of the book. Needs matplotlib; the kernels never import it.

>>> from nll import plotting
>>> plotting.use_style()
"""

from typing import Any

try:
    import matplotlib as mpl
    from cycler import cycler
    from matplotlib.axes import Axes
    from matplotlib_inline.backend_inline import set_matplotlib_formats
except ImportError as error:
    needs = "nll.plotting needs Matplotlib: pip install 'nll-kernels[notebooks]'"
    raise ImportError(needs) from error

BLUE = "#0b5fa5"
ORANGE = "#b3510a"
PURPLE = "#7b3f98"
GREEN = "#11705a"
GRAY = "#595959"
LIGHT = "#b8b8b8"

STYLE: dict[Any, Any] = {
    "axes.edgecolor": GRAY,
    "axes.grid": False,
    "axes.labelcolor": "black",
    "axes.labelsize": 12,
    "axes.prop_cycle": cycler(color=[BLUE, ORANGE, PURPLE, GREEN])
    + cycler(linestyle=["-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5))]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "figure.figsize": (6.4, 3.6),
    "font.family": "STIXGeneral",
    "font.size": 12,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "mathtext.fontset": "stix",
    "svg.fonttype": "path",
    "svg.hashsalt": "nll",
    "xtick.color": GRAY,
    "xtick.labelcolor": "black",
    "ytick.color": GRAY,
    "ytick.labelcolor": "black",
}
"""Dark ink on a transparent ground: the page's css inverts lightness, not hue, in dark mode."""


def use_style() -> None:
    """Draw every figure from here on in the book's style, as SVG that is the same byte for byte."""
    mpl.rcParams.update(STYLE)
    set_matplotlib_formats("svg", metadata={"Date": None, "Creator": None})  # type: ignore[no-untyped-call]


def label_line(ax: Axes, x: float, y: float, text: str, color: str, **keywords: Any) -> None:
    """Write `text` at data coordinates `(x, y)` of `ax` in the color of the line that it names."""
    ax.annotate(text, (x, y), color=color, va="center", annotation_clip=False, **keywords)
