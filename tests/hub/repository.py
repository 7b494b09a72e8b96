"""What the stand-in for the Hub keeps: repositories with commits, branches and tags; file content on disk."""

import base64
import hashlib
import json
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

CHUNK = 1 << 18
REGULAR_LIMIT = 10 << 20  # bytes; the Hub keeps larger files as LFS whatever they are called
LFS_SUFFIXES = ("arrow", "bin", "gif", "gz", "jpg", "mp4", "npy", "npz", "parquet", "png", "tar", "webm", "webp", "zip")
ATTRIBUTES = "".join(f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in LFS_SUFFIXES)


class Refused(Exception):
    """The answer is an error: HTTP status, a message, and the `X-Error-Code` that the Hub gives with it."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


@dataclass(frozen=True)
class Blob:
    """One version of a file."""

    oid: str  # git's: of the content, or of the pointer that stands for it in git
    sha256: str
    size: int
    lfs: bool

    @property
    def known_as(self) -> str:
        """What clients compare their own file with."""
        return self.sha256 if self.lfs else self.oid

    @property
    def pointer(self) -> dict[str, Any]:
        return {"oid": self.sha256, "size": self.size, "pointerSize": len(pointer(self.sha256, self.size))}


@dataclass(frozen=True)
class Commit:
    """The whole tree at one time, and how it came about."""

    oid: str
    parent: "Commit | None"
    title: str
    message: str
    author: str
    date: str
    tree: Mapping[str, Blob]

    def history(self) -> Iterator["Commit"]:
        """Yield this commit, its parent, and so on to the first."""
        commit: Commit | None = self
        while commit:
            yield commit
            commit = commit.parent


@dataclass
class Repository:
    """A dataset repository."""

    name: str
    owner: str
    private: bool
    gated: str | bool = False
    branches: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, Commit] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    lfs: dict[str, int] = field(default_factory=dict)  # content that was sent here: sha256 and size

    def revision(self, name: str) -> Commit:
        """Find a branch, a tag or a commit (its first seven digits will do)."""
        for kind, refs in (("heads", self.branches), ("tags", self.tags)):
            found = refs.get(name) or refs.get(name.removeprefix(f"refs/{kind}/"))
            if found:
                return found
        found = next((c for c in self.commits.values() if c.oid.startswith(name)), None) if len(name) >= 7 else None
        if found is None:
            raise Refused(404, f"Invalid rev id: {name}", "RevisionNotFound")
        return found

    def branch(self, name: str) -> Commit:
        """Find the head of a branch."""
        if name not in self.branches:
            raise Refused(404, f"Invalid rev id: {name}", "RevisionNotFound")
        return self.branches[name]


class Storage:
    """All repositories; content lies under its sha256 in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lock = threading.RLock()
        self.repositories: dict[str, Repository] = {}

    def content(self, blob: Blob) -> Path:
        """Where the bytes of a file are."""
        return self.folder / blob.sha256

    def write(self, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Write content as it comes in, in bounded memory; return its sha256 and size."""
        digest, size = hashlib.sha256(), 0
        with tempfile.NamedTemporaryFile(dir=self.folder, prefix="part-", delete=False) as file:
            try:
                for chunk in chunks:
                    digest.update(chunk)
                    size += file.write(chunk)
            except BaseException:
                Path(file.name).unlink()
                raise
        Path(file.name).replace(self.folder / digest.hexdigest())
        return digest.hexdigest(), size

    def regular(self, content: bytes) -> Blob:
        """Keep a file that lies in git itself."""
        sha256, size = self.write([content])
        return Blob(git_oid(content), sha256, size, lfs=False)

    def create(self, name: str, owner: str, private: bool) -> Repository:
        """Make a repository with its first commit, which holds `.gitattributes` as on the Hub."""
        with self.lock:
            if name in self.repositories:
                raise Refused(409, "You already created this dataset repo")
            repository = self.repositories[name] = Repository(name, owner, private)
            tree = {".gitattributes": self.regular(ATTRIBUTES.encode())}
            self.advance(repository, "main", tree, "initial commit", "", owner)
            return repository

    def advance(
        self, repository: Repository, branch: str, tree: Mapping[str, Blob], title: str, message: str, author: str
    ) -> Commit:
        """Put a new commit on a branch."""
        parent, date = repository.branches.get(branch), now()
        files = [(path, blob.oid) for path, blob in sorted(tree.items())]
        facts = json.dumps([parent.oid if parent else "", title, message, author, date, len(repository.commits), files])
        oid = hashlib.sha1(facts.encode()).hexdigest()
        commit = Commit(oid, parent, title, message, author, date, dict(sorted(tree.items())))
        repository.commits[oid] = repository.branches[branch] = commit
        return commit

    def commit(self, repository: Repository, branch: str, lines: list[dict[str, Any]], author: str) -> Commit:
        """Apply the operations of a commit request, all or none of them."""
        if not lines or lines[0].get("key") != "header":
            raise Refused(400, "The first line of a commit is its header")
        header = lines[0]["value"]
        with self.lock:
            head = repository.branch(branch)
            wanted = header.get("parentCommit")
            if wanted and wanted != head.oid:
                raise Refused(412, "A commit has happened since. Please refresh and try again.")
            tree = dict(head.tree)
            for line in lines[1:]:
                apply(self, repository, tree, line["key"], line["value"])
            return self.advance(repository, branch, tree, header["summary"], header.get("description", ""), author)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def git_oid(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def pointer(sha256: str, size: int) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def is_lfs(path: str, size: int, sample: bytes) -> bool:
    """Tell whether the Hub wants a file as LFS: by its name, its size, or because it is no text."""
    return path.rpartition(".")[2].lower() in LFS_SUFFIXES or size > REGULAR_LIMIT or b"\0" in sample


def apply(
    storage: Storage, repository: Repository, tree: dict[str, Blob], operation: str, value: dict[str, Any]
) -> None:
    """Do one operation of a commit to `tree`, in place."""
    path = safe(value["path"].rstrip("/"))
    match operation:
        case "file":
            tree[path] = storage.regular(base64.b64decode(value["content"]))
        case "lfsFile":
            sha256 = value["oid"]
            if sha256 not in repository.lfs:
                raise Refused(400, f"Your push was rejected: the LFS content of {path} was not uploaded: {sha256}")
            size = repository.lfs[sha256]
            tree[path] = Blob(git_oid(pointer(sha256, size)), sha256, size, lfs=True)
        case "deletedFile" if path in tree:
            del tree[path]
        case "deletedFolder" if inside := [name for name in tree if name.startswith(path + "/")]:
            for name in inside:
                del tree[name]
        case "deletedFile" | "deletedFolder":
            raise Refused(404, f"A file with this name doesn't exist: {path}", "EntryNotFound")
        case _:
            raise Refused(400, f"Unknown operation in a commit: {operation}")


def safe(path: str) -> str:
    if path.startswith("/") or not path or {"", ".", "..", ".git"} & set(path.split("/")):
        raise Refused(400, f"Invalid path in a commit: {path!r}")
    return path


def front_matter(text: str) -> Any:
    """Read the YAML block that a card begins with; None if there is none."""
    found = re.match(r"---\s*\n(.*?)\n---\s*(\n|$)", text, re.DOTALL)
    return yaml.safe_load(found[1]) if found else None
