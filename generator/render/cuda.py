"""The renderer for NVIDIA devices: gsplat's own rasteriser, many frames at a time."""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import UInt8

from camera_motion.generator.render.frame import Frame
from camera_motion.generator.splats import GaussianScene, Look
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory


class CudaRenderer:
    """Renders one scene at one size."""

    def __init__(self, scene: GaussianScene, width: int, height: int) -> None:
        self.width, self.height, self.look = width, height, scene.look
        raise SpecError("the CUDA renderer is not there yet: use --renderer cpu")

    def render_clip(self, trajectory: Trajectory, frames: Sequence[int], classes: bool = False) -> Iterator[Frame]:
        """Frames number `frames` of `trajectory`, in that order."""
        raise NotImplementedError

    def film(self, trajectory: Trajectory, look: Look) -> Iterator[tuple[UInt8[np.ndarray, "H W 3"], float]]:
        """Every frame in order, finished as `look` says, and the share of its pixels that no splat covers."""
        raise NotImplementedError
