"""Camera algebra in float64: trajectories, pose inverses, relative poses, intrinsics, rays, epipolar lines.

Axes, units and pixel centres are those of `schema.conventions`. Poses are [..., 4, 4] rigid motions:
`world_from_camera` is c2w, `camera_from_world` is w2c.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64
from scipy.spatial.transform import Rotation

from camera_motion.schema.base import SpecError


@dataclass(frozen=True)
class Trajectory:
    """Where a camera was and what lens it had, for every frame (schema.conventions).

    `intrinsics` are normalised: fx / W, fy / H, cx / W, cy / H. Arrays are read-only.

    Raises:
        SpecError: the arrays are not [T,4,4] and [T,4] with the same T > 0; a focal length or `fps` is not
            positive.
    """

    world_from_camera: Float64[np.ndarray, "T 4 4"]
    intrinsics: Float64[np.ndarray, "T 4"]
    fps: float

    def __post_init__(self) -> None:
        poses, lenses = self.world_from_camera, self.intrinsics
        frames = len(poses)
        if frames == 0 or poses.shape != (frames, 4, 4) or lenses.shape != (frames, 4):
            raise SpecError(
                f"a trajectory needs poses [T,4,4] and intrinsics [T,4], got {poses.shape} and {lenses.shape}"
            )
        if not (lenses[:, :2] > 0).all():
            frame = int(np.flatnonzero(~(lenses[:, :2] > 0).all(axis=1))[0])
            raise SpecError(f"frame {frame}: focal lengths must be positive, got {lenses[frame, :2].tolist()}")
        if not self.fps > 0:
            raise SpecError(f"a trajectory needs fps > 0, got {self.fps}")
        for name, array in (("world_from_camera", poses), ("intrinsics", lenses)):
            if array.flags.writeable:
                array = array.copy()
                array.flags.writeable = False
                object.__setattr__(self, name, array)

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

    @property
    def times_s(self) -> Float64[np.ndarray, " T"]:
        """The instant of every frame, the first at 0."""
        return np.arange(len(self), dtype=np.float64) / self.fps


# --- poses


def invert(pose: Float64[np.ndarray, "*B 4 4"]) -> Float64[np.ndarray, "*B 4 4"]:
    """Inverse of rigid motions: [R^T | -R^T t]; w2c from c2w and back."""
    rotation_t = np.swapaxes(pose[..., :3, :3], -1, -2)
    out = np.zeros_like(pose)
    out[..., :3, :3] = rotation_t
    out[..., :3, 3] = -(rotation_t @ pose[..., :3, 3, None])[..., 0]
    out[..., 3, 3] = 1.0
    return out


def flip_camera_axes(world_from_camera: Float64[np.ndarray, "*B 4 4"]) -> Float64[np.ndarray, "*B 4 4"]:
    """OpenCV camera axes to OpenGL's (x right, y up, z backward), or back: it is its own inverse.

    For c2w matrices. The world's axes stay as they are.
    """
    return np.asarray(world_from_camera * np.array([1.0, -1.0, -1.0, 1.0]))


def relative_poses(world_from_camera: Float64[np.ndarray, "T 4 4"]) -> Float64[np.ndarray, "T 4 4"]:
    """Camera-to-world poses in the axes of the first camera: D_i = T_0^-1 T_i, so that D_0 = I."""
    return np.asarray(invert(world_from_camera[0]) @ world_from_camera)


def camera_scale(camera_from_world: Float64[np.ndarray, "T 4 4"]) -> float:
    """Compute the farthest distance of a camera centre from the first, max_i |C_i - C_0|, in stored units.

    RealCam-Vid's `camera_scale`, before `align_factor`. It is 0 for a camera that only turns or zooms: never divide by
    it unguarded.
    """
    centres = invert(camera_from_world)[:, :3, 3]
    return float(np.linalg.norm(centres - centres[0], axis=1).max())


def apply_align_factor(
    camera_from_world: Float64[np.ndarray, "*B 4 4"], align_factor: float
) -> Float64[np.ndarray, "*B 4 4"]:
    """Bring w2c matrices from stored units to metres: C_metric = align_factor * C, the rotations unchanged."""
    out = camera_from_world.copy()
    out[..., :3, 3] *= align_factor
    return out


def validate_rotations(poses: Float64[np.ndarray, "T 4 4"], tolerance: float = 1e-5) -> None:
    """Refuse poses that are not rigid motions; mirrored axes are common in the field's files.

    Raises:
        SpecError: with the first bad frame: not finite, a last row other than 0 0 0 1, a rotation that is not
            orthonormal within `tolerance`, or one with determinant -1.
    """
    rotation = poses[:, :3, :3]
    with np.errstate(invalid="ignore", over="ignore"):
        skew = np.abs(rotation @ np.swapaxes(rotation, 1, 2) - np.eye(3)).max(axis=(1, 2))
        last = np.abs(poses[:, 3] - (0.0, 0.0, 0.0, 1.0)).max(axis=1)
    for frame in range(len(poses)):
        if not np.isfinite(poses[frame]).all():
            raise SpecError(f"frame {frame}: the pose holds NaN or infinity; give finite numbers")
        if last[frame] > tolerance:
            raise SpecError(
                f"frame {frame}: the last row is {poses[frame, 3].tolist()}, not 0 0 0 1; is it transposed?"
            )
        if skew[frame] > tolerance:
            raise SpecError(
                f"frame {frame}: the rotation is not orthonormal, R R^T differs from I by {skew[frame]:.2g} "
                f"(at most {tolerance:g}); remove scale and shear, or give more digits"
            )
        determinant = float(np.linalg.det(rotation[frame]))
        if determinant < 0:
            raise SpecError(
                f"frame {frame}: the rotation has determinant {determinant:+.3f}, not +1; "
                "it is mirrored: flip one axis of the world or of the camera"
            )


# --- angles


def angles_yxz_deg(rotation: Float64[np.ndarray, "*B 3 3"]) -> Float64[np.ndarray, "*B 3"]:
    """Pan, tilt and roll of camera-to-reference rotations R = Ry(pan) Rx(tilt) Rz(roll), intrinsic Y-X-Z.

    Pan > 0 turns right, tilt > 0 looks up, roll > 0 turns clockwise seen from behind, all in (-180, 180], tilt within
    [-90, 90]. At a tilt of 90 degrees pan and roll cannot be told apart.
    """
    r = rotation
    pan = np.arctan2(r[..., 0, 2], r[..., 2, 2])
    tilt = np.arctan2(-r[..., 1, 2], np.hypot(r[..., 0, 2], r[..., 2, 2]))
    roll = np.arctan2(r[..., 1, 0], r[..., 1, 1])
    return np.asarray(np.degrees(np.stack([pan, tilt, roll], axis=-1)))


def rotation_yxz(angles_deg: Float64[np.ndarray, "*B 3"]) -> Float64[np.ndarray, "*B 3 3"]:
    """Build Ry(pan) Rx(tilt) Rz(roll) from degrees, the inverse of `angles_yxz_deg`."""
    (cy, cx, cz), (sy, sx, sz) = (np.moveaxis(f(np.radians(angles_deg)), -1, 0) for f in (np.cos, np.sin))
    rows = [
        [cy * cz + sy * sx * sz, -cy * sz + sy * sx * cz, sy * cx],
        [cx * sz, cx * cz, -sx],
        [-sy * cz + cy * sx * sz, sy * sz + cy * sx * cz, cy * cx],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def rotation_angle_deg(rotation: Float64[np.ndarray, "*B 3 3"]) -> Float64[np.ndarray, "*B"]:
    """Angle of rotations, in [0, 180]; exact for small ones too, where an arccos of the trace loses half its digits."""
    sine = np.linalg.norm(
        np.stack(
            [
                rotation[..., 2, 1] - rotation[..., 1, 2],
                rotation[..., 0, 2] - rotation[..., 2, 0],
                rotation[..., 1, 0] - rotation[..., 0, 1],
            ],
            axis=-1,
        ),
        axis=-1,
    )
    return np.asarray(np.degrees(np.arctan2(sine, np.trace(rotation, axis1=-2, axis2=-1) - 1.0)))


# --- interpolation


def interpolate(trajectory: Trajectory, times_s: Float64[np.ndarray, " N"], fps: float | None = None) -> Trajectory:
    """Sample a trajectory at any instants: SLERP of rotations, linear centres, log-linear focal lengths.

    Frame k of `trajectory` is at k / fps seconds; instants outside it take the pose of the nearer end. `fps` is the
    frame rate of the result (default: unchanged).
    """
    last = len(trajectory) - 1
    at = np.clip(times_s * trajectory.fps, 0.0, last)
    low = np.minimum(at.astype(np.int64), max(last - 1, 0))
    high = np.minimum(low + 1, last)
    share = at - low

    poses = trajectory.world_from_camera
    start, end = poses[low], poses[high]
    step = Rotation.from_matrix(np.swapaxes(start[:, :3, :3], 1, 2) @ end[:, :3, :3]).as_rotvec()
    out = np.tile(np.eye(4), (len(at), 1, 1))
    out[:, :3, :3] = start[:, :3, :3] @ Rotation.from_rotvec(share[:, None] * step).as_matrix()
    out[:, :3, 3] = start[:, :3, 3] + share[:, None] * (end[:, :3, 3] - start[:, :3, 3])

    lens = trajectory.intrinsics
    intrinsics = lens[low] + share[:, None] * (lens[high] - lens[low])
    intrinsics[:, :2] = lens[low, :2] * (lens[high, :2] / lens[low, :2]) ** share[:, None]
    return Trajectory(out, intrinsics, trajectory.fps if fps is None else fps)


# --- intrinsics


class Cover(NamedTuple):
    """A resize followed by a crop, in pixels: resize to `resized` (width, height), keep `size` from (`left`, `top`)."""

    resized: tuple[int, int]
    left: int
    top: int
    size: tuple[int, int]


def intrinsics_px(intrinsics: Float64[np.ndarray, "*B 4"], width: int, height: int) -> Float64[np.ndarray, "*B 4"]:
    """Scale normalised intrinsics to pixels of a `width` x `height` image: fx, fy, cx, cy.

    Resizing a picture, evenly or not, leaves normalised intrinsics unchanged; only a crop changes them.
    """
    return intrinsics * np.array([width, height, width, height], dtype=np.float64)


def camera_matrix(intrinsics: Float64[np.ndarray, "*B 4"], width: int, height: int) -> Float64[np.ndarray, "*B 3 3"]:
    """Build the 3x3 matrices K in pixels from normalised intrinsics."""
    fx, fy, cx, cy = np.moveaxis(intrinsics_px(intrinsics, width, height), -1, 0)
    out = np.zeros((*intrinsics.shape[:-1], 3, 3))
    out[..., 0, 0], out[..., 1, 1], out[..., 0, 2], out[..., 1, 2], out[..., 2, 2] = fx, fy, cx, cy, 1.0
    return out


def crop_intrinsics(
    intrinsics: Float64[np.ndarray, "*B 4"], image_size: tuple[int, int], left: int, top: int, size: tuple[int, int]
) -> Float64[np.ndarray, "*B 4"]:
    """Normalised intrinsics of the window of `size` (width, height) cut out of a picture at (`left`, `top`) pixels."""
    px = intrinsics_px(intrinsics, *image_size) - np.array([0.0, 0.0, left, top])
    return np.asarray(px / np.array([size[0], size[1], size[0], size[1]], dtype=np.float64))


def cover(image_size: tuple[int, int], size: tuple[int, int]) -> Cover:
    """Plan the resize and centre crop with which the field's loaders bring `image_size` to `size` (width, height)."""
    (width, height), (to_width, to_height) = image_size, size
    if width * to_height > height * to_width:
        resized = (int(width * to_height / height), to_height)
    else:
        resized = (to_width, int(height * to_width / width))
    return Cover(resized, (resized[0] - to_width) // 2, (resized[1] - to_height) // 2, size)


def cover_intrinsics(
    intrinsics: Float64[np.ndarray, "*B 4"], image_size: tuple[int, int], size: tuple[int, int]
) -> Float64[np.ndarray, "*B 4"]:
    """Normalised intrinsics after the resize and centre crop of `cover`.

    The crop's offset is subtracted from the principal point. RealCam-Vid's and CamI2V's loaders scale it instead,
    which is right only for cx = cy = 0.5.
    """
    plan = cover(image_size, size)
    return crop_intrinsics(intrinsics, plan.resized, plan.left, plan.top, plan.size)


# --- rays and lines


def plucker_rays(trajectory: Trajectory, width: int, height: int) -> Float64[np.ndarray, "T height width 6"]:
    """Pluecker coordinates (moment = origin x direction, unit direction) of every pixel's ray, in camera 0's axes.

    Rays go through pixel centres, (column + 0.5, row + 0.5). The layout of CameraCtrl (arXiv 2404.02101). `width` and
    `height` may be those of a latent grid.
    """
    poses = relative_poses(trajectory.world_from_camera)
    lens = intrinsics_px(trajectory.intrinsics, width, height)
    columns, rows = np.arange(width) + 0.5, np.arange(height) + 0.5
    out = np.empty((len(poses), height, width, 6))
    for frame, (pose, (fx, fy, cx, cy)) in enumerate(zip(poses, lens, strict=True)):
        ray = np.stack([*np.meshgrid((columns - cx) / fx, (rows - cy) / fy), np.ones((height, width))], axis=-1)
        ray = (ray / np.linalg.norm(ray, axis=-1, keepdims=True)) @ pose[:3, :3].T
        out[frame, ..., :3] = np.cross(np.broadcast_to(pose[:3, 3], ray.shape), ray)
        out[frame, ..., 3:] = ray
    return out


def epipolar_lines(
    trajectory: Trajectory, frame: int, other: int, points_px: Float64[np.ndarray, "N 2"], width: int, height: int
) -> Float64[np.ndarray, "N 3"]:
    """Lines (a, b, c) of frame `other` on which points of `frame` must lie: a x + b y + c = 0, a^2 + b^2 = 1.

    So a x + b y + c is the signed distance in pixels of (x, y) from the line.

    Raises:
        SpecError: both frames were taken from the same place, so there is no line.
    """
    other_from_frame = invert(trajectory.world_from_camera[other]) @ trajectory.world_from_camera[frame]
    x, y, z = other_from_frame[:3, 3]
    if np.linalg.norm(other_from_frame[:3, 3]) < 1e-9:
        raise SpecError(f"frames {frame} and {other} were taken from the same place; choose frames with a baseline")
    k_inverse = np.linalg.inv(camera_matrix(trajectory.intrinsics[[frame, other]], width, height))
    across = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    fundamental = k_inverse[1].T @ across @ other_from_frame[:3, :3] @ k_inverse[0]
    lines = np.concatenate([points_px, np.ones((len(points_px), 1))], axis=1) @ fundamental.T
    return np.asarray(lines / np.linalg.norm(lines[:, :2], axis=1, keepdims=True))
