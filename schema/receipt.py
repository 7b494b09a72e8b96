"""The receipt of a shard, which is the only state of a build, and the manifest that receipts add up to."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated

from pydantic import Field, ValidationError, model_validator

from camera_motion.schema.base import Model, SpecError
from camera_motion.schema.clip import ClipRecord, Key
from camera_motion.schema.plan import Split, shard_name

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

#: Unix time, until the year 9999, which calendars end with.
Moment = Annotated[float, Field(ge=0, lt=253_402_300_800)]

#: What a shard can take or hold of anything: a stranger's figures must add up to numbers that can be told.
Amount = Annotated[float, Field(ge=0, le=1e15)]
Count = Annotated[int, Field(ge=0, le=10**15)]

#: Text columns whose values are counted, and number columns whose spread is kept.
COUNTED = ("main_motion", "speed", "scene", "character", "source", "split", "pose_source", "licence")
SPREAD = ("camera_scale", "path_length_m", "pan_deg", "tilt_deg", "roll_deg", "focal_ratio")


class Spread(Model):
    """What is known of many numbers: merging two spreads gives the spread of both together."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    low: float = 0.0
    high: float = 0.0

    @classmethod
    def of(cls, value: float) -> "Spread":
        """Begin with one number."""
        return cls(count=1, total=value, squares=value * value, low=value, high=value)

    @classmethod
    def sum(cls, parts: Iterable["Spread"]) -> "Spread":
        """Merge many in one go."""
        filled = [part for part in parts if part.count]
        return cls(
            count=sum(part.count for part in filled),
            total=sum(part.total for part in filled),
            squares=sum(part.squares for part in filled),
            low=min((part.low for part in filled), default=0.0),
            high=max((part.high for part in filled), default=0.0),
        )

    def __add__(self, other: "Spread") -> "Spread":
        return Spread.sum((self, other))

    @property
    def mean(self) -> float:
        """The arithmetic mean, 0 of nothing."""
        return self.total / self.count if self.count else 0.0


class Statistics(Model):
    """Counts and spreads over clips; `+` merges, in any order and grouping (sums of floats up to rounding).

    `counts` maps a column to how often each of its values occurs, `camera_motion` counting every motion present;
    `spreads` maps a number column, or `checks.focal` and the like, to its spread.
    """

    clips: int = 0
    frames: int = 0
    seconds: float = 0.0
    video_bytes: int = 0
    counts: dict[str, dict[str, int]] = Field(default_factory=dict)
    spreads: dict[str, Spread] = Field(default_factory=dict)

    @classmethod
    def of(cls, record: ClipRecord, video_bytes: int) -> "Statistics":
        """Begin with one clip."""
        numbers = {name: getattr(record, name) for name in SPREAD}
        for part in ("checks", "quality"):
            numbers |= {f"{part}.{name}": value for name, value in getattr(record, part).model_dump().items()}
        counts = {name: {str(getattr(record, name)): 1} for name in COUNTED}
        return cls(
            clips=1,
            frames=record.num_frames,
            seconds=record.num_frames / record.fps,
            video_bytes=video_bytes,
            counts=counts | {"camera_motion": dict.fromkeys(record.camera_motion, 1)},
            spreads={name: Spread.of(value) for name, value in numbers.items()},
        )

    @classmethod
    def sum(cls, parts: Iterable["Statistics"]) -> "Statistics":
        """Merge many in one go."""
        clips = frames = video_bytes = 0
        seconds = 0.0
        counts, spreads = defaultdict[str, Counter[str]](Counter), defaultdict[str, list[Spread]](list)
        for part in parts:
            clips += part.clips
            frames += part.frames
            seconds += part.seconds
            video_bytes += part.video_bytes
            for name, found in part.counts.items():
                counts[name].update(found)
            for name, spread in part.spreads.items():
                spreads[name].append(spread)
        return cls(
            clips=clips,
            frames=frames,
            seconds=seconds,
            video_bytes=video_bytes,
            counts={name: dict(sorted(counts[name].items())) for name in sorted(counts)},
            spreads={name: Spread.sum(spreads[name]) for name in sorted(spreads)},
        )

    def __add__(self, other: "Statistics") -> "Statistics":
        return Statistics.sum((self, other))


