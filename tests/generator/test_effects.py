"""From radiance to display."""

from dataclasses import replace

import numpy as np
import pytest

from camera_motion.generator.effects import aces, finish
from camera_motion.generator.splats import Look

LINEAR = Look(transfer="linear", exposure=0.62, bloom=0.05, vignette=0.3, sharpen=0.35)
PLAIN = Look(transfer="linear")


def picture(height: int = 61, width: int = 83, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    alpha = rng.uniform(size=(height, width)).astype(np.float32)
    return (rng.uniform(0, 3, (height, width, 3)) * alpha[..., None]).astype(np.float32), alpha


def flat(value: float, height: int = 40, width: int = 64) -> tuple[np.ndarray, np.ndarray]:
    return np.full((height, width, 3), value, np.float32), np.ones((height, width), np.float32)


def test_display_colours_are_only_laid_over_the_background_clipped_and_rounded() -> None:
    rgb, alpha = picture()
    look = Look(transfer="display", background_rgb=(0.1, 0.5, 2.0), exposure=3.0, bloom=0.5, vignette=0.9, sharpen=1.0)
    want = rgb + (1 - alpha[..., None]) * np.float32([0.1, 0.5, 2.0])
    got = finish(rgb, alpha, look)
    assert np.abs(got - np.clip(want, 0, 1) * 255).max() <= 0.5001


def test_the_tone_table_is_the_curve() -> None:
    radiance = np.concatenate([np.linspace(0, 0.02, 3000), np.linspace(0, 8, 3000)]).astype(np.float32)
    rgb = np.repeat(radiance[None, :, None], 3, 2)
    got = finish(rgb, np.ones(rgb.shape[:2], np.float32), PLAIN)
    assert np.abs(got - 255 * aces(rgb)).max() <= 0.52
    assert np.all(np.diff(got[0, 3000:, 0].astype(int)) >= 0)
    assert aces(np.array(0.0)) == 0
    assert aces(np.array(100.0)) == 1


def test_exposure_and_background_count_before_the_tone() -> None:
    rgb, alpha = flat(0.2)
    np.testing.assert_array_equal(finish(rgb, alpha, replace(PLAIN, exposure=2.0)), finish(2 * rgb, alpha, PLAIN))
    behind = replace(PLAIN, background_rgb=(0.4, 0.4, 0.4))
    np.testing.assert_array_equal(finish(rgb / 2, alpha / 2, behind), finish(rgb + 0.1, alpha, PLAIN))


def test_bloom_spreads_light_and_keeps_it() -> None:
    rgb, alpha = flat(0.05, 120, 240)
    rgb[60, 120] = 8.0
    sharp, glowing = (finish(rgb, alpha, replace(PLAIN, bloom=b)).astype(int) for b in (0.0, 0.2))
    assert glowing[60, 124, 0] > sharp[60, 124, 0]
    assert glowing[60, 120, 0] <= sharp[60, 120, 0]
    assert abs(glowing[5, 5, 0] - sharp[5, 5, 0]) <= 1
    np.testing.assert_array_equal(*(finish(*flat(0.3), replace(PLAIN, bloom=b)) for b in (0.0, 0.2)))


def test_vignette_darkens_corners_alike_and_not_the_centre() -> None:
    out = finish(*flat(0.5, 65, 97), replace(PLAIN, vignette=0.4)).astype(float)
    clear = finish(*flat(0.5, 65, 97), PLAIN)[0, 0, 0]
    assert out[32, 48, 0] == pytest.approx(clear, abs=1)
    corners = out[[0, 0, -1, -1], [0, -1, 0, -1], 0]
    assert np.ptp(corners) == 0
    assert corners[0] == pytest.approx(clear * (1 - 0.4 * 0.5), rel=0.03)


def test_sharpening_steepens_edges_and_leaves_flat_parts() -> None:
    rgb, alpha = flat(0.1, 40, 64)
    rgb[:, 32:] = 0.4
    soft, crisp = (finish(rgb, alpha, replace(PLAIN, sharpen=s)).astype(int)[20, :, 0] for s in (0.0, 0.5))
    assert crisp[32] > soft[32]
    assert crisp[31] < soft[31]
    np.testing.assert_array_equal(crisp[:25], soft[:25])
    np.testing.assert_array_equal(crisp[40:], soft[40:])


def test_equal_frames_give_equal_bytes_and_no_input_changes() -> None:
    rgb, alpha = picture()
    before = rgb.copy(), alpha.copy()
    np.testing.assert_array_equal(finish(rgb, alpha, LINEAR), finish(rgb.copy(), alpha.copy(), LINEAR))
    np.testing.assert_array_equal(rgb, before[0])
    np.testing.assert_array_equal(alpha, before[1])


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 4), (33, 17)])
def test_small_and_odd_sizes(size: tuple[int, int]) -> None:
    out = finish(*flat(0.3, *size), LINEAR)
    assert out.shape == (*size, 3)
    assert out.min() > 0
