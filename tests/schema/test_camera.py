"""The camera algebra: identities on random poses, and the field's exact test vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camera_motion.schema import camera
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory

angles = st.tuples(st.floats(-179, 179), st.floats(-89, 89), st.floats(-179, 179))
places = st.tuples(*[st.floats(-100, 100)] * 3)
poses = st.lists(st.tuples(angles, places), min_size=2, max_size=6)

#: A rotation of float64 is orthonormal to a few ulp; centres within 100 m keep 1e-12 of it.
EXACT = 1e-11


def stack(drawn):
    out = np.tile(np.eye(4), (len(drawn), 1, 1))
    out[:, :3, :3] = camera.rotation_yxz(np.array([a for a, _ in drawn], dtype=np.float64))
    out[:, :3, 3] = np.array([p for _, p in drawn])
    return out


def film(world_from_camera, fx=0.8, fy=1.4, cx=0.5, cy=0.5, fps=24.0):
    lens = np.tile(np.array([fx, fy, cx, cy]), (len(world_from_camera), 1))
    return Trajectory(world_from_camera, lens, fps)


def project(trajectory, frame, point, width, height):
    x, y, z = (trajectory.camera_from_world[frame] @ [*point, 1.0])[:3]
    fx, fy, cx, cy = camera.intrinsics_px(trajectory.intrinsics[frame], width, height)
    return np.array([fx * x / z + cx, fy * y / z + cy]), z


@given(poses)
def test_inverse_undoes_a_pose(drawn):
    pose = stack(drawn)
    np.testing.assert_allclose(camera.invert(pose) @ pose, np.broadcast_to(np.eye(4), pose.shape), atol=1e-11)
    np.testing.assert_allclose(camera.invert(camera.invert(pose)), pose, atol=1e-11)


@given(poses)
def test_relative_poses_start_at_identity_and_forget_the_world(drawn):
    pose = stack(drawn)
    relative = camera.relative_poses(pose)
    np.testing.assert_allclose(relative[0], np.eye(4), atol=EXACT)
    np.testing.assert_allclose(camera.relative_poses(pose[-1] @ pose), relative, atol=1e-10)
    np.testing.assert_allclose(pose[0] @ relative, pose, atol=1e-10)


@given(poses)
def test_opengl_axes_look_along_minus_z_and_flip_back(drawn):
    pose = stack(drawn)
    opengl = camera.flip_camera_axes(pose)
    np.testing.assert_array_equal(opengl[:, :3, 2], -pose[:, :3, 2])
    np.testing.assert_array_equal(opengl[:, :3, 1], -pose[:, :3, 1])
    np.testing.assert_array_equal(opengl[:, :3, 3], pose[:, :3, 3])
    np.testing.assert_array_equal(camera.flip_camera_axes(opengl), pose)


@given(poses, st.floats(0.01, 50))
def test_align_factor_scales_centres_and_leaves_rotations(drawn, factor):
    pose = stack(drawn)
    metric = camera.apply_align_factor(camera.invert(pose), factor)
    np.testing.assert_allclose(camera.invert(metric)[:, :3, 3], factor * pose[:, :3, 3], rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(metric[:, :3, :3], camera.invert(pose)[:, :3, :3])
    scale = camera.camera_scale(camera.invert(pose))
    assert camera.camera_scale(metric) == pytest.approx(factor * scale, rel=1e-9, abs=1e-9)


def test_camera_scale_is_the_farthest_from_the_first_frame_not_the_extent():
    places = [(0, 0, 0), (3, 4, 0), (-1, 0, 0)]
    assert camera.camera_scale(camera.invert(stack([((0, 0, 0), p) for p in places]))) == pytest.approx(5.0)


def test_camera_scale_of_a_pan_is_zero():
    assert camera.camera_scale(camera.invert(stack([((a, 0, 0), (9, -7, 3)) for a in (0, 40, 80)]))) < 1e-12


# --- validation


@given(poses)
def test_rigid_motions_are_accepted(drawn):
    camera.validate_rotations(stack(drawn))


@given(poses, st.integers(0, 2))
def test_one_flipped_axis_is_refused_with_its_frame_and_determinant(drawn, axis):
    pose = stack(drawn)
    pose[1, :3, axis] *= -1
    with pytest.raises(SpecError, match=r"frame 1: .*determinant -1\.000"):
        camera.validate_rotations(pose)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda p: p.__setitem__((2, 0, 0), np.nan), r"frame 2: .*NaN"),
        (lambda p: p[2, :3, :3].__imul__(1.01), r"frame 2: .*not orthonormal"),
        (lambda p: p[2].__setitem__((0, 1), p[2, 0, 1] + 1e-3), r"frame 2: .*not orthonormal"),
        (lambda p: p.__setitem__(2, p[2].T.copy()), r"frame 2: the last row .*transposed"),
    ],
)
def test_poses_that_are_no_rigid_motions_are_refused(spoil, message):
    pose = stack([((10.0 * k, 5.0, 3.0), (k, 2.0, 1.0)) for k in range(4)])
    spoil(pose)
    with pytest.raises(SpecError, match=message):
        camera.validate_rotations(pose)


def test_recammaster_poses_are_mirrored_in_the_world_but_proper_between_frames():
    # Row-vector matrices of a left-handed engine (forward, right, up, position in cm), as its loader converts them.
    rows = []
    for yaw, metres in ((0.0, 0.0), (20.0, 1.5)):
        c, s = np.cos(np.radians(yaw)), np.sin(np.radians(yaw))
        rows.append([[c, s, 0, 0], [-s, c, 0, 0], [0, 0, 1, 0], [100 * metres, 0, 0, 1]])
    pose = np.swapaxes(np.array(rows), 1, 2)[:, :, [1, 2, 0, 3]]
    pose[:, :3, 1] *= -1
    pose[:, :3, 3] /= 100
    with pytest.raises(SpecError, match=r"frame 0: .*determinant -1"):
        camera.validate_rotations(pose)
    relative = camera.relative_poses(pose)
    camera.validate_rotations(relative)
    np.testing.assert_allclose(camera.angles_yxz_deg(relative[1, :3, :3]), [20, 0, 0], atol=EXACT)
    np.testing.assert_allclose(relative[1, :3, 3], [0, 0, 1.5], atol=EXACT)


def test_a_demo_file_of_the_field_with_a_mirrored_rotation_is_refused():
    # The first and a later line of a "look left" file: the x axis points the wrong way.
    pose = np.tile(np.diag([-1.0, 1.0, 1.0, 1.0]), (2, 1, 1))
    with pytest.raises(SpecError, match=r"frame 0: .*mirrored"):
        camera.validate_rotations(pose)


# --- angles


def test_angles_have_the_signs_of_the_conventions():
    pan, tilt, roll = (camera.rotation_yxz(10.0 * np.eye(3)[k]) for k in range(3))
    np.testing.assert_allclose(pan[:, 2], [np.sin(np.radians(10)), 0, np.cos(np.radians(10))])  # looks right
    np.testing.assert_allclose(tilt[:, 2], [0, -np.sin(np.radians(10)), np.cos(np.radians(10))])  # looks up
    np.testing.assert_allclose(roll[:, 0], [np.cos(np.radians(10)), np.sin(np.radians(10)), 0])  # right side sinks


@given(angles)
def test_angles_and_rotation_are_inverse(drawn):
    rotation = camera.rotation_yxz(np.array(drawn))
    np.testing.assert_allclose(camera.angles_yxz_deg(rotation), drawn, atol=1e-9)
    pan, tilt, roll = (camera.rotation_yxz(np.array(drawn) * np.eye(3)[k]) for k in range(3))
    np.testing.assert_allclose(rotation, pan @ tilt @ roll, atol=1e-12)


@given(st.floats(0, 180), angles)
def test_rotation_angle_does_not_depend_on_the_axis(angle, drawn):
    base = camera.rotation_yxz(np.array(drawn))
    turned = base @ camera.rotation_yxz(np.array([angle, 0.0, 0.0])) @ base.T
    assert float(camera.rotation_angle_deg(turned)) == pytest.approx(angle, abs=1e-9)


def test_rotation_angle_is_exact_where_an_arccos_is_not():
    tiny = camera.rotation_yxz(np.array([0.0, 1e-9, 0.0]))
    assert float(camera.rotation_angle_deg(tiny)) == pytest.approx(1e-9, rel=1e-6)


# --- interpolation


@given(poses)
def test_interpolation_at_the_frames_gives_the_frames(drawn):
    clip = film(stack(drawn))
    again = camera.interpolate(clip, clip.times_s)
    np.testing.assert_allclose(again.world_from_camera, clip.world_from_camera, atol=1e-9)
    np.testing.assert_allclose(again.intrinsics, clip.intrinsics, atol=1e-12)


@given(poses, st.floats(0, 1))
def test_interpolated_poses_are_rigid_and_turn_evenly(drawn, share):
    clip = film(stack(drawn[:2]), fps=1.0)
    between = camera.interpolate(clip, np.array([share]))
    camera.validate_rotations(between.world_from_camera)
    start, end = clip.world_from_camera
    whole = float(camera.rotation_angle_deg(start[:3, :3].T @ end[:3, :3]))
    part = float(camera.rotation_angle_deg(start[:3, :3].T @ between.world_from_camera[0, :3, :3]))
    assert part == pytest.approx(share * whole, abs=1e-6)
    np.testing.assert_allclose(between.centres_m[0], start[:3, 3] + share * (end[:3, 3] - start[:3, 3]), atol=1e-9)


def test_focal_length_is_interpolated_in_its_logarithm_and_ends_are_held():
    lens = np.array([[1.0, 1.5, 0.5, 0.5], [4.0, 6.0, 0.6, 0.5]])
    clip = Trajectory(np.tile(np.eye(4), (2, 1, 1)), lens, 2.0)
    out = camera.interpolate(clip, np.array([-1.0, 0.25, 9.0]), fps=30.0)
    np.testing.assert_allclose(out.intrinsics, [lens[0], [2.0, 3.0, 0.55, 0.5], lens[1]])
    assert out.fps == 30.0


def test_a_single_frame_can_be_replayed():
    out = camera.interpolate(film(np.eye(4)[None]), np.array([0.0, 0.5]))
    assert len(out) == 2


# --- intrinsics


def test_centre_crop_moves_the_principal_point_as_the_pixels_move():
    # 1280x720 to 720x480, cx = 0.47: resized to 853x480, 66 columns cut on the left.
    lens = np.array([0.8, 1.42, 0.47, 0.5])
    plan = camera.cover((1280, 720), (720, 480))
    assert plan == camera.Cover((853, 480), 66, 0, (720, 480))
    fx, fy, cx, cy = camera.intrinsics_px(camera.cover_intrinsics(lens, (1280, 720), (720, 480)), 720, 480)
    assert (fx, fy, cx, cy) == pytest.approx((0.8 * 853, 1.42 * 480, 0.47 * 853 - 66, 240.0))
    assert cx == pytest.approx(334.9, abs=0.05)  # the field's loaders say 338.4


@given(
    st.tuples(st.integers(64, 2000), st.integers(64, 2000)),
    st.tuples(st.integers(32, 1000), st.integers(32, 1000)),
    st.tuples(st.floats(-1, 1), st.floats(-1, 1)),
)
def test_a_point_lands_on_the_same_pixel_whether_projected_or_resized_and_cropped(size, to, direction):
    lens = np.array([0.9, 1.3, 0.46, 0.55])
    x, y = direction
    fx, fy, cx, cy = lens
    plan = camera.cover(size, to)
    there = np.array([fx * x + cx, fy * y + cy]) * plan.resized - (plan.left, plan.top)
    fx, fy, cx, cy = camera.intrinsics_px(camera.cover_intrinsics(lens, size, to), *to)
    np.testing.assert_allclose([fx * x + cx, fy * y + cy], there, atol=1e-8)
    assert min(plan.left, plan.top) >= 0
    assert plan.resized[0] >= to[0] or plan.resized[1] >= to[1]


def test_crops_compose():
    lens = np.array([[0.7, 1.2, 0.52, 0.44]])
    once = camera.crop_intrinsics(lens, (640, 360), 100 + 20, 40 + 10, (200, 100))
    twice = camera.crop_intrinsics(
        camera.crop_intrinsics(lens, (640, 360), 100, 40, (400, 300)), (400, 300), 20, 10, (200, 100)
    )
    np.testing.assert_allclose(twice, once, atol=1e-12)


# --- rays and lines


def test_plucker_rays_of_the_first_frame_go_through_pixel_centres_with_no_moment():
    rays = camera.plucker_rays(film(np.eye(4)[None], fx=1.0, fy=1.0), 4, 2)
    assert rays.shape == (1, 2, 4, 6)
    np.testing.assert_array_equal(rays[..., :3], 0.0)
    expected = np.array([(0.5 - 2) / 4, (1.5 - 1) / 2, 1.0])  # column 0, row 1
    np.testing.assert_allclose(rays[0, 1, 0, 3:], expected / np.linalg.norm(expected))


@given(poses)
@settings(max_examples=25)
def test_plucker_rays_pass_through_what_the_pixel_sees(drawn):
    clip = film(stack(drawn), cx=0.45)
    width, height = 5, 3
    rays = camera.plucker_rays(clip, width, height)
    moment, direction = rays[..., :3], rays[..., 3:]
    np.testing.assert_allclose(np.linalg.norm(direction, axis=-1), 1.0, atol=1e-12)
    np.testing.assert_allclose((moment * direction).sum(-1), 0.0, atol=1e-9)
    relative = camera.relative_poses(clip.world_from_camera)
    row, column, depth_m = 2, 1, 4.0
    for frame in range(len(clip)):
        fx, fy, cx, cy = camera.intrinsics_px(clip.intrinsics[frame], width, height)
        seen = np.array([(column + 0.5 - cx) / fx, (row + 0.5 - cy) / fy, 1.0]) * depth_m
        point = relative[frame, :3, :3] @ seen + relative[frame, :3, 3]
        np.testing.assert_allclose(
            np.cross(point, direction[frame, row, column]), moment[frame, row, column], atol=1e-8
        )


@given(angles, st.tuples(*[st.floats(-1, 1)] * 3), st.tuples(st.floats(-2, 2), st.floats(-2, 2), st.floats(3, 9)))
def test_a_point_lies_on_its_epipolar_line(turn, move, point):
    pose = np.tile(np.eye(4), (2, 1, 1))
    pose[1, :3, :3] = camera.rotation_yxz(np.array(turn) / 12)
    pose[1, :3, 3] = np.array(move) + np.array([1.5, 0.0, 0.0])
    clip = film(pose, cx=0.48)
    (here, _), (there, depth) = (project(clip, k, point, 640, 360) for k in range(2))
    if depth < 0.5:
        return
    line = camera.epipolar_lines(clip, 0, 1, here[None], 640, 360)[0]
    assert np.hypot(*line[:2]) == pytest.approx(1.0)
    assert line @ [*there, 1.0] == pytest.approx(0.0, abs=1e-6)
    assert abs(line @ [*(there + 10 * line[:2]), 1.0]) == pytest.approx(10.0, abs=1e-5)  # pixels


def test_a_pan_has_no_epipolar_lines():
    clip = film(stack([((0, 0, 0), (1, 2, 3)), ((20, 0, 0), (1, 2, 3))]))
    with pytest.raises(SpecError, match="baseline"):
        camera.epipolar_lines(clip, 0, 1, np.zeros((1, 2)), 640, 360)


# --- trajectories


def test_trajectory_arrays_cannot_be_changed_and_leave_the_callers_alone():
    mine = stack([((0, 0, 0), (0, 0, 0)), ((1, 0, 0), (1, 0, 0))])
    clip = film(mine)
    with pytest.raises(ValueError, match="read-only"):
        clip.world_from_camera[0, 0, 0] = 2.0
    mine[0, 0, 3] = 7.0
    assert clip.centres_m[0, 0] == 0.0
    assert len(clip) == 2
    np.testing.assert_allclose(clip.times_s, [0, 1 / 24])


def test_a_trajectory_needs_frames_focal_lengths_and_a_rate():
    with pytest.raises(SpecError, match=r"poses \[T,4,4\]"):
        Trajectory(np.zeros((0, 4, 4)), np.ones((0, 4)), 24.0)
    with pytest.raises(SpecError, match=r"frame 0: focal lengths must be positive, got \[-0\.8, 1\.4\]"):
        film(np.eye(4)[None], fx=-0.8)
    with pytest.raises(SpecError, match="fps > 0, got 0"):
        film(np.eye(4)[None], fps=0.0)
