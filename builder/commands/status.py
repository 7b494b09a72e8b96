"""`camera-motion status`."""

from camera_motion.builder.commands.terms import GOOD, WRONG, Set, say


def status(out: Set, /) -> int:
    """Tell how far a set is, from its receipts.

    Example: camera-motion status sets/standard

    Args:
        out: The folder of the set.
    """
    from camera_motion.builder.estimate import estimate
    from camera_motion.builder.plan import plan
    from camera_motion.builder.progress import spell_s, summary
    from camera_motion.builder.run import available_cores
    from camera_motion.builder.store import Store
    from camera_motion.schema.receipt import merge

    store = Store(out)
    spec, identity = store.read_spec(), store.read_identity()
    planned = plan(spec)
    receipts = list(store.done({index: planned.name(index) for index in range(len(planned))}, identity).values())
    manifest = merge(receipts)
    say(f"{out}: {manifest.keys} of {spec.clips} clips, {len(receipts)} of {len(planned)} shards (set {identity})")
    for line in summary(manifest) if receipts else []:
        say(f"  {line}")
    if len(receipts) < len(planned):
        share = 1 - len(receipts) / len(planned)
        left_s = estimate(spec, spec.execution.workers or available_cores(), receipts).wall_s * share
        say(f"  about {spell_s(left_s)} left; go on with: camera-motion extend {out} --clips {spec.clips}")
    return GOOD if manifest.keys == spec.clips else WRONG
