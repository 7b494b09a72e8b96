"""Free paths: a smooth curve through waypoints, and the canary that uses every degree of freedom."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import CubicSpline

from camera_motion.generator.easing import Timing, ease_rand
from camera_motion.generator.moves.base import Expected, Scope, Stance, check_fields
from camera_motion.generator.paths import Course, Start, VideoShape, axis, still
from camera_motion.schema.plan import MoveRequest
from camera_motion.schema.vocabulary import speed_range

_FIVE = tuple[float, float, float, float, float]

#: A spline turns by at most so much between two waypoints a second apart.
_TURN_DEG_S: Final = 7.0


@dataclass(frozen=True)
class Waypoints:
    """A curve through `knots` (right, forward, up in metres; pan, tilt in degrees) evenly spread over the time.

    `watch` is how far the camera turns after what was in focus at the start: 0 not at all, 1 keeps it centred.
    """

    knots: tuple[_FIVE, ...]
    watch: float
    timing: Timing


@dataclass(frozen=True)
class Spline:
    """The `spline` move: C2 cubics through waypoints, with a smoothly turning look."""

    name: str = "spline"

    def check(self, request: MoveRequest) -> None:
        """Raise SpecError for what a spline does not take."""
        check_fields(request)

    def stance(self, request: MoveRequest) -> Stance:
        """Anywhere."""
        return Stance()

    def rand(self, rng: np.random.Generator, request: MoveRequest, scope: Scope) -> Waypoints:
        """Draw a path as long as a dolly of the speed class would be."""
        pace, toward, watch, watched, many = rng.random(5)
        wander, turns = rng.normal(size=(2, 5)), rng.normal(size=(2, 5))
        ease = ease_rand(rng, request.ease or "smooth")
        seconds = (scope.end - scope.begin) / scope.video.fps
        slowest, fastest = speed_range("dolly", request.speed, scope.depth_m)
        length_m = slowest * (fastest / slowest) ** pace * seconds
        steps = 3 + int(many * 3)
        heading = 360.0 * toward + np.append(0.0, np.cumsum(35.0 * wander[0, 1:steps]))
        climb = 6.0 * wander[1, :steps]
        way = np.cumsum(axis(heading, climb) * length_m / steps, 0)
        most = _TURN_DEG_S * seconds / steps
        look = np.cumsum(np.clip(turns[:, :steps].T * (0.6, 0.2), -1.0, 1.0) * most, 0)
        knots = np.concatenate([np.zeros((1, 5)), np.concatenate([way, look], 1)])
        timing = Timing(scope.begin, scope.end, *ease)
        near = scope.starts[0].focus_m < 1.5 * length_m
        return Waypoints(
            tuple((float(a), float(b), float(c), float(d), float(e)) for a, b, c, d, e in knots),
            float(0.4 + 0.6 * watch) if watched < 0.5 and not near else 0.0,
            timing,
        )

    def course(self, params: Waypoints, start: Start, video: VideoShape) -> Course:
        """Follow the curve by the progress of its timing."""
        knots = np.array(params.knots)
        curve = CubicSpline(np.linspace(0.0, 1.0, len(knots)), knots, bc_type="natural")
        values = np.asarray(curve(params.timing.progress(video.frames)))
        course = still(video.frames)
        course.shift_m[:] = values[:, :3] - values[0, :3]
        course.turn_deg[:, :2] = values[:, 3:] - values[0, 3:] + params.watch * _after_focus(start, course.shift_m)
        return course

    def opposite(self, params: Waypoints) -> Waypoints:
        """Go and turn the other way in everything: left for right, back for forward, down for up."""
        return replace(params, knots=tuple((-a, -b, -c, -d, -e) for a, b, c, d, e in params.knots))

    def expected(self, params: Waypoints) -> Expected:
        """Anything that moves: its labels are whatever is measured."""
        return Expected()


@dataclass(frozen=True)
class Sways:
    """Net change and swing of right, forward, up (metres), pan, tilt, roll (degrees) and ln f."""

    net: tuple[float, ...]
    swing: tuple[float, ...]


#: Of the canary, net change and swing on the way: metres over the depth of the scene, degrees, ln f.
_CANARY: Final = np.array([0.07, 0.10, 0.035, 10.0, 4.5, 6.0, 0.12])


@dataclass(frozen=True)
class SixDof:
    """The `six_dof` canary: every degree of freedom and the lens move smoothly, each with a rhythm of its own.

    Whatever may be wrong with an annotation shows on it, so it is the first clip of every shard.
    """

    name: str = "six_dof"

    def check(self, request: MoveRequest) -> None:
        """Raise SpecError for what the canary does not take."""
        check_fields(request)

    def stance(self, request: MoveRequest) -> Stance:
        """Start with a lens that can change."""
        return Stance(focal_mm=(26.0, 50.0))

    def rand(self, rng: np.random.Generator, request: MoveRequest, scope: Scope) -> Sways:
        """Draw a net change and a swing for each degree of freedom."""
        sign = np.where(rng.random((2, 7)) < 0.5, -1.0, 1.0)
        # Longer clips go farther, or a fault in time would not show.
        stretch = np.clip(scope.video.duration_s / 2.0, 1.0, 1.8)
        size = rng.uniform(0.75, 1.3, (2, 7)) * _CANARY * ([scope.depth_m] * 3 + [1.0] * 4) * stretch
        net, swing = sign * size * [[1.0], [0.25]]
        return Sways(tuple(net.tolist()), tuple(swing.tolist()))

    def course(self, params: Sways, start: Start, video: VideoShape) -> Course:
        """Move each by a smooth step and one or one and a half swings on the way."""
        x = np.linspace(0.0, 1.0, video.frames)
        swings = np.sin(np.pi * x[:, None] * (2.0, 3.0, 2.0, 3.0, 2.0, 2.0, 3.0)) * np.sin(np.pi * x[:, None])
        step = x * x * (3.0 - 2.0 * x)
        values = step[:, None] * params.net + swings * params.swing
        values[-1] = params.net
        return Course(values[:, :3], values[:, 3:6], values[:, 6])

    def opposite(self, params: Sways) -> Sways:
        """Turn every degree of freedom round, and the lens."""
        return replace(params, net=tuple(-x for x in params.net), swing=tuple(-x for x in params.swing))

    def expected(self, params: Sways) -> Expected:
        """Anything that moves."""
        return Expected()


def _after_focus(start: Start, shift_m: Float64[np.ndarray, "T 3"]) -> Float64[np.ndarray, "T 2"]:
    """Pan and tilt that would keep the point in focus centred."""
    right, forward, up = (start.focus_m * axis(0.0, start.pitch_deg) - shift_m).T
    pan = np.degrees(np.unwrap(np.arctan2(right, forward)))
    tilt = np.degrees(np.arctan2(up, np.hypot(right, forward))) - start.pitch_deg
    return np.stack([pan, tilt], -1)
