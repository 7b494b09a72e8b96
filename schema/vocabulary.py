"""The words for camera motion: ids, signs, units, speed classes, and what every peer calls the same thing.

The terms and signs are CameraBench's (arXiv 2504.15376), in the axes of `schema.conventions`. "Zoom" is a change of
focal length and nothing else; moving forward is a dolly. "Left" and "right" are the camera's own.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from camera_motion.schema.plan import Speed

Unit = Literal["deg", "m", "ln f", ""]

SPEEDS: Final[tuple[Speed, ...]] = ("slow", "regular", "fast")

#: CameraBench's levels of steadiness, from a locked tripod to running.
STEADINESS: Final = ("static", "very_smooth", "smooth", "unsteady", "very_unsteady")


@dataclass(frozen=True)
class Primitive:
    """One word of the vocabulary.

    `family` is the move without its direction; `sign` is the sign of the family's signed magnitude (`unit`) that this
    word stands for; `opposite` is the same move mirrored ("" where there is none). A `reserved` word names a motion
    that needs a subject's track, so a camera trajectory alone never measures as it.
    """

    id: str
    family: str
    direction: str
    sign: int
    unit: Unit
    opposite: str
    meaning: str
    reserved: bool = False


def _pair(family: str, plus: str, minus: str, unit: Unit, plus_meaning: str, minus_meaning: str) -> list[Primitive]:
    a, b = f"{family}_{plus}", f"{family}_{minus}"
    return [
        Primitive(a, family, plus, 1, unit, b, plus_meaning),
        Primitive(b, family, minus, -1, unit, a, minus_meaning),
    ]


def _reserved(id: str, opposite: str, meaning: str) -> Primitive:
    return Primitive(id, id, "", 0, "", opposite, meaning, reserved=True)


_WORDS: Final = [
    Primitive("static", "static", "", 0, "", "", "nothing moves: neither the camera nor its lens"),
    *_pair("pan", "right", "left", "deg", "turns to its right, in place", "turns to its left, in place"),
    *_pair("tilt", "up", "down", "deg", "looks up, in place", "looks down, in place"),
    *_pair(
        "roll",
        "cw",
        "ccw",
        "deg",
        "turns clockwise about its optical axis, seen from behind (the picture turns counter-clockwise)",
        "turns counter-clockwise about its optical axis, seen from behind (the picture turns clockwise)",
    ),
    *_pair("dolly", "in", "out", "m", "moves forward", "moves backward"),
    *_pair("truck", "right", "left", "m", "moves to its right", "moves to its left"),
    *_pair("pedestal", "up", "down", "m", "rises without tilting", "sinks without tilting"),
    *_pair("zoom", "in", "out", "ln f", "the focal length grows", "the focal length shrinks"),
    *_pair(
        "dolly_zoom",
        "in",
        "out",
        "m",
        "moves forward while the lens widens, so that the subject keeps its size",
        "moves backward while the lens lengthens, so that the subject keeps its size",
    ),
    *_pair(
        "arc",
        "right",
        "left",
        "deg",
        "circles a point it keeps looking at, to its own right (counter-clockwise from above)",
        "circles a point it keeps looking at, to its own left (clockwise from above)",
    ),
    *_pair(
        "crane",
        "up",
        "down",
        "deg",
        "rises around a point it keeps looking at, tilting down as it goes",
        "sinks around a point it keeps looking at, tilting up as it goes",
    ),
    Primitive("handheld", "handheld", "", 0, "deg", "", "shakes as a hand does, faster than two swings a second"),
    _reserved("lead_tracking", "tail_tracking", "goes ahead of a moving subject, looking back at it"),
    _reserved("tail_tracking", "lead_tracking", "follows behind a moving subject"),
    _reserved("side_tracking_left", "side_tracking_right", "goes beside a moving subject, to its own left"),
    _reserved("side_tracking_right", "side_tracking_left", "goes beside a moving subject, to its own right"),
    _reserved("front_side_tracking", "rear_side_tracking", "goes ahead and to one side of a moving subject"),
    _reserved("rear_side_tracking", "front_side_tracking", "goes behind and to one side of a moving subject"),
    _reserved("aerial_tracking", "", "follows a moving subject from above"),
    _reserved("arc_tracking", "", "circles a moving subject while following it"),
    _reserved("pan_tracking", "", "pans after a moving subject without leaving its place"),
    _reserved("tilt_tracking", "", "tilts after a moving subject without leaving its place"),
]

#: Every word, by id.
PRIMITIVES: Final[Mapping[str, Primitive]] = MappingProxyType({word.id: word for word in _WORDS})


def word(family: str, signed_magnitude: float | int) -> str:
    """Name a family's motion in the direction of `signed_magnitude`.

    >>> word("pan", -12.0)
    'pan_left'
    """
    sign = 1 if signed_magnitude > 0 else -1
    return next(p.id for p in _WORDS if p.family == family and p.sign == sign)


def opposite(motion: str) -> str:
    """Name the mirrored motion; a motion without one (static, handheld) is its own."""
    return PRIMITIVES[motion].opposite or motion


#: Shake to draw from, in degrees RMS above 2 Hz (see `motion.Motion.shake_deg`), and its level of steadiness. From
#: "unsteady" on the camera is handheld. One degree is some 8 pixels of a 512 pixel wide picture.
SHAKE_CLASSES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "very_smooth": (0.0, 0.015),
        "smooth": (0.03, 0.07),
        "unsteady": (0.15, 0.35),
        "very_unsteady": (0.70, 1.50),
    }
)


def steadiness_of(shake_deg: float) -> str:
    """Class a shake; levels are parted at the geometric middle of the gaps of `SHAKE_CLASSES`.

    >>> steadiness_of(0.2)
    'unsteady'
    """
    levels = list(SHAKE_CLASSES)
    for level, above in itertools.pairwise(levels):
        if shake_deg < math.sqrt(SHAKE_CLASSES[level][1] * SHAKE_CLASSES[above][0]):
            return level
    return levels[-1]


#: The depth of scene for which the translations of `SPEED_CLASSES` are stated. In a scene twice as deep the same
#: number of scene depths a second is twice the metres a second.
REFERENCE_DEPTH_M: Final = 5.0

#: Rates to draw from, per family and second: degrees, metres in a scene `REFERENCE_DEPTH_M` deep, or ln f. Between
#: two classes lies a gap, and `speed_of` parts them at its geometric middle, so that a drawn rate measures as its own
#: class. The slowest are felt as motion within 1.9 s; the fastest fit, both ways, into 5 s or a part of it.
SPEED_CLASSES: Final[Mapping[str, Mapping[Speed, tuple[float, float]]]] = MappingProxyType(
    {
        family: MappingProxyType({"slow": slow, "regular": regular, "fast": fast})
        for family, slow, regular, fast in (
            ("pan", (2.0, 6.0), (8.0, 16.0), (22.0, 40.0)),
            ("tilt", (1.8, 3.5), (5.0, 8.5), (12.0, 18.0)),
            ("roll", (2.0, 5.0), (7.0, 13.0), (18.0, 36.0)),
            ("dolly", (0.12, 0.28), (0.38, 0.68), (0.9, 1.6)),
            ("truck", (0.12, 0.28), (0.38, 0.68), (0.9, 1.6)),
            ("pedestal", (0.10, 0.18), (0.24, 0.38), (0.5, 0.9)),
            ("zoom", (0.025, 0.05), (0.07, 0.11), (0.15, 0.4)),
            ("dolly_zoom", (0.12, 0.20), (0.28, 0.40), (0.55, 1.0)),
            ("arc", (3.0, 6.0), (8.0, 13.0), (18.0, 32.0)),
            ("crane", (1.8, 3.0), (4.2, 6.5), (9.0, 14.0)),
        )
    }
)


def _scale(family: str, scene_depth_m: float | None) -> float:
    metric = PRIMITIVES[word(family, 1.0)].unit == "m"
    return scene_depth_m / REFERENCE_DEPTH_M if metric and scene_depth_m is not None else 1.0


def speed_range(family: str, speed: Speed, scene_depth_m: float | None = None) -> tuple[float, float]:
    """Rates (unit of the family, per second) that measure as `speed`; translations scale with the scene's depth."""
    low, high = SPEED_CLASSES[family][speed]
    scale = _scale(family, scene_depth_m)
    return low * scale, high * scale


def speed_of(family: str, rate: float, scene_depth_m: float | None = None) -> Speed:
    """Class a mean rate: |magnitude| of a segment over its duration in seconds."""
    classes = SPEED_CLASSES[family]
    rate = abs(rate) / _scale(family, scene_depth_m)
    if rate < math.sqrt(classes["slow"][1] * classes["regular"][0]):
        return "slow"
    return "regular" if rate < math.sqrt(classes["regular"][1] * classes["fast"][0]) else "fast"
