"""The gate passes what is true and catches what is not, on decoded video of a ray-traced room."""

import numpy as np
import pytest
from toyroom import FPS, HEIGHT, LIE_PX, WIDTH, path, take

from camera_motion.evaluation import gate
from camera_motion.evaluation.correction import PARTS, Correction, corrected
from camera_motion.evaluation.faults import FAULTS, GROSS, off_by
from camera_motion.evaluation.fit import residuals
from camera_motion.evaluation.tracks import MOST_TRACKS, from_array
from camera_motion.generator.encode import encode
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory

SIZE = (WIDTH, HEIGHT)
#: What each move is sure to show, and some of what it cannot.
SHOWS = {
    "pan": ({"rotation", "time"}, {"zoom", "translation"}),
    "roll": ({"rotation", "time"}, {"focal", "zoom", "translation"}),
    "truck": ({"time"}, {"zoom", "rotation"}),
    "dolly": ({"time"}, {"zoom", "rotation", "focal"}),
    "zoom": ({"zoom", "time"}, {"focal", "rotation", "translation"}),
    "dolly_zoom": ({"zoom"}, {"rotation", "focal"}),
    "arc": ({"rotation", "time"}, {"zoom"}),
    "six_dof": ({"rotation", "time"}, {"zoom"}),
}


def proof(move: str) -> gate.Proof:
    clip = take(move)
    return gate.prove(clip.video, clip.trajectory, clip.views)


@pytest.fixture(scope="module")
def proofs() -> dict[str, gate.Proof]:
    return {move: proof(move) for move in SHOWS}


@pytest.mark.parametrize("move", SHOWS)
def test_a_true_annotation_passes(proofs, move):
    verdict = proofs[move].verdict
    assert verdict.passed, verdict.reasons
    assert verdict.tracks > 500
    assert verdict.residual_px < 0.25
    shown, hidden = SHOWS[move]
    for found in verdict.fits:
        if found.part in shown:
            assert gate.observable(found), found
        if found.part in hidden:
            assert not gate.observable(found), found
        if gate.observable(found):
            assert abs(found.value) < 0.7 * gate.TOLERANCES[found.part], found


@pytest.mark.parametrize("move", SHOWS)
def test_what_the_move_shows_is_measured_in_its_own_unit(proofs, move):
    clip = take(move)
    tracks = from_array(proofs[move].tracks)
    for found in proofs[move].verdict.fits:
        if gate.observable(found):
            size = 0.5 if found.part == "time" else 0.02
            wrong = corrected(clip.trajectory, Correction(**{found.part: size}))
            verdict = gate.judge(tracks, wrong, SIZE)
            again = verdict.fits[PARTS.index(found.part)]
            assert again.value == pytest.approx(-size, abs=0.3 * size)
            assert not verdict.passed


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_caught_wherever_it_shows(proofs, fault):
    shows = 0
    for move, found in proofs.items():
        tracks, right = from_array(found.tracks), take(move).trajectory
        wrong = FAULTS[fault](right)
        part = fault.split()[0]
        if fault in GROSS:
            moved = residuals(tracks, wrong, SIZE) - residuals(tracks, right, SIZE)
            shown = np.median(np.linalg.norm(moved, axis=1)) > 1.0
        else:
            shown = gate.observable(found.verdict.fits[PARTS.index(part)])
        if shown:
            verdict = gate.judge(tracks, wrong, SIZE)
            assert not verdict.passed, (move, fault)
            shows += 1
    assert shows or fault.startswith("translation")


def test_the_canary_shows_every_fault_of_convention(proofs):
    tracks = from_array(proofs["six_dof"].tracks)
    for name, fault in GROSS.items():
        assert not gate.judge(tracks, fault(take("six_dof").trajectory), SIZE).passed, name


def test_a_wrong_annotation_is_caught_when_it_also_chose_the_tracks():
    clip = take("six_dof")
    for name in ("backwards", "mirrored x", "OpenGL axes", "w2c as c2w", "rotation +3 %"):
        assert not gate.prove(clip.video, FAULTS[name](clip.trajectory), clip.views).verdict.passed, name


def test_one_wrong_row_among_many_is_caught(proofs):
    poses = take("pan").trajectory.world_from_camera.copy()
    poses[12] = poses[10]
    wrong = Trajectory(poses, take("pan").trajectory.intrinsics, FPS)
    assert not gate.judge(from_array(proofs["pan"].tracks), wrong, SIZE).passed


def test_a_still_camera_stands_still():
    found = proof("static")
    assert found.verdict.passed
    assert found.verdict.motion_px < 0.05
    assert not any(gate.observable(f) for f in found.verdict.fits)
    assert all(value == 0.0 for name, value in found.verdict.checks().items() if name in PARTS)


@pytest.mark.parametrize(("filmed", "claimed"), [("pan", "static"), ("static", "pan"), ("truck", "static")])
def test_motion_and_stillness_are_not_confused(filmed, claimed):
    clip = take(filmed)
    assert not gate.prove(clip.video, path(claimed), clip.views).verdict.passed


