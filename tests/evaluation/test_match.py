"""Windows are matched to a few hundredths of a pixel, however they stretch, turn, brighten or fade."""

import cv2
import numpy as np
import pytest
from toyroom import texture

from camera_motion.evaluation.match import match

POINTS = np.stack(np.meshgrid(np.arange(40.0, 200, 20), np.arange(40.0, 140, 20)), axis=-1).reshape(-1, 2)
CENTRE = np.array([120.0, 90.0])


def warped(shape: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A picture, and the same with every point p moved to centre + shape (p - centre) + shift."""
    first = cv2.GaussianBlur(texture()[:180, :240, 0].astype(np.float32), (0, 0), 1.2)
    move = np.hstack([shape, (CENTRE + shift - shape @ CENTRE)[:, None]])
    return first, cv2.warpAffine(first, move, (240, 180), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize(
    "shape",
    [
        np.eye(2),
        1.2 * np.eye(2),
        0.85 * np.eye(2),
        np.array([[0.98, -0.17], [0.17, 0.98]]),
        np.array([[1, 0.1], [0, 1]]),
    ],
    ids=["shift", "grow", "shrink", "turn", "shear"],
)
@pytest.mark.parametrize("fade", [False, True])
def test_affine_windows(shape, fade):
    shift = np.array([3.375, -2.25])  # OpenCV warps in steps of 1/32 px
    first, second = warped(shape, shift)
    if fade:
        second = 0.6 * second + 30
    where = CENTRE + (POINTS - CENTRE) @ shape.T + shift
    guesses = where + np.random.default_rng(1).uniform(-0.7, 0.7, where.shape)
    goals, shapes, found = match(first, second, POINTS, guesses, np.tile(np.eye(2), (len(POINTS), 1, 1)))
    assert found.mean() > 0.8
    errors = (goals - where)[found]
    # Reading between pixels is linear, which costs up to 0.06 px where all points fall on the same fraction of a pixel.
    same_fraction = np.allclose(np.diag(shape), 1)
    assert np.median(np.linalg.norm(errors, axis=1)) < (0.07 if same_fraction else 0.03)
    assert np.abs(errors.mean(axis=0)).max() < (0.06 if same_fraction else 0.01)
    assert np.abs(np.median(shapes[found], axis=0) - shape).max() < 0.02


def test_what_is_not_there_is_not_found():
    first, second = warped(np.eye(2), np.zeros(2))
    upright = np.tile(np.eye(2), (len(POINTS), 1, 1))
    other = np.ascontiguousarray(second[::-1, ::-1])
    assert match(first, other, POINTS, POINTS, upright)[2].mean() < 0.1
    assert not match(first, np.full_like(first, 90), POINTS, POINTS, upright)[2].any()
    assert not match(np.full_like(first, 90), second, POINTS, POINTS, upright)[2].any()
    rim = np.array([[2.0, 50.0], [238.0, 50.0], [100.0, 178.0]])
    assert not match(first, second, rim, rim, upright[:3])[2].any()
