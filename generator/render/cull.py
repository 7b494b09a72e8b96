"""Leave out what no frame of a clip can see, without changing a single pixel.

Splats are grouped by place (Morton order) in chunks with a bounding sphere. A splat at (x, y, z) with largest
standard deviation s reaches at most 3.33 (fx / z) sqrt(1 + t^2) s + 3.33 sqrt(0.3) px to the right of
fx x / z + cx, where t bounds the clamped x / z. Multiplied by z, "that stays left of the picture" is linear in
(x, z), so it holds for a whole sphere when it holds for its centre with the radius times the gradient to spare.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from camera_motion.generator.render.project import FAR_M, NEAR_M

#: Splats of one chunk.
CHUNK = 128
#: Half a pixel of slack covers float32 and the box's own slack.
REACH_PX = 3.33 * 0.3**0.5 + 0.5
REACH_SIGMA = 3.34


@dataclass(frozen=True)
class Chunks:
    """Bounding spheres of `order[k * CHUNK:(k + 1) * CHUNK]`; `sigma_m` is the largest deviation in each."""

    order: Int64[np.ndarray, " N"]
    centres_m: Float64[np.ndarray, "C 3"]
    radii_m: Float64[np.ndarray, " C"]
    sigma_m: Float64[np.ndarray, " C"]

    @classmethod
    def of(cls, means_m: Float32[np.ndarray, "N 3"], scales_m: Float32[np.ndarray, "N 3"]) -> "Chunks":
        """Group splats by place."""
        if len(means_m) == 0:
            return cls(np.zeros(0, np.int64), np.zeros((0, 3)), np.zeros(0), np.zeros(0))
        order = np.argsort(_morton(means_m), kind="stable")
        firsts = np.arange(0, len(order), CHUNK)
        means = means_m[order].astype(np.float64)
        low = np.minimum.reduceat(means, firsts)
        high = np.maximum.reduceat(means, firsts)
        centres = (low + high) / 2
        chunk = np.arange(len(order)) // CHUNK
        radii = np.sqrt(np.maximum.reduceat(((means - centres[chunk]) ** 2).sum(1), firsts))
        sigma = np.maximum.reduceat(scales_m.max(1)[order], firsts).astype(np.float64)
        return cls(order, centres, radii, sigma)

    def seen(
        self,
        cameras_from_world: Float64[np.ndarray, "T 4 4"],
        intrinsics: Float64[np.ndarray, "T 4"],
        width: int,
        height: int,
    ) -> Bool[np.ndarray, " N"]:
        """For each splat, whether some frame might see it (it may say yes wrongly, never no)."""
        seen = np.zeros(len(self.radii_m), bool)
        for matrix, (fx, fy, cx, cy) in zip(cameras_from_world, intrinsics, strict=True):
            left = np.flatnonzero(~seen)
            centres = self.centres_m[left] @ matrix[:3, :3].T + matrix[:3, 3]
            radii, sigma = self.radii_m[left], self.sigma_m[left]
            x, y, z = centres.T
            inside = (z + radii >= NEAR_M) & (z - radii <= FAR_M)
            for along, f, c, pixels in ((x, fx, cx, width), (y, fy, cy, height)):
                focal, before, after = f * pixels, c * pixels, (1 - c) * pixels
                clamp = (max(before, after) + 0.15 * pixels) / focal
                reach = REACH_SIGMA * focal * np.hypot(1.0, clamp) * sigma
                for sign, edge in ((1.0, after), (-1.0, before)):
                    outside = sign * focal * along - (edge + REACH_PX) * z - radii * np.hypot(focal, edge + REACH_PX)
                    inside &= outside <= reach
            seen[left[inside]] = True
        out = np.zeros(len(self.order), bool)
        out[self.order] = np.repeat(seen, CHUNK)[: len(out)]
        return out


def _morton(means_m: Float32[np.ndarray, "N 3"]) -> np.ndarray:
    """Interleaved bits of the cell of each mean, 1024 cells a side over the middle 98 % of the scene."""
    low, high = np.percentile(means_m[:: max(1, len(means_m) // 20000)], (1, 99), axis=0)
    cells = np.clip((means_m - low) / np.maximum(high - low, 1e-6) * 1024, 0, 1023).astype(np.uint32)
    for shift, mask in ((16, 0x030000FF), (8, 0x0300F00F), (4, 0x030C30C3), (2, 0x09249249)):
        cells = (cells | (cells << np.uint32(shift))) & np.uint32(mask)
    return np.asarray(cells[:, 0] | (cells[:, 1] << np.uint32(1)) | (cells[:, 2] << np.uint32(2)))
