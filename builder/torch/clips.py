"""A set as torch datasets: a stream of clips, a table of clips, a loader that resumes; and Pluecker rays."""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from camera_motion.builder.torch.index import open_shards
from camera_motion.builder.torch.recycling import recycled
from camera_motion.builder.torch.sampling import Sampling
from camera_motion.builder.torch.walk import ClipWalk, Counted, Part, Position, Sample, clip_sample, draws
from camera_motion.schema.base import SpecError

try:
    import torch
    from torch.utils.data import DataLoader, Dataset, IterableDataset, default_collate, get_worker_info
except ImportError:
    raise ImportError("PyTorch is missing: pip install 'camera-motion[train]'") from None


# --- tensors


def plucker(
    world_from_camera: torch.Tensor,
    intrinsics: torch.Tensor,
    height: int,
    width: int,
    out: torch.Tensor | None = None,
) -> torch.Tensor:
    """Pluecker rays [..., 6, height, width] of poses [..., 4, 4] and normalised intrinsics [..., 4].

    The first three channels are the moment o x d, the others the unit direction d of the ray through the centre of each
    cell of the grid, in the axes of the poses' world: CameraCtrl's order (arXiv 2404.02101). It runs where its inputs
    are: on the GPU it spares the workers and the bus 24 bytes a pixel. With `out`, [T, 6, height, width], the rays of
    one clip are written there.
    """
    rotation, origin = world_from_camera[..., :3, :3], world_from_camera[..., :3, 3:]
    # d ~ R (x, y, 1) and o x d ~ [o]x R (x, y, 1): six rows, linear in x, which only columns change, and in y.
    rows = torch.cat([torch.linalg.cross(origin.expand_as(rotation), rotation, dim=-2), rotation], dim=-2)
    fx, fy, cx, cy = (part[..., None] for part in intrinsics.unbind(-1))
    centres = [(torch.arange(n, dtype=rows.dtype, device=rows.device) + 0.5) / n for n in (width, height)]
    x, y = (centres[0] - cx) / fx, (centres[1] - cy) / fy
    along = rows[..., 0:1] * x[..., None, :]
    down = rows[..., 1:2] * y[..., None, :] + rows[..., 2:3]
    shrink = torch.rsqrt(x.square()[..., None, None, :] + (y.square() + 1)[..., None, :, None])
    along, down = along[..., :, None, :], down[..., :, :, None]
    if out is None:
        return (along + down).mul_(shrink)
    for frame in range(len(out)):  # one at a time, so that what was added is still in the cache
        torch.add(along[frame], down[frame], out=out[frame]).mul_(shrink[frame])
    return out


def _floats(*shape: int) -> torch.Tensor:
    return torch.from_numpy(recycled((4 * math.prod(shape),)).view(np.float32).reshape(shape))


