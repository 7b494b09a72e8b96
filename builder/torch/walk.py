"""In which order a set is gone through, by how many, and from where: the stream of samples before it is tensors.

A walk gives every sample with the position after it, a few whole numbers. From (epoch, part, position) a walk goes on
exactly as if it had not been interrupted: what is random follows from the seed, the epoch and the clip's key alone.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from camera_motion.builder.rows import Row
from camera_motion.builder.torch.footage import read_frames
from camera_motion.builder.torch.index import Shard
from camera_motion.builder.torch.sampling import Sampling, cameras, fitted, window, worded
from camera_motion.schema.base import SpecError

#: Names to arrays, numbers, texts and lists of texts; `docs/training.md` has the table.
Sample = dict[str, Any]
Position = tuple[int, ...]

#: A row of a set: the number of its shard, and its own in there.
Reference = tuple[int, int]


@dataclass(frozen=True)
class Part:
    """Who asks: one of `workers` of one of `world` training processes."""

    rank: int = 0
    world: int = 1
    worker: int = 0
    workers: int = 1


@runtime_checkable
class Walk(Protocol):
    """A way through samples."""

    @property
    def sampling(self) -> Sampling:
        """What the samples hold."""
        ...

    @property
    def width(self) -> int:
        """How many numbers a position has."""
        ...

    @property
    def identity(self) -> tuple[int, ...]:
        """What must be equal for a position to mean the same: sizes, seed, shuffle."""
        ...

    def walk(self, epoch: int, part: Part, at: Position) -> Iterator[tuple[Position, Sample]]:
        """Give the samples of a part after the position `at`, each with the position after it; () is the start."""
        ...


@runtime_checkable
class Counted(Walk, Protocol):
    """A walk that knows how long it is."""

    def length(self, epoch: int, part: Part) -> int:
        """Count the samples of a part; clips that are left out as too short among them."""
        ...


@dataclass(frozen=True)
class ClipWalk:
    """Through the clips of a set, every one once an epoch.

    `shuffle` is the number of rows in the buffer that mixes neighbours; shards are shuffled too. 0 keeps the order.
    """

    shards: tuple[Shard, ...]
    sampling: Sampling
    seed: int = 0
    shuffle: int = 0

    @property
    def width(self) -> int:
        """How many numbers a position has."""
        return 1

    @property
    def identity(self) -> tuple[int, ...]:
        """Clips, seed, shuffle."""
        return (sum(map(len, self.shards)), self.seed, self.shuffle)

    def walk(self, epoch: int, part: Part, at: Position) -> Iterator[tuple[Position, Sample]]:
        """Give the samples of a part; clips that are too short are an error or left out, as the sampling says."""
        order = references([len(shard) for shard in self.shards], epoch, part, self.seed, self.shuffle)
        rng = np.random.default_rng([self.seed, epoch, part.rank, part.worker, 1])
        for count, row in ahead(order, self.shuffle, rng, at[0] if at else 0, self._row):
            sample = clip_sample(row, self.sampling, draws(self.seed, epoch, row["key"]))
            if sample is not None:
                yield (count,), sample

    def length(self, epoch: int, part: Part) -> int:
        """Count the samples of a part; clips that are left out as too short among them."""
        low, high = run(sum(map(len, self.shards)), part)
        return high - low

    def _row(self, reference: Reference) -> Row:
        return self.shards[reference[0]].row(reference[1])


def references(counts: Sequence[int], epoch: int, part: Part, seed: int, shuffle: int) -> Iterator[Reference]:
    """Give a part's rows: all rows in a line, shards in their order or shuffled, cut into equal runs.

    Runs of consecutive rows keep reading sequential, and work for any number of shards and workers: no row is in two
    parts. Where shards are shuffled the line is a circle, cut at another row in every epoch: so a part does not get the
    same rows again and again, nor are the same left over, however few the shards.
    """
    order, total, turn = np.arange(len(counts)), sum(counts), 0
    if shuffle and total:
        rng = np.random.default_rng([seed, epoch])
        order, turn = rng.permutation(order), int(rng.integers(total))
    low, high = (turn + end for end in run(total, part))
    for lap in (0, total):  # what goes beyond the end goes on at the beginning
        begin = lap
        for shard in order.tolist():
            end = begin + counts[shard]
            for row in range(max(low, begin), min(high, end)):
                yield shard, row - begin
            begin = end


def run(total: int, part: Part) -> tuple[int, int]:
    """Give where a part's rows begin and end in the line of `total` rows.

    Of several training processes each gets the same number, or they would wait for each other.
    """
    share = total // part.world
    low, high = (part.rank * share + worker * share // part.workers for worker in (part.worker, part.worker + 1))
    return low, high


def ahead(
    order: Iterator[Reference],
    buffer: int,
    rng: np.random.Generator,
    done: int,
    read: Callable[[Reference], Row],
) -> Iterator[tuple[int, Row]]:
    """Give rows, counted, through a shuffling buffer, after the first `done`, which are not read again.

    Rows are read when they enter the buffer, in the order of the files. The order that comes out does not depend on
    `done`: it is played through without reading.
    """
    held: dict[Reference, Row] = {}
    count = 0

    def entering() -> Iterator[Reference]:
        for reference in order:
            if buffer and count >= done:
                held[reference] = read(reference)
            yield reference

    for reference in shuffled(entering(), buffer, rng) if buffer else entering():
        count += 1
        if count > done:
            yield count, held.pop(reference) if reference in held else read(reference)


def shuffled(items: Iterator[Reference], size: int, rng: np.random.Generator) -> Iterator[Reference]:
    """Mix neighbours: each item that comes in pushes a random one of `size` out."""
    buffer: list[Reference] = []
    for item in items:
        if len(buffer) < size:
            buffer.append(item)
            continue
        at = int(rng.integers(size))
        out, buffer[at] = buffer[at], item
        yield out
    for at in rng.permutation(len(buffer)).tolist():
        yield buffer[at]


def draws(seed: int, epoch: int, key: str) -> np.random.Generator:
    """Give a clip's random numbers: the same in any worker, by any way of reading."""
    return np.random.default_rng([seed, epoch, int.from_bytes(hashlib.sha256(key.encode()).digest()[:8])])


