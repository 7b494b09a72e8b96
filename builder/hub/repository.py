"""One dataset repository on the Hub: the few calls that publishing makes, each tried again where that can help.

What fails in the end is one `SpecError` of one line: what the Hub or the network said, and what to do. The token is
the one that huggingface_hub finds (`hf auth login`, HF_TOKEN); no message holds it.
"""

import hashlib
import io
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import huggingface_hub
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    DatasetCard,
    HfApi,
    hf_hub_url,
)
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]
from huggingface_hub.utils.tqdm import disable_progress_bars, enable_progress_bars

from camera_motion.builder.hub.answers import one_line, passing, pause_s, scrubbed, status
from camera_motion.builder.sources import NOT_THE_HUB, UNLIKE_THE_HUB
from camera_motion.schema.base import SpecError

#: Pauses before the second, third and fourth try of a call that failed for a passing reason.
WAITS_S: Final[list[float]] = [1, 4, 10]

#: How long the Hub may keep silent before the connection counts as dropped.
SILENCE_S = 300

#: How the Hub names repositories, and git its branches, as far as publishing needs them.
NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,94}[\w])?/[A-Za-z0-9_](?:[\w.-]{0,94}[\w])?", re.ASCII)
BRANCH = re.compile(r"[A-Za-z0-9_][\w.-]{0,99}(?:/[\w-][\w.-]{0,99}){0,3}", re.ASCII)

Operation = CommitOperationAdd | CommitOperationCopy | CommitOperationDelete
T = TypeVar("T")


class Changed(SpecError):
    """Somebody else changed the repository while this run was at work."""


@dataclass(frozen=True)
class Entry:
    """A file as the Hub lists it: `sha256` of a large one, git's `blob` of the others."""

    size: int
    sha256: str
    blob: str


@dataclass(frozen=True)
class Item:
    """A file to publish: its path in the repository, where its bytes are, and the hashes that the Hub lists."""

    path: str
    source: Path | bytes
    size: int
    sha256: str
    blob: str = ""

    @classmethod
    def of(cls, path: str, source: Path | bytes, sha256: str = "") -> "Item":
        """Measure a file; a known `sha256` spares reading a large one."""
        size = source.stat().st_size if isinstance(source, Path) else len(source)
        if size > 16 << 20:  # the Hub keeps nothing above 10 MiB in git
            if not sha256 and isinstance(source, Path):
                with open(source, "rb") as file:
                    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            return cls(path, source, size, sha256 or hashlib.sha256(bytes(source)).hexdigest())
        body = source.read_bytes() if isinstance(source, Path) else source
        blob = hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()
        return cls(path, source, len(body), hashlib.sha256(body).hexdigest(), blob)

    def is_at(self, tree: dict[str, Entry]) -> bool:
        """Whether the very same file is in `tree`."""
        there = tree.get(self.path)
        if there is None:
            return False
        return there.sha256 == self.sha256 if there.sha256 else there.blob == self.blob

    def addition(self, tell: Callable[[int], None] | None = None) -> "Watched":
        """Give the operation that adds it; `tell` hears how far the file has been read for an upload."""
        source = self.source if isinstance(self.source, bytes) else str(self.source)
        added = Watched(self.path, source)
        added.tell = tell
        added.upload_info.sha256 = bytes.fromhex(self.sha256)  # known: the file need not be read for it once more
        return added


class Watched(CommitOperationAdd):
    """An addition that tells how far its file has been read: huggingface_hub has no other way to hear of it."""

    tell: Callable[[int], None] | None = None

    @contextmanager
    def as_file(self, with_tqdm: bool = False) -> Iterator[BinaryIO]:
        """Open it, watched."""
        if self.tell is None or not isinstance(self.path_or_fileobj, str):
            with super().as_file() as file:
                yield file
        else:
            with _Reader(self.path_or_fileobj, self.tell) as file:
                yield file


class _Reader(io.BufferedReader):
    def __init__(self, path: str, tell: Callable[[int], None]) -> None:
        super().__init__(io.FileIO(path))
        self._heard = tell

    def read(self, size: int | None = -1, /) -> bytes:
        chunk = super().read(size)
        self._heard(self.tell())
        return chunk


@dataclass(frozen=True)
class Refs:
    """Branches and tags by name, each with the commit that it points to."""

    branches: dict[str, str]
    tags: dict[str, str]


