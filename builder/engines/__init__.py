"""Engines: they run a job for each of many shards and pass on how it goes; of clips they know nothing.

Invariants that every engine keeps:

* A job is called with a shard's index and yields keys of finished clips, then the shard's receipt.
* An engine yields (index, what the job yielded), or (index, `Failure`) for a shard that could not be made.
* A `SpecError` of any job ends the run at once, as one line: no other shard would fare better.
* Closing an engine's iterator, or an interrupt, stops all that it started.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from camera_motion.schema.receipt import Receipt

#: Makes one shard; must be picklable for engines with several processes.
Job = Callable[[int], Iterator[Any]]


@dataclass(frozen=True)
class Failure:
    """A shard that was not made: one line, and the traceback for those who want it."""

    reason: str
    detail: str = ""


Event = tuple[int, str | Receipt | Failure]


@runtime_checkable
class Engine(Protocol):
    """Something that runs jobs."""

    def run(self, job: Job, indices: Sequence[int]) -> Iterator[Event]:
        """Run `job` for every index, in any order."""
        ...
