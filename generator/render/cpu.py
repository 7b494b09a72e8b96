"""The renderer that runs anywhere: gsplat's pictures, on CPU cores, frame by frame in a thread pool."""

import queue
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from jaxtyping import Float64, UInt8

from camera_motion.generator.effects import finish
from camera_motion.generator.render.frame import Frame
from camera_motion.generator.render.pack import pack
from camera_motion.generator.render.worker import Worker, explicit_vectors_fail
from camera_motion.generator.splats import GaussianScene, Look
from camera_motion.schema.camera import Trajectory


class CpuRenderer:
    """Renders one scene at one size, each clip on `threads` threads.

    Each thread works on whole frames with buffers of its own (`Worker`), sized to what it sees: there are as many as
    there ever were threads at once. The scene itself takes 70 bytes a splat (and its harmonics), shared. `plain`
    chooses the portable loop over explicit vectors or the reverse; None takes vectors where they compile.
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
        self._packed = pack(scene)
        self._plain = explicit_vectors_fail() if plain is None else plain
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()

    def render(
        self,
        camera_from_world: Float64[np.ndarray, "4 4"],
        intrinsics: Float64[np.ndarray, " 4"],
        classes: bool = False,
    ) -> Frame:
        """One picture; `intrinsics` are normalised (schema.conventions). May be called from several threads."""
        try:
            worker = self._idle.get_nowait()
        except queue.Empty:
            worker = Worker(self.width, self.height, self._plain)
        try:
            worker.project(self._packed, self.look, camera_from_world, intrinsics)
            worker.sort()
            return worker.blend(classes)
        finally:
            self._idle.put(worker)

    def render_clip(self, trajectory: Trajectory, frames: Sequence[int], classes: bool = False) -> Iterator[Frame]:
        """Frames number `frames` of `trajectory`, in that order; at most one more than `threads` is kept waiting."""
        which = list(frames)
        cameras = trajectory.camera_from_world[which]
        lenses = trajectory.intrinsics[which]
        if self.threads == 1:
            for camera, lens in zip(cameras, lenses, strict=True):
                yield self.render(camera, lens, classes)
            return
        waiting: deque[Future[Frame]] = deque()
        with ThreadPoolExecutor(self.threads) as pool:
            try:
                for camera, lens in zip(cameras, lenses, strict=True):
                    waiting.append(pool.submit(self.render, camera, lens, classes))
                    if len(waiting) > self.threads:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()

    def film(self, trajectory: Trajectory, look: Look) -> Iterator[tuple[UInt8[np.ndarray, "H W 3"], float]]:
        """Every frame in order, finished as `look` says, and the share of its pixels that no splat covers."""
        for frame in self.render_clip(trajectory, range(len(trajectory))):
            yield finish(frame.rgb, frame.alpha, look), float(np.mean(frame.alpha < 0.5))
