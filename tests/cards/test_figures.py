"""Figures show what the clips are, are as wide as the Hub's page twice, and come out the same every time."""

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camera_motion.cards.figures import FIGURES, Shot, paths
from camera_motion.cards.style import BAR, FAMILIES
from camera_motion.evaluation.gate import TOLERANCES
from camera_motion.schema.camera import Trajectory, rotation_yxz

#: Right, down and forward of a level camera that looks east in a z-up world, as columns.
EAST = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
ZOOM = ("zoom_in", 0.3, "ln f", "slow")
T = np.linspace(0.0, 1.0, 5)


def shot(index: int = 0, way: Sequence[float] = (0.0, 0.0, 0.0), **changes: Any) -> Shot:
    """A clip that starts at (3, 4, 1.6), looks east, and goes `way` metres right, down and forward."""
    poses = np.tile(np.eye(4), (5, 1, 1))
    poses[:, :3, :3] = EAST @ rotation_yxz(np.zeros((5, 3)))
    poses[:, :3, 3] = np.array([3.0, 4.0, 1.6]) + T[:, None] * np.array(way) @ EAST.T
    lens = np.tile([0.7 + 0.01 * index, 1.2, 0.5, 0.5], (5, 1))
    fields: dict[str, Any] = {
        "key": f"cm-{index:06d}",
        "split": "train",
        "width": 96,
        "height": 64,
        "main_motion": "dolly_in",
        "motions": ("dolly_in", "pan_left"),
        "speed": ("slow", "regular", "fast")[index % 3],
        "camera_scale": float(np.linalg.norm(way)),
        "path_length_m": float(np.linalg.norm(way)),
        "focal_ratio": 1.0 + 0.1 * index,
        "vtss_score": None,
        "segments": (
            ("dolly_in", 1.0 + index, "m", "slow"),
            ("pan_left", 20.0, "deg", "fast"),
            ("zoom_in", 0.3, "ln f", "slow"),
        ),
        "checks": {p: 0.001 * index for p in TOLERANCES} | {f"{p}_observable": 1.0 for p in TOLERANCES},
        "trajectory": Trajectory(poses, lens, 24.0),
    }
    return Shot(**fields | changes)


SHOTS = [shot(i, way=(0.0, 0.0, 1.0 + i)) for i in range(6)]


def pixels(png: bytes, colour: str) -> int:
    """Count pixels of about a colour."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int(
        (np.abs(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int) - rgb).max(axis=-1) < 12).sum()
    )


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_opaque_wide_and_the_same_every_time(name: str) -> None:
    drawn = FIGURES[name](SHOTS)
    picture = Image.open(io.BytesIO(drawn))
    assert picture.width == 1800
    assert 400 < picture.height < 1600
    corners = np.asarray(picture.convert("RGBA"))[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == 255).all()  # legible on a dark page too
    assert drawn == FIGURES[name](SHOTS)
    assert b"matplotlib" not in drawn.lower()  # no version, no date


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_set_of_one_clip_that_stands_still_has_figures(draw: Callable[[Sequence[Shot]], bytes]) -> None:
    checks = dict.fromkeys(SHOTS[0].checks, 0.0)
    still = shot(main_motion="static", motions=("static",), segments=(("static", 0.0, "", "slow"),), checks=checks)
    assert Image.open(io.BytesIO(draw([still]))).width == 1800


@pytest.mark.parametrize("draw", FIGURES.values(), ids=FIGURES)
def test_a_motion_that_nobody_knows_is_drawn(draw: Callable[[Sequence[Shot]], bytes]) -> None:
    odd = shot(main_motion="hop $x$", motions=("hop $x$",), segments=(("hop $x$", 3.0, "m", "odd"),))
    assert Image.open(io.BytesIO(draw([odd, *SHOTS]))).width == 1800


def test_paths_start_in_one_place_and_head_one_way() -> None:
    np.testing.assert_allclose(paths(shot(way=(1.0, 0.0, 2.0)).trajectory)[-1], [1.0, 2.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(
        paths(shot(way=(0.0, -0.5, 0.0)).trajectory)[[0, -1]], [[0, 0, 0], [0, 0, 0.5]], atol=1e-12
    )


def test_a_path_has_the_colour_of_its_motion() -> None:
    dolly = FIGURES["trajectories.png"](SHOTS)
    truck = FIGURES["trajectories.png"]([shot(way=(2.0, 0.0, 0.0), main_motion="truck_right")])
    assert pixels(dolly, FAMILIES["dolly"]) > pixels(truck, FAMILIES["dolly"]) == 0
    assert pixels(truck, FAMILIES["truck"]) > pixels(dolly, FAMILIES["truck"]) == 0


def test_what_the_motion_does_not_show_is_not_in_the_figure() -> None:
    blind = [shot(i, checks=dict.fromkeys(SHOTS[0].checks, 0.0)) for i in range(6)]
    assert pixels(FIGURES["gate.png"](SHOTS), BAR) > 1000 > pixels(FIGURES["gate.png"](blind), BAR)
