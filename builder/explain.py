"""A spec in words: what it films, how often, and where the clips go."""

from collections import Counter
from collections.abc import Iterator

from camera_motion.builder.plan import plan
from camera_motion.generator.identity import identity_of
from camera_motion.schema.plan import MoveRequest
from camera_motion.schema.spec import Procedural, Spec


def explain(spec: Spec) -> Iterator[str]:
    """Say what a spec asks for, a line each."""
    video, planned = spec.video, plan(spec)
    shards, seconds = len(planned), video.frames / video.fps
    yield f"{spec.name} {spec.version}, seed {spec.seed}, set {identity_of(spec)}, {spec.licence}"
    length = f"{video.frames} frames at {video.fps:g} fps ({seconds:.2f} s)"
    yield f"{spec.clips} clips of {video.width} x {video.height}, {length}"
    spread = ", ".join(f"{count} {split}" for split, count in planned.splits.items() if count)
    units = sum(planned.splits.values())
    yield f"{shards} shards of {spec.shard_clips} clips, {spec.clips_per_scene} clips a scene; {units} parts: {spread}"
    if isinstance(spec.scenes, Procedural):
        total = sum(spec.scenes.families.values())
        shares = ", ".join(f"{name} {share}/{total}" for name, share in spec.scenes.families.items())
        yield f"scenes: procedural, {shares}"
    else:
        yield f"scenes: {spec.scenes.path}, {spec.scenes.place}"
    dealt = spec.clips - shards
    yield (
        f"moves: {len(planned.deck)} cards, dealt {round(dealt / len(planned.deck), 2):,g} times over {dealt} clips; "
        f"the other {shards}, the first of every shard, use all six degrees of freedom"
    )
    if dealt < len(planned.deck):
        why = "shard_clips is 1" if spec.shard_clips == 1 else f"clips is {spec.clips}"
        yield f"  so {len(planned.deck) - dealt} of the cards are never filmed, as {why}: raise it to have them all"
    for title, count in Counter(_title(request) for request in planned.deck).items():
        yield f"  {count:4d}  {title}"
    encode = spec.encode
    quality = "" if encode.codec == "ffv1" else f" crf {encode.crf} {encode.preset}"
    yield f"video: {encode.codec}{quality}, splats {spec.render.spacing_px:g} px apart, x{spec.render.supersample:g}"


def _title(request: MoveRequest) -> str:
    """Name a request without its direction and speed."""
    if request.parts:
        return f"{request.move}({', '.join(part.move for part in request.parts)})"
    return " ".join(word for word in (request.move, request.steadiness, request.file.rpartition("/")[2]) if word)
