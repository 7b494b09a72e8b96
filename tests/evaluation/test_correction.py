"""Corrections do what their names say, and faults are proper trajectories."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toyroom import path

from camera_motion.evaluation.correction import Correction, corrected
from camera_motion.evaluation.faults import FAULTS
from camera_motion.schema.camera import rotation_angle_deg, validate_rotations

MOVES = ("pan", "dolly_zoom", "arc", "six_dof", "static")
gains = st.floats(-0.2, 0.2)


@given(st.sampled_from(MOVES), gains, gains, gains, gains)
def test_gains_undo_themselves(move, focal, zoom, rotation, translation):
    right = path(move)
    there = corrected(right, Correction(focal, zoom, rotation, translation))
    validate_rotations(there.world_from_camera)
    back = [1 / (1 + gain) - 1 for gain in (focal, zoom, rotation, translation)]
    home = corrected(there, Correction(*back))
    assert np.allclose(home.world_from_camera, right.world_from_camera, atol=1e-9)
    assert np.allclose(home.intrinsics, right.intrinsics, atol=1e-9)


def test_each_part_changes_its_own_quantity():
    right = path("six_dof")
    turned = corrected(right, Correction(rotation=0.1))
    steps = [
        rotation_angle_deg(np.swapaxes(t.world_from_camera[:-1, :3, :3], 1, 2) @ t.world_from_camera[1:, :3, :3])
        for t in (right, turned)
    ]
    assert np.allclose(steps[1], 1.1 * steps[0], atol=1e-9)
    assert np.array_equal(turned.centres_m, right.centres_m)
    moved = corrected(right, Correction(translation=-0.05))
    assert np.allclose(moved.centres_m - moved.centres_m[0], 0.95 * (right.centres_m - right.centres_m[0]))
    zoom = path("zoom")
    assert np.allclose(corrected(zoom, Correction(focal=0.02)).intrinsics[:, :2], 1.02 * zoom.intrinsics[:, :2])
    longer = corrected(zoom, Correction(zoom=0.1)).intrinsics[:, 0]
    assert np.allclose(np.log(longer / longer[0]), 1.1 * np.log(zoom.intrinsics[:, 0] / zoom.intrinsics[0, 0]))


@pytest.mark.parametrize("move", ["pan", "zoom", "six_dof"])
def test_time_reads_the_path_later(move):
    right = path(move)
    late = corrected(right, Correction(time=1.0))
    assert np.allclose(late.world_from_camera[:-1], right.world_from_camera[1:], atol=1e-12)
    assert np.allclose(late.intrinsics[:-1], right.intrinsics[1:], atol=1e-12)
    half = corrected(right, Correction(time=0.5)).centres_m
    assert np.allclose(half[:-1], 0.5 * (right.centres_m[:-1] + right.centres_m[1:]))


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("move", MOVES)
def test_faults_are_proper_trajectories(name, move):
    right = path(move)
    wrong = FAULTS[name](right)
    validate_rotations(wrong.world_from_camera)
    assert len(wrong) == len(right)
    assert (wrong.intrinsics > 0).all()


def test_faults_differ_from_what_is_right():
    right = path("six_dof")
    for name, fault in FAULTS.items():
        wrong = fault(right)
        same = np.allclose(wrong.world_from_camera, right.world_from_camera, atol=1e-6)
        assert not same or not np.allclose(wrong.intrinsics, right.intrinsics, atol=1e-6) or name.startswith("zoom")
