import subprocess
import sys
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camera_motion.builder.torch.sampling import Sampling, cameras, fitted, window, worded
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Cover, camera_matrix, invert

WHOLE = Cover((640, 360), 0, 0, (640, 360))


@given(
    total=st.integers(1, 200),
    count=st.one_of(st.none(), st.sampled_from([1, 2, 16, 49, 81, 121])),
    low=st.integers(1, 6),
    more=st.integers(0, 6),
    start=st.sampled_from(["random", "centre", "first"]),
    seed=st.integers(0, 99),
)
def test_frames_taken_are_there_and_evenly_spaced(
    total: int, count: int | None, low: int, more: int, start: Any, seed: int
) -> None:
    sampling = Sampling(frames=count, stride=(low, low + more), start=start)
    taken = window(total, sampling, np.random.default_rng(seed))
    if count is not None and (count - 1) * low + 1 > total:
        assert taken is None
        return
    assert taken is not None
    assert len(taken) == count or count is None
    assert 0 <= taken[0] <= taken[-1] < total
    steps = set(np.diff(taken).tolist())
    assert len(steps) <= 1
    assert steps <= set(range(low, low + more + 1))
    if start == "first":
        assert taken[0] == 0
    if start == "centre":
        assert abs(taken[0] - (total - 1 - taken[-1])) <= 1


def test_every_start_and_stride_is_drawn_and_all_frames_are_reached() -> None:
    rng = np.random.default_rng(0)
    drawn = [window(20, Sampling(frames=4, stride=(1, 9)), rng) for _ in range(2000)]
    found = {(int(taken[0]), int(taken[1] - taken[0])) for taken in drawn if taken is not None}
    assert found == {(first, stride) for stride in range(1, 7) for first in range(20 - 3 * stride)}
    every_third = window(20, Sampling(stride=3, start="first"), rng)
    assert every_third is not None
    assert every_third.tolist() == [0, 3, 6, 9, 12, 15, 18]


sides = st.integers(16, 900)


