"""Bring a set from a store into a folder: what is missing there, every tar checked against its receipt."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from camera_motion.builder.places import open_place
from camera_motion.builder.places.disk import own
from camera_motion.builder.places.folder import Folder
from camera_motion.builder.plan import plan
from camera_motion.builder.shard import sha256
from camera_motion.builder.store import RECEIPTS, SPEC, TARS, Store, tar_name
from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Receipt

#: Tars that come side by side.
_AT_ONCE = 4


@dataclass
class Fetched:
    """What was brought: the receipts of all shards that are in the folder now, and what was wrong, a line each."""

    clips: int
    shards: int
    receipts: list[Receipt] = field(default_factory=list)
    brought: int = 0
    problems: list[str] = field(default_factory=list)


class _Stopped(Exception):
    """Another thread has ended the fetch."""


def fetch(where: str, folder: Path, tell: Callable[[int, int], None] = lambda done, total: None) -> Fetched:
    """Bring the finished shards of the set at `where` into `folder`; those that are there already stay.

    Only files that the set's plan names are written, so a stranger's store puts nothing anywhere else. `tell` hears how
    many bytes of how many there are.

    Raises:
        SpecError: there is no set, or the folder holds another one, is no folder, or cannot be written.
        PlaceUnavailable: the store does not answer.
    """
    source, place = Store(where), open_place(folder)
    if not isinstance(place, Folder):
        raise SpecError(f"{place.url} is not a folder; fetch brings a set into a folder of this machine")
    for name in (TARS, RECEIPTS):
        own(place.root, name)
    target = Store(place)
    spec, identity = source.read_spec(), source.read_identity()
    planned = plan(spec)
    names = {index: planned.name(index) for index in range(len(planned))}
    with place.hold((0, 1)):
        _claim(source, target, identity)
        target.sweep(set(names.values()), alone=True)
        there, found = target.done(names, identity), source.done(names, identity)
        fetched = Fetched(spec.clips, len(planned), list(there.values()))
        missing = [receipt for index, receipt in found.items() if index not in there]
        count = _Count(sum(receipt.tar_bytes for receipt in missing), tell)
        with _crew() as crew:
            futures = {crew.submit(_bring, source, target, receipt, count): receipt for receipt in missing}
            try:
                for future, receipt in futures.items():
                    if problem := future.result():
                        fetched.problems.append(problem)
                    else:
                        fetched.receipts.append(receipt)
                        fetched.brought += 1
            finally:
                count.stop()
    return fetched


@contextmanager
def _crew() -> Iterator[ThreadPoolExecutor]:
    crew = ThreadPoolExecutor(_AT_ONCE)
    try:
        yield crew
    finally:
        crew.shutdown(cancel_futures=True)


class _Count:
    """Bytes that have come, counted by several threads."""

    def __init__(self, total: int, tell: Callable[[int, int], None]) -> None:
        self._total, self._tell, self._done = total, tell, 0
        self._lock, self._stopped = threading.Lock(), threading.Event()

    def add(self, size: int) -> None:
        """Count `size` bytes more; raise `_Stopped` if nobody waits for them."""
        if self._stopped.is_set():
            raise _Stopped
        with self._lock:
            self._done += size
            self._tell(self._done, self._total)

    def stop(self) -> None:
        """End the threads at their next piece."""
        self._stopped.set()


def _bring(source: Store, target: Store, receipt: Receipt, count: _Count) -> str | None:
    """Bring one shard, its tar first and the receipt last; say what is wrong with it."""
    name = tar_name(receipt.name)
    path = target.tar(receipt.name)
    if path.is_file() and path.stat().st_size == receipt.tar_bytes and sha256(path) == receipt.tar_sha256:
        count.add(receipt.tar_bytes)
    else:
        try:
            with target.place.writing(name) as file:
                for chunk in source.place.chunks(name):
                    file.write(chunk)
                    count.add(len(chunk))
                if file.digest.hexdigest() != receipt.tar_sha256:
                    raise ValueError("its hash is not the one that its receipt says")
        except FileNotFoundError:
            return f"{receipt.name}.tar is gone from {source.url}; build it again"
        except ValueError as error:
            if isinstance(error, SpecError):
                raise
            return f"{receipt.name}.tar: {error}; remove it from {source.url} and build it again"
    target.write_receipt(receipt)
    return None


def _claim(source: Store, target: Store, identity: str) -> None:
    """Give the folder the set's spec.json, unless it has it, of this length or longer.

    Raises:
        SpecError: the folder holds another set.
    """
    there = SPEC in target.place.sizes("")
    if there and (other := target.read_identity()) != identity:
        raise SpecError(f"{target.url} holds another set ({other}, not {identity}); choose another folder")
    if not there and target.receipt_sizes():
        raise SpecError(f"{target.url} holds receipts but no spec.json; choose another folder")
    if not there or target.read_spec().clips < source.read_spec().clips:
        with target.place.writing(SPEC) as file:
            file.write(source.place.read(SPEC))
