"""The page of a gallery holds what it was given, exactly enough, and nothing of it can be code."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest
from sets import CLIPS

from camera_motion.cards.gallery import Facts, Shot, entry, inline_json, page, second_differences, track, word
from camera_motion.schema.camera import Trajectory, invert, rotation_yxz
from camera_motion.schema.vocabulary import PRIMITIVES

FRAMES = 81
T = np.linspace(0.0, 1.0, FRAMES)
EAST = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])


def trajectory(
    pan_deg: float = 30.0, forward_m: float = 4.0, zoom: float = 2.0, first: np.ndarray = EAST
) -> Trajectory:
    """Look east in a z-up world, then pan, go forward and zoom in."""
    poses = np.tile(np.eye(4), (FRAMES, 1, 1))
    poses[:, :3, :3] = first @ rotation_yxz(np.stack([pan_deg * T, 0 * T, 0 * T], axis=-1))
    poses[:, :3, 3] = np.array([3.0, 4.0, 1.6]) + forward_m * T[:, None] * first[:, 2]
    lens = np.full((FRAMES, 4), 0.5)
    lens[:, 0] = np.linspace(1.0, zoom, FRAMES)
    lens[:, 1] = 1.6 * lens[:, 0]
    return Trajectory(poses, lens, 16.0)


def shot(index: int = 0, **changes: object) -> Shot:
    clip = CLIPS[index]
    path = Trajectory(invert(clip.camera_extrinsics), clip.camera_intrinsics.astype(np.float64), clip.record.fps)
    return Shot(clip.record.model_copy(update=changes), path, {"focal": 0.005}, 0.5, 3)


def summed(coded: list[int], frames: int) -> np.ndarray:
    """What the page does: add up twice."""
    if len(coded) == 1:
        return np.full(frames, coded[0])
    steps = np.cumsum(coded[1:])
    return np.concatenate([[coded[0]], coded[0] + np.cumsum(steps)])


@pytest.mark.parametrize("values", [[5.0], [2.0, 2.0], [1.0, 4.0], [0.0, 1.0, 3.4, -7.6, 2.0]])
def test_coded_numbers_are_given_back(values: list[float]) -> None:
    np.testing.assert_array_equal(summed(second_differences(np.array(values)), len(values)), np.rint(values))


def test_a_trajectory_is_told_in_metres_degrees_and_millimetres_to_half_a_step() -> None:
    told = track(trajectory())
    right, down, forward, pan, tilt, roll, lens = (summed(coded, FRAMES) for coded in told["track"])
    np.testing.assert_allclose(forward / 1000, 4.0 * T, atol=5.1e-4)
    np.testing.assert_allclose(pan / 100, 30.0 * T, atol=5.1e-3)
    np.testing.assert_allclose(lens / 100, np.linspace(36.0, 72.0, FRAMES), atol=5.1e-3)
    assert not np.concatenate([right, down, tilt, roll]).any()
    assert told["level"]
    assert told["tall"] == pytest.approx(1.6)


def test_a_camera_that_looks_straight_down_is_told_in_its_own_axes() -> None:
    told = track(trajectory(first=np.diag([1.0, -1.0, -1.0])))
    assert not told["level"]
    np.testing.assert_allclose(summed(told["track"][2], FRAMES) / 1000, 4.0 * T, atol=5.1e-4)


def test_lengths_are_metres_where_stored_units_are_not() -> None:
    assert summed(track(trajectory(), align_factor=2.0)["track"][2], FRAMES)[-1] == 8000


def test_smooth_motion_is_short() -> None:
    assert len(json.dumps(track(trajectory()), separators=(",", ":"))) < 700


def test_no_text_can_leave_the_json() -> None:
    hostile = ["</script><script>alert(1)</script>", "<!--", "]]>", "&lt;", "\u2028\u2029", "\udc80", "'\""]
    text = inline_json(hostile)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == hostile


def test_the_page_allows_its_own_script_and_style_and_no_server() -> None:
    text = page(Facts("a set", "0123", "1.0"), [shot()])
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    for tag in ("style", "script"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy[1]
    assert "default-src &#39;none&#39;" in policy[1]
    addresses = set(re.findall(r"https?://[^\s\"'<]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_hostile_words_of_a_set_are_text() -> None:
    text = page(Facts("<i>set", "</style>", "1.0"), [shot(short_caption="</script><b>", scene="<img src=x>")])
    assert "<i>set" not in text
    assert "<b>" not in text
    assert "<img" not in text
    payload = re.search(r'<script type="application/json" id="payload">(.*?)</script>', text, re.DOTALL)
    assert payload
    assert json.loads(payload[1])["clips"][0]["captions"][0] == "</script><b>"


def test_a_page_that_is_cut_or_converted_says_so() -> None:
    text = page(Facts("a set", "", "1.0", total=52000, converted=1), [shot()])
    assert "The first of 52,000 clips" in text
    assert "1 clip is shown as H.264 copies" in text
    assert "The first" not in page(Facts("a set", "", "1.0", total=1), [shot()])


def test_an_entry_has_the_segments_the_proof_and_the_seed() -> None:
    told = entry(shot(1))
    record = CLIPS[1].record
    assert [segment[2] for segment in told["segments"]] == ["pan_left", "tilt_up"]
    assert told["parts"][0][0] == "focal"
    assert told["parts"][0][1] == pytest.approx(record.checks.focal, rel=1e-3)
    assert (told["seed"], told["shard"]) == (record.seed, 3)
    json.dumps(told, allow_nan=False)


def test_every_word_of_the_vocabulary_has_a_kind_and_others_are_their_own_family() -> None:
    assert {word(motion)[2] for motion in PRIMITIVES} == {"turn", "travel", "lens", "both", "still"}
    assert word("dolly_zoom_in") == ["dolly_zoom", "in", "both"]
    assert word("moonwalk") == ["moonwalk", "", "still"]
