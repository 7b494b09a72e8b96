"""A scene as 3D Gaussians, and how its light becomes pixels."""

from dataclasses import dataclass, field, replace
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
    Fog mixes `fog_rgb` by 1 - exp(-fog_per_m * max(distance - fog_start_m, 0)); SKY splats have no fog. `bloom` is the
    share of light that is spread, `vignette` twice the darkening of the corners, `sharpen` the unsharp mask's strength.
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


def by_place(scene: GaussianScene) -> GaussianScene:
    """Order splats along a Morton curve, so that consecutive ones are neighbours.

    A renderer skips runs of splats that a frame cannot see; trained files store theirs in the order of birth.
    """
    if len(scene) == 0:
        return scene
    # Cells fill the middle 98 %, so that a far outlier does not put everything else into one.
    low, high = np.percentile(scene.means_m[:: 1 + len(scene) // 20_000], (1, 99), axis=0)
    cells = np.clip((scene.means_m - low) / np.maximum(high - low, 1e-6) * 1024, 0, 1023).astype(np.uint32)
    for shift, mask in ((16, 0x030000FF), (8, 0x0300F00F), (4, 0x030C30C3), (2, 0x09249249)):
        cells = (cells | (cells << np.uint32(shift))) & np.uint32(mask)
    code = cells[:, 0] | (cells[:, 1] << np.uint32(1)) | (cells[:, 2] << np.uint32(2))
    order = np.argsort(code, kind="stable")
    return replace(
        scene,
        means_m=scene.means_m[order],
        quats=scene.quats[order],
        scales_m=scene.scales_m[order],
        opacities=scene.opacities[order],
        sh=scene.sh[order],
        classes=scene.classes[order],
    )
