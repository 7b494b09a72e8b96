"""Open country around a building: from its walls to the horizon in one surface."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from camera_motion.generator.materials.noise import pattern


def ring_to_horizon(
    centre_m: tuple[float, float], half_x_m: float, half_y_m: float, reach_m: float, shift: float
) -> Callable[..., Float64[np.ndarray, "n 3"]]:
    """Return a patch's `point`: u turns around a rectangle, v goes from its edge (0) to `reach_m` (1).

    Level near the building, it rises to hills from 40 m on, as the seeded `shift` has it.
    """
    cx, cy = centre_m

    def point(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        angle = -2 * np.pi * u  # clockwise, so that the front faces up as v goes outwards
        cos, sin = np.cos(angle), np.sin(angle)
        edge = 1 / np.maximum(np.abs(cos) / half_x_m, np.abs(sin) / half_y_m)
        radius = edge + (reach_m - edge) * v * v
        x, y = cx + radius * cos, cy + radius * sin
        away = np.maximum(radius - edge - 26.0, 0.0)
        hill = pattern(x * 0.014 + shift, y * 0.014, 4)
        bump = pattern(x * 0.11 + shift, y * 0.11, 3)
        height = -0.04 + np.maximum(hill - 0.26, 0.02) * away * 0.36 + (bump - 0.5) * np.minimum(away * 0.05, 2.0)
        return np.stack([x, y, height], 1)

    return point
