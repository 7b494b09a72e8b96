"""Windows are matched from the pixels of the picture alone."""

import cv2
import numpy as np
import pytest

from camera_motion.evaluation.match import RADIUS_PX, match


@pytest.mark.parametrize("behind", [0.0, np.nan])
def test_what_lies_behind_the_picture_makes_no_difference(behind: float) -> None:
    # Behind an array's last row lies somebody else's memory, which changes from call to call.
    memory = np.full((64, 64), behind, np.float32)
    noise = np.random.default_rng(0).integers(0, 255, (40, 40)).astype(np.float32)
    memory[:40, :40] = cv2.GaussianBlur(noise, (0, 0), 1.5)
    picture = memory[:40, :40]
    last = 39 - RADIUS_PX - 1
    starts = np.array([[x, y] for x in (8.0, 20.0, last - 0.01, last) for y in (8.0, 20.0, last - 0.01, last)])
    _, _, found = match(picture, picture, starts, starts, np.tile(np.eye(2), (len(starts), 1, 1)))
    np.testing.assert_array_equal(found, (starts < last).all(axis=1))
