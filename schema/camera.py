"""Camera algebra in float64: trajectories, pose inverses, relative poses, intrinsics, rays."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64


@dataclass(frozen=True)
class Trajectory:
    """Where a camera was and what lens it had, for every frame (schema.conventions).

    `intrinsics` are normalised: fx / W, fy / H, cx / W, cy / H. Arrays are read-only.
    """

    world_from_camera: Float64[np.ndarray, "T 4 4"]
    intrinsics: Float64[np.ndarray, "T 4"]
    fps: float

    def __len__(self) -> int:
        return len(self.world_from_camera)

    @property
    def centres_m(self) -> Float64[np.ndarray, "T 3"]:
        """Camera centres in the world."""
        return self.world_from_camera[:, :3, 3]

    @property
    def camera_from_world(self) -> Float64[np.ndarray, "T 4 4"]:
        """The w2c matrices, exact inverses of rigid motions."""
        return invert(self.world_from_camera)


def invert(pose: Float64[np.ndarray, "*B 4 4"]) -> Float64[np.ndarray, "*B 4 4"]:
    """Inverse of rigid motions: [R^T | -R^T t]."""
    rotation_t = np.swapaxes(pose[..., :3, :3], -1, -2)
    out = np.zeros_like(pose)
    out[..., :3, :3] = rotation_t
    out[..., :3, 3] = -(rotation_t @ pose[..., :3, 3, None])[..., 0]
    out[..., 3, 3] = 1.0
    return out
