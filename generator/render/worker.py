"""One thread's way from a camera to a frame, and the buffers it needs on the way."""

import logging
from functools import cache

import numpy as np
from jaxtyping import Float32, Float64, Int64

from camera_motion.generator.render import bins, blend, project
from camera_motion.generator.render.frame import CLASSES, Frame
from camera_motion.generator.render.pack import Packed
from camera_motion.generator.splats import Look

log = logging.getLogger(__name__)

#: Splats for which a fresh worker has room; it grows by half from there.
FIRST_ROOM = 65536


class Worker:
    """Buffers for pictures of one size, and the three steps from a camera to a frame.

    They grow to what is seen: 92 bytes per visible splat and 4 per splat and tile, a quarter to a half more after
    growing. `plain` chooses the portable loop over explicit vectors.
    """

    def __init__(self, width: int, height: int, plain: bool) -> None:
        self.width, self.height = width, height
        self.tiles_x, self.tiles_y = -(-width // project.TILE), -(-height // project.TILE)
        self.starts: Int64[np.ndarray, " S"] = np.zeros(self.tiles_x * self.tiles_y + 1, np.int64)
        self.visible = 0
        self._plain = True if plain else None  # a type of its own for the compiler: the other branch is not compiled
        self._tile = _lines(blend.PLANES * blend.AREA)
        self._members = np.empty(0, np.int32)
        self._records = np.empty((0, project.RECORD), np.float32)
        self._boxes = np.empty((0, 4), np.int16)
        self._keys = np.empty(0, np.float32)
        self._order = np.empty((2, 0), np.int32)
        self._sorted_keys = np.empty((2, 0), np.uint32)

    def project(
        self,
        packed: Packed,
        look: Look,
        camera_from_world: Float64[np.ndarray, "4 4"],
        intrinsics: Float64[np.ndarray, " 4"],
    ) -> None:
        """Step 1: records of the visible splats, their depths, and how many there are in each tile."""
        fog = np.array([look.fog_per_m, look.fog_start_m, *look.fog_rgb], np.float32)
        lens = np.asarray(intrinsics, np.float64) * (self.width, self.height, self.width, self.height)
        matrix = np.ascontiguousarray(camera_from_world, np.float64)
        centre = -matrix[:3, :3].T @ matrix[:3, 3]
        total = len(packed.blocks)
        at = filled = 0
        self.starts[:] = 0
        while at < total:
            if filled + project.BLOCK > len(self._records):
                self._resize(min(total * project.BLOCK, max(FIRST_ROOM, filled + filled // 2)), filled)
            at, filled = project.project(
                packed.blocks, packed.spheres, packed.colours, packed.harmonics, packed.kinds, centre, fog, matrix,
                lens, self.width, self.height, at, filled, self._records, self._boxes, self._keys, self.starts,
            )  # fmt: skip
        self.visible = filled

    def sort(self) -> None:
        """Step 2: each tile's splats from front to back."""
        keys = self._keys[: self.visible].view(np.uint32)
        order = self._order[0, : self.visible]
        bins.sort_by_depth(keys, order, self._sorted_keys[0], self._order[1], self._sorted_keys[1])
        pairs = int(bins.accumulate(self.starts))
        if pairs > len(self._members):
            self._members = np.empty(pairs + pairs // 4, np.int32)
        bins.fill_tiles(self._plain, order, self._boxes, self.tiles_x, self.starts, self._members)

    def blend(self, classes: bool) -> Frame:
        """Step 3: the pictures."""
        height, width = self.height, self.width
        rgb = np.empty((height, width, 3), np.float32)
        alpha = np.empty((height, width), np.float32)
        depth_m = np.empty((height, width), np.float32)
        by_class = np.empty((height, width, CLASSES) if classes else (0, 0, CLASSES), np.float32)
        blend.blend(
            self._plain, self.starts, self._members, self._records, self.tiles_x, self._tile, rgb, alpha, depth_m,
            by_class,
        )  # fmt: skip
        return Frame(rgb, alpha, depth_m, by_class if classes else None)

    def _resize(self, room: int, filled: int) -> None:
        """Make room for this many records and keep the first `filled`."""
        records = _lines(room * project.RECORD).reshape(room, project.RECORD)
        boxes = np.empty((room, 4), np.int16)
        keys = np.empty(room, np.float32)
        records[:filled] = self._records[:filled]
        boxes[:filled] = self._boxes[:filled]
        keys[:filled] = self._keys[:filled]
        self._records, self._boxes, self._keys = records, boxes, keys
        self._order = np.empty((2, room), np.int32)
        self._sorted_keys = np.empty((2, room), np.uint32)


@cache
def explicit_vectors_fail() -> bool:
    """Whether this machine's compiler refuses the explicit rows, so that the plain loop has to do."""
    none = np.zeros(0, np.int32)
    starts = np.zeros(2, np.int64)
    records = _lines(0).reshape(0, project.RECORD)
    pictures = [np.empty(shape, np.float32) for shape in ((1, 1, 3), (1, 1), (1, 1), (0, 0, CLASSES))]
    try:
        bins.fill_tiles(None, none, np.zeros((0, 4), np.int16), 1, starts, none)
        blend.blend(None, starts, none, records, 1, _lines(blend.PLANES * blend.AREA), *pictures)
    except Exception as error:  # whatever the compiler raises, the plain loop is the answer
        log.warning("explicit vectors do not compile here (%s); rendering with the plain loop", error)
        return True
    return False


def _lines(count: int) -> Float32[np.ndarray, " count"]:
    """Uninitialised floats that start on a cache line."""
    raw = np.empty(count + 16, np.float32)
    skip = (-raw.ctypes.data % 64) // 4
    return raw[skip : skip + count]
