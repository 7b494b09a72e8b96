"""What a clip costs in a large set beside a small one, and how ten million are planned: `python benchmarks/scale.py`.

Small clips go through the real build: plan, engine, encoder, tar, receipt, validation. Only the film is cheap (drifting
noise of 64 x 64 pixels, no scene and no gate), so that all the rest weighs as much as it can. While the large set is
built, a small one is built every now and then and its time is taken off: the two share the machine's moods. Compared
is the processor's time; times by the clock are only worth reading on a quiet machine.
"""

import argparse
import io
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from camera_motion.builder import specfile
from camera_motion.builder.engines import Failure
from camera_motion.builder.plan import plan
from camera_motion.builder.run import build
from camera_motion.builder.status import Survey
from camera_motion.builder.store import Store
from camera_motion.builder.validate import validate
from camera_motion.generator.encode import encode
from camera_motion.generator.identity import identity_of
from camera_motion.schema.clip import Checks, ClipRecord, FilmedClip, Quality, Rejection, SegmentRecord
from camera_motion.schema.columns import CHECK_FIELDS, QUALITY_FIELDS
from camera_motion.schema.parse import parse
from camera_motion.schema.plan import ClipPlan, ScenePlan
from camera_motion.schema.receipt import Receipt, merge
from camera_motion.schema.spec import Spec

SMALL = 100
#: How often a small set is built while the large one is.
TURNS = 10
FRAMES, SIDE = 8, 64


def spec_of(clips: int, shard_clips: int, clips_per_scene: int = 5) -> Spec:
    """Build a spec of small clips."""
    return parse(
        {
            "name": "scale",
            "clips": clips,
            "clips_per_scene": clips_per_scene,
            "shard_clips": shard_clips,
            "video": {"width": SIDE, "height": SIDE, "frames": FRAMES, "fps": 8},
            "moves": [
                {"move": "pan"},
                {"move": "dolly"},
                {"move": "sequence", "parts": [{"move": "truck"}, {"move": "tilt"}]},
            ],
            "splits": {"train": 0.9, "test": 0.1},
            "encode": {"preset": "ultrafast"},
        }
    )


def film(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
    """Film noise."""
    for clip in scene.clips:
        if clip.index in indices:
            yield shoot(spec, scene, clip)


def shoot(spec: Spec, scene: ScenePlan, clip: ClipPlan) -> FilmedClip:
    """Film one clip of noise that drifts to the left, as if the camera panned."""
    rng = np.random.default_rng(clip.seed)
    noise = rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    pan = SegmentRecord(
        start_frame=0, end_frame=FRAMES - 1, motion="pan_right", magnitude=14.0, unit="deg", speed="regular"
    )
    record = ClipRecord(
        key=clip.key,
        short_caption="Noise, camera pans right",
        long_caption="Noise that drifts, camera pans right",
        scene_caption="Noise",
        camera_caption="The camera pans right",
        camera_scale=0.0,
        camera_motion=("pan_right",),
        main_motion="pan_right",
        speed="regular",
        pan_deg=14.0,
        tilt_deg=0.0,
        roll_deg=0.0,
        path_length_m=0.0,
        focal_ratio=1.0,
        motion_segments=(pan,),
        fps=spec.video.fps,
        width=SIDE,
        height=SIDE,
        num_frames=FRAMES,
        scene=scene.family,
        scene_id=scene.scene_id,
        source=scene.source,
        split=scene.split,
        take_id=clip.key,
        camera_id="a",
        checks=Checks(**{column.name: float(rng.random()) for column in CHECK_FIELDS}),
        quality=Quality(**{column.name: float(rng.random()) for column in QUALITY_FIELDS}),
        seed=clip.seed,
        spec_identity=identity_of(spec),
        licence=spec.licence,
        redistributable=spec.redistributable,
        provenance="{}",
    )
    frames = (np.roll(noise, -2 * frame, axis=1) for frame in range(FRAMES))
    return FilmedClip(
        record=record,
        video=encode(frames, SIDE, SIDE, spec.video.fps, preset=spec.encode.preset),
        camera_extrinsics=np.tile(np.eye(4), (FRAMES, 1, 1)),
        camera_intrinsics=np.full((FRAMES, 4), 0.5, np.float32),
        tracks=rng.random((1500, 6), dtype=np.float32),  # as much evidence as a real clip carries
    )


@dataclass(frozen=True)
class Cost:
    """Seconds of the processor and by the clock."""

    cpu_s: float = 0.0
    wall_s: float = 0.0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.cpu_s + other.cpu_s, self.wall_s + other.wall_s)

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(self.cpu_s - other.cpu_s, self.wall_s - other.wall_s)


def cost_of(work: Callable[[], object]) -> Cost:
    """Do something and say what it took."""
    before = Cost(time.process_time(), time.perf_counter())
    work()
    return Cost(time.process_time(), time.perf_counter()) - before


