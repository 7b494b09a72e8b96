"""The card's figures, from clips that `builder` samples: what moves how, how far, through which lens, and how true."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from camera_motion.cards.contact import from_above
from camera_motion.cards.style import (
    ACCENT,
    BAR,
    FAINT,
    FAMILIES,
    GRID,
    INK,
    OTHERS,
    SPEEDS,
    page,
    png,
    quiet,
    spelled,
)
from camera_motion.evaluation.gate import TOLERANCES
from camera_motion.schema.camera import Trajectory
from camera_motion.schema.vocabulary import PRIMITIVES

#: A camera that gets no further stays in place.
STILL_M: Final = 0.01
#: Ticks of an axis of ratios.
RATIOS: Final = (0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 4.0)


@dataclass(frozen=True)
class Shot:
    """A clip as figures see it: its labels and numbers (columns of the set), segments, and trajectory.

    A segment is motion, magnitude, unit and speed.
    """

    key: str
    split: str
    width: int
    height: int
    main_motion: str
    motions: tuple[str, ...]
    speed: str
    camera_scale: float
    path_length_m: float
    focal_ratio: float
    vtss_score: float | None
    segments: tuple[tuple[str, float, str, str], ...]
    checks: Mapping[str, float]
    trajectory: Trajectory


def motion_speed(shots: Sequence[Shot]) -> bytes:
    """Count clips by leading motion and speed, and how many have each motion at all."""
    names = _known({shot.main_motion for shot in shots} | {word for shot in shots for word in shot.motions})
    led = Counter((shot.speed, shot.main_motion) for shot in shots)
    there = Counter(word for shot in shots for word in shot.motions)
    counts = np.array([[led[speed, name] for name in names] for speed in SPEEDS])
    with page(4.2, "Clips by leading motion and speed", nrows=2, sharex=True, height_ratios=[1.1, 1]) as (figure, axes):
        leading = counts.sum(axis=0)
        axes[0].bar(range(len(names)), [there[name] for name in names], color=GRID, width=0.8, label="present at all")
        axes[0].bar(range(len(names)), leading, color=BAR, width=0.8, label="leading")
        axes[0].set_ylabel("clips")
        axes[0].legend(loc="upper right", ncols=2)
        quiet(axes[0], "y")
        axes[1].imshow(counts, cmap="Blues", aspect="auto", vmin=0, vmax=max(1, counts.max()) * 1.15)
        for row, column in np.ndindex(counts.shape):
            if number := counts[row, column]:
                shade = "white" if number > 0.6 * counts.max() else INK
                axes[1].text(column, row, str(number), ha="center", va="center", color=shade, fontsize=8.5)
        axes[1].set_yticks(range(len(SPEEDS)), list(SPEEDS))
        axes[1].set_xticks(range(len(names)), [spelled(name) for name in names], rotation=55, ha="right")
        axes[1].set_xticks(np.arange(len(names) - 1) + 0.5, minor=True)
        axes[1].set_yticks([0.5, 1.5], minor=True)
        axes[1].grid(which="minor", color="white", linewidth=1.5)
        for ax in axes:
            ax.tick_params(axis="x", which="both", length=0)
        axes[1].tick_params(axis="y", which="both", length=0)
        axes[1].spines[:].set_visible(False)
        return png(figure)


def magnitudes(shots: Sequence[Shot]) -> bytes:
    """Show how far every segment goes: a dot each, its speed its shade, opposite directions either side of zero."""
    groups: dict[str, list[str]] = {"deg": [], "m": [], "ln f": []}
    found: dict[str, list[tuple[float, str]]] = {}
    for word, magnitude, unit, speed in (segment for shot in shots for segment in shot.segments):
        known = PRIMITIVES.get(word)
        family, sign = (known.family, known.sign or 1) if known else (word, 1)
        if unit in groups:
            groups[unit] += [family] if family not in groups[unit] else []
            found.setdefault(family, []).append((sign * magnitude, speed))
    groups = {unit: _families(families) for unit, families in groups.items() if families}
    labels = {"deg": "degrees", "m": "metres", "ln f": "ratio of focal lengths, last : first"}
    heights = [len(families) + 0.9 for families in groups.values()] or [1.0]
    rng = np.random.default_rng(0)
    with page(
        0.9 + 0.42 * sum(heights), "How far each motion goes", nrows=len(heights), height_ratios=heights, squeeze=False
    ) as (figure, axes):
        for ax, (unit, families) in zip(axes[:, 0], groups.items(), strict=False):
            for row, family in enumerate(families):
                values = np.array([value for value, _ in found[family]])
                shades = [SPEEDS.get(speed, FAINT) for _, speed in found[family]]
                heights_of = row + 0.26 * rng.uniform(-1, 1, len(values))
                ax.scatter(
                    values,
                    heights_of,
                    s=13 if len(shots) < 500 else 5,
                    c=shades,
                    alpha=0.85,
                    linewidths=0,
                    rasterized=True,
                )
            ax.axvline(0, color=FAINT, linewidth=0.8)
            ax.set_yticks(range(len(families)), [_both_ways(family) for family in families])
            ax.set_ylim(len(families) - 0.45, -0.55)
            reach = 1.06 * max(abs(value) for family in families for value, _ in found[family])
            ax.set_xlim(-reach, reach)
            ax.set_xlabel(labels[unit])
            if unit == "ln f":
                ratios = [ratio for ratio in RATIOS if abs(np.log(ratio)) < reach]
                ax.set_xticks(np.log(ratios), [f"× {ratio:g}" for ratio in ratios])
            else:
                ax.xaxis.set_major_formatter(lambda value, _: f"{abs(value):g}")
            quiet(ax, "x")
        for speed, shade in SPEEDS.items():
            axes[0, 0].scatter([], [], s=30, c=shade, label=speed)
        figure.legend(loc="upper right", ncols=3, bbox_to_anchor=(0.995, 1.0))
        return png(figure)


def focal(shots: Sequence[Shot]) -> bytes:
    """Show the lenses at the first frame, and how far they change over a clip."""
    first = 36 * np.array([shot.trajectory.intrinsics[0, 0] for shot in shots])
    ratio = np.array([shot.focal_ratio for shot in shots])
    changed = ratio[np.abs(np.log(ratio)) >= 0.03]
    with page(2.9, "Lenses", ncols=2) as (figure, axes):
        _histogram(axes[0], first, np.linspace(first.min() - 0.5, first.max() + 0.5, _edges(len(first))))
        axes[0].set_xlabel("focal length, mm (35 mm equivalent: 36 fx / W)")
        axes[0].set_title("of the first frame", fontsize=9, color=FAINT)
        axes[0].set_ylabel("clips")
        reach = max([0.1, *np.abs(np.log(changed)).tolist()])
        _histogram(axes[1], np.log(changed), np.linspace(-reach, reach, _edges(len(changed))))
        ticks = [ratio for ratio in RATIOS if abs(np.log(ratio)) <= reach]
        axes[1].set_xticks(np.log(ticks), [f"{r:g}" for r in ticks])
        axes[1].set_xlabel("focal_ratio: last focal length over the first")
        kept = f"{len(ratio) - len(changed)} of {len(ratio)} clips keep their focal length"
        axes[1].set_title(kept, fontsize=9, color=FAINT)
        return png(figure)


def camera_scale(shots: Sequence[Shot]) -> bytes:
    """Show how far cameras get from where they start, and how long their paths are."""
    with page(2.9, "How far cameras go", ncols=2, sharey=True) as (figure, axes):
        for ax, name in ((axes[0], "camera_scale"), (axes[1], "path_length_m")):
            values = np.array([getattr(shot, name) for shot in shots])
            moved = values[values > STILL_M]
            low, high = (moved.min(), moved.max()) if len(moved) else (0.1, 1.0)
            _histogram(ax, moved, np.geomspace(low * 0.95, high * 1.05, _edges(len(moved))))
            ax.set_xscale("log")
            ax.set_xlabel({"camera_scale": "camera_scale: farthest from the start, m"}.get(name, "path_length_m, m"))
            ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
            ax.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in "25" else "")
            ax.set_title(f"{len(values) - len(moved)} of {len(values)} clips stay in place", fontsize=9, color=FAINT)
        axes[0].set_ylabel("clips")
        return png(figure)


def trajectories(shots: Sequence[Shot]) -> bytes:
    """Draw all paths from one start and with one heading, in one scale: from above, and from the left side."""
    from matplotlib.collections import LineCollection

    with page(4.8, "Camera paths, moved to one start and turned to one heading", ncols=2) as (figure, axes):
        drawn = dict[str, list[Float64[np.ndarray, "T 3"]]]()
        for shot in sorted(shots, key=lambda shot: (_colour(shot) != OTHERS, -shot.camera_scale, shot.key)):
            drawn.setdefault(_colour(shot), []).append(paths(shot.trajectory))
        for colour, places in drawn.items():
            for ax, axis in zip(axes, ([0, 1], [1, 2]), strict=True):
                ax.add_collection(
                    LineCollection([p[:, axis] for p in places], colors=colour, linewidths=0.9, alpha=0.8)
                )
                ax.scatter(*np.array([p[-1, axis] for p in places]).T, s=3.5, c=colour, linewidths=0)
        ends = np.concatenate([p for places in drawn.values() for p in places])
        reach = max(1.0, 1.06 * float(np.abs(ends).max()))
        height = max(0.15 * reach, 1.15 * float(np.abs(ends[:, 2]).max()))
        for ax, title, names, top in (
            (axes[0], "from above", ("right, m", "forward, m"), reach),
            (axes[1], "from the side", ("forward, m", "up, m"), height),
        ):
            ax.plot(0, 0, marker="+", markersize=9, color=INK, markeredgewidth=1.2)
            ax.set(xlim=(-reach, reach), ylim=(-top, top), xlabel=names[0], ylabel=names[1], title=title)
            ax.set_aspect("equal", adjustable="box", anchor="N")
            for axis in (ax.xaxis, ax.yaxis):
                axis.set_major_formatter(lambda value, _: f"{value:g}")
            quiet(ax, "both")
        labels = {colour: spelled(family) for family, colour in FAMILIES.items()} | {OTHERS: "turns and zooms, mainly"}
        for colour, name in labels.items():
            if moved := sum(np.abs(p).max() > STILL_M for p in drawn.get(colour, [])):
                axes[1].plot([], [], color=colour, linewidth=2.2, label=f"{name}: {moved} clips")
        still = f"{sum(shot.camera_scale <= STILL_M for shot in shots)} clips stay in place"
        handles = axes[1].get_legend_handles_labels()
        legend = figure.legend(*handles, loc="lower left", bbox_to_anchor=(0.6, 0.1), title=still)
        legend.set_alignment("left")
        return png(figure)


def gate(shots: Sequence[Shot]) -> bytes:
    """Show the corrections that the gate fitted, where the motion shows them, between their tolerances."""
    with page(2.9, "What the gate found in the decoded videos", ncols=len(TOLERANCES)) as (figure, axes):
        for ax, (part, tolerance) in zip(axes, TOLERANCES.items(), strict=True):
            scale = 1.0 if part == "time" else 100.0
            shown = [s.checks[part] for s in shots if s.checks[f"{part}_observable"]]
            values, limit = scale * np.array(shown), scale * tolerance
            reach = max([1.25 * limit, *np.abs(1.05 * values).tolist()])
            _histogram(ax, values, np.linspace(-reach, reach, 32))
            for side in (-limit, limit):
                ax.axvline(side, color=ACCENT, linewidth=1.1, linestyle=(0, (4, 2)))
            ax.set_xlim(-reach, reach)
            ax.set_title("focal length" if part == "focal" else part)
            ax.set_xlabel(f"{'frames' if part == 'time' else '%'}\n{len(values)} clips", linespacing=1.4)
        axes[0].set_ylabel("clips")
        figure.text(0.995, 0.985, "dashed: tolerance", color=ACCENT, ha="right", va="top", fontsize=9)
        return png(figure)


#: Every figure by the name of its file.
FIGURES: Final[Mapping[str, Callable[[Sequence[Shot]], bytes]]] = MappingProxyType(
    {f"{draw.__name__}.png": draw for draw in (motion_speed, magnitudes, focal, camera_scale, trajectories, gate)}
)


def paths(trajectory: Trajectory) -> Float64[np.ndarray, "T 3"]:
    """Give the camera's places in metres from its start: right, forward along its first heading, and up."""
    ground, _ = from_above(trajectory)
    up = trajectory.centres_m[:, 2] - trajectory.centres_m[0, 2]
    return np.concatenate([ground, up[:, None]], axis=1)


