"""A rehearsal: the first shard of a set, published to a private repository of its own that is then deleted.

It goes the way that the set will go: over Xet where hf_xet is at work, else over LFS. A note in the set's folder names
the repository for as long as it may be there, so that one that a killed rehearsal left is deleted by the next.
"""

import json
import re
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from camera_motion.builder.hub.deliver import Published, Say
from camera_motion.builder.hub.publish import publish
from camera_motion.builder.hub.repository import NAME, Repository, check_name, transfer
from camera_motion.builder.hub.survey import MAIN, Options
from camera_motion.builder.places.disk import writing
from camera_motion.builder.plan import plan
from camera_motion.builder.progress import spell_bytes, spell_s
from camera_motion.builder.store import Store
from camera_motion.schema.base import SpecError

#: In the set's folder, names the repository of a rehearsal for as long as it may exist.
NOTE: Final = ".rehearsal"


@dataclass(frozen=True)
class Rehearsed:
    """What a rehearsal came to: bytes and seconds over `way`, and the whole set's tars."""

    published: Published
    way: str


def rehearse(root: Path, name: str, options: Options, say: Say) -> Rehearsed:
    """Publish the first shard of a set to a private repository, read it back, and delete that repository.

    Raises:
        SpecError: what stands against it, and what is left where it could not be deleted.
    """
    check_name(name)
    note = root / NOTE
    _delete_left_over(note, say)
    stage = f"{name}-rehearsal-{secrets.token_hex(6)}"
    check_name(stage)
    repository = Repository(stage)
    way = transfer()
    with TemporaryDirectory(prefix="camera-motion-") as folder, _interruptible():
        part = first_shard(root, Path(folder) / root.resolve().name)
        repository.user()
        if repository.refs() is not None:
            raise SpecError(f"{stage} is there already; rehearse again, which takes another name")
        with writing(note) as file:
            file.write(stage.encode())
        say(f"rehearsing with the first shard in {stage}, private, over {way}")
        try:
            published = publish(part, stage, replace(options, private=True, gated=False, revision=MAIN), say)
        finally:
            _delete(repository, note, say)
    if published.sent and published.seconds:
        rate = published.sent / max(published.seconds, 1e-3)
        whole = sum(receipt.tar_bytes for receipt in Store(root).all_receipts(Store(root).read_identity()))
        whole *= 2 if options.tars else 1
        say(f"rehearsed: {spell_bytes(rate)}/s over {way}; at that rate the set takes {spell_s(whole / rate)}")
    return Rehearsed(published, way)


def first_shard(root: Path, folder: Path) -> Path:
    """Make a set of the first shard of a set: a longer set begins with the shorter one, so it is whole.

    Raises:
        SpecError: there is no set here, or its first shard is not built.
    """
    store, identity = Store(root), Store(root).read_identity()
    spec = store.read_spec()
    name = plan(spec).name(0)
    receipt = store.finished(0, name, identity)
    if receipt is None:
        raise SpecError(f"{root} has no shard {name} to rehearse with; build the set first")
    part = Store(folder)
    described = store.read_description()
    described["spec"]["clips"] = spec.shard_clips  # which is in no identity
    with writing(part.spec_path) as file:
        file.write(json.dumps(described).encode())
    part.write_receipt(receipt)
    part.tar(name).parent.mkdir()
    try:
        part.tar(name).symlink_to(store.tar(name).resolve())
    except OSError:  # no links on this system
        shutil.copy(store.tar(name), part.tar(name))
    return folder


def _delete(repository: Repository, note: Path, say: Say) -> None:
    """Delete what the rehearsal made; if that fails, say what is left and let the error of the rehearsal pass."""
    try:
        if repository.refs() is not None:
            repository.delete()
            say(f"deleted {repository.name}")
    except (SpecError, KeyboardInterrupt) as error:
        say(f"{repository.name} may be left on the Hub ({error or 'interrupted'}); the next --rehearse deletes it, or:")
        say(f"  {repository.url}/settings")
        return
    note.unlink(missing_ok=True)


def _delete_left_over(note: Path, say: Say) -> None:
    with suppress(FileNotFoundError):
        left = note.read_text(errors="replace").strip()
        if not re.fullmatch(rf"{NAME.pattern}-rehearsal-[0-9a-f]{{12}}", left):  # nothing else is ever deleted
            raise SpecError(f"{note} names {left[:100]!r}, which is no rehearsal; remove that file")
        repository = Repository(left)
        repository.delete()
        note.unlink(missing_ok=True)
        say(f"deleted {left}, which an earlier rehearsal left")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the rehearsal as Ctrl-C does, with its clearing up."""

    def interrupt(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread: whoever started it knows how to end it
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
