"""All figures of the CUDA renderer in one run: `python benchmarks/gpu.py --json FILE`.

1. How far it is from the CPU renderer, on scenes of both families and on a random volume.
2. Frames/s of whole clips of a scene of about a million splats at 1280x720, rendered, finished and encoded by several
   threads at once as `generator.clip` does it; beside rasterising alone (`gsplat.rasterization` on the same cameras, as
   many at a time) and encoding alone (the same frames, the same threads). What counts is the ratio to the slower one.
3. Milliseconds of each step.

Without a CUDA device the CPU renderer takes the part of the CUDA one in 2, torch's steps run on the CPU in 3, and what
did not run is listed. Figures of a busy machine say little but for their ratios.
"""

import argparse
import json
import math
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from camera_motion.generator import effects
from camera_motion.generator.encode import encode, refusal
from camera_motion.generator.nvidia import devices, driver
from camera_motion.generator.place import VideoShape, place
from camera_motion.generator.readiness import cuda_trouble
from camera_motion.generator.render import finish_torch
from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.generator.render.cuda import BATCH_BYTES, MOST_FRAMES, CudaRenderer
from camera_motion.generator.render.renderer import Renderer, open_renderer
from camera_motion.generator.render.shade import colours, put
from camera_motion.generator.scenes import FAMILIES
from camera_motion.generator.scenes.sample import sample
from camera_motion.generator.seeds import stream
from camera_motion.generator.splats import SH_C0, GaussianScene, Look
from camera_motion.schema.base import Rejected
from camera_motion.schema.camera import Trajectory, invert
from camera_motion.schema.plan import MoveRequest

MOVES = (("dolly", "in"), ("truck", "left"), ("pan", "right"), ("arc", "left"), ("crane", "up"), ("zoom", "in"))
SEED = 1
FPS = 24
#: The aim: whole clips at this share of the slower of rasterising and encoding.
AIM = 0.8
#: How far CUDA may be from the CPU, as a mean over pixels.
CLOSE = 1e-3


@dataclass(frozen=True)
class Difference:
    """Mean absolute differences of CUDA from the CPU: radiance, alpha, classes, depth by depth; 8-bit levels."""

    scene: str
    splats: int
    rgb: float
    alpha: float
    classes: float
    depth: float
    levels: float
    largest_level: int


@dataclass(frozen=True)
class Rate:
    """Frames per second of the same clips: whole, drawn alone, encoded alone."""

    renderer: str
    encoder: str
    whole: float
    drawn: float
    encoded: float

    @property
    def ratio(self) -> float:
        """Whole clips by the slower of the two."""
        return self.whole / min(self.drawn, self.encoded)


@dataclass
class Figures:
    """All that is measured, and why the rest is not. Steps are in milliseconds per frame: of CPU time without CUDA."""

    machine: dict[str, str]
    splats: int = 0
    size: str = ""
    differences: list[Difference] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)
    steps_ms: dict[str, float] = field(default_factory=dict)
    not_run: list[str] = field(default_factory=list)


