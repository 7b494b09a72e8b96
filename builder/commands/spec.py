"""`camera-motion spec`."""

import sys
from typing import Literal

from camera_motion.builder.commands.terms import GOOD, Number, Price, SpecName, Where, crew, say


def spec(
    action: Literal["print", "check", "explain", "estimate"],
    name: SpecName = "demo",
    /,
    *,
    clips: Number = None,
    workers: Number = None,
    out: Where = None,
    cpu_price: Price = None,
    gpu_price: Price = None,
) -> int:
    """Print, check or explain a spec, or estimate what it takes.

    Example: camera-motion spec print demo > mine.yaml; camera-motion spec estimate mine.yaml --workers 32

    Args:
        action: What to do.
        clips: Another number of clips.
        workers: For estimate: how many workers; by default every core.
        out: For estimate: where a part of the set is built, a folder or URL; its receipts tell more than any table.
        cpu_price: For estimate: what an hour of one core costs.
        gpu_price: For estimate: what an hour of one GPU costs.
    """
    from camera_motion.builder.engines.choose import available_cores
    from camera_motion.builder.estimate import check_price, estimate, receipts_of
    from camera_motion.builder.explain import explain
    from camera_motion.builder.specfile import load, text
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
            hands = crew(workers) or available_cores()
            for option, price in (("--cpu-price", cpu_price), ("--gpu-price", gpu_price)):
                check_price(option, price or 0.0)
            receipts = receipts_of(chosen, out) if out else []
            say("\n".join(estimate(chosen, hands, receipts).lines(cpu_price, gpu_price)))
    return GOOD
