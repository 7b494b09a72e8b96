"""`camera-motion sheet`."""

from camera_motion.builder.commands.terms import GOOD, File, Set, say


def sheet(out: Set, /, *, to: File = None, clips: int = 24) -> int:
    """Draw a contact sheet of a set: frames, captions and paths of its first clips.

    Example: camera-motion sheet demo --to demo.png

    Args:
        out: The folder of the set.
        to: Where the picture goes; by default figures/contact.png in the folder.
        clips: How many clips to show.
    """
    from camera_motion.builder.places import open_place

    out = open_place(out).path("")
    from camera_motion.builder.places.disk import writing
    from camera_motion.builder.sheet import contact_sheet

    path = to or out / "figures" / "contact.png"
    picture = contact_sheet(out, clips)
    with writing(path) as file:
        file.write(picture)
    say(f"drew {path}")
    return GOOD
