"""Find where a move can be filmed: a start whose view, and the view along the whole path, is free.

The rule that frame 0 must not tell where the camera will go: a start is taken only if the move *and* its opposite
fit and measure as themselves, and nothing random depends on the direction. So of two requests that differ in their
direction alone, with equal streams, each is exactly the other's opposite.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float64

from camera_motion.generator.geometry import SceneGeometry, Subject
from camera_motion.generator.moves import MOVES, check
from camera_motion.generator.moves.base import LENS_MM, Scope, Stance
from camera_motion.generator.paths import SENSOR_MM as SENSOR_MM
from camera_motion.generator.paths import Start, axis, intrinsics, orientation, trajectory
from camera_motion.generator.paths import VideoShape as VideoShape
from camera_motion.generator.sightlines import MEDIAN_M, is_free, look, subjects_in_view
from camera_motion.schema.base import Rejected
from camera_motion.schema.camera import Trajectory
from camera_motion.schema.conventions import WORLD_UP
from camera_motion.schema.motion import Motion, measure
from camera_motion.schema.plan import MoveRequest

#: How far a camera keeps from anything solid.
CLEARANCE_M: Final = 0.35

_STARTS: Final = 64
#: What share of the time a move must take, in each round of starts: at first only those with ample room will do.
_LEAST_SHARES: Final = (0.9, 0.65, 0.4, 0.2, 0.0, 0.0, 0.0)
_PITCH_DEG: Final = (-12.0, 6.0)
#: Pitch with which a subject is looked at: usually, from any height, and where the camera then looks level.
_SUBJECT_DEG: Final = (-30.0, 12.0)
_RAISED_DEG: Final = (-38.0, 15.0)
_LEVEL_DEG: Final = (-8.0, 8.0)
#: Nearest and farthest subject. The nearest is farther for a large one, and then so is the farthest.
_SUBJECT_M: Final = (1.6, 9.0)
#: Views looked at along a path.
_VIEWS: Final = 8
#: What a subject in view adds to the appeal of a start (two at most count), and how far liking is left to chance.
_SIGHT: Final = 0.5
_WHIM: Final = 0.25


@dataclass(frozen=True)
class Shot:
    """A move, placed. `opposite` departs from the very same frame 0.

    `params` are the plain values from which `trajectory` was made; `motion` is what was measured on it with
    `scene_depth_m`, the median depth of frame 0.
    """

    trajectory: Trajectory
    opposite: Trajectory
    subject: Subject | None
    params: dict[str, Any]
    motion: Motion
    scene_depth_m: float


def place(geometry: SceneGeometry, request: MoveRequest, video: VideoShape, rng: np.random.Generator) -> Shot:
    """Place a move in a scene.

    Raises:
        SpecError: the request makes no sense, in any scene.
        Rejected: no start was found, with what stood most often in the way.
    """
    check(request)
    move = MOVES[request.move]
    stance = move.stance(request)
    hindrances: dict[str, int] = {}
    for least_share in _LEAST_SHARES:
        for start, subject in _starts(geometry, stance, video, rng):
            try:
                return _shot(geometry, request, video, start, subject, least_share, rng)
            except Rejected as reason:
                hindrances[str(reason)] = hindrances.get(str(reason), 0) + 1
    worst = max(hindrances, key=lambda reason: hindrances[reason]) if hindrances else "no free view"
    raise Rejected(f"place: {worst}")


def _shot(
    geometry: SceneGeometry,
    request: MoveRequest,
    video: VideoShape,
    start: Start,
    subject: Subject | None,
    least_share: float,
    rng: np.random.Generator,
) -> Shot:
    move = MOVES[request.move]
    scope = Scope(
        (start,),
        video,
        0,
        video.frames - 1,
        lambda here, direction: _reach_m(geometry, here, direction),
        lambda points: _stands(geometry, points, CLEARANCE_M + 0.05),
        least_share,
    )
    params = move.rand(rng, request, scope)
    both = params, move.opposite(params)
    paths = [trajectory(start, move.course(each, start, video), video) for each in both]
    for path in paths:
        _require_room(geometry, path, video)
    for path in paths:
        _require_view(geometry, path, subject)
    motions = []
    for each, path in zip(both, paths, strict=True):
        motion = measure(path, start.depth_m, WORLD_UP)
        if quarrel := move.expected(each).quarrel(motion):
            raise Rejected(quarrel)
        motions.append(motion)
    plain = {"move": request.move, "start": dataclasses.asdict(start), "params": dataclasses.asdict(params)}
    return Shot(paths[0], paths[1], subject, plain, motions[0], start.depth_m)


def _starts(
    geometry: SceneGeometry, stance: Stance, video: VideoShape, rng: np.random.Generator
) -> list[tuple[Start, Subject | None]]:
    """Draw starts, keep those from which the view is free, and put the more promising first."""
    lo, hi = geometry.bounds_m
    # About a subject most places are in the way of something.
    count = 3 * _STARTS if stance.subject else _STARTS
    eye = np.clip(np.add(geometry.eye_heights_m, geometry.ground_m), lo[2], hi[2])
    lowest, highest = (max(lo[2], geometry.ground_m + 0.5), hi[2]) if stance.raised else (eye[0], eye[1])
    where = lo + (hi - lo) * rng.random((count, 3))
    where[:, 2] = rng.uniform(lowest, highest, count)
    heading = rng.uniform(0.0, 360.0, count)
    pitch = rng.triangular(_PITCH_DEG[0], -2.0, _PITCH_DEG[1], count)
    widest, longest = np.log(stance.focal_mm)
    focal = np.exp(rng.uniform(widest, longest, count))
    nearness, which = rng.random((2, count))

    subjects: list[Subject | None] = [None] * count
    focus = np.full(count, np.nan)
    ok = np.ones(count, bool)
    if stance.subject and geometry.subjects:
        chosen = [geometry.subjects[int(w * len(geometry.subjects))] for w in which]
        subjects = [*chosen]
        centre, radius = np.array([s.position_m for s in chosen]), np.array([s.radius_m for s in chosen])
        nearest = np.maximum(_SUBJECT_M[0], 1.3 * radius + 0.8)
        away = nearest * (np.maximum(_SUBJECT_M[1] / nearest, 1.5)) ** nearness
        where[:, :2] = centre[:, :2] - away[:, None] * axis(heading, 0.0)[:, :2]
        pitch = np.degrees(np.arctan2(centre[:, 2] - where[:, 2], away))
        low, high = _LEVEL_DEG if stance.level else _RAISED_DEG if stance.raised else _SUBJECT_DEG
        ok = (pitch > low) & (pitch < high)
        focus = away if stance.level else away / np.cos(np.radians(pitch))
    if stance.level:
        pitch = np.zeros(count)

    kept = np.flatnonzero(ok & _stands(geometry, where, CLEARANCE_M + 0.05))
    if len(kept) == 0:
        return []
    turned = orientation(np.stack([heading[kept], pitch[kept], np.zeros(len(kept))], -1))
    lenses = intrinsics(focal[kept], video)
    view = look(geometry.space, where[kept], turned, lenses)
    depth_m, middle_m = view.median_m(), np.clip(view.centre_m(), *_SUBJECT_M)
    free = np.flatnonzero(is_free(view) & (depth_m > 1.25 * MEDIAN_M))
    liking = view.appeal() + rng.gumbel(scale=_WHIM, size=len(kept))
    if not stance.subject:
        liking += _SIGHT * np.minimum(
            subjects_in_view(geometry.space, geometry.subjects, where[kept], turned, lenses), 2
        )
    return [
        (
            Start(
                position_m=(float(where[k, 0]), float(where[k, 1]), float(where[k, 2])),
                heading_deg=float(heading[k]),
                pitch_deg=float(pitch[k]),
                focal_mm=float(focal[k]),
                focus_m=float(focus[k]) if subjects[k] else float(middle_m[row]),
                depth_m=float(depth_m[row]),
            ),
            subjects[k],
        )
        for row, k in ((row, kept[row]) for row in free[np.argsort(-liking[free], kind="stable")])
    ]


def _stands(
    geometry: SceneGeometry, points_m: Float64[np.ndarray, "N 3"], clearance_m: float
) -> Bool[np.ndarray, " N"]:
    """Tell where a camera may stand: within bounds, above the ground, clear of solids."""
    lo, hi = geometry.bounds_m
    low = np.array([lo[0], lo[1], max(lo[2], geometry.ground_m + clearance_m)])
    inside = ((points_m >= low - 1e-9) & (points_m <= hi + 1e-9)).all(1)
    stands: np.ndarray = inside & (geometry.space.clearance_m(points_m) >= clearance_m)
    return stands


def _require_room(geometry: SceneGeometry, path: Trajectory, video: VideoShape) -> None:
    """Raise Rejected unless the whole path is clear of solids, within bounds, and its lens exists."""
    centres = path.centres_m
    step = np.diff(centres, axis=0)
    length = np.linalg.norm(step, axis=1)
    far = length > CLEARANCE_M  # else what is clear at both ends is clear between them
    through = geometry.space.cast_m(centres[:-1][far], step[far] / length[far, None]) < length[far]
    if not _stands(geometry, centres, CLEARANCE_M).all() or through.any():
        raise Rejected("something is in the way")
    focal_mm = path.intrinsics[:, 0] * SENSOR_MM * video.width / max(video.width, video.height)
    if focal_mm.min() < LENS_MM[0] - 1e-9 or focal_mm.max() > LENS_MM[1] + 1e-9:
        raise Rejected("no such lens")


def _require_view(geometry: SceneGeometry, path: Trajectory, subject: Subject | None) -> None:
    """Raise Rejected unless the view is free along the path, and the subject seen at both ends and most of the way."""
    frames = np.unique(np.linspace(0, len(path) - 1, _VIEWS).round().astype(int))
    poses = path.world_from_camera[frames]
    if not is_free(look(geometry.space, poses[:, :3, 3], poses[:, :3, :3], path.intrinsics[frames])).all():
        raise Rejected("the view is not free")
    if subject is not None:
        to_subject = np.array(subject.position_m) - poses[:, :3, 3]
        distance = np.linalg.norm(to_subject, axis=1)
        seen_m = geometry.space.cast_m(poses[:, :3, 3], to_subject / distance[:, None])
        hidden = seen_m < distance - subject.radius_m - 0.3
        if hidden[0] or hidden[-1] or hidden.mean() > 0.34:
            raise Rejected("the subject is hidden")


def _reach_m(geometry: SceneGeometry, start: Start, direction: tuple[float, float, float]) -> float:
    """How far a camera can go from `start` along a level direction and, as far, against it."""
    heading = np.radians(start.heading_deg)
    right, forward, up = direction
    along = np.array(
        [
            right * np.cos(heading) + forward * np.sin(heading),
            forward * np.cos(heading) - right * np.sin(heading),
            up,
        ]
    )
    here = np.array(start.position_m)
    lo, hi = geometry.bounds_m
    low = np.array([lo[0], lo[1], max(lo[2], geometry.ground_m + CLEARANCE_M)])
    with np.errstate(divide="ignore", invalid="ignore"):
        to_bounds = np.fmin(np.abs((low - here) / along), np.abs((hi - here) / along)).min()
    solid = geometry.space.cast_m(np.tile(here, (2, 1)), np.stack([along, -along])).min()
    return float(max(min(to_bounds, solid - CLEARANCE_M - 0.1), 0.0))
