"""What is on the Hub before anything is sent, and whether it may be changed."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from camera_motion.builder.hub.parcel import foreign
from camera_motion.builder.hub.release import NO_WORDS, PATH, Release, Words, latest, parse_release, takes_away
from camera_motion.builder.hub.repository import Entry, Repository, check_branch
from camera_motion.schema.base import SpecError

MAIN: Final = "main"

#: The branch on which a release is put together.
STAGE: Final = "publishing"

#: No account of a release is larger.
MOST_BYTES: Final = 100_000_000


@dataclass(frozen=True)
class Options:
    """How a set is published; `replace` allows what takes something away that is there, `words` go on the card."""

    private: bool = False
    gated: bool = False
    revision: str = MAIN
    tars: bool = True
    replace: bool = False
    words: Words = NO_WORDS

    @property
    def stage(self) -> str:
        """The branch on which the release is put together."""
        return STAGE if self.revision == MAIN else f"{STAGE}-{self.revision}"


@dataclass(frozen=True)
class There:
    """A repository as it is found: the head of the branch and its files, the releases of the branch and the last tag.

    `exists` is false, and all else empty, where there is none yet; `last` is the highest version that has a tag.
    """

    exists: bool = False
    private: bool = False
    head: str = ""
    files: dict[str, Entry] = field(default_factory=dict)
    release: Release | None = None
    tagged: Release | None = None
    last: str = ""
    tags: frozenset[str] = frozenset()
    staged: bool = False

    @property
    def words(self) -> Words:
        """What the owners said of themselves when they last published."""
        known = self.release or self.tagged
        return known.words if known else NO_WORDS

    def first(self, version: str) -> str:
        """Give the number of a first release: `version`, or what comes after tags that are not ours."""
        return f"{int(self.last.partition('.')[0]) + 1}.0.0" if self.last and not self.tagged else version


def check_options(options: Options) -> None:
    """Make sure that the branch can be one to publish to.

    Raises:
        SpecError: it cannot.
    """
    check_branch(options.revision)
    if options.revision.startswith(STAGE):
        raise SpecError(f"--revision is {options.revision!r}, which publishing uses itself; choose another name")


def look(repository: Repository, options: Options) -> There:
    """See what is there."""
    refs = repository.refs()
    if refs is None:
        return There()
    head = refs.branches.get(options.revision) or refs.branches.get(MAIN, "")
    if not head:
        raise SpecError(f"{repository.name} has no branch main; make it on the Hub, or choose another name")
    tree = repository.tree(head)
    last = latest(refs.tags) or ""
    return There(
        exists=True,
        private=options.private and repository.is_private(),
        head=head,
        files=tree,
        release=_release(repository, head, tree, options),
        tagged=_release(repository, f"v{last}", repository.tree(f"v{last}"), options) if last else None,
        last=last,
        tags=frozenset(refs.tags),
        staged=options.stage in refs.branches,
    )


def refuse(repository: Repository, there: There, ours: Release, options: Options) -> None:
    """Stop before anything is lost that somebody may want.

    Raises:
        SpecError: the repository holds something else, or more.
    """
    name = repository.name
    if not there.exists:
        return
    if options.private and not there.private:
        raise SpecError(f"{name} is public; make it private in its settings on the Hub, or leave out --private")
    if options.replace:
        return
    if there.release is None:
        files = foreign(there.files)
        if files and not (files == ["README.md"] and _only_yaml(repository, there)):
            raise SpecError(
                f"{name} holds {_some(files)} of somebody else's; choose another name, or publish over it with "
                "--replace (its history keeps what was there)"
            )
    elif taken := takes_away(there.release, ours):
        raise SpecError(
            f"{name}: {taken}; choose another name, or publish over it with --replace (its tags keep what was there)"
        )


def refuse_to_undo(repository: Repository, there: There, left: Iterable[str], options: Options) -> None:
    """Stop before a change is undone that somebody made on the Hub since the last release.

    Raises:
        SpecError: files among `left`, which are about to change, are not as they were released.
    """
    tag = f"v{there.release.version}" if there.release else ""
    if tag not in there.tags or options.replace:
        return
    then = repository.tree(tag)
    if edited := [path for path in left if there.files.get(path) != then.get(path)]:
        raise SpecError(
            f"{repository.name}: {_some(edited)} on {options.revision} changed since {tag}, and not by this program; "
            "publish over that with --replace (its history keeps what was there), or leave it"
        )


def _release(repository: Repository, commit: str, tree: dict[str, Entry], options: Options) -> Release | None:
    where = f"{repository.name}: {PATH}"
    if PATH not in tree:
        return None
    try:
        if tree[PATH].size > MOST_BYTES:
            raise SpecError(f"{where} has {tree[PATH].size} bytes, which is not one of ours; see --replace")
        return parse_release(repository.read(PATH, commit), where)
    except SpecError:
        if options.replace:
            return None
        raise


def _only_yaml(repository: Repository, there: There) -> bool:
    """Whether the card is the one that the Hub's own form for a new repository makes: a licence, and no text."""
    if there.files["README.md"].size > 4096:
        return False
    text = repository.read("README.md", there.head).decode(errors="replace")
    return re.fullmatch(r"\s*---\n.*?\n---\s*", text, re.DOTALL) is not None


def _some(files: list[str]) -> str:
    return f"{files[0]} and {len(files) - 1} more files" if len(files) > 1 else files[0]
