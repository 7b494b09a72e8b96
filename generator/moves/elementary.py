"""The moves with one number (pan, tilt, roll, dolly, truck, pedestal, zoom, dolly zoom, arc, crane), and static."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float64

from camera_motion.generator.easing import Timing, ease_rand
from camera_motion.generator.moves.base import LENS_MM, Expected, Scope, Stance, check_fields, limit
from camera_motion.generator.paths import Course, Start, VideoShape, orbit, still
from camera_motion.schema.base import Rejected
from camera_motion.schema.motion import MOVE_SHARE, TURN_DEG, ZOOM
from camera_motion.schema.plan import MoveRequest, Speed
from camera_motion.schema.vocabulary import PRIMITIVES, opposite, speed_range

#: A drawn magnitude is at least this many times what counts as motion.
_CLEARLY = 1.4
#: A move that is short for want of room, and then rests, still lasts so long, or the whole of a shorter clip; it keeps
#: the first rest below a share of the time. The share of the starts whose rate is chosen such that it need not rest.
_SHORTEST_S = 0.9
_LONGEST_WAIT = 0.3
_UNHURRIED = 0.8
#: Degrees beyond which a move is not drawn unless a magnitude asks for it.
_COMFORT_DEG = {"pan": 150.0, "tilt": 30.0, "roll": 60.0, "arc": 150.0, "crane": 45.0}
#: Pitch that tilts and cranes keep to, and the nearest that a dolly zoom comes.
_PITCH_DEG = (-52.0, 42.0)
_NEAREST_M = 1.2
#: Degrees between the places at which an orbit is tried.
_PROBE_DEG = 4.0


@dataclass(frozen=True)
class Leg:
    """One such move, measured out.

    `magnitude` has the sign of its primitive; `speed` is None where a magnitude was asked for instead.
    """

    motion: str
    magnitude: float
    timing: Timing
    speed: Speed | None


@dataclass(frozen=True)
class Hold:
    """Nothing at all."""


@dataclass(frozen=True)
class Static:
    """The camera and its lens stand still, exactly."""

    name: str = "static"

    def check(self, request: MoveRequest) -> None:
        """Raise SpecError for anything but the name."""
        check_fields(request)

    def stance(self, request: MoveRequest) -> Stance:
        """Anywhere."""
        return Stance()

    def rand(self, rng: np.random.Generator, request: MoveRequest, scope: Scope) -> Hold:
        """There is nothing to choose."""
        return Hold()

    def course(self, params: Hold, start: Start, video: VideoShape) -> Course:
        """Stay."""
        return still(video.frames)

    def opposite(self, params: Hold) -> Hold:
        """Its own."""
        return params

    def expected(self, params: Hold) -> Expected:
        """Expect stillness."""
        return Expected((frozenset({"static"}),), steadiness="static")


@dataclass(frozen=True)
class Elementary:
    """A move along one line of the vocabulary.

    `formula` gives the course for magnitudes over time; `room` the largest magnitude that a start allows both ways.
    """

    name: str
    formula: Callable[[Start, Float64[np.ndarray, " T"]], Course]
    room: Callable[[Start, Scope], float]
    wants: Stance = field(default_factory=Stance)

    def check(self, request: MoveRequest) -> None:
        """Raise SpecError for an unknown direction, speed or ease, or an impossible magnitude."""
        check_fields(request)

    def stance(self, request: MoveRequest) -> Stance:
        """Tell how it wants to start."""
        return self.wants

    def rand(self, rng: np.random.Generator, request: MoveRequest, scope: Scope) -> Leg:
        """Draw a rate within the speed class and go on for all of the time, or as long as there is room.

        A magnitude that is asked for is drawn from its range and takes all of the time.

        Raises:
            Rejected: the room or the time does not suffice.
        """
        pace, spare, wait = rng.random(3)
        ease, sharpness = ease_rand(rng, request.ease)
        steps, fps = scope.end - scope.begin, scope.video.fps
        room = min(self.room(start, scope) for start in scope.starts)
        if request.magnitude is not None:
            low, high = request.magnitude
            if low > room:
                raise Rejected(f"no room for a {self.name} of {low:g}")
            size, used = low + (min(high, room) - low) * pace, steps
        else:
            room = min(room, _COMFORT_DEG.get(self.name, np.inf))
            least = _CLEARLY * _threshold(self.name, scope.depth_m)
            slowest, fastest = speed_range(self.name, request.speed, scope.depth_m)
            # A little inside the class, as eases and frames shift what is measured.
            slowest, fastest = max(slowest * 1.01, least * fps / steps), fastest * 0.99
            if slowest > fastest:
                raise Rejected(f"{steps / fps:.1f} s is too short for a {request.speed} {self.name}")
            if spare < _UNHURRIED:
                # Where room is short, rather the slower rates of the class than a long rest.
                fastest = float(np.clip(room * fps / steps, slowest, fastest))
            rate = slowest * (fastest / slowest) ** pace
            used = steps if rate * steps / fps <= room else int(room * (0.8 + 0.2 * pace) / rate * fps)
            shortest = min(steps, max(_SHORTEST_S * fps, scope.least_share * steps))
            if used < shortest or rate * used / fps < least:
                raise Rejected(f"no room for a {request.speed} {self.name}")
            size = rate * used / fps
        begin = scope.begin + int(wait * min(steps - used, _LONGEST_WAIT * steps) + 0.5)
        motion = f"{self.name}_{request.direction}"
        speed = request.speed if request.magnitude is None else None
        signed = float(PRIMITIVES[motion].sign * size)
        return Leg(motion, signed, Timing(begin, begin + used, ease, sharpness), speed)

    def course(self, params: Leg, start: Start, video: VideoShape) -> Course:
        """Obey the parameters; the last frame stands at the whole magnitude exactly."""
        return self.formula(start, params.magnitude * params.timing.progress(video.frames))

    def opposite(self, params: Leg) -> Leg:
        """Go as far the other way."""
        return replace(params, motion=opposite(params.motion), magnitude=-params.magnitude)

    def expected(self, params: Leg) -> Expected:
        """Expect that motion alone, at its speed."""
        return Expected((frozenset({params.motion}),), params.speed)


def shortened(leg: Leg, begin: int, end: int) -> Leg:
    """Fit a leg into other frames at its own rate."""
    share = (end - begin) / (leg.timing.end - leg.timing.begin)
    return replace(leg, magnitude=leg.magnitude * share, timing=replace(leg.timing, begin=begin, end=end))


def _threshold(family: str, depth_m: float) -> float:
    return {"deg": TURN_DEG, "m": MOVE_SHARE * depth_m, "ln f": ZOOM}[PRIMITIVES[_any_word(family)].unit]


def _any_word(family: str) -> str:
    return next(p.id for p in PRIMITIVES.values() if p.family == family)


def _turn(column: int) -> Callable[[Start, np.ndarray], Course]:
    def formula(start: Start, angle_deg: np.ndarray) -> Course:
        course = still(len(angle_deg))
        course.turn_deg[:, column] = angle_deg
        return course

    return formula


def _shift(column: int) -> Callable[[Start, np.ndarray], Course]:
    def formula(start: Start, distance_m: np.ndarray) -> Course:
        course = still(len(distance_m))
        course.shift_m[:, column] = distance_m
        return course

    return formula


def _zoom(start: Start, ln_ratio: np.ndarray) -> Course:
    return replace(still(len(ln_ratio)), ln_focal=ln_ratio)


def _dolly_zoom(start: Start, distance_m: np.ndarray) -> Course:
    """Hold f / depth of the point in focus, which a dolly over the ground nears by its cosine of pitch."""
    nearer = distance_m * np.cos(np.radians(start.pitch_deg))
    return replace(_shift(1)(start, distance_m), ln_focal=np.log1p(-nearer / start.focus_m))


def _arc(start: Start, sweep_deg: np.ndarray) -> Course:
    return orbit(start, sweep_deg, np.zeros(len(sweep_deg)))


def _crane(start: Start, rise_deg: np.ndarray) -> Course:
    return orbit(start, np.zeros(len(rise_deg)), rise_deg)


def _reach(right: float, forward: float, up: float) -> Callable[[Start, Scope], float]:
    return lambda start, scope: scope.reach_m(start, (right, forward, up))


def _no_bound(start: Start, scope: Scope) -> float:
    return np.inf


def _tilt_room(start: Start, scope: Scope) -> float:
    return min(_PITCH_DEG[1] - start.pitch_deg, start.pitch_deg - _PITCH_DEG[0])


def _zoom_room(start: Start, scope: Scope) -> float:
    return float(min(np.log(LENS_MM[1] / start.focal_mm), np.log(start.focal_mm / LENS_MM[0])))


def _dolly_zoom_room(start: Start, scope: Scope) -> float:
    wide, long = LENS_MM[0] / start.focal_mm, LENS_MM[1] / start.focal_mm
    lens = start.focus_m * min(1.0 - wide, long - 1.0)
    return min(lens, start.focus_m - _NEAREST_M, scope.reach_m(start, (0.0, 1.0, 0.0)))


def _orbit_room(arc: float, crane: float) -> Callable[[Start, Scope], float]:
    """How far the camera may circle both ways, found by standing every few degrees; a full turn if nothing is there."""

    def room(start: Start, scope: Scope) -> float:
        most = limit("arc") if arc else min(start.pitch_deg - _PITCH_DEG[0], _PITCH_DEG[1] - start.pitch_deg)
        angles = np.arange(_PROBE_DEG, min(most, 360.0) + _PROBE_DEG, _PROBE_DEG)
        both = np.concatenate([angles, -angles])
        course = orbit(start, arc * both, crane * both).seen_from(start.heading_deg)
        stands = scope.fits(course.shift_m + start.position_m).reshape(2, -1).all(0)
        return most if stands.all() else min(most, float(angles[np.argmin(stands)]) - _PROBE_DEG)

    return room


#: The lens of a zoom and of a dolly zoom starts where it has as much room to widen as to lengthen.
_ZOOMS = Stance(focal_mm=(26.0, 50.0))

ELEMENTARY = (
    Elementary("pan", _turn(0), _no_bound),
    Elementary("tilt", _turn(1), _tilt_room),
    Elementary("roll", _turn(2), _no_bound),
    Elementary("dolly", _shift(1), _reach(0.0, 1.0, 0.0)),
    Elementary("truck", _shift(0), _reach(1.0, 0.0, 0.0)),
    Elementary("pedestal", _shift(2), _reach(0.0, 0.0, 1.0), Stance(raised=True)),
    Elementary("zoom", _zoom, _zoom_room, _ZOOMS),
    Elementary("dolly_zoom", _dolly_zoom, _dolly_zoom_room, replace(_ZOOMS, subject=True, level=True)),
    Elementary("arc", _arc, _orbit_room(1.0, 0.0), Stance(subject=True)),
    Elementary("crane", _crane, _orbit_room(0.0, 1.0), Stance(subject=True, raised=True)),
)
