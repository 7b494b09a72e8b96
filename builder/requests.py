"""What was asked for: the moves that a set's plan requests, counted."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from camera_motion.builder.plan import CANARY, plan
from camera_motion.cards.facts import Requests
from camera_motion.generator.identity import GENERATOR_VERSION
from camera_motion.schema.base import SpecError
from camera_motion.schema.plan import MoveRequest
from camera_motion.schema.spec import Spec
from camera_motion.schema.vocabulary import PRIMITIVES

#: Clips whose cards are drawn at once: ten million cost no memory.
CHUNK = 1 << 20


def requests(root: Path, spec: Spec, generator: str) -> Requests:
    """Count what a set's plan asks for.

    Another version of the generator may deal another way; what it dealt is then read from its clips' provenance, in
    the Parquet view, where planned clips that are missing do not occur.

    Raises:
        SpecError: it is of another version, and its clips do not tell.
    """
    return planned_requests(spec) if generator == GENERATOR_VERSION else _told(root, generator)


def planned_requests(spec: Spec) -> Requests:
    """Count what this version's plan of a spec asks for, over all of its clips."""
    planned = plan(spec)
    counts = np.zeros(len(planned.deck) + 1, np.int64)
    for start in range(0, spec.clips, chunk := max(1, CHUNK // spec.shard_clips) * spec.shard_clips):
        cards = planned.cards(start, min(start + chunk, spec.clips))
        counts += np.bincount(cards + 1, minlength=len(counts))
    return _counted(zip((CANARY, *planned.deck), counts.tolist(), strict=True))


def _told(root: Path, generator: str) -> Requests:
    import pyarrow.parquet as pq

    found = Counter[str]()
    try:
        for path in sorted((root / "metadata").glob("*.parquet")):
            for batch in pq.ParquetFile(path).iter_batches(columns=["provenance"]):
                rows = (json.loads(text) for text in batch.column("provenance").to_pylist())
                found.update(json.dumps(row["request"], sort_keys=True) for row in rows)
        return _counted((_request(json.loads(text)), count) for text, count in found.items())
    except (ValueError, KeyError, TypeError, RecursionError):
        raise SpecError(
            f"{root} was made by camera-motion {generator}, and its clips do not tell what was asked for; "
            f"write the card with that version, this is {GENERATOR_VERSION}"
        ) from None


def _request(fields: dict[str, Any]) -> MoveRequest:
    return MoveRequest(**fields | {"parts": tuple(_request(part) for part in fields["parts"])})


def _counted(asked: Iterable[tuple[MoveRequest, int]]) -> Requests:
    alone, within, free, speeds = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for request, count in asked:
        speeds[request.speed] += count
        if (motion := _motion(request)) is not None:
            alone[motion] += count
        else:
            free[_words(request)] += count
        for part in {_motion(part) for part in request.parts} - {None}:
            within[str(part)] += count
    counts = {"alone": alone, "within": within, "free": free, "speeds": speeds}
    return Requests(
        **{name: {key: found[key] for key in sorted(found) if found[key]} for name, found in counts.items()}
    )


def _motion(request: MoveRequest) -> str | None:
    """Name the motion that a request asks for, if it is one."""
    motion = f"{request.move}_{request.direction}" if request.direction else request.move
    return motion if motion in PRIMITIVES and not request.steadiness else None


def _words(request: MoveRequest) -> str:
    """Put a request that names no one motion into words."""
    if request.move == CANARY.move:
        return "all six degrees of freedom (the first clip of every shard, in which any fault shows)"
    if request.parts:
        parts = [part.move.replace("_", " ") for part in request.parts]
        return " then ".join(parts) if request.move == "sequence" else f"{' and '.join(parts)} at once"
    if request.steadiness:
        return f"{request.move}, {request.steadiness.replace('_', ' ')}"
    if request.file:
        return f"{request.move} of {Path(request.file).name}"
    return "a free path (spline)" if request.move == "spline" else request.move
