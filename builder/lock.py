"""Whose turn it is in a folder: a lock that the system drops with the process that held it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from camera_motion.builder.places.disk import one_line
from camera_motion.schema.base import SpecError


@contextmanager
def lock(root: Path, part: tuple[int, int] = (0, 1)) -> Iterator[None]:
    """Hold a folder for a build. Different slices may build side by side, a whole build only alone.

    Where the system has no file locks (Windows) there is none: shards appear whole, so two builds in one folder waste
    work and harm nothing.

    Raises:
        SpecError: another build is at work here.
    """
    try:
        import fcntl
    except ImportError:
        yield
        return
    index, count = part
    with ExitStack() as stack:
        with one_line(root):
            root.mkdir(parents=True, exist_ok=True)
            wanted = [(".lock", fcntl.LOCK_EX if count == 1 else fcntl.LOCK_SH)]
            if count > 1:
                wanted.append((f".lock-{index}-{count}", fcntl.LOCK_EX))
            files = [(stack.enter_context(open(root / name, "ab", opener=_no_link)), kind) for name, kind in wanted]
        try:
            for file, kind in files:
                fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SpecError(f"another build is at work in {root}; wait for it, or choose another --out") from None
        yield


def _no_link(path: str, flags: int) -> int:
    """Open a file that is no link: in a stranger's set that would make a file somewhere else."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)
