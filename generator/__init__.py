"""From (spec, scene plan) to clips: scenes, moves, rendering, captions, encoding."""

from pathlib import Path

from camera_motion.generator.compiled import forget_outdated

forget_outdated(Path(__file__).parent)
