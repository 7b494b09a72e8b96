"""Corners, and where they go: Shi-Tomasi points followed by pyramidal Lucas-Kanade with a way back."""

from itertools import pairwise
from typing import Any, Final

import cv2
import numpy as np
from jaxtyping import Bool, Float64, UInt8

from camera_motion.evaluation.match import match

#: Side of the tracked window, and the rim of the picture in which it would hang over.
WINDOW_PX: Final = 15
RIM_PX: Final = 8
#: A point counts if the way back from where it went ends this close to its start.
RETURN_PX: Final = 0.2
#: Hops of a long way: each starts from where the last one ended, so that none is far.
HOPS: Final = 6

_ENOUGH: Final = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 15, 0.02)
_PYRAMID_LEVELS: Final = 3


class Follower:
    """Follows points through grey frames; a point (x, y) lies on [0, W] x [0, H], pixel centres at one half.

    Frames are flattened first (what is left of a pixel after taking away the mean of its surroundings): vignetting and
    bloom stay still on the screen while the scene moves, and would otherwise hold points back.
    """

    def __init__(self, grey: UInt8[np.ndarray, "T h w"]) -> None:
        self._grey = grey
        self._flat: dict[int, np.ndarray] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames."""
        return self._grey.shape[2], self._grey.shape[1]

    def corners(
        self, frame: int, where: Bool[np.ndarray, "h w"], count: int, spacing_px: float = 5.0
    ) -> Float64[np.ndarray, "N 2"]:
        """At most `count` corners inside `where`, the strongest of each cell of a grid, so that they are spread."""
        mask = np.zeros(where.shape, np.uint8)
        mask[RIM_PX:-RIM_PX, RIM_PX:-RIM_PX] = where[RIM_PX:-RIM_PX, RIM_PX:-RIM_PX]
        found = cv2.goodFeaturesToTrack(self._flattened(frame), 1500, 0.01, spacing_px, mask=mask)
        if found is None:
            return np.zeros((0, 2))
        points = np.asarray(found[:, 0].astype(np.float64) + 0.5)
        return np.asarray(points[_spread(points, self.size, count)])

    def corner_share(self, frame: int, points: Float64[np.ndarray, "N 2"]) -> float:
        """Which share of `points` are corners of this frame, as `corners` would find them: about 1, else about 0.05."""
        strength = cv2.cornerMinEigenVal(self._flattened(frame), 3)
        peak = (strength >= cv2.dilate(strength, np.ones((3, 3), np.uint8))) & (strength > 0)
        columns, rows = np.floor(points).astype(np.int64).T
        return float(peak[rows, columns].mean())

    def follow(
        self, points: Float64[np.ndarray, "N 2"], start: int, end: int
    ) -> tuple[Float64[np.ndarray, "N 2"], Bool[np.ndarray, " N"]]:
        """Where `points` of frame `start` are in frame `end`, and which of them were truly found there.

        Hops over at most a sixth of the way give a first guess; the windows are then matched directly between the two
        frames, so that nothing drifts, and once more backwards, to see whether they return.
        """
        if len(points) == 0 or start == end:
            return points.copy(), np.ones(len(points), bool)
        origin = points - 0.5
        guess: Any = origin.astype(np.float32)[:, None]
        found = np.ones(len(points), bool)
        stops = np.unique(np.linspace(start, end, min(HOPS, abs(end - start)) + 1).round().astype(int))
        for here, there in pairwise(stops if end > start else stops[::-1]):
            guess, status, _ = cv2.calcOpticalFlowPyrLK(
                self._flattened(int(here)),
                self._flattened(int(there)),
                guess,
                guess.copy(),
                winSize=(WINDOW_PX, WINDOW_PX),
                maxLevel=_PYRAMID_LEVELS,
                criteria=_ENOUGH,
            )
            found &= status[:, 0] == 1
        first, second = (self._flattened(frame).astype(np.float32) for frame in (start, end))
        upright = np.tile(np.eye(2), (len(points), 1, 1))
        goals, shapes, matched = match(first, second, origin, guess[:, 0].astype(np.float64), upright)
        found &= matched
        homes, _, returned = match(second, first, goals[found], origin[found], np.linalg.inv(shapes[found]))
        found[found] = returned & (np.linalg.norm(homes - origin[found], axis=1) < RETURN_PX)
        goals += 0.5
        found &= ((goals > RIM_PX) & (goals < np.array(self.size) - RIM_PX)).all(axis=1)
        return goals, found

    def _flattened(self, frame: int) -> np.ndarray:
        if frame not in self._flat:
            grey = self._grey[frame].astype(np.float32)
            surroundings = cv2.GaussianBlur(grey, (0, 0), 4.0)
            self._flat[frame] = cv2.convertScaleAbs(grey - surroundings + 85.0, alpha=1.5)
        return self._flat[frame]


def _spread(points: Float64[np.ndarray, "N 2"], size: tuple[int, int], count: int) -> np.ndarray:
    """Pick at most `count` points: the first of each cell, then the second of each, until there are enough."""
    if len(points) <= count:
        return np.arange(len(points))
    cell_px = max(8.0, np.sqrt(size[0] * size[1] / count))
    cells = np.floor(points / cell_px).astype(np.int64)
    names = cells[:, 0] * 100_000 + cells[:, 1]
    seen: dict[int, int] = {}
    rank = np.empty(len(points), np.int64)
    for index, name in enumerate(names.tolist()):  # `points` come strongest first
        rank[index] = seen[name] = seen.get(name, -1) + 1
    return np.sort(np.lexsort((np.arange(len(points)), rank))[:count])
