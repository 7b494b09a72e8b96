"""`camera-motion spec`."""

import sys
from typing import Literal

from camera_motion.builder.commands.terms import GOOD, Folder, Number, SpecName, crew, say


def spec(
    action: Literal["print", "check", "explain", "estimate"],
    name: SpecName = "demo",
    /,
    *,
    clips: Number = None,
    workers: Number = None,
    out: Folder = None,
) -> int:
    """Print, check or explain a spec, or estimate what it takes.

    Example: camera-motion spec print demo > mine.yaml; camera-motion spec estimate mine.yaml

    Args:
        action: What to do.
        clips: Another number of clips.
        workers: For estimate: how many workers; by default every core.
        out: For estimate: a folder where a part of the set is built, whose receipts tell more than any table.
    """
    from camera_motion.builder.estimate import estimate
    from camera_motion.builder.explain import explain
    from camera_motion.builder.run import available_cores
    from camera_motion.builder.specfile import load, text
    from camera_motion.builder.store import Store
    from camera_motion.generator.identity import identity_of

    if action == "print":
        sys.stdout.write(text(name)[1])
        return GOOD
    chosen = load(name, clips=clips)
    match action:
        case "check":
            say(f"{name} is right: {chosen.clips} clips, set {identity_of(chosen)}")
        case "explain":
            say("\n".join(explain(chosen)))
        case _:
            receipts = Store(out).all_receipts(identity_of(chosen)) if out else []
            say("\n".join(estimate(chosen, crew(workers) or available_cores(), receipts).lines()))
    return GOOD
