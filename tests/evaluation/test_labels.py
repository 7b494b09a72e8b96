"""Other benchmarks' labels, from trajectories whose truth is known."""

import numpy as np
import pytest

from camera_motion.evaluation.labels import camerabench_splits, et_index, et_name, et_tags
from camera_motion.schema.camera import Trajectory, rotation_yxz
from camera_motion.schema.motion import measure


def film(places, pan=0.0):
    poses = np.tile(np.eye(4), (len(places), 1, 1))
    poses[:, :3, :3] = rotation_yxz(np.stack(np.broadcast_arrays(pan, np.zeros(len(places)), 0.0), axis=-1))
    poses[:, :3, 3] = places
    return Trajectory(poses, np.tile(np.array([0.9, 1.6, 0.5, 0.5]), (len(places), 1)), 25.0)


@pytest.mark.parametrize(
    ("velocity", "index", "name"),
    [
        ((0.5, 0, 0), 9, "trucking_right"),
        ((-0.5, -0.5, 0.5), 25, "trucking_left-boom_top-push_in"),
        ((0, 0.3, 0.01), 3, "boom_bottom"),
        ((0.019, 0, -0.019), 0, "static"),
        ((1.0, 0.61, 0.59), 9 + 3, "trucking_right-boom_bottom"),
        ((0, 0, -0.5), 2, "pull_out"),
    ],
)
def test_et_tags(velocity, index, name):
    assert et_index(np.array([velocity], dtype=np.float64)).tolist() == [index]
    assert et_name(index) == name


def test_et_tags_are_in_the_axes_of_the_camera_not_of_the_world():
    steps = np.linspace(0, 1, 10)[:, None] * (1.0, 0.0, 0.0)
    assert set(et_tags(film(steps)).tolist()) == {9}
    assert set(et_tags(film(steps, pan=90.0)).tolist()) == {1}  # the camera looks along +x: push in


def test_camerabench_answers_of_an_arc_name_its_truck_and_pan():
    turn = np.radians(np.linspace(0, 30, 41))
    circle = 4 * np.stack([np.sin(turn), 0 * turn, 1 - np.cos(turn)], axis=1)
    answers = camerabench_splits(measure(film(circle, pan=-np.degrees(turn))))
    assert {split for split, yes in answers.items() if yes} == {"move_right", "pan_left"}
    assert len(answers) == 15


def test_camerabench_answers_of_a_static_clip():
    answers = camerabench_splits(measure(film(np.zeros((20, 3)))))
    assert [split for split, yes in answers.items() if yes] == ["static"]
