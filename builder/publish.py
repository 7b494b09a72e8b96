"""Put a set on the Hub, so that `main` never points to one that does not load, and so that any run can be the last.

What is new goes to a branch of its own first, file by file, and is read back from there. Then one commit brings `main`
to it, whose large files are named, not sent; a tag `v1.2.3` follows, and the branch goes. A run that is interrupted
leaves the branch and whatever arrived; the next one compares hashes and sends the rest. No state is kept on this side.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from huggingface_hub import CommitOperationCopy, CommitOperationDelete
from huggingface_hub.utils import logging as hub_logging
from huggingface_hub.utils.tqdm import disable_progress_bars

from camera_motion.builder.features import CONFIGS, features
from camera_motion.builder.lock import lock
from camera_motion.builder.parcel import Checked, check, foreign, list_items, stale
from camera_motion.builder.parquet import write_view
from camera_motion.builder.progress import byte_bar, shard_bar, spell_bytes, spell_s
from camera_motion.builder.readback import compare_files, compare_rows
from camera_motion.builder.release import PATH, Release, Step, describe, latest, parse_release, step, takes_away
from camera_motion.builder.repository import (
    Entry,
    Item,
    Operation,
    Repository,
    check_branch,
    check_name,
    one_line,
)
from camera_motion.generator.identity import GENERATOR_VERSION
from camera_motion.schema.base import SpecError

#: The branch on which a release is put together.
STAGE: Final = "publishing"

#: What the estimate of time assumes, until a run has measured it: 100 Mbit/s.
ASSUMED_BYTES_S: Final = 12_500_000

#: Files go up in groups of at most so many bytes (or one file), and into commits of at most so many files.
GROUP_BYTES: Final = 64 << 20
COMMIT_FILES: Final = 200

MAIN: Final = "main"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How a set is published; `replace` allows what takes something away that is published."""

    private: bool = False
    gated: bool = False
    revision: str = MAIN
    tars: bool = True
    replace: bool = False

    @property
    def stage(self) -> str:
        """The branch on which the release is put together."""
        return STAGE if self.revision == MAIN else f"{STAGE}-{self.revision}"


@dataclass(frozen=True)
class There:
    """A repository as it is found: the head of the branch and its files, the releases of the branch and the last tag.

    `exists` is false, and all else empty, where there is none yet.
    """

    exists: bool = False
    private: bool = False
    head: str = ""
    tree: dict[str, Entry] | None = None
    release: Release | None = None
    tagged: Release | None = None
    tags: dict[str, str] | None = None
    staged: bool = False

    @property
    def files(self) -> dict[str, Entry]:
        """The files of the branch."""
        return self.tree or {}


@dataclass(frozen=True)
class Parcel:
    """A release made up: what it is, what it changes, its files, and of these those that are not there yet."""

    release: Release
    step: Step | None
    items: list[Item]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(item.size for item in self.items)


@dataclass(frozen=True)
class Published:
    """Where a set is now; `sent` bytes in `seconds`, nothing if it was there already."""

    name: str
    version: str
    commit: str
    changed: bool
    sent: int = 0
    seconds: float = 0.0


def publish(root: Path, name: str, options: Options, say: Say) -> Published:
    """Bring a repository to the set in `root`: check, make the view and the card, send, read back, switch, tag.

    Raises:
        SpecError: anything that stands against it, in one line; run again to go on.
        WrongSet: the set is not whole, damaged or not to be redistributed.
    """
    check_name(name)
    check_branch(options.revision)
    if options.revision.startswith(STAGE):
        raise SpecError(f"--revision is {options.revision!r}, which publishing uses itself; choose another name")
    repository = Repository(name)
    checked = _check(root)
    for note in checked.notes:
        say(note)
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    disable_progress_bars()
    repository.user()
    there = look(repository, options)
    _refuse(name, there, checked, options)
    if not there.exists:
        repository.create(options.private)
        there = look(repository, options)
        if not there.exists:
            raise SpecError(f"{name} is there, but this token may not see it; take another token or another name")
    if options.gated:
        repository.gate()
    parcel = make_up(checked, name, there, options)
    with lock(root):
        return _deliver(repository, checked, there, parcel, options, say)


