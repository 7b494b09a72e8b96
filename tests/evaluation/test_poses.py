"""Pose errors: the published formulas' exact values, their invariances, and their guards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_motion.evaluation.poses import pose_errors, robust_scale, world_score, world_score_of
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import rotation_yxz


def walk(frames=16, seed=0, metres=1.0):
    rng = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, :3, :3] = rotation_yxz(np.cumsum(rng.normal(0, 3, (frames, 3)), axis=0))
    poses[:, :3, 3] = metres * np.cumsum(rng.normal(0, 0.2, (frames, 3)), axis=0)
    return poses


def turned(poses, deg):
    """All frames but the first off by `deg` about the camera's own vertical."""
    out = poses.copy()
    out[1:, :3, :3] = out[1:, :3, :3] @ rotation_yxz(np.array([deg, 0.0, 0.0]))
    return out


def scaled(poses, factor):
    out = poses.copy()
    out[:, :3, 3] *= factor
    return out


def test_rot_err_of_one_degree_in_fifteen_frames():
    errors = pose_errors(walk(), turned(walk(), 1.0))
    assert errors.rot_err_rad == pytest.approx(15 * np.pi / 180, abs=1e-9)
    assert errors.rot_err_rad == pytest.approx(0.2618, abs=1e-4)
    assert errors.trans_err == pytest.approx(0, abs=1e-9)
    assert errors.cam_mc == pytest.approx(15 * np.sqrt(8) * np.sin(np.radians(0.5)), abs=1e-9)


@given(st.floats(1e-3, 1e3), st.integers(0, 50))
def test_trans_err_does_not_see_the_scale_or_the_world_of_the_estimate(factor, seed):
    true, other = walk(seed=seed), walk(seed=seed + 1)
    move = np.eye(4)
    move[:3, :3], move[:3, 3] = rotation_yxz(np.array([50.0, 20.0, -70.0])), (4, -2, 9)
    one, two = pose_errors(true, other), pose_errors(true, move @ scaled(other, factor))
    assert (one.rot_err_rad, one.trans_err, one.cam_mc) == pytest.approx(
        (two.rot_err_rad, two.trans_err, two.cam_mc), abs=1e-7
    )
    same = pose_errors(true, scaled(true, factor))
    assert (same.rot_err_rad, same.trans_err, same.cam_mc) == pytest.approx((0, 0, 0), abs=1e-9)


def test_a_path_that_goes_the_other_way_is_twice_its_length():
    line = np.tile(np.eye(4), (3, 1, 1))
    line[:, 2, 3] = [0, 1, 2]
    assert pose_errors(line, scaled(line, -5.0)).trans_err == pytest.approx(2 * (0.5 + 1.0))


def test_an_estimate_that_stands_still_is_charged_the_whole_path():
    assert pose_errors(walk(), scaled(walk(), 0.0)).trans_err == pytest.approx(
        pose_errors(walk(), scaled(walk(), 1e-12)).trans_err, abs=0.05
    )


def test_a_pan_has_a_rotation_error_and_no_translation_error():
    pan = scaled(walk(), 0.0)
    noisy = turned(pan, 2.0)
    noisy[:, :3, 3] += np.random.default_rng(0).normal(0, 1e-4, (16, 3))
    errors = pose_errors(pan, noisy)
    assert errors.rot_err_rad == pytest.approx(np.radians(30))
    assert errors.trans_err is None
    assert errors.cam_mc is None


def test_bad_poses_are_refused():
    with pytest.raises(SpecError, match="16 reference and 15 estimated"):
        pose_errors(walk(), walk()[1:])
    with pytest.raises(SpecError, match=r"estimate: frame 0: .*determinant -1"):
        pose_errors(walk(), walk() @ np.diag([-1.0, 1.0, 1.0, 1.0]))


def test_world_score_of_three_degrees_and_a_tenth():
    assert world_score_of(3.0, 0.1) == pytest.approx(0.8)
    assert world_score_of(0.0, 0.0) == 1.0
    assert world_score_of(20.0, 0.0) == world_score_of(0.0, 0.7) == 0.0


def test_world_score_forgives_scale_and_measures_a_tilt_as_it_is():
    assert world_score(walk(), scaled(walk(), 0.37)).score == pytest.approx(1.0, abs=1e-6)
    tilted = walk(frames=11)
    tilted[1:, :3, :3] = tilted[1:, :3, :3] @ rotation_yxz(np.array([0.0, 10.0, 0.0]))
    result = world_score(walk(frames=11), tilted)
    assert result.rotation_deg == pytest.approx(10 * 10 / 11)
    assert result.translation == pytest.approx(0.0, abs=1e-6)


def test_the_scale_is_not_moved_by_a_stray_frame():
    path = walk(frames=30)[:, :3, 3]
    goal = 2.5 * path
    goal[17] += 40.0
    assert robust_scale(goal, path) == pytest.approx(2.5, abs=1e-6)
    assert robust_scale(-goal, path) == pytest.approx(-2.5, abs=1e-6)
    assert robust_scale(goal, 0 * path) == 1.0
