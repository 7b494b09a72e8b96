"""Is a set whole and right? From its receipts in a moment, or, deep, from every byte of its tars."""

import multiprocessing
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path

from camera_motion.builder.audit import audit
from camera_motion.builder.plan import Plan, plan
from camera_motion.builder.store import Store
from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Manifest, Receipt, merge


@dataclass
class Report:
    """What was looked at, and everything that is wrong, a line each."""

    clips: int = 0
    shards: int = 0
    deep: bool = False
    problems: list[str] = field(default_factory=list)
    manifest: Manifest = field(default_factory=lambda: Manifest(identity=""))

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def validate(
    root: Path | str, *, deep: bool = False, workers: int = 1, tell: Callable[[int, int], None] | None = None
) -> Report:
    """Check a set against its own spec.

    Shallow: every planned shard has a receipt of this identity and a tar of the right size, every planned clip is
    there, no scene is in two splits. Deep, besides: hashes, members, types, proper poses, the decoded video, and the
    gate once more on what the tar holds. `tell` hears how many shards of how many are done.

    Raises:
        SpecError: the place holds no set; or deep, and it is no folder.
    """
    store = Store(root)
    spec = store.read_spec()
    planned, identity = plan(spec), store.read_identity()
    report = Report(deep=deep)
    receipts = list(_receipts(store, planned, identity, report))
    report.clips, report.shards = sum(len(receipt.keys) for receipt in receipts), len(receipts)
    report.manifest = merge(receipts)
    for receipt in receipts:
        _compare_keys(report, planned.shard(receipt.shard).keys, receipt)
    report.problems += _leaks(receipts)
    report.problems += _strangers(store, {planned.name(index) for index in range(len(planned))})
    if deep:
        for done, problems in enumerate(_audit_all(store.root, receipts, workers), 1):
            report.problems += problems
            if tell:
                tell(done, len(receipts))
    return report


def _receipts(store: Store, planned: Plan, identity: str, report: Report) -> Iterator[Receipt]:
    names = {index: planned.name(index) for index in range(len(planned))}
    done = store.done(names, identity)
    lost = {name for index, name in names.items() if index not in done}
    there, tars = (store.receipt_sizes(), store.tar_sizes()) if lost else ({}, {})
    read = store.read_receipts(name for name in lost if name in there)
    for index, name in names.items():
        if receipt := done.get(index):
            yield receipt
        elif name not in there:
            report.problems.append(f"{name}: not built yet")
        elif (receipt := read.get(name)) is None:
            report.problems.append(f"{name}: its receipt cannot be read")
        else:
            report.problems.append(f"{name}: {_why_not(receipt, index, identity, tars.get(name))}")


def _why_not(receipt: Receipt, index: int, identity: str, tar_bytes: int | None) -> str:
    if receipt.identity != identity or receipt.shard != index:
        return f"its receipt is of another set ({receipt.identity})"
    if tar_bytes is None:
        return "its tar is gone"
    return f"its tar has {tar_bytes} bytes, its receipt says {receipt.tar_bytes}: damaged, build again"


def _compare_keys(report: Report, keys: tuple[str, ...], receipt: Receipt) -> None:
    if keys == receipt.keys:
        return
    planned, there = frozenset(keys), frozenset(receipt.keys)
    for key in keys:
        if key not in there:
            report.problems.append(f"{key} is missing: {receipt.missing.get(key, 'no reason given')}")
    foreign = [key for key in receipt.keys if key not in planned]
    report.problems += [f"{receipt.name} holds {key}, which is not in its plan" for key in foreign]
    report.problems += [f"{key} is in {receipt.name} {n} times" for key, n in Counter(receipt.keys).items() if n > 1]


def _leaks(receipts: Iterable[Receipt]) -> list[str]:
    splits: dict[str, set[str]] = {}
    for receipt in receipts:
        for scene in receipt.scenes:
            splits.setdefault(scene, set()).add(receipt.split)
    return [f"scene {scene} is in {' and '.join(sorted(found))}" for scene, found in splits.items() if len(found) > 1]


def _strangers(store: Store, names: set[str]) -> list[str]:
    found = sorted(store.tar_sizes().keys() - names)
    return [f"{name}.tar is not a shard of this set; readers would take it for one" for name in found]


def _audit_all(root: Path, receipts: list[Receipt], workers: int) -> Iterator[list[str]]:
    """Audit every shard, in order; the problems of each as it is done."""
    if workers <= 1 or len(receipts) <= 1:
        yield from map(audit, repeat(root), receipts)
        return
    crew, context = min(workers, len(receipts)), multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(crew, context, signal.signal, (signal.SIGINT, signal.SIG_IGN)) as pool:
            yield from pool.map(audit, repeat(root), receipts)
    except BrokenProcessPool:
        raise SpecError("a worker of the validation died; is there enough memory? try --workers 1") from None
