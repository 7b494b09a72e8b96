"""Where the time of a scene goes: seconds by step, added up over the threads that work on it."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")


class Stopwatch:
    """Adds up how long steps take, from any thread; a step within another is taken out of the outer one."""

    def __init__(self) -> None:
        self._spent_s: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._inner = threading.local()

    @property
    def spent_s(self) -> Mapping[str, float]:
        """Give the seconds of every step so far."""
        with self._lock:
            return dict(self._spent_s)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of a block to the step `name`."""
        before, began = getattr(self._inner, "s", 0.0), perf_counter()
        self._inner.s = 0.0
        try:
            yield
        finally:
            took_s = perf_counter() - began
            with self._lock:
                self._spent_s[name] += took_s - self._inner.s
            self._inner.s = before + took_s

    def each(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Hand on `items`, and add the time that each takes to come to the step `name`."""
        source = iter(items)
        while True:
            with self.step(name):
                try:
                    item = next(source)
                except StopIteration:
                    return
            yield item
