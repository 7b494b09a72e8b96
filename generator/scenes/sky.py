"""Sun and sky: the light of a scene and the dome of splats that shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sun:
    """A distant light. `to_sun` points at it; `irradiance_rgb` falls on a surface that faces it, linear.

    `radius_rad` is its half-angle as seen from the ground and softens shadows (the real sun: 0.0047).
    """

    to_sun: tuple[float, float, float] = (-0.62, -0.33, 0.70)
    irradiance_rgb: tuple[float, float, float] = (7.0, 5.6, 3.85)
    radius_rad: float = 0.008


@dataclass(frozen=True)
class Sky:
    """Radiance of the sky, linear: `zenith_rgb` blends to `horizon_rgb`, `haze_rgb` hugs the horizon.

    `cloud_cover` runs from 0 (clear) to 1 (overcast); `seed` chooses the clouds.
    """

    zenith_rgb: tuple[float, float, float] = (0.1, 0.29, 0.77)
    horizon_rgb: tuple[float, float, float] = (0.62, 0.8, 1.0)
    haze_rgb: tuple[float, float, float] = (1.05, 0.94, 0.78)
    cloud_cover: float = 0.4
    cloud_rgb: tuple[float, float, float] = (1.65, 1.55, 1.45)
    seed: int = 0
