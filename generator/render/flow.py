"""From a device to the encoders: neither waits for the other, within bounds."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """What was rendered together. `done` comes when a CUDA device has it."""

    tensors: tuple[Tensor, ...]
    done: torch.cuda.Event | None


class Turns:
    """One batch at a time on a device's render stream, whichever thread wants one.

    gsplat waits for a number from the device half way through every batch, with Python's lock held. Behind other
    batches that wait would be long, and every encoder would stand still with it. So a batch is rasterised only when
    the one before is done, and that is waited for with Python's lock free. All batches share one stream's memory, too.
    """

    def __init__(self, device: torch.device) -> None:
        self._lock = Lock()
        self._stream = _stream(device) if device.type == "cuda" else None
        self._last: torch.cuda.Event | None = None

    @contextmanager
    def take(self) -> Iterator[torch.cuda.Event | None]:
        """Wait for the turn. What is launched inside goes to the render stream; the event comes when that is done."""
        with self._lock, torch.no_grad():
            if self._stream is None:
                yield None
                return
            done = _event()
            with torch.cuda.stream(self._stream):
                yield done
                done.record(self._stream)
            self._last = done

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
    """Hand over each batch's tensors as arrays, in order, with `ahead` more batches under way behind it.

    From a CUDA device they are copied to page-locked memory on a stream of this call's own while the next batches are
    rendered. torch keeps such memory and uses it again once the arrays are let go: they may be kept, and do not change.
    When nothing is pulled, nothing more is rendered.
    """
    under_way: deque[_Copy] = deque()
    stream: torch.cuda.Stream | None = None
    try:
        for batch in batches:
            if batch.done is not None and stream is None:
                stream = _stream(batch.tensors[0].device)
            under_way.append(_Copy(batch, stream))
            if len(under_way) > ahead:
                yield under_way.popleft().arrays()
        while under_way:
            yield under_way.popleft().arrays()
    finally:
        for copy in under_way:
            copy.arrays()  # the device may still be writing


class _Copy:
    """A batch on its way to the host. The device's side is held until it has arrived."""

    def __init__(self, batch: Batch, stream: torch.cuda.Stream | None) -> None:
        self._batch = batch
        self._here = batch.tensors
        self._arrived: torch.cuda.Event | None = None
        if batch.done is not None and stream is not None:
            with torch.cuda.stream(stream):
                stream.wait_event(batch.done)
                self._here = tuple(torch.empty(t.shape, dtype=t.dtype, pin_memory=True) for t in batch.tensors)
                for here, there in zip(self._here, batch.tensors, strict=True):
                    here.copy_(there, non_blocking=True)
                self._arrived = _event()
                self._arrived.record(stream)

    def arrays(self) -> tuple[np.ndarray, ...]:
        if self._arrived is not None:
            self._arrived.synchronize()
        return tuple(tensor.numpy() for tensor in self._here)


def _stream(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


def _event() -> torch.cuda.Event:
    """Make an event for which a thread waits asleep: its core is an encoder's meanwhile."""
    return torch.cuda.Event(blocking=True)  # type: ignore[no-untyped-call]
