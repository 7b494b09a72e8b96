"""From a start and a course to a trajectory.

A course says how the camera departs from its start: along the ground and up in the axes of the levelled start (right,
forward, up), by pan, tilt and roll, and by the logarithm of its focal length. Courses of several moves add.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from camera_motion.schema.camera import Trajectory, rotation_yxz

#: Focal lengths are stated for a 36 mm wide sensor ("full frame"), lying along the picture's longer side.
SENSOR_MM = 36.0

#: A level camera that looks along +y: its right, down and forward axes as columns.
_WORLD_FROM_LEVEL = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


@dataclass(frozen=True)
class VideoShape:
    """Size and timing of a clip; frame k is exposed at k / fps."""

    width: int
    height: int
    frames: int
    fps: float

    @property
    def duration_s(self) -> float:
        """From the first exposure to the last."""
        return (self.frames - 1) / self.fps


@dataclass(frozen=True)
class Start:
    """Where a move begins.

    `heading_deg` turns right from looking along +y; `pitch_deg` > 0 looks up. `focus_m` is the distance along the
    optical axis of what the camera looks at: arcs, cranes and dolly zooms keep that point. `depth_m` is the median
    depth of the view, the scale of the scene.
    """

    position_m: tuple[float, float, float]
    heading_deg: float
    pitch_deg: float
    focal_mm: float
    focus_m: float
    depth_m: float
    roll_deg: float = 0.0


@dataclass(frozen=True)
class Course:
    """Departure from a start, per frame; row 0 is zero."""

    shift_m: Float64[np.ndarray, "T 3"]
    turn_deg: Float64[np.ndarray, "T 3"]
    ln_focal: Float64[np.ndarray, " T"]

    def __add__(self, other: "Course") -> "Course":
        return Course(self.shift_m + other.shift_m, self.turn_deg + other.turn_deg, self.ln_focal + other.ln_focal)

    def mirrored(self) -> "Course":
        """Exchange left and right: the reflection in the vertical plane through the start's optical axis."""
        return Course(self.shift_m * (-1.0, 1.0, 1.0), self.turn_deg * (-1.0, 1.0, -1.0), self.ln_focal)

    def seen_from(self, heading_deg: float) -> "Course":
        """Rewrite a course whose start is headed `heading_deg` to the right of the axes wanted."""
        angle = np.radians(heading_deg)
        right, forward, up = self.shift_m.T
        shift = (
            right * np.cos(angle) + forward * np.sin(angle),
            forward * np.cos(angle) - right * np.sin(angle),
            up,
        )
        return Course(np.stack(shift, -1), self.turn_deg, self.ln_focal)


def still(frames: int) -> Course:
    """Stay."""
    return Course(np.zeros((frames, 3)), np.zeros((frames, 3)), np.zeros(frames))


def axis(
    heading_deg: Float64[np.ndarray, "*T"] | float, pitch_deg: Float64[np.ndarray, "*T"] | float
) -> Float64[np.ndarray, "*T 3"]:
    """Give the viewing direction (right, forward, up) in level axes of heading 0; in the world these are x, y, z."""
    h, p = np.radians(heading_deg), np.radians(pitch_deg)
    return np.stack(np.broadcast_arrays(np.sin(h) * np.cos(p), np.cos(h) * np.cos(p), np.sin(p)), -1)


def orbit(start: Start, azimuth_deg: Float64[np.ndarray, " T"], elevation_deg: Float64[np.ndarray, " T"]) -> Course:
    """Circle the point in focus at constant distance and keep it centred.

    Positive azimuths carry the camera to its own right (counter-clockwise from above), positive elevations up.
    """
    pan, tilt = -azimuth_deg, -elevation_deg
    pitch = np.full(len(pan), start.pitch_deg)
    shift = start.focus_m * (axis(np.zeros(len(pan)), pitch) - axis(pan, pitch + tilt))
    return Course(shift, np.stack([pan, tilt, np.zeros(len(pan))], -1), np.zeros(len(pan)))


def advance(start: Start, course: Course) -> Start:
    """Give the start of what follows `course`. What was in focus stays so while it is ahead."""
    position = np.array(start.position_m) + course.seen_from(start.heading_deg).shift_m[-1]
    pan, tilt, roll = (float(a) for a in course.turn_deg[-1])
    ahead = float(
        (target(start) - position) @ axis(start.heading_deg + pan, start.pitch_deg + tilt)  # along the new axis
    )
    return replace(
        start,
        position_m=(float(position[0]), float(position[1]), float(position[2])),
        heading_deg=start.heading_deg + pan,
        pitch_deg=start.pitch_deg + tilt,
        roll_deg=start.roll_deg + roll,
        focal_mm=start.focal_mm * float(np.exp(course.ln_focal[-1])),
        focus_m=ahead if ahead > 1.0 else start.focus_m,
    )


def target(start: Start) -> Float64[np.ndarray, "3"]:
    """Give the point in focus, in the world."""
    return np.array(start.position_m) + start.focus_m * axis(start.heading_deg, start.pitch_deg)


def trajectory(start: Start, course: Course, video: VideoShape) -> Trajectory:
    """Place a course in the world: poses and intrinsics of every frame."""
    poses = np.zeros((len(course.ln_focal), 4, 4))
    angles = course.turn_deg + np.array([start.heading_deg, start.pitch_deg, start.roll_deg])
    poses[:, :3, :3] = orientation(angles)
    poses[:, :3, 3] = course.seen_from(start.heading_deg).shift_m + start.position_m
    poses[:, 3, 3] = 1.0
    return Trajectory(poses, intrinsics(start.focal_mm * np.exp(course.ln_focal), video), float(video.fps))


def orientation(angles_deg: Float64[np.ndarray, "T 3"]) -> Float64[np.ndarray, "T 3 3"]:
    """World from camera for heading, pitch and roll: the intrinsic Y-X-Z of the conventions on level axes."""
    rotation: np.ndarray = _WORLD_FROM_LEVEL @ rotation_yxz(angles_deg)
    return rotation


def intrinsics(focal_mm: Float64[np.ndarray, " T"], video: VideoShape) -> Float64[np.ndarray, "T 4"]:
    """Normalised intrinsics (fx / W, fy / H, cx / W, cy / H) of focal lengths, square pixels, centred axis."""
    focal = focal_mm / SENSOR_MM * max(video.width, video.height)
    half = np.full(len(focal), 0.5)
    return np.stack([focal / video.width, focal / video.height, half, half], -1)