def test_mirrors_and_sky_are_left_out():
    clip = take("truck", lie=True)
    found = gate.prove(clip.video, clip.trajectory, clip.views)
    assert found.verdict.passed, found.verdict.reasons
    left, top, right, bottom = LIE_PX
    x, y = from_array(found.tracks).from_px.T
    assert not ((x > left) & (x < right) & (y > top) & (y < bottom)).any()


def test_a_picture_without_corners_proves_nothing():
    clip = take("pan", blank=True)
    verdict = gate.prove(clip.video, clip.trajectory, clip.views).verdict
    assert verdict.reasons == ("0 tracks",)
    assert np.isfinite(list(verdict.checks().values())).all()


@pytest.mark.parametrize("count", [1, 2, 5, 25, 300])
def test_frames_to_look_at_are_spread_over_the_clip(count):
    wanted = gate.frames(count)
    assert wanted[0] == 0
    assert wanted[-1] == count - 1
    assert list(wanted) == sorted(set(wanted))
    assert len(wanted) == min(count, 7)


@pytest.mark.parametrize(("width", "height"), [(640, 400), (240, 384)])
def test_other_sizes_and_shapes(width, height):
    clip = take("six_dof", 1.0, width, height)
    found = gate.prove(clip.video, clip.trajectory, clip.views)
    assert found.verdict.passed, found.verdict.reasons
    assert from_array(found.tracks).from_px[:, 0].max() > 0.9 * width
    wrong = FAULTS["rotation +3 %"](clip.trajectory)
    assert not gate.judge(from_array(found.tracks), wrong, (width, height)).passed
    assert gate.recheck(clip.video, found.tracks, clip.trajectory).passed


def test_the_evidence_is_small_and_the_same_each_time(proofs):
    for move in ("six_dof", "pan"):
        array = proofs[move].tracks
        assert array.dtype == np.float32
        assert len(array) <= MOST_TRACKS
        assert array.nbytes + 128 <= 40_000
        assert np.array_equal(proof(move).tracks, array)
        assert np.array_equal(from_array(array).array(), array)


def test_recheck_agrees_from_the_tar_alone(proofs):
    for move in ("six_dof", "dolly", "zoom"):
        clip = take(move)
        lens = clip.trajectory.intrinsics.astype(np.float32).astype(np.float64)
        stored = Trajectory(clip.trajectory.world_from_camera, lens, FPS)
        verdict = gate.recheck(clip.video, proofs[move].tracks, stored)
        assert verdict.passed, verdict.reasons
        for old, new in zip(proofs[move].verdict.fits, verdict.fits, strict=True):
            assert new.value == pytest.approx(old.value, abs=5e-4) or not gate.observable(old)
        assert not gate.recheck(clip.video, proofs[move].tracks, off_by(stored, 2)).passed


@pytest.mark.parametrize(("video", "tracks"), [("pan", "six_dof"), ("truck", "arc"), ("static", "pan")])
def test_tracks_of_another_video_are_found_out(proofs, video, tracks):
    clip = take(video)
    verdict = gate.recheck(clip.video, proofs[tracks].tracks, clip.trajectory)
    assert "tracks of another video" in verdict.reasons


def test_tracks_of_another_still_video_are_found_out():
    clip, array = take("static"), proof("static").tracks
    assert gate.recheck(clip.video, array, clip.trajectory).passed
    still = np.random.default_rng(0).integers(0, 255, (HEIGHT // 4, WIDTH // 4, 3), dtype=np.uint8)
    other = encode([np.kron(still, np.ones((4, 4, 1), np.uint8))] * len(clip.trajectory), WIDTH, HEIGHT, FPS)
    assert "tracks of another video" in gate.recheck(other, array, clip.trajectory).reasons


def test_damaged_tracks_are_refused():
    clip, good = take("static"), proof("static").tracks
    for column, value, words in ((0, 0.5, "damaged"), (0, 99, "beyond"), (2, np.nan, "damaged"), (6, -1, "damaged")):
        bad = good.copy()
        bad[3, column] = value
        with pytest.raises(SpecError, match=words):
            gate.recheck(clip.video, bad, clip.trajectory)
    outside = good.copy()
    outside[:, 2] = WIDTH + 3
    with pytest.raises(SpecError, match="outside"):
        gate.recheck(clip.video, outside, clip.trajectory)


def test_a_video_of_another_length_is_refused():
    clip = take("static")
    with pytest.raises(SpecError, match=r"25 frames, its annotation 30"):
        gate.prove(clip.video, path("static", count=30), {})


def test_checks_are_plain_finite_numbers(proofs):
    for found in proofs.values():
        checks = found.verdict.checks()
        assert {f"{part}{suffix}" for part in PARTS for suffix in ("", "_sigma", "_observable")} <= checks.keys()
        assert all(type(value) is float and np.isfinite(value) for value in checks.values())