def dry_run(root: Path, name: str, options: Options, say: Say) -> Parcel:
    """Do all that needs no network, and say what would be sent to an empty repository."""
    check_name(name)
    check_branch(options.revision)
    checked = _check(root)
    for note in checked.notes:
        say(note)
    parcel = make_up(checked, name, There(), options)
    for line in estimate(name, parcel, parcel.items, options):
        say(line)
    return parcel


def look(repository: Repository, options: Options) -> There:
    """See what is there."""
    refs = repository.refs()
    if refs is None:
        return There()
    head = refs.branches.get(options.revision) or refs.branches.get(MAIN, "")
    if not head:
        raise SpecError(f"{repository.name} has no branch main; make it on the Hub, or choose another name")
    tree = repository.tree(head)
    last = latest(refs.tags)
    tagged = None
    if last is not None:
        tagged = _release(repository, f"v{last}", repository.tree(f"v{last}"))
    return There(
        exists=True,
        private=options.private and repository.is_private(),
        head=head,
        tree=tree,
        release=_release(repository, head, tree),
        tagged=tagged,
        tags=refs.tags,
        staged=options.stage in refs.branches,
    )


def make_up(checked: Checked, name: str, there: There, options: Options) -> Parcel:
    """Write the view and the card of the release that comes next, or of the one that is there if nothing changed."""
    with shard_bar("writing the Parquet view") as tell:
        view = [file.path for file in write_view(checked.root, tell)]
    ours = _account(checked, "0.0.0", options.tars)
    if there.release is not None and there.release.same(ours):
        parcel = _parcel(checked, name, there.release, None, view)
        if not _missing(parcel.items, there.files) and not stale(there.files, parcel.items):
            return parcel
    following = step(there.tagged, ours, checked.spec.version)
    release = _account(checked, following.version, options.tars, f"{following.level}: {following.reason}")
    return _parcel(checked, name, release, following, view)


def estimate(name: str, parcel: Parcel, left: list[Item], options: Options) -> Iterator[str]:
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


def _check(root: Path) -> Checked:
    with shard_bar("checking") as tell:
        return check(root, tell)


def _account(checked: Checked, version: str, tars: bool, changes: str = "") -> Release:
    return describe(
        version,
        checked.manifest,
        checked.receipts,
        {config: features(config) for config in CONFIGS},
        generator=GENERATOR_VERSION,
        tars=tars,
        released=datetime.now(UTC).date().isoformat(),
        changes=changes,
    )


def _parcel(checked: Checked, name: str, release: Release, following: Step | None, view: list[Path]) -> Parcel:
    from camera_motion.builder.describe import write_card

    root = checked.root
    write_card(root, name, release.version)
    pages = [root / "README.md", root / "CITATION.cff", *sorted((root / "figures").glob("*.png"))]
    return Parcel(release, following, list_items(checked, release, view, [page for page in pages if page.is_file()]))


def _release(repository: Repository, commit: str, tree: dict[str, Entry]) -> Release | None:
    if PATH not in tree:
        return None
    if tree[PATH].size > 100_000_000:
        raise SpecError(f"{repository.name}: {PATH} has {tree[PATH].size} bytes; that is not one of ours")
    return parse_release(repository.read(PATH, commit), f"{repository.name}: {PATH}")


def _refuse(name: str, there: There, checked: Checked, options: Options) -> None:
    """Stop before anything is lost that somebody may want."""
    if not there.exists:
        return
    if options.private and not there.private:
        raise SpecError(f"{name} is public; make it private in its settings on the Hub, or leave out --private")
    if options.replace:
        return
    ours = _account(checked, "0.0.0", options.tars)
    if there.release is None:
        if files := foreign(there.files):
            more = f" and {len(files) - 1} more files" if len(files) > 1 else ""
            raise SpecError(
                f"{name} holds {files[0]}{more} of somebody else's; choose another name, or publish over it with "
                "--replace (its history keeps what was there)"
            )
    elif taken := takes_away(there.release, ours):
        raise SpecError(
            f"{name}: {taken}; choose another name, or publish over it with --replace (its tags keep what was there)"
        )


