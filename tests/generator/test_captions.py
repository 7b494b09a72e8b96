"""Captions say what was measured and nothing else, in good English, within the encoders' budgets."""

import functools
import itertools
import re
from typing import Any

import numpy as np
import pytest

from camera_motion.generator.captions import CLIP_TOKENS, T5_TOKENS, Captions, clip_bound, t5_bounds, write
from camera_motion.generator.geometry import SceneDescription
from camera_motion.generator.wording import TERMS
from camera_motion.schema.motion import Motion, Segment
from camera_motion.schema.vocabulary import PRIMITIVES

COURTYARD = SceneDescription(
    kind="exterior",
    place="a sunlit stone courtyard with a long reflecting pool",
    short="a stone courtyard with a pool",
    features=("fluted limestone columns", "a brick wall with a vaulted gateway", "potted orange trees"),
    light="warm late-afternoon sunlight",
    materials=("brick", "limestone", "clay tiles"),
)
BARE = SceneDescription(kind="interior", place="a room", short="a room", features=(), light="", materials=())
WORDY = SceneDescription(
    kind="interior",
    place="an " + "extraordinarily ornamented, gilded and panelled " * 6 + "reception room",
    short="an " + "extraordinarily ornamented, gilded and panelled " * 4 + "reception room",
    features=tuple(f"a carved and inlaid rosewood cabinet of the {century}th century" for century in range(11, 20)),
    light="light of " + "innumerable, variously flickering, " * 8 + "scented candles",
    materials=("rosewood", "porphyry", "lapis lazuli", "mother-of-pearl"),
)
SCENES = pytest.mark.parametrize("scene", [COURTYARD, BARE, WORDY], ids=["courtyard", "bare", "wordy"])
SEEDS = range(6)

#: How a reader finds each motion in a sentence; written from the vocabulary, not from the captioner's table.
SIDE, HEIGHT, DEPTH = r"(?:to the )?(left|right)", "(up|down)", "(in|out)"
PATTERNS = {
    "pan": rf"\bpan(?:s|ning)? {SIDE}",
    "tilt": rf"\btilt(?:s|ing)? {HEIGHT}",
    "roll": r"\broll(?:s|ing)? (clockwise|counter-clockwise)",
    "dolly": rf"\bdoll(?:y|ies|ying) {DEPTH}",
    "truck": rf"\btruck(?:s|ing)? {SIDE}",
    "pedestal": rf"\bpedestal(?:s|ling)? {HEIGHT}",
    "zoom": rf"(?<!dolly )\bzoom(?:s|ing)? {DEPTH}",
    "dolly_zoom": rf"\bdolly zoom {DEPTH}",
    "arc": rf"\barc(?:s|ing)? {SIDE}",
    "crane": rf"\bcran(?:e|es|ing) {HEIGHT}",
}
WAYS = {"clockwise": "cw", "counter-clockwise": "ccw"}
#: Any word of motion, so that one outside the patterns above cannot hide.
STEMS = r"\b(?:pan(?:s|ning)?|tilt\w*|roll(?:s|ing)?|doll\w*|truck\w*|pedestal\w*|zoom\w*|arc\w*|cran\w*)\b"


def found(text: str) -> set[str]:
    motions = {
        f"{family}_{WAYS.get(way, way)}" for family, pattern in PATTERNS.items() for way in re.findall(pattern, text)
    }
    return motions | {word for word in ("static", "handheld") if re.search(rf"\b{word}\b", text)}


def segment(motion: str, first: int = 0, last: int = 48, speed: Any = "regular", magnitude: float = 32.4) -> Segment:
    unit = PRIMITIVES[motion].unit
    far = {"deg": magnitude, "m": magnitude / 20, "ln f": magnitude / 100, "": 0.0}[unit]
    return Segment(first, last, motion, far, unit, speed)


def motion_of(*segments: Segment, main: str = "", also: tuple[str, ...] = (), steadiness: str = "smooth") -> Motion:
    primitives = tuple(dict.fromkeys(s.motion for s in segments)) + also
    main = main or primitives[0]
    speed = next((s.speed for s in segments if s.motion == main), "regular")
    return Motion(primitives, main, speed, steadiness, 0.0, 0.0, 0.0, 1.0, 1.0, segments)


