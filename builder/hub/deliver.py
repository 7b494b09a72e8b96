"""Send a release: staged on a branch of its own, read back from there, then switched to in one commit and tagged."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Final

from huggingface_hub import CommitOperationCopy, CommitOperationDelete

from camera_motion.builder.hub.answers import one_line
from camera_motion.builder.hub.pages import CARD
from camera_motion.builder.hub.parcel import Checked, Parcel, Tell, missing, stale
from camera_motion.builder.hub.readback import compare_files, compare_rows
from camera_motion.builder.hub.repository import Entry, Item, Operation, Repository, transfer
from camera_motion.builder.hub.survey import MAIN, Options, There, refuse_to_undo
from camera_motion.builder.progress import byte_bar, shard_bar, spell_bytes, spell_s
from camera_motion.schema.base import SpecError

#: What the estimate of time assumes, until a run has measured it: 100 Mbit/s.
ASSUMED_BYTES_S: Final = 12_500_000

#: Files go up in groups of at most so many bytes (or one file), and into commits of at most so many files.
GROUP_BYTES: Final = 64 << 20
COMMIT_FILES = 200

Say = Callable[[str], None]


@dataclass(frozen=True)
class Published:
    """Where a set is now; `sent` bytes in `seconds`, nothing if it was there already."""

    name: str
    version: str
    commit: str
    changed: bool
    sent: int = 0
    seconds: float = 0.0


def estimate(name: str, parcel: Parcel, left: list[Item]) -> Iterator[str]:
    """Say what a release holds, what of it is to be sent, and how long that may take."""
    yield f"{name} {parcel.step or 'v' + parcel.release.version}"
    folders: dict[str, list[int]] = {}
    for item in parcel.items:
        folder = item.path.partition("/")[0] if "/" in item.path else "pages"
        folders.setdefault(folder, []).append(item.size)
    for folder, sizes in folders.items():
        yield f"  {folder:<11} {len(sizes):>5} file{'s' if len(sizes) > 1 else ' '}  {spell_bytes(sum(sizes)):>9}"
    size = sum(item.size for item in left)
    there = "" if len(left) == len(parcel.items) else f" of {len(parcel.items)}, {spell_bytes(parcel.size)}"
    yield (
        f"  to send: {len(left)} files, {spell_bytes(size)}{there}: about {spell_s(size / ASSUMED_BYTES_S)} "
        f"at {spell_bytes(ASSUMED_BYTES_S)}/s (100 Mbit/s)"
    )


def deliver(
    repository: Repository, checked: Checked, there: There, parcel: Parcel, options: Options, say: Say
) -> Published:
    """Send what is missing, read it back, switch the branch, tag.

    Raises:
        SpecError: what stands against it; the branch then is as it was found, or as it is wanted.
    """
    name, version = repository.name, parcel.release.version
    left, old = missing(parcel.items, there.files), stale(there.files, parcel.items)
    if not left and not old:
        if options.revision != MAIN:  # which may be new, and then is what main is
            repository.branch(options.revision, there.head)
        changed = _finish(repository, there.head, there, parcel, options)
        say(f"{name} has this set as v{version}" + ("" if changed else ", nothing changed") + f": {repository.url}")
        return Published(name, version, there.head, changed)
    refuse_to_undo(repository, there, [*(item.path for item in left), *old], options)
    for line in estimate(name, parcel, left):
        say(line)
    if old:
        say(f"  takes away from {options.revision}: {len(old)} files that the set does not have; older tags keep them")
    repository.try_card((checked.root / CARD).read_text())
    began = time.monotonic()
    staged, sent = _stage(repository, there, parcel, options)
    seconds = time.monotonic() - began
    tree = repository.tree(staged)
    compare_files(name, tree, parcel.items)
    with shard_bar("reading back", "clips") as tell, one_line(name, repository.endpoint, "read it back"):
        read = compare_rows(name, staged, checked.root, checked.receipts, tell)
    say(f"  staged {spell_bytes(sent)} in {spell_s(seconds)}; read back {read.clips} of {read.of} clips: all alike")
    commit = _switch(repository, there, parcel, options, staged, tree)
    _finish(repository, commit, there, parcel, options, staged=True)
    tree_name = f"v{version}" if options.revision == MAIN else options.revision
    say(f"published {name} {tree_name}: {repository.url}/tree/{tree_name}")
    return Published(name, version, commit, True, sent, seconds)


def _stage(repository: Repository, there: There, parcel: Parcel, options: Options) -> tuple[str, int]:
    """Put the release together on its branch; give the commit, and how many bytes went into it by this run."""
    head = repository.branch(options.stage, there.head)
    tree = there.files if head == there.head else repository.tree(head)
    left, old = missing(parcel.items, tree), stale(tree, parcel.items)
    sent = sum(item.size for item in left)
    what = f"v{parcel.release.version} of {repository.name}"
    bar: AbstractContextManager[Tell] = byte_bar("sending") if transfer() == "LFS" else nullcontext(_hush)
    with bar as tell:
        done, batch, under_way = 0, list[Item](), dict[str, int]()
        tell(0, sent)
        operations: list[Operation] = [CommitOperationDelete(path, is_folder=False) for path in old]
        for group in _groups(left):

            def follow(path: str, position: int, done: int = done) -> None:
                under_way[path] = position
                tell(done + sum(under_way.values()), sent)

            additions = [item.addition(partial(follow, item.path)) for item in group]
            repository.upload(additions, options.stage)
            operations += additions
            batch += group
            for addition in additions:
                addition.tell = None  # what is read from now on goes into the commit
            under_way.clear()
            done += sum(item.size for item in group)
            tell(done, sent)
            if len(operations) >= COMMIT_FILES or group[-1] is left[-1]:
                head = repository.commit(
                    operations, f"Stage {len(batch)} files of {what}", options.stage, head, _settled(batch)
                )
                operations, batch = [], []
        if operations:  # nothing to add, only old files to take away
            head = repository.commit(operations, f"Stage {what}", options.stage, head, _settled([]))
    return head, sent


def _switch(
    repository: Repository, there: There, parcel: Parcel, options: Options, staged: str, tree: dict[str, Entry]
) -> str:
    """Bring the branch to the release in one commit, which sends small files alone."""
    old = stale(there.files, parcel.items)
    operations: list[Operation] = [CommitOperationDelete(path, is_folder=False) for path in old]
    for item in missing(parcel.items, there.files):
        large = bool(tree[item.path].sha256)
        operations.append(CommitOperationCopy(item.path, item.path, src_revision=staged) if large else item.addition())
    if options.revision != MAIN:
        repository.branch(options.revision, there.head)
    message = f"v{parcel.release.version}: {parcel.release.changes}"

    def settled(now: dict[str, Entry]) -> bool:
        return not missing(parcel.items, now) and not stale(now, parcel.items)

    commit = repository.commit(operations, message, options.revision, there.head, settled)
    compare_files(repository.name, repository.tree(commit), parcel.items)
    return commit


def _finish(
    repository: Repository, commit: str, there: There, parcel: Parcel, options: Options, *, staged: bool = False
) -> bool:
    """Tag the release unless it is, and remove the branch it was put together on; tell whether anything was done."""
    tag = f"v{parcel.release.version}"
    wanted = options.revision == MAIN and tag not in there.tags
    if options.revision == MAIN and not wanted and missing(parcel.items, repository.tree(tag)):
        raise SpecError(
            f"{repository.name}: the tag {tag} is there already, at a commit that is not this release; "
            "tags are never moved: remove it on the Hub if it is wrong, then run again"
        )
    if wanted:
        repository.tag(tag, commit, parcel.release.changes)
    if staged or there.staged:
        repository.drop(options.stage)
    return wanted


def _hush(done: int, total: int) -> None:
    """Say nothing: huggingface_hub shows bars of its own."""


def _settled(batch: list[Item]) -> Callable[[dict[str, Entry]], bool]:
    return lambda tree: not missing(batch, tree)


def _groups(items: list[Item]) -> Iterator[list[Item]]:
    """Cut files into groups of a size that is worth a request and not too much to send again."""
    group: list[Item] = []
    for item in items:
        if group and (sum(i.size for i in group) + item.size > GROUP_BYTES or len(group) >= COMMIT_FILES):
            yield group
            group = []
        group.append(item)
    if group:
        yield group
