"""The key poses for which a scene is sampled: enough of each trajectory that nothing comes into view unprepared."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from camera_motion.schema.camera import Trajectory

_TURN_DEG = 28.0
_TRAVEL_M = 1.5
_MOST = 14


@dataclass(frozen=True)
class Views:
    """K pinhole cameras. `focal_px` holds (fx, fy); `lens` is normalised (fx/W, fy/H, cx/W, cy/H)."""

    camera_from_world: Float64[np.ndarray, "K 3 3"]
    centres_m: Float64[np.ndarray, "K 3"]
    lens: Float64[np.ndarray, "K 4"]
    focal_px: Float64[np.ndarray, "K 2"]

    def __len__(self) -> int:
        return len(self.centres_m)


def key_views(trajectories: Sequence[Trajectory], width: int, height: int, denser: int = 1) -> Views:
    """Take from each trajectory its first and last frame, its longest lens, and frames in between.

    Neighbours differ by at most 28 degrees or 1.5 m, unless that took more than 14 of them; `denser` multiplies.
    """
    rotations, centres, lenses = [], [], []
    for trajectory in trajectories:
        for k in _keys(trajectory, denser):
            rotations.append(trajectory.world_from_camera[k, :3, :3].T)
            centres.append(trajectory.world_from_camera[k, :3, 3])
            lenses.append(trajectory.intrinsics[k])
    lens = np.array(lenses)
    return Views(np.array(rotations), np.array(centres), lens, lens[:, :2] * (width, height))


def _keys(trajectory: Trajectory, denser: int) -> list[int]:
    last = len(trajectory) - 1
    if last <= 0:
        return [0]
    axes = trajectory.world_from_camera[:, :3, :3]
    cosine = (np.einsum("tij,tij->t", axes[1:], axes[:-1]) - 1) / 2
    turned = np.concatenate([[0.0], np.cumsum(np.degrees(np.arccos(np.clip(cosine, -1, 1))))]) / _TURN_DEG
    steps = np.linalg.norm(np.diff(trajectory.centres_m, axis=0), axis=1)
    travelled = np.concatenate([[0.0], np.cumsum(steps)]) / _TRAVEL_M
    progress = np.maximum(turned, travelled)
    spans = denser * min(max(math.ceil(progress[-1]), 1), _MOST)
    even = np.linspace(0, progress[-1], spans + 1)[1:-1]
    middle = np.searchsorted(progress, even).tolist() if progress[-1] > 0 else []
    return sorted({0, last, int(trajectory.intrinsics[:, 0].argmax()), *middle})
