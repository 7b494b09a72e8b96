"""Sun and sky: the light of a scene and the dome of splats that shows it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Float64
from numba import njit

from camera_motion.generator.materials.noise import fbm2, mix, smooth


@dataclass(frozen=True)
class Sun:
    """A distant light. `to_sun` points at it; `irradiance_rgb` falls on a surface that faces it, linear.

    `radius_rad` is its half-angle as seen from the ground and softens shadows (the real sun: 0.0047).
    """

    to_sun: tuple[float, float, float] = (-0.62, -0.33, 0.70)
    irradiance_rgb: tuple[float, float, float] = (7.0, 5.6, 3.85)
    radius_rad: float = 0.008

    @property
    def direction(self) -> Float64[np.ndarray, "3"]:
        """Unit vector towards the sun."""
        v = np.array(self.to_sun, np.float64)
        return np.asarray(v / np.linalg.norm(v))

    @property
    def shines(self) -> bool:
        """Whether there is any direct light."""
        return max(self.irradiance_rgb) > 0


@dataclass(frozen=True)
class Sky:
    """Radiance of the sky, linear: `zenith_rgb` blends to `horizon_rgb`, `haze_rgb` hugs the horizon.

    `cloud_cover` runs from 0 (clear) to 1 (overcast); `glow` is the brightening around the sun; `seed` chooses the
    clouds.
    """

    zenith_rgb: tuple[float, float, float] = (0.11, 0.31, 0.80)
    horizon_rgb: tuple[float, float, float] = (0.775, 0.925, 1.1)
    haze_rgb: tuple[float, float, float] = (1.05, 0.94, 0.78)
    cloud_cover: float = 0.4
    cloud_rgb: tuple[float, float, float] = (1.65, 1.55, 1.45)
    glow: float = 1.0
    seed: int = 0

    def vector(self, sun: Sun) -> Float64[np.ndarray, "20"]:
        """Return the parameters as the kernels want them."""
        shift = (self.seed % 1009) * 3.77
        colours = (*self.zenith_rgb, *self.horizon_rgb, *self.haze_rgb, *self.cloud_rgb)
        return np.array([*colours, self.cloud_cover, self.glow, shift, *sun.direction, 0.0, 0.0], np.float64)


def radiance(
    sky: Sky, sun: Sun, directions: Float[np.ndarray, "N 3"], clouds: bool = True
) -> Float64[np.ndarray, "N 3"]:
    """Radiance of the sky along unit directions; without `clouds`, their average stands in for them."""
    out = np.empty((len(directions), 3))
    _radiances(sky.vector(sun), np.ascontiguousarray(directions, np.float64), clouds, out)
    return out


def dome_directions(spacing_rad: float, lowest: float = -0.12) -> Float64[np.ndarray, "N 3"]:
    """Evenly spread unit directions above the height `lowest` (Fibonacci lattice)."""
    n = max(200, int(2 * math.pi * (1 - lowest) / spacing_rad**2))
    k = np.arange(n) + 0.5
    z = 1 - k / n * (1 - lowest)
    azimuth = k * math.pi * (1 + math.sqrt(5))
    ring = np.sqrt(np.maximum(1 - z * z, 0))
    return np.stack([ring * np.cos(azimuth), ring * np.sin(azimuth), z], 1)


@njit(cache=True, nogil=True, fastmath=True)
def sky_radiance(p: Any, x: float, y: float, z: float, clouds: bool) -> tuple[float, float, float]:
    """Radiance along one unit direction; `p` is `Sky.vector`."""
    up = max(z, 0.0)
    toward = max(x * p[15] + y * p[16] + z * p[17], 0.0)
    climb = up**0.55
    near = toward * toward * toward
    glow = p[13] * (0.35 * near * near + 0.9 * toward**40)
    haze = 0.65 * math.exp(-abs(z) * 9.0)
    red = mix(mix(p[3], p[0], climb) + glow, p[6], haze)
    green = mix(mix(p[4], p[1], climb) + 0.8 * glow, p[7], haze)
    blue = mix(mix(p[5], p[2], climb) + 0.5 * glow, p[8], haze)
    cover = p[12]
    if cover <= 0.0:
        return red, green, blue
    if not clouds:
        share = 0.75 * cover
        return mix(red, 0.8 * p[9], share), mix(green, 0.8 * p[10], share), mix(blue, 0.8 * p[11], share)
    flat = 1.0 / (max(z, 0.02) + 0.12)
    u, v = x * flat + p[14], y * flat - 0.7 * p[14]
    thick = fbm2(u * 1.3, v * 1.3, 7, 0.0)
    wide = fbm2(u * 0.5 + 11.0, v * 0.5, 3, 0.0)
    start = 0.72 - 0.55 * cover
    body = thick * 0.75 + wide * 0.3
    veil = smooth(start, start + 0.16, body) * smooth(-0.02, 0.12, z)
    if veil > 0.0:
        lean = 0.15 / (0.3 + math.hypot(p[15], p[16]))
        ahead = fbm2(u * 1.3 + lean * p[15], v * 1.3 + lean * p[16], 6, 0.0)
        lit = min(max(0.86 + (thick - ahead) * 2.6 - 0.55 * max(body - start - 0.12, 0.0), 0.42), 1.25)
        rim = 0.6 * p[13] * toward**8
        red = mix(red, p[9] * lit + 0.9 * rim, 0.93 * veil)
        green = mix(green, p[10] * lit + 0.65 * rim, 0.93 * veil)
        blue = mix(blue, p[11] * lit + 0.35 * rim, 0.93 * veil)
    return red, green, blue


@njit(cache=True, nogil=True, fastmath=True)
def _radiances(p: Any, directions: Any, clouds: bool, out: Any) -> None:
    for i in range(len(directions)):
        out[i] = sky_radiance(p, directions[i, 0], directions[i, 1], directions[i, 2], clouds)


@njit(cache=True, nogil=True, fastmath=True)
def in_view(directions: Any, rotations: Any, lens: Any, margin: float, out: Any) -> None:
    """Mark the directions that some view sees, or nearly: `margin` is in widths and heights of the picture."""
    for i in range(len(directions)):
        for k in range(len(rotations)):
            r = rotations[k]
            x = r[0, 0] * directions[i, 0] + r[0, 1] * directions[i, 1] + r[0, 2] * directions[i, 2]
            y = r[1, 0] * directions[i, 0] + r[1, 1] * directions[i, 1] + r[1, 2] * directions[i, 2]
            z = r[2, 0] * directions[i, 0] + r[2, 1] * directions[i, 1] + r[2, 2] * directions[i, 2]
            if z < 0.05:
                continue
            u, v = lens[k, 0] * x / z + lens[k, 2], lens[k, 1] * y / z + lens[k, 3]
            if -margin < u < 1.0 + margin and -margin < v < 1.0 + margin:
                out[i] = True
                break
