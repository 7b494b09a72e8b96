"""Memory for pictures, used again.

The frames of a sample are 100 MB, say. Asked of the system anew for each sample, its pages are zeroed when they are
first touched: 6 % of the time that decoding takes, and several times that for rays. So a block comes back here when the
last array or tensor that looks into it is gone.
"""

import math
import weakref
from typing import Final

import numpy as np
from jaxtyping import UInt8

#: So many blocks of so many bytes in all wait for use, at most: pixels and rays of two samples, one still held.
MOST: Final = 6
MOST_BYTES: Final = 1 << 30

_waiting: list[memoryview] = []


def recycled(shape: tuple[int, ...]) -> UInt8[np.ndarray, "..."]:
    """Give an array of bytes with any content, in memory that was used for one of the same size if there is some."""
    size = math.prod(shape)
    at = next((i for i, block in enumerate(_waiting) if len(block) == size), None)
    block = np.empty(size, np.uint8).data if at is None else _waiting.pop(at)
    owner = np.frombuffer(block, np.uint8)  # every view, slice or tensor of it keeps this one object alive
    weakref.finalize(owner, _come_back, block).atexit = False
    return owner.reshape(shape)


def _come_back(block: memoryview) -> None:
    _waiting.append(block)
    while len(_waiting) > MOST or sum(map(len, _waiting)) > MOST_BYTES:
        del _waiting[0]
