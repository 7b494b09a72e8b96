"""`camera-motion parquet`."""

from camera_motion.builder.commands.terms import GOOD, Set, say


def parquet(out: Set, /) -> int:
    """Write the Parquet view of a set beside its tars: rows with the video inside, for `load_dataset` and the Hub.

    Files that are up to date are kept, so a set that grew costs only its new part.

    Example: camera-motion parquet sets/standard

    Args:
        out: The folder of the set.
    """
    from camera_motion.builder.places import open_place

    out = open_place(out).path("")
    from camera_motion.builder.parquet import FOLDERS, write_view
    from camera_motion.builder.progress import shard_bar, spell_bytes

    with shard_bar("writing Parquet") as tell:
        files = write_view(out, tell)
    for config, folder in FOLDERS.items():
        made = [file for file in files if file.config == config]
        kept = sum(file.kept for file in made)
        up_to_date = f", {kept} of them up to date already" if kept else ""
        count = f"{len(made)} file{'s' if len(made) > 1 else ''}"
        size = spell_bytes(sum(file.size for file in made))
        say(f"{out / folder}: {sum(file.rows for file in made)} rows in {count}, {size}{up_to_date}")
    return GOOD
