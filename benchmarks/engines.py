"""What an engine costs, and what a second worker brings: `python benchmarks/engines.py`.

Real shards of small clips (64 x 64, by the real film maker) are made by every engine with one worker and with two, all
in one run. A worker's shards tell how long they took by the clock and in CPU seconds, and when the first began and the
last ended; what an engine costs is what lies between a worker's shards.

    overhead   time of workers that was no shard's, between their first and their last, as a share of the shards' time
    start      seconds before the first shard began: processes, imports, for Ray a cluster of this machine
    speed-up   shards a second with two workers over that with one, by the same engine; once by the clock between the
               first shard's begin and the last one's end, once per CPU second (a busy machine spoils the first)

Goals: overhead at most 3 %, two workers on two cores at least 1.8 x one.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from camera_motion.builder.engines import Failure
from camera_motion.builder.engines.choose import available_cores, choose_engine
from camera_motion.builder.plan import plan
from camera_motion.builder.shard import ShardJob
from camera_motion.builder.store import Store
from camera_motion.generator.clip import film
from camera_motion.generator.identity import identity_of, resolve
from camera_motion.schema.parse import parse
from camera_motion.schema.spec import Execution, Spec


def spec_of(shards: int) -> Spec:
    """Ask for small clips, two a shard; each shard has its own scene."""
    return resolve(
        parse(
            {
                "name": "engines",
                "seed": 5,
                "clips": 2 * shards,
                "clips_per_scene": 2,
                "shard_clips": 2,
                "video": {"width": 64, "height": 64, "frames": 17, "fps": 8},
                "moves": [{"move": "pan"}, {"move": "dolly"}, {"move": "truck"}],
                "render": {"spacing_px": 3, "renderer": "cpu"},
            }
        )
    )


@dataclass(frozen=True)
class Timed:
    """A job that notes, in a file a shard, the worker, and when and with how much CPU it made the shard."""

    job: ShardJob
    notes: Path

    def here(self) -> "Timed":
        """Travel as the job does."""
        return Timed(self.job.here(), self.notes)

    def __call__(self, index: int) -> Iterator[Any]:
        """Make the shard."""
        began, worked = time.time(), time.process_time()
        yield from self.job(index)
        note = {"worker": os.getpid(), "began": began, "ended": time.time(), "cpu": time.process_time() - worked}
        (self.notes / f"{index}.json").write_text(json.dumps(note))


@dataclass(frozen=True)
class Run:
    """What one engine did with some workers; seconds."""

    engine: str
    workers: int
    start_s: float
    wall_s: float
    shard_s: float
    cpu_s: float
    idle_s: float

    @property
    def overhead(self) -> float:
        """The share of the shards' time that their workers were between two of them."""
        return self.idle_s / self.shard_s


def measure(engine: str, workers: int, shards: int) -> Run:
    """Make all shards in a new folder by one engine."""
    spec = spec_of(shards)
    with tempfile.TemporaryDirectory() as folder:
        store, notes = Store(Path(folder) / "set"), Path(folder) / "notes"
        notes.mkdir()
        store.claim(spec)
        runner, _, _ = choose_engine(Execution(engine=engine, workers=workers, cpus=1), shards)  # type: ignore[arg-type]
        began = time.time()
        job = Timed(ShardJob(spec, identity_of(spec), store, film), notes)
        for index, said in runner.run(job, range(len(plan(spec)))):
            if isinstance(said, Failure):
                raise SystemExit(f"shard {index}: {said.reason}\n{said.detail}")
        made = [json.loads(path.read_bytes()) for path in notes.iterdir()]
    by_worker: dict[int, list[dict[str, float]]] = {}
    for note in made:
        by_worker.setdefault(note["worker"], []).append(note)
    busy = sum(note["ended"] - note["began"] for note in made)
    spans = sum(max(n["ended"] for n in own) - min(n["began"] for n in own) for own in by_worker.values())
    first, last = min(note["began"] for note in made), max(note["ended"] for note in made)
    return Run(engine, workers, first - began, last - first, busy, sum(note["cpu"] for note in made), spans - busy)


def warm_up() -> None:
    """Compile the kernels, which happens once on a machine."""
    spec = spec_of(1)
    list(film(spec, plan(spec).shard(0).scenes[0], [0], 1))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=1, help="how often all is measured; the best of each is shown")
    args = parser.parse_args()
    warm_up()
    crews = [("serial", 1), ("processes", 1), ("processes", 2), ("ray", 1), ("ray", 2)]
    runs = [
        min((measure(*crew, args.shards) for _ in range(args.rounds)), key=lambda run: run.wall_s) for crew in crews
    ]
    show(runs, args.shards)


def show(runs: list[Run], shards: int) -> None:
    """Print what was measured."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    table = Table(title=f"{shards} shards of 2 clips, {available_cores()} cores{load}")
    for heading in (
        "engine",
        "workers",
        "start s",
        "wall s",
        "a shard s",
        "CPU s",
        "overhead",
        "speed-up",
        "per CPU s",
    ):
        table.add_column(heading, justify="left" if heading == "engine" else "right")
    for run in runs:
        one = next(other for other in runs if (other.engine, other.workers) == (run.engine, 1))
        table.add_row(
            run.engine,
            str(run.workers),
            f"{run.start_s:.1f}",
            f"{run.wall_s:.1f}",
            f"{run.shard_s / shards:.2f}",
            f"{run.cpu_s / shards:.2f}",
            f"{100 * run.overhead:.1f} %",
            f"{one.wall_s / run.wall_s:.2f}" if run.workers > 1 else "",
            f"{one.cpu_s / run.cpu_s * run.workers:.2f}" if run.workers > 1 else "",
        )
    buffer = io.StringIO()
    Console(file=buffer, width=110).print(table)
    sys.stdout.write(buffer.getvalue())


if __name__ == "__main__":
    main()