def _histogram(ax: Any, values: Float64[np.ndarray, " N"], edges: Float64[np.ndarray, " E"]) -> None:
    ax.hist(values, edges, color=BAR, edgecolor="white", linewidth=0.6)
    ax.yaxis.get_major_locator().set_params(integer=True)
    quiet(ax, "y")


def _edges(values: int) -> int:
    """Choose how many edges a histogram of so many values has: few bars for few clips."""
    return int(np.clip(1.6 * np.sqrt(values), 8, 30)) // 2 * 2 + 1


def _known(words: set[str]) -> list[str]:
    """Put motions in the vocabulary's order, those it does not know last."""
    return [word for word in PRIMITIVES if word in words] + sorted(words - PRIMITIVES.keys())


def _families(families: Sequence[str]) -> list[str]:
    order = list(dict.fromkeys(p.family for p in PRIMITIVES.values()))
    return sorted(families, key=lambda family: (order.index(family) if family in order else len(order), family))


def _both_ways(family: str) -> str:
    """Name a family with its directions as they lie on the axis: `pan left | right`."""
    ways = [p.direction for p in sorted(PRIMITIVES.values(), key=lambda p: p.sign) if p.family == family and p.sign]
    return f"{spelled(family)}  {' | '.join(ways)}" if ways else spelled(family)


def _colour(shot: Shot) -> str:
    known = PRIMITIVES.get(shot.main_motion)
    return FAMILIES.get(known.family, OTHERS) if known else OTHERS
