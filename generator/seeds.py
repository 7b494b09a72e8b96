"""Random streams named by purpose, so that one more tree does not move the paving."""

import zlib

import numpy as np


def stream(seed: int, *purpose: int | str) -> np.random.Generator:
    """Give the generator of (`seed`, purpose...): the same everywhere, independent of every other purpose."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=tuple(_word(p) for p in purpose)))


def _word(part: int | str) -> int:
    return zlib.crc32(part.encode()) if isinstance(part, str) else int(part)
