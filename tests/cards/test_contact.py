"""Contact sheets show every clip, and the path as a reader of maps would draw it."""

import io

import numpy as np
import pytest
from PIL import Image

from camera_motion.cards.contact import END, PAPER, START, Strip, from_above, path_from_above, sheet
from camera_motion.schema.camera import Trajectory, rotation_yxz

#: Right, down and forward of a level camera that looks east in a z-up world, as columns.
EAST = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
FRAMES = 5
T = np.linspace(0.0, 1.0, FRAMES)
STILL = np.zeros((FRAMES, 3))


def trajectory(local_m: np.ndarray = STILL, pan_deg: float = 0.0, focal: float = 1.0) -> Trajectory:
    """Start at (3, 4, 1.6) looking east; `local_m` is the way in the first camera's axes (right, down, forward)."""
    poses = np.tile(np.eye(4), (FRAMES, 1, 1))
    angles = np.stack([pan_deg * T, 0 * T, 0 * T], axis=-1)
    poses[:, :3, :3] = EAST @ rotation_yxz(angles)
    poses[:, :3, 3] = np.array([3.0, 4.0, 1.6]) + local_m @ EAST.T
    lens = np.full((FRAMES, 4), 0.5)
    lens[:, 0] = np.linspace(1.0, focal, FRAMES)
    return Trajectory(poses, lens, 24.0)


def way(right: float = 0.0, forward: float = 0.0) -> np.ndarray:
    return T[:, None] * np.array([right, 0.0, forward])


def strip(title: str = "cm-demo-000000", caption: str = "A room, camera pans left.", shade: int = 60) -> Strip:
    return Strip(title, caption, np.full((3, 36, 64, 3), shade, np.uint8), trajectory(way(forward=1.0)))


def pixels(picture: Image.Image, colour: tuple[int, int, int]) -> np.ndarray:
    """Where a picture has a colour: (x, y up) of every such pixel."""
    near = np.abs(np.asarray(picture).astype(int) - colour).max(axis=-1) < 40
    rows, columns = np.nonzero(near)
    return np.stack([columns, picture.height - rows], axis=-1)


def test_from_above_the_first_heading_is_up() -> None:
    places, views = from_above(trajectory(way(right=1.0, forward=2.0), pan_deg=90.0))
    np.testing.assert_allclose(places[-1], [1.0, 2.0], atol=1e-12)
    np.testing.assert_allclose(views[[0, -1]], [[0.0, 1.0], [1.0, 0.0]], atol=1e-12)


def test_a_camera_that_looks_straight_down_has_a_place_on_the_map() -> None:
    down = trajectory(way(right=1.0))
    down.world_from_camera.flags.writeable = True
    down.world_from_camera[:, :3, :3] = np.diag([1.0, -1.0, -1.0])
    places, _ = from_above(down)
    assert np.isfinite(places).all()


def test_the_map_shows_where_the_camera_went_and_looked() -> None:
    truck = path_from_above(trajectory(way(right=3.0)), 150)
    assert pixels(truck, END)[:, 0].mean() > pixels(truck, START)[:, 0].mean() + 20
    dolly = path_from_above(trajectory(way(forward=3.0)), 150)
    assert pixels(dolly, END)[:, 1].mean() > pixels(dolly, START)[:, 1].mean() + 20
    pan = path_from_above(trajectory(pan_deg=-60.0), 150)
    assert pixels(pan, END)[:, 0].mean() < pixels(pan, START)[:, 0].mean() - 10
    zoom = path_from_above(trajectory(focal=3.0), 150)
    assert np.ptp(pixels(zoom, END)[:, 0]) < 0.6 * np.ptp(pixels(zoom, START)[:, 0])


def test_every_clip_is_on_the_sheet() -> None:
    shades = (20, 90, 160)
    page = Image.open(io.BytesIO(sheet([strip(shade=s) for s in shades], columns=2, frame_height_px=72)))
    seen = np.asarray(page.convert("RGB")).reshape(-1, 3)
    for shade in shades:
        assert (seen == shade).all(axis=1).sum() >= 3 * 72 * 128
    assert (seen == PAPER).all(axis=1).any()


def test_a_long_caption_makes_lines_not_a_wider_page() -> None:
    short, long = (Image.open(io.BytesIO(sheet([strip(caption=c)]))) for c in ("Short.", "many words " * 30))
    assert long.width == short.width
    assert long.height > short.height


def test_no_clips_are_refused() -> None:
    with pytest.raises(ValueError, match="at least one clip"):
        sheet([])