MOVES = sorted(set(TERMS) - {"static"})
SINGLE = [motion_of(segment(m, speed=s)) for m in MOVES for s in ("slow", "regular", "fast")]
STILL = [motion_of(segment("static"), steadiness="static"), motion_of(segment("handheld"), steadiness="unsteady")]
PAIRS = list(itertools.combinations(["pan_left", "tilt_down", "dolly_in", "zoom_out", "arc_right", "crane_up"], 2))
AT_ONCE = [motion_of(segment(a, speed="slow"), segment(b, 8, 40), main=b) for a, b in PAIRS]
SEQUENCES = [motion_of(segment(a, 0, 20, "fast"), segment(b, 22, 48, "slow")) for a, b in PAIRS]
SIX = ("pan_left", "tilt_up", "roll_ccw", "truck_right", "dolly_in", "pedestal_down")
SHAKEN = [
    motion_of(segment(m), also=("handheld",), steadiness="unsteady") for m in ("pan_right", "static", "dolly_out")
]
OTHERS = [
    motion_of(*(segment(m) for m in SIX), main="dolly_in"),
    motion_of(segment("pan_left", 0, 15), segment("static", 15, 30), segment("pan_left", 30, 48), main="pan_left"),
    motion_of(segment("arc_left", magnitude=360.0)),
    motion_of(segment("dolly_zoom_out"), segment("roll_cw"), main="dolly_zoom_out"),
]
ALL = SINGLE + STILL + AT_ONCE + SEQUENCES + SHAKEN + OTHERS
KINDS = pytest.mark.parametrize(
    "motions",
    [SINGLE, STILL, AT_ONCE, SEQUENCES, SHAKEN, OTHERS],
    ids=["single", "still", "at once", "sequence", "shaken", "other"],
)


@functools.cache
def captions(motion: Motion, scene: SceneDescription, character: str = "") -> tuple[Captions, ...]:
    return tuple(write(scene, motion, character, np.random.default_rng(seed)) for seed in SEEDS)


def written(motions: list[Motion], scene: SceneDescription, character: str = "") -> list[tuple[Motion, Captions]]:
    return [(motion, caption) for motion in motions for caption in captions(motion, scene, character)]


@SCENES
@KINDS
def test_captions_hold_the_measured_motions_and_no_other(motions: list[Motion], scene: SceneDescription) -> None:
    for motion, caption in written(motions, scene):
        assert found(caption.scene) == set()
        assert found(caption.camera) - {"static"} == set(motion.primitives) - {"static"}
        for text in (caption.short, caption.long):
            assert found(text) <= set(motion.primitives)
            assert motion.main in found(text)
            said = re.sub("dolly zoom", "zoom", text)
            patterned = "|".join(pattern for family, pattern in PATTERNS.items() if family != "dolly_zoom")
            assert len(re.findall(STEMS, said)) == len(re.findall(patterned, said))


@pytest.mark.parametrize("motion", SEQUENCES + AT_ONCE, ids=lambda m: "+".join(m.primitives))
def test_short_caption_holds_all_of_a_compound_where_the_scene_leaves_room(motion: Motion) -> None:
    for caption in captions(motion, COURTYARD, "a woman in a red coat"):
        assert found(caption.short) == set(motion.primitives)


def test_what_follows_is_told_in_order_and_what_is_at_once_with_while() -> None:
    for caption in captions(SEQUENCES[0], COURTYARD):
        assert re.search(r"\bpan.*, then .*\btilt", caption.camera)
    for caption in captions(AT_ONCE[0], COURTYARD):
        assert re.search(r"\btilt.* (while|together with) .*\bpan", caption.camera)


def test_a_move_that_spans_others_does_not_make_them_one() -> None:
    turns = (segment("pan_right", 0, 7), segment("pan_left", 9, 29), segment("pan_right", 31, 48))
    walk = motion_of(turns[0], segment("dolly_in", 4, 44), *turns[1:])
    for caption in captions(walk, COURTYARD):
        assert re.search(r"\bpan.* right.*, then .*\bdoll.*, and finally .*\bpan.* right", caption.camera)


