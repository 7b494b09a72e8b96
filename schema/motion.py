"""What a camera did: motion measured on its finished trajectory, never taken from the request for it."""

from dataclasses import dataclass

import numpy as np

from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory
from camera_motion.schema.plan import Speed
from camera_motion.schema.segments import Segment as Segment
from camera_motion.schema.segments import Thresholds, find_segments
from camera_motion.schema.signals import Signals, Vec3, shake, signals, smoothed
from camera_motion.schema.vocabulary import PRIMITIVES, REFERENCE_DEPTH_M, speed_of, steadiness_of

#: What counts as motion; the thresholds are ours, as no peer states validated ones. Net degrees, metres or share of the
#: scene's depth, and |ln| of the ratio of focal lengths.
TURN_DEG, MOVE_M, MOVE_SHARE, ZOOM = 2.0, 0.05, 0.02, 0.03

#: Degrees by which the picture changes per degree of turn, per metre over the scene's depth (in degrees), and per ln f:
#: a truck moves all of it, a dolly or a zoom or a roll its border, 25 degrees from the centre.
_PICTURE = {
    "pan": 1.0,
    "tilt": 1.0,
    "roll": 0.44,
    "arc": 1.0,
    "crane": 1.0,
    "truck": 1.0,
    "pedestal": 1.0,
    "dolly": 0.5,
    "dolly_zoom": 0.5,
    "zoom": 25.0,
}


@dataclass(frozen=True)
class Motion:
    """Everything measured on one trajectory.

    `primitives` are the motions present, by the time they begin; never empty. `main` is the one that changes the
    picture most, and `speed` is its class. `pan_deg`, `tilt_deg` and `roll_deg` are net and unwrapped (a full turn is
    360), with the signs of `schema.conventions`; `focal_ratio` is f_end / f_0. `steadiness` is one of
    `vocabulary.STEADINESS`, from `shake_deg` and `shake_m`, the RMS of the motion above 2 Hz.
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
    """Measure what the camera did: which motions, when, by how much, how fast and how steadily.

    With `world_up` ((0, 0, 1) for our own clips) the axes are those of the first frame set level: pan is a change of
    heading, tilt of elevation, roll is about the optical axis; dolly and truck go along the ground, pedestal straight
    up. Without it, or for a first view steeper than 75 degrees, they are the first camera's own (CameraBench's
    "camera-centric").

    A translation is read in the axes of the frame at which it begins, so that a straight truck with a wide pan stays a
    truck; in the camera's turning axes where that takes fewer motions: following a bend is a dolly with a pan.

    A translation counts from 0.05 m net on, or from 2 % of the median scene depth where that is given; a turn from
    2 degrees, a zoom from |ln f ratio| = 0.03; and only if it is at least a tenth of another one of its kind at the
    same time. With a scene depth, translations are classed by scene depths a second (`vocabulary.speed_range`).

    An unsteady camera is `handheld`: shake and sway below eight times its RMS are no motions of their own, and the
    rest is measured below 1 Hz.

    Raises:
        SpecError: `scene_depth_m` is not positive.
    """
    if scene_depth_m is not None and not scene_depth_m > 0:
        raise SpecError(f"scene_depth_m must be positive, got {scene_depth_m}")
    depth_m = REFERENCE_DEPTH_M if scene_depth_m is None else scene_depth_m
    given = signals(trajectory, world_up)
    shake_deg, shake_m = shake(given)
    seen_deg = float(np.hypot(shake_deg, np.degrees(np.arctan(shake_m / depth_m))))
    steadiness = steadiness_of(seen_deg)
    handheld = steadiness in ("unsteady", "very_unsteady")

    segments = _segments(given, handheld, shake_deg, shake_m, scene_depth_m)
    weight = _weights(segments, depth_m)
    primitives = tuple(dict.fromkeys(s.motion for s in segments))
    last = len(trajectory) - 1
    if handheld:
        primitives += ("handheld",)
        segments.append(Segment(0, last, "handheld", seen_deg, "deg", "regular"))
    if not primitives:
        primitives = ("static",)
        segments.append(Segment(0, last, "static", 0.0, "", "slow"))
    main = max(weight, key=lambda motion: weight[motion]) if weight else primitives[0]
    moved = any(PRIMITIVES[motion].family not in ("static", "zoom") for motion in primitives)
    if steadiness == "very_smooth" and not moved:
        steadiness = "static"

    net_deg = given.angles_deg[-1] - given.angles_deg[0]
    return Motion(
        primitives=primitives,
        main=main,
        speed=_speed(main, segments, trajectory.fps, scene_depth_m),
        steadiness=steadiness,
        pan_deg=float(net_deg[0]),
        tilt_deg=float(net_deg[1]),
        roll_deg=float(net_deg[2]),
        path_length_m=float(np.linalg.norm(np.diff(given.centres_m, axis=0), axis=1).sum()),
        focal_ratio=float(trajectory.intrinsics[-1, 0] / trajectory.intrinsics[0, 0]),
        segments=tuple(segments),
        shake_deg=shake_deg,
        shake_m=shake_m,
    )


def _segments(
    given: Signals, handheld: bool, shake_deg: float, shake_m: float, scene_depth_m: float | None
) -> list[Segment]:
    if len(given.angles_deg) < 2:
        return []
    limits = Thresholds(
        turn_deg=max(TURN_DEG, 8.0 * shake_deg if handheld else 0.0),
        move_m=max(MOVE_M if scene_depth_m is None else MOVE_SHARE * scene_depth_m, 8.0 * shake_m if handheld else 0.0),
        zoom=ZOOM,
        idle_share=0.25 if handheld else 0.02,
        scene_depth_m=scene_depth_m,
    )
    return find_segments(smoothed(given, 1.0) if handheld else given, limits)


def _weights(segments: list[Segment], depth_m: float) -> dict[str, float]:
    """Degrees of picture change of every motion present."""
    weight: dict[str, float] = {}
    for segment in segments:
        in_deg = np.degrees(np.arctan(segment.magnitude / depth_m)) if segment.unit == "m" else segment.magnitude
        change = float(in_deg) * _PICTURE[PRIMITIVES[segment.motion].family]
        weight[segment.motion] = weight.get(segment.motion, 0.0) + change
    return weight


def _speed(main: str, segments: list[Segment], fps: float, scene_depth_m: float | None) -> Speed:
    """Class of the main motion: all its magnitude over all the time it takes."""
    parts = [s for s in segments if s.motion == main]
    if PRIMITIVES[main].sign == 0:
        return parts[0].speed
    rate = sum(s.magnitude for s in parts) * fps / sum(s.end_frame - s.start_frame for s in parts)
    return speed_of(PRIMITIVES[main].family, rate, scene_depth_m)
