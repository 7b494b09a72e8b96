"""Build a set, or go on with one: what is not done yet is made, and done is what its receipt proves."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from camera_motion.builder import notes
from camera_motion.builder.engines import Failure
from camera_motion.builder.engines.choose import choose_engine
from camera_motion.builder.places import Place
from camera_motion.builder.plan import Plan, plan, take
from camera_motion.builder.shard import Film, ShardJob
from camera_motion.builder.store import SPEC, Store
from camera_motion.generator.identity import identity_of, resolve
from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Manifest, Receipt, merge
from camera_motion.schema.spec import Execution, Spec

#: (i, n): every n-th shard from the i-th, for builds on several machines.
WHOLE = (0, 1)


@runtime_checkable
class Watcher(Protocol):
    """Someone who wants to know how a build goes on."""

    def begin(self, clips: int, receipts: list[Receipt]) -> None:
        """Hear how many clips are asked for, and which shards are there already."""
        ...

    def clip(self, key: str) -> None:
        """Hear of a clip that was filmed."""
        ...

    def shard(self, receipt: Receipt) -> None:
        """Hear of a shard that is done."""
        ...

    def failed(self, name: str, failure: Failure) -> None:
        """Hear of a shard that could not be made."""
        ...


@dataclass
class Built:
    """What a build came to: the receipts of its slice, and the shards that failed, by name."""

    clips: int
    receipts: list[Receipt] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)

    @property
    def manifest(self) -> Manifest:
        """What the receipts add up to."""
        return merge(self.receipts)

    @property
    def missing(self) -> dict[str, str]:
        """Every clip that is asked for and not there, with the reason."""
        return self.manifest.missing | {f"all of {name}": failure.reason for name, failure in self.failures.items()}

    @property
    def complete(self) -> bool:
        """Whether every clip is there."""
        return not self.missing and self.manifest.keys == self.clips


def build(
    spec: Spec,
    root: Path | str | Place,
    film: Film,
    *,
    watcher: Watcher | None = None,
    part: tuple[int, int] = WHOLE,
    engine: str | None = None,
    workers: int | None = None,
    execution: Execution | None = None,
) -> Built:
    """Make all shards of a spec (or of slice `part`) that are not done in the place `root`: a folder, or a URL.

    The result does not depend on the engine, the workers, the order, or how often the build was killed and begun
    again. `film` makes the clips (`generator.clip.film`). `execution` takes the place of the spec's, `engine` and
    `workers` that of what it says.

    Raises:
        SpecError: the place holds another set, is locked or cannot be written, or the spec asks for what a film
            maker refuses.
        PlaceUnavailable: the place does not answer.
    """
    execution = (execution or spec.execution).model_copy(
        update={name: value for name, value in (("engine", engine), ("workers", workers)) if value}
    )
    from camera_motion.generator.readiness import ready  # brings PyAV

    store = Store(root)
    store.place.probe()
    there = store.read_spec() if SPEC in store.place.sizes("") else None
    spec = resolve(spec, there, execution)
    planned, identity = plan(spec), identity_of(spec)
    indices = take(len(planned), part)
    names = {planned.name(index) for index in indices}
    remote = execution.engine == "ray"  # whose workers look for themselves
    if not (there or remote):
        ready(spec)
    with store.place.hold(part):
        fresh = store.claim(spec)
        store.sweep(names, alone=part == WHOLE)
        done = store.done({index: planned.name(index) for index in indices}, identity)
        built = Built(clips=len(indices) * spec.shard_clips, receipts=list(done.values()))
        todo = [index for index in indices if index not in done]
        if there and todo and not remote:
            ready(spec, begun=True)
        failures = notes.sweep(store.place, names)
        if watcher:
            watcher.begin(built.clips, built.receipts)
        try:
            runner, threads, gpus = choose_engine(execution, len(todo), cuda=spec.render.renderer == "cuda")
            job = ShardJob(spec, identity, store, film, threads, gpus)
            with _closing(runner.run(job, todo)) as events:
                for index, said in events:
                    _record(built, planned, index, said, watcher)
                    _note(store.place, planned.name(index), said, failures)
        except SpecError:
            if fresh and part == WHOLE and not store.receipt_sizes():
                store.place.remove(SPEC)  # the mended spec may be built in the same folder
            raise
        finally:
            store.sweep(names, alone=part == WHOLE)  # what workers that were stopped left half-written
            notes.sweep(store.place, names)
    return built


def _record(built: Built, planned: Plan, index: int, said: str | Receipt | Failure, watcher: Watcher | None) -> None:
    if isinstance(said, Receipt):
        built.receipts.append(said)
    elif isinstance(said, Failure):
        built.failures[planned.name(index)] = said
    if watcher is None:
        return
    if isinstance(said, Receipt):
        watcher.shard(said)
    elif isinstance(said, Failure):
        watcher.failed(planned.name(index), said)
    else:
        watcher.clip(said)


def _note(place: Place, name: str, said: str | Receipt | Failure, failures: set[str]) -> None:
    """Leave a note of a shard that failed, or take back one that another build left."""
    if isinstance(said, Failure):
        notes.failed(place, name, said.reason, said.detail)
    elif isinstance(said, Receipt) and name in failures:
        notes.mended(place, name)


@contextmanager
def _closing(events: Any) -> Iterator[Any]:
    """Close the engine's generator on the way out, so that an interrupt leaves no worker behind."""
    try:
        yield events
    finally:
        events.close()
