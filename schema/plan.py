"""What a shard is asked to film: plain values, drawn by `builder.plan`, obeyed by `generator.clip`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Speed = Literal["slow", "regular", "fast"]
Split = Literal["train", "test"]


def shard_name(split: Split, index: int) -> str:
    """Name a shard: its split and its place in the whole set."""
    return f"{split}-{index:06d}"


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """One camera move, fully named but not yet measured out: magnitudes are drawn per candidate.

    `move` names an entry of `generator.moves.MOVES`; `direction` is one of its directions ("" where it has none).
    `parts` are the moves of a compound (`sequence`, `at_once`). `magnitude` overrides the range of the speed class,
    in the move's own unit. `steadiness` belongs to `handheld`; `file` to `replay`.
    """

    move: str
    direction: str = ""
    speed: Speed = "regular"
    magnitude: tuple[float, float] | None = None
    ease: str = ""
    steadiness: str = ""
    file: str = ""
    parts: tuple["MoveRequest", ...] = ()


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """One clip: its key (no dots), its place in the set, its own seed, and the move asked for."""

    key: str
    index: int
    seed: int
    request: MoveRequest


@dataclass(frozen=True, slots=True)
class ScenePlan:
    """A scene with all the takes to be filmed in it, their indices in a row: the unit of purity."""

    scene_id: str
    index: int
    family: str
    source: str
    seed: int
    split: Split
    clips: tuple[ClipPlan, ...]


@dataclass(frozen=True, slots=True)
class ShardPlan:
    """One tar: which clips (by index) of which scenes it holds. A scene may span shards, never splits."""

    index: int
    split: Split
    name: str
    scenes: tuple[ScenePlan, ...]
    clip_indices: range

    def parts(self) -> Iterator[tuple[ScenePlan, tuple[ClipPlan, ...]]]:
        """Give every scene with those of its clips that the shard holds, in order."""
        start, stop = self.clip_indices.start, self.clip_indices.stop
        for scene in self.scenes:
            first = scene.clips[0].index
            yield scene, scene.clips[max(0, start - first) : max(0, stop - first)]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the clips that the shard is to hold, in order."""
        return tuple(clip.key for _, clips in self.parts() for clip in clips)
