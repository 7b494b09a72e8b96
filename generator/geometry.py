"""What a scene knows of itself before a splat exists: solids, free space, subjects and words."""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float64


@runtime_checkable
class FreeSpace(Protocol):
    """Where a camera can be and how far it sees."""

    def clearance_m(self, points_m: Float64[np.ndarray, "N 3"]) -> Float64[np.ndarray, " N"]:
        """Distance to the nearest solid; negative inside one."""
        ...

    def cast_m(
        self, origins_m: Float64[np.ndarray, "N 3"], directions: Float64[np.ndarray, "N 3"]
    ) -> Float64[np.ndarray, " N"]:
        """Distance along unit `directions` to the first solid, inf where there is none."""
        ...


@dataclass(frozen=True)
class Subject:
    """Something worth looking at: a point to circle, track or hold in a dolly zoom. `name` is a noun phrase."""

    name: str
    position_m: tuple[float, float, float]
    radius_m: float


@dataclass(frozen=True)
class SceneDescription:
    """The exact words for a scene. All are noun phrases with their article and no full stop.

    `place`: "a sunlit stone courtyard with a long reflecting pool"; `features`: by salience, e.g. "fluted limestone
    columns", "a brick wall with an arched gateway"; `light`: "warm late-afternoon sunlight"; `materials`: words such
    as "brick", "limestone", "clay tiles".
    """

    kind: Literal["exterior", "interior"]
    place: str
    short: str
    features: tuple[str, ...]
    light: str
    materials: tuple[str, ...]


@dataclass(frozen=True)
class SceneGeometry:
    """A scene's analytic side, all that `place` may look at.

    `bounds_m` [2,3] encloses where cameras may stand; `eye_heights_m` is the usual range of camera heights above
    `ground_m`, the height of the level ground.
    """

    space: FreeSpace
    bounds_m: Float64[np.ndarray, "2 3"]
    ground_m: float
    eye_heights_m: tuple[float, float]
    subjects: tuple[Subject, ...]
    description: SceneDescription
