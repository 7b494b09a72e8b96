"""`camera-motion fetch`."""

from pathlib import Path
from typing import Annotated

import tyro

from camera_motion.builder.commands.terms import GOOD, WRONG, complain, say


def fetch(
    url: Annotated[str, tyro.conf.arg(metavar="URL")],
    folder: Annotated[Path, tyro.conf.arg(metavar="FOLDER")],
    /,
) -> int:
    """Bring a set from a store into a folder; what is there already stays, and every tar is checked.

    Example: camera-motion fetch s3://bucket/standard sets/standard

    Args:
        url: Where the set was built, such as s3://bucket/name.
        folder: Where to put it.
    """
    from camera_motion.builder.console import how_to_load
    from camera_motion.builder.fetch import fetch
    from camera_motion.builder.progress import byte_bar, spell_bytes
    from camera_motion.schema.receipt import merge

    with byte_bar(url) as tell:
        fetched = fetch(url, folder, tell)
    for problem in fetched.problems:
        complain(problem)
    manifest = merge(fetched.receipts)
    say(
        f"{manifest.keys} of {fetched.clips} clips in {manifest.shards} of {fetched.shards} shards, "
        f"{spell_bytes(manifest.tar_bytes)}; {fetched.brought} shards were brought now"
    )
    if fetched.problems:
        return WRONG
    if manifest.keys > fetched.clips:
        complain(f"the receipts in {url} tell of more clips than the set can have: they were changed; build it again")
        return WRONG
    if manifest.keys < fetched.clips:
        complain(f"{url} is not complete; when it is, run the same command to bring the rest")
        return WRONG
    say(how_to_load(folder, manifest.statistics.counts.get("split", {})))
    return GOOD
