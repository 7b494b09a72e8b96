"""From a spec to what every shard films: pure, drawn a box at a time, so that ten million clips cost no memory.

A *unit* is the smallest part that a split can take: whole scenes in whole shards, so the larger of the two. All that
is random is drawn in boxes of thousands, from streams named by the spec's seed and the box's number, never from how
many clips there are: a longer set begins with the shorter one.
"""

import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from jaxtyping import Int64

from camera_motion.generator.seeds import stream
from camera_motion.schema.columns import MAX_INT
from camera_motion.schema.plan import ClipPlan, MoveRequest, ScenePlan, ShardPlan, Speed, Split, shard_name
from camera_motion.schema.spec import Move, Part, Spec

#: The first clip of every shard uses all six degrees of freedom, where every fault of an annotation shows.
CANARY = MoveRequest(move="six_dof")


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

    def cards(self, start: int, stop: int) -> Int64[np.ndarray, " C"]:
        """Deal moves to clips `start` to `stop`: places in the deck, -1 for a shard's first, which takes none."""
        canaries = [-(-end // self.spec.shard_clips) for end in (start, stop)]
        out = np.full(stop - start, -1, np.int64)
        filmed = np.arange(start, stop) % self.spec.shard_clips != 0
        out[filmed] = _dealt(self.spec.seed, "moves", len(self.deck), start - canaries[0], stop - canaries[1])
        return out

    def split(self, unit: int) -> Split:
        """Tell the split of a unit: evenly spread, so that any 1/share neighbours hold exactly one of test."""
        share, whole, phase = self._test
        return "test" if (share * unit + phase) % whole < share else "train"

    @property
    def splits(self) -> dict[Split, int]:
        """Count the units of each split."""
        units = -(-self.spec.clips // self.spec.unit_clips)
        share, whole, phase = self._test
        # `split` says test where the floor of (share * unit + phase) / whole has just gone up by one.
        test = (share * (units - 1) + phase) // whole - (phase - share) // whole
        return {"train": units - test, "test": test}

    @cached_property
    def _test(self) -> tuple[int, int, int]:
        """Hold the share of the test split as a fraction, and where in the row of units it begins."""
        share = self.spec.splits.test_share
        phase = int(stream(self.spec.seed, "splits").integers(share.denominator))
        return share.numerator, share.denominator, phase

    def name(self, shard: int) -> str:
        """Name a shard: its split and its place in the whole set."""
        return shard_name(self.split(shard * self.spec.shard_clips // self.spec.unit_clips), shard)

    def shard(self, index: int) -> ShardPlan:
        """Lay out one shard: its scenes, each with all its clips, and which of those clips it holds."""
        spec = self.spec
        clips = range(index * spec.shard_clips, (index + 1) * spec.shard_clips)
        size = _stretch_clips(spec)
        begin = clips.start // size * size
        first, last = (clips.start - begin) // spec.clips_per_scene, (clips.stop - 1 - begin) // spec.clips_per_scene
        scenes = _scenes(self, begin, begin + size)[first : last + 1]
        split = scenes[0].split
        return ShardPlan(index, split, shard_name(split, index), scenes, clips)

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


#: About how many numbers or cards a box holds.
BOX = 4096


def _seeds(seed: int, purpose: str, start: int, stop: int) -> Int64[np.ndarray, " N"]:
    """Give seeds `start` to `stop` of an endless row of numbers below 2^53."""
    return _cut(lambda box: _drawn(seed, purpose, box), BOX, start, stop)


def _dealt(seed: int, purpose: str, size: int, start: int, stop: int) -> Int64[np.ndarray, " N"]:
    """Deal cards `start` to `stop` of an endless row of shuffled decks: in each deck every card comes once."""
    return _cut(lambda box: _shuffled(seed, purpose, size, box), max(1, BOX // size) * size, start, stop)


def _cut(draw: Callable[[int], Int64[np.ndarray, " B"]], size: int, start: int, stop: int) -> Int64[np.ndarray, " N"]:
    """Cut `start` to `stop` out of a row of boxes that hold `size` each."""
    first = start // size
    boxes = [draw(box) for box in range(first, -(-stop // size))] or [np.empty(0, np.int64)]
    row = boxes[0] if len(boxes) == 1 else np.concatenate(boxes)
    return row[start - first * size : stop - first * size]


@lru_cache(maxsize=8)
def _drawn(seed: int, purpose: str, box: int) -> Int64[np.ndarray, " B"]:
    return stream(seed, purpose, box).integers(0, MAX_INT, BOX)


@lru_cache(maxsize=8)
def _shuffled(seed: int, purpose: str, size: int, box: int) -> Int64[np.ndarray, " B"]:
    """Shuffle a box of decks, each on its own: one stream for thousands of cards."""
    decks = np.tile(np.arange(size), (max(1, BOX // size), 1))
    return stream(seed, purpose, box).permuted(decks, axis=1).ravel()


def _stretch_clips(spec: Spec) -> int:
    """Give how many clips are laid out at once: whole units, about as many clips as a box holds."""
    return max(1, BOX // spec.unit_clips) * spec.unit_clips


# Shards are asked for in order, and many may lie in one stretch: in one scene, even.
@lru_cache(maxsize=2)
def _scenes(plan: Plan, start: int, stop: int) -> tuple[ScenePlan, ...]:
    """Lay out the scenes of clips `start` to `stop`, which are whole units."""
    spec, deck, name = plan.spec, (*plan.deck, CANARY), plan.spec.name
    film, per_scene, unit = spec.scenes.source, spec.clips_per_scene, spec.unit_clips
    requests = map(deck.__getitem__, plan.cards(start, stop).tolist())  # card -1 is the last of the deck
    seeds = _seeds(spec.seed, "clips", start, stop).tolist()
    keys = map(f"cm-{name}-%06d".__mod__, range(start, stop))
    clips = tuple(map(ClipPlan, keys, range(start, stop), seeds, requests))
    first, last = start // per_scene, stop // per_scene
    families = _dealt(spec.seed, "families", len(plan.families), first, last).tolist()
    scene_seeds = _seeds(spec.seed, "scenes", first, last).tolist()
    splits = [plan.split(number) for number in range(start // unit, stop // unit)]
    return tuple(
        ScenePlan(
            # a file is one scene, however often it is filmed
            scene_id=f"cm-{name}-s{0 if film == 'splat_file' else scene:05d}",
            index=scene,
            family=plan.families[family],
            source=film,
            seed=seed,
            split=splits[at // unit],
            clips=clips[at : at + per_scene],
        )
        for at, scene, family, seed in zip(
            range(0, len(clips), per_scene), range(first, last), families, scene_seeds, strict=True
        )
    )
