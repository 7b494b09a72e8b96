"""What a person sees of a set: a bar while it is built, and in words what it came to."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from camera_motion.builder.engines import Failure
from camera_motion.cards.spelling import spell_bytes as spell_bytes
from camera_motion.cards.spelling import spell_s as spell_s
from camera_motion.schema.receipt import Manifest, Receipt


class Bar:
    """Follows a build on `console`: a bar on a terminal, elsewhere a line for every shard."""

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("clips"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(title, total=None)
        self._asked, self._there, self._began = 0, 0, time.monotonic()
        self._heard = set[str]()

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def begin(self, clips: int, receipts: list[Receipt]) -> None:
        """Start from what is there."""
        self._asked, self._there = clips, sum(len(receipt.keys) for receipt in receipts)
        self._began = time.monotonic()
        self._progress.update(self._task, total=clips, completed=self._there)
        if receipts:
            self._console.print(
                f"{self._title}: {self._there} of {clips} clips are there already", highlight=False, soft_wrap=True
            )
        elif not self._console.is_terminal:
            first = "the first ones take a while, and a new installation compiles for half a minute before"
            self._console.print(f"{self._title}: {clips} clips; {first}", highlight=False, soft_wrap=True)

    def clip(self, key: str) -> None:
        """Count a clip, once: a shard may be begun again."""
        self._count({key} - self._heard)
        self._heard.add(key)

    def shard(self, receipt: Receipt) -> None:
        """Count those of a shard's clips that nobody told of, and name it where there is no bar."""
        keys = set(receipt.keys)
        self._count(keys - self._heard)
        self._heard -= keys
        if not self._console.is_terminal:
            seconds = time.monotonic() - self._began
            line = f"{receipt.name}: {len(receipt.keys)} clips, {len(receipt.rejections)} candidates rejected"
            self._console.print(
                f"{line}; {self._there} of {self._asked} after {spell_s(seconds)}", highlight=False, soft_wrap=True
            )

    def _count(self, keys: set[str]) -> None:
        self._there += len(keys)
        self._progress.update(self._task, completed=self._there)

    def failed(self, name: str, failure: Failure) -> None:
        """Say at once that a shard could not be made."""
        self._console.print(f"{name}: {failure.reason}", style="red", highlight=False, markup=False)


@contextmanager
def shard_bar(title: str, unit: str = "shards") -> Iterator[Callable[[int, int], None]]:
    """Show a bar of shards, or of something else that is counted, on a terminal, and nothing elsewhere."""
    with _bar(title, MofNCompleteColumn(), TextColumn(unit)) as tell:
        yield tell


@contextmanager
def byte_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar of bytes and their rate on a terminal, and nothing elsewhere."""
    with _bar(title, DownloadColumn(), TransferSpeedColumn()) as tell:
        yield tell


@contextmanager
def _bar(title: str, *counting: ProgressColumn) -> Iterator[Callable[[int, int], None]]:
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), *counting
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=None, visible=False)
        yield lambda done, total: bar.update(task, completed=done, total=total, visible=True)


def summary(manifest: Manifest) -> list[str]:
    """Put a set into a few lines."""
    stats = manifest.statistics
    rejected = sum(manifest.rejections.values())
    lines = [
        f"{manifest.keys} clips in {manifest.shards} shards, {spell_s(stats.seconds)} of video, "
        f"{spell_bytes(manifest.tar_bytes)}; {spell_s(manifest.work_s)} of work, "
        f"at most {spell_bytes(manifest.peak_bytes)} of memory a process"
    ]
    if rejected:
        ranked = sorted(manifest.rejections.items(), key=lambda item: -item[1])
        reasons = ", ".join(f"{count} for {reason.replace('#', '…')}" for reason, count in ranked[:5])
        lines.append(f"{rejected} of {manifest.candidates} candidates rejected: {reasons}")
    lines += [f"missing {key}: {reason}" for key, reason in list(manifest.missing.items())[:20]]
    return lines
