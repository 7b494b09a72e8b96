"""A camera held by hand: a still or slow move with band-limited, seeded shake of a stated steadiness."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from camera_motion.generator.moves.base import Expected, MoveType, Scope, Stance, check_fields
from camera_motion.generator.paths import Course, Start, VideoShape, trajectory
from camera_motion.generator.seeds import stream
from camera_motion.schema.conventions import WORLD_UP
from camera_motion.schema.plan import MoveRequest
from camera_motion.schema.signals import shake, signals
from camera_motion.schema.vocabulary import SHAKE_CLASSES

#: Sway and tremor: amplitudes fall between these frequencies, and keep below Nyquist (at 8 fps: 3.4 Hz).
_BAND_HZ: Final = (0.8, 6.5)
_NYQUIST_SHARE: Final = 0.42
_FALL: Final = 1.0
_WAVES: Final = 24
#: Relative shake of pan, tilt, roll; and metres of sway right, forward, up per degree of pan.
_TURNS: Final = (1.0, 1.0, 0.5)
_SWAYS_M: Final = (0.010, 0.006, 0.010)
#: What a hand does besides shaking, when nothing else is asked for.
_CARRIED: Final = (("dolly", "in", "out"), ("truck", "right", "left"), ("pan", "right", "left"))
#: Steadier hands than these always carry the camera somewhere: a tripod would be as still.
_UNSTEADY: Final = ("unsteady", "very_unsteady")


@dataclass(frozen=True)
class Shake:
    """Shake of the level `steadiness`: `amplitude_deg` scales the noise of `seed`; mirrored exchanges left and right.

    `carried` is the move that goes with it (its name and parameters), if any.
    """

    steadiness: str
    seed: int
    amplitude_deg: float
    mirrored: bool = False
    move: str = ""
    carried: Any = None


@dataclass(frozen=True)
class Handheld:
    """The `handheld` move: shake alone, or with a simple move of the speed asked for."""

    moves: Mapping[str, MoveType]
    name: str = "handheld"

    def check(self, request: MoveRequest) -> None:
        """Raise SpecError for an unknown steadiness."""
        check_fields(request)

    def stance(self, request: MoveRequest) -> Stance:
        """Anywhere."""
        return Stance()

    def rand(self, rng: np.random.Generator, request: MoveRequest, scope: Scope) -> Shake:
        """Draw shake, and often a move to go with it.

        Raises:
            Rejected: that move has no room or no time.
        """
        still_too, which, way = rng.random(3)
        params = self.overlay(rng, request, scope)
        name, *ways = _CARRIED[int(which * len(_CARRIED))]
        carried = self.moves[name].rand(
            rng, replace(request, move=name, direction=ways[int(way * 2)], steadiness=""), scope
        )
        if params.steadiness in _UNSTEADY and still_too < 0.4:
            return params
        return replace(params, move=name, carried=carried)

    def overlay(self, rng: np.random.Generator, request: MoveRequest, scope: Scope) -> Shake:
        """Draw shake alone, its strength within the class of its steadiness."""
        level, strength = rng.random(2)
        seed = int(rng.integers(0, 1 << 53))
        steadiness = request.steadiness or list(SHAKE_CLASSES)[1 + int(level * (len(SHAKE_CLASSES) - 1))]
        low, high = SHAKE_CLASSES[steadiness]
        start = scope.starts[0]
        noise = _noise(seed, scope.video)
        shake_deg, shake_m = shake(signals(trajectory(start, noise, scope.video), WORLD_UP))
        # The noise is small, so that what is measured grows in proportion.
        seen_deg = float(np.hypot(shake_deg, np.degrees(np.arctan(shake_m / scope.depth_m))))
        wanted_deg = low + (high - low) * (0.1 + 0.8 * strength)
        return Shake(steadiness, seed, wanted_deg / seen_deg if seen_deg > 0 else 0.0)

    def course(self, params: Shake, start: Start, video: VideoShape) -> Course:
        """Shake around the carried move; frame 0 stands exactly at the start."""
        noise = _noise(params.seed, video)
        scaled = Course(noise.shift_m * params.amplitude_deg, noise.turn_deg * params.amplitude_deg, noise.ln_focal)
        scaled = scaled.mirrored() if params.mirrored else scaled
        return scaled + self.moves[params.move].course(params.carried, start, video) if params.move else scaled

    def opposite(self, params: Shake) -> Shake:
        """Mirror the shake, and the move with it."""
        carried = self.moves[params.move].opposite(params.carried) if params.move else None
        return replace(params, mirrored=not params.mirrored, carried=carried)

    def expected(self, params: Shake) -> Expected:
        """Expect that steadiness; a steady hand lets its move be seen, an unsteady one is the main thing itself."""
        if params.steadiness in _UNSTEADY:
            own = frozenset({"handheld"})
            either = (own, own | {params.carried.motion}) if params.move else (own,)
            return Expected(either, steadiness=params.steadiness)
        carried = self.moves[params.move].expected(params.carried).primitives if params.move else (frozenset[str](),)
        return Expected(carried, steadiness=params.steadiness)


def _noise(seed: int, video: VideoShape) -> Course:
    """Make unit noise: for each degree of freedom a sum of waves of random phase within the band; zero at frame 0."""
    rng = stream(seed, "shake")
    high = min(_BAND_HZ[1], _NYQUIST_SHARE * video.fps)
    low = min(_BAND_HZ[0], 0.5 * high)
    hertz = low * (high / low) ** ((np.arange(_WAVES) + rng.random((6, _WAVES))) / _WAVES)
    phase = rng.uniform(0.0, 2.0 * np.pi, (6, _WAVES))
    strength = rng.normal(size=(6, _WAVES)) * hertz**-_FALL / np.sqrt(_WAVES)
    times = np.arange(video.frames) / video.fps
    waves = (strength * np.sin(2.0 * np.pi * hertz * times[:, None, None] + phase)).sum(-1)
    waves -= waves[0]
    return Course(waves[:, 3:] * _SWAYS_M, waves[:, :3] * _TURNS, np.zeros(video.frames))
