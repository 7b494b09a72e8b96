"""The gate's evidence: corners of the decoded video, where they went, and how deep the scene is there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from camera_motion.evaluation.follow import Follower
from camera_motion.evaluation.project import project
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory

#: Frames in which corners are sought; depth and classes are needed for these alone.
SOURCES: Final = 7
#: Wanted motion between the two frames of a pair, as a share of the longer side: 16 px at 320.
MOTION_SHARE: Final = 0.05
#: A pair counts from this share on; where no pair of a clip reaches it, all take the widest gap there is.
LEAST_MOTION_SHARE: Final = 0.006
#: Least share of a frame's usable pixels that must still be in view in the other frame.
OVERLAP: Final = 0.55
#: Rows of `tracks.npy`: 1200 x 8 float32 are 38.5 kB.
MOST_TRACKS: Final = 1200
#: Share of a pixel's light that must come from solid, textured things: no sky, mirror or figure.
SOLID_SHARE: Final = 0.97
#: A corner whose window spans depths that would move apart by more than this, in pixels, is on an edge.
EDGE_PX: Final = 0.6
COLUMNS: Final = ("frame_a", "frame_b", "x_a", "y_a", "x_b", "y_b", "depth_m", "class")


@dataclass(frozen=True)
class GateView:
    """What the renderer knows of one frame: z-depth, and the share of each pixel that may be trusted.

    `solid` is the part of alpha that came from solid splats. Any size of the video's shape will do.
    """

    depth_m: Float32[np.ndarray, "h w"]
    solid: Float32[np.ndarray, "h w"]


@dataclass(frozen=True)
class Tracks:
    """Corners of frames `start` (`from_px`, `depths_m` deep) and where they were found in frames `end` (`to_px`).

    Pixels are the video's own, on [0, W] x [0, H]. `classes` are those of `generator.splats`: 0, solid.
    """

    start: Int64[np.ndarray, " N"]
    end: Int64[np.ndarray, " N"]
    from_px: Float64[np.ndarray, "N 2"]
    to_px: Float64[np.ndarray, "N 2"]
    depths_m: Float64[np.ndarray, " N"]
    classes: Int64[np.ndarray, " N"]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, which: np.ndarray) -> "Tracks":
        """Pick the tracks `which`, in their order."""
        return Tracks(
            self.start[which],
            self.end[which],
            self.from_px[which],
            self.to_px[which],
            self.depths_m[which],
            self.classes[which],
        )

    def array(self) -> Float32[np.ndarray, "N 8"]:
        """One row a track, with the columns of `COLUMNS`: the content of `tracks.npy`."""
        ends = np.stack([self.start, self.end], axis=1)
        rest = np.stack([self.depths_m, self.classes], axis=1)
        return np.concatenate([ends, self.from_px, self.to_px, rest], axis=1).astype(np.float32)


def from_array(array: Float32[np.ndarray, "N 8"]) -> Tracks:
    """Read `tracks.npy` again.

    Raises: SpecError where it is not N x 8 finite numbers with whole frame numbers and positive depths.
    """
    if array.ndim != 2 or array.shape[1] != len(COLUMNS):
        raise SpecError(f"tracks of shape {list(array.shape)} are not N x {len(COLUMNS)}: {', '.join(COLUMNS)}")
    rows = array.astype(np.float64)
    frames = rows[:, :2]
    if not np.isfinite(rows).all() or (frames != frames.round()).any() or (frames < 0).any() or (rows[:, 6] <= 0).any():
        raise SpecError("tracks hold NaN, a broken frame number or a depth that is not positive: the file is damaged")
    start, end = frames.astype(np.int64).T
    return Tracks(start, end, rows[:, 2:4], rows[:, 4:6], rows[:, 6], rows[:, 7].astype(np.int64))


def source_frames(num_frames: int) -> tuple[int, ...]:
    """Frames in which the gate seeks corners: spread evenly, both ends included."""
    return tuple(np.unique(np.linspace(0, num_frames - 1, SOURCES).round().astype(int)).tolist())


def choose(trajectory: Trajectory, views: Mapping[int, GateView], size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Pairs of frames (from a view's frame, to any frame, in both directions of time) with enough motion to measure.

    The gap of each is the smallest after which the median point has moved by `MOTION_SHARE`, or else the widest that
    keeps `OVERLAP` of the points in view.
    """
    long_side = max(size)
    pairs: list[tuple[int, int, float]] = []
    for start, view in sorted(views.items()):
        for ends in (range(start + 1, len(trajectory)), range(start - 1, -1, -1)):
            if len(ends) == 0:
                continue
            motion_px, overlap = _motion(trajectory, size, start, np.array(ends), view)
            seen = int(np.argmin(np.append(overlap >= OVERLAP, False)))  # gaps before the view is lost
            enough = np.flatnonzero(motion_px[:seen] >= MOTION_SHARE * long_side)
            if seen:
                gap = int(enough[0]) if len(enough) else int(np.argmax(motion_px[:seen] + 1e-6 * np.arange(seen)))
                pairs.append((start, ends[gap], float(motion_px[gap])))
    moving = [(start, end) for start, end, motion_px in pairs if motion_px >= LEAST_MOTION_SHARE * long_side]
    return tuple(moving or [(start, end) for start, end, _ in pairs])


