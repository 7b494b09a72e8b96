"""Work on all cores: independent pieces, cut the same whatever the number of threads, so that the bytes are the same.

Kernels release the interpreter's lock, as NumPy, SciPy and Embree do on long arrays, so threads suffice. Compiled loops
are not parallel inside: their barriers stall when another process wants a core, and pieces need none.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_Piece = TypeVar("_Piece")
_Result = TypeVar("_Result")

#: The most rows of a piece: some milliseconds of work on arrays that stay in a core's cache.
SPAN = 32_768


class Cores:
    """A pool of `threads` threads; one works in the caller's. Leave it with `with`. A piece must not start others."""

    def __init__(self, threads: int = 1) -> None:
        self.threads = max(1, threads)
        self._pool = ThreadPoolExecutor(self.threads, "scene") if self.threads > 1 else None

    def __enter__(self) -> "Cores":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def each(self, work: Callable[[_Piece], _Result], pieces: Sequence[_Piece]) -> list[_Result]:
        """Return what `work` makes of every piece, in their order."""
        return list(self._pool.map(work, pieces)) if self._pool else [work(piece) for piece in pieces]

    def spans(self, work: Callable[[slice], _Result], count: int, most: int = SPAN) -> list[_Result]:
        """Call `work` with slices of at most `most` that together cover range(`count`)."""
        return self.each(work, spans(0, count, most))


def spans(start: int, stop: int, most: int = SPAN) -> list[slice]:
    """Cut start..stop into slices of at most `most`."""
    return [slice(at, min(at + most, stop)) for at in range(start, stop, most)]
