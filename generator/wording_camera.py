"""From a measured motion to a clause about the camera: what happens at once, what follows, how fast and how far."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from camera_motion.generator.wording import ADJECTIVE, ADVERB, HANDHELD, TERMS, amount, article, extent, listing, words
from camera_motion.schema.motion import Motion, Segment

Form = Literal["adverb first", "adverb last", "gerund", "noun"]

Step = tuple[Segment, ...]


@dataclass(frozen=True)
class Detail:
    """How much a camera clause says: speeds, magnitudes, the motions beside each step's leading one."""

    speeds: bool = True
    amounts: bool = False
    companions: bool = True
    steps: bool = True


def steps(motion: Motion) -> tuple[Step, ...]:
    """Group the segments into steps that follow one another; in a step, all overlap each other by half or more.

    Each step begins with its leading motion: the clip's main motion where it is there, else the earliest. Handheld is
    a property of the camera, not a step.
    """
    grouped: list[list[Segment]] = []
    ordered = sorted(motion.segments, key=lambda s: (s.start_frame, s.end_frame))
    for segment in (s for s in ordered if s.motion != HANDHELD):
        if grouped and all(_at_once(segment, other) for other in grouped[-1]):
            grouped[-1].append(segment)
        else:
            grouped.append([segment])
    return tuple(tuple(_lead_first(group, motion.main)) for group in grouped)


def _at_once(a: Segment, b: Segment) -> bool:
    overlap = min(a.end_frame, b.end_frame) - max(a.start_frame, b.start_frame)
    return 2 * overlap >= min(a.end_frame - a.start_frame, b.end_frame - b.start_frame)


def _lead_first(group: Sequence[Segment], main: str) -> list[Segment]:
    unique = list({segment.motion: segment for segment in reversed(group)}.values())[::-1]
    return sorted(unique, key=lambda s: s.motion != main)


def is_handheld(motion: Motion) -> bool:
    """Tell whether the camera shakes as a hand does."""
    return HANDHELD in motion.primitives


def clause(motion: Motion, form: Form, detail: Detail) -> str:
    """Say what the camera does, without the camera: "slowly pans left while tilting up, then dollies in".

    In the form "noun" it is a noun phrase with its article: "a slow pan to the left, then a dolly in".
    """
    sequence = steps(motion)
    if not sequence:
        return {"noun": "a view from one place", "gerund": "keeping its place"}.get(form, "keeps its place")
    if not detail.steps:
        sequence = tuple(step for step in sequence if any(s.motion == motion.main for s in step))[:1] or sequence[:1]
    said = [_step(step, form, detail) for step in sequence]
    for i in range(1, len(said)):
        if sequence[i][0].motion == sequence[i - 1][0].motion:
            said[i] = f"{said[i]} again"
    if len(said) > 2:
        return f"{', then '.join(said[:-1])}, and finally {said[-1]}"
    return ", then ".join(said)


def _step(step: Step, form: Form, detail: Detail) -> str:
    """Say one step. With numbers, every motion's speed is said; without, only the first's among more than two."""
    if not detail.companions:
        step = step[:1]
    shared = len({s.speed for s in step}) == 1
    each = not shared and (detail.amounts or len(step) == 2)
    lead = _one(step[0], form, detail, speed=True)
    if len(step) == 1:
        return lead
    noun = form == "noun"
    beside = listing([_one(s, "noun" if noun else "gerund", detail, speed=each) for s in step[1:]])
    return f"{lead}, together with {beside}" if noun else f"{lead} while {beside}"


def _one(segment: Segment, form: Form, detail: Detail, speed: bool) -> str:
    term = TERMS[segment.motion]
    moving = segment.motion != "static"
    far = extent(segment.motion, segment.magnitude)
    if detail.amounts and moving and not far:
        far = amount(segment.motion, segment.magnitude, segment.unit)
    spoken = speed and detail.speeds and moving
    adverb = ADVERB[segment.speed] if spoken else ""
    match form:
        case "adverb first":
            return words(adverb, term.finite, far)
        case "adverb last":
            return words(term.finite, adverb, far)
        case "gerund":
            return words(adverb, term.gerund, far)
        case "noun":
            return article(words(ADJECTIVE[segment.speed] if spoken else "", term.noun, far))


def alone(motion: Motion) -> str:
    """Give the gloss of a motion that is the clip's only one, else ""."""
    if motion.primitives == (HANDHELD,):
        return "swaying in the hand"
    return TERMS[motion.main].alone if motion.primitives == (motion.main,) else ""
