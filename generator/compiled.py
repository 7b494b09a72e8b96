"""Compiled kernels that outlive their source.

Numba keeps a compiled kernel beside its source and compiles it again when that file changes, but not when another
file's kernel that was compiled into it does: an edit or an update would leave old arithmetic in some of them.
"""

from contextlib import suppress
from pathlib import Path

_MARK = b"njit"


def forget_outdated(package: Path) -> int:
    """Remove the indices of compiled kernels below `package` that are older than any file with kernels; count them.

    Numba then compiles those again. Nothing is read unless some source is newer than some index.
    """
    written: dict[Path, float] = {}
    for index in package.rglob("__pycache__/*.nbi"):
        with suppress(OSError):  # another process removes it too
            written[index] = index.stat().st_mtime
    oldest = min(written.values(), default=float("inf"))
    newer = ((path, path.stat().st_mtime) for path in package.rglob("*.py"))
    newest = max((at for path, at in newer if at > oldest and _MARK in path.read_bytes()), default=0.0)
    outdated = [index for index, at in written.items() if at < newest]
    for index in outdated:
        with suppress(OSError):  # a folder that cannot be written: Numba keeps its files elsewhere then
            index.unlink()
    return len(outdated)
