"""Shards as tasks of a Ray cluster, which may lose nodes and gain some meanwhile."""

import logging
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from types import ModuleType
from typing import Any, Final

import camera_motion
from camera_motion.builder.engines import (
    ONE_THREAD,
    RETRIES,
    SHARDS_PER_WORKER,
    TRANSIENT,
    Event,
    Failure,
    Job,
    Travelling,
)
from camera_motion.builder.engines.cluster import check, joined, seats
from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Receipt

_LOG = logging.getLogger(__name__)

#: Seconds between two looks at how large the cluster is.
_LOOK_S: Final = 5.0

#: Seconds for workers that were cancelled to end.
_END_S: Final = 5.0


class Ray:
    """Runs a job for every index as a task that holds `cpus` and `gpus` (a share of one, or whole ones).

    `workers` is how many tasks are handed to the cluster at once; 0 is twice as many as its nodes have room for, so
    that none waits for work. Ray begins a task again when its node or worker is lost, or it ends by one of `TRANSIENT`.
    """

    def __init__(self, workers: int = 0, cpus: int = 1, gpus: float = 0.0, address: str = "") -> None:
        self.workers = workers
        self.cpus = cpus
        self.gpus = gpus
        self.address = address

    def run(self, job: Job, indices: Sequence[int]) -> Iterator[Event]:
        """Run `job` for every index; only receipts come back, never keys."""
        if not indices:
            return
        with joined(self.address, self.cpus, self.workers) as ray:
            check(ray, job, self.cpus, self.gpus)
            yield from self._run(ray, job, indices)

    def _run(self, ray: ModuleType, job: Job, indices: Sequence[int]) -> Iterator[Event]:
        make = ray.remote(
            num_cpus=self.cpus,
            num_gpus=self.gpus,
            max_retries=RETRIES,
            retry_exceptions=list(TRANSIENT),
            max_calls=SHARDS_PER_WORKER,
            runtime_env={"env_vars": ONE_THREAD},
        )(_make)
        packed = ray.put(job)
        waiting = iter(indices)
        running: dict[Any, int] = {}
        room, looked = self._room(ray), time.monotonic()
        try:
            while True:
                for index in islice(waiting, max(0, room - len(running))):
                    running[make.remote(packed, index, camera_motion.__version__)] = index
                if not running:
                    return
                done, _ = ray.wait(list(running), timeout=_LOOK_S)
                for task in done:
                    yield running.pop(task), _said(ray, task)
                if time.monotonic() - looked > _LOOK_S:
                    room, looked = self._room(ray), time.monotonic()
        finally:
            for task in running:
                ray.cancel(task)  # not by force, which may abort this process too (Ray 2.60); leaving ends the rest
            if running:
                ray.wait(list(running), num_returns=len(running), timeout=_END_S)

    def _room(self, ray: ModuleType) -> int:
        """Give how many tasks the cluster is to have now, whether they run or wait."""
        return self.workers or max(2, 2 * seats(ray.nodes(), self.cpus, self.gpus))


def _make(job: Job, index: int, version: str) -> Receipt | Failure | SpecError:
    """Make a shard in a worker; an error that is no use in trying again comes back as a value."""
    try:
        if camera_motion.__version__ != version:
            raise SpecError(f"a Ray node has camera-motion {camera_motion.__version__}, not {version}")
        last: Receipt
        *_, last = (job.here() if isinstance(job, Travelling) else job)(index)  # keys, and at the end the receipt
        return last
    except SpecError as error:
        return SpecError(str(error))
    except TRANSIENT:
        raise
    except Exception as error:
        return Failure.of(error)


def _said(ray: ModuleType, task: Any) -> Receipt | Failure:
    """Give what a task that has ended came to.

    Raises:
        SpecError: the job's.
    """
    try:
        said = ray.get(task)
    except ray.exceptions.RayTaskError as error:
        return Failure(f"{type(error.cause).__name__}: {error.cause} ({RETRIES + 1} times)", str(error))
    except ray.exceptions.RayError as error:
        return Failure(f"{type(error).__name__}: {str(error).strip().splitlines()[0][:300]}", str(error))
    if isinstance(said, SpecError):
        raise said
    result: Receipt | Failure = said
    return result
