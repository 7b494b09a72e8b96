"""How far a set is, wherever it lies and whoever makes it: from its receipts, and notes of what is being made."""

import shlex
import statistics
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import accumulate
from typing import Any

from camera_motion.builder import notes
from camera_motion.builder.engines.choose import available_cores
from camera_motion.builder.estimate import estimate, held_h, priced
from camera_motion.builder.plan import Plan, plan
from camera_motion.builder.store import Store
from camera_motion.cards.status import Failed, Machine, Progress, Worker
from camera_motion.schema.receipt import Receipt, Statistics, merge
from camera_motion.schema.spec import Spec

#: A worker that has had this many times as long as a shard takes has most likely died; never one younger than five
#: minutes, as the first shard on a machine waits for what is compiled there.
PATIENCE = 4.0
LEAST_PATIENCE_S = 300.0

#: The present rate is that of as long as this many shards take one worker, and of a minute at least.
WINDOW_SHARDS = 5
LEAST_WINDOW_S = 60.0


class Survey:
    """Looks at a set again and again; a receipt is read once.

    `prices` are those of an hour of a core and of a GPU, if the user knows them.
    """

    def __init__(self, store: Store, prices: tuple[float, float] | None = None) -> None:
        self._store, self._prices = store, prices
        self._receipts = dict[int, Receipt]()
        self._identity = ""

    def look(self, now: float | None = None) -> Progress:
        """Tell how far the set is `now` (Unix time).

        Raises:
            SpecError: there is no set, or a price is none.
        """
        store, now = self._store, time.time() if now is None else now
        spec, identity = store.read_spec(), store.read_identity()
        if identity != self._identity:
            self._receipts, self._identity = {}, identity
        planned = plan(spec)
        names = {index: name for index, name in _names(planned).items() if index not in self._receipts}
        if names:
            self._receipts |= {r.shard: _slim(r) for r in store.each_done(names, identity)}
        receipts = [receipt for receipt in self._receipts.values() if receipt.shard < len(planned)]
        left = {index: name for index, name in names.items() if index not in self._receipts}
        begun, ended = notes.read(store.place, left.values()) if left else ({}, {})
        return _progress(store.url, spec, identity, planned, receipts, left, begun, ended, self._prices, now)


def _names(planned: Plan) -> dict[int, str]:
    return {index: planned.name(index) for index in range(len(planned))}


def _slim(receipt: Receipt) -> Receipt:
    """Leave out what is not told here, so that receipts of any number fit into memory."""
    seconds = receipt.statistics.seconds
    return receipt.model_copy(update={"statistics": Statistics(clips=len(receipt.keys), seconds=seconds), "scenes": ()})


def _progress(
    url: str,
    spec: Spec,
    identity: str,
    planned: Plan,
    receipts: Sequence[Receipt],
    left: dict[int, str],
    begun: dict[str, notes.Running],
    ended: dict[str, notes.Failed],
    prices: tuple[float, float] | None,
    now: float,
) -> Progress:
    manifest = merge(receipts)
    shard_s = _shard_s(receipts) or estimate(spec, 1).work_s / len(planned)
    workers = tuple(_worker(note, shard_s, now) for name in left.values() if (note := begun.get(name)))
    alive = {worker.name for worker in workers if not worker.silent}
    failed = tuple(
        Failed(name, end.failed_at, _line(end.reason), alone(url, spec, index, len(planned)))
        for index, name in left.items()
        if name not in alive and (end := ended.get(name))
    )
    window_s, rate = _rate(receipts, workers, shard_s, now)
    overall = _rate_overall(receipts)
    cpu_h, gpu_h = held_h(receipts)
    remaining = len(left) / len(receipts) if receipts else 0.0
    spent = priced(cpu_h, gpu_h, *prices) if prices else None
    return Progress(
        title=spec.name,
        url=url,
        identity=identity,
        at=now,
        clips=spec.clips,
        shards=len(planned),
        done_clips=manifest.keys,
        done_shards=len(receipts),
        clips_per_shard=spec.shard_clips,
        tar_bytes=manifest.tar_bytes,
        expected_bytes=manifest.tar_bytes * (1 + remaining) if receipts else estimate(spec, 1).tar_bytes,
        video_s=manifest.statistics.seconds,
        rate=rate,
        window_s=window_s,
        rate_overall=overall,
        left_s=_left_s(spec, len(left), len(alive), rate, overall, shard_s),
        cpu_h=cpu_h,
        gpu_h=gpu_h,
        spent=spent,
        to_come=spent * remaining if spent is not None and receipts else None,
        peak_bytes=manifest.peak_bytes,
        candidates=manifest.candidates,
        again=again(url, spec),
        workers=tuple(worker for worker in workers if worker.name not in {shard.name for shard in failed}),
        failed=failed,
        machines=tuple(_machines(receipts)),
        missing={_line(key): _line(reason) for key, reason in manifest.missing.items()},
        rejections={_line(why): n for why, n in sorted(manifest.rejections.items(), key=lambda item: -item[1])},
        curve=_curve(receipts),
    )


