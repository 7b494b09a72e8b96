"""Engines: they run a job for each of many shards and pass on how it goes; of clips they know nothing.

Invariants that every engine keeps:

* A job is called with a shard's index and yields keys of finished clips, then the shard's receipt.
* An engine yields (index, what the job yielded), or (index, `Failure`) for a shard that could not be made. Keys may be
  left out, or come again when a shard is begun again; of receipts and failures there is one for every index.
* A `SpecError` of any job ends the run at once, as one line: no other shard would fare better.
* A shard that failed by one of `TRANSIENT` is begun again, at most `RETRIES` times; one that failed by an error of our
  own never is.
* Closing an engine's iterator, or an interrupt, stops all that it started.
"""

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

from camera_motion.builder.places import PlaceUnavailable
from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Receipt

#: Errors that may be gone a moment later: those of networks and stores.
TRANSIENT: Final = (ConnectionError, TimeoutError, PlaceUnavailable)

#: How often a shard is begun again after one of them.
RETRIES: Final = 3

#: Shards that a worker process makes before another takes its place: what libraries leak ends with it.
SHARDS_PER_WORKER: Final = 32

#: Pools that libraries open when they are loaded; a job brings its own threads, so these get one.
ONE_THREAD: Final = {f"{pool}_NUM_THREADS": "1" for pool in ("OMP", "OPENBLAS", "MKL", "NUMBA")}

#: Makes one shard; must be picklable for engines with several processes.
Job = Callable[[int], Iterator[Any]]


@runtime_checkable
class Travelling(Protocol):
    """A job that knows whether it can be done where it has arrived."""

    def here(self) -> Job:
        """Give the job as this machine can do it.

        Raises:
            SpecError: it cannot.
        """
        ...


@dataclass(frozen=True)
class Failure:
    """A shard that was not made: one line, and the traceback for those who want it."""

    reason: str
    detail: str = ""

    @classmethod
    def of(cls, error: BaseException) -> "Failure":
        """Tell of an error that is being handled."""
        return cls(f"{type(error).__name__}: {error}", traceback.format_exc())


Event = tuple[int, str | Receipt | Failure]


@runtime_checkable
class Engine(Protocol):
    """Something that runs jobs."""

    def run(self, job: Job, indices: Sequence[int]) -> Iterator[Event]:
        """Run `job` for every index, in any order."""
        ...


def persist(job: Job, index: int) -> Iterator[Any]:
    """Run a job here, again after `TRANSIENT` errors; what remains of its errors becomes a `Failure`.

    Raises:
        SpecError: the job's.
    """
    for left in reversed(range(RETRIES + 1)):
        try:
            yield from job(index)
            return
        except SpecError:
            raise
        except TRANSIENT as error:
            if not left:
                yield Failure.of(error)
        except Exception as error:
            yield Failure.of(error)
            return
