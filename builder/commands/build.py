"""`camera-motion build`."""

from pathlib import Path

from camera_motion.builder.commands.terms import EngineName, Folder, Number, Slice, SpecName, crew


def build(
    spec: SpecName = "demo",
    /,
    *,
    out: Folder = None,
    clips: Number = None,
    seed: Number = None,
    engine: EngineName = None,
    workers: Number = None,
    slice: Slice = "0/1",
    verbose: bool = False,
) -> int:
    """Build a set, or go on with one that was interrupted.

    Example: camera-motion build standard --out sets/standard --workers 8

    Args:
        out: The folder of the set; by default the spec's, else its name.
        clips: How many clips, instead of the spec's number; a multiple of its shard_clips.
        seed: Another seed, and so another set.
        engine: serial uses threads in one process; processes a worker per core; auto chooses.
        workers: Processes or threads; by default every core.
        slice: i/n builds every n-th shard from the i-th, for n machines with one folder or n to be joined.
        verbose: Show the tracebacks of shards that fail.
    """
    from camera_motion.builder.console import build_here
    from camera_motion.builder.specfile import load

    chosen = load(spec, clips=clips, seed=seed)
    root = out or Path(chosen.execution.output or chosen.name)
    return build_here(chosen, root, slice, engine, crew(workers), verbose)
