"""A scene worked out for the kernels, once, before any camera is known."""

import math
from dataclasses import dataclass
from typing import no_type_check

import numpy as np
from jaxtyping import Float32, Float64, UInt8
from numba import njit

from camera_motion.generator.render.project import AXES, BLOCK, EXTENT, FIELDS, MEAN, OCTAVES
from camera_motion.generator.splats import SH_C0, GaussianScene

F = np.float32
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
    count = -(-len(scene) // BLOCK)
    blocks = np.zeros((count, FIELDS, BLOCK), np.float32)
    spheres = np.zeros((count, 5))
    colours = np.empty((len(scene), 3), np.float32)
    _pack(scene.means_m, scene.quats, scene.scales_m, scene.opacities, scene.sh, blocks, spheres, colours)
    harmonics = np.ascontiguousarray(scene.sh[:, 1:])
    return Packed(blocks, spheres, colours, harmonics, np.ascontiguousarray(scene.classes))


@no_type_check
@njit(nogil=True, cache=True, error_model="numpy")
def _pack(means, quats, scales, opacities, sh, blocks, spheres, colours):
    plain = sh.shape[1] == 1
    for b in range(blocks.shape[0]):
        block = blocks[b]
        first = b * BLOCK
        end = min(first + BLOCK, means.shape[0])
        low = np.array([np.inf, np.inf, np.inf])
        high = -low
        largest = 0.0
        for i in range(first, end):
            lane = i - first
            for a in range(3):
                mean = np.float64(means[i, a])
                block[MEAN + a, lane] = means[i, a]
                low[a] = min(low[a], mean)
                high[a] = max(high[a], mean)
                largest = max(largest, np.float64(scales[i, a]))
                constant = 0.5 + SH_C0 * np.float64(sh[i, 0, a])
                colours[i, a] = F(max(constant, 0.0) if plain else constant)
            w, x, y, z = (
                np.float64(quats[i, 0]),
                np.float64(quats[i, 1]),
                np.float64(quats[i, 2]),
                np.float64(quats[i, 3]),
            )
            norm = math.sqrt(w * w + x * x + y * y + z * z)
            w, x, y, z = w / norm, x / norm, y / norm, z / norm
            s0, s1, s2 = np.float64(scales[i, 0]), np.float64(scales[i, 1]), np.float64(scales[i, 2])
            block[AXES, lane] = F((1 - 2 * (y * y + z * z)) * s0)
            block[AXES + 1, lane] = F(2 * (x * y + w * z) * s0)
            block[AXES + 2, lane] = F(2 * (x * z - w * y) * s0)
            block[AXES + 3, lane] = F(2 * (x * y - w * z) * s1)
            block[AXES + 4, lane] = F((1 - 2 * (x * x + z * z)) * s1)
            block[AXES + 5, lane] = F(2 * (y * z + w * x) * s1)
            block[AXES + 6, lane] = F(2 * (x * z + w * y) * s2)
            block[AXES + 7, lane] = F(2 * (y * z - w * x) * s2)
            block[AXES + 8, lane] = F((1 - 2 * (x * x + y * y)) * s2)
            opacity = np.float64(opacities[i])
            if opacity >= 1.0 / 255.0:
                block[OCTAVES, lane] = F(math.log2(opacity))
                # An opacity of exactly 1/255 still reaches the pixel at its mean.
                extent = math.sqrt(2.0 * max(math.log(255.0 * opacity), 0.0))
                block[EXTENT, lane] = F(max(min(EXTENT_SIGMA, extent), 1e-3))
        sphere = spheres[b]
        sphere[4] = largest
        for a in range(3):
            sphere[a] = (low[a] + high[a]) / 2
        for i in range(first, end):
            square = 0.0
            for a in range(3):
                square += (means[i, a] - sphere[a]) ** 2
            sphere[3] = max(sphere[3], math.sqrt(square))
