"""`camera-motion extend`."""

from camera_motion.builder.commands.terms import EngineName, Number, Set, Slice, crew


def extend(
    out: Set,
    /,
    *,
    clips: int,
    engine: EngineName = None,
    workers: Number = None,
    slice: Slice = "0/1",
    verbose: bool = False,
) -> int:
    """Make a set longer; the clips that it has stay as they are.

    Example: camera-motion extend sets/standard --clips 560

    Args:
        out: The folder of the set.
        clips: How many clips it is to have then; a multiple of its shard_clips.
        engine: serial, processes or auto.
        workers: Processes or threads; by default every core.
        slice: i/n builds every n-th shard from the i-th.
        verbose: Show the tracebacks of shards that fail.
    """
    from camera_motion.builder.console import build_here
    from camera_motion.builder.specfile import unchanged
    from camera_motion.builder.store import Store
    from camera_motion.schema.parse import parse

    spec = unchanged(parse(Store(out).read_spec().model_dump() | {"clips": clips}, str(out)), out, str(out))
    return build_here(spec, out, slice, engine, crew(workers), verbose)