def as_tensors(sample: Sample, sampling: Sampling) -> Sample:
    """Turn a sample of arrays into one of tensors: pixels in the range asked for, and rays."""
    out = {name: torch.from_numpy(value) if isinstance(value, np.ndarray) else value for name, value in sample.items()}
    frames = out["frames"]
    if frames.dtype == torch.uint8 and sampling.pixels != "uint8":
        out["frames"] = _floats(*frames.shape)
        for levels, scaled in zip(frames, out["frames"], strict=True):
            if sampling.pixels == "signed":
                torch.mul(levels, 1 / 127.5, out=scaled).sub_(1)
            else:
                torch.mul(levels, 1 / 255, out=scaled)
    if sampling.rays:
        height, width = (side // sampling.rays for side in frames.shape[-2:])
        rays = _floats(len(frames), 6, height, width)
        known = sample["has_camera"]
        out["rays"] = (
            plucker(out["world_from_camera"], out["intrinsics"], height, width, rays) if known else rays.zero_()
        )
    return out


def collate(samples: Sequence[Sample]) -> dict[str, Any]:
    """Make a batch: tensors stacked, numbers and flags as tensors, texts and lists of texts as lists.

    Raises:
        SpecError: samples of different shapes cannot be one batch.
    """
    batch: dict[str, Any] = {}
    for name, first in samples[0].items():
        values = [sample[name] for sample in samples]
        if isinstance(first, torch.Tensor):
            shapes = sorted({tuple(value.shape) for value in values})
            if len(shapes) > 1:
                raise SpecError(
                    f"{name} of one batch have the shapes {', '.join(map(str, shapes))}; "
                    "set frames and one size, or take batches of 1"
                )
            batch[name] = default_collate(values)
        elif isinstance(first, bool | int | float):
            batch[name] = torch.tensor(values, dtype=torch.float32 if isinstance(first, float) else None)
        else:
            batch[name] = values
    return batch


# --- datasets


class ClipStream(IterableDataset[Sample]):
    """The clips of a split, one after the other, each once an epoch; DataLoader's workers share them out.

    `source` is the folder of a set, or org/name on the Hub. `shuffle` is the number of rows that the buffer mixes (a
    row is an encoded clip of 1 MB or so; every worker has a buffer); 0 keeps the order. `rank` and `world` are those of
    the running process group unless given. What is random changes with `set_epoch`.

    Raises:
        SpecError: there is no such set or split or revision, or a number makes no sense.
    """

    def __init__(
        self,
        source: str | Path | Counted,
        split: str = "train",
        sampling: Sampling | None = None,
        *,
        seed: int = 0,
        shuffle: int = 0,
        rank: int | None = None,
        world: int | None = None,
        revision: str | None = None,
    ) -> None:
        if seed < 0 or shuffle < 0:
            raise SpecError(f"seed is {seed} and shuffle {shuffle}; neither can be negative")
        self.rank, self.world = _place(rank, world)
        if isinstance(source, str | Path):
            self.walk: Counted = ClipWalk(open_shards(source, split, revision), sampling or Sampling(), seed, shuffle)
        else:
            self.walk = source
        self._epoch = _shared_zero()
        self._resume: dict[str, Any] | None = None
        self._seen: dict[int, Position] = {}
        self._next_worker, self._workers = 0, 1

    @property
    def epoch(self) -> int:
        """The epoch that is being gone through."""
        return int(self._epoch)

    def set_epoch(self, epoch: int) -> None:
        """Go on to another epoch, from its beginning."""
        if epoch != self.epoch:
            self._epoch.fill_(epoch)
            self._resume, self._seen, self._next_worker = None, {}, 0

    def __iter__(self) -> Iterator[Sample]:
        info = get_worker_info()
        workers = info.num_workers if info else 1
        resume, self._resume = self._resume, None
        at: dict[int, Position] = {}
        first = 0
        if resume and resume["epoch"] == self.epoch:
            if resume["workers"] != workers:
                raise SpecError(f"the state is of {resume['workers']} workers, this loader has {workers}; use as many")
            at, first = _positions(resume), resume["next_worker"]
        # A resumed loader asks its worker 0 first: that one plays the worker whose turn it was.
        worker = ((info.id if info else 0) + first) % workers
        self._workers, self._next_worker, self._seen = workers, 0, dict(at)
        for position, sample in self.walk.walk(
            self.epoch, Part(self.rank, self.world, worker, workers), at.get(worker, ())
        ):
            self._seen[worker] = position
            yield as_tensors(sample, self.walk.sampling) | {"cursor": torch.tensor([worker, *position])}

    def follow(self, batch: Mapping[str, Any], workers: int) -> None:
        """Note that `batch`, of a DataLoader with so many workers, has arrived; `state_dict` then goes on after it."""
        self._workers = max(workers, 1)
        for worker, *position in batch["cursor"].tolist():
            self._seen[worker] = tuple(position)
            self._next_worker = (worker + 1) % self._workers

    def state_dict(self) -> dict[str, Any]:
        """Say where the stream is, in plain numbers."""
        return {
            "epoch": self.epoch,
            "workers": self._workers,
            "next_worker": self._next_worker,
            "at": {str(worker): list(position) for worker, position in self._seen.items()},
            "part": [self.rank, self.world],
            "identity": list(self.walk.identity),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from where `state_dict` was taken, when next iterated.

        Raises:
            SpecError: the state is of another set, seed, shuffle, rank or world size.
        """
        state = dict(state)
        ours = {"part": [self.rank, self.world], "identity": list(self.walk.identity)}
        if odd := [name for name in ours if list(state.get(name, ())) != ours[name]]:
            raise SpecError(
                f"the state is of another stream: its {odd[0]} is {list(state.get(odd[0], ()))}, not {ours[odd[0]]}; "
                "the set, seed, shuffle, rank and world size must be the same"
            )
        self._epoch.fill_(state["epoch"])
        self._resume = state
        self._workers, self._next_worker, self._seen = state["workers"], state["next_worker"], _positions(state)


class ClipTable(Dataset[Sample]):
    """The clips of a split by number, for a DataLoader with a sampler of its own.

    Over tars any clip is one read at its offset. Over Parquet it is the read of a row group, of 8 MiB: shuffled access
    wants tars. Clips that are too short are counted out beforehand if the sampling skips them.

    Raises:
        SpecError: there is no such set or split or revision.
    """

    def __init__(
        self,
        source: str | Path,
        split: str = "train",
        sampling: Sampling | None = None,
        *,
        seed: int = 0,
        revision: str | None = None,
    ) -> None:
        self.sampling, self.seed = sampling or Sampling(), seed
        self._shards = open_shards(source, split, revision)
        self._rows = [(s, row) for s, shard in enumerate(self._shards) for row in range(len(shard))]
        if self.sampling.short == "skip" and self.sampling.frames:
            needed = (self.sampling.frames - 1) * self.sampling.strides[0] + 1
            lengths = [length for shard in self._shards for length in shard.lengths()]
            self._rows = [row for row, length in zip(self._rows, lengths, strict=True) if length >= needed]
        self._epoch = _shared_zero()

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Sample:
        shard, number = self._rows[index]
        row = self._shards[shard].row(number)
        sample = clip_sample(row, self.sampling, draws(self.seed, int(self._epoch), row["key"]))
        if sample is None:
            raise SpecError(f"clip {row['key']} is shorter than the index says: the set has changed, open it again")
        return as_tensors(sample, self.sampling)

    def set_epoch(self, epoch: int) -> None:
        """Draw other frames and crops."""
        self._epoch.fill_(epoch)


class ClipLoader:
    """Batches of a stream by a DataLoader, with a state that goes on exactly, workers or not.

    Worker processes read ahead, so that only the batches that have arrived say where training is: every sample carries
    its worker and position, and this loader notes them. Resume with as many workers. A pass ends with the next epoch.
    `options` are those of torch's DataLoader.
    """

    def __init__(self, stream: ClipStream, batch_size: int = 1, num_workers: int = 0, **options: Any) -> None:
        self.stream = stream
        self._workers = num_workers
        options = {"collate_fn": collate, **options, "batch_size": batch_size, "num_workers": num_workers}
        self._options = options
        self._loader: DataLoader[Sample] | None = None

    @property
    def epoch(self) -> int:
        """The epoch that is being gone through, or comes next."""
        return self.stream.epoch

    def set_epoch(self, epoch: int) -> None:
        """Go on to another epoch, from its beginning; the present one stays where it is."""
        self.stream.set_epoch(epoch)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        if self._loader is None:
            self._loader = DataLoader(self.stream, **self._options)
        resumed, epoch = self.stream._resume is not None, self.epoch
        if not resumed:
            self.stream._seen, self.stream._next_worker = {}, 0
        batches = iter(self._loader)
        for batch in batches:
            self.stream._resume = None  # the workers have it
            self.stream.follow(batch, self._workers)
            yield batch
        if self.epoch == epoch:
            self.set_epoch(epoch + 1)

    def __len__(self) -> int:
        """Count the batches of an epoch; fewer come where short clips are left out."""
        size, workers = self._options["batch_size"], max(self._workers, 1)
        rank, world, epoch = self.stream.rank, self.stream.world, self.epoch
        parts = (self.stream.walk.length(epoch, Part(rank, world, worker, workers)) for worker in range(workers))
        whole = self._options.get("drop_last", False)
        return sum(samples // size if whole else math.ceil(samples / size) for samples in parts)

    def state_dict(self) -> dict[str, Any]:
        """Say what has arrived, in plain numbers: save it with the model."""
        state = self.stream.state_dict()
        return state | {"workers": max(self._workers, 1)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on after the last batch that had arrived when `state_dict` was called.

        Raises:
            SpecError: the state is of another stream, or of another number of workers.
        """
        if state["workers"] != max(self._workers, 1):
            raise SpecError(
                f"the state is of {state['workers']} workers, this loader has {max(self._workers, 1)}; use as many"
            )
        self.stream.load_state_dict(state)
        self._loader = None  # workers that run already would not hear of it


def _shared_zero() -> torch.Tensor:
    """Make a number that persistent workers see change."""
    zero: torch.Tensor = torch.zeros((), dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]
    return zero


def _positions(state: Mapping[str, Any]) -> dict[int, Position]:
    return {int(worker): tuple(position) for worker, position in state["at"].items()}


def _place(rank: int | None, world: int | None) -> tuple[int, int]:
    """Give rank and world size: as told, or those of the process group, or one process."""
    group = torch.distributed
    running = group.is_available() and group.is_initialized()
    rank = (group.get_rank() if running else 0) if rank is None else rank
    world = (group.get_world_size() if running else 1) if world is None else world
    if not 0 <= rank < world:
        raise SpecError(f"rank is {rank} of {world}; ranks count from 0")
    return rank, world
