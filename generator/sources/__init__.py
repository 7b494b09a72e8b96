"""Where scenes come from: anything that knows its geometry and can be sampled into splats for given views."""

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

from camera_motion.generator.geometry import SceneGeometry
from camera_motion.generator.sources.procedural import Procedural
from camera_motion.generator.sources.splat_file import SplatFile
from camera_motion.generator.splats import GaussianScene
from camera_motion.schema import spec as wanted
from camera_motion.schema.camera import Trajectory
from camera_motion.schema.plan import ScenePlan


@runtime_checkable
class Source(Protocol):
    """One scene, before and after it is made of splats."""

    @property
    def geometry(self) -> SceneGeometry:
        """Ground, free space, subjects and words; known without a splat."""
        ...

    @property
    def provenance(self) -> dict[str, Any]:
        """What the scene was made from, as JSON values."""
        ...

    def sample(
        self, views: Sequence[Trajectory], width: int, height: int, spacing_px: float, threads: int = 1
    ) -> GaussianScene:
        """Make the scene of Gaussians, dense enough for every one of `views` at `width` x `height` pixels.

        The bytes are the same for any number of `threads`.
        """
        ...


def open_source(spec: wanted.Spec, scene: ScenePlan) -> Source:
    """Open the source of a planned scene.

    Raises:
        SpecError: an unknown family, or a splat file that cannot be read.
    """
    if isinstance(spec.scenes, wanted.SplatFile):
        return _splat_file(spec.scenes.model_copy(update={"path": os.path.join(spec.base, spec.scenes.path)}))
    return Procedural(scene.family, scene.seed)


@lru_cache(maxsize=1)
def _splat_file(scene: wanted.SplatFile) -> SplatFile:
    return SplatFile(scene)