def _motion(
    trajectory: Trajectory, size: tuple[int, int], start: int, ends: Int64[np.ndarray, " E"], view: GateView
) -> tuple[Float64[np.ndarray, " E"], Float64[np.ndarray, " E"]]:
    """Median motion in pixels of a grid of points from `start` to each of `ends`, and the share still in view."""
    width, height = size
    across, down = np.meshgrid((np.arange(32) + 0.5) / 32, (np.arange(20) + 0.5) / 20)
    rows, columns = view.depth_m.shape
    at = (down * rows).astype(int), (across * columns).astype(int)
    depth = view.depth_m[at].ravel().astype(np.float64)
    kept = (view.solid[at].ravel() >= SOLID_SHARE) & (depth > 0)
    if kept.sum() < 10:
        return np.zeros(len(ends)), np.zeros(len(ends))
    points = np.stack([across.ravel() * width, down.ravel() * height], axis=1)[kept]
    count = len(points)
    went = project(
        trajectory,
        size,
        np.full(count * len(ends), start),
        np.repeat(ends, count),
        np.tile(points, (len(ends), 1)),
        np.tile(depth[kept], len(ends)),
    ).reshape(len(ends), count, 2)
    inside = ((went > 0) & (went < (width, height))).all(axis=2)
    return np.median(np.linalg.norm(went - points, axis=2), axis=1), inside.mean(axis=1)


def collect(follower: Follower, trajectory: Trajectory, views: Mapping[int, GateView], size: tuple[int, int]) -> Tracks:
    """Follow corners between the pairs of frames of `choose`, and keep those whose depth can be trusted.

    `follower` may look at a smaller copy of the video, whose own `size` (W, H) the tracks are given in.
    """
    pairs = choose(trajectory, views, size)
    each = MOST_TRACKS // max(len(pairs), 1)
    scale = np.array(size) / np.array(follower.size)
    found = []
    for start, end in pairs:
        usable, inverse_depth = _trusted(trajectory, follower.size, start, end, views[start])
        points = follower.corners(start, usable, round(1.3 * each))
        goals, good = follower.follow(points, start, end)
        points, goals = points[good][:each], goals[good][:each]
        if len(points) == 0:
            continue
        near = points.astype(np.float32) - np.float32(0.5)
        inverse = cv2.remap(inverse_depth, near[:, None, 0], near[:, None, 1], cv2.INTER_LINEAR)
        frames = np.full((2, len(points)), [[start], [end]])
        nothing = np.zeros(len(points), np.int64)
        depths = 1.0 / inverse.reshape(-1).astype(np.float64)
        found.append(Tracks(frames[0], frames[1], points * scale, goals * scale, depths, nothing))
    return _joined(found)


def _trusted(
    trajectory: Trajectory, size: tuple[int, int], start: int, end: int, view: GateView
) -> tuple[Bool[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    """Pixels of frame `start` whose neighbourhood is solid and moves as one, and 1 / depth, at the follower's size."""
    inverse = np.divide(1.0, view.depth_m, out=np.zeros_like(view.depth_m), where=view.depth_m > 0)
    inverse = cv2.resize(inverse, size, interpolation=cv2.INTER_AREA)
    solid = cv2.resize((view.depth_m > 0) * view.solid, size, interpolation=cv2.INTER_AREA)
    usable = cv2.erode((solid >= SOLID_SHARE).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    # Inverse depth is linear across a plane: what differs from its mean over a window is an edge or a bend. Moved
    # sideways by the baseline, it would shift by focal length x baseline x that difference.
    baseline_m = float(np.linalg.norm(trajectory.centres_m[end] - trajectory.centres_m[start]))
    focal_px = trajectory.intrinsics[start, 0] * size[0]
    bend = cv2.dilate(np.abs(cv2.blur(inverse, (9, 9)) - inverse), np.ones((9, 9), np.uint8))
    return usable & (focal_px * baseline_m * bend < EDGE_PX) & (inverse > 0), inverse


def _joined(parts: list[Tracks]) -> Tracks:
    if not parts:
        none = np.zeros(0, np.int64)
        return Tracks(none, none, np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), none)
    return Tracks(
        np.concatenate([p.start for p in parts]),
        np.concatenate([p.end for p in parts]),
        np.concatenate([p.from_px for p in parts]),
        np.concatenate([p.to_px for p in parts]),
        np.concatenate([p.depths_m for p in parts]),
        np.concatenate([p.classes for p in parts]),
    )
