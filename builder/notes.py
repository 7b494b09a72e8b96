"""Notes of what is being made and of what failed: hints for people, never state.

They lie beside the receipts, in `progress/`. Nothing but `status` reads them: a note that cannot be written is a
warning in the log, one that is left behind by a dead worker does no harm. A shard costs one small file written and
removed.
"""

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

from pydantic import ValidationError

from camera_motion.builder.places import Place
from camera_motion.schema.base import Model, SpecError
from camera_motion.schema.receipt import Moment

_LOG = logging.getLogger(__name__)

PROGRESS, RUNNING, FAILED = "progress", ".running.json", ".failed.json"

#: The end of a traceback says most; a note stays small.
MOST_DETAIL = 16_000
MOST_REASON = 2_000

#: Bytes of a note that is read; a larger one is none of ours.
MOST_BYTES = 200_000


class Running(Model):
    """A shard that somebody began at `started_at` (Unix time) and has not ended since; no host is named."""

    name: str
    started_at: Moment
    renderer: str = ""
    machine: str = ""
    device: str = ""


class Failed(Model):
    """A shard that could not be made: why in one line, and the traceback."""

    name: str
    failed_at: Moment
    reason: str
    detail: str = ""


@contextmanager
def running(place: Place, name: str, renderer: str, machine: Mapping[str, str]) -> Iterator[None]:
    """Note that the shard `name` is being made on `machine` (`builder.machine`), as long as the block runs."""
    note = Running(
        name=name,
        started_at=time.time(),
        renderer=renderer,
        machine=machine.get("class", ""),
        device=device(machine),
    )
    _write(place, f"{PROGRESS}/{name}{RUNNING}", note)
    try:
        yield
    finally:
        _remove(place, f"{PROGRESS}/{name}{RUNNING}")


def failed(place: Place, name: str, reason: str, detail: str) -> None:
    """Note that the shard `name` failed; what noted that it runs may be dead, so that note goes too."""
    _write(
        place,
        f"{PROGRESS}/{name}{FAILED}",
        Failed(name=name, failed_at=time.time(), reason=reason[:MOST_REASON], detail=detail[-MOST_DETAIL:]),
    )
    _remove(place, f"{PROGRESS}/{name}{RUNNING}")


def mended(place: Place, name: str) -> None:
    """Take back that the shard `name` failed."""
    _remove(place, f"{PROGRESS}/{name}{FAILED}")


def sweep(place: Place, names: Collection[str]) -> set[str]:
    """Take back that any of the shards `names` runs, as nobody makes them now; give those that are noted as failed."""
    noted = set[str]()
    with suppress(OSError, SpecError):
        noted = set(place.sizes(PROGRESS))
    for name in noted:
        if name.endswith(RUNNING) and name.removesuffix(RUNNING) in names:
            _remove(place, f"{PROGRESS}/{name}")
    with suppress(OSError, SpecError):  # of a store there is no path, and nothing to remove
        place.path(PROGRESS).rmdir()
    return {name.removesuffix(FAILED) for name in noted if name.endswith(FAILED)}


def read(place: Place, names: Iterable[str]) -> tuple[dict[str, Running], dict[str, Failed]]:
    """Read the notes on the shards `names`; one that does not parse, or is no note for its size, is left out."""
    wanted = {f"{name}{end}" for name in names for end in (RUNNING, FAILED)}
    there = [name for name, size in place.sizes(PROGRESS).items() if name in wanted and size <= MOST_BYTES]
    running, failed = dict[str, Running](), dict[str, Failed]()
    for path, body in place.read_all(f"{PROGRESS}/{name}" for name in there):
        with suppress(ValidationError):
            if path.endswith(RUNNING):
                begun = Running.model_validate_json(body)
                running[begun.name] = begun
            else:
                ended = Failed.model_validate_json(body)
                failed[ended.name] = ended
    return running, failed


def device(machine: Mapping[str, str]) -> str:
    """Name for people what a machine of this description works with: its GPU, if that is used, and its processor."""
    return " with ".join(name for name in (machine.get("gpu"), machine.get("processor")) if name)


def _write(place: Place, path: str, note: Model) -> None:
    try:
        with place.writing(path) as file:
            file.write(note.model_dump_json(indent=1).encode() + b"\n")
    except (OSError, SpecError) as error:
        _LOG.warning("no note %s: %s", path, error)


def _remove(place: Place, path: str) -> None:
    try:
        place.remove(path)
    except (OSError, SpecError) as error:
        _LOG.warning("the note %s stays: %s", path, error)