def main() -> None:
    """Measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument(
        "--size", type=size, default="1280x720", metavar="WxH", help="width x height of a frame (default 1280x720)"
    )
    parser.add_argument("--spacing", type=float, default=4.6, help="pixels between splats (4.6: a million at 1280x720)")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="clips at once (default: cores)")
    parser.add_argument("--frames", type=int, help="frames of a clip (default 49, without CUDA 9)")
    parser.add_argument("--clips", type=int, help="clips of a measurement (default 4 a thread, without CUDA 1)")
    options = parser.parse_args()
    if options.frames is not None and options.frames < 9:
        parser.error(f"--frames {options.frames}: moves need at least 9")
    trouble = cuda_trouble()
    width, height = options.size
    frames = options.frames or (9 if trouble else 49)
    count = options.clips or options.threads * (1 if trouble else 4)

    figures = Figures(machine(), size=f"{width}x{height}")
    if trouble:
        figures.not_run += [
            f"{what}: {trouble}" for what in ("how far CUDA is from the CPU renderer", "rates of CUDA", "steps of CUDA")
        ]
    else:
        figures.differences += [difference(*case) for case in cases()]
    scene, clips = courtyard(width, height, frames, options.spacing)
    figures.splats = len(scene)
    work = [clips[k % len(clips)] for k in range(count)]
    pictures = rates(figures, scene, work, width, height, options.threads, bool(trouble))
    figures.steps_ms = steps(scene, clips[0], pictures, width, height, bool(trouble))
    show(figures)
    if options.json:
        options.json.write_text(json.dumps(as_json(figures), indent=1) + "\n")


def size(text: str) -> tuple[int, int]:
    """Read width x height."""
    width, height = (int(side) for side in text.split("x"))
    return width, height


def machine() -> dict[str, str]:
    """Say what this ran on."""
    found = [f"{device.name}, {device.memory_bytes / 2**30:.0f} GiB" for device in devices()]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "?"
    return {
        "device": "; ".join(found) or "none",
        "driver": driver() or "none",
        "torch": torch.__version__,
        "python": platform.python_version(),
        "cores": str(os.cpu_count()),
        "load before": load,
    }


# --- scenes


def courtyard(width: int, height: int, frames: int, spacing_px: float) -> tuple[GaussianScene, list[Trajectory]]:
    """Six moves in a courtyard, and the scene that is sampled for them and for their opposites."""
    module = FAMILIES["courtyard"]
    params = module.rand(stream(SEED, "params"))
    geometry = module.geometry(params)
    shots = []
    for index, (move, direction) in enumerate(MOVES):
        for attempt in range(20):
            try:
                rng = stream(SEED, "shot", index, attempt)
                shots.append(place(geometry, MoveRequest(move, direction), VideoShape(width, height, frames, FPS), rng))
            except Rejected:
                continue
            break
    views = [view for shot in shots for view in (shot.trajectory, shot.opposite)]
    scene = sample(module.build(params), views, width, height, spacing_px, SEED)
    return scene, [shot.trajectory for shot in shots]


def cases() -> Iterator[tuple[str, GaussianScene, Trajectory, int, int]]:
    """Scenes for the comparison: both families, and a volume of random Gaussians with harmonics and fog."""
    width, height = 640, 360
    for name, module in FAMILIES.items():
        params = module.rand(stream(SEED, "params"))
        geometry = module.geometry(params)
        shot = None
        for attempt in range(20):
            try:
                rng = stream(SEED, "shot", attempt)
                shot = place(geometry, MoveRequest("truck", "left"), VideoShape(width, height, 9, FPS), rng)
            except Rejected:
                continue
            break
        assert shot is not None
        yield (
            name,
            sample(module.build(params), [shot.trajectory], width, height, 2.0, SEED),
            shot.trajectory,
            width,
            height,
        )
    rng = np.random.default_rng(SEED)
    count = 300_000
    sh = rng.normal(size=(count, 16, 3)) * 0.1
    sh[:, 0] = (rng.uniform(size=(count, 3)) - 0.5) / SH_C0
    volume = GaussianScene(
        means_m=(rng.uniform(-1, 1, (count, 3)) * (1.6, 1, 1)).astype(np.float32),
        quats=rng.normal(size=(count, 4)).astype(np.float32),
        scales_m=(np.exp(rng.normal(size=(count, 3)) * 0.4) * 0.005).astype(np.float32),
        opacities=rng.uniform(0.2, 1, count).astype(np.float32),
        sh=sh.astype(np.float32),
        classes=rng.integers(0, 4, count).astype(np.uint8),
        look=Look(transfer="linear", fog_per_m=0.2, fog_start_m=2.5, bloom=0.05, sharpen=0.35),
    )
    cameras = np.tile(np.eye(4), (9, 1, 1))
    cameras[:, 2, 3] = np.linspace(3, 2, 9)
    yield "volume", volume, Trajectory(invert(cameras), np.tile([0.9, 1.6, 0.5, 0.5], (9, 1)), FPS), width, height


def difference(name: str, scene: GaussianScene, clip: Trajectory, width: int, height: int) -> Difference:
    """Compare the renderers on three frames, and their films on all."""
    ours, theirs = open_renderer("cuda", scene, width, height), CpuRenderer(scene, width, height, os.cpu_count() or 1)
    off: dict[str, list[float]] = {"rgb": [], "alpha": [], "classes": [], "depth": []}
    for a, b in zip(*(r.render_clip(clip, [0, 4, 8], classes=True) for r in (ours, theirs)), strict=True):
        assert a.classes is not None
        assert b.classes is not None
        for what, x, y in (("rgb", a.rgb, b.rgb), ("alpha", a.alpha, b.alpha), ("classes", a.classes, b.classes)):
            off[what].append(float(np.abs(x - y).mean()))
        seen = b.alpha > 0.5
        off["depth"].append(float(np.abs(a.depth_m[seen] / b.depth_m[seen] - 1).mean()))
    films = zip(ours.film(clip, scene.look), theirs.film(clip, scene.look), strict=True)
    levels = [np.abs(a.astype(int) - b) for (a, _), (b, _) in films]
    means = {what: float(np.mean(values)) for what, values in off.items()}
    return Difference(name, len(scene), **means, levels=float(np.mean(levels)), largest_level=int(np.max(levels)))


# --- rates


def rates(
    figures: Figures,
    scene: GaussianScene,
    clips: Sequence[Trajectory],
    width: int,
    height: int,
    threads: int,
    without_cuda: bool,
) -> list[np.ndarray]:
    """Measure whole clips, and their drawing and their encoding alone, with each encoder there is.

    Returns: the pictures of the first clip.
    """
    renderer = open_renderer("cpu" if without_cuda else "cuda", scene, width, height)
    different = {id(clip): clip for clip in clips}
    films = {key: [p.copy() for p, _ in renderer.film(clip, scene.look)] for key, clip in different.items()}
    drawn = (
        per_second(clips, threads, lambda clip: exhaust(renderer, clip))
        if without_cuda
        else bare(scene, clips, width, height)
    )
    for encoder in ("software", "nvenc"):
        if why := refusal("h264", encoder, width, height):
            figures.not_run.append(f"rates with {encoder}: {why}")
            continue

        def encoded(pictures: Iterator[np.ndarray] | list[np.ndarray], encoder: str = encoder) -> None:
            encode(pictures, width, height, FPS, encoder=encoder)

        def filmed(clip: Trajectory, encoded: Callable[[Iterator[np.ndarray]], None] = encoded) -> None:
            encoded(picture for picture, _ in renderer.film(clip, scene.look))

        alone = per_second(clips, threads, lambda clip: encoded(films[id(clip)]))
        if not without_cuda:
            per_second(clips[:threads], threads, filmed)  # page-locked memory is had once, and slowly
        whole = per_second(clips, threads, filmed)
        figures.rates.append(Rate("cpu" if without_cuda else "cuda", encoder, whole, drawn, alone))
    return films[id(clips[0])]


def per_second(clips: Sequence[Trajectory], threads: int, work: Callable[[Trajectory], None]) -> float:
    """Frames per second of `work` on all clips, `threads` at a time."""
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, clips):
            pass
    return sum(map(len, clips)) / (time.perf_counter() - start)


def exhaust(renderer: Renderer, clip: Trajectory) -> None:
    """Draw a clip and keep nothing."""
    for _ in renderer.render_clip(clip, range(len(clip))):
        pass


def bare(scene: GaussianScene, clips: Sequence[Trajectory], width: int, height: int) -> float:
    """Frames per second of `gsplat.rasterization` alone: constant colours, nothing finished, nothing copied."""
    from gsplat import rasterization

    splats = put(scene, torch.device("cuda"))
    batches = [views for clip in clips for views in in_batches(clip, width, height)]

    def draw() -> None:
        with torch.no_grad():
            for _, cameras, lenses in batches:
                rasterization(
                    splats.means, splats.quats, splats.scales, splats.opacities, splats.constant, cameras, lenses,
                    width, height, packed=False,
                )  # fmt: skip
        torch.cuda.synchronize()

    draw()
    start = time.perf_counter()
    draw()
    return sum(map(len, clips)) / (time.perf_counter() - start)


def in_batches(
    clip: Trajectory, width: int, height: int, device: str = "cuda"
) -> Iterator[tuple[torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Give centres, cameras and lenses of a clip, cut into batches as the renderer cuts it where memory allows."""
    most = max(1, min(MOST_FRAMES, BATCH_BYTES // (3 * width * height)))
    size = math.ceil(len(clip) / math.ceil(len(clip) / most))
    lenses = np.zeros((len(clip), 3, 3))
    fx, fy, cx, cy = (clip.intrinsics * (width, height, width, height)).T
    lenses[:, 0, 0], lenses[:, 1, 1], lenses[:, 0, 2], lenses[:, 1, 2], lenses[:, 2, 2] = fx, fy, cx, cy, 1
    for at in range(0, len(clip), size):
        arrays = (clip.centres_m[at : at + size].copy(), clip.camera_from_world[at : at + size], lenses[at : at + size])
        centres, cameras, matrices = (torch.from_numpy(a).float().to(device) for a in arrays)
        yield centres, cameras, matrices


# --- steps


def steps(
    scene: GaussianScene,
    clip: Trajectory,
    pictures: Sequence[np.ndarray],
    width: int,
    height: int,
    without_cuda: bool,
) -> dict[str, float]:
    """Milliseconds per frame of each step, one after the other in one thread: CPU time where there is no CUDA."""
    device, clock = ("cpu", time.process_time) if without_cuda else ("cuda", time.perf_counter)
    out: dict[str, float] = {}

    def timed(name: str, frames: int, work: Callable[[], object]) -> None:
        work()
        if not without_cuda:
            torch.cuda.synchronize()
        start = clock()
        work()
        if not without_cuda:
            torch.cuda.synchronize()
        out[name] = 1e3 * (clock() - start) / frames

    with torch.no_grad():
        splats = put(scene, torch.device(device))
        centres, cameras, lenses = next(in_batches(clip, width, height, device))
        batch = len(centres)
        timed(f"colours and fog, torch on {device}", batch, lambda: colours(splats, centres, scene.look))
        cpu = CpuRenderer(scene, width, height)
        timed("CPU renderer, one thread", 2, lambda: list(cpu.render_clip(clip, [0, 1])))
        frame = next(cpu.render_clip(clip, [0]))
        timed("finishing, Numba, one thread", 1, lambda: effects.finish(frame.rgb, frame.alpha, scene.look))
        if not without_cuda:
            from gsplat import rasterization

            painted = colours(splats, centres, scene.look)
            timed("gsplat.rasterization", batch, lambda: rasterization(
                splats.means, splats.quats, splats.scales, splats.opacities, painted, cameras, lenses, width, height,
                packed=False,
            ))  # fmt: skip
        some = batch if not without_cuda else 1
        rgb, alpha = (torch.from_numpy(np.stack([a] * some)).to(device) for a in (frame.rgb, frame.alpha))
        timed(f"finishing, torch on {device}", some, lambda: finish_torch.finish(rgb, alpha, scene.look))
        if not without_cuda:
            finished = finish_torch.finish(rgb, alpha, scene.look)
            here = torch.empty(finished.shape, dtype=finished.dtype, pin_memory=True)
            timed("copy to page-locked memory", some, lambda: here.copy_(finished, non_blocking=True))
        timed("encoding, x264 veryfast, one thread", len(pictures), lambda: encode(pictures, width, height, FPS))
    if not without_cuda:
        renderer = CudaRenderer(scene, width, height)
        timed("CUDA renderer, one clip at a time", len(clip), lambda: list(renderer.film(clip, scene.look)))
    return out


# --- telling


def show(figures: Figures) -> None:
    """Print the tables."""
    console = Console(width=120)
    console.print(", ".join(f"{name} {value}" for name, value in figures.machine.items()), highlight=False)
    if figures.differences:
        table = Table(title=f"CUDA from CPU, mean absolute difference (at most {CLOSE:g} is asked for)")
        for name in ("scene", "splats", "rgb", "alpha", "classes", "depth / depth", "8-bit levels", "largest"):
            table.add_column(name, justify="right")
        for d in figures.differences:
            shares = (f"{value:.1e}" for value in (d.rgb, d.alpha, d.classes, d.depth))
            table.add_row(d.scene, f"{d.splats:,}", *shares, f"{d.levels:.4f}", str(d.largest_level))
        console.print(table)
    table = Table(title=f"frames/s, {figures.splats:,} splats, {figures.size} (a ratio of {AIM} is asked of CUDA)")
    for name in ("renderer", "encoder", "whole clips", "drawing alone", "encoding alone", "ratio to the slower"):
        table.add_column(name, justify="right")
    for r in figures.rates:
        values = (f"{value:.1f}" for value in (r.whole, r.drawn, r.encoded))
        table.add_row(r.renderer, r.encoder, *values, f"{r.ratio:.2f}")
    console.print(table)
    clock = "wall" if figures.differences else "CPU"
    table = Table("step", f"{clock} ms per frame", title="one step after the other")
    for name, value in figures.steps_ms.items():
        table.add_row(name, f"{value:.2f}")
    console.print(table)
    for line in figures.not_run:
        console.print(f"NOT RUN: {line}", highlight=False, soft_wrap=True)


def as_json(figures: Figures) -> dict[str, object]:
    """All figures as JSON values, with the ratios."""
    return asdict(figures) | {"rates": [asdict(r) | {"ratio": r.ratio} for r in figures.rates]}


if __name__ == "__main__":
    main()
