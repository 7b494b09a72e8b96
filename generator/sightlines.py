"""What a camera would see of a scene's solids: distances over a coarse grid, and whether they make a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float64, Int64

from camera_motion.generator.geometry import FreeSpace, Subject

#: What a free view is, in metres: the distance of the nearest thing in it; the median depth at least; and the distance
#: within which a share of it must lie, texture for the gate.
NEAREST_M: Final = 0.7
MEDIAN_M: Final = 1.5
TEXTURED_M: Final = 30.0
TEXTURED_SHARE: Final = 0.4

#: Rays across and down a view.
_GRID: Final = (9, 6)
#: Median depth of the views that are liked best.
_FAVOURITE_M: Final = 6.0
#: Beyond this there is only sky, and its depth counts as this in a median.
_FAR_M: Final = 60.0


@dataclass(frozen=True)
class View:
    """Distances to the first solid over a grid of pixels, and depths along the optical axis."""

    distance_m: Float64[np.ndarray, "K G"]
    depth_m: Float64[np.ndarray, "K G"]

    def median_m(self) -> Float64[np.ndarray, " K"]:
        """Median depth, where the sky counts as far."""
        median: np.ndarray = np.median(np.minimum(self.depth_m, _FAR_M), axis=1)
        return median

    def appeal(self) -> Float64[np.ndarray, " K"]:
        """Rank views as pictures: much going on, most of it some metres off, little right in front, a bit of sky."""
        depth = np.minimum(self.depth_m, _FAR_M)
        sky = np.isinf(self.depth_m).mean(1)
        near = (depth < 1.5).mean(1)
        distance = np.abs(np.log(np.median(depth, axis=1) / _FAVOURITE_M))
        light = 1.5 * np.minimum(sky, 0.2) - 2.0 * np.maximum(sky - 0.35, 0.0)
        appeal: np.ndarray = 2.0 * self.structure() - 0.6 * distance - 2.0 * near + light
        return appeal

    def structure(self) -> Float64[np.ndarray, " K"]:
        """Share of the picture, up to a half, that is no plain wall: a plane's inverse depth is linear in pixels."""
        inverse = 1.0 / np.minimum(self.depth_m, _FAR_M).reshape(-1, _GRID[1], _GRID[0])
        across = np.abs(np.diff(inverse, 2, axis=2)) > 0.06 * inverse[:, :, 1:-1]
        down = np.abs(np.diff(inverse, 2, axis=1)) > 0.06 * inverse[:, 1:-1, :]
        share: np.ndarray = np.minimum((across.mean((1, 2)) + down.mean((1, 2))) / 2.0, 0.5)
        return share

    def centre_m(self) -> Float64[np.ndarray, " K"]:
        """Median distance of the middle of the picture."""
        grid = self.distance_m.reshape(-1, _GRID[1], _GRID[0])
        median: np.ndarray = np.median(grid[:, 2:4, 3:6], axis=(1, 2))
        return median


def look(
    space: FreeSpace,
    centres_m: Float64[np.ndarray, "K 3"],
    world_from_camera: Float64[np.ndarray, "K 3 3"],
    lenses: Float64[np.ndarray, "K 4"],
) -> View:
    """Cast a grid of rays from each of K cameras; `lenses` are normalised intrinsics."""
    columns, rows = ((np.arange(n) + 0.5) / n for n in _GRID)
    u, v = (a.ravel() for a in np.meshgrid(columns, rows))
    x = (u - lenses[:, 2:3]) / lenses[:, 0:1]
    y = (v - lenses[:, 3:4]) / lenses[:, 1:2]
    rays = np.stack([x, y, np.ones_like(x)], -1)
    length = np.linalg.norm(rays, axis=-1)
    directions = (rays / length[..., None]) @ np.swapaxes(world_from_camera, 1, 2)
    origins = np.repeat(centres_m, len(u), axis=0)
    distance = space.cast_m(origins, directions.reshape(-1, 3)).reshape(length.shape)
    return View(distance, distance / length)


def subjects_in_view(
    space: FreeSpace,
    subjects: Sequence[Subject],
    centres_m: Float64[np.ndarray, "K 3"],
    world_from_camera: Float64[np.ndarray, "K 3 3"],
    lenses: Float64[np.ndarray, "K 4"],
) -> Int64[np.ndarray, " K"]:
    """Count the subjects well within each picture, neither close nor far, with nothing in front of them."""
    count = np.zeros(len(centres_m), np.int64)
    for subject in subjects:
        away = np.array(subject.position_m) - centres_m
        distance = np.linalg.norm(away, axis=1)
        x, y, z = np.einsum("ki,kij->jk", away, world_from_camera)
        ahead = np.maximum(z, 1e-9)
        framed = (np.abs(x / ahead * lenses[:, 0]) < 0.4) & (np.abs(y / ahead * lenses[:, 1]) < 0.4)
        framed &= (z > 1.0 + subject.radius_m) & (z < 12.0)
        seen_m = space.cast_m(centres_m, away / distance[:, None])
        count += framed & (seen_m > distance - subject.radius_m - 0.3)
    return count


def is_free(view: View) -> Bool[np.ndarray, " K"]:
    """Tell which views are free: nothing close, no wall before the nose, enough within reach to see it move."""
    textured = (view.distance_m < TEXTURED_M).mean(1) >= TEXTURED_SHARE
    free: np.ndarray = (view.distance_m.min(1) >= NEAREST_M) & (view.median_m() >= MEDIAN_M) & textured
    return free
