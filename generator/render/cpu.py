"""The renderer that runs anywhere: gsplat's pictures, on CPU cores, frame by frame in a thread pool."""

import logging
import queue
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache

import numpy as np
from jaxtyping import Float32, Float64, UInt8

from camera_motion.generator.render import bins, blend, project
from camera_motion.generator.render.frame import CLASSES, Frame
from camera_motion.generator.splats import SH_C0, GaussianScene
from camera_motion.schema.camera import Trajectory

log = logging.getLogger(__name__)

#: Largest extent in standard deviations: gsplat's 3.33, which is sqrt(2 ln 255).
EXTENT_SIGMA = 3.33
#: Splats for which a fresh worker has room; it grows by half from there.
FIRST_ROOM = 65536


@dataclass(frozen=True)
class Packed:
    """A scene as the kernels want it: float32, in blocks, with all that no camera changes worked out.

    `blocks` are laid out as `render.project` says, the last filled up with splats that are never drawn. `spheres`
    hold each block's means (centre, radius) and their largest standard deviation.
    """

    blocks: Float32[np.ndarray, "M 14 64"]
    spheres: Float64[np.ndarray, "M 5"]
    colours: Float32[np.ndarray, "N 3"]
    harmonics: Float32[np.ndarray, "N B 3"]
    kinds: UInt8[np.ndarray, " N"]


