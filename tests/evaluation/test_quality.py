"""Every measure of quality answers to the one thing that it names."""

import cv2
import numpy as np
import pytest
from toyroom import FPS, HEIGHT, WIDTH, take

from camera_motion.evaluation.decode import decode
from camera_motion.evaluation.quality import quality
from camera_motion.generator.encode import encode
from camera_motion.schema.columns import QUALITY_FIELDS


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return decode(take("truck").video)


@pytest.fixture(scope="module")
def clean(frames) -> dict[str, float]:
    return measured(frames)


def measured(frames) -> dict[str, float]:
    return quality(encode(frames, WIDTH, HEIGHT, FPS))


def test_fields_are_those_of_the_record(clean):
    assert list(clean) == [field.name for field in QUALITY_FIELDS]
    assert all(type(value) is float and np.isfinite(value) for value in clean.values())


def test_blur(frames, clean):
    soft = measured([cv2.GaussianBlur(frame, (0, 0), 2) for frame in frames])
    assert soft["sharpness"] < 0.2 * clean["sharpness"]
    assert soft["blur"] > clean["blur"] + 0.1


def test_flicker(frames, clean):
    shaken = measured([np.clip(f * (1 + 0.05 * (-1) ** k), 0, 255).astype(np.uint8) for k, f in enumerate(frames)])
    assert shaken["flicker"] > 10 * clean["flicker"]


def test_jerk_and_duplicates(frames, clean):
    jumped = measured([np.roll(f, 40, 1) if k == 12 else f for k, f in enumerate(frames)])
    assert jumped["jerk"] > 10 * clean["jerk"]
    held = measured(frames[np.arange(len(frames)) // 2 * 2])
    assert clean["duplicate_frames"] == 0
    assert held["duplicate_frames"] == pytest.approx(0.5, abs=0.1)


def test_light(frames, clean):
    bright = measured([np.clip(f * 2.5, 0, 255).astype(np.uint8) for f in frames])
    dark = measured([(f * 0.02).astype(np.uint8) for f in frames])
    assert bright["clipped_high"] > 0.3 > 0.05 > clean["clipped_high"]
    assert dark["clipped_low"] > 0.9
    assert dark["luma"] < 0.05 < clean["luma"] < bright["luma"]
    assert dark["contrast"] < clean["contrast"]


def test_colour(frames, clean):
    grey = measured([np.repeat(f.mean(-1, keepdims=True), 3, -1).astype(np.uint8) for f in frames])
    assert grey["colourfulness"] < 2 < 20 < clean["colourfulness"]


def test_one_frame_has_no_motion(frames):
    alone = measured(frames[:1])
    assert alone["jerk"] == alone["flicker"] == alone["warp_residual"] == alone["duplicate_frames"] == 0
