"""`camera-motion card`."""

from typing import Annotated

import tyro

from camera_motion.builder.commands.terms import GOOD, Set, say

Repository = Annotated[str, tyro.conf.arg(metavar="ORG/NAME", help_behavior_hint="")]
Text = Annotated[str, tyro.conf.arg(metavar="TEXT", help_behavior_hint="")]
Names = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME [NAME ...]", help_behavior_hint="")]


def card(
    out: Set,
    /,
    *,
    repo: Repository = "",
    version: Text = "",
    contact: Text = "",
    author: Names = (),
    title: Text = "",
) -> int:
    """Write the dataset card of a finished set: README.md, CITATION.cff and figures.

    It needs the set's Parquet view (camera-motion parquet). With the card, load_dataset reads the folder too.

    Example: camera-motion card sets/standard --repo org/camera-motion

    Args:
        out: The folder of the set.
        repo: The repository on the Hub that the set is to be published as.
        version: The set's version, like 1.0.0; by default the spec's.
        contact: Where people write to; by default the repository's discussions.
        author: Who made the set, as it is to be cited, one or more; by default the repository's owner.
        title: The set's title.
    """
    from camera_motion.builder.places import open_place

    out = open_place(out).path("")
    from camera_motion.builder.describe import write_card

    path = write_card(out, repo, version or None, contact=contact, authors=author, title=title)
    say(f"wrote {path}, CITATION.cff and {len(list((out / 'figures').glob('*.png')))} figures")
    return GOOD
