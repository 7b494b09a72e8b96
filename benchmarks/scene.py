"""Where the time of a scene's build goes, on one thread and on all cores: `python benchmarks/scene.py [WIDTH HEIGHT]`.

One scene of each family for six clips and their opposites. Core-seconds are CPU time of the whole process over all its
threads, so that a busy machine changes them little; wall times are only worth reading on a quiet one. A first, coarse
build compiles the kernels and is thrown away; then both thread counts take turns, and the quicker of two runs counts.
Other figures: `benchmarks/pipeline.py` (where the time of a shard goes).
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.table import Table

from camera_motion.generator.place import VideoShape, place
from camera_motion.generator.scenes import FAMILIES, cells, leaves, light, lightmap, sample, surfels
from camera_motion.generator.seeds import stream
from camera_motion.schema.base import Rejected
from camera_motion.schema.camera import Trajectory
from camera_motion.schema.plan import MoveRequest

WIDTH, HEIGHT, SPACING_PX, SEED, ROUNDS = 832, 480, 1.3, 1, 2
MOVES = (("dolly", "in"), ("truck", "left"), ("pan", "right"), ("arc", "left"), ("crane", "up"), ("zoom", "in"))

#: What the phases are made of: functions that are called once, or once per mirror or light, from one thread.
PHASES: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("shadow mesh, ray trees", lightmap, ("shadow_mesh",)),
    ("shadow mesh, ray trees", sample, ("prepare_rays",)),
    ("cells", cells, ("cut",)),
    ("cells", sample, ("with_underlay",)),
    ("visibility (rays)", cells, ("demand", "turned_away", "seen_mirrored")),
    ("surfels: places", sample, ("lay",)),
    ("surfels: materials", surfels, ("paint",)),
    ("soft light (rays, bounces)", lightmap, ("solve",)),
    ("sun and shadows (rays)", light, ("_sun_on_surfels",)),
    ("shading", light, ("light_surfels",)),
    ("leaves: how many, how large", leaves, ("choose",)),
    ("leaves: light (rays, neighbours)", light, ("light_leaves",)),
    ("mirror copies", sample, ("_reflections",)),
    ("sky", sample, ("_dome",)),
    ("assembly", sample, ("_assemble",)),
)

Seconds = dict[str, tuple[float, float]]


class Phases:
    """Core-seconds and wall seconds of phases; one within another is taken out of the outer one."""

    def __init__(self) -> None:
        self.spent: Seconds = {}
        self._inner = (0.0, 0.0)

    def time(self, name: str, work: Callable[[], Any]) -> Any:
        """Do `work` and add its time to the phase `name`."""
        outer, self._inner = self._inner, (0.0, 0.0)
        before = time.process_time(), time.perf_counter()
        made = work()
        took = time.process_time() - before[0], time.perf_counter() - before[1]
        so_far = self.spent.get(name, (0.0, 0.0))
        self.spent[name] = so_far[0] + took[0] - self._inner[0], so_far[1] + took[1] - self._inner[1]
        self._inner = outer[0] + took[0], outer[1] + took[1]
        return made

    def watch(self, name: str, owner: Any, function: str) -> None:
        """Put a clock around a function of a module."""
        original = getattr(owner, function)
        setattr(owner, function, lambda *args, **kw: self.time(name, lambda: original(*args, **kw)))


def main() -> None:
    """Build a scene of each family and print a table of its phases."""
    width, height = (int(x) for x in sys.argv[1:3]) if len(sys.argv) > 2 else (WIDTH, HEIGHT)
    phases = Phases()
    for name, owner, functions in PHASES:
        for function in functions:
            phases.watch(name, owner, function)
    many = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    for family in FAMILIES:
        views = paths(family, SEED, width, height)
        best: dict[int, Seconds] = {}
        splats = build(phases, family, views, 160, 100, 3.0, 1)
        for _ in range(ROUNDS):
            for threads in (1, many):
                phases.spent.clear()
                splats = build(phases, family, views, width, height, SPACING_PX, threads)
                if threads not in best or whole(phases.spent)[0] < whole(best[threads])[0]:
                    best[threads] = dict(phases.spent)
        title = f"{family}, {len(views)} paths, {width} x {height} at {SPACING_PX} px: {splats / 1e6:.1f} M splats"
        show(title, best[1], best[many], many)


def build(
    phases: Phases, family: str, views: list[Trajectory], width: int, height: int, spacing_px: float, threads: int
) -> int:
    """Build and sample a scene; returns how many splats it has."""
    module = FAMILIES[family]
    params = module.rand(stream(SEED, "params"))
    model = phases.time("the family's surfaces", lambda: module.build(params))
    scene = phases.time("the rest", lambda: sample.sample(model, views, width, height, spacing_px, SEED, threads))
    return len(scene)


def paths(family: str, seed: int, width: int, height: int) -> list[Trajectory]:
    """Place six moves; returns them with their opposites."""
    module = FAMILIES[family]
    geometry = module.geometry(module.rand(stream(seed, "params")))
    video = VideoShape(width, height, 49, 24)
    out: list[Trajectory] = []
    for index, (move, direction) in enumerate(MOVES):
        for attempt in range(20):
            try:
                shot = place(geometry, MoveRequest(move, direction), video, stream(seed, "shot", index, attempt))
            except Rejected:
                continue
            out += [shot.trajectory, shot.opposite]
            break
    return out


def whole(spent: Seconds) -> tuple[float, float]:
    """Core-seconds and wall seconds of all phases together."""
    return sum(core for core, _ in spent.values()), sum(wall for _, wall in spent.values())


def show(title: str, one: Seconds, all_: Seconds, threads: int) -> None:
    """Print the phases of one scene."""
    table = Table(title=title)
    for heading in ("phase", "core s, 1 thread", "share", f"core s, {threads}", "wall s, 1", f"wall s, {threads}", "x"):
        table.add_column(heading, justify="left" if heading == "phase" else "right")
    total, total_all = whole(one), whole(all_)
    names = dict.fromkeys(("the family's surfaces", *(name for name, _, _ in PHASES), "the rest"))
    rows = [(name, one[name], all_[name]) for name in names if name in one] + [("together", total, total_all)]
    for name, (core, wall), (core_all, wall_all) in rows:
        if name == "together":
            table.add_section()
        quicker = f"{wall / wall_all:.2f}" if wall_all > 0.02 else ""
        share = f"{100 * core / total[0]:.0f} %"
        table.add_row(name, f"{core:.2f}", share, f"{core_all:.2f}", f"{wall:.2f}", f"{wall_all:.2f}", quicker)
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
