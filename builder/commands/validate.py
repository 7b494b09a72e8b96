"""`camera-motion validate`."""

from camera_motion.builder.commands.terms import GOOD, WRONG, AnySet, Number, complain, crew, say


def validate(out: AnySet, /, *, deep: bool = False, workers: Number = None) -> int:
    """Check that a set is whole and right.

    Example: camera-motion validate sets/standard --deep

    Args:
        out: The folder of the set, or its URL; --deep needs a folder.
        deep: Also hash every tar, decode every clip, and check its annotation against its pixels once more.
        workers: Processes for --deep; by default every core.
    """
    from camera_motion.builder.engines.choose import available_cores
    from camera_motion.builder.progress import shard_bar
    from camera_motion.builder.validate import validate as check

    with shard_bar("checking") as tell:
        report = check(out, deep=deep, workers=crew(workers) or available_cores(), tell=tell)
    for problem in report.problems:
        complain(problem)
    kind = "deep" if deep else "shallow"
    count = len(report.problems)
    verdict = "right" if report.right else f"{count} problem{'s' if count > 1 else ''}"
    say(f"{out}: {report.clips} clips in {report.shards} shards, {kind}: {verdict}")
    return GOOD if report.right else WRONG