def pack(scene: GaussianScene) -> Packed:
    """Work out scaled axes, log2 opacities, extents, the colour's constant term and the blocks' bounds."""
    count = -(-len(scene) // project.BLOCK)
    fields = np.zeros((count * project.BLOCK, project.FIELDS), np.float32)
    used = fields[: len(scene)]
    opacities = scene.opacities.astype(np.float64)
    drawn = opacities >= 1.0 / 255.0
    used[:, : project.AXES] = scene.means_m
    used[:, project.AXES : project.OCTAVES] = scaled_axes(scene.quats, scene.scales_m)
    used[:, project.OCTAVES] = np.log2(np.where(drawn, opacities, 1.0))
    extents = np.minimum(EXTENT_SIGMA, np.sqrt(2.0 * np.log(np.maximum(255.0 * opacities, 1.0))))
    used[:, project.EXTENT] = np.where(drawn, np.maximum(extents, 1e-3), 0.0)
    fields[len(scene) :, : project.AXES] = scene.means_m[-1:]
    blocks = np.ascontiguousarray(fields.reshape(count, project.BLOCK, project.FIELDS).transpose(0, 2, 1))
    colours = 0.5 + SH_C0 * scene.sh[:, 0].astype(np.float64)
    if scene.sh.shape[1] == 1:
        colours = np.maximum(colours, 0.0)
    return Packed(
        blocks,
        _spheres(blocks, scene.scales_m),
        colours.astype(np.float32),
        np.ascontiguousarray(scene.sh[:, 1:]),
        np.ascontiguousarray(scene.classes),
    )


def _spheres(
    blocks: Float32[np.ndarray, "M 14 64"], scales_m: Float32[np.ndarray, "N 3"]
) -> Float64[np.ndarray, "M 5"]:
    means = blocks[:, project.MEAN : project.MEAN + 3].astype(np.float64)
    out = np.zeros((len(blocks), 5))
    out[:, :3] = (means.min(2) + means.max(2)) / 2
    out[:, 3] = np.sqrt(((means - out[:, :3, None]) ** 2).sum(1).max(1, initial=0.0))
    firsts = np.arange(0, len(scales_m), project.BLOCK)
    if len(firsts):
        out[:, 4] = np.maximum.reduceat(scales_m.max(1), firsts)
    return out


def scaled_axes(quats: Float32[np.ndarray, "N 4"], scales_m: Float32[np.ndarray, "N 3"]) -> Float32[np.ndarray, "N 9"]:
    """Principal axes of each Gaussian times its standard deviations, one axis after the other."""
    q = quats.astype(np.float64)
    w, x, y, z = (q / np.linalg.norm(q, axis=1, keepdims=True)).T
    s0, s1, s2 = scales_m.astype(np.float64).T
    out = np.empty((len(quats), 9), np.float32)
    out[:, 0] = (1 - 2 * (y * y + z * z)) * s0
    out[:, 1] = 2 * (x * y + w * z) * s0
    out[:, 2] = 2 * (x * z - w * y) * s0
    out[:, 3] = 2 * (x * y - w * z) * s1
    out[:, 4] = (1 - 2 * (x * x + z * z)) * s1
    out[:, 5] = 2 * (y * z + w * x) * s1
    out[:, 6] = 2 * (x * z + w * y) * s2
    out[:, 7] = 2 * (y * z - w * x) * s2
    out[:, 8] = (1 - 2 * (x * x + y * y)) * s2
    return out


class CpuRenderer:
    """Renders one scene at one size on `threads` threads.

    Each thread works on whole frames and owns its buffers, which grow to what it sees: 92 bytes per visible splat and
    4 per splat and tile, a quarter to a half more after growing. Beside them stand the scene, 68 bytes a splat, and
    one frame per thread. `plain` chooses the portable loop over explicit vectors or the reverse; None: vectors
    where they compile.
    """

    def __init__(
        self, scene: GaussianScene, width: int, height: int, threads: int = 1, *, plain: bool | None = None
    ) -> None:
        if width < 1 or height < 1 or threads < 1:
            raise ValueError(f"a picture of {width} x {height} on {threads} threads cannot be rendered")
        self.width = width
        self.height = height
        self.threads = threads
        self.look = scene.look
        self._plain = explicit_vectors_fail() if plain is None else plain
        self._packed = pack(scene)
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        for _ in range(threads):
            self._idle.put(_Worker())

    def render(
        self,
        camera_from_world: Float64[np.ndarray, "4 4"],
        intrinsics: Float64[np.ndarray, " 4"],
        classes: bool = False,
    ) -> Frame:
        """One picture; `intrinsics` are normalised (schema.conventions). May be called from several threads."""
        return self._render(camera_from_world, intrinsics, classes)

    def render_clip(self, trajectory: Trajectory, frames: Sequence[int], classes: bool = False) -> Iterator[Frame]:
        """Frames number `frames` of `trajectory`, in that order; at most one more than `threads` is kept waiting."""
        which = list(frames)
        cameras = trajectory.camera_from_world[which]
        lenses = trajectory.intrinsics[which]
        if self.threads == 1:
            for camera, lens in zip(cameras, lenses, strict=True):
                yield self._render(camera, lens, classes)
            return
        waiting: deque[Future[Frame]] = deque()
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                for camera, lens in zip(cameras, lenses, strict=True):
                    waiting.append(pool.submit(self._render, camera, lens, classes))
                    if len(waiting) > self.threads:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def _render(
        self, camera_from_world: Float64[np.ndarray, "4 4"], intrinsics: Float64[np.ndarray, " 4"], classes: bool
    ) -> Frame:
        worker = self._idle.get()
        try:
            look = self.look
            fog = np.array([look.fog_per_m, look.fog_start_m, *look.fog_rgb], np.float32)
            return worker.render(
                self._packed, fog, camera_from_world, intrinsics, (self.width, self.height), classes, self._plain
            )
        finally:
            self._idle.put(worker)


class _Worker:
    """One thread's buffers."""

    def __init__(self) -> None:
        self.buffer = _lines((4 + 1 + CLASSES) * blend.AREA).reshape(-1)
        self.members = np.empty(0, np.int32)
        self.records = np.empty((0, project.RECORD), np.float32)
        self.boxes = np.empty((0, 4), np.int16)
        self.keys = np.empty(0, np.float32)
        self.order = np.empty((2, 0), np.int32)
        self.sorted_keys = np.empty((2, 0), np.uint32)

    def _resize(self, room: int, filled: int) -> None:
        """Make room for this many records and keep the first `filled`."""
        records = _lines(room * project.RECORD).reshape(room, project.RECORD)
        boxes = np.empty((room, 4), np.int16)
        keys = np.empty(room, np.float32)
        records[:filled] = self.records[:filled]
        boxes[:filled] = self.boxes[:filled]
        keys[:filled] = self.keys[:filled]
        self.records, self.boxes, self.keys = records, boxes, keys
        self.order = np.empty((2, room), np.int32)
        self.sorted_keys = np.empty((2, room), np.uint32)

    def render(
        self,
        packed: Packed,
        fog: Float32[np.ndarray, " 5"],
        camera_from_world: Float64[np.ndarray, "4 4"],
        intrinsics: Float64[np.ndarray, " 4"],
        size: tuple[int, int],
        classes: bool,
        plain: bool,
    ) -> Frame:
        width, height = size
        tiles_x, tiles_y = -(-width // project.TILE), -(-height // project.TILE)
        starts = np.zeros(tiles_x * tiles_y + 1, np.int64)
        n = self.project(packed, fog, camera_from_world, intrinsics, size, starts)
        order = self.order[0, :n]
        bins.sort_by_depth(
            self.keys[:n].view(np.uint32), order, self.sorted_keys[0], self.order[1], self.sorted_keys[1]
        )
        pairs = int(bins.accumulate(starts))
        if pairs > len(self.members):
            self.members = np.empty(pairs + pairs // 4, np.int32)
        bins.fill_tiles(True if plain else None, order, self.boxes, tiles_x, starts, self.members)
        rgb = np.empty((height, width, 3), np.float32)
        alpha = np.empty((height, width), np.float32)
        depth_m = np.empty((height, width), np.float32)
        by_class = np.empty((height, width, CLASSES) if classes else (0, 0, CLASSES), np.float32)
        blend.blend(
            True if plain else None, starts, self.members, self.records, tiles_x, self.buffer, rgb, alpha, depth_m,
            by_class,
        )  # fmt: skip
        return Frame(rgb, alpha, depth_m, by_class if classes else None)

    def project(
        self,
        packed: Packed,
        fog: Float32[np.ndarray, " 5"],
        camera_from_world: Float64[np.ndarray, "4 4"],
        intrinsics: Float64[np.ndarray, " 4"],
        size: tuple[int, int],
        counts: np.ndarray,
    ) -> int:
        """Fill `records` with the visible splats, growing it as needed; returns how many."""
        width, height = size
        lens = np.array(intrinsics, np.float64) * (width, height, width, height)
        matrix = np.ascontiguousarray(camera_from_world, np.float64)
        centre = -matrix[:3, :3].T @ matrix[:3, 3]
        total = len(packed.blocks)
        at = filled = 0
        while at < total:
            if filled + project.BLOCK > len(self.records):
                self._resize(min(total * project.BLOCK, max(FIRST_ROOM, filled + filled // 2)), filled)
            at, filled = project.project(
                packed.blocks, packed.spheres, packed.colours, packed.harmonics, packed.kinds, centre, fog, matrix,
                lens, width, height, at, filled, self.records, self.boxes, self.keys, counts,
            )  # fmt: skip
        return int(filled)


def _lines(count: int) -> Float32[np.ndarray, " count"]:
    """Uninitialised floats that start on a cache line."""
    raw = np.empty(count + 16, np.float32)
    skip = (-raw.ctypes.data % 64) // 4
    return raw[skip : skip + count]


@cache
def explicit_vectors_fail() -> bool:
    """Whether this machine's compiler refuses the explicit rows, so that the plain loop has to do."""
    try:
        blend.blend(
            None, np.zeros(2, np.int64), np.zeros(0, np.int32), _lines(0).reshape(0, project.RECORD), 1,
            _lines(9 * blend.AREA), np.empty((1, 1, 3), np.float32), np.empty((1, 1), np.float32),
            np.empty((1, 1), np.float32), np.empty((0, 0, CLASSES), np.float32),
        )  # fmt: skip
    except Exception as error:  # whatever the compiler raises, the plain loop is the answer
        log.warning("explicit vectors do not compile here (%s); rendering with the plain loop", error)
        return True
    return False
