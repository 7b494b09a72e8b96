"""The look of figures: one palette, one page, and bytes that are the same wherever they are drawn again."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK: Final = "#1c1c1e"
FAINT: Final = "#6e6c66"
GRID: Final = "#e4e2dc"
BAR: Final = "#2b6a99"
ACCENT: Final = "#c44a22"

#: Families of motion in colours that the colour-blind tell apart (Okabe and Ito's, on white), and what only turns.
FAMILIES: Final = {
    "dolly": "#0072b2",
    "truck": "#e69f00",
    "pedestal": "#009e73",
    "arc": "#d55e00",
    "crane": "#cc79a7",
    "dolly_zoom": "#56b4e9",
    "handheld": "#1c1c1e",
}
OTHERS: Final = "#a8a59c"

#: Slow, regular, fast: light to dark, so that order is seen without colour.
SPEEDS: Final = {"slow": "#8cc4e0", "regular": "#2b7bb4", "fast": "#0b2f5b"}

#: Pages are 900 px wide on the Hub and drawn twice as fine.
WIDTH_IN: Final = 9.0
DPI: Final = 200


SETTINGS: Final[dict[str, Any]] = {
    "font.family": "DejaVu Sans",  # which matplotlib brings along
    "font.size": 9.5,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "text.parse_math": False,
}


@contextmanager
def page(height_in: float, title: str, **grid: Any) -> Iterator[tuple["Figure", Any]]:
    """Give a figure of one page's width with its axes (`Figure.subplots(**grid)`), in the house's style."""
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(["default", SETTINGS], after_reset=True):
        figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, layout="constrained", facecolor="white")
        axes = figure.subplots(**grid)
        figure.suptitle(title, x=0.012, ha="left", fontsize=11.5, color=INK)
        yield figure, axes


def png(figure: "Figure") -> bytes:
    """Draw a figure; its bytes follow from its content and the version of matplotlib alone."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def quiet(axes: "Axes", grid: str = "") -> None:
    """Leave of the frame what carries numbers; `grid` is x, y or both."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    if grid:
        axes.grid(axis=grid, color=GRID, linewidth=0.8)  # type: ignore[arg-type]
    axes.set_axisbelow(True)


def spelled(motion: str) -> str:
    """Write a motion's id for people: `dolly zoom in`."""
    return motion.replace("_", " ")
