"""A scene worked out for the kernels, once, before any camera is known."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from camera_motion.generator.render import project
from camera_motion.generator.splats import SH_C0, GaussianScene

#: Largest extent in standard deviations: gsplat's 3.33, which is sqrt(2 ln 255).
EXTENT_SIGMA = 3.33


@dataclass(frozen=True)
class Packed:
    """A scene as the kernels want it: float32, in blocks, with all that no camera changes worked out.

    `blocks` are laid out as `render.project` says, the last filled up with splats that are never drawn. `spheres`
    hold each block's means (centre, radius) and their largest standard deviation.
    """

    blocks: Float32[np.ndarray, "M 14 64"]
    spheres: Float64[np.ndarray, "M 5"]
    colours: Float32[np.ndarray, "N 3"]
    harmonics: Float32[np.ndarray, "N B 3"]
    kinds: UInt8[np.ndarray, " N"]


def pack(scene: GaussianScene) -> Packed:
    """Work out scaled axes, log2 opacities, extents, the colour's constant term and the blocks' bounds."""
    count = -(-len(scene) // project.BLOCK)
    fields = np.zeros((count * project.BLOCK, project.FIELDS), np.float32)
    used = fields[: len(scene)]
    opacities = scene.opacities.astype(np.float64)
    drawn = opacities >= 1.0 / 255.0
    used[:, : project.AXES] = scene.means_m
    used[:, project.AXES : project.OCTAVES] = scaled_axes(scene.quats, scene.scales_m)
    used[:, project.OCTAVES] = np.log2(np.where(drawn, opacities, 1.0))
    extents = np.minimum(EXTENT_SIGMA, np.sqrt(2.0 * np.log(np.maximum(255.0 * opacities, 1.0))))
    used[:, project.EXTENT] = np.where(drawn, np.maximum(extents, 1e-3), 0.0)
    fields[len(scene) :, : project.AXES] = scene.means_m[-1:]
    blocks = np.ascontiguousarray(fields.reshape(count, project.BLOCK, project.FIELDS).transpose(0, 2, 1))
    colours = 0.5 + SH_C0 * scene.sh[:, 0].astype(np.float64)
    if scene.sh.shape[1] == 1:
        colours = np.maximum(colours, 0.0)
    return Packed(
        blocks,
        _spheres(blocks, scene.scales_m),
        colours.astype(np.float32),
        np.ascontiguousarray(scene.sh[:, 1:]),
        np.ascontiguousarray(scene.classes),
    )


def _spheres(
    blocks: Float32[np.ndarray, "M 14 64"], scales_m: Float32[np.ndarray, "N 3"]
) -> Float64[np.ndarray, "M 5"]:
    means = blocks[:, project.MEAN : project.MEAN + 3].astype(np.float64)
    out = np.zeros((len(blocks), 5))
    out[:, :3] = (means.min(2) + means.max(2)) / 2
    out[:, 3] = np.sqrt(((means - out[:, :3, None]) ** 2).sum(1).max(1, initial=0.0))
    firsts = np.arange(0, len(scales_m), project.BLOCK)
    if len(firsts):
        out[:, 4] = np.maximum.reduceat(scales_m.max(1), firsts)
    return out


def scaled_axes(quats: Float32[np.ndarray, "N 4"], scales_m: Float32[np.ndarray, "N 3"]) -> Float32[np.ndarray, "N 9"]:
    """Principal axes of each Gaussian times its standard deviations, one axis after the other."""
    q = quats.astype(np.float64)
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    s0, s1, s2 = scales_m.astype(np.float64).T
    out = np.empty((len(quats), 9), np.float32)
    out[:, 0] = (1 - 2 * (y * y + z * z)) * s0
    out[:, 1] = 2 * (x * y + w * z) * s0
    out[:, 2] = 2 * (x * z - w * y) * s0
    out[:, 3] = 2 * (x * y - w * z) * s1
    out[:, 4] = (1 - 2 * (x * x + z * z)) * s1
    out[:, 5] = 2 * (y * z + w * x) * s1
    out[:, 6] = 2 * (x * z + w * y) * s2
    out[:, 7] = 2 * (y * z - w * x) * s2
    out[:, 8] = (1 - 2 * (x * x + y * y)) * s2
    return out
