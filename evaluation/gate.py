"""The gate: is this annotation true of these pixels? Asked of the encoded video, answered with numbers and reasons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float32, Float64

from camera_motion.evaluation.correction import PARTS
from camera_motion.evaluation.decode import luma
from camera_motion.evaluation.fit import Fit, Noise, fit, residuals
from camera_motion.evaluation.follow import Follower
from camera_motion.evaluation.tracks import GateView, Tracks, collect, from_array, source_frames
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory

#: Corners are followed in a copy no larger than this; finer pixels cost time and add nothing.
LONG_SIDE_PX: Final = 512
#: Fewer tracks prove nothing.
LEAST_TRACKS: Final = 60
#: One pair of frames may miss its limit this often (right clips: up to 2, where leaves hide leaves), if it has as many
#: tracks: one wrong row among many is caught by it.
WORST_PAIR: Final = 4.0
PAIR_TRACKS: Final = 20
#: What an annotation may be off by: gains as shares, time in frames. Measured in docs/gate.md.
TOLERANCES: Final[Mapping[str, float]] = {
    "focal": 0.005,
    "zoom": 0.006,
    "rotation": 0.005,
    "translation": 0.006,
    "time": 0.15,
}
#: A part is observable where its predicted sigma is below this share of its tolerance.
OBSERVABLE: Final = 1 / 3
#: Where it is not, its limit grows by this many times what sigma has too much, until the move is blind to it.
SIGMAS: Final = 5.0
BLIND: Final[Mapping[str, float]] = {part: 0.3 if part == "time" else 0.05 for part in PARTS}

__all__ = ["GateView", "Proof", "Verdict", "frames", "judge", "prove", "recheck"]


@dataclass(frozen=True)
class Verdict:
    """What the tracks say of the annotation.

    `residual_px` and `motion_px` are medians, in pixels of the video; `fits` has the parts of a correction in order.
    `reasons` is empty where the clip passed.
    """

    reasons: tuple[str, ...]
    fits: tuple[Fit, ...]
    residual_px: float
    residual_limit_px: float
    motion_px: float
    tracks: int

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against the annotation."""
        return not self.reasons

    def checks(self) -> dict[str, float]:
        """Plain numbers for a clip's record: finite, and 0 where a part is not observable."""
        out = {
            "residual_px": self.residual_px,
            "motion_px": self.motion_px,
            "tracks": float(self.tracks),
        }
        for found in self.fits:
            seen = observable(found)
            out[found.part] = found.value if seen else 0.0
            out[f"{found.part}_sigma"] = found.sigma if seen else 0.0
            out[f"{found.part}_observable"] = float(seen)
        return out


@dataclass(frozen=True)
class Proof:
    """A verdict and its evidence, as `tracks.npy` keeps it."""

    verdict: Verdict
    tracks: Float32[np.ndarray, "N 8"]


def frames(num_frames: int) -> tuple[int, ...]:
    """Frames of which `prove` wants a `GateView`."""
    return source_frames(num_frames)


def observable(found: Fit) -> bool:
    """Whether the move shows this part well enough to hold it to its tolerance."""
    return found.sigma <= OBSERVABLE * TOLERANCES[found.part]


def limit(found: Fit) -> float:
    """How large a fitted part may be: its tolerance, more where the move shows it less well, inf where not at all."""
    if found.sigma > BLIND[found.part]:
        return float("inf")
    tolerance = TOLERANCES[found.part]
    return tolerance + SIGMAS * max(0.0, found.sigma - OBSERVABLE * tolerance)


def prove(video: bytes, trajectory: Trajectory, views: Mapping[int, GateView]) -> Proof:
    """Track corners through the decoded `video` and judge whether `trajectory` explains them.

    `views` holds depth and solidity of the frames named by `frames`.

    Raises: SpecError where the video cannot be decoded or has another number of frames.
    """
    follower, size = _open(video, trajectory)
    tracks = collect(follower, trajectory, views, size)
    array = tracks.array()
    return Proof(judge(from_array(array), trajectory, size), array)


def judge(tracks: Tracks, trajectory: Trajectory, size: tuple[int, int]) -> Verdict:
    """Judge an annotation by tracks alone; `size` is the video's width and height."""
    pixel = pixel_of(size)
    if len(tracks) < LEAST_TRACKS:
        blind = tuple(Fit(part, 0.0, float("inf")) for part in PARTS)
        return Verdict((f"{len(tracks)} tracks",), blind, 0.0, 0.0, 0.0, len(tracks))
    fits = tuple(fit(tracks, trajectory, size, pixel, Noise()))
    left = np.linalg.norm(residuals(tracks, trajectory, size), axis=1)
    motion_px = float(np.median(np.linalg.norm(tracks.to_px - tracks.from_px, axis=1)))
    residual_px = float(np.median(left))
    limit_px = residual_limit_px(motion_px, pixel)
    reasons = [
        f"{found.part} {_said(found.part, found.value)}"
        for found in sorted(fits, key=lambda f: -abs(f.value) / limit(f))
        if abs(found.value) > limit(found)
    ]
    worst_px, worst_share = _worst_pair(tracks, left, pixel)
    if residual_px > limit_px:
        reasons.insert(0, f"residual {residual_px:.2f} px")
    elif worst_share > WORST_PAIR:
        reasons.insert(0, f"residual {worst_px:.2f} px between two of the frames")
    if not reasons and _stands_still(fits) and np.percentile(left, 95) > limit_px + 0.4 * pixel:
        reasons.append(f"residual {np.percentile(left, 95):.2f} px at the 95th percentile of a still clip")
    return Verdict(tuple(reasons), fits, residual_px, limit_px, motion_px, len(tracks))


