"""The renderer for NVIDIA devices: gsplat's rasteriser, many frames at a time.

Only the rasteriser needs CUDA. Colours, finishing and the way out of the device are torch, on whatever device the scene
was put; the conventions are `render.project`'s, which are gsplat's.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch import Tensor

from camera_motion.generator.render.finish_torch import finish
from camera_motion.generator.render.flow import Batch, to_host, turns
from camera_motion.generator.render.frame import Frame
from camera_motion.generator.render.project import FAR_M, LOW_PASS_PX2, NEAR_M
from camera_motion.generator.render.shade import colours, put
from camera_motion.generator.splats import GaussianScene, Look
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory

#: Batches under way behind the one that is handed over.
AHEAD = 2
#: Frames of a batch, so that no turn on the device is long.
MOST_FRAMES = 16
#: Bytes that a batch hands over; page-locked memory comes in powers of two, and a clip holds AHEAD + 1 batches.
BATCH_BYTES = 32 << 20
#: Device bytes of a frame in the making: by splat (projection, colours, sorted pairs with tiles) and by pixel. Rough,
#: and a batch that does not fit all the same is halved.
SPLAT_BYTES, PIXEL_BYTES = 400, 200
#: Part of the device's free memory that a batch may take: other processes share it.
SHARE = 0.25
#: gsplat counts colours with 32 bits.
MOST_SPLATS = 1 << 28

#: `gsplat.rasterization`, or one with its signature.
Rasterize = Callable[..., tuple[Tensor, Tensor, dict[str, Any]]]


class CudaRenderer:
    """Renders one scene at one size, on the current CUDA device unless `device` is given.

    `rasterize` is `gsplat.rasterization` unless another of its signature is given. Clips may be filmed from several
    threads at once: they share the scene, and take turns on the device (`render.flow`).

    Raises:
        SpecError: torch or gsplat is missing, or there is no device.
    """

    def __init__(
        self,
        scene: GaussianScene,
        width: int,
        height: int,
        *,
        device: torch.device | str | None = None,
        rasterize: Rasterize | None = None,
    ) -> None:
        if width < 1 or height < 1:
            raise ValueError(f"a picture of {width} x {height} cannot be rendered")
        self.width = width
        self.height = height
        self.look = scene.look
        self._rasterize = rasterize or _gsplat()
        self._device = torch.device(device or f"cuda:{torch.cuda.current_device()}")
        self._turns = turns(self._device)
        self._splats = put(scene if len(scene) else _nothing(scene), self._device)
        self._arrived()

    def render_clip(self, trajectory: Trajectory, frames: Sequence[int], classes: bool = False) -> Iterator[Frame]:
        """Frames number `frames` of `trajectory`, in that order, a batch at a time."""

        def render(views: _Views) -> tuple[Tensor, ...]:
            channels, alpha = self._draw(views, classes, depth=True)
            planes = (channels[..., :3], alpha, channels[..., -1], *([channels[..., 3:-1]] if classes else []))
            return tuple(plane.contiguous() for plane in planes)

        for planes in to_host(self._batches(trajectory, frames, render, 4 * (9 if classes else 5)), AHEAD):
            for number in range(len(planes[0])):
                yield Frame(*(plane[number] for plane in planes))

    def film(self, trajectory: Trajectory, look: Look) -> Iterator[tuple[UInt8[np.ndarray, "H W 3"], float]]:
        """Every frame in order, finished as `look` says, and the share of its pixels that no splat covers."""

        def render(views: _Views) -> tuple[Tensor, ...]:
            rgb, alpha = self._draw(views, classes=False, depth=False)
            return finish(rgb, alpha, look), (alpha < 0.5).sum((1, 2))

        for pictures, holes in to_host(self._batches(trajectory, range(len(trajectory)), render, 3), AHEAD):
            for picture, empty in zip(pictures, holes, strict=True):
                yield picture, float(empty) / (self.width * self.height)

    def _batches(
        self,
        trajectory: Trajectory,
        frames: Sequence[int],
        render: Callable[["_Views"], tuple[Tensor, ...]],
        pixel_bytes: int,
    ) -> Iterator[Batch]:
        """Render `frames` batch by batch; `pixel_bytes` are handed over for each pixel.

        How many frames lie in a batch changes none of them.
        """
        which = list(frames)
        views = self._views(trajectory, which)
        batches = math.ceil(len(which) / self._frames_at_once(pixel_bytes))
        size = math.ceil(len(which) / max(batches, 1))
        at = 0
        while at < len(which):
            try:
                batch = self._turns.take(partial(render, views[at : at + size]))
            except RuntimeError as error:  # torch.OutOfMemoryError, or what gsplat's bindings make of it
                if "out of memory" not in str(error):
                    raise
                if size == 1:
                    raise SpecError(
                        f"the GPU has too little free memory for one {self.width}x{self.height} frame of "
                        f"{len(self._splats):,} splats: use fewer splats (a larger render.spacing_px), "
                        "fewer workers on it, or --renderer cpu"
                    ) from None
                size = -(-size // 2)
                continue
            yield batch
            at += size

    def _draw(
        self, views: "_Views", classes: bool, depth: bool
    ) -> tuple[Float32[Tensor, "B H W C"], Float32[Tensor, "B H W"]]:
        """Red, green, blue, then the weight of each class and the expected depth if asked; and alpha."""
        splats = self._splats
        features = colours(splats, views.centres, self.look)
        if classes:
            features = torch.cat([features, splats.kinds.expand(*features.shape[:-1], -1)], -1)
        self._turns.settle()  # the colours are worked out meanwhile, behind the batch before
        channels, alpha, _ = self._rasterize(
            splats.means,
            splats.quats,
            splats.scales,
            splats.opacities,
            features,
            views.cameras,
            views.lenses,
            self.width,
            self.height,
            near_plane=NEAR_M,
            far_plane=FAR_M,
            eps2d=float(LOW_PASS_PX2),
            packed=False,
            render_mode="RGB+ED" if depth else "RGB",
        )
        return channels, alpha[..., 0]

    def _views(self, trajectory: Trajectory, which: list[int]) -> "_Views":
        """Put the cameras of these frames on the device."""
        cameras = trajectory.camera_from_world[which]
        lenses = np.zeros((len(which), 3, 3))
        fx, fy, cx, cy = (trajectory.intrinsics[which] * (self.width, self.height, self.width, self.height)).T
        lenses[:, 0, 0], lenses[:, 1, 1], lenses[:, 0, 2], lenses[:, 1, 2], lenses[:, 2, 2] = fx, fy, cx, cy, 1
        views = (torch.from_numpy(a).float().to(self._device) for a in (cameras, lenses, trajectory.centres_m[which]))
        out = _Views(*views)
        self._arrived()
        return out

    def _arrived(self) -> None:
        """Wait for what was put on the device, outside of any turn, before the render stream reads it."""
        if self._device.type == "cuda":
            torch.cuda.current_stream(self._device).synchronize()

    def _frames_at_once(self, pixel_bytes: int) -> int:
        """As many frames as the bounds above allow, and at least one."""
        pixels, splats = self.width * self.height, len(self._splats)
        most = min(MOST_FRAMES, BATCH_BYTES // (pixel_bytes * pixels), MOST_SPLATS // splats)
        if self._device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(self._device)
            free += torch.cuda.memory_reserved(self._device) - torch.cuda.memory_allocated(self._device)
            most = min(most, int(SHARE * free) // (SPLAT_BYTES * splats + PIXEL_BYTES * pixels))
        return max(most, 1)


@dataclass(frozen=True)
class _Views:
    """Cameras of a batch; `lenses` in pixels."""

    cameras: Float32[Tensor, "B 4 4"]
    lenses: Float32[Tensor, "B 3 3"]
    centres: Float32[Tensor, "B 3"]

    def __getitem__(self, part: slice) -> "_Views":
        return _Views(self.cameras[part], self.lenses[part], self.centres[part])


def _nothing(scene: GaussianScene) -> GaussianScene:
    """One splat that is never drawn: gsplat divides by the number of splats."""
    return GaussianScene(
        means_m=np.zeros((1, 3), np.float32),
        quats=np.array([[1, 0, 0, 0]], np.float32),
        scales_m=np.ones((1, 3), np.float32),
        opacities=np.zeros(1, np.float32),
        sh=np.zeros((1, 1, 3), np.float32),
        classes=np.zeros(1, np.uint8),
        look=scene.look,
    )


@cache
def _gsplat() -> Rasterize:
    """Import gsplat's rasteriser, whose extension is loaded now, or compiled the first time."""
    from camera_motion.generator import readiness

    for trouble in (readiness.no_device, readiness.unfit_torch, readiness.no_gsplat, readiness.unfit_kernels):
        if said := trouble():
            raise SpecError(f"the CUDA renderer cannot be used: {said}")
    from gsplat import rasterization

    rasterize: Rasterize = rasterization
    return rasterize
