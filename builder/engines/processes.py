"""Shards side by side in processes of this machine, one thread each."""

import logging
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from camera_motion.builder.engines import Event, Failure, Job
from camera_motion.schema.base import SpecError

_LOG = logging.getLogger(__name__)

#: Pools that libraries open when they are loaded; a worker has a core, so they get one thread.
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

#: How often a shard is given to a new worker after its worker died.
RETRIES = 1


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    index: int | None = None


class Processes:
    """Runs jobs in `workers` spawned processes, so that no thread or lock of this one is inherited."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def run(self, job: Job, indices: Sequence[int]) -> Iterator[Event]:
        """Run `job` for every index, each worker taking the next when it is free."""
        waiting, tries = deque(indices), dict[int, int]()
        crew: list[_Worker] = []
        try:
            with _one_thread_each():
                crew.extend(_hire(job) for _ in range(min(self.workers, len(waiting))))
            while waiting or any(worker.index is not None for worker in crew):
                for worker in crew:
                    if worker.index is None and waiting:
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
                            with _one_thread_each():
                                crew.append(_hire(job))
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
        if tries[index] <= RETRIES:
            _LOG.warning("the worker at shard %d died (%s); trying the shard once more", index, how)
            waiting.appendleft(index)
        else:
            yield index, Failure(f"its worker died {tries[index]} times ({how}); is there enough memory?")


def _heard(worker: _Worker) -> Iterator[Event]:
    """Receive one message: a yield of the job, its end (None), or an error."""
    said = worker.pipe.recv()
    index = worker.index
    assert index is not None
    if said is None or isinstance(said, Failure):
        worker.index = None
    if isinstance(said, SpecError):
        raise said
    if said is not None:
        yield index, said


def _hire(job: Job) -> _Worker:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(job, theirs), daemon=True)
    process.start()
    theirs.close()  # so that the worker's death ends the pipe
    return _Worker(process, ours)


def _work(job: Job, pipe: Connection) -> None:
    """Make shards as asked until the pipe ends; an interrupt of the terminal is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with suppress(EOFError, BrokenPipeError):
        while True:
            _send_all(job, pipe.recv(), pipe)


def _send_all(job: Job, index: int, pipe: Connection) -> None:
    said: Any
    try:
        for said in job(index):
            pipe.send(said)
        pipe.send(None)
    except SpecError as error:
        pipe.send(SpecError(str(error)))
    except BrokenPipeError:
        raise
    except Exception as error:
        pipe.send(Failure(f"{type(error).__name__}: {error}", traceback.format_exc()))


def _die_with_parent() -> None:
    """End this process when the parent ends, however that ends: no orphan goes on writing."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