def again(url: str, spec: Spec) -> str:
    """Give the command that goes on with a set."""
    return f"camera-motion extend {shlex.quote(url)} --clips {spec.clips}"


def alone(url: str, spec: Spec, index: int, shards: int) -> str:
    """Give the command that makes one shard of a set, here, and shows where it fails: a slice can be that small."""
    return f"{again(url, spec)} --slice {index}/{shards} --engine serial --verbose"


def _worker(note: notes.Running, shard_s: float, now: float) -> Worker:
    silent = now - note.started_at > max(PATIENCE * shard_s, LEAST_PATIENCE_S)
    return Worker(note.name, note.started_at, _line(note.renderer), _line(note.machine), _line(note.device), silent)


def _span(receipt: Receipt) -> tuple[float, float]:
    """Give when a shard was begun and finished (Unix time)."""
    return receipt.finished_at - receipt.timings_s.get("wall", 0.0), receipt.finished_at


def _dated(receipts: Iterable[Receipt]) -> list[Receipt]:
    """Put those receipts in order that say when they were written; those of earlier versions do not."""
    return sorted((receipt for receipt in receipts if receipt.finished_at), key=lambda receipt: receipt.finished_at)


def _shard_s(receipts: Iterable[Receipt]) -> float:
    """Give how long a shard takes, 0 where none tells: the median of the last hundred."""
    walls = [receipt.timings_s.get("wall", 0.0) for receipt in _dated(receipts)[-100:]]
    return statistics.median(walls) if walls else 0.0


def _rate(receipts: Iterable[Receipt], workers: Iterable[Worker], shard_s: float, now: float) -> tuple[float, float]:
    """Give for how long somebody was at work in the window that is the present, in seconds, and the clips/s then."""
    begin = now - max(WINDOW_SHARDS * shard_s, LEAST_WINDOW_S)
    recent = [receipt for receipt in _dated(receipts) if receipt.finished_at > begin]
    spans = [_span(receipt) for receipt in recent] + [(w.started_at, now) for w in workers if not w.silent]
    busy_s = _busy_s((max(start, begin), end) for start, end in spans)
    return busy_s, sum(len(receipt.keys) for receipt in recent) / busy_s if busy_s else 0.0


def _rate_overall(receipts: Iterable[Receipt]) -> float:
    """Give the clips/s of all the time in which at least one worker made what is done."""
    dated = _dated(receipts)
    busy_s = _busy_s(map(_span, dated))
    return sum(len(receipt.keys) for receipt in dated) / busy_s if busy_s else 0.0


def _busy_s(spans: Iterable[tuple[float, float]]) -> float:
    """Add up the time that lies in at least one of these spans."""
    busy_s, until = 0.0, float("-inf")
    for begin, end in sorted(spans):
        busy_s += max(0.0, end - max(begin, until))
        until = max(until, end)
    return busy_s


def _left_s(spec: Spec, shards: int, alive: int, rate: float, overall: float, shard_s: float) -> float | None:
    """Foresee the time left: at the present rate, else at that of before, else from what a shard should take."""
    if not shards:
        return None
    if clips_per_s := (rate if alive else 0.0) or overall:
        return shards * spec.shard_clips / clips_per_s
    return -(-shards // (alive or available_cores())) * shard_s


def _machines(receipts: Iterable[Receipt]) -> Iterable[Machine]:
    """Add up what was done on each class of machines, the most used first."""
    by_class = defaultdict[str, list[Receipt]](list)
    for receipt in receipts:
        by_class[receipt.machine.get("class", "")].append(receipt)
    for name, made in sorted(by_class.items(), key=lambda item: -len(item[1])):
        yield Machine(
            name=_line(name),
            device=_line(notes.device(made[-1].machine)),
            shards=len(made),
            clips=sum(len(receipt.keys) for receipt in made),
            worker_s=sum(receipt.timings_s.get("wall", 0.0) for receipt in made),
            work_s=sum(receipt.timings_s.get("work", 0.0) for receipt in made),
            cpus=max(receipt.cpus for receipt in made),
            gpus=max(receipt.gpus for receipt in made),
        )


def _curve(receipts: Iterable[Receipt]) -> tuple[tuple[float, int], ...]:
    dated = _dated(receipts)
    if not dated:
        return ()
    counts = accumulate(len(receipt.keys) for receipt in dated)
    begin = min(_span(receipt)[0] for receipt in dated)
    return ((begin, 0), *zip((receipt.finished_at for receipt in dated), counts, strict=True))


def _line(text: str) -> str:
    """Give what a stranger may have written as one line that moves no cursor."""
    return "".join(c if c.isprintable() else " " for c in text[:500]).strip()


def as_json(progress: Progress) -> dict[str, Any]:
    """Give all of it as plain values, for scripts; times are Unix times."""
    told = asdict(progress)
    del told["curve"]
    shards = {key: {"shards": n, "clips": clips} for key, (n, clips) in progress.counts().items()}
    return told | {"complete": progress.complete, "counts": shards}
