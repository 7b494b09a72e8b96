"""`camera-motion doctor`."""

from typing import Annotated

import tyro

from camera_motion.builder.commands.terms import GOOD, WRONG, say


def doctor(*, out: Annotated[str, tyro.conf.arg(metavar="FOLDER|URL")] = ".") -> int:
    """Look at this machine: what is there, what is missing, and for what.

    Example: camera-motion doctor

    Args:
        out: Where sets will be written: a folder, whose free space is looked at, or a URL such as s3://bucket/name.
    """
    from camera_motion.builder.doctor import findings

    broken = 0
    for finding in findings(out):
        mark = "ok" if finding.good else ("MISSING" if finding.needed else "-")
        broken += finding.needed and not finding.good
        say(f"{mark:>8}  {finding.name:<24} {finding.says}")
    return WRONG if broken else GOOD