class Repository:
    """The dataset repository `name` of the Hub that huggingface_hub is set up for."""

    def __init__(self, name: str) -> None:
        check_name(name)
        token = huggingface_hub.get_token()
        if token is None:
            raise SpecError("there is no token for the Hub; log in with `hf auth login`, or set HF_TOKEN")
        if not re.fullmatch(r"[!-~]+", token):
            raise SpecError(
                "the token for the Hub holds what no token does; log in with `hf auth login`, or mend HF_TOKEN"
            )
        self.name = name
        self._api = HfApi()
        self.endpoint = self._api.endpoint

    @property
    def url(self) -> str:
        """Where people see it."""
        return scrubbed(f"{self.endpoint}/datasets/{self.name}")

    def user(self) -> str:
        """Tell whose token it is: the cheapest way to know that the Hub takes it."""
        with self._speaking("ask whose token this is"):
            return str(self._again(self._api.whoami)["name"])

    def refs(self) -> Refs | None:
        """List branches and tags; None where there is no such repository, or none that the token may see."""
        with self._speaking("list its branches"):
            try:
                found = self._again(lambda: self._api.list_repo_refs(self.name, repo_type="dataset"))
            except HfHubHTTPError as error:
                if status(error) in (401, 404):
                    return None
                raise
        return Refs(
            {ref.name: ref.target_commit for ref in found.branches},
            {ref.name: ref.target_commit for ref in found.tags},
        )

    def is_private(self) -> bool:
        """Whether only its owners see it."""
        with self._speaking("read its settings"):
            return bool(self._again(lambda: self._api.repo_info(self.name, repo_type="dataset")).private)

    def commit_of(self, revision: str) -> str:
        """Resolve a tag or a branch."""
        with self._speaking(f"find {revision}"):
            info = self._again(lambda: self._api.repo_info(self.name, repo_type="dataset", revision=revision))
        return str(info.sha)

    def create(self, private: bool) -> None:
        """Create it unless it is there."""
        with self._speaking(f"create {self.name}"):
            self._again(
                lambda: self._api.create_repo(self.name, repo_type="dataset", private=private or None, exist_ok=True)
            )

    def gate(self) -> None:
        """Let readers leave their name before they read; everyone who does is let in."""
        with self._speaking("gate it"):
            self._again(lambda: self._api.update_repo_settings(self.name, repo_type="dataset", gated="auto"))

    def delete(self) -> None:
        """Delete it, with all that is in it."""
        with self._speaking(f"delete {self.name}"):
            self._again(lambda: self._api.delete_repo(self.name, repo_type="dataset", missing_ok=True))

    def tree(self, commit: str) -> dict[str, Entry]:
        """List every file of a commit."""
        with self._speaking("list its files"):
            listed = self._again(
                lambda: list(
                    self._api.list_repo_tree(self.name, repo_type="dataset", revision=commit, recursive=True),
                )
            )
        files = (item for item in listed if isinstance(item, RepoFile))
        return {file.path: Entry(file.size, file.lfs.sha256 if file.lfs else "", file.blob_id) for file in files}

    def read(self, path: str, commit: str) -> bytes:
        """Read a small file of a commit."""
        url = hf_hub_url(self.name, path, repo_type="dataset", revision=commit, endpoint=self.endpoint)

        def get() -> bytes:
            answer = huggingface_hub.get_session().get(url, headers=build_hf_headers())
            hf_raise_for_status(answer)
            return bytes(answer.content)

        with self._speaking(f"read {path}"):
            return self._again(get)

    def branch(self, name: str, commit: str) -> str:
        """Make sure that a branch is there, made at `commit` if it was not; give its head."""
        with self._speaking(f"make the branch {name}"):
            self._again(
                lambda: self._api.create_branch(
                    self.name, repo_type="dataset", branch=name, revision=commit, exist_ok=True
                )
            )
        refs = self.refs()
        if refs is None or name not in refs.branches:
            raise Changed(f"{self.name}: the branch {name} was removed by somebody else meanwhile; run again")
        return refs.branches[name]

    def drop(self, name: str) -> None:
        """Delete a branch; it may be gone already."""

        def delete() -> None:
            try:
                self._api.delete_branch(self.name, repo_type="dataset", branch=name)
            except HfHubHTTPError as error:
                if status(error) != 404:
                    raise

        with self._speaking(f"remove the branch {name}"):
            self._again(delete)

    def try_card(self, text: str) -> None:
        """Make sure that the Hub takes the header of a card, before anything large is sent."""
        with self._speaking("take the card"):
            self._again(lambda: DatasetCard(text).validate(repo_type="dataset"))

    def upload(self, additions: Sequence[CommitOperationAdd], branch: str) -> None:
        """Send the content of large files, which a commit names later; what the Hub holds already is not sent."""
        with self._speaking("upload"), bars_of_xet():
            self._api.preupload_lfs_files(
                self.name, additions, repo_type="dataset", revision=branch, free_memory=False, num_threads=2
            )

    def commit(
        self,
        operations: Sequence[Operation],
        message: str,
        branch: str,
        parent: str,
        settled: Callable[[dict[str, Entry]], bool],
    ) -> str:
        """Commit on top of `parent` and give the new commit; `settled` knows the tree that is wanted.

        An answer may get lost after the Hub has acted, so a commit is not simply sent again: first the branch is
        looked at.

        Raises:
            Changed: the branch does not end at `parent`.
        """
        with self._speaking(f"commit to {branch}"):
            for wait_s in (*WAITS_S, None):
                try:
                    return self._api.create_commit(
                        self.name,
                        operations,
                        commit_message=message,
                        repo_type="dataset",
                        revision=branch,
                        parent_commit=parent,
                        num_threads=2,
                    ).oid
                except Exception as error:
                    if wait_s is None or not (passing(error) or status(error) in (409, 412)):
                        raise
                    if passing(error):
                        time.sleep(pause_s(error, wait_s))
                    head = self._head(branch)
                    if head != parent:
                        if settled(self.tree(head)):
                            return head
                        raise Changed(
                            f"{self.name}: {branch} was changed by somebody else meanwhile; nothing of theirs is lost "
                            "and what was sent is kept: look at their change, then run again"
                        ) from None
                    if not passing(error):
                        raise
        raise AssertionError("the last try raises")

    def tag(self, name: str, commit: str, message: str) -> None:
        """Make a tag that is never moved.

        Raises:
            SpecError: it is there, at another commit.
        """
        try:
            with self._speaking(f"make the tag {name}"):
                self._again(
                    lambda: self._api.create_tag(
                        self.name, repo_type="dataset", tag=name, revision=commit, tag_message=message
                    )
                )
        except SpecError:
            refs = self.refs()
            if refs is None or name not in refs.tags:
                raise
            if (there := self.commit_of(name)) != commit:
                raise SpecError(
                    f"{self.name}: the tag {name} is there already, at another commit ({there[:8]}, not {commit[:8]}); "
                    "tags are never moved: remove it on the Hub if it is wrong, then run again"
                ) from None

    def _head(self, branch: str) -> str:
        refs = self.refs()
        return refs.branches.get(branch, "") if refs else ""

    def _again(self, call: Callable[[], T]) -> T:
        """Call, and call again after a pause where the reason may pass."""
        for wait_s in WAITS_S:
            self._limit_silence()
            try:
                return call()
            except Exception as error:
                if not passing(error):
                    raise
                pause = pause_s(error, wait_s)
            time.sleep(pause)
        return call()

    def _limit_silence(self) -> None:
        session: Any = getattr(huggingface_hub, "get_session", lambda: None)()
        with suppress(AttributeError):  # huggingface_hub before 1.0 makes a session for every thread
            session.timeout = SILENCE_S

    @contextmanager
    def _speaking(self, doing: str) -> Iterator[None]:
        with one_line(self.name, self.endpoint, doing):
            try:
                yield
            except NOT_THE_HUB as error:
                raise SpecError(scrubbed(f"{self.endpoint} {UNLIKE_THE_HUB} ({type(error).__name__})")) from None


