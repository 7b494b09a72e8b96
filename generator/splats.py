"""A scene as 3D Gaussians, and how its light becomes pixels."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float32, UInt8

#: Values of `GaussianScene.classes`. The gate trusts SOLID alone.
SOLID, SKY, MIRROR, FIGURE = 0, 1, 2, 3

#: Zeroth spherical harmonic; colour = 0.5 + SH_C0 * sh[:, 0] + ..., clamped at 0 (3DGS, Kerbl et al. 2023).
SH_C0 = 0.28209479177387814


@dataclass(frozen=True)
class Look:
    """From rendered radiance to display: fog, exposure and tone.

    `transfer` "linear": splat colours are linear HDR radiance, so fog, exposure, bloom and an ACES fit apply.
    "display": colours are display-referred already (trained scenes) and only clipped.
    Fog mixes `fog_rgb` by 1 - exp(-fog_per_m * max(distance - fog_start_m, 0)); SKY splats have no fog.
    """

    transfer: Literal["linear", "display"] = "display"
    exposure: float = 1.0
    bloom: float = 0.0
    vignette: float = 0.0
    sharpen: float = 0.0
    fog_per_m: float = 0.0
    fog_start_m: float = 8.0
    fog_rgb: tuple[float, float, float] = (0.9, 0.88, 0.8)
    background_rgb: tuple[float, float, float] = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class GaussianScene:
    """Gaussians in world metres (z up). `quats` are wxyz; `scales_m` standard deviations; `opacities` in 0..1."""

    means_m: Float32[np.ndarray, "N 3"]
    quats: Float32[np.ndarray, "N 4"]
    scales_m: Float32[np.ndarray, "N 3"]
    opacities: Float32[np.ndarray, " N"]
    sh: Float32[np.ndarray, "N K 3"]
    classes: UInt8[np.ndarray, " N"]
    look: Look = field(default_factory=Look)

    def __len__(self) -> int:
        return len(self.means_m)
