"""`camera-motion build`."""

from camera_motion.builder.commands.terms import (
    Address,
    EngineName,
    Number,
    RendererName,
    Share,
    Slice,
    SpecName,
    Where,
    hands,
    rendered_by,
)


def build(
    spec: SpecName = "demo",
    /,
    *,
    out: Where = None,
    clips: Number = None,
    seed: Number = None,
    renderer: RendererName = None,
    engine: EngineName = None,
    workers: Number = None,
    cpus: Number = None,
    gpus: Share = None,
    address: Address = None,
    slice: Slice = "0/1",
    verbose: bool = False,
) -> int:
    """Build a set, or go on with one that was interrupted.

    Example: camera-motion build standard --out sets/standard --workers 8

    Args:
        out: The folder of the set, or a URL such as s3://bucket/name; by default the spec's, else its name.
        clips: How many clips, instead of the spec's number; a multiple of its shard_clips.
        seed: Another seed, and so another set.
        renderer: cpu, or cuda for a GPU; auto is the one that a set was begun with, else cuda where it can be used.
        engine: serial uses threads in one process; processes a worker per core; ray a cluster; auto is no cluster.
        workers: Processes or threads, by default every core; for ray, shards that are handed over at once.
        cpus: The cores that a worker holds, and its threads.
        gpus: The GPUs that a worker holds, such as 1, or 0.25 for four workers on each.
        address: The Ray cluster, such as 10.0.0.1:6379 or auto; by default RAY_ADDRESS, else one that is run here.
        slice: i/n builds every n-th shard from the i-th, for n machines with one folder or n to be joined.
        verbose: Show the tracebacks of shards that fail.
    """
    from camera_motion.builder.console import build_here
    from camera_motion.builder.specfile import load

    chosen = rendered_by(load(spec, clips=clips, seed=seed), renderer, gpus)
    execution = hands(chosen, workers, engine=engine, cpus=cpus, gpus=gpus, address=address)
    return build_here(chosen, out or chosen.execution.output or chosen.name, slice, execution, verbose)
