"""A build at the terminal: the bar, the summary, what went wrong, and how to load what came out."""

import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from camera_motion.builder.commands.terms import complain, say
from camera_motion.builder.places import open_place
from camera_motion.builder.progress import Bar, summary
from camera_motion.builder.run import WHOLE, build
from camera_motion.builder.validate import validate
from camera_motion.schema.base import SpecError
from camera_motion.schema.spec import Execution, Spec


def build_here(spec: Spec, root: str, slice: str, execution: Execution, verbose: bool) -> int:
    """Build, or go on building, and tell; give the exit code: 0 only if the set is complete and valid.

    Raises:
        SpecError: what `builder.run.build` refuses, or a slice that is none.
    """
    part = slice_of(slice)
    open_place(root).probe(write=False)  # what is wrong with it is said at once
    from camera_motion.generator.clip import film  # compiles and loads most of the package

    with _ended_as_by_ctrl_c(), Bar(Console(stderr=True), spec.name) as bar:
        built = build(spec, root, film, watcher=bar, part=part, execution=execution)
    if not built.clips:
        say(f"Slice {slice} has no shard: the set has {spec.clips // spec.shard_clips}.")
        return 0
    for name, failure in built.failures.items() if verbose else ():
        sys.stderr.write(f"camera-motion: {name}:\n{failure.detail}\n")
    for line in summary(built.manifest):
        say(line)
    if not built.complete:
        todo = "run again to try the failed shards once more, with --verbose to see where they fail"
        if not built.failures:
            todo = "no candidate of the missing ones passed, nor will it next time: see their reasons"
        complain(f"{root} is not complete: {built.manifest.keys} of {built.clips} clips; {todo}")
        return 1
    problems = validate(root).problems if part == WHOLE else []
    for problem in problems:
        complain(problem)
    if part != WHOLE:
        say(f"Slice {slice} is done. When all {part[1]} are, in one folder: camera-motion validate {root}")
    elif not problems:
        say(how_to_load(root, built.manifest.statistics.counts.get("split", {})))
    return 1 if problems else 0


@contextmanager
def _ended_as_by_ctrl_c() -> Iterator[None]:
    """Have SIGTERM, the notice that a machine is taken away, end the block in order, as an interrupt does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before or signal.SIG_DFL)


def how_to_load(root: str | Path, splits: dict[str, int]) -> str:
    """Say where a set is and how its rows are had."""
    if "://" in str(root):
        return f"The set is in {root}. To have it in a folder: camera-motion fetch {root} FOLDER"
    split = "train" if "train" in splits else next(iter(splits), "train")
    return (
        f"The set is in {root}. To load it:\n"
        f"  from camera_motion import CameraMotion\n"
        f'  rows = CameraMotion.stream("{root}", split="{split}")'
    )


def slice_of(text: str) -> tuple[int, int]:
    """Read a slice, such as `0/4`.

    Raises:
        SpecError: it is not i/n with 0 <= i < n.
    """
    index, _, count = text.partition("/")
    if not re.fullmatch(r"[0-9]{1,9}/[0-9]{1,9}", text) or int(index) >= int(count):
        raise SpecError(f"--slice is {text!r}; it must be i/n with 0 <= i < n, such as 0/4")
    return int(index), int(count)
