"""How a file comes into being on a disk.

A file appears under its name complete or not at all: it is written beside its place, flushed to the disk, renamed,
and the folder flushed. What a killed build leaves is a `*.partial` file that the next one removes.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from camera_motion.builder.places import Hashed
from camera_motion.schema.base import SpecError

PARTIAL = ".partial"


@contextmanager
def writing(path: Path) -> Iterator[Hashed]:
    """Write a file that appears at `path` only when the block ends well.

    Raises:
        SpecError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    if path.exists() and not path.is_file():
        raise SpecError(f"cannot write {path}: it is there already and not a file; choose another name")
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    with one_line(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(partial, "xb") as file:
                yield Hashed(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
            _flush_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise


@contextmanager
def one_line(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into a `SpecError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            todo = "free some space and run again: finished shards are kept"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT):
            todo = "choose another --out or change its permissions"
        else:
            todo = "check the disk and run again: finished shards are kept"
        raise SpecError(f"cannot write {path}: {(error.strerror or str(error)).lower()}; {todo}") from error


def own(root: Path, name: str) -> Path:
    """Give a folder of a set whose files a command writes and removes.

    Raises:
        SpecError: it is a link, which may lead anywhere: a set can be a stranger's.
    """
    folder = root / name
    if folder.is_symlink():
        raise SpecError(f"{folder} is a link to another place, where nothing is written; put a folder there instead")
    return folder


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
