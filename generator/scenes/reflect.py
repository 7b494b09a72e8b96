"""Mirrors: a copy of the splats behind the mirror's plane, and the sheet of water or glass in front of it.

Exact in parallax, at the price of some splats more. The copies are limited to what some view can see through the
opening, so that few of them could show anywhere else.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float32
from numba import njit

from camera_motion.generator.materials.noise import fbm2, smooth
from camera_motion.generator.scenes.cells import reflection
from camera_motion.generator.scenes.cores import Cores
from camera_motion.generator.scenes.surface import Mirror
from camera_motion.generator.scenes.views import Views

_SHEET_M = 0.05


def visible_through(
    mirror: Mirror, views: Views, means_m: Float32[np.ndarray, "N 3"], normals: Float32[np.ndarray, "N 3"], cores: Cores
) -> Bool[np.ndarray, " N"]:
    """Which splats some view sees in the mirror; closed surfaces are judged by their normals (zero: both sides)."""
    flip, shift = reflection(mirror)
    front = np.cross(mirror.edge_u, mirror.edge_v)
    front = front / np.linalg.norm(front)
    eyes = views.centres_m[(views.centres_m - mirror.origin) @ front > 0]
    eyes = eyes[np.unique(np.round(eyes / 0.05).astype(np.int64), axis=0, return_index=True)[1]]
    seen = np.zeros(len(means_m), bool)
    edges = np.stack([mirror.edge_u, mirror.edge_v])
    lengths = np.linalg.norm(edges, axis=1)
    if len(eyes):
        images = eyes @ flip.T + shift
        opening = (images, mirror.origin, front, edges / lengths[:, None], lengths)
        cores.spans(lambda part: _through_any(means_m[part], normals[part], *opening, seen[part]), len(means_m))
    return seen


def mirrored(
    mirror: Mirror, means_m: Float32[np.ndarray, "N 3"], quats: Float32[np.ndarray, "N 4"]
) -> tuple[Float32[np.ndarray, "N 3"], Float32[np.ndarray, "N 4"]]:
    """Reflect splats. A Gaussian is symmetric, so reflecting its axes and turning one of them back is a rotation.

    With mirror M = I - 2 n n^T, M R = (-M)(-R) and -M is the half-turn about n; an ellipsoid ignores the sign of R.
    """
    flip, shift = reflection(mirror)
    normal = np.cross(mirror.edge_u, mirror.edge_v)
    nx, ny, nz = normal / np.linalg.norm(normal)
    w, x, y, z = quats.T.astype(np.float64)
    turned = np.stack(  # Hamilton product (0, n) * q
        [-nx * x - ny * y - nz * z, nx * w + ny * z - nz * y, ny * w + nz * x - nx * z, nz * w + nx * y - ny * x], 1
    )
    return (means_m @ flip.T + shift).astype(np.float32), turned.astype(np.float32)


def dimmed(
    mirror: Mirror, views: Views, means_m: Float32[np.ndarray, "N 3"], colours: Float32[np.ndarray, "N 3"]
) -> Float32[np.ndarray, "N 3"]:
    """Let a reflection in water fade the steeper one looks down at it, towards the water's own colour.

    Fresnel's law, softened; it depends on the eye, for which the mean of the views stands in.
    """
    if mirror.fade <= 0:
        return colours
    front = np.cross(mirror.edge_u, mirror.edge_v)
    front = front / np.linalg.norm(front)
    line = means_m - views.centres_m.mean(0)
    steep = np.abs(line @ front) / np.linalg.norm(line, axis=1)
    share = (1 - mirror.fade * (1 - (1 - steep) ** 1.7))[:, None]
    return np.asarray(colours * share + 1.1 * np.array(mirror.tint_rgb) * (1 - share), np.float32)


def sheet(
    mirror: Mirror, views: Views, spacing_px: float
) -> tuple[
    Float32[np.ndarray, "N 3"], Float32[np.ndarray, "N 3"], Float32[np.ndarray, " N"], Float32[np.ndarray, "N 3"]
]:
    """Lay the thin tinted sheet: means, scales, opacities and colours. Ripples show as uneven opacity."""
    size_u, size_v = float(np.linalg.norm(mirror.edge_u)), float(np.linalg.norm(mirror.edge_v))
    middle = mirror.origin + 0.5 * (mirror.edge_u + mirror.edge_v)
    nearest = float(np.linalg.norm(views.centres_m - middle, axis=1).min()) - 0.4 * max(size_u, size_v)
    step = float(np.clip(max(nearest, 1.0) * 4 * spacing_px / views.focal_px[:, 0].max(), 0.03, _SHEET_M))
    nu, nv = max(1, round(size_u / step)), max(1, round(size_v / step))
    u, v = (x.ravel() for x in np.meshgrid((np.arange(nu) + 0.5) / nu, (np.arange(nv) + 0.5) / nv, indexing="ij"))
    if mirror.mask is not None:
        inside = np.asarray(mirror.mask(u, v), bool)
        u, v = u[inside], v[inside]
    means = mirror.origin + u[:, None] * mirror.edge_u + v[:, None] * mirror.edge_v
    veil = np.empty((len(u), 2))
    _ripples(u * size_u, v * size_v, mirror.veil, mirror.ripple, veil)
    colours = np.array(mirror.tint_rgb) * veil[:, 1:]
    scales = np.tile([0.75 * size_u / nu, 0.75 * size_v / nv, 0.001], (len(u), 1))
    return tuple(np.asarray(x, np.float32) for x in (means, scales, veil[:, 0], colours))  # type: ignore[return-value]


@njit(cache=True, nogil=True, fastmath=True)
def _through_any(
    means: Any, normals: Any, images: Any, origin: Any, front: Any, axes: Any, lengths: Any, seen: Any
) -> None:
    for i in range(len(means)):
        height = 0.0
        for a in range(3):
            height += (means[i, a] - origin[a]) * front[a]
        if height < 0.004:
            continue
        for k in range(len(images)):
            facing = depth = 0.0
            for a in range(3):
                facing += (images[k, a] - means[i, a]) * normals[i, a]
                depth += (origin[a] - images[k, a]) * front[a]
            if facing < 0.0:
                continue
            share = depth / (depth + height)
            inside = True
            for e in range(2):
                along = 0.0
                for a in range(3):
                    along += (images[k, a] + share * (means[i, a] - images[k, a]) - origin[a]) * axes[e, a]
                inside = inside and -0.35 < along < lengths[e] + 0.35
            if inside:
                seen[i] = True
                break


@njit(cache=True, nogil=True, fastmath=True)
def _ripples(s: Any, t: Any, veil: float, ripple: float, out: Any) -> None:
    for i in range(len(s)):
        wide, fine = fbm2(s[i] * 1.4, t[i] * 0.9, 3, 0.0), fbm2(s[i] * 13.0, t[i] * 6.0, 3, 0.0, 3.0)
        out[i, 0] = min(max(veil + ripple * (0.22 * (wide - 0.5) + 0.7 * (fine - 0.5)), 0.03), 0.5)
        out[i, 1] = 0.6 + 0.8 * smooth(0.2, 0.8, wide)
