"""Clips with known cameras mixed with unconstrained video, at a ratio.

A model that sees only sets like ours learns their look and their still scenes; CamViG (arXiv 2405.13195) found 70 %
controlled and 30 % unconstrained data best, and so do defaults here. What has no camera gets a neutral one, so that
batches hold both, and `has_camera` says which is which.
"""

import logging
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch.utils.data import IterableDataset

from camera_motion.builder.torch.clips import ClipStream
from camera_motion.builder.torch.footage import probe, read_frames
from camera_motion.builder.torch.sampling import Sampling, fitted, window
from camera_motion.builder.torch.walk import Counted, Part, Position, Sample, Walk, draws
from camera_motion.schema.base import SpecError

logger = logging.getLogger(__name__)

#: CamViG's share of clips with known cameras.
SHARE: Final = 0.7

#: A lap may be empty because the few files that fell to a worker are damaged; so many in a row are not chance.
MOST_EMPTY: Final = 20

SUFFIXES: Final = (".mp4", ".mkv", ".mov", ".webm")


def mix(
    clips: ClipStream, other: str | Path | ClipStream | Iterable[Any], share: float = SHARE, seed: int = 0
) -> ClipStream:
    """Interleave a stream of clips with `other`, such that `share` of the samples are clips.

    `other` is a folder of videos (a caption may stand beside each, in NAME.txt), another stream, or anything that gives
    samples each time it is iterated: mappings with `frames`, [T, 3, H, W] as the clips', and maybe `caption` and `key`.
    An epoch is one of the clips; `other` is begun again as often as needed. Of any run of n samples, n * share are
    clips, give or take one, and each place is a clip's with probability `share`.

    Raises:
        SpecError: a share that is none, a folder without videos.
    """
    if not 0 < share <= 1:
        raise SpecError(f"share is {share}; it is the part of clips with cameras, above 0 and at most 1")
    sampling = clips.walk.sampling
    if isinstance(other, ClipStream):
        if other.walk.sampling != sampling:
            raise SpecError("both streams must have the same sampling, or their samples would not make batches")
        walk: Walk = other.walk
    elif isinstance(other, str | Path):
        walk = VideoWalk(_videos(Path(other)), sampling, seed)
    else:
        walk = IterableWalk(other, sampling)
    return ClipStream(MixWalk(clips.walk, walk, share, seed), rank=clips.rank, world=clips.world)


def neutral(sample: Any, sampling: Sampling) -> Sample:
    """Complete a sample that has pixels but no camera: poses at rest, a plain lens, `has_camera` False.

    Raises:
        SpecError: it has no `frames`, or not as the sampling wants them.
    """
    frames = sample.get("frames") if hasattr(sample, "get") else None
    if not isinstance(frames, np.ndarray | torch.Tensor) or frames.ndim != 4 or frames.shape[1] != 3:
        raise SpecError("a sample of the other videos must be a mapping with frames of shape [T, 3, H, W]")
    kind = str(frames.dtype).removeprefix("torch.")
    if kind != "uint8" and (kind != "float32" or sampling.pixels == "uint8"):
        raise SpecError(f"frames of the other videos are {kind}; pixels={sampling.pixels!r} wants them as uint8")
    count, _, height, width = frames.shape
    long_side = max(width, height)
    lens = np.array([long_side / width, long_side / height, 0.5, 0.5], np.float32)
    still = np.tile(np.eye(4, dtype=np.float32), (count, 1, 1))
    return {
        "key": str(sample.get("key", "")),
        "frames": frames,
        "frame_indices": np.asarray(sample.get("frame_indices", np.arange(count)), np.int64),
        "fps": float(sample.get("fps", 0.0)),
        "has_camera": False,
        "camera_from_world": still,
        "world_from_camera": still.copy(),
        "intrinsics": np.tile(lens, (count, 1)),
        "intrinsics_px": np.tile(lens * np.array([width, height, width, height], np.float32), (count, 1)),
        "camera_scale": 0.0,
        "unit_m": 1.0,
        "caption": str(sample.get("caption", "")),
        "main_motion": "",
        "motions": [],
        "speed": "",
    }


