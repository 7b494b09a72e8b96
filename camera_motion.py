"""camera-motion: video datasets whose camera motion is known.

This one module is also the package of the folders beside it: `camera_motion.schema`,
`camera_motion.generator`, and so on. It stays quick to import; what is heavy arrives on first use.
"""

import os
from typing import Any

__version__ = "0.3.0"
__path__ = [os.path.dirname(os.path.abspath(__file__))]


def __getattr__(name: str) -> Any:
    if name == "CameraMotion":
        from camera_motion.builder.reader import CameraMotion

        return CameraMotion
    raise AttributeError(f"module 'camera_motion' has no attribute {name!r}")


def main() -> None:
    """Run the `camera-motion` command line."""
    from camera_motion.builder.cli import main as run

    run()


if __name__.startswith("datasets_modules."):  # datasets < 4 runs this file as a loading script
    from camera_motion.builder.reader import CameraMotion as CameraMotion

if __name__ == "__main__":
    main()
