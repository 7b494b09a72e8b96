"""What a camera did: motion measured on its finished trajectory."""

from dataclasses import dataclass

from camera_motion.schema.camera import Trajectory
from camera_motion.schema.plan import Speed
from camera_motion.schema.vocabulary import Unit

Vec3 = tuple[float, float, float]


@dataclass(frozen=True)
class Segment:
    """One motion over part of a clip, from the exposure of `start_frame` to that of `end_frame` (both frames exist).

    `magnitude` is positive: degrees, metres or |ln(f_end / f_start)|, as `unit` says; the direction is in `motion`.
    """

    start_frame: int
    end_frame: int
    motion: str
    magnitude: float
    unit: Unit
    speed: Speed


@dataclass(frozen=True)
class Motion:
    """Everything measured on one trajectory.

    `primitives` are the motions present, by the time they begin; never empty. `main` is the one that changes the
    picture most. `pan_deg`, `tilt_deg` and `roll_deg` are net and unwrapped (a full turn is 360), with the signs of
    `schema.conventions`; `focal_ratio` is f_end / f_0. `steadiness` is one of `vocabulary.STEADINESS`, from
    `shake_deg` and `shake_m`, the RMS of the motion above 2 Hz.
    """

    primitives: tuple[str, ...]
    main: str
    speed: Speed
    steadiness: str
    pan_deg: float
    tilt_deg: float
    roll_deg: float
    path_length_m: float
    focal_ratio: float
    segments: tuple[Segment, ...]
    shake_deg: float = 0.0
    shake_m: float = 0.0


def measure(trajectory: Trajectory, scene_depth_m: float | None = None, world_up: Vec3 | None = None) -> Motion:
    """Measure what the camera did."""
    raise NotImplementedError
