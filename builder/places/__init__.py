"""Places: where the files of a set lie, a folder of this machine or a prefix of an object store.

Invariants that every place keeps:

* A file is named by its path within the set, `webdataset/train-000000.tar`, with `/` on every system.
* What is written appears under its name whole or not at all, and then every later listing and read shows it.
* A place is small and picklable: a worker gets its own copy, which connects when it is first used.
* What the user can mend is a `SpecError` of one line. What may be better in a while has been tried again for a while
  and is then `PlaceUnavailable`.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from camera_motion.schema.base import SpecError

#: `s3://bucket/set`; and what `Path` makes of it, `s3:/bucket/set`, or of `s3://`, `s3:`. One letter alone is a drive
#: of Windows. A chain of fsspec, `simplecache::s3://bucket`, is taken for a protocol, which nobody knows.
_URL = re.compile(r"([a-z][a-z0-9+.:-]*[a-z0-9+.-]):(?:/{1,2}(.*))?", re.DOTALL | re.IGNORECASE)


class PlaceUnavailable(OSError):
    """A store did not answer as it should for a while; the message is one line. Later it may."""


class Hashed:
    """A file opened for writing that keeps the SHA-256 and the size of what went in."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Write all of `chunk`."""
        self._file.write(chunk)
        self.digest.update(chunk)
        self.size += len(chunk)


@runtime_checkable
class Place(Protocol):
    """Where the files of one set lie.

    `url` is the place as the user wrote it, for messages.
    """

    @property
    def url(self) -> str:
        """The place as the user wrote it: a folder, or a URL."""
        ...

    def probe(self, write: bool = True) -> None:
        """Find out, before any work, whether files can be listed and, with `write`, written here.

        Raises:
            SpecError: they cannot; the line says why and what to do.
            PlaceUnavailable: nobody answers just now.
        """
        ...

    def path(self, name: str) -> Path:
        """Give the file `name` as a path of this machine.

        Raises:
            SpecError: the place is not of this machine.
        """
        ...

    def sizes(self, folder: str) -> dict[str, int]:
        """List the files of `folder`, as they are now, by name without the folder, with their sizes in bytes."""
        ...

    def read(self, name: str) -> bytes:
        """Read a file.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        ...

    def read_all(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read many small files, some at a time, in the order of `names`; what is not there is left out."""
        ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a large file piece by piece.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        ...

    def writing(self, name: str) -> AbstractContextManager[Hashed]:
        """Write a file that appears only when the block ends well."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; it need not be there."""
        ...

    def sweep(self, names: Collection[str]) -> None:
        """Remove what killed writers left half-written of the files `names`."""
        ...

    def hold(self, part: tuple[int, int]) -> AbstractContextManager[None]:
        """Keep other builds of slice `part` out while the block runs, where the place can.

        Raises:
            SpecError: another build is at work here.
        """
        ...


def open_place(where: "str | Path | Place") -> Place:
    """Give the place that a folder or a URL names; nothing is connected yet.

    Raises:
        SpecError: the URL names no folder or bucket, or holds what no URL of a set has.
    """
    from camera_motion.builder.places.folder import Folder

    if not isinstance(where, str | Path):
        return where
    url = _URL.fullmatch(str(where))
    if url is None:
        return Folder(Path(where))
    protocol, rest = url[1].lower(), url[2] or ""
    if protocol in ("file", "local"):
        if not rest.strip("/"):
            raise SpecError(f"{where} names no folder; write such as file:///sets/name")
        return Folder(Path("/" + rest.lstrip("/")))
    from camera_motion.builder.places.objects import Objects

    return Objects(f"{protocol}://{rest}")
