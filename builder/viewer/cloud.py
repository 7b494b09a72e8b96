"""A scene of Gaussians as a browser draws it: display colours that do not change with the view, and not too many."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float32, Float64

from camera_motion.generator.effects import WHITE, aces
from camera_motion.generator.harmonics import basis
from camera_motion.generator.splats import SKY, GaussianScene, Look

#: Splats that a laptop's browser sorts and draws at a pleasant rate.
MOST_SPLATS = 1_500_000
#: Variance that the film's renderer adds to every splat on the screen (`generator.render`), in square pixels.
LOW_PASS_PX2 = 0.3
#: No splat stands in for more than so many.
_MOST_MERGED = 16.0
#: Nearer than this, a splat does not count for more.
_NEAR_M = 0.3
_BLOCK = 1 << 18


@dataclass(frozen=True)
class Cloud:
    """Splats ready to be drawn: covariances in square metres, colours and opacities in 0..1."""

    centres_m: Float32[np.ndarray, "N 3"]
    covariances_m2: Float32[np.ndarray, "N 3 3"]
    rgb: Float32[np.ndarray, "N 3"]
    opacities: Float32[np.ndarray, "N 1"]

    def __len__(self) -> int:
        return len(self.centres_m)

    def part(self, which: Bool[np.ndarray, " N"]) -> "Cloud":
        """Those splats alone."""
        return Cloud(self.centres_m[which], self.covariances_m2[which], self.rgb[which], self.opacities[which])


def cloud(scene: GaussianScene, look: Look, eyes_m: Float64[np.ndarray, "E 3"], pixel_rad: float) -> Cloud:
    """Turn splats into what a browser draws.

    Fog and view-dependent colours are those seen from the middle of `eyes_m`. Every splat is smoothed as the film's
    renderer smooths it, by a part of the film's pixel (which spans `pixel_rad`) as seen from the nearest of `eyes_m`:
    the 3-D filter of Mip-Splatting (Yu et al. 2024). Without it viser leaves out what is smaller than about half a
    pixel, and with that whatever is finely made: the bars of a window, a tree far off, half the scene from outside.
    """
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(scene), _BLOCK)]
    rgb = [_display(scene, look, eyes_m.mean(axis=0), block) for block in blocks]
    smooth_m2 = LOW_PASS_PX2 * pixel_rad**2 * _nearest2(scene, eyes_m)
    covariances = [_covariances(scene.quats[b], scene.scales_m[b], smooth_m2[b]) for b in blocks]
    return Cloud(
        scene.means_m,
        np.concatenate([np.empty((0, 3, 3), np.float32), *covariances]),
        np.concatenate([np.empty((0, 3), np.float32), *rgb]),
        np.clip(scene.opacities, 0, 1)[:, None],
    )


def thin(scene: GaussianScene, eyes_m: Float64[np.ndarray, "E 3"], most: int = MOST_SPLATS) -> GaussianScene:
    """Keep about `most` splats, the more of them the larger they look from `eyes_m`, and let those cover for the rest.

    A splat is kept with a probability in proportion to its solid angle, and grows so that the area covered stays what
    it was: the stochastic simplification of Cook et al. (2007). The choice runs evenly along the scene's own order, in
    which neighbours follow each other, and is the same every time.
    """
    if len(scene) <= most:
        return scene
    chance = _chances(_importance(scene, eyes_m), most)
    steps = np.floor(np.cumsum(chance) + 0.5)
    kept = np.diff(steps, prepend=0.0) > 0
    larger = (1 / np.sqrt(chance[kept])).astype(np.float32)
    return replace(
        scene,
        means_m=scene.means_m[kept],
        quats=scene.quats[kept],
        scales_m=scene.scales_m[kept] * larger[:, None],
        opacities=scene.opacities[kept],
        sh=scene.sh[kept],
        classes=scene.classes[kept],
    )


def _importance(scene: GaussianScene, eyes_m: Float64[np.ndarray, "E 3"]) -> Float64[np.ndarray, " N"]:
    """Solid angle of every splat from the nearest eye, times its opacity."""
    sides = np.sort(scene.scales_m, axis=1)
    area = sides[:, 1].astype(np.float64) * sides[:, 2] * scene.opacities
    return np.asarray(area / np.maximum(_nearest2(scene, eyes_m), _NEAR_M**2))


def _nearest2(scene: GaussianScene, eyes_m: Float64[np.ndarray, "E 3"]) -> Float32[np.ndarray, " N"]:
    """Squared distance of every splat from the nearest eye."""
    nearest2 = np.full(len(scene), np.inf, np.float32)
    for eye in eyes_m.astype(np.float32):
        nearest2 = np.minimum(nearest2, ((scene.means_m - eye) ** 2).sum(1, dtype=np.float32))
    return nearest2


def _chances(importance: Float64[np.ndarray, " N"], most: int) -> Float64[np.ndarray, " N"]:
    """Probabilities in proportion to importance, within 1 / _MOST_MERGED and 1, that add up to `most` if they can."""
    low, high = 0.0, 1.0 / max(float(np.min(importance)), 1e-30)
    for _ in range(60):
        middle = (low + high) / 2
        total = np.clip(middle * importance, 1 / _MOST_MERGED, 1).sum()
        low, high = (low, middle) if total > most else (middle, high)
    return np.asarray(np.clip(low * importance, 1 / _MOST_MERGED, 1))


def _display(scene: GaussianScene, look: Look, eye_m: np.ndarray, block: slice) -> Float32[np.ndarray, "n 3"]:
    """Colours as the film shows them (`generator.effects.finish`), but for bloom, vignette and sharpening."""
    away = scene.means_m[block].astype(np.float64) - eye_m
    distance_m = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-6)
    bands = scene.sh.shape[1]
    weights = basis(away / distance_m, bands)
    rgb: Float64[np.ndarray, "n 3"] = np.maximum(0.5 + np.einsum("nk,nkc->nc", weights, scene.sh[block]), 0.0)
    if look.transfer == "linear":
        fog = 1 - np.exp(-look.fog_per_m * np.maximum(distance_m - look.fog_start_m, 0.0))
        fog[scene.classes[block] == SKY] = 0.0
        rgb = aces(np.minimum((rgb + (np.array(look.fog_rgb) - rgb) * fog) * look.exposure, float(WHITE)))
    return np.asarray(np.clip(rgb, 0, 1), np.float32)


def _covariances(
    quats: Float32[np.ndarray, "n 4"], scales_m: Float32[np.ndarray, "n 3"], smooth_m2: Float32[np.ndarray, " n"]
) -> Float32[np.ndarray, "n 3 3"]:
    """R diag(s^2) R^T of quaternions wxyz of any length, and a little of everywhere."""
    w, x, y, z = (quats / np.linalg.norm(quats, axis=1, keepdims=True)).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    axes = np.stack([np.stack(row, -1) for row in rows], -2) * scales_m[:, None, :]
    return np.asarray(axes @ np.swapaxes(axes, 1, 2) + smooth_m2[:, None, None] * np.eye(3), np.float32)
