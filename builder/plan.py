"""From a spec to what every shard films: pure, drawn a unit at a time, so that ten million clips cost no memory.

A *unit* is the smallest part that a split can take: whole scenes in whole shards, so the larger of the two. All that
is random in a unit comes from streams named by the spec's seed and the unit's (or the deck round's) number, never
from how many units there are: a longer set begins with the shorter one.
"""

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Int64

from camera_motion.generator.seeds import stream
from camera_motion.schema.columns import MAX_INT
from camera_motion.schema.plan import ClipPlan, MoveRequest, ScenePlan, ShardPlan, Speed, Split
from camera_motion.schema.spec import Move, Part, Spec

#: The first clip of every shard uses all six degrees of freedom, where every fault of an annotation shows.
CANARY = MoveRequest(move="six_dof")


@dataclass(frozen=True)
class UnitDraw:
    """The random part of a unit: seeds below 2^53, families as indices, requests as indices (-1: the canary)."""

    scene_seeds: Int64[np.ndarray, " S"]
    families: Int64[np.ndarray, " S"]
    clip_seeds: Int64[np.ndarray, " C"]
    requests: Int64[np.ndarray, " C"]


@dataclass(frozen=True, eq=False)
class Plan:
    """All shards of a set, each made when asked for.

    `deck` holds every request that the spec's moves can make, as often as it weighs; `families` likewise.
    """

    spec: Spec
    deck: tuple[MoveRequest, ...]
    families: tuple[str, ...]

    def __len__(self) -> int:
        return self.spec.clips // self.spec.shard_clips

    def draw(self, unit: int) -> UnitDraw:
        """Draw what is random in a unit."""
        spec = self.spec
        clips, scenes = spec.unit_clips, spec.unit_clips // spec.clips_per_scene
        return UnitDraw(
            scene_seeds=stream(spec.seed, "scenes", unit).integers(0, MAX_INT, scenes),
            families=_dealt(spec.seed, "families", len(self.families), unit * scenes, (unit + 1) * scenes),
            clip_seeds=stream(spec.seed, "clips", unit).integers(0, MAX_INT, clips),
            requests=self._requests(unit * clips, (unit + 1) * clips),
        )

    def _requests(self, start: int, stop: int) -> Int64[np.ndarray, " C"]:
        """Deal moves to clips `start` to `stop`, which begin and end a shard; canaries take no card."""
        shard = self.spec.shard_clips
        out = np.full(stop - start, -1, np.int64)
        filmed = np.arange(start, stop) % shard != 0
        out[filmed] = _dealt(self.spec.seed, "moves", len(self.deck), start - start // shard, stop - stop // shard)
        return out

    def split(self, unit: int) -> Split:
        """Tell the split of a unit: evenly spread, so that any 1/share neighbours hold exactly one of test."""
        share = self.spec.splits.test_share
        phase = int(stream(self.spec.seed, "splits").integers(share.denominator))
        return "test" if (share.numerator * unit + phase) % share.denominator < share.numerator else "train"

    def name(self, shard: int) -> str:
        """Name a shard: its split and its place in the whole set."""
        return f"{self.split(shard * self.spec.shard_clips // self.spec.unit_clips)}-{shard:06d}"

    def shard(self, index: int) -> ShardPlan:
        """Lay out one shard: its scenes, each with all its clips, and which of those clips it holds."""
        spec = self.spec
        clips = range(index * spec.shard_clips, (index + 1) * spec.shard_clips)
        unit = clips.start // spec.unit_clips
        split = self.split(unit)
        first, last = clips.start // spec.clips_per_scene, (clips.stop - 1) // spec.clips_per_scene
        scenes = tuple(_scene(self, unit, scene, split) for scene in range(first, last + 1))
        return ShardPlan(index, split, self.name(index), scenes, clips)

    def shards(self, indices: Iterable[int] | None = None) -> Iterator[ShardPlan]:
        """Lay out shards one after the other."""
        return (self.shard(index) for index in (range(len(self)) if indices is None else indices))


def plan(spec: Spec) -> Plan:
    """Plan a set."""
    deck = tuple(request for move in spec.moves for request in _requests(move, spec.base))
    if spec.scenes.source == "splat_file":
        return Plan(spec, deck, ("splat_file",))
    return Plan(spec, deck, tuple(name for name, share in spec.scenes.families.items() for _ in range(share)))


def take(count: int, part: tuple[int, int]) -> range:
    """Give the indices of slice `part` = (i, n) of `count` things: every n-th, so that slices cost alike."""
    return range(part[0], count, part[1])


def _requests(move: Move, base: str) -> Iterator[MoveRequest]:
    """Name every way in which a move of the spec can be asked for, `weight` times."""
    for speed in move.dealt_speeds:
        for directions in itertools.product(*(part.dealt_directions for part in move.parts or (move,))):
            if move.parts:
                parts = [_request(p, d, speed, base) for p, d in zip(move.parts, directions, strict=True)]
                request = replace(_request(move, "", speed, base), parts=tuple(parts))
            else:
                request = _request(move, directions[0], speed, base)
            yield from itertools.repeat(request, move.weight)


def _request(part: Part, direction: str, speed: Speed, base: str) -> MoveRequest:
    file = os.path.join(base, part.file) if part.file else ""
    return MoveRequest(part.move, direction, speed, part.magnitude, part.ease, part.steadiness, file)


def _dealt(seed: int, purpose: str, size: int, start: int, stop: int) -> Int64[np.ndarray, " N"]:
    """Deal cards `start` to `stop` of an endless row of shuffled decks: in each deck every card comes once."""
    box = max(1, 4096 // size) * size
    boxes = [_shuffled(seed, purpose, size, number) for number in range(start // box, -(-stop // box))]
    skipped = start // box * box
    return np.concatenate([*boxes, np.empty(0, np.int64)])[start - skipped : stop - skipped]


@lru_cache(maxsize=8)
def _shuffled(seed: int, purpose: str, size: int, box: int) -> Int64[np.ndarray, " N"]:
    """Shuffle a box of decks, each on its own: one stream for thousands of cards."""
    decks = np.tile(np.arange(size), (max(1, 4096 // size), 1))
    return stream(seed, purpose, box).permuted(decks, axis=1).ravel()


# A scene may span thousands of shards, so its plan and its unit's draw are kept for the next one.
@lru_cache(maxsize=2)
def _drawn(plan: Plan, unit: int) -> UnitDraw:
    return plan.draw(unit)


@lru_cache(maxsize=2)
def _scene(plan: Plan, unit: int, index: int, split: Split) -> ScenePlan:
    spec, draw = plan.spec, _drawn(plan, unit)
    at = index - unit * len(draw.scene_seeds)
    part = slice(at * spec.clips_per_scene, (at + 1) * spec.clips_per_scene)
    chosen = zip(draw.clip_seeds[part].tolist(), draw.requests[part].tolist(), strict=True)
    clips = tuple(
        ClipPlan(f"cm-{spec.name}-{i:06d}", i, seed, plan.deck[card] if card >= 0 else CANARY)
        for i, (seed, card) in enumerate(chosen, start=index * spec.clips_per_scene)
    )
    scene = 0 if spec.scenes.source == "splat_file" else index  # a file is one scene, however often it is filmed
    return ScenePlan(
        scene_id=f"cm-{spec.name}-s{scene:05d}",
        index=index,
        family=plan.families[draw.families[at]],
        source=spec.scenes.source,
        seed=int(draw.scene_seeds[at]),
        split=split,
        clips=clips,
    )
