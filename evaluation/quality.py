"""Plain measures of a video's pixels: sharp or soft, steady or flickering, bright or clipped. No learned score."""

from itertools import pairwise
from typing import Final

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from camera_motion.evaluation.decode import glance

#: Pictures are measured at this size, motion at `_FLOW_SIDE_PX`; motions are quoted for pictures this wide.
_SIDE_PX: Final = 320
_FLOW_SIDE_PX: Final = 160
#: Of sharpness and colour, one frame in so many will do.
_EVERY: Final = 6
#: Two frames that differ by less than this many of 255 levels, on average, are the same frame twice.
_SAME_LEVELS: Final = 0.15


def quality(video: bytes) -> dict[str, float]:
    """Measure a video file: the fields of `schema.columns.QUALITY_FIELDS`, all finite.

    Brightness is of luma in 0..1; `flicker` and `warp_residual` are in levels of 255, `jerk` in pixels of a picture
    320 wide: the largest change, between two steps, of the motion of half its points.

    Raises: SpecError where the video cannot be decoded.
    """
    grey, colours, _ = glance(video, _SIDE_PX, _EVERY)
    some = grey[::_EVERY].astype(np.float32)
    return {
        "sharpness": float(np.median([cv2.Laplacian(frame, cv2.CV_32F).var() for frame in some])),
        "blur": float(np.median([_blur(frame) for frame in some])),
        **_motion(grey),
        "duplicate_frames": _duplicates(grey),
        "clipped_high": float((grey >= 250).mean()),
        "clipped_low": float((grey <= 5).mean()),
        "luma": float(grey.mean()) / 255,
        "contrast": float(np.mean([frame.std() for frame in some])) / 255,
        "colourfulness": float(np.mean([_colourfulness(frame) for frame in colours])),
    }


def _blur(frame: Float32[np.ndarray, "h w"]) -> float:
    """Which share of its gradients a frame keeps when blurred: 0 sharp, 1 blurred (after Crete et al., SPIE 2007)."""
    kept = []
    for axis, window in ((1, (9, 1)), (0, (1, 9))):
        before = np.abs(np.diff(frame, axis=axis))
        after = np.abs(np.diff(cv2.blur(frame, window), axis=axis))
        lost = np.maximum(before - after, 0.0).sum()
        kept.append(1.0 - lost / max(float(before.sum()), 1e-6))
    return float(np.clip(max(kept), 0.0, 1.0))


def _motion(grey: UInt8[np.ndarray, "T h w"]) -> dict[str, float]:
    """Measure what is left of each frame after its predecessor was moved onto it, and how unevenly things move."""
    if len(grey) < 2:
        return {"flicker": 0.0, "warp_residual": 0.0, "jerk": 0.0}
    height, width = grey.shape[1:]
    scale = min(1.0, _FLOW_SIDE_PX / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))
    small = [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in grey]
    columns, rows = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    flow_of = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    flows, brighter, residuals = [], [], []
    for before, after in pairwise(small):
        flow = flow_of.calc(after, before, np.zeros((*before.shape, 2), np.float32))
        x, y = columns + flow[..., 0], rows + flow[..., 1]
        inside = (x >= 0) & (x <= size[0] - 1) & (y >= 0) & (y <= size[1] - 1)
        moved = cv2.remap(before, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        difference = (after.astype(np.float32) - moved)[inside]
        brighter.append(float(difference.mean()) if difference.size else 0.0)
        residuals.append(float(np.abs(difference).mean()) if difference.size else 0.0)
        flows.append(flow)
    jerk = 0.0
    for before, after in pairwise(flows):
        jerk = max(jerk, float(np.median(np.linalg.norm(after - before, axis=2))))
    return {
        "flicker": float(np.std(brighter)),
        "warp_residual": float(np.median(residuals)),
        "jerk": jerk * _SIDE_PX / size[0],
    }


def _duplicates(grey: UInt8[np.ndarray, "T h w"]) -> float:
    """Count the frames that repeat the one before, as a share."""
    same = [float(cv2.absdiff(a, b).mean()) < _SAME_LEVELS for a, b in pairwise(grey)]
    return float(np.mean(same)) if same else 0.0


def _colourfulness(frame: UInt8[np.ndarray, "H W 3"]) -> float:
    """Hasler and Suesstrunk's M3 (SPIE 2003): 0 grey, 33 moderately and 82 highly colourful."""
    shrink = max(1, max(frame.shape[:2]) // _SIDE_PX)
    red, green, blue = np.moveaxis(frame[::shrink, ::shrink].astype(np.float32), -1, 0)
    across, down = red - green, 0.5 * (red + green) - blue
    return float(np.hypot(across.std(), down.std()) + 0.3 * np.hypot(across.mean(), down.mean()))