@SCENES
@KINDS
def test_budgets_hold_by_the_bounds_that_need_no_vocabulary(motions: list[Motion], scene: SceneDescription) -> None:
    for _, caption in written(motions, scene) + written(motions, scene, "a woman in a red coat"):
        assert clip_bound(caption.short) <= CLIP_TOKENS
        low, high = t5_bounds(caption.long)
        assert T5_TOKENS[0] <= low
        assert high <= T5_TOKENS[1]


def test_the_clip_bound_is_never_below_the_tokenizer() -> None:
    tokenizer = pytest.importorskip("instant_clip_tokenizer").Tokenizer()
    texts = [c.short for motion in ALL for scene in (COURTYARD, WORDY) for c in captions(motion, scene)]
    texts += [
        "Ein naïver Café-Hof, 12.50° pan",
        "fx=554.26, fy=554.26; yaw +15.00 deg",
        "pedestal-down, arc-left 45deg",
    ]
    for text in texts:
        exact = len(tokenizer.encode(text)) + 2
        assert exact <= clip_bound(text), text
        if "=" not in text:
            assert exact <= CLIP_TOKENS


@SCENES
@KINDS
def test_grammar(motions: list[Motion], scene: SceneDescription) -> None:
    for _, caption in written(motions, scene, "an old man with a stick"):
        for text in (caption.scene, caption.camera, caption.short, caption.long):
            assert text[0].isupper()
            assert text.endswith(".")
            assert not re.search(r"  |\s[,.]|,,|\.\.|,\.|\.[^ \d]", text[:-1])
            assert not re.search(r"\b[Aa] [aeio]|\b[Aa]n [^aeiou]", text)
            assert not re.search(r"\b(\w+) \1\b", text)
            assert not re.search(r"\b1 (degrees|metres)\b|[^.\d]0 (degrees|metres)\b", text)


@pytest.mark.parametrize("motion", SINGLE, ids=lambda m: f"{m.main}-{m.speed}")
def test_speed_words_are_the_measured_class(motion: Motion) -> None:
    words = {"slow": {"slow", "slowly"}, "fast": {"fast", "quickly"}, "regular": set()}
    every = {"slow", "slowly", "fast", "quickly"}
    for caption in captions(motion, COURTYARD):
        for text in (caption.camera, caption.short, caption.long):
            said = every & set(re.findall(r"\w+", text))
            assert said <= words[motion.speed]
            assert bool(said) == (motion.speed != "regular")


def test_numbers_have_units_and_the_short_caption_has_none() -> None:
    for motion in SINGLE:
        for caption in captions(motion, COURTYARD):
            assert not re.search(r"\d", caption.short)
            assert re.search(r"\d (degrees|metres|times the focal length)", caption.camera)


def test_amounts_are_those_measured() -> None:
    pan = motion_of(Segment(0, 48, "pan_left", 1.0, "deg", "slow"))
    zoom = motion_of(Segment(0, 48, "zoom_out", float(np.log(2.0)), "ln f", "slow"))
    assert all("by 1 degree." in c.camera for c in captions(pan, COURTYARD))
    slight = motion_of(Segment(0, 48, "zoom_in", 0.03, "ln f", "slow"))
    assert all("to 0.5 times the focal length" in c.camera for c in captions(zoom, COURTYARD))
    assert all("to 1.03 times the focal length" in c.camera for c in captions(slight, COURTYARD))


def test_a_closed_circle_is_called_a_full_orbit() -> None:
    for caption in captions(motion_of(segment("arc_left", magnitude=360.0)), COURTYARD):
        assert "in a full orbit" in caption.camera
        assert "in a full orbit" in caption.short


def test_character_and_scene_are_named() -> None:
    for caption in captions(SINGLE[0], COURTYARD, "a woman in a red coat"):
        for text in (caption.scene, caption.short, caption.long):
            assert "a woman in a red coat" in text
        assert "courtyard" not in caption.camera
    for caption in captions(SINGLE[0], COURTYARD, "none"):
        assert "none" not in caption.long.lower().split()


def test_wordings_vary_by_seed_and_repeat_with_it() -> None:
    several = captions(SINGLE[0], COURTYARD)
    for field in ("scene", "camera", "short", "long"):
        assert len({getattr(c, field) for c in several}) >= 3
    assert several == captions(SINGLE[0], COURTYARD)
