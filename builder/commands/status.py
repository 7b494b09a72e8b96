"""`camera-motion status`."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from camera_motion.builder.commands.terms import GOOD, WRONG, AnySet, File, Flag, Price, complain, say

if TYPE_CHECKING:
    from camera_motion.cards.status import Progress

#: Rows of a list that the terminal shows; --html and --json show more.
MOST = 10


def status(
    out: AnySet,
    /,
    *,
    watch: Flag = False,
    every: float = 10.0,
    html: File = None,
    json: Flag = False,
    cpu_price: Price = None,
    gpu_price: Price = None,
) -> int:
    """Tell how far a set is, from its receipts, wherever it is made and by whatever engine.

    Example: camera-motion status s3://bucket/sets/mine --watch --html status.html

    Args:
        out: The folder or URL of the set.
        watch: Look again until every shard is done.
        every: For --watch: after how many seconds.
        html: Also write a page to this file, with the progress over time and all that failed.
        json: Tell all as JSON, for scripts; with --watch a line each time.
        cpu_price: What a core costs for an hour, for the cost of the shards.
        gpu_price: What a GPU costs for an hour.
    """
    from camera_motion.builder.places import PlaceUnavailable, open_place
    from camera_motion.builder.status import Survey
    from camera_motion.builder.store import SPEC, Store
    from camera_motion.schema.base import SpecError

    if not 1 <= every <= 86400:
        raise SpecError(f"--every is {every:g}; it must be from 1 to 86400 seconds")
    if html:
        open_place(html).path("")  # a URL is no file of this machine
    prices = None if cpu_price is None and gpu_price is None else (cpu_price or 0.0, gpu_price or 0.0)
    store = Store(out)
    survey = Survey(store, prices)
    with suppress(KeyboardInterrupt), _screen(watch, json) as show:  # Ctrl-C is how one stops watching
        while watch and SPEC not in store.place.sizes(""):
            complain(f"{out} holds no set yet; looking again in {every:g} s")
            time.sleep(every)
        while True:
            try:
                progress = survey.look()
            except PlaceUnavailable as error:
                if not watch:
                    raise
                complain(f"{error}; trying again in {every:g} s")
            else:
                show(progress)
                if html:
                    _write_page(html, progress, every if watch and not progress.over else None)
                if progress.over or not watch:
                    return GOOD if progress.complete else WRONG
            time.sleep(every)
    return WRONG


def lines(progress: "Progress") -> Iterator[str]:
    """Put it into lines for the terminal, the most important ones first."""
    from camera_motion.cards.spelling import spell_bytes, spell_money, spell_rate, spell_s

    p, counts = progress, progress.counts()
    yield (
        f"{p.url}: {p.done_clips} of {p.clips} clips, {p.done_shards} of {p.shards} shards (set {p.identity})"
        + (", complete" if p.complete else "")
    )
    if p.done_shards < p.shards:
        yield "  shards: " + ", ".join(f"{n} {kind}" for kind, (n, _) in counts.items() if n)
    if p.running:
        left = f"; about {spell_s(p.left_s)} left" if p.left_s is not None else ""
        rates = f"{spell_rate(p.rate)} now, {spell_rate(p.rate_overall)} overall" if p.rate else "nothing done yet"
        yield f"  {rates}{left}"
    elif p.left_s is not None:
        yield f"  no shard is being made; about {spell_s(p.left_s)} left; go on with: {p.again}"
    if p.done_shards:
        whole = f" of about {spell_bytes(p.expected_bytes)}" if p.done_shards < p.shards else ""
        held = f"{p.cpu_h:.3g} core-hours" + (f" and {p.gpu_h:.3g} GPU-hours" if p.gpu_h else "")
        yield (
            f"  {spell_bytes(p.tar_bytes)}{whole}, {spell_s(p.video_s)} of video; {held} held by workers, "
            f"at most {spell_bytes(p.peak_bytes)} of memory a process"
        )
    if p.spent is not None:
        to_come = f", about {spell_money(p.to_come)} to come" if p.to_come else ""
        yield f"  cost of finished shards: {spell_money(p.spent)}{to_come}"
    for machine in p.machines:
        rate = spell_rate(machine.clips / machine.worker_s) if machine.worker_s else "no time known"
        yield f"  on {machine.device or 'unknown'} ({machine.name}): {machine.clips} clips, {rate} a worker"
    if p.rejections:
        reasons = ", ".join(f"{n} for {why.replace('#', '…')}" for why, n in list(p.rejections.items())[:5])
        yield f"  {sum(p.rejections.values())} of {p.candidates} candidates rejected: {reasons}"
    yield from _cut([f"  missing {key}: {reason}" for key, reason in p.missing.items()])
    yield from _cut(
        [f"  silent {w.name}: begun {spell_s(p.at - w.started_at)} ago, its worker most likely died" for w in p.silent]
    )
    yield from _cut([f"  failed {shard.name}: {shard.reason}\n    {shard.command}" for shard in p.failed])


def _cut(rows: list[str]) -> Iterator[str]:
    yield from rows[:MOST]
    if len(rows) > MOST:
        yield f"  and {len(rows) - MOST} more; --html and --json tell them all"


@contextmanager
def _screen(watch: bool, json: bool) -> Iterator[Callable[["Progress"], None]]:
    """Give what shows the set at a moment: on a terminal that is watched, in place of what it showed before."""
    if json:
        yield _say_json
    elif not watch:
        yield lambda progress: _say_all(list(lines(progress)))
    elif not sys.stdout.isatty():
        yield _say_changes()
    else:
        from rich.console import Console
        from rich.live import Live

        with Live(console=Console(highlight=False), auto_refresh=False) as live:
            yield lambda progress: live.update(picture(progress), refresh=True)


def _say_changes() -> Callable[["Progress"], None]:
    """Give what tells all whenever a shard is done, fails or falls silent: for logs."""
    seen: list[object] = []

    def tell(progress: "Progress") -> None:
        state = progress.done_shards, progress.failed, progress.silent
        if state not in seen:
            seen[:] = [state]
            _say_all(list(lines(progress)))

    return tell


def _say_all(told: list[str]) -> None:
    say("\n".join(told))
    sys.stdout.flush()


def picture(progress: "Progress") -> Any:
    """Draw it for a terminal: the lines, with a bar under the first."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    first, *rest = lines(progress)
    rows = [
        Text(line, style="red" if line.lstrip().startswith(("failed", "silent", "missing")) else "") for line in rest
    ]
    bar = Padding(ProgressBar(progress.clips, progress.done_clips), 0)  # which ends its line: a bar alone does not
    return Group(Text(first, style="bold"), bar, *rows)


def _say_json(progress: "Progress") -> None:
    import json

    from camera_motion.builder.status import as_json

    _say_all([json.dumps(as_json(progress))])


def _write_page(path: Path, progress: "Progress", every_s: float | None) -> None:
    from camera_motion.builder.places.disk import writing
    from camera_motion.cards.status import page

    with writing(path) as file:
        file.write(page(progress, every_s).encode())
