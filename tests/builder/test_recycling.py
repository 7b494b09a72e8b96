import gc

import numpy as np
import pytest
import torch

from camera_motion.builder.torch import recycling
from camera_motion.builder.torch.recycling import MOST, recycled


def address(array: np.ndarray) -> int:
    return int(array.__array_interface__["data"][0])


def test_memory_is_used_again_when_nothing_looks_into_it() -> None:
    first = recycled((3, 40, 50))
    place = address(first)
    again = recycled((3, 40, 50))
    assert address(again) != place
    del first
    assert address(recycled((40, 150))) == place  # of the same size, whatever the shape
    assert address(recycled((3, 40, 51))) != place


def test_memory_is_not_used_again_while_a_slice_or_a_tensor_looks_into_it() -> None:
    for look in (lambda a: a[1], lambda a: a[1].T[::2], torch.from_numpy, lambda a: torch.from_numpy(a)[1, 2:]):
        array = recycled((2, 30, 30))
        array[:] = 7
        kept = look(array)
        del array
        gc.collect()
        for _ in range(3):
            recycled((2, 30, 30))[:] = 9
        assert bool((kept == 7).all())


def test_few_blocks_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [recycled((k, 10)) for k in range(1, 20)]
    del held
    assert len(recycling._waiting) <= MOST
    monkeypatch.setattr(recycling, "MOST_BYTES", 50)
    held = [recycled((21,)) for _ in range(3)]
    del held
    assert len(recycling._waiting[21]) == 2
    recycled((61,))
    assert not recycling._waiting[61]
