"""Procedural scenes: a family, its parameters drawn from the scene's seed, and its splats for given views."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

from camera_motion.generator import scenes
from camera_motion.generator.geometry import SceneGeometry
from camera_motion.generator.scenes import sample
from camera_motion.generator.seeds import stream
from camera_motion.generator.splats import GaussianScene
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory

#: Values of a parameter that are told as they are.
SCALAR = (str, bool, int, float)


class Procedural:
    """The scene of (`family`, `seed`)."""

    def __init__(self, family: str, seed: int) -> None:
        """Draw the parameters. Raises SpecError for an unknown family."""
        if family not in scenes.FAMILIES:
            raise SpecError(
                f"scene family {family!r} is not known; choose one of: {', '.join(sorted(scenes.FAMILIES))}"
            )
        self._family = scenes.FAMILIES[family]
        self._name = family
        self._seed = seed
        self.params = self._family.rand(stream(seed, "params"))

    @cached_property
    def geometry(self) -> SceneGeometry:
        """Analytic geometry of these parameters."""
        geometry: SceneGeometry = self._family.geometry(self.params)
        return geometry

    @property
    def provenance(self) -> dict[str, Any]:
        """Record the family and the parameters that are one value; what is placed in it follows from the seed."""
        parameters = {name: value for name, value in asdict(self.params).items() if isinstance(value, SCALAR)}
        return {"family": self._name, **parameters}

    def sample(
        self, views: Sequence[Trajectory], width: int, height: int, spacing_px: float, threads: int = 1
    ) -> GaussianScene:
        """Surfels spaced by screen density over `views`, with the light baked in."""
        model = self._family.build(self.params)
        return sample.sample(model, views, width, height, spacing_px, self._seed, threads)
