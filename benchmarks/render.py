"""Milliseconds per frame of the CPU renderer: `python benchmarks/render.py`.

Random Gaussians in a box are the hard case: nothing is opaque, so no pixel stops early, and their order is random, so
no block is skipped. The steps' CPU time is one thread's, the least of several frames; the rest are whole clips. On a
busy machine the wall times say little: compare the clip's CPU time on one and two threads instead.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.generator.render.pack import pack
from camera_motion.generator.render.worker import Worker, explicit_vectors_fail
from camera_motion.generator.seeds import stream
from camera_motion.generator.splats import SH_C0, GaussianScene
from camera_motion.schema.camera import Trajectory, invert

SIZES = ((512, 320), (848, 480), (1280, 720))
#: Count and standard deviation in metres: about the same coverage.
SCENES = ((100_000, 0.008), (300_000, 0.005))
FRAMES = 16


@dataclass(frozen=True)
class Row:
    """One line, in milliseconds per frame: CPU time of each step; (wall, CPU) of a clip on one and two threads."""

    splats: int
    width: int
    height: int
    project_ms: float
    sort_ms: float
    blend_ms: float
    one_thread_ms: tuple[float, float]
    two_threads_ms: tuple[float, float]

    @property
    def cpu_ms(self) -> float:
        """All three steps."""
        return self.project_ms + self.sort_ms + self.blend_ms


def box(count: int, size_m: float) -> GaussianScene:
    """Random Gaussians in 3.2 x 2 x 2 m."""
    rng = stream(0, "benchmark", count)
    return GaussianScene(
        means_m=(rng.uniform(-1, 1, (count, 3)) * (1.6, 1, 1)).astype(np.float32),
        quats=rng.normal(size=(count, 4)).astype(np.float32),
        scales_m=(np.exp(rng.normal(size=(count, 3)) * 0.4) * size_m).astype(np.float32),
        opacities=rng.uniform(0.2, 1, count).astype(np.float32),
        sh=((rng.uniform(size=(count, 1, 3)) - 0.5) / SH_C0).astype(np.float32),
        classes=np.zeros(count, np.uint8),
    )


def orbit(width: int, height: int) -> Trajectory:
    """Look at the box from 3 m with a view of 60 degrees, turning by one degree a frame."""
    cameras = np.tile(np.eye(4), (FRAMES, 1, 1))
    for k, angle in enumerate(np.radians(np.arange(FRAMES))):
        cameras[k, :3, :3] = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
        cameras[k, 2, 3] = 3.0
    focal = 0.5 / np.tan(np.radians(30))
    return Trajectory(invert(cameras), np.tile([focal, focal * width / height, 0.5, 0.5], (FRAMES, 1)), 24.0)


def rows() -> Iterator[Row]:
    """Measure every scene at every size."""
    for count, size_m in SCENES:
        scene = box(count, size_m)
        for width, height in SIZES:
            clip = orbit(width, height)
            steps = _steps(scene, clip, width, height)
            one, two = (_clip(CpuRenderer(scene, width, height, threads), clip) for threads in (1, 2))
            yield Row(count, width, height, *steps, one_thread_ms=one, two_threads_ms=two)


def _steps(scene: GaussianScene, clip: Trajectory, width: int, height: int) -> tuple[float, float, float]:
    packed = pack(scene)
    worker = Worker(width, height, explicit_vectors_fail())
    taken = []
    for camera, lens in zip(clip.camera_from_world, clip.intrinsics, strict=True):
        times = [time.thread_time()]
        worker.project(packed, scene.look, camera, lens)
        times.append(time.thread_time())
        worker.sort()
        times.append(time.thread_time())
        worker.blend(classes=False)
        times.append(time.thread_time())
        taken.append(np.diff(times))
    project_s, sort_s, blend_s = np.min(taken[1:], axis=0)
    return 1e3 * float(project_s), 1e3 * float(sort_s), 1e3 * float(blend_s)


def _clip(renderer: CpuRenderer, clip: Trajectory) -> tuple[float, float]:
    """Least wall and least CPU milliseconds per frame of three clips."""
    taken = []
    for _ in range(3):
        wall, cpu = time.perf_counter(), time.process_time()
        for _frame in renderer.render_clip(clip, range(FRAMES)):
            pass
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall_s, cpu_s = np.min(taken, axis=0)
    return float(1e3 * wall_s / FRAMES), float(1e3 * cpu_s / FRAMES)


def main() -> None:
    """Print the table."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    way = "the plain loop" if explicit_vectors_fail() else "explicit vectors"
    table = Table(title=f"CPU renderer, ms per frame; {way}; {os.cpu_count()} cores, load {load:.1f} before")
    for name in (
        "splats",
        "size",
        "project",
        "sort",
        "blend",
        "all steps",
        "1 thread: wall",
        "CPU",
        "2 threads: wall",
        "CPU",
        "speed-up",
    ):
        table.add_column(name, justify="right")
    for row in rows():
        shares = (f"{step:.1f} ({step / row.cpu_ms:.0%})" for step in (row.project_ms, row.sort_ms, row.blend_ms))
        table.add_row(
            f"{row.splats // 1000}k", f"{row.width}x{row.height}", *shares, f"{row.cpu_ms:.1f}",
            *(f"{ms:.1f}" for ms in (*row.one_thread_ms, *row.two_threads_ms)),
            f"{row.one_thread_ms[0] / row.two_threads_ms[0]:.2f}",
        )  # fmt: skip
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
