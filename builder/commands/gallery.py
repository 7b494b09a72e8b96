"""`camera-motion gallery`."""

from typing import Annotated, Literal

import tyro

from camera_motion.builder.commands.terms import GOOD, Folder, Set, say

Split = Annotated[Literal["train", "test"] | None, tyro.conf.arg(metavar="{train,test}", help_behavior_hint="")]


def gallery(out: Set, /, *, to: Folder = None, clips: int = 1000, split: Split = None) -> int:
    """Make a page that shows a set: clips playing, captions, motions on a timeline, the cameras' paths.

    Example: camera-motion gallery sets/standard --clips 200

    Args:
        out: The folder of the set.
        to: The folder of the page; by default gallery in the folder of the set.
        clips: The most clips to show; the first ones of a larger set.
        split: Show only this split.
    """
    from camera_motion.builder.places import open_place

    out = open_place(out).path("")
    from camera_motion.builder.gallery import gallery as make
    from camera_motion.builder.progress import shard_bar, spell_bytes

    with shard_bar("copying clips") as tell:
        made = make(out, to, clips, split, tell)
    cut = f" of {made.total} (--clips {made.total} shows all)" if made.total and made.total > made.clips else ""
    say(f"wrote {made.page}: {made.clips} clips{cut}, {spell_bytes(made.size_bytes)}; open it in a browser")
    if made.converted:
        say(f"{made.converted} of them as H.264 copies: browsers cannot play what the set holds")
    return GOOD
