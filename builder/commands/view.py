"""`camera-motion view`."""

import sys
from typing import Annotated

import tyro

from camera_motion.builder.commands.terms import GOOD, Flag, Number, Set, say

Key = Annotated[str, tyro.conf.arg(metavar="KEY", help_behavior_hint="")]


def view(
    out: Set,
    key: Key = "",
    /,
    *,
    port: int = 8080,
    open: bool = False,
    scene: Flag = True,
    splats: Number = None,
) -> int:
    """Look at a clip in 3-D, in a browser: its scene of splats, the camera's path, and a playhead.

    The scene is made again from the spec of the set, with the splats that were filmed. Ctrl-C ends it.

    Example: camera-motion view sets/standard cm-standard-000017 --open

    Args:
        out: The folder of the set.
        key: Which clip; by default the first. The page can switch to others.
        port: Where the page is served, on this machine alone; 0 takes any free port.
        open: Also open the page in the browser.
        scene: Show the cameras alone, which works for a set of any version.
        splats: At most about so many splats are sent; by default 1,500,000.
    """
    from camera_motion.builder.places import open_place

    out = open_place(out).path("")
    from rich.console import Console

    from camera_motion.builder.viewer.cloud import MOST_SPLATS
    from camera_motion.builder.viewer.replay import clips_of
    from camera_motion.builder.viewer.view import Viewer
    from camera_motion.schema.base import SpecError

    if splats is not None and splats < 1:
        raise SpecError(f"--splats is {splats}; it must be at least 1, or use --no-scene")
    clips = clips_of(out)
    with Console(stderr=True).status("making the scene again" if scene else "reading the clip"):
        viewer = Viewer(clips, key or clips.keys[0], port, scenes=scene, most=splats or MOST_SPLATS, tell=say)
    try:
        say(f"{viewer.key.value} is at {viewer.address}; Ctrl-C ends it")
        sys.stdout.flush()  # a pipe or a log would hold it back until the end
        if open:
            import webbrowser

            webbrowser.open(viewer.address)
        viewer.run()
    except KeyboardInterrupt:
        say("closed")
    finally:
        viewer.close()
    return GOOD
