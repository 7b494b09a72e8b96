"""From a device to the encoders: neither waits for the other, within bounds."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from threading import Lock

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Tensors on their way to the host. The device's side is held until they have arrived."""

    here: tuple[Tensor, ...]
    there: tuple[Tensor, ...] = ()
    arrived: torch.cuda.Event | None = None

    def arrays(self) -> tuple[np.ndarray, ...]:
        """Wait for them. The arrays may be kept: nothing else is written to their memory."""
        if self.arrived is not None:
            self.arrived.synchronize()
        return tuple(tensor.numpy() for tensor in self.here)


class Turns:
    """One batch at a time on a device, whichever threads want one, while those before are copied to the host.

    gsplat waits for a number from the device half way through every batch, with Python's lock held. Behind other
    batches that wait would be long, and every encoder would stand still with it. So a batch is rasterised only when
    the one before is done, and that is waited for with Python's lock free. All batches share one stream's memory, too.
    """

    def __init__(self, device: torch.device) -> None:
        self._lock = Lock()
        self._streams = (_stream(device), _stream(device)) if device.type == "cuda" else None
        self._last: torch.cuda.Event | None = None

    def take(self, make: Callable[[], tuple[Tensor, ...]]) -> Batch:
        """Make a batch when it is its turn, and send it on its way.

        On a CUDA device it goes to page-locked memory, which torch keeps for use again when its arrays are let go.
        """
        with self._lock, torch.no_grad():
            if self._streams is None:
                return Batch(make())
            render, copy = self._streams
            done, arrived = _event(), _event()
            with torch.cuda.stream(render):
                there = make()
                done.record(render)
            self._last = done
            with torch.cuda.stream(copy):
                copy.wait_event(done)
                here = tuple(torch.empty(t.shape, dtype=t.dtype, pin_memory=True) for t in there)
                for to, tensor in zip(here, there, strict=True):
                    to.copy_(tensor, non_blocking=True)
                arrived.record(copy)
            return Batch(here, there, arrived)

    def settle(self) -> None:
        """Wait, in one's turn, until the device is done with the batch before."""
        if self._last is not None:
            self._last.synchronize()


_turns: dict[torch.device, Turns] = {}
_turns_lock = Lock()


def turns(device: torch.device) -> Turns:
    """Return the `Turns` of a device, one for all renderers of this process."""
    with _turns_lock:
        if device not in _turns:
            _turns[device] = Turns(device)
        return _turns[device]


def to_host(batches: Iterable[Batch], ahead: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Hand over each batch's arrays, in order, with `ahead` more batches under way behind it.

    When nothing is pulled, nothing more is rendered.
    """
    under_way: deque[Batch] = deque()
    try:
        for batch in batches:
            under_way.append(batch)
            if len(under_way) > ahead:
                yield under_way.popleft().arrays()
        while under_way:
            yield under_way.popleft().arrays()
    finally:
        for batch in under_way:
            batch.arrays()  # the device may still be at it


def _stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def _event() -> torch.cuda.Event:
    """Make an event for which a thread waits asleep: its core is an encoder's meanwhile."""
    return torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