@given(
    image=st.tuples(sides, sides), size=st.tuples(sides, sides), crop=st.sampled_from(["centre", "random"]), seed=sides
)
def test_a_point_moves_with_the_crop_exactly(
    image: tuple[int, int], size: tuple[int, int], crop: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    sampling = Sampling(size=size, crop=crop)
    plan = fitted(image, sampling, rng)
    assert plan.size == size
    assert all(a >= 0 and a + s <= r for a, s, r in zip((plan.left, plan.top), size, plan.resized, strict=True))
    lens = np.array([[0.8, 1.3, 0.47, 0.56]])
    taken = cameras(np.eye(4)[None], lens, 1.0, np.array([0]), plan, sampling)
    point = np.array([0.2, -0.1, 2.0])
    x, y, z = camera_matrix(lens[0], *image) @ point  # in the picture as it was
    moved = np.array([x / z * plan.resized[0] / image[0] - plan.left, y / z * plan.resized[1] / image[1] - plan.top])
    x, y, z = camera_matrix(taken.intrinsics[0].astype(np.float64), *size) @ point
    np.testing.assert_allclose([x / z, y / z], moved, rtol=1e-5, atol=1e-3)
    fx, fy, cx, cy = taken.intrinsics_px[0]
    np.testing.assert_allclose([fx * 0.1 + cx, fy * -0.05 + cy], moved, rtol=1e-5, atol=1e-3)


def test_an_off_centre_principal_point_is_cropped_not_scaled() -> None:
    """RealCam-Vid's example: 1280 x 720 to 720 x 480 with cx = 0.47; its loader gives 338.4."""
    sampling = Sampling(size=(720, 480))
    plan = fitted((1280, 720), sampling, np.random.default_rng(0))
    taken = cameras(np.eye(4)[None], np.array([[0.7, 1.2, 0.47, 0.5]]), 1.0, np.array([0]), plan, sampling)
    assert taken.intrinsics_px[0, 2] == pytest.approx(0.47 * 853 - 66)


def test_the_bucket_nearest_in_shape_is_taken() -> None:
    sampling = Sampling(size=((832, 480), (640, 640), (480, 832)))
    rng = np.random.default_rng(0)
    for image, size in (((1920, 1080), (832, 480)), ((600, 500), (640, 640)), ((1080, 1920), (480, 832))):
        assert fitted(image, sampling, rng).size == size


# --- units


def path(*x: float) -> np.ndarray:
    """w2c of a camera at world positions (x, 2 x, 7), turned the same way at each."""
    poses = np.tile(np.eye(4), (len(x), 1, 1))
    poses[:, :3, :3] = [[0, 0, -1], [0, 1, 0], [1, 0, 0]]
    poses[:, :3, 3] = [(a, 2 * a, 7.0) for a in x]
    return invert(poses)


def take(w2c: np.ndarray, indices: list[int], align: float = 1.0, **options: Any) -> Any:
    lens = np.tile([0.7, 1.2, 0.5, 0.5], (len(w2c), 1))
    return cameras(w2c, lens, align, np.array(indices), WHOLE, Sampling(**options))


def test_relative_poses_are_seen_from_the_first_frame_taken() -> None:
    taken = take(path(0, 1, 3, 6), [1, 3])
    np.testing.assert_allclose(taken.camera_from_world[0], np.eye(4), atol=1e-7)
    # Its axes in the world: x is z, y is y, z is -x.
    np.testing.assert_allclose(taken.world_from_camera[1, :3, 3], [0, 10, -5], atol=1e-6)
    np.testing.assert_allclose(taken.camera_from_world @ taken.world_from_camera, [np.eye(4)] * 2, atol=1e-6)


def test_absolute_poses_are_the_stored_ones() -> None:
    w2c = path(0, 1, 3)
    np.testing.assert_allclose(take(w2c, [1, 2], poses="absolute").camera_from_world, w2c[1:], atol=1e-6)


def test_the_scale_is_that_of_the_frames_taken() -> None:
    w2c = path(0, 1, 3, 6)
    far = np.sqrt(5.0)
    for scale, unit_m in (("metric", 1.0), ("unit", 2 * far), (0.25, 4.0)):
        taken = take(w2c, [1, 2], scale=scale)
        assert taken.camera_scale == pytest.approx(2 * far)  # of frames 1 and 2, not of the clip
        assert taken.unit_m == pytest.approx(unit_m)
        assert np.linalg.norm(taken.world_from_camera[1, :3, 3]) * unit_m == pytest.approx(2 * far, rel=1e-6)


def test_stored_units_become_metres() -> None:
    assert take(path(0, 1), [0, 1], align=3.0).camera_scale == pytest.approx(3 * np.sqrt(5.0))


@pytest.mark.parametrize("poses", ["relative", "absolute"])
def test_a_camera_that_stays_in_its_place_is_not_blown_up(poses: Any) -> None:
    for x in (0.0, 1e-7, 0.9e-3 / np.sqrt(5.0)):
        taken = take(path(0, x), [0, 1], scale="unit", poses=poses)
        assert taken.unit_m == 1.0
        assert np.isfinite(taken.camera_from_world).all()
        assert taken.camera_scale == pytest.approx(x * np.sqrt(5.0), abs=1e-12)
    taken = take(path(0, 1.1e-3 / np.sqrt(5.0)), [0, 1], scale="unit")
    assert np.linalg.norm(taken.world_from_camera[1, :3, 3]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"frames": 0}, "frames is 0"),
        ({"stride": 0}, "stride is 0"),
        ({"stride": (4, 2)}, "stride is"),
        ({"scale": -1.0}, "scale is -1.0"),
        ({"scale": float("nan")}, "scale is nan"),
        ({"caption": "video"}, "caption is 'video'"),
        ({"size": (0, 5)}, "size is"),
        ({"size": (500, 320), "rays": 8}, "does not divide 500 x 320"),
        ({"rays": -1}, "rays is -1"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(options: dict[str, Any], says: str) -> None:
    with pytest.raises(SpecError, match=says) as caught:
        Sampling(**options)
    assert "\n" not in str(caught.value)


def test_a_word_that_is_unknown_is_refused_with_those_that_are_known() -> None:
    """In a process of its own, where annotations are not checked."""
    for option, says in (("start='end'", "random, centre, first"), ("scale='metre'", "metric, unit, or a factor")):
        code = f"from camera_motion.builder.torch.sampling import Sampling; Sampling({option})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        name, value = option.split("=")
        assert f"{name} is {value}; choose" in done.stderr.splitlines()[-1]
        assert says in done.stderr.splitlines()[-1]


def test_a_caption_is_drawn_from_several_and_dropped_at_a_rate() -> None:
    row = {"short_caption": "short", "camera_caption": "camera"}
    sampling = Sampling(caption=("short_caption", "camera_caption"), drop_caption=0.25)
    rng = np.random.default_rng(0)
    told = Counter(worded(row, sampling, rng) for _ in range(4000))
    assert set(told) == {"short", "camera", ""}
    assert abs(told[""] / 4000 - 0.25) < 0.03
    assert abs(told["short"] - told["camera"]) < 200
    with pytest.raises(SpecError, match=r"caption is \('video',\)"):
        Sampling(caption=("video",))
    with pytest.raises(SpecError, match="drop_caption is"):
        Sampling(drop_caption=1.5)