def check_name(name: str) -> None:
    """Make sure that the Hub can have a repository of this name.

    Raises:
        SpecError: it cannot.
    """
    if not NAME.fullmatch(name) or "--" in name or ".." in name or name.endswith(".git") or len(name) > 96:
        raise SpecError(f"{name[:120]!r} is not a repository's name; it must be like org/camera-motion")


def check_branch(name: str) -> None:
    """Make sure that this can be the name of a branch.

    Raises:
        SpecError: it cannot.
    """
    if not BRANCH.fullmatch(name) or ".." in name or name.endswith((".", ".lock")) or name.startswith("refs/"):
        raise SpecError(f"--revision is {name[:120]!r}; it must be a branch's name, like main")
    if name == "HEAD" or re.fullmatch(r"v?\d+\.\d+\.\d+|[0-9a-f]{40}", name):
        raise SpecError(f"--revision is {name!r}, like a tag or a commit; it must be a branch's name, like main")


@contextmanager
def bars_of_xet() -> Iterator[None]:
    """Let huggingface_hub show its own bars on a terminal where Xet uploads, which nobody else can follow."""
    if transfer() != "Xet" or not sys.stderr.isatty() or huggingface_hub.constants.HF_HUB_DISABLE_PROGRESS_BARS:
        yield
        return
    enable_progress_bars()
    try:
        yield
    finally:
        disable_progress_bars()


def transfer() -> str:
    """Tell the way that large files take: Xet wherever hf_xet is installed and not switched off."""
    off = getattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", False)
    return "Xet" if find_spec("hf_xet") and not off else "LFS"
