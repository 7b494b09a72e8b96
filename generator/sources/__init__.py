"""Where scenes come from: anything that knows its geometry and can be sampled into splats for given views."""

from collections.abc import Sequence
from typing import Protocol

from camera_motion.generator.geometry import SceneGeometry
from camera_motion.generator.splats import GaussianScene
from camera_motion.schema.camera import Trajectory


class Source(Protocol):
    """One scene, before and after it is made of splats."""

    @property
    def geometry(self) -> SceneGeometry:
        """Ground, free space, subjects and words; known without a splat."""
        ...

    def sample(self, views: Sequence[Trajectory], width: int, height: int, spacing_px: float) -> GaussianScene:
        """The scene as Gaussians, dense enough for every one of `views` at `width` x `height` pixels."""
        ...
