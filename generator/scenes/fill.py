"""Fill light: one exposure for a room and for the garden behind its windows.

Daylight indoors is some fifty times weaker than outdoors; eyes adapt to that where one exposure cannot, so
photographers of interiors fill. Here the soft light of everything inside a box is raised to a standard level and its
cast half removed. It only multiplies light that was computed, so that shape and shadows stay.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float64

#: Mean radiance and irradiance indoors that a room is brought to; the factor lies between what either asks for, so
#: that dark rooms stay darker than white ones.
_RADIANCE, _IRRADIANCE = 0.25, 2.1
#: Exponent by which the contrast between windows and far corners is compressed.
_CONTRAST = 0.76


@dataclass(frozen=True)
class Fill:
    """The box `low_m`..`high_m` that is indoors; direct sun in it is multiplied by `sun`."""

    low_m: tuple[float, float, float]
    high_m: tuple[float, float, float]
    sun: float = 1.0

    def holds(self, points_m: Float[np.ndarray, "N 3"]) -> Bool[np.ndarray, " N"]:
        """Tell which points are indoors."""
        return np.asarray(((points_m > np.array(self.low_m)) & (points_m < np.array(self.high_m))).all(1))

    def brighten(
        self,
        areas_m2: Float64[np.ndarray, " G"],
        albedo: Float64[np.ndarray, "G 3"],
        irradiance: Float64[np.ndarray, "G 3"],
    ) -> Float64[np.ndarray, "G 3"]:
        """Raise the soft light of texels indoors, dark places more than bright ones, and half remove its cast."""
        share = areas_m2 / max(float(areas_m2.sum()), 1e-9)
        level = irradiance.mean(1)
        light = np.maximum(share @ irradiance, 1e-6)
        radiance = max(float(share @ (albedo * irradiance).mean(1)) / np.pi, 1e-6)
        raised = (_IRRADIANCE / light.mean()) ** 0.65 * (_RADIANCE / radiance) ** 0.35
        balance = np.sqrt(light.mean() / light)
        flatter = (np.maximum(level, 1e-6) / light.mean()) ** (_CONTRAST - 1.0)
        return np.asarray(irradiance * raised * balance * np.minimum(flatter, 4.0)[:, None])