def pixel_of(size: tuple[int, int]) -> float:
    """Size of the pixels in which corners are followed, in those of a video of `size`."""
    return max(1.0, max(size) / LONG_SIDE_PX)


def residual_limit_px(motion_px: float, pixel: float) -> float:
    """Median residual that a true annotation stays below: a tenth of a pixel for a still picture, more in motion."""
    return 0.1 * pixel + min(0.2 * pixel, 0.1 * motion_px) + 0.008 * motion_px


def recheck(video: bytes, tracks: Float32[np.ndarray, "N 8"], trajectory: Trajectory) -> Verdict:
    """Prove a clip again from what its tar holds: the stored corners are followed afresh in the decoded pixels.

    A file of tracks that belongs to another video is found out: its points are no corners here, or go elsewhere.

    Raises: SpecError where the video or the tracks are damaged or have another number of frames.
    """
    follower, size = _open(video, trajectory)
    stored = from_array(tracks)
    if len(stored) < LEAST_TRACKS:
        return judge(stored, trajectory, size)
    if max(stored.start.max(), stored.end.max()) >= len(trajectory):
        raise SpecError(f"tracks name a frame beyond the video's {len(trajectory)}: they are of another video")
    if ((stored.from_px < 0) | (stored.from_px >= size)).any():
        raise SpecError(f"tracks name a point outside the video's {size[0]}x{size[1]}: they are of another video")
    scale = np.array(size) / np.array(follower.size)
    goals = np.empty_like(stored.to_px)
    found = np.zeros(len(stored), bool)
    corners = 0.0
    for start, end in np.unique(np.stack([stored.start, stored.end], axis=1), axis=0).tolist():
        here = np.flatnonzero((stored.start == start) & (stored.end == end))
        points = stored.from_px[here] / scale
        went, good = follower.follow(points, start, end)
        goals[here], found[here] = went * scale, good
        corners += len(here) * follower.corner_share(start, points)
    verdict = judge(_moved(stored, goals).take(found), trajectory, size)
    apart = np.linalg.norm(goals - stored.to_px, axis=1)[found] / scale.max()
    same = corners > 0.8 * len(stored) and found.mean() > 0.8 and np.median(apart) < 0.05
    if same:
        return verdict
    foreign = ("tracks of another video", *verdict.reasons)
    return Verdict(
        foreign, verdict.fits, verdict.residual_px, verdict.residual_limit_px, verdict.motion_px, verdict.tracks
    )


def _open(video: bytes, trajectory: Trajectory) -> tuple[Follower, tuple[int, int]]:
    grey, size = luma(video, LONG_SIDE_PX)
    if len(grey) != len(trajectory):
        raise SpecError(f"the video has {len(grey)} frames, its annotation {len(trajectory)}")
    return Follower(grey), size


def _moved(tracks: Tracks, goals: Float64[np.ndarray, "N 2"]) -> Tracks:
    return Tracks(tracks.start, tracks.end, tracks.from_px, goals, tracks.depths_m, tracks.classes)


def _worst_pair(tracks: Tracks, left: Float64[np.ndarray, " N"], pixel: float) -> tuple[float, float]:
    """Median residual of the worst pair of frames, of those with enough tracks to tell, and how often it is its limit.

    Its limit is by its own motion: where a clip is still for a while, other pairs may be anything but.
    """
    name = tracks.start * 100_000 + tracks.end
    motion = np.linalg.norm(tracks.to_px - tracks.from_px, axis=1)
    worst = (0.0, 0.0)
    for pair in np.unique(name):
        here = name == pair
        if here.sum() >= PAIR_TRACKS:
            residual_px = float(np.median(left[here]))
            share = residual_px / residual_limit_px(float(np.median(motion[here])), pixel)
            worst = max(worst, (residual_px, share), key=lambda found: found[1])
    return worst


def _stands_still(fits: tuple[Fit, ...]) -> bool:
    """Whether no part moves a pixel: a static camera."""
    return all(np.isinf(found.sigma) for found in fits)


def _said(part: str, value: float) -> str:
    return f"{value:+.2f} frames" if part == "time" else f"{100 * value:+.2f} %"
