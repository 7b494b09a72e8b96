"""Captions from typed facts: what the scene is, who is in it, and what the camera was measured to do.

Motion words come from the measured `Motion` alone and scene words from the scene's own description, so a caption
cannot say what is not there. Token budgets are kept at run time by bounds that need no vocabulary.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from camera_motion.generator.geometry import SceneDescription
from camera_motion.generator.wording import listing, sentence, words
from camera_motion.generator.wording_camera import Detail, Form, alone, clause, is_handheld
from camera_motion.schema.motion import Motion

T = TypeVar("T")

#: A camera whose whole path is shorter than this has stayed where it was.
IN_PLACE_M: Final = 0.005

#: Budgets of the text encoders these captions are for, start and end tokens included.
CLIP_TOKENS: Final = 77
T5_TOKENS: Final = (60, 226)

_FORMS: Final[tuple[Form, ...]] = ("adverb first", "adverb last", "noun")
#: From all that the motion holds to its main motion alone.
_DETAILS: Final = (
    Detail(),
    Detail(speeds=False),
    Detail(speeds=False, companions=False),
    Detail(speeds=False, companions=False, steps=False),
)
_LINKS: Final = frozenset({"a", "an", "and", "at", "by", "in", "of", "on", "or", "the", "to", "with"})


@dataclass(frozen=True)
class Captions:
    """`scene` says nothing of the camera, `camera` nothing of the scene; `short` and `long` say both."""

    scene: str
    camera: str
    short: str
    long: str


def write(description: SceneDescription, motion: Motion, character: str, rng: np.random.Generator) -> Captions:
    """Caption a clip; `rng` chooses among wordings that say the same.

    `character` is a noun phrase, "" or "none" where nobody is in the scene.
    """
    someone = "" if character == "none" else character
    return Captions(
        scene=write_scene(description, someone, rng),
        camera=write_camera(motion, Detail(amounts=True), rng),
        short=_short(description, motion, someone, rng),
        long=_long(description, motion, someone, rng),
    )


def clip_bound(text: str) -> int:
    """Bound from above the CLIP tokens of `text`, start and end included.

    A word of letters costs at most a token per four letters begun, or one per letter where it has no vowel; every
    digit and mark one, other letters one per byte: never below the true count where it was compared with the tokenizer.
    """
    return 2 + sum(_clip_bound_of_piece(piece) for piece in re.findall(r"[a-z]+|[^\sa-z]", text.lower()))


def _clip_bound_of_piece(piece: str) -> int:
    if not (piece.isascii() and piece.isalpha()):
        return len(piece.encode())
    return -(-len(piece) // 4) if re.search("[aeiouy]", piece) else len(piece)


def t5_bounds(text: str) -> tuple[int, int]:
    """Bound the T5 tokens of `text` from below and above, the end token included.

    Below: a token a word, and one for every comma and full stop, which sentencepiece keeps apart from words. Above: a
    token per three letters begun, and one more a word.
    """
    spaced = text.split()
    return 1 + len(spaced) + len(re.findall(r"[,.](?=\s|$)", text)), 2 + sum(-(-len(w) // 3) + 1 for w in spaced)


def write_scene(description: SceneDescription, character: str, rng: np.random.Generator) -> str:
    """Describe the place, its light, what stands in it and who is there."""
    parts = (_place(description.place, description.light, rng), _features(description.features, rng))
    return words(*parts, _someone(character, rng))


def write_camera(motion: Motion, detail: Detail, rng: np.random.Generator, gloss: bool = False) -> str:
    """Say in one sentence what the camera does; with `gloss`, add what a motion on its own is by definition."""
    form = _pick(_FORMS, rng)
    handheld = "handheld " if is_handheld(motion) else ""
    who = f"the {handheld}shot is" if form == "noun" else f"the {handheld}camera"
    tail = alone(motion) if gloss else ""
    return sentence(", ".join(part for part in (words(who, clause(motion, form, detail)), tail) if part))


def _short(description: SceneDescription, motion: Motion, character: str, rng: np.random.Generator) -> str:
    """Keep the whole motion if it fits with any wording of the scene; then let go of speeds, companions and steps."""
    form: Form = _pick(("adverb first", "adverb last", "gerund"), rng)
    camera = words(_pick(("", "the"), rng), "handheld" if is_handheld(motion) else "", "camera")
    scenes = [description.place, description.short]
    if description.light and rng.random() < 0.5:
        scenes.insert(0, f"{description.place} in {description.light}")
    for detail in _DETAILS:
        for scene in scenes:
            text = _short_text(scene, character, words(camera, clause(motion, form, detail)))
            if clip_bound(text) <= CLIP_TOKENS:
                return text
    said = words(camera, clause(motion, form, _DETAILS[-1]))
    return _cut(description.short, character, said)


def _short_text(scene: str, character: str, camera: str) -> str:
    return sentence(", ".join(part for part in (scene, character, camera) if part))


def _cut(scene: str, character: str, camera: str) -> str:
    """Drop words from the end of the longer of scene and character until the caption fits its budget."""
    while clip_bound(text := _short_text(scene, character, camera)) > CLIP_TOKENS:
        if len(scene) >= len(character):
            scene = _without_last_word(scene)
        else:
            character = _without_last_word(character)
    return text


def _without_last_word(phrase: str) -> str:
    """Drop the last word, and what may not end a phrase."""
    kept = phrase.split()[:-1]
    while kept and kept[-1].strip(",") in _LINKS:
        kept.pop()
    return " ".join(kept).rstrip(",")


def _long(description: SceneDescription, motion: Motion, character: str, rng: np.random.Generator) -> str:
    """Put together the sentences that must be there, then as many others as the budget takes and the minimum asks."""
    numbers = rng.random() < 0.5
    place = _place(description.place, description.light, rng)
    camera = write_camera(motion, Detail(amounts=numbers), rng, gloss=True)
    someone = _someone(character, rng)
    required = {0: place, 4: someone, 5: camera}
    if _above(required):
        required = {0: sentence(description.short), 5: write_camera(motion, Detail(speeds=False), rng)}
    if _above(required):
        required = {0: sentence(description.short), 5: write_camera(motion, _DETAILS[-1], rng)}
    extra = [(1, _features(description.features[:n], rng)) for n in range(len(description.features), 0, -1)]
    extra += [(2, _materials(description.materials, rng))]
    for position, text in extra:
        if text and position not in required and not _above(required | {position: text}):
            required[position] = text
    fillers = [(position, text) for position, text in _remarks(description, motion, character) if text]
    for position, text in (fillers[i] for i in rng.permutation(len(fillers))):
        if _below(required) and not _above(required | {position: text}):
            required[position] = text
    return _joined(required)


def _remarks(description: SceneDescription, motion: Motion, character: str) -> tuple[tuple[int, str], ...]:
    """List true sentences that a caption short of words may take up, each with its place in the order."""
    moving = motion.main != "static"
    smooth = {"very_smooth": "very smooth", "smooth": "smooth"}.get(motion.steadiness, "")
    level = all(segment.speed == "regular" for segment in motion.segments)
    lens_fixed = not any("zoom" in primitive for primitive in motion.primitives)
    in_place = motion.path_length_m < IN_PLACE_M and motion.shake_m == 0.0
    where = {"exterior": "outdoors", "interior": "indoors"}[description.kind]
    return (
        (3, f"The scene is set {where}."),
        (6, f"The movement is {smooth} throughout." if moving and smooth and not is_handheld(motion) else ""),
        (7, "All of it happens at a regular speed." if moving and level else ""),
        (8, "The focal length stays the same from the first frame to the last." if lens_fixed else ""),
        (9, "The camera itself never leaves its place." if moving and in_place else ""),
        (10, f"Nothing {'but the camera ' * moving}moves in the whole scene." if not character else ""),
        (11, "The light stays as it is."),
        (12, "One and the same scene fills the picture throughout."),
        (13, "It is all one continuous shot, without any cut."),
    )


def _above(parts: dict[int, str]) -> bool:
    return t5_bounds(_joined(parts))[1] > T5_TOKENS[1]


def _below(parts: dict[int, str]) -> bool:
    return t5_bounds(_joined(parts))[0] < T5_TOKENS[0]


def _joined(parts: dict[int, str]) -> str:
    return words(*(parts[position] for position in sorted(parts)))


def _place(place: str, light: str, rng: np.random.Generator) -> str:
    form = _pick(("{place}, in {light}", "{place}, lit by {light}", "in {light}, {place}"), rng)
    return sentence(form.format(place=place, light=light) if light else place)


def _features(features: Sequence[str], rng: np.random.Generator) -> str:
    return _said(("it has {}", "it features {}", "it contains {}"), listing(features), rng)


def _materials(materials: Sequence[str], rng: np.random.Generator) -> str:
    return _said(("its surfaces are of {}", "the surfaces are made of {}"), listing(materials), rng)


def _someone(character: str, rng: np.random.Generator) -> str:
    return _said(("the scene includes {}", "the scene shows {}"), character, rng)


def _said(forms: Sequence[str], what: str, rng: np.random.Generator) -> str:
    form = _pick(forms, rng)
    return sentence(form.format(what)) if what else ""


def _pick(options: Sequence[T], rng: np.random.Generator) -> T:
    return options[int(rng.integers(len(options)))]