def _refuse_to_undo(repository: Repository, there: There, left: Iterable[str], options: Options) -> None:
    """Stop before a change is undone that somebody made on the Hub since the last release."""
    version = there.release.version if there.release else ""
    tag = f"v{version}"
    if tag not in (there.tags or {}) or options.replace:
        return
    then = repository.tree(tag)
    if edited := [path for path in left if there.files.get(path) != then.get(path)]:
        more = f" and {len(edited) - 1} more" if len(edited) > 1 else ""
        raise SpecError(
            f"{repository.name}: {edited[0]}{more} was changed on {options.revision} by somebody else since "
            f"{tag}; publish over that with --replace (its history keeps what was there), or leave it"
        )


def _missing(items: list[Item], tree: dict[str, Entry]) -> list[Item]:
    return [item for item in items if not item.is_at(tree)]


def _deliver(
    repository: Repository, checked: Checked, there: There, parcel: Parcel, options: Options, say: Say
) -> Published:
    """Send what is missing, read it back, switch the branch, tag."""
    name, version = repository.name, parcel.release.version
    left, old = _missing(parcel.items, there.files), stale(there.files, parcel.items)
    if not left and not old:
        changed = _finish(repository, there.head, there, parcel, options)
        say(f"{name} has this set as v{version}" + ("" if changed else ", nothing changed") + f": {repository.url}")
        return Published(name, version, there.head, changed)
    _refuse_to_undo(repository, there, [*(item.path for item in left), *old], options)
    for line in estimate(name, parcel, left, options):
        say(line)
    if old:
        say(f"  takes away from {options.revision}: {len(old)} files that the set does not have; older tags keep them")
    began = datetime.now(UTC)
    staged, sent = _stage(repository, there, parcel, options)
    seconds = (datetime.now(UTC) - began).total_seconds()
    tree = repository.tree(staged)
    compare_files(name, tree, parcel.items)
    with shard_bar("reading back", "clips") as tell, one_line(name, repository.endpoint, "read it back"):
        read = compare_rows(name, staged, checked.root, checked.receipts, tell)
    say(f"  sent {spell_bytes(sent)} in {spell_s(seconds)}; read back {read.clips} of {read.of} clips: all alike")
    commit = _switch(repository, there, parcel, options, staged, tree)
    _finish(repository, commit, there, parcel, options, staged=True)
    tree_name = f"v{version}" if options.revision == MAIN else options.revision
    say(f"published {name} {tree_name}: {repository.url}/tree/{tree_name}")
    return Published(name, version, commit, True, sent, seconds)


def _stage(repository: Repository, there: There, parcel: Parcel, options: Options) -> tuple[str, int]:
    """Put the release together on its branch; give the commit, and how many bytes went into it by this run."""
    head = repository.branch(options.stage, there.head)
    tree = there.files if head == there.head else repository.tree(head)
    left, old = _missing(parcel.items, tree), stale(tree, parcel.items)
    sent = sum(item.size for item in left)
    what = f"v{parcel.release.version} of {repository.name}"
    with byte_bar("sending") as tell:
        done, batch = 0, list[Item]()
        operations: list[Operation] = [CommitOperationDelete(path, is_folder=False) for path in old]
        for group in _groups(left):
            additions = [item.addition() for item in group]
            repository.upload(additions, options.stage)
            operations += additions
            batch += group
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
    for item in _missing(parcel.items, there.files):
        large = bool(tree[item.path].sha256)
        operations.append(CommitOperationCopy(item.path, item.path, src_revision=staged) if large else item.addition())
    if options.revision != MAIN:
        repository.branch(options.revision, there.head)
    message = f"v{parcel.release.version}: {parcel.release.changes}"

    def settled(now: dict[str, Entry]) -> bool:
        return not _missing(parcel.items, now) and not stale(now, parcel.items)

    commit = repository.commit(operations, message, options.revision, there.head, settled)
    compare_files(repository.name, repository.tree(commit), parcel.items)
    return commit


def _finish(
    repository: Repository, commit: str, there: There, parcel: Parcel, options: Options, *, staged: bool = False
) -> bool:
    """Tag the release unless it is, and remove the branch it was put together on; tell whether anything was done."""
    tag = f"v{parcel.release.version}"
    wanted = options.revision == MAIN and tag not in (there.tags or {})
    if wanted:
        repository.tag(tag, commit, parcel.release.changes)
    if staged or there.staged:
        repository.drop(options.stage)
    return wanted


def _settled(batch: list[Item]) -> Callable[[dict[str, Entry]], bool]:
    return lambda tree: not _missing(batch, tree)


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
