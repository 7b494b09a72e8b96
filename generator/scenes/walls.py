"""The four walls of a room as frames, and the openings cut into them."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64

from camera_motion.generator import solids

#: How thick outer walls are drawn: the depth of the reveals of windows.
THICKNESS_M = 0.42


@dataclass(frozen=True)
class Opening:
    """A window or a door: `along_m` is its middle on the wall, from the wall's left end as seen from inside."""

    kind: Literal["window", "door"]
    wall: int
    along_m: float
    width_m: float
    bottom_m: float
    top_m: float
    arched: bool = False

    @property
    def left_m(self) -> float:
        """Left edge, seen from inside."""
        return self.along_m - self.width_m / 2

    @property
    def right_m(self) -> float:
        """Right edge, seen from inside."""
        return self.along_m + self.width_m / 2

    @property
    def head_m(self) -> float:
        """Where the plain wall above begins: an arch has a little wall over its crown to itself."""
        return self.top_m + 0.05 if self.arched else self.top_m

    @property
    def spring_m(self) -> float:
        """Where the arch begins, or the top of a rectangular opening."""
        return self.top_m - self.width_m / 2 if self.arched else self.top_m


@dataclass(frozen=True)
class Wall:
    """An upright plane: `along` runs to the right as seen from inside, `inward` points into the room."""

    origin: tuple[float, float]
    along: tuple[float, float]
    inward: tuple[float, float]
    length_m: float

    def at(self, along_m: Float64[np.ndarray, " n"], out_m: float | np.ndarray, z_m: float | np.ndarray) -> np.ndarray:
        """World points [n,3] at `along_m`, `out_m` into the room, `z_m` above the floor."""
        along = np.asarray(along_m, np.float64)
        points = np.empty((*along.shape, 3))
        for axis in (0, 1):
            points[..., axis] = self.origin[axis] + along * self.along[axis] + out_m * self.inward[axis]
        points[..., 2] = z_m
        return points

    def spot(self, along_m: float, out_m: float, z_m: float) -> tuple[float, float, float]:
        """One world point."""
        x, y, z = self.at(np.array([along_m]), out_m, z_m)[0]
        return float(x), float(y), float(z)

    def box(self, along: tuple[float, float], out: tuple[float, float], z: tuple[float, float]) -> solids.Solids:
        """Make the solid between these ranges."""
        return solids.box(self.spot(along[0], out[0], z[0]), self.spot(along[1], out[1], z[1]))


def walls_of(width_m: float, depth_m: float) -> tuple[Wall, Wall, Wall, Wall]:
    """South (y low), east (x high), north, west; the room is centred on the origin, its floor at z = 0.

    Furniture that turns its back on wall k is yawed by 90 k degrees.
    """
    x, y = width_m / 2, depth_m / 2
    return (
        Wall((x, -y), (-1.0, 0.0), (0.0, 1.0), width_m),
        Wall((x, y), (0.0, -1.0), (-1.0, 0.0), depth_m),
        Wall((-x, y), (1.0, 0.0), (0.0, -1.0), width_m),
        Wall((-x, -y), (0.0, 1.0), (1.0, 0.0), depth_m),
    )


def tiles(wall: Wall, height_m: float, openings: tuple[Opening, ...]) -> list[tuple[float, float, float, float]]:
    """Rectangles (left, right, bottom, top) that cover `wall` but for its openings, boxed in at their spring."""
    out = []
    left = 0.0
    for opening in sorted(openings, key=lambda o: o.along_m):
        out.append((left, opening.left_m, 0.0, height_m))
        out.append((opening.left_m, opening.right_m, 0.0, opening.bottom_m))
        out.append((opening.left_m, opening.right_m, opening.head_m, height_m))
        left = opening.right_m
    out.append((left, wall.length_m, 0.0, height_m))
    return [t for t in out if t[1] - t[0] > 1e-6 and t[3] - t[2] > 1e-6]


def wall_solids(wall: Wall, height_m: float, openings: tuple[Opening, ...]) -> solids.Solids:
    """Make the wall of boxes outside the room. Doors are shut; the corners above an arch belong to the wall."""
    cut = tuple(o for o in openings if o.kind == "window")
    parts = [wall.box((a, b), (-THICKNESS_M, 0.0), (lo, hi)) for a, b, lo, hi in tiles(wall, height_m, cut)]
    parts += [wall.box((o.left_m, o.right_m), (-THICKNESS_M, 0.0), (o.spring_m, o.head_m)) for o in cut if o.arched]
    return solids.union(parts)
