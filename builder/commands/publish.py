"""`camera-motion publish`."""

from typing import Annotated

import tyro

from camera_motion.builder.commands.terms import GOOD, WRONG, Flag, Repo, Set, complain, say

Branch = Annotated[str, tyro.conf.arg(metavar="BRANCH")]
Text = Annotated[str, tyro.conf.arg(metavar="TEXT", help_behavior_hint="")]
Names = Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME [NAME ...]", help_behavior_hint="")]


def publish(
    out: Set,
    repo: Repo,
    /,
    *,
    private: bool = False,
    gated: bool = False,
    revision: Branch = "main",
    tars: Flag = False,
    no_tars: Flag = False,
    replace: bool = False,
    title: Text = "",
    author: Names = (),
    contact: Text = "",
    dry_run: bool = False,
    rehearse: bool = False,
) -> int:
    """Put a set on the Hub, or bring what is there up to date; interrupted, the same command goes on.

    Example: camera-motion publish sets/standard org/camera-motion

    The set is checked first, sent to a branch of its own, read back and compared; then main is switched to it in one
    commit and tagged v1.2.3. The token is the one of `hf auth login`, or HF_TOKEN.

    Args:
        out: The folder of the set.
        repo: The dataset repository; it is made if there is none.
        private: Make it a private repository.
        gated: Let readers in after they have left their name.
        revision: Publish to another branch than main, without a tag.
        tars: Send the WebDataset tars too, beside the Parquet files that hold the same clips; the default.
        no_tars: Leave the tars out: half the bytes, but no WebDataset readers, and no deep validation of a copy.
        replace: Publish also over another set, over files of somebody else, or over changes made on the Hub.
        title: What the card calls the set; kept from the last release unless given, as are the next two.
        author: Who made it, one or more.
        contact: Where people can ask, or ask for a clip to be taken down.
        dry_run: Do all that needs no network, say what would be sent, and send nothing.
        rehearse: Try it with one shard in a private repository, which is read back and deleted.
    """
    from camera_motion.builder.places import open_place

    out = open_place(out).path("")
    from camera_motion.builder.hub import publish as publishing
    from camera_motion.builder.hub.parcel import WrongSet
    from camera_motion.builder.hub.release import words
    from camera_motion.builder.hub.survey import Options
    from camera_motion.schema.base import SpecError

    if dry_run and rehearse:
        raise SpecError("--dry-run and --rehearse are given; the one sends a shard, the other nothing: choose")
    if tars and no_tars:
        raise SpecError("--tars and --no-tars are given; choose one")
    options = Options(private, gated, revision, not no_tars, replace, words(title, contact, author))
    try:
        if dry_run:
            publishing.dry_run(out, repo, options, say)
            say("dry run: nothing was sent, and the Hub was not asked what it has: that is not sent again")
        elif rehearse:
            from camera_motion.builder.hub.rehearse import rehearse as try_out

            try_out(out, repo, options, say)
        else:
            publishing.publish(out, repo, options, say)
    except WrongSet as error:
        complain(str(error))
        return WRONG
    return GOOD
