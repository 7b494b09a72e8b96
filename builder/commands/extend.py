"""`camera-motion extend`."""

from camera_motion.builder.commands.terms import (
    Address,
    AnySet,
    EngineName,
    Number,
    RendererName,
    Share,
    Slice,
    hands,
    rendered_by,
)


def extend(
    out: AnySet,
    /,
    *,
    clips: int,
    renderer: RendererName = None,
    engine: EngineName = None,
    workers: Number = None,
    cpus: Number = None,
    gpus: Share = None,
    address: Address = None,
    slice: Slice = "0/1",
    verbose: bool = False,
) -> int:
    """Make a set longer; the clips that it has stay as they are.

    Example: camera-motion extend sets/standard --clips 560

    Args:
        out: The folder or the URL of the set.
        clips: How many clips it is to have then; a multiple of its shard_clips.
        renderer: The one that the set was begun with, which is taken anyway; another is refused.
        engine: serial uses threads in one process; processes a worker per core; ray a cluster; auto is no cluster.
        workers: Processes or threads, by default every core; for ray, shards that are handed over at once.
        cpus: The cores that a worker holds, and its threads.
        gpus: The GPUs that a worker holds, such as 1, or 0.25 for four workers on each.
        address: The Ray cluster, such as 10.0.0.1:6379 or auto; by default RAY_ADDRESS, else one that is run here.
        slice: i/n builds every n-th shard from the i-th.
        verbose: Show the tracebacks of shards that fail.
    """
    from pathlib import Path

    from camera_motion.builder.console import build_here
    from camera_motion.builder.specfile import unchanged
    from camera_motion.builder.store import Store
    from camera_motion.schema.parse import parse

    spec = unchanged(parse(Store(out).read_spec().model_dump() | {"clips": clips}, out), Path(out), out)
    spec = rendered_by(spec, renderer, gpus)
    execution = hands(spec, workers, engine=engine, cpus=cpus, gpus=gpus, address=address)
    return build_here(spec, out, slice, execution, verbose)
