"""The specs that come with the package."""

from pathlib import Path

import camera_motion

FOLDER = Path(camera_motion.__path__[0]) / "specs"


def names() -> list[str]:
    """List them by name."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))