@dataclass
class Turns:
    """Watches the large build and, every `clips` clips, builds and checks a small set; that time is kept apart."""

    shard_clips: int
    clips: int
    small: list[Cost] = field(default_factory=list)
    since: int = 0

    def begin(self, clips: int, receipts: list[Receipt]) -> None:
        """Begin with a small set."""
        self.take()

    def clip(self, key: str) -> None:
        """Count a clip."""
        self.since += 1

    def shard(self, receipt: Receipt) -> None:
        """Build a small set where it is its turn."""
        if self.since >= self.clips:
            self.since = 0
            self.take()

    def failed(self, name: str, failure: Failure) -> None:
        """End the benchmark."""
        raise RuntimeError(f"{name}: {failure.reason}")

    def take(self) -> None:
        """Build a small set and check it."""
        with tempfile.TemporaryDirectory() as folder:
            self.small.append(cost_of(lambda: make(SMALL, self.shard_clips, Path(folder))))


def make(clips: int, shard_clips: int, root: Path, watcher: Turns | None = None) -> None:
    """Build a set and check it, as `camera-motion build` does."""
    assert build(spec_of(clips, shard_clips), root, film, engine="serial", workers=1, watcher=watcher).complete
    assert validate(root).right


def compare(clips: int, shard_clips: int) -> Table:
    """Build the sets; tell what a clip of each costs, and what other commands take of the large one."""
    turns = Turns(shard_clips, clips // TURNS)
    turns.take()
    turns.small.clear()  # the first loads libraries
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "large"
        together = cost_of(lambda: make(clips, shard_clips, root, turns))
        small = sum(turns.small, Cost())
        large = together - small
        store = Store(root)
        receipts = store.all_receipts(store.read_identity())
        others = {
            "build again, with all there": cost_of(lambda: make(clips, shard_clips, root)),
            "validate": cost_of(lambda: validate(root)),
            "status": cost_of(lambda: Survey(store).look()),
            "add the receipts up": cost_of(lambda: merge(receipts)),
        }
    one, many = small.cpu_s / (SMALL * len(turns.small)), large.cpu_s / clips
    table = Table(title=f"shards of {shard_clips} clips: a clip of {clips} costs {100 * (many / one - 1):+.1f} %")
    for heading in ("what", "CPU", "wall"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for count, cost, sets in ((SMALL, small, len(turns.small)), (clips, large, 1)):
        cpu_ms, wall_ms = (1000 * seconds / (count * sets) for seconds in (cost.cpu_s, cost.wall_s))
        table.add_row(f"build and check, a clip of {count}", f"{cpu_ms:.2f} ms", f"{wall_ms:.2f} ms")
    for name, cost in others.items():
        table.add_row(f"{name}, {clips} clips", f"{cost.cpu_s:.2f} s", f"{cost.wall_s:.2f} s")
    return table


def enumerate_plan(clips: int, shard_clips: int) -> str:
    """Go through every key, scene, split and move of a plan, and say what that took of time and memory."""
    import resource  # not on Windows

    spec = specfile.load("large", clips=clips, shard_clips=shard_clips, clips_per_scene=min(8, shard_clips // 4))
    began = time.process_time()
    scenes, splits, moves, last = 0, Counter[str](), Counter[str](), ""
    for shard in plan(spec).shards():
        splits[shard.split] += len(shard.clip_indices)
        scenes += len(shard.scenes)
        for _, filmed in shard.parts():
            for clip in filmed:
                moves[clip.request.move] += 1
                last = clip.key
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (20 if sys.platform == "darwin" else 10))
    assert sum(moves.values()) == sum(splits.values()) == clips
    return (
        f"{clips} clips in {scenes} scenes and shards of {shard_clips} planned in {seconds:.1f} s of CPU and "
        f"{peak:.0f} MiB: {splits['test']} of test, {len(moves)} kinds of moves, the last is {last}"
    )


def main() -> None:
    """Print the table and the plans."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--clips", type=int, default=10_000, help="clips of the large set")
    parser.add_argument("--shard-clips", type=int, default=10, help="clips of a shard, in both sets")
    parser.add_argument("--planned", type=int, default=10_000_000, help="clips that are planned and not filmed")
    parser.add_argument("--plan-only", type=int, default=0, metavar="SHARD_CLIPS", help="plan and do no more")
    options = parser.parse_args()
    if options.plan_only:
        sys.stdout.write(enumerate_plan(options.planned, options.plan_only) + "\n")
        return
    for shard_clips in (20, 200):  # each in a process of its own, whose memory is the plan's
        again = [sys.executable, __file__, "--planned", str(options.planned), "--plan-only", str(shard_clips)]
        subprocess.run(again, check=True)
    buffer = io.StringIO()
    Console(file=buffer, width=100).print(compare(options.clips, options.shard_clips))
    sys.stdout.write(buffer.getvalue())


if __name__ == "__main__":
    main()