class RejectionRecord(Model):
    """A candidate that was not taken, and why."""

    key: Key
    attempt: Annotated[int, Field(ge=0)]
    reason: str


class Receipt(Model):
    """What a finished shard says of itself.

    `identity` is the spec's (`schema.spec.spec_identity`); `missing` names planned clips that found no candidate, with
    the last reason. For people and estimates only: `timings_s` (`wall` by the clock, `work` of all cores, and the
    parts of it), `finished_at` (Unix time), `cpus` and `gpus` (what the worker held meanwhile),
    `peak_bytes` (most memory that the process held until then) and `machine`, whose `class` names the instruction set
    and library versions within which tars have identical bytes. Files are found and named by `name` and `split`, and a
    receipt may be a stranger's: so they are a shard's own and no path.
    """

    identity: str
    shard: Annotated[int, Field(ge=0)]
    name: str
    split: Split
    tar_sha256: Digest
    tar_bytes: Annotated[int, Field(gt=0, le=10**15)]
    keys: tuple[Key, ...]
    scenes: tuple[str, ...]
    missing: dict[str, str] = Field(default_factory=dict)
    rejections: tuple[RejectionRecord, ...] = ()
    statistics: Statistics = Field(default_factory=Statistics)
    timings_s: dict[str, Amount] = Field(default_factory=dict)
    finished_at: Moment = 0.0
    cpus: Amount = 1.0
    gpus: Amount = 0.0
    peak_bytes: Count = 0
    machine: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_its_own_name(self) -> "Receipt":
        if self.name != (name := shard_name(self.split, self.shard)):
            raise ValueError(f"shard {self.shard} of {self.split} is {name}, not {self.name[:60]!r}")
        return self


class Manifest(Model):
    """What all receipts of a set add up to; `rejections` counts reasons without the numbers in them."""

    identity: str
    shards: int = 0
    tar_bytes: int = 0
    keys: int = 0
    missing: dict[str, str] = Field(default_factory=dict)
    rejections: dict[str, int] = Field(default_factory=dict)
    statistics: Statistics = Field(default_factory=Statistics)
    work_s: float = 0.0
    peak_bytes: int = 0
    machines: tuple[str, ...] = ()

    @property
    def candidates(self) -> int:
        """How many candidates were tried for the clips there are."""
        return self.keys + sum(self.rejections.values())


def merge(receipts: Iterable[Receipt]) -> Manifest:
    """Add receipts up, whatever their order.

    Raises:
        SpecError: two receipts are of different sets, or claim one shard twice, or add up to no numbers.
    """
    ordered = sorted(receipts, key=lambda receipt: receipt.shard)
    if len(identities := {receipt.identity for receipt in ordered}) > 1:
        raise SpecError(f"receipts of different sets: {', '.join(sorted(identities))}")
    for one, other in pairwise(ordered):
        if one.shard == other.shard:
            raise SpecError(f"{one.name} and {other.name} are receipts of one shard; remove the one that is wrong")
    try:
        return _added_up(ordered)
    except ValidationError:  # of numbers that are infinite together
        raise SpecError("the figures of the receipts do not add up to numbers: one of them was changed") from None


def _added_up(receipts: Sequence[Receipt]) -> Manifest:
    missing: dict[str, str] = {}
    for receipt in receipts:
        missing |= receipt.missing
    return Manifest(
        identity=receipts[0].identity if receipts else "",
        shards=len(receipts),
        tar_bytes=sum(receipt.tar_bytes for receipt in receipts),
        keys=sum(len(receipt.keys) for receipt in receipts),
        missing=missing,
        rejections=dict(sorted(Counter(_kind(r.reason) for receipt in receipts for r in receipt.rejections).items())),
        statistics=Statistics.sum(receipt.statistics for receipt in receipts),
        work_s=sum(receipt.timings_s.get("work", 0.0) for receipt in receipts),
        peak_bytes=max((receipt.peak_bytes for receipt in receipts), default=0),
        machines=tuple(sorted({receipt.machine.get("class", "") for receipt in receipts})),
    )


def _kind(reason: str) -> str:
    """Give a reason without its numbers: `gate: focal +0.62 %` is of the kind `gate: focal # %`."""
    return re.sub(r"[-+]?\d+(\.\d+)?", "#", reason)
