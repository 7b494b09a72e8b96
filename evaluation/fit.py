"""The small correction to an annotation that would explain the tracks, one part at a time, with its uncertainty."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64

from camera_motion.evaluation.correction import PARTS, Correction, corrected
from camera_motion.evaluation.project import project
from camera_motion.evaluation.tracks import Tracks
from camera_motion.schema.camera import Trajectory

#: Half steps of the numeric derivatives.
_STEPS: Final = {"focal": 0.003, "zoom": 0.003, "rotation": 0.003, "translation": 0.003, "time": 0.05}
#: How far one iteration may go, and all of them, in half steps: 9 and 50 %, 1.5 and 8 frames.
_LEAP: Final = 30.0
_REACH: Final = 165.0
#: Residuals weigh 1 / (1 + (r / (1.2 s))^2)^2, s their robust standard deviation (Geman and McClure, 1987).
_CUT: Final = 1.2


@dataclass(frozen=True)
class Noise:
    """What is assumed of pixels and depths before any is seen; measured on correct clips (docs/gate.md).

    `track_px`: of each track by itself, `shared_px`: common to all tracks of a clip (a codec lags behind a slow move),
    both in pixels that the follower sees. `gain`: of any gain; `zoom`: of the zoom's besides, for splats change their
    look a little as they grow. `depth`: a relative error that all depths may have in common.
    """

    track_px: float = 0.25
    shared_px: float = 0.02
    gain: float = 0.0004
    zoom: float = 0.001
    depth: float = 0.001


@dataclass(frozen=True)
class Fit:
    """One part of a correction: its best value if only it were wrong, and how well the move can tell."""

    part: str
    value: float
    sigma: float


def residuals(
    tracks: Tracks, trajectory: Trajectory, size: tuple[int, int], correction: Correction | None = None
) -> Float64[np.ndarray, "N 2"]:
    """Where corners were found minus where the (corrected) annotation puts them, in pixels."""
    path = trajectory if correction is None else corrected(trajectory, correction)
    return np.asarray(tracks.to_px - project(path, size, tracks.start, tracks.end, tracks.from_px, tracks.depths_m))


def _depth_slope(tracks: Tracks, trajectory: Trajectory, size: tuple[int, int]) -> Float64[np.ndarray, "N 2"]:
    """How residuals change with a common relative error of all depths."""
    step = 0.003
    farther, nearer = (
        project(trajectory, size, tracks.start, tracks.end, tracks.from_px, tracks.depths_m * (1 + d))
        for d in (step, -step)
    )
    return np.asarray((nearer - farther) / (2 * step))


def fit(tracks: Tracks, trajectory: Trajectory, size: tuple[int, int], pixel: float, noise: Noise) -> list[Fit]:
    """Fit every part of a correction by itself.

    One at a time, because a pan cannot tell its angle from its lens nor a truck its length: a joint fit would split an
    error between the two, or make one of them up. `pixel` is the size of the follower's pixels in those of the video.
    `sigma` comes from the derivatives and `noise` alone; it is infinite where the part moves no pixel.
    """
    return [fit_part(tracks, trajectory, size, part, pixel, noise) for part in PARTS]


def fit_part(
    tracks: Tracks, trajectory: Trajectory, size: tuple[int, int], part: str, pixel: float, noise: Noise
) -> Fit:
    """Fit one part of a correction by itself, as `fit` does."""
    step = _STEPS[part]

    def derivative(value: float) -> Float64[np.ndarray, "N 2"]:
        ahead, behind = (residuals(tracks, trajectory, size, Correction(**{part: value + d})) for d in (step, -step))
        return np.asarray((behind - ahead) / (2 * step))

    slope = derivative(0.0)
    strength = float(np.sqrt((slope**2).sum(axis=1).mean())) / pixel  # pixels per unit
    if strength < 1e-3:
        return Fit(part, 0.0, float("inf"))
    # How much of the part it takes to explain depths that are all off by one per unit.
    mistaken = float((slope * _depth_slope(tracks, trajectory, size)).sum() / (slope**2).sum())
    errors = (
        noise.track_px / np.sqrt(len(tracks)) / strength,
        noise.shared_px / strength,
        {"time": 0.0, "zoom": float(np.hypot(noise.gain, noise.zoom))}.get(part, noise.gain),
        noise.depth * mistaken,
    )
    sigma = float(np.linalg.norm(errors))

    value = 0.0
    for _ in range(12):
        left = residuals(tracks, trajectory, size, Correction(**{part: value}))
        distance = np.linalg.norm(left, axis=1)
        spread = float(np.median(distance)) / 1.1774 + 1e-6  # of each coordinate, were they Gaussian
        weight = 1.0 / (1.0 + (distance / (_CUT * spread)) ** 2) ** 2
        change = float((weight[:, None] * slope * left).sum() / max((weight[:, None] * slope**2).sum(), 1e-12))
        before = value
        value = float(np.clip(value + np.clip(change, -_LEAP * step, _LEAP * step), -_REACH * step, _REACH * step))
        change = value - before
        if abs(change) < 2e-3 * step:
            break
        if abs(change) > 2 * step:
            slope = derivative(value)
    return Fit(part, value, sigma)
