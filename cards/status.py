"""How far a set is: what is known of it at one moment, and a page that shows it.

The page is one file without a script: its plot is drawn here, and it asks nothing of any server.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from camera_motion.cards.spelling import clock, spell_bytes, spell_money, spell_rate, spell_s

FOLDER: Final = Path(__file__).parent

#: Rows of a table and steps of the curve that a page shows; the command lists the rest.
MOST_ROWS: Final = 200
MOST_STEPS: Final = 400


@dataclass(frozen=True)
class Worker:
    """A shard that is being made since `started_at` (Unix time), and by what; `silent` if for far too long."""

    name: str
    started_at: float
    renderer: str
    machine: str
    device: str
    silent: bool


@dataclass(frozen=True)
class Failed:
    """A shard that failed: when, why, and the command that makes it alone and shows where it fails."""

    name: str
    failed_at: float
    reason: str
    command: str


@dataclass(frozen=True)
class Machine:
    """A class of machines (`schema.receipt`) and what workers on it did: `worker_s` adds up their time."""

    name: str
    device: str
    shards: int
    clips: int
    worker_s: float
    work_s: float
    cpus: float
    gpus: float


@dataclass(frozen=True)
class Progress:
    """A set at the moment `at` (Unix time).

    Rates are in clips/s of the time in which anybody was at work: `rate` lately, in `window_s` seconds of such time.
    `left_s` is None where nothing can be said. `spent` and `to_come` are in the unit of the user's prices, None if
    there are none. `curve` is how many clips there were at which time. `missing` are clips of done shards that found no
    candidate.
    """

    title: str
    url: str
    identity: str
    at: float
    clips: int
    shards: int
    done_clips: int
    done_shards: int
    clips_per_shard: int
    tar_bytes: int
    expected_bytes: float
    video_s: float = 0.0
    rate: float = 0.0
    window_s: float = 0.0
    rate_overall: float = 0.0
    left_s: float | None = None
    cpu_h: float = 0.0
    gpu_h: float = 0.0
    spent: float | None = None
    to_come: float | None = None
    peak_bytes: int = 0
    candidates: int = 0
    again: str = ""
    workers: tuple[Worker, ...] = ()
    failed: tuple[Failed, ...] = ()
    machines: tuple[Machine, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    rejections: Mapping[str, int] = field(default_factory=dict)
    curve: Sequence[tuple[float, int]] = ()

    @property
    def running(self) -> tuple[Worker, ...]:
        """Who is at work, as far as one can tell."""
        return tuple(worker for worker in self.workers if not worker.silent)

    @property
    def silent(self) -> tuple[Worker, ...]:
        """Who began a shard and most likely died."""
        return tuple(worker for worker in self.workers if worker.silent)

    @property
    def waiting_shards(self) -> int:
        """How many shards nobody has begun, or whose worker fell silent."""
        return self.shards - self.done_shards - len(self.running) - len(self.failed)

    @property
    def complete(self) -> bool:
        """Whether every clip is there."""
        return self.done_clips == self.clips

    @property
    def over(self) -> bool:
        """Whether every shard is done, so that nothing more comes; clips that found no candidate stay missing."""
        return self.done_shards == self.shards

    def counts(self) -> dict[str, tuple[int, int]]:
        """Count shards and clips that are done, running, failed and waiting."""
        each = self.clips_per_shard
        rest = {"running": len(self.running), "failed": len(self.failed), "waiting": self.waiting_shards}
        return {"done": (self.done_shards, self.done_clips)} | {key: (n, n * each) for key, n in rest.items()}


def page(progress: Progress, every_s: float | None = None) -> str:
    """Write the page; with `every_s` it loads itself again so often."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"clock": clock, "rate": spell_rate, "money": spell_money}
    environment.globals |= {"spell_s": spell_s, "spell_bytes": spell_bytes}
    style = (FOLDER / "status.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.get_template("status.html.jinja").render(
        p=progress,
        plot=plot(progress),
        style=Markup(style),
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        every_s=every_s,
        most=MOST_ROWS,
    )


@dataclass(frozen=True)
class Plot:
    """The curve in a box of 1000 x 1000, y down: what is done, what is foreseen, and the times at its ends."""

    done: str
    area: str
    foreseen: str
    now_x: float
    begin: float
    end: float


def plot(progress: Progress) -> Plot | None:
    """Draw clips over time, and on at the present rate to the end; None while there is nothing to draw."""
    curve = thinned(progress.curve)
    if len(curve) < 2 or curve[-1][0] <= curve[0][0]:
        return None
    begin, last = curve[0][0], curve[-1][0]
    ahead = progress.left_s is not None and bool(progress.running) and not progress.complete
    now = progress.at if ahead else last
    end = progress.at + (progress.left_s or 0.0) if ahead else last
    end = min(end, now + 3 * (now - begin))  # what is done stays a quarter of the width
    points = [(_x(t, begin, end), 1000 - 1000 * count / progress.clips) for t, count in curve]
    points += [(_x(now, begin, end), points[-1][1])] if ahead else []
    steps = f"M{points[0][0]:.1f} {points[0][1]:.1f}" + "".join(f"H{x:.1f}V{y:.1f}" for x, y in points[1:])
    reached = progress.done_clips + progress.rate * (end - now)
    foreseen = f"M{points[-1][0]:.1f} {points[-1][1]:.1f}L1000 {1000 - 1000 * min(1.0, reached / progress.clips):.1f}"
    return Plot(
        done=steps,
        area=f"{steps}V1000H{points[0][0]:.1f}Z",
        foreseen=foreseen if ahead and progress.rate else "",
        now_x=points[-1][0],
        begin=begin,
        end=end,
    )


def thinned(curve: Sequence[tuple[float, int]]) -> list[tuple[float, int]]:
    """Leave of a curve its ends and evenly many steps between."""
    stride = max(1, -(-len(curve) // MOST_STEPS))
    return [*curve[:-1:stride], curve[-1]] if curve else []


def _x(at: float, begin: float, end: float) -> float:
    return 1000 * (at - begin) / (end - begin)
