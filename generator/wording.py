"""The words for each camera motion, and the little English grammar that captions need.

A term never varies between captions: a truck is never a slide, and zoom always means focal length. What varies by
seed is the sentence around it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Term:
    """One motion in words: "pans left", "panning left", "pan to the left".

    `alone` may follow when nothing else moves; it says only what the motion is by definition.
    """

    finite: str
    gerund: str
    noun: str
    alone: str = ""


def _pair(
    name: str, verb: str, gerund: str, ways: dict[str, str], alone: tuple[str, str], nouns: tuple[str, str] = ("", "")
) -> dict[str, Term]:
    entries = zip(ways.items(), alone, nouns, strict=True)
    stem = name.replace("_", " ")
    return {
        f"{name}_{id}": Term(f"{verb} {way}", f"{gerund} {way}", f"{stem} {noun or way}", gloss)
        for (id, way), gloss, noun in entries
    }


_SIDES: Final = {"left": "left", "right": "right"}
_TO_SIDES: Final = ("to the left", "to the right")
_UP_DOWN: Final = {"up": "up", "down": "down"}
_IN_OUT: Final = {"in": "in", "out": "out"}
_ABOUT_POINT: Final = "around a point that it keeps in view"

#: Every motion that a trajectory can measure as.
TERMS: Final[dict[str, Term]] = {
    "static": Term("stays static", "remaining static", "static view", "holding one view from first frame to last"),
    **_pair("pan", "pans", "panning", _SIDES, ("turning on the spot",) * 2, _TO_SIDES),
    **_pair("tilt", "tilts", "tilting", _UP_DOWN, ("raising its gaze on the spot", "lowering its gaze on the spot")),
    **_pair(
        "roll",
        "rolls",
        "rolling",
        {"cw": "clockwise", "ccw": "counter-clockwise"},
        ("turning about its line of sight",) * 2,
    ),
    **_pair("dolly", "dollies", "dollying", _IN_OUT, ("moving forward", "moving backward")),
    **_pair("truck", "trucks", "trucking", _SIDES, ("moving sideways while facing the same way",) * 2, _TO_SIDES),
    **_pair("pedestal", "pedestals", "pedestalling", _UP_DOWN, ("rising straight", "sinking straight")),
    **_pair("zoom", "zooms", "zooming", _IN_OUT, ("its focal length growing", "its focal length shrinking")),
    **_pair(
        "dolly_zoom",
        "performs a dolly zoom",
        "performing a dolly zoom",
        _IN_OUT,
        ("moving forward while the lens widens", "moving backward while the lens lengthens"),
    ),
    **_pair("arc", "arcs", "arcing", _SIDES, (f"circling {_ABOUT_POINT}",) * 2, _TO_SIDES),
    **_pair("crane", "cranes", "craning", _UP_DOWN, (f"rising {_ABOUT_POINT}", f"sinking {_ABOUT_POINT}")),
}

#: The modifier of the camera itself; it goes with any motion.
HANDHELD: Final = "handheld"

#: Speed classes in words; regular speed goes unsaid.
ADVERB: Final = {"slow": "slowly", "regular": "", "fast": "quickly"}
ADJECTIVE: Final = {"slow": "slow", "regular": "", "fast": "fast"}

#: An arc from here on closes its circle.
FULL_ORBIT_DEG: Final = 345.0


def article(phrase: str) -> str:
    """Put "a" or "an" before one of our own noun phrases (none begins with a silent h or a spoken u)."""
    return f"{'an' if phrase[0] in 'aeio' else 'a'} {phrase}"


def listing(items: Sequence[str]) -> str:
    """Join items as English does: "x", "x and y", "x, y, and z"."""
    if len(items) < 3:
        return " and ".join(items)
    return f"{', '.join(items[:-1])}, and {items[-1]}"


def words(*parts: str) -> str:
    """Join the parts that are not empty by single spaces."""
    return " ".join(part for part in parts if part)


def sentence(text: str) -> str:
    """Make a sentence of a clause: a capital first, one full stop last."""
    text = " ".join(text.split()).rstrip(".")
    return text[:1].upper() + text[1:] + "."


def extent(motion: str, magnitude: float) -> str:
    """Say without a number how far an arc went if it closed its circle: "in a full orbit"."""
    return "in a full orbit" if motion.startswith("arc") and magnitude >= FULL_ORBIT_DEG else ""


def amount(motion: str, magnitude: float, unit: str) -> str:
    """Say how far a motion went: "by 32 degrees", "by 1.2 metres", "to 1.4 times the focal length"."""
    match unit:
        case "deg":
            return f"by {_count(magnitude, 'degree')}"
        case "m":
            return f"by {_count(magnitude, 'metre')}"
        case "ln f":
            ratio = math.exp(magnitude if motion == "zoom_in" else -magnitude)
            return f"to {f'{ratio:.2f}'.rstrip('0').rstrip('.')} times the focal length"
    return ""


def _count(value: float, noun: str) -> str:
    number = _number(value)
    return f"{number} {noun}" if number == "1" else f"{number} {noun}s"


def _number(value: float) -> str:
    """Two significant digits, all digits before the point, and no more than two after it."""
    if value >= 9.95:
        return f"{value:.0f}"
    return f"{value:.2g}" if value >= 0.1 else f"{value:.2f}"