def clip_sample(row: Row, sampling: Sampling, rng: np.random.Generator) -> Sample | None:
    """Make the sample of a contract row, as numpy arrays; None if it is too short and that is to be skipped.

    Raises:
        SpecError: the clip is too short, or its video is damaged or is not that of its row.
    """
    total, size = row["num_frames"], (row["width"], row["height"])
    indices = window(total, sampling, rng)
    if indices is None:
        if sampling.short == "skip":
            return None
        raise SpecError(
            f"clip {row['key']} has {total} frames, too few for {sampling.frames} with stride {sampling.strides[0]}; "
            'take fewer, or leave short clips out with short="skip"'
        )
    try:
        plan = fitted(size, sampling, rng)
        taken = cameras(
            np.asarray(row["camera_extrinsics"], np.float64),
            np.asarray(row["camera_intrinsics"], np.float64),
            row["align_factor"],
            indices,
            plan,
            sampling,
        )
        frames = read_frames(row["video"], indices, size, plan, sampling.threads)
    except SpecError as error:
        raise SpecError(f"clip {row['key']}: {error}") from None
    first, last = int(indices[0]), int(indices[-1])
    seen = [s["motion"] for s in row["motion_segments"] if s["start_frame"] <= last and s["end_frame"] >= first]
    return {
        "key": row["key"],
        "frames": frames,
        "frame_indices": indices,
        "fps": row["fps"] / (int(indices[1]) - first if len(indices) > 1 else 1),
        "has_camera": True,
        **vars(taken),
        "caption": worded(row, sampling, rng),
        "main_motion": row["main_motion"],
        "motions": list(dict.fromkeys(seen)),
        "speed": row["speed"],
    }
