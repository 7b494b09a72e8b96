"""A trajectory as signals over time: unwrapped angles, centres in levelled axes, log focal length, and their shake."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.signal import savgol_filter

from camera_motion.schema.camera import Trajectory, angles_yxz_deg, rotation_yxz

Vec3 = tuple[float, float, float]

#: Above this elevation of the first view (a bird's eye, a worm's eye) heading has no meaning.
STEEP_DEG = 75.0
#: Motion faster than this is shake.
SHAKE_HZ = 2.0


@dataclass(frozen=True)
class Signals:
    """Camera motion in reference axes (x right, y down, z forward) that are fixed in the world.

    `angles_deg` are pan, tilt, roll of the camera in these axes, unwrapped; `centres_m` starts at the origin.
    `levelled` says that -y is up against gravity; else the axes are those of the first camera.
    """

    angles_deg: Float64[np.ndarray, "T 3"]
    centres_m: Float64[np.ndarray, "T 3"]
    log_focal: Float64[np.ndarray, " T"]
    fps: float
    levelled: bool

    @property
    def rotation(self) -> Float64[np.ndarray, "T 3 3"]:
        """Camera axes to reference axes."""
        return rotation_yxz(self.angles_deg)

    @property
    def forward(self) -> Float64[np.ndarray, "T 3"]:
        """Optical axes."""
        return self.rotation[:, :, 2]


def signals(trajectory: Trajectory, world_up: Vec3 | None) -> Signals:
    """Express a trajectory in the axes of its first frame, levelled to `world_up` where that is given."""
    poses = trajectory.world_from_camera
    axes = levelled_axes(poses[0, :3, :3], np.asarray(world_up, dtype=np.float64)) if world_up is not None else None
    levelled = axes is not None
    world_from_reference = poses[0, :3, :3] if axes is None else axes
    return Signals(
        angles_deg=unwrapped_angles_deg(world_from_reference.T @ poses[:, :3, :3]),
        centres_m=(trajectory.centres_m - trajectory.centres_m[0]) @ world_from_reference,
        log_focal=np.log(trajectory.intrinsics[:, 0]),
        fps=trajectory.fps,
        levelled=levelled,
    )


def levelled_axes(
    rotation: Float64[np.ndarray, "3 3"], up: Float64[np.ndarray, "3"]
) -> Float64[np.ndarray, "3 3"] | None:
    """Axes (right, down, heading) of a camera set level, as columns; None for a view too steep to have a heading."""
    up = up / np.linalg.norm(up)
    forward = rotation[:, 2]
    if abs(forward @ up) > np.sin(np.radians(STEEP_DEG)):
        return None
    heading = forward - (forward @ up) * up
    heading /= np.linalg.norm(heading)
    return np.stack([np.cross(-up, heading), -up, heading], axis=1)


def unwrapped_angles_deg(rotation: Float64[np.ndarray, "T 3 3"]) -> Float64[np.ndarray, "T 3"]:
    """Pan, tilt and roll that vary continuously: full turns go on past 360, a loop over the top past a tilt of 90.

    Each rotation has two Y-X-Z triples (and their full turns); the one nearest to the frame before is taken.
    """
    out = angles_yxz_deg(rotation)
    for frame in range(1, len(out)):
        pan, tilt, roll = out[frame]
        twins = np.array([[pan, tilt, roll], [pan + 180.0, 180.0 - tilt, roll + 180.0]])
        twins += 360.0 * np.round((out[frame - 1] - twins) / 360.0)
        out[frame] = twins[np.argmin(np.abs(twins - out[frame - 1]).sum(axis=1))]
    return out


def smooth(values: Float64[np.ndarray, "T *C"], fps: float, cutoff_hz: float) -> Float64[np.ndarray, "T *C"]:
    """Low-pass with a cubic Savitzky-Golay filter, 3 dB down at `cutoff_hz`.

    It leaves cubic eases untouched up to both ends, where filters that pad would invent shake. Window: R. W. Schafer,
    "What is a Savitzky-Golay filter?", IEEE SPM 2011, eq. 12.
    """
    half = round((4.0 * fps / (2.0 * cutoff_hz) + 4.6) / 3.2)
    window = min(2 * half + 1, len(values) - (len(values) + 1) % 2)
    return np.asarray(savgol_filter(values, window, 3, axis=0, mode="interp")) if window >= 5 else values


def smoothed(given: Signals, cutoff_hz: float) -> Signals:
    """Remove the motion above `cutoff_hz`."""
    return replace(
        given,
        angles_deg=smooth(given.angles_deg, given.fps, cutoff_hz),
        centres_m=smooth(given.centres_m, given.fps, cutoff_hz),
        log_focal=smooth(given.log_focal, given.fps, cutoff_hz),
    )


def shake(given: Signals) -> tuple[float, float]:
    """RMS of the motion above 2 Hz: degrees of turning, metres of translation.

    The median over half-second windows, as shake lasts while a corner between two moves is over at once; filtered
    twice, so that a quick turn leaks less than 1e-4 of itself; and only of axes that swing to and fro as fast as that,
    or the eases of a two-second clip would count.
    """
    if len(given.angles_deg) < 8 or given.fps < 2.0 * SHAKE_HZ:
        return 0.0, 0.0
    pan, tilt, roll = given.angles_deg.T
    turning = [_shaking(axis, given.fps) for axis in (pan, tilt, roll)]
    turning[0] *= np.cos(np.radians(tilt))
    return _windowed_rms(turning, given.fps), _windowed_rms(
        [_shaking(axis, given.fps) for axis in given.centres_m.T], given.fps
    )


def _shaking(values: Float64[np.ndarray, " T"], fps: float) -> Float64[np.ndarray, " T"]:
    """High-pass one axis; nothing of it if its acceleration changes sign less than 3.5 times a second."""
    acceleration = np.diff(values, 2)
    signs = np.sign(acceleration[np.abs(acceleration) > 1e-3 * np.abs(acceleration).max()])
    if np.count_nonzero(np.diff(signs)) < 3.5 * len(acceleration) / fps:
        return np.zeros_like(values)
    for _ in range(2):
        values = values - smooth(values, fps, SHAKE_HZ)
    return values


def _windowed_rms(axes: list[Float64[np.ndarray, " T"]], fps: float) -> float:
    power = np.square(axes).sum(axis=0)
    windows = np.array_split(power, max(1, round(len(power) / fps / 0.5)))
    return float(np.sqrt(np.median([window.mean() for window in windows])))
