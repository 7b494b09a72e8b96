"""What any renderer can do with a scene, whatever it runs on."""

from collections.abc import Iterator, Sequence
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.generator.render.frame import Frame
from camera_motion.generator.splats import GaussianScene, Look
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory


@runtime_checkable
class Renderer(Protocol):
    """One scene, ready to be seen at one size.

    Its methods may be called from several threads at once, one clip in each.
    """

    @property
    def width(self) -> int:
        """Pixels across."""
        ...

    @property
    def height(self) -> int:
        """Pixels down."""
        ...

    @property
    def look(self) -> Look:
        """The scene's own look, whose fog every frame has."""
        ...

    def render_clip(self, trajectory: Trajectory, frames: Sequence[int], classes: bool = False) -> Iterator[Frame]:
        """Frames number `frames` of `trajectory`, in that order, before tone; the weight of each class if asked."""
        ...

    def film(self, trajectory: Trajectory, look: Look) -> Iterator[tuple[UInt8[np.ndarray, "H W 3"], float]]:
        """Every frame of `trajectory` in order, finished as `look` says, and the share of it that no splat covers.

        The fog is the scene's own. Pictures may be kept: none is written to again.
        """
        ...


def open_renderer(
    name: Literal["cpu", "cuda"], scene: GaussianScene, width: int, height: int, threads: int = 1
) -> Renderer:
    """Make the renderer called `name` for a scene; `threads` are the CPU renderer's.

    Raises:
        SpecError: CUDA was asked for and cannot be used here.
    """
    if name == "cuda":
        try:
            from camera_motion.generator.render.cuda import CudaRenderer
        except ImportError as error:
            raise SpecError(f"the CUDA renderer needs {error.name}: pip install 'camera-motion[gpu]'") from None
        return CudaRenderer(scene, width, height)
    return CpuRenderer(scene, width, height, threads)
