"""A clip of a set, and the scene that it was filmed in, made again from the set's own spec.

Nothing of a scene is kept in a set but its seed: the plan is laid out again, the moves are placed again, and the scene
is sampled for the same paths, so that its splats are those that were filmed.
"""

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from camera_motion.builder.audit import PROPER, clip_of, first_line
from camera_motion.builder.engines.choose import available_cores
from camera_motion.builder.plan import plan
from camera_motion.builder.shard import read_tar
from camera_motion.builder.specfile import unchanged
from camera_motion.builder.store import Store
from camera_motion.generator.clip import Stage, together
from camera_motion.generator.geometry import Subject
from camera_motion.generator.identity import GENERATOR_VERSION, identity_of
from camera_motion.generator.place import Shot
from camera_motion.generator.splats import GaussianScene, Look
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import validate_rotations
from camera_motion.schema.clip import FilmedClip
from camera_motion.schema.plan import ClipPlan, ScenePlan
from camera_motion.schema.spec import Spec

#: How far a pose that is made again may be from the one in the tar: machines differ in the last digits.
SAME_POSE = 1e-6


@dataclass(frozen=True)
class Replay:
    """A scene as it was filmed for a clip: `look` has the clip's own exposure, `subject` is what its move is about."""

    scene: GaussianScene
    look: Look
    subject: Subject | None


@dataclass(frozen=True)
class Clips:
    """The finished clips of the set in a folder: their keys in order, and the tar that holds each."""

    store: Store
    tars: dict[str, Path]

    @property
    def keys(self) -> list[str]:
        """All keys, in the order of the set."""
        return list(self.tars)

    def read(self, key: str) -> FilmedClip:
        """Read one clip.

        Raises:
            SpecError: there is no such clip (the message names its neighbours), or it is damaged.
        """
        if key not in self.tars:
            raise SpecError(self._unknown(key))
        path = self.tars[key]
        for found, files in read_tar(path):
            if found == key:
                try:
                    clip = clip_of(key, files)
                    validate_rotations(clip.camera_extrinsics, PROPER)
                    return clip
                except ValueError as error:
                    raise SpecError(f"{path}: {key} is damaged: {first_line(error)}; remove it, build again") from None
        raise SpecError(f"{path} does not hold {key}, though its receipt says so; remove it and build again")

    def _unknown(self, key: str) -> str:
        keys = self.keys
        near = difflib.get_close_matches(key, keys, 3, 0.5) if len(keys) <= 20_000 and len(key) <= 200 else []
        hint = f"did you mean {' or '.join(near)}? " if near else ""
        shown = key if len(key) <= 60 else f"{key[:57]}..."
        return f"{self.store.root} has no clip {shown!r}; {hint}its {len(keys)} clips are {keys[0]} to {keys[-1]}"


def clips_of(root: Path) -> Clips:
    """Find the clips of a set by its receipts.

    Raises:
        SpecError: the folder holds no set, or none of its clips is finished.
    """
    store = Store(root)
    receipts = store.all_receipts(store.read_identity())
    tars = {
        key: store.tar(receipt.name)
        for receipt in sorted(receipts, key=lambda receipt: receipt.shard)
        if store.tar(receipt.name).is_file()
        for key in receipt.keys
    }
    if not tars:
        raise SpecError(f"{root} holds no finished clip: no tar with its receipt; see camera-motion status {root}")
    return Clips(store, tars)


def replay(clips: Clips, clip: FilmedClip) -> Replay:
    """Make the scene of a clip again, with the very splats that were filmed.

    Raises:
        SpecError: this generator did not make the set, a file that its spec names is gone or has changed, or the
            camera placed again does not go where the clip's goes.
    """
    spec = _same_spec(clips.store, clip)
    scene, beside, planned = _planned(spec, clip)
    candidate, exposure = _provenance(clip)
    with threadpool_limits(1):
        stage = Stage(spec, scene, beside)
        shot, sampled_for = _shots(stage, planned, candidate)
        if shot is None or np.abs(shot.trajectory.camera_from_world - clip.camera_extrinsics).max() > SAME_POSE:
            raise _foreign(clip.record.key)
        splats = stage.sample(sampled_for, available_cores())
    return Replay(splats, replace(splats.look, exposure=exposure), shot.subject)


def _same_spec(store: Store, clip: FilmedClip) -> Spec:
    spec, made_as = store.read_spec(), store.read_identity()
    if identity_of(spec) != made_as or clip.record.spec_identity != made_as:
        raise _foreign(str(store.root))
    try:
        return unchanged(spec, store.root, str(store.spec_path))
    except SpecError as error:
        raise SpecError(f"{error}; or use --no-scene") from None


def _foreign(what: str) -> SpecError:
    return SpecError(
        f"{what} was not made by this generator ({GENERATOR_VERSION}), so its scene cannot be made again; "
        "--no-scene shows the cameras alone"
    )


def _planned(spec: Spec, clip: FilmedClip) -> tuple[ScenePlan, Sequence[ClipPlan], ClipPlan]:
    """Find a clip in the plan by the number that its key ends in: its scene, all that is filmed with it, and itself."""
    key, number = clip.record.key, clip.record.key.rpartition("-")[2]
    planned = plan(spec)
    if number.isdecimal() and len(number) < 12 and (shard := int(number) // spec.shard_clips) < len(planned):
        for scene, clips in planned.shard(shard).parts():
            for beside in together(clips):
                for wanted in beside:
                    if (wanted.key, wanted.seed) == (key, clip.record.seed):
                        return scene, beside, wanted
    raise _foreign(key)


def _provenance(clip: FilmedClip) -> tuple[int, float]:
    """Read the number of the clip's candidate, and its exposure (1 where it says none)."""
    said: dict[str, Any] = json.loads(clip.record.provenance)
    candidate, exposure = said.get("candidate"), said.get("exposure", 1.0)
    if type(candidate) is not int or candidate < 0 or type(exposure) not in (int, float) or not 0 < exposure < 1e6:
        raise SpecError(f"{clip.record.key}: its provenance names no candidate; --no-scene shows its camera alone")
    return candidate, float(exposure)


def _shots(stage: Stage, clip: ClipPlan, candidate: int) -> tuple[Shot | None, Sequence[Shot]]:
    """Place a clip's camera, and those for which its scene was sampled (`generator.clip.film`)."""
    shot, misses = stage.shots[clip.index]
    if len(misses) == candidate:
        return shot, [first for first, _ in stage.shots.values() if first]
    shot, misses = stage.next_shot(clip, candidate)
    return (None, []) if misses or shot is None else (shot, [shot])
