"""Memory for pictures, used again.

The frames of a sample are 100 MB, say. Asked of the system anew for each sample, its pages are zeroed when they are
first touched: 6 % of the time that decoding takes, and several times that for rays. So a block comes back here when the
last array or tensor that looks into it is gone.
"""

import math
import weakref
from collections import deque
from typing import Final

import numpy as np
from jaxtyping import UInt8

#: So many blocks of a size wait for use, at most: pixels and rays of two samples, one still held; and so many bytes.
MOST: Final = 6
MOST_BYTES: Final = 1 << 30

#: Blocks by their size. Every step on them is one that threads and the garbage collector cannot cut in two.
_waiting: dict[int, deque[memoryview]] = {}


def recycled(shape: tuple[int, ...]) -> UInt8[np.ndarray, "..."]:
    """Give an array of bytes with any content, in memory that was used for one of the same size if there is some."""
    size = math.prod(shape)
    try:
        block = _waiting[size].pop()
    except LookupError:
        block = np.empty(size, np.uint8).data
    owner = np.frombuffer(block, np.uint8)  # every view, slice or tensor of it keeps this one object alive
    weakref.finalize(owner, _come_back, block).atexit = False
    return owner.reshape(shape)


def _come_back(block: memoryview) -> None:
    size = len(block)
    if size not in _waiting and len(_waiting) >= MOST:  # shapes that nobody asks for any more
        _waiting.clear()
    _waiting.setdefault(size, deque(maxlen=min(MOST, MOST_BYTES // max(size, 1)))).append(block)
