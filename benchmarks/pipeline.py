"""Where a clip's time goes, on the demo's second scene: `python benchmarks/pipeline.py`.

Scene build, then the clips of one shard taken apart (metering, rendering, encoding, gate, quality) and put together;
then writing the shard and reading it back as a stream. CPU seconds are the process's own, over all its threads; wall
times are only worth reading on a quiet machine.
"""

import io
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from camera_motion.builder import specfile
from camera_motion.builder.places import Hashed
from camera_motion.builder.plan import plan
from camera_motion.builder.reader import CameraMotion
from camera_motion.builder.shard import write_tar
from camera_motion.evaluation import gate
from camera_motion.evaluation.quality import quality
from camera_motion.generator.clip import Camera, Spent, Stage, clip_views, film
from camera_motion.generator.encode import encode
from camera_motion.schema.clip import FilmedClip

THREADS = 2
SHARD = 1


@dataclass
class Stopwatch:
    """Wall and CPU seconds by name, in the order in which the names first come."""

    spent: dict[str, tuple[float, float]] = field(default_factory=dict)

    @contextmanager
    def time(self, name: str) -> Iterator[None]:
        """Add the time of a block to `name`."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        before = self.spent.get(name, (0.0, 0.0))
        self.spent[name] = before[0] + time.perf_counter() - wall, before[1] + time.process_time() - cpu


def main() -> None:
    """Print the table."""
    spec = specfile.load("demo")
    scene_plan = plan(spec).shard(SHARD).scenes[0]
    warm_up()
    watch = Stopwatch()
    with watch.time("place the scene's clips"):
        stage = Stage(spec, scene_plan)
    shots = [shot for shot, _ in stage.shots.values() if shot]
    with watch.time("build the scene"):
        scene = stage.sample(shots, THREADS)
        camera = Camera(spec, scene, THREADS)
    shape = spec.video
    for shot in shots:
        with watch.time("meter a clip"):
            look = camera.look(shot)
        with watch.time("render a clip"):
            frames = list(camera.pictures(shot, look, []))
        with watch.time("encode a clip"):
            video = encode(frames, shape.width, shape.height, shape.fps)
        with watch.time("render the gate's frames"):
            views = clip_views(camera.renderer, shot)
        with watch.time("prove a clip (gate)"):
            gate.prove(video, shot.trajectory, views)
        with watch.time("measure its quality"):
            quality(video)
    indices = [clip.index for clip in scene_plan.clips]
    with watch.time("film the whole scene"):
        results = list(film(spec, scene_plan, indices, THREADS))
    clips = [result for result in results if isinstance(result, FilmedClip)]
    with tempfile.TemporaryDirectory() as folder:
        shard = Path(folder) / "train-000000.tar"
        with watch.time("write a clip to the tar"), open(shard, "wb") as file:
            write_tar(Hashed(file), clips)
        with watch.time("stream a row from the tar"):
            rows = sum(1 for _ in CameraMotion.stream(folder))
        assert rows == len(clips)
    with watch.time("camera-motion --help"):
        subprocess.run([sys.executable, "-m", "camera_motion", "--help"], check=True, stdout=subprocess.DEVNULL)
    show(watch, len(scene), len(shots), shape.frames, len(clips))
    show_steps([result.seconds for result in results if isinstance(result, Spent)])


def warm_up() -> None:
    """Compile the kernels and load the libraries, which happens once on a machine."""
    spec = specfile.load("demo")
    scene_plan = plan(spec).shard(0).scenes[0]
    next(film(spec, scene_plan, [scene_plan.clips[0].index], THREADS))


def show(watch: Stopwatch, splats: int, shots: int, frames: int, clips: int) -> None:
    """Print what was measured; a name with "a clip" or "a row" in it is divided by how many there were."""
    once = ("build", "place", "film", "camera-motion")
    table = Table(title=f"{splats / 1e6:.2f} M splats, {shots} clips of {frames} frames, {THREADS} threads")
    for heading in ("step", "wall s", "CPU s", "share of a clip"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    parts = {name: spent for name, spent in watch.spent.items() if not name.startswith(once)}
    whole = sum(cpu for name, (_, cpu) in parts.items() if "tar" not in name)
    for name, (wall, cpu) in watch.spent.items():
        count = 1 if name.startswith(once) else clips if "tar" in name else shots
        share = f"{100 * cpu / whole:.0f} %" if name in parts and "tar" not in name else ""
        table.add_row(name, f"{wall / count:.3f}", f"{cpu / count:.3f}", share)
    write(table)


def show_steps(spent: list[Mapping[str, float]]) -> None:
    """Print where the time of the shard went: what a receipt's `timings_s` hold beside `wall` and `work`."""
    table = Table(title=f"Where the time of the shard went, {THREADS} threads side by side")
    for heading in ("step", "thread s", "share"):
        table.add_column(heading, justify="left" if heading == "step" else "right")
    steps = sum((Counter(seconds) for seconds in spent), Counter[str]())
    for name, seconds in steps.items():
        table.add_row(name, f"{seconds:.2f}", f"{100 * seconds / steps.total():.0f} %")
    write(table)


def write(table: Table) -> None:
    """Print a table at the same width everywhere."""
    buffer = io.StringIO()
    Console(file=buffer, width=100).print(table)
    sys.stdout.write(buffer.getvalue())


if __name__ == "__main__":
    main()
