"""What every move offers, and what it is given to work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float64

from camera_motion.generator.easing import EASES
from camera_motion.generator.paths import Course, Start, VideoShape
from camera_motion.schema.base import SpecError
from camera_motion.schema.motion import MOVE_M, TURN_DEG, ZOOM, Motion
from camera_motion.schema.plan import MoveRequest, Speed
from camera_motion.schema.spec import COMPOUNDS, DIRECTIONS, MAGNITUDE_LIMITS
from camera_motion.schema.vocabulary import SHAKE_CLASSES, SPEEDS

#: Focal lengths that a clip may reach, and those it may start with, in mm on a 36 mm sensor.
LENS_MM = (18.0, 85.0)
START_MM = (20.0, 50.0)


@dataclass(frozen=True)
class Scope:
    """Where and when a move, or a part of one, may be drawn.

    `starts` are the starts of the move and of its opposite: one and the same, but for the later parts of a sequence.
    What is drawn must suit all of them alike, so that it cannot depend on the direction. `reach_m` gives, for a start
    and a direction (right, forward, up) in its level axes, how far the camera may go both that way and back; `fits`
    tells where in the world it may stand. A move cut short for want of room takes at least `least_share` of the time.
    """

    starts: tuple[Start, ...]
    video: VideoShape
    begin: int
    end: int
    reach_m: Callable[[Start, tuple[float, float, float]], float]
    fits: Callable[[Float64[np.ndarray, "N 3"]], Bool[np.ndarray, " N"]]
    least_share: float = 0.0

    @property
    def depth_m(self) -> float:
        """The scale of the scene."""
        return self.starts[0].depth_m


@dataclass(frozen=True)
class Stance:
    """How a move wants to start.

    With `subject` it looks at a subject of the scene; `level` looks at the subject's axis without pitch; `raised`
    takes any height that the scene allows instead of that of an eye.
    """

    focal_mm: tuple[float, float] = START_MM
    subject: bool = False
    level: bool = False
    raised: bool = False

    def __or__(self, other: "Stance") -> "Stance":
        """Suit both."""
        return Stance(
            (max(self.focal_mm[0], other.focal_mm[0]), min(self.focal_mm[1], other.focal_mm[1])),
            self.subject or other.subject,
            self.level or other.level,
            self.raised or other.raised,
        )


@dataclass(frozen=True)
class Expected:
    """What must be measured: any one of these sets of `primitives`; () stands for anything but stillness."""

    primitives: tuple[frozenset[str], ...] = ()
    speed: Speed | None = None
    steadiness: str = ""

    def quarrel(self, motion: Motion) -> str:
        """Say how `motion` differs, or "" if it does not."""
        found = frozenset(motion.primitives)
        if found not in self.primitives if self.primitives else found == {"static"}:
            return f"measures as {' '.join(motion.primitives)}"
        if self.speed is not None and motion.speed != self.speed:
            return f"measures as {motion.speed}"
        if self.steadiness and motion.steadiness != self.steadiness:
            return f"measures as {motion.steadiness}"
        return ""


@runtime_checkable
class MoveType(Protocol):
    """A kind of move. Its parameters are a frozen dataclass of plain values."""

    @property
    def name(self) -> str:
        """As in `MoveRequest.move`."""
        ...

    def check(self, request: MoveRequest) -> None:
        """Raise SpecError unless `request` makes sense of itself, whatever the scene."""
        ...

    def stance(self, request: MoveRequest) -> Stance:
        """Tell how it wants to start."""
        ...

    def rand(self, rng: np.random.Generator, request: MoveRequest, scope: Scope) -> Any:
        """Choose parameters; no draw depends on the direction.

        Raises:
            Rejected: there is no room, or no time, for it here.
        """
        ...

    def course(self, params: Any, start: Start, video: VideoShape) -> Course:
        """Obey the parameters from `start` on."""
        ...

    def opposite(self, params: Any) -> Any:
        """Mirror the parameters."""
        ...

    def expected(self, params: Any) -> Expected:
        """Tell what it must measure as."""
        ...


def directions(move: str) -> tuple[str, ...]:
    """Directions in which a move can be asked for; () where it has none."""
    return DIRECTIONS.get(move, ())


def unit(move: str) -> str:
    """Name the unit of a move's magnitudes; "" where it has none."""
    return MAGNITUDE_LIMITS[move][1] if move in MAGNITUDE_LIMITS else ""


def limit(move: str) -> float:
    """Give the largest magnitude that may be asked of a move; 0 where it has none."""
    return MAGNITUDE_LIMITS[move][0] if move in MAGNITUDE_LIMITS else 0.0


def least(move: str) -> float:
    """Give the magnitude from which on a move counts as motion, in a scene of no known depth; 0 where it has none."""
    return {"deg": TURN_DEG, "m": MOVE_M, "ln f": ZOOM, "": 0.0}[unit(move)]


def check_fields(request: MoveRequest) -> None:
    """Raise SpecError for a field that a move of that name cannot have, or a value out of its range."""
    move = request.move
    allowed = directions(move)
    if request.direction not in (allowed or ("",)):
        raise SpecError(f"{move} has direction {request.direction!r}; choose one of {', '.join(allowed) or 'none'}")
    if request.speed not in SPEEDS:
        raise SpecError(f"{move} has speed {request.speed!r}; choose one of {', '.join(SPEEDS)}")
    if request.ease and request.ease not in EASES:
        raise SpecError(f"{move} has ease {request.ease!r}; choose one of {', '.join(EASES)}")
    if request.magnitude is not None:
        low, high = request.magnitude
        if not limit(move):
            raise SpecError(f"{move} has magnitude [{low:g}, {high:g}], but takes none; leave it out")
        if not 0 < low <= high <= limit(move):
            raise SpecError(
                f"{move} has magnitude [{low:g}, {high:g}]; it needs 0 < low <= high <= {limit(move):g} {unit(move)}"
            )
        if low < least(move):
            raise SpecError(
                f"{move} has magnitude [{low:g}, {high:g}]; it counts as motion from {least(move):g} {unit(move)} on"
            )
    if request.steadiness and (move != "handheld" or request.steadiness not in SHAKE_CLASSES):
        raise SpecError(
            f"{move} has steadiness {request.steadiness!r}; it is for handheld: one of {', '.join(SHAKE_CLASSES)}"
        )
    if request.file and move != "replay":
        raise SpecError(f"{move} has file {request.file!r}; only replay takes one")
    if request.parts and move not in COMPOUNDS:
        raise SpecError(f"{move} has parts; only {' and '.join(COMPOUNDS)} are made of others")
