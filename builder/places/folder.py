"""A set in a folder of this machine, or of a disk that several machines share."""

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path

from camera_motion.builder.lock import lock
from camera_motion.builder.places import Hashed
from camera_motion.builder.places.disk import PARTIAL, writing
from camera_motion.schema.base import SpecError

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Folder:
    """The folder `root`; what is written is flushed to the disk before it gets its name."""

    root: Path

    def __reduce__(self) -> tuple[type["Folder"], tuple[Path]]:
        """Travel by the whole path: a worker may stand in another folder."""
        return Folder, (self.root.absolute(),)

    @property
    def url(self) -> str:
        """The folder as it was named."""
        return str(self.root)

    def path(self, name: str) -> Path:
        """Give the path of a file."""
        return self.root / name

    def probe(self, write: bool = True) -> None:
        """Look whether the folder, or the nearest one above that is there, can be written.

        Raises:
            SpecError: it cannot.
        """
        if not write:
            return
        there = next(folder for folder in (self.root.absolute(), *self.root.absolute().parents) if folder.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            why = "permission denied" if there.is_dir() else f"{there} is not a directory"
            raise SpecError(f"cannot write {self.root}: {why}; choose another --out or change its permissions")

    def sizes(self, folder: str) -> dict[str, int]:
        """List the files of a folder with their sizes; none if the folder is not there."""
        found = dict[str, int]()
        with suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.root / folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # renamed or removed meanwhile, by whoever else works here
                    if entry.is_file():
                        found[entry.name] = entry.stat().st_size
        return found

    def read(self, name: str) -> bytes:
        """Read a file."""
        return self.path(name).read_bytes()

    def read_all(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read many files; what cannot be read is left out."""
        for name in names:
            with suppress(OSError):
                yield name, self.read(name)

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a file piece by piece."""
        with open(self.path(name), "rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def writing(self, name: str) -> AbstractContextManager[Hashed]:
        """Write a file that appears only when the block ends well."""
        return writing(self.path(name))

    def remove(self, name: str) -> None:
        """Remove a file; it need not be there."""
        self.path(name).unlink(missing_ok=True)

    def sweep(self, names: Collection[str]) -> None:
        """Remove the half-written files of these names."""
        for folder in {self.path(name).parent for name in names}:
            for partial in folder.glob(f".*{PARTIAL}"):
                whole = (folder / partial.name[1:].rsplit(".", 2)[0]).relative_to(self.root)
                if whole.as_posix() in names:
                    partial.unlink(missing_ok=True)

    def hold(self, part: tuple[int, int]) -> AbstractContextManager[None]:
        """Lock the folder; the system drops the lock with the process."""
        return lock(self.root, part)
