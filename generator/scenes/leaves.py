"""How many leaves to draw: all where they are large on the screen, fewer and larger ones far away or out of view."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64
from numba import njit

from camera_motion.generator.scenes.cores import Cores
from camera_motion.generator.scenes.surface import Foliage
from camera_motion.generator.scenes.views import Views

#: A leaf narrower than this many pixels (length of its half-axis) is merged with its neighbours.
_SMALLEST_PX = 1.7
_FEWEST = 0.1
#: A leaf larger than this is drawn in pieces.
_DETAILED_PX = 5.5
_PIECES = 7
_UNSEEN = 0.15


@dataclass(frozen=True)
class Leaves:
    """Leaves to draw: centres, frames (normal last) and half-lengths, albedo."""

    points_m: Float64[np.ndarray, "n 3"]
    axes: Float64[np.ndarray, "n 3 3"]
    half_m: Float64[np.ndarray, "n 3"]
    albedo: Float64[np.ndarray, "n 3"]

    @property
    def normals(self) -> Float64[np.ndarray, "n 3"]:
        """The flat side of each leaf."""
        return self.axes[:, :, 2]


def choose(foliages: list[Foliage], views: Views, spacing_px: float, rng: np.random.Generator, cores: Cores) -> Leaves:
    """Draw from every foliage the leaves that its size on the screen deserves, widened to keep its cover."""

    def draw(piece: tuple[Foliage, Float64[np.ndarray, " n"]]) -> list[tuple[Any, ...]]:
        leaves, lot = piece
        sharp = np.zeros(len(lot))
        _largest(leaves.points_m, views.camera_from_world, views.centres_m, views.lens, views.focal_px, sharp)
        size_px = leaves.half_m[:, 0] * sharp / spacing_px
        share = np.where(sharp > 0, np.clip((size_px / _SMALLEST_PX) ** 2, _FEWEST, 1.0), _UNSEEN)
        keep = lot < share
        wider = np.sqrt(1 / share[keep])[:, None]
        chosen = (leaves.points_m[keep], leaves.axes[keep], leaves.half_m[keep] * wider, leaves.albedo[keep])
        near = size_px[keep] > _DETAILED_PX
        return [tuple(x[~near] for x in chosen), _in_pieces(*(x[near] for x in chosen))]

    lots = [rng.random(len(leaves.points_m)) for leaves in foliages]
    parts = [part for pair in cores.each(draw, list(zip(foliages, lots, strict=True))) for part in pair]
    if not parts:
        return Leaves(np.zeros((0, 3)), np.zeros((0, 3, 3)), np.zeros((0, 3)), np.zeros((0, 3)))
    return Leaves(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _in_pieces(points: Any, axes: Any, half: Any, albedo: Any) -> tuple[Any, ...]:
    """Draw near leaves as a row of small Gaussians each, tapering to the tips: one alone would look out of focus."""
    at = np.linspace(-0.9, 0.9, _PIECES)
    width = np.sqrt(1.02 - at**2) * np.where(at > 0, 1 - 0.35 * at, 1.0)
    place = points[:, None] + axes[:, None, :, 0] * (1.15 * half[:, None, :1] * at[None, :, None])
    bend = -0.12 * half[:, None, :1] * (at**2)[None, :, None] * axes[:, None, :, 2]
    size = np.stack(
        [
            np.broadcast_to(half[:, :1] * 0.42, (len(half), _PIECES)),
            half[:, 1:2] * 0.72 * width[None],
            np.broadcast_to(half[:, 2:3] * 0.5, (len(half), _PIECES)),
        ],
        -1,
    )
    vein = 1.0 + 0.08 * np.cos(np.pi * np.arange(_PIECES))
    colour = albedo[:, None] * vein[None, :, None]
    frames = np.broadcast_to(axes[:, None], (len(axes), _PIECES, 3, 3))
    return (place + bend).reshape(-1, 3), frames.reshape(-1, 3, 3), size.reshape(-1, 3), colour.reshape(-1, 3)


@njit(cache=True, nogil=True, fastmath=True)
def _largest(points: Any, rotations: Any, centres: Any, lens: Any, focal: Any, out: Any) -> None:
    """Pixels per metre at each point in the view that shows it largest; 0 outside all of them."""
    for k in range(len(centres)):
        r, c = rotations[k], centres[k]
        right, left = (1.1 - lens[k, 2]) / lens[k, 0], (lens[k, 2] + 0.1) / lens[k, 0]
        below, above = (1.1 - lens[k, 3]) / lens[k, 1], (lens[k, 3] + 0.1) / lens[k, 1]
        for i in range(len(points)):
            dx, dy, dz = points[i, 0] - c[0], points[i, 1] - c[1], points[i, 2] - c[2]
            z = r[2, 0] * dx + r[2, 1] * dy + r[2, 2] * dz
            if z < -0.5 or focal[k, 0] <= out[i] * max(z, 0.3):
                continue
            x = r[0, 0] * dx + r[0, 1] * dy + r[0, 2] * dz
            y = r[1, 0] * dx + r[1, 1] * dy + r[1, 2] * dz
            room = 0.5
            z = max(z, 0.3)
            if -z * left - room < x < z * right + room and -z * above - room < y < z * below + room:
                out[i] = focal[k, 0] / z
