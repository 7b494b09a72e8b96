"""Shards side by side in processes of this machine."""

import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

from camera_motion.builder.engines import ONE_THREAD, SHARDS_PER_WORKER, Event, Failure, Job, persist
from camera_motion.schema.base import SpecError

_LOG = logging.getLogger(__name__)

#: How often a shard is given to a new worker after its worker died.
DEATHS_FORGIVEN = 1


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    seat: int
    index: int | None = None
    made: int = 0


class Processes:
    """Runs jobs in `workers` spawned processes, so that no thread or lock of this one is inherited.

    With `devices`, CUDA's names of GPUs, each worker sees one of them, dealt round.
    """

    def __init__(self, workers: int, devices: Sequence[str] = ()) -> None:
        self.workers = workers
        self.devices = tuple(devices)

    def run(self, job: Job, indices: Sequence[int]) -> Iterator[Event]:
        """Run `job` for every index, each worker taking the next when it is free."""
        waiting, tries = deque(indices), dict[int, int]()
        crew: list[_Worker] = []
        try:
            crew.extend(self._hire(job, seat) for seat in range(min(self.workers, len(waiting))))
            while waiting or any(worker.index is not None for worker in crew):
                for place, worker in enumerate(crew):
                    if worker.index is None and waiting:
                        if worker.made >= SHARDS_PER_WORKER:
                            worker = crew[place] = self._relieved(worker, job)
                        worker.index = waiting.popleft()
                        with suppress(OSError):  # dead already: its pipe will say so below
                            worker.pipe.send(worker.index)
                busy = {worker.pipe: worker for worker in crew if worker.index is not None}
                for pipe in wait(list(busy)):
                    worker = busy[pipe]  # type: ignore[index]
                    try:
                        yield from _heard(worker)
                    except (EOFError, ConnectionResetError):  # reset: it died with its shard's index unread
                        worker.process.join()
                        yield from self._buried(worker, waiting, tries)
                        crew.remove(worker)
                        if waiting:
                            crew.append(self._hire(job, worker.seat))
        finally:
            for worker in crew:
                worker.pipe.close()
                worker.process.terminate()
            for worker in crew:
                worker.process.join()

    def _buried(self, worker: _Worker, waiting: deque[int], tries: dict[int, int]) -> Iterator[Event]:
        index, code = worker.index, worker.process.exitcode
        assert index is not None
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        tries[index] = tries.get(index, 0) + 1
        if tries[index] <= DEATHS_FORGIVEN:
            _LOG.warning("the worker at shard %d died (%s); trying the shard once more", index, how)
            waiting.appendleft(index)
        else:
            yield index, Failure(f"its worker died {tries[index]} times ({how}); is there enough memory?")

    def _hire(self, job: Job, seat: int) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(job, theirs), daemon=True)
        device = {"CUDA_VISIBLE_DEVICES": self.devices[seat % len(self.devices)]} if self.devices else {}
        with _environment(ONE_THREAD | device):
            process.start()
        theirs.close()  # so that the worker's death ends the pipe
        return _Worker(process, ours, seat)

    def _relieved(self, worker: _Worker, job: Job) -> _Worker:
        """End a worker that has nothing to do, and hire one for its seat."""
        worker.pipe.close()
        worker.process.terminate()
        worker.process.join()
        return self._hire(job, worker.seat)


def _heard(worker: _Worker) -> Iterator[Event]:
    """Receive one message: a yield of the job, its end (None), or an error."""
    said = worker.pipe.recv()
    index = worker.index
    assert index is not None
    if said is None:
        worker.index, worker.made = None, worker.made + 1
    if isinstance(said, SpecError):
        raise said
    if isinstance(said, Failure):
        worker.made = SHARDS_PER_WORKER  # what failed may have spoilt the process, as a lost GPU does: another goes on
    if said is not None:
        yield index, said


def _work(job: Job, pipe: Connection) -> None:
    """Make shards as asked until the pipe ends; an interrupt of the terminal is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with suppress(EOFError, BrokenPipeError):
        while True:
            _send_all(job, pipe.recv(), pipe)


def _send_all(job: Job, index: int, pipe: Connection) -> None:
    try:
        for said in persist(job, index):
            pipe.send(said)
        pipe.send(None)
    except SpecError as error:
        pipe.send(SpecError(str(error)))


def _die_with_parent() -> None:
    """End this process when the parent ends, however that ends: no orphan goes on writing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables that a process begun inside the block inherits."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
