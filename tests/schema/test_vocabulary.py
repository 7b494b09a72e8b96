"""The vocabulary holds together, and every peer's word leads into it."""

import doctest

import numpy as np
import pytest

from camera_motion.schema import legacy, vocabulary
from camera_motion.schema.base import SpecError
from camera_motion.schema.legacy import LEGACY, from_peer, to_peer
from camera_motion.schema.vocabulary import (
    PRIMITIVES,
    SHAKE_CLASSES,
    SPEED_CLASSES,
    SPEEDS,
    STEADINESS,
    opposite,
    speed_of,
    speed_range,
    steadiness_of,
    word,
)


def test_opposites_are_mutual_and_of_one_family():
    for motion, primitive in PRIMITIVES.items():
        assert opposite(opposite(motion)) == motion or primitive.reserved
        if primitive.sign:
            mirrored = PRIMITIVES[opposite(motion)]
            assert (mirrored.family, mirrored.unit, mirrored.sign) == (
                primitive.family,
                primitive.unit,
                -primitive.sign,
            )
            assert motion == f"{primitive.family}_{primitive.direction}"
            assert word(primitive.family, 3.0 * primitive.sign) == motion
    assert opposite("static") == "static"


@pytest.mark.parametrize("family", list(SPEED_CLASSES))
@pytest.mark.parametrize("depth_m", [None, 0.7, 12.0])
def test_every_drawn_rate_is_of_its_class_with_a_margin(family, depth_m):
    ranges = [speed_range(family, speed, depth_m) for speed in SPEEDS]
    assert list(np.ravel(ranges)) == sorted(np.ravel(ranges))
    for speed, (low, high) in zip(SPEEDS, ranges, strict=True):
        for rate in (low / 1.07, low, high, high * 1.07, -high):  # easing trims a little off a move's ends
            assert speed_of(family, float(rate), depth_m) == speed


def test_only_translations_scale_with_the_scene():
    assert speed_range("pan", "slow", 50.0) == speed_range("pan", "slow")
    assert speed_range("dolly", "slow", 10.0) == tuple(2 * rate for rate in speed_range("dolly", "slow"))


def test_every_family_with_a_direction_has_speeds():
    assert set(SPEED_CLASSES) == {p.family for p in PRIMITIVES.values() if p.sign}


def test_steadiness_levels():
    assert ["static", *SHAKE_CLASSES] == list(STEADINESS)
    for level, (low, high) in SHAKE_CLASSES.items():
        assert steadiness_of(low) == steadiness_of(high) == level
    assert steadiness_of(90.0) == "very_unsteady"


def test_every_peers_word_means_known_motions():
    for table in LEGACY.values():
        for ours in table.values():
            assert ours
            assert set(ours) <= set(PRIMITIVES)


@pytest.mark.parametrize("peer", ["recammaster", "motionctrl", "videox_fun", "cami2v"])
def test_nobodys_zoom_or_pan_is_taken_for_what_it_is_not(peer):
    said = {ours for words, found in LEGACY[peer].items() for ours in found if "zoom" in words.lower()}
    assert said == {"dolly_in", "dolly_out"}
    assert to_peer(peer, "zoom_in") is None
    if peer != "recammaster":
        assert from_peer(peer, to_peer(peer, "truck_left") or "") == ("truck_left",)
        assert "pan" in (to_peer(peer, "truck_left") or "").lower()


def test_unknown_peers_and_words_are_named_with_the_choice():
    with pytest.raises(SpecError, match=r"unknown peer 'imax'; one of camerabench, "):
        from_peer("imax", "Pan Left")
    with pytest.raises(SpecError, match=r"et has no motion 'zoom'; one of static, push_in"):
        from_peer("et", "zoom")


@pytest.mark.parametrize("module", [vocabulary, legacy])
def test_the_examples_in_the_docstrings_hold(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