@dataclass(frozen=True)
class MixWalk:
    """Two walks, interleaved; positions are the samples drawn, that of the clips, the other's lap and its position."""

    clips: Counted
    other: Walk
    share: float
    seed: int

    @property
    def sampling(self) -> Sampling:
        """What the samples hold."""
        return self.clips.sampling

    @property
    def width(self) -> int:
        """How many numbers a position has."""
        return 2 + self.clips.width + self.other.width

    @property
    def identity(self) -> tuple[int, ...]:
        """Those of both, seed, and share in parts of a million."""
        return (*self.clips.identity, *self.other.identity, self.seed, round(self.share * 1e6))

    def walk(self, epoch: int, part: Part, at: Position) -> Iterator[tuple[Position, Sample]]:
        """Give samples until the clips end. Systematic sampling: clip number k comes when i * share passes k + u."""
        at = at or (0,) * self.width
        split = 1 + self.clips.width
        count, of_clips, lap, of_other = at[0], at[1:split], at[split], at[split + 1 :]
        phase = self._phase(epoch, part)
        clips = self.clips.walk(epoch, part, of_clips)
        other = self._laps(epoch, part, lap, of_other)
        while True:
            if np.floor((count + 1) * self.share + phase) > np.floor(count * self.share + phase):
                drawn = next(clips, None)
                if drawn is None:
                    return
                of_clips, sample = drawn
            else:
                lap, of_other, sample = next(other)
            count += 1
            yield (count, *of_clips, lap, *of_other), sample

    def length(self, epoch: int, part: Part) -> int:
        """Count the samples of a part; clips that are left out as too short among them."""
        return math.ceil((self.clips.length(epoch, part) + 1 - self._phase(epoch, part)) / self.share) - 1

    def _phase(self, epoch: int, part: Part) -> float:
        """Draw u. Training processes share it: they have equal numbers of samples then, and wait for none."""
        return float(np.random.default_rng([self.seed, epoch, part.worker, 2]).random())

    def _laps(self, epoch: int, part: Part, lap: int, at: Position) -> Iterator[tuple[int, Position, Sample]]:
        """Go through the other walk again and again. The epochs of its laps are far from each other's and ours."""
        empty = 0
        while True:
            empty = 0 if any(at) else empty + 1
            for position, sample in self.other.walk(epoch * 1_000_003 + lap, part, at):
                empty = 0
                yield lap, position, sample
            if empty == MOST_EMPTY:
                raise SpecError("the other videos gave no sample: none there, all too short, or they end for good")
            lap, at = lap + 1, (0,) * self.other.width


@dataclass(frozen=True)
class VideoWalk:
    """Through video files in another order every epoch; what is too short or damaged is left out with a warning.

    `told` are those warned of: they are short, or damaged, in every epoch.
    """

    paths: tuple[Path, ...]
    sampling: Sampling
    seed: int
    told: set[Path] = field(default_factory=set, compare=False, repr=False)

    @property
    def width(self) -> int:
        """How many numbers a position has."""
        return 1

    @property
    def identity(self) -> tuple[int, ...]:
        """Files and seed."""
        return (len(self.paths), self.seed)

    def walk(self, epoch: int, part: Part, at: Position) -> Iterator[tuple[Position, Sample]]:
        """Give the samples of a part; where files are fewer than parts, each goes through all, in its own order."""
        parts, mine = part.world * part.workers, part.rank * part.workers + part.worker
        few = len(self.paths) < parts
        order = np.random.default_rng([self.seed, epoch, mine * few]).permutation(len(self.paths))
        order = order if few else order[mine::parts]
        for count, number in islice(enumerate(order.tolist(), 1), at[0] if at else 0, None):
            path = self.paths[number]
            try:
                sample = self._sample(path, draws(self.seed, epoch, f"{part.rank}/{part.worker}/{path}"))
            except SpecError as error:
                if path not in self.told:
                    self.told.add(path)
                    logger.warning("leaving out %s: %s", path, error)
                continue
            yield (count,), sample

    def _sample(self, path: Path, rng: np.random.Generator) -> Sample:
        found = probe(str(path))
        indices = window(found.frames, self.sampling, rng)
        if indices is None:
            raise SpecError(f"it has {found.frames} frames, too few for {self.sampling.frames}")
        plan = fitted((found.width, found.height), self.sampling, rng)
        frames = read_frames(str(path), indices, (found.width, found.height), plan, self.sampling.threads, exact=False)
        beside = path.with_suffix(".txt")
        sample = {
            "key": path.stem,
            "frames": frames,
            "frame_indices": indices,
            "fps": found.fps / (int(indices[1] - indices[0]) if len(indices) > 1 else 1),
            "caption": beside.read_text(errors="replace").strip() if beside.is_file() else "",
        }
        return neutral(sample, self.sampling)


@dataclass(frozen=True)
class IterableWalk:
    """Through anything that can be iterated again; a position is the number of items, which are gone through again.

    A torch or `datasets` IterableDataset shares itself out among workers; of anything else every part takes its items
    in turn.
    """

    items: Iterable[Any]
    sampling: Sampling

    @property
    def width(self) -> int:
        """How many numbers a position has."""
        return 1

    @property
    def identity(self) -> tuple[int, ...]:
        """Nothing is known of it."""
        return ()

    def walk(self, epoch: int, part: Part, at: Position) -> Iterator[tuple[Position, Sample]]:
        """Give the samples of a part."""
        if callable(tell := getattr(self.items, "set_epoch", None)):
            tell(epoch)
        shares = isinstance(self.items, IterableDataset) or type(self.items).__module__.startswith("datasets.")
        step, first = part.world * part.workers, part.rank * part.workers + part.worker
        items = iter(self.items) if shares else islice(self.items, first, None, step)
        for count, item in islice(enumerate(items, 1), at[0] if at else 0, None):
            yield (count,), neutral(item, self.sampling)


def _videos(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        raise SpecError(f"{folder} is not a folder of videos")
    found = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES))
    if not found:
        raise SpecError(f"{folder} holds no video: looked for *{', *'.join(SUFFIXES)}")
    return found
