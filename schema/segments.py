"""From signals to time segments: which motion, from which frame to which, by how much.

Precedence: an arc or crane absorbs the truck, dolly, pedestal, pan and tilt it is made of; a dolly zoom its dolly and
zoom. What is left is read axis by axis.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from camera_motion.schema.camera import rotation_yxz
from camera_motion.schema.orbit import EXACT, LOOSE, dolly_zoom_depth_m, fit_orbit
from camera_motion.schema.plan import Speed
from camera_motion.schema.signals import Signals
from camera_motion.schema.vocabulary import PRIMITIVES, Unit, speed_of, word

#: A pause this long parts two motions of one direction.
_PAUSE_S = 0.4
#: A motion must reach this share of another of its kind at the same time: less is the other's leak.
_LEAK = 0.10
#: A change of direction within one frame step that starts a new move, if the camera has turned meanwhile.
_CORNER_DEG, _TURNED_DEG = 30.0, 10.0


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
class Thresholds:
    """Net motion that counts. `idle_share`: slower than this share of a move's mean speed is not yet, or no longer, it.

    The arc's and crane's threshold is `turn_deg` of sweep.
    """

    turn_deg: float
    move_m: float
    zoom: float
    idle_share: float
    scene_depth_m: float | None


@dataclass(frozen=True)
class Run:
    """A signal that goes one way from frame `start` to frame `end` by `change`."""

    start: int
    end: int
    change: float


def find_segments(given: Signals, limits: Thresholds) -> list[Segment]:
    """Cut a trajectory into motions, in order of their beginning; simultaneous ones overlap."""
    pan, tilt, roll = np.diff(given.angles_deg, axis=0).T.copy()
    steps_m = np.diff(given.centres_m, axis=0)
    found: list[tuple[str, Run]] = []

    marks = [r for step in (pan, tilt) for r in runs(step, limits.turn_deg, given.fps, limits.idle_share)]
    for start, end, motions, roll_deg in _orbits(given, steps_m, marks, limits):
        found += motions
        pan[start:end] = tilt[start:end] = 0.0
        steps_m[start:end] = 0.0
        roll[start:end] = np.diff(roll_deg)

    turns = [
        (family, run)
        for family, step in (("pan", pan), ("tilt", tilt), ("roll", roll))
        for run in runs(step, limits.turn_deg, given.fps, limits.idle_share)
    ]
    moves = [
        (family, run) for a, b in _moving(steps_m, given, limits) for family, run in _axes(given, steps_m, a, b, limits)
    ]
    zooms = [("zoom", run) for run in runs(np.diff(given.log_focal), limits.zoom, given.fps, limits.idle_share)]
    found += _without_leaks(turns) + _dolly_zooms(given, _without_leaks(moves), zooms)
    return sorted(
        (_segment(family, run, given.fps, limits) for family, run in found),
        key=lambda s: (s.start_frame, -s.end_frame, s.motion),
    )


def runs(step: Float64[np.ndarray, " S"], threshold: float, fps: float, idle_share: float) -> list[Run]:
    """Cut a signal, given by its steps, where it turns back by `threshold` or pauses; keep what changes by that much.

    So a move out and back is two runs although its net change is none, and small wavering cuts nothing.
    """
    value = np.concatenate([[0.0], np.cumsum(step)])
    out: list[Run] = []
    for start, end in _swings(value, threshold):
        sign = np.sign(value[end] - value[start])
        speed = step[start:end] * sign
        active = np.flatnonzero(speed > idle_share * abs(value[end] - value[start]) / (end - start)) + start
        parts = np.split(active, np.flatnonzero(np.diff(active) - 1 > _PAUSE_S * fps) + 1)
        kept = [p for p in parts if abs(value[p[-1] + 1] - value[p[0]]) >= threshold] or [active]
        out += [Run(int(p[0]), int(p[-1]) + 1, float(value[p[-1] + 1] - value[p[0]])) for p in kept]
    return out


def _swings(value: Float64[np.ndarray, " T"], threshold: float) -> Iterator[tuple[int, int]]:
    """Frames of the turning points between which a signal swings by at least `threshold`."""
    pivot, extreme, direction = 0, 0, 0
    low = high = 0
    for k in range(1, len(value)):
        if direction == 0:
            low, high = (k if value[k] < value[low] else low), (k if value[k] > value[high] else high)
            if value[k] - value[low] >= threshold:
                pivot, extreme, direction = low, k, 1
            elif value[high] - value[k] >= threshold:
                pivot, extreme, direction = high, k, -1
        elif (value[k] - value[extreme]) * direction > 0:
            extreme = k
        elif (value[extreme] - value[k]) * direction >= threshold:
            yield pivot, extreme
            pivot, extreme, direction = extreme, k, -direction
    if direction:
        yield pivot, extreme


def _moving(steps_m: Float64[np.ndarray, "S 3"], given: Signals, limits: Thresholds) -> list[tuple[int, int]]:
    """Frames from and to which the centre moves, at a speed that could matter; parted at corners after a turn."""
    length = np.linalg.norm(steps_m, axis=1)
    active = np.flatnonzero(length > 0.2 * limits.move_m / len(length))
    if len(active) == 0:
        return []
    spans = [(int(p[0]), int(p[-1]) + 1) for p in np.split(active, np.flatnonzero(np.diff(active) > 1) + 1)]
    out: list[tuple[int, int]] = []
    for start, end in spans:
        for corner in _corners(steps_m, start, end):
            cosine = given.forward[start] @ given.forward[corner]
            if cosine < np.cos(np.radians(_TURNED_DEG)):
                out.append((start, corner))
                start = corner
        out.append((start, end))
    return out


def _corners(steps_m: Float64[np.ndarray, "S 3"], start: int, end: int) -> list[int]:
    """Frames at which the direction of travel turns sharply, and far more than just before and after."""
    unit = steps_m[start:end] / np.maximum(np.linalg.norm(steps_m[start:end], axis=1, keepdims=True), 1e-12)
    turn = np.degrees(np.arccos(np.clip((unit[1:] * unit[:-1]).sum(axis=1), -1.0, 1.0)))
    beside = np.maximum(np.concatenate([[0.0], turn[:-1]]), np.concatenate([turn[1:], [0.0]]))
    return [start + 1 + int(k) for k in np.flatnonzero((turn > _CORNER_DEG) & (turn > 3.0 * beside))]


def _axes(
    given: Signals, steps_m: Float64[np.ndarray, "S 3"], start: int, end: int, limits: Thresholds
) -> list[tuple[str, Run]]:
    """Split translation along the axes of the stretch's first frame: level ones where gravity is known.

    Where the camera's own turning axes need fewer motions these are taken: following a bend is a dolly with a pan,
    while a straight truck with a pan remains a truck.
    """
    angles = given.angles_deg * (np.array([1.0, 0.0, 0.0]) if given.levelled else 1.0)
    fixed = _along(steps_m, rotation_yxz(angles[[start]]), start, end, given.fps, limits)
    turning = _along(steps_m, rotation_yxz((angles[:-1] + angles[1:]) / 2.0), start, end, given.fps, limits)
    return min(fixed, turning, key=len)


def _along(
    steps_m: Float64[np.ndarray, "S 3"],
    axes: Float64[np.ndarray, "A 3 3"],
    start: int,
    end: int,
    fps: float,
    limits: Thresholds,
) -> list[tuple[str, Run]]:
    local = np.zeros_like(steps_m)
    local[start:end] = (steps_m[:, None, :] @ axes)[start:end, 0]
    signed = (("truck", local[:, 0]), ("pedestal", -local[:, 1]), ("dolly", local[:, 2]))
    return _without_leaks(
        [(family, run) for family, step in signed for run in runs(step, limits.move_m, fps, limits.idle_share)]
    )


def _orbits(
    given: Signals, steps_m: Float64[np.ndarray, "S 3"], marks: list[Run], limits: Thresholds
) -> Iterator[tuple[int, int, list[tuple[str, Run]], Float64[np.ndarray, " n"]]]:
    """Stretches that circle a point: start, end, their arcs and cranes, and the roll that is left."""
    bounds = {frame for run in marks for frame in (run.start, run.end)}
    for start, end in _moving(steps_m, given, limits):
        corners = _corners(steps_m, start, end)
        frames = sorted({start, end, *corners, *(f for f in bounds if start < f < end)})
        pairs = sorted(itertools.combinations(frames, 2), key=lambda pair: pair[0] - pair[1])
        taken: list[tuple[int, int]] = []
        for tolerance, (a, b) in itertools.product((EXACT, LOOSE), pairs):
            if b - a < 3 or any(a < q and p < b for p, q in taken):
                continue
            orbit = fit_orbit(given, a, b, tolerance)
            if orbit is None:
                continue
            found = [
                (family, Run(run.start + a, run.end + a, run.change))
                for family, angle in (("arc", orbit.bearing_deg), ("crane", orbit.elevation_deg))
                for run in runs(np.diff(angle), limits.turn_deg, given.fps, limits.idle_share)
            ]
            if found:
                taken.append((a, b))
                yield a, b, _without_leaks(found), orbit.roll_deg


def _dolly_zooms(given: Signals, moves: list[tuple[str, Run]], zooms: list[tuple[str, Run]]) -> list[tuple[str, Run]]:
    """Join a dolly and a zoom that hold one point's size; pass the rest on."""
    out: list[tuple[str, Run]] = []
    left_moves, left_zooms = list(moves), list(zooms)
    for dolly in [move for move in moves if move[0] == "dolly"]:
        for zoom in left_zooms:
            start, end = max(dolly[1].start, zoom[1].start), min(dolly[1].end, zoom[1].end)
            first, last = min(dolly[1].start, zoom[1].start), max(dolly[1].end, zoom[1].end)
            if end - start < 0.7 * (last - first) or dolly[1].change * zoom[1].change > 0:
                continue
            path_m = given.centres_m[first : last + 1] - given.centres_m[first]
            along_m = path_m @ given.forward[first]
            if dolly_zoom_depth_m(along_m, given.log_focal[first : last + 1]) is None:
                continue
            out.append(("dolly_zoom", Run(first, last, dolly[1].change)))
            left_zooms.remove(zoom)
            left_moves.remove(dolly)
            if abs(along_m[-1]) > np.cos(np.radians(3.0)) * np.linalg.norm(path_m[-1]):  # along a tilted optical axis
                left_moves = [
                    m for m in left_moves if m[0] != "pedestal" or _overlap(m[1], Run(first, last, 0.0)) < 0.5
                ]
            break
    return out + left_moves + left_zooms


def _overlap(run: Run, other: Run) -> float:
    """Share of `run` that lies within `other`."""
    return max(0, min(run.end, other.end) - max(run.start, other.start)) / (run.end - run.start)


def _without_leaks(found: list[tuple[str, Run]]) -> list[tuple[str, Run]]:
    """Drop what is a small fraction of another motion of the same kind at the same time."""
    return [
        (family, run)
        for family, run in found
        if not any(
            abs(run.change) < _LEAK * abs(other.change) and _overlap(run, other) > 0.5
            for kind, other in found
            if kind != family
        )
    ]


def _segment(family: str, run: Run, fps: float, limits: Thresholds) -> Segment:
    motion = word(family, run.change)
    rate = run.change * fps / (run.end - run.start)
    speed = speed_of(family, rate, limits.scene_depth_m)
    return Segment(run.start, run.end, motion, abs(run.change), PRIMITIVES[motion].unit, speed)
