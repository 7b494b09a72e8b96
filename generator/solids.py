"""Free space from boxes, upright cylinders and spheres: exact distances and exact rays, in float64.

Scenes describe what a camera could bump into with these, sum them (`wall + column + floor`), and hand the sum to
`place`. Distances are signed and exact for each solid; of a union the smallest is taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float64

#: Three coordinates.
Point = Sequence[float | int] | np.ndarray

_CHUNK = 1 << 15  # pairs of ray and solid handled at once: the temporaries stay in the cache


def _none(*shape: int) -> np.ndarray:
    return np.zeros(shape)


@dataclass(frozen=True)
class Solids:
    """A union of solids in world metres; implements `FreeSpace`.

    `boxes_m` are axis-aligned corners (lo, hi); `cylinders_m` are upright: cx, cy, radius, z0, z1; `spheres_m` are
    cx, cy, cz, radius.
    """

    boxes_m: Float64[np.ndarray, "B 2 3"] = field(default_factory=lambda: _none(0, 2, 3))
    cylinders_m: Float64[np.ndarray, "C 5"] = field(default_factory=lambda: _none(0, 5))
    spheres_m: Float64[np.ndarray, "S 4"] = field(default_factory=lambda: _none(0, 4))

    def __post_init__(self) -> None:
        if not (self.boxes_m[:, 0] <= self.boxes_m[:, 1]).all():
            raise ValueError("a box has lo > hi")
        if not ((self.cylinders_m[:, 2] > 0) & (self.cylinders_m[:, 3] <= self.cylinders_m[:, 4])).all():
            raise ValueError("a cylinder has radius <= 0 or z0 > z1")
        if not (self.spheres_m[:, 3] > 0).all():
            raise ValueError("a sphere has radius <= 0")
        for array in (self.boxes_m, self.cylinders_m, self.spheres_m):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.boxes_m) + len(self.cylinders_m) + len(self.spheres_m)

    def __add__(self, other: "Solids") -> "Solids":
        return union((self, other))

    def clearance_m(self, points_m: Float64[np.ndarray, "N 3"]) -> Float64[np.ndarray, " N"]:
        """Distance to the nearest solid; negative inside one, inf where there is none."""
        out = np.full(len(points_m), np.inf)
        for rows in self._chunks(len(points_m)):
            p = points_m[rows, None]
            for distances in (
                _to_boxes(p, self.boxes_m),
                _to_cylinders(p, self.cylinders_m),
                _to_spheres(p, self.spheres_m),
            ):
                out[rows] = np.minimum(out[rows], distances.min(1, initial=np.inf))
        return out

    def cast_m(
        self, origins_m: Float64[np.ndarray, "N 3"], directions: Float64[np.ndarray, "N 3"]
    ) -> Float64[np.ndarray, " N"]:
        """Distance along unit `directions` to the first solid; 0 from inside one, inf where there is none."""
        out = np.full(len(origins_m), np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            for rows in self._chunks(len(origins_m)):
                o, d = origins_m[rows, None], directions[rows, None]
                for enter, leave in (
                    _slabs(o, d, self.boxes_m[:, 0], self.boxes_m[:, 1]),
                    _through_cylinders(o, d, self.cylinders_m),
                    _through_spheres(o, d, self.spheres_m),
                ):
                    hit = (leave >= enter) & (leave >= 0)
                    first = np.where(hit, np.maximum(enter, 0.0), np.inf)
                    out[rows] = np.minimum(out[rows], first.min(1, initial=np.inf))
        return out

    def contains(self, points_m: Float64[np.ndarray, "N 3"]) -> Bool[np.ndarray, " N"]:
        """Tell which points are inside a solid."""
        return self.clearance_m(points_m) < 0

    def _chunks(self, count: int) -> Iterable[slice]:
        step = max(_CHUNK // max(len(self), 1), 1)
        return (slice(i, min(i + step, count)) for i in range(0, count, step))


def box(lo: Point, hi: Point) -> Solids:
    """One axis-aligned box; the corners may come in any order."""
    corners = np.array([lo, hi], np.float64)
    return Solids(boxes_m=np.stack([corners.min(0), corners.max(0)])[None])


def cylinder(x: float | int, y: float | int, radius_m: float | int, z0: float | int, z1: float | int) -> Solids:
    """One upright cylinder, from height `z0` to `z1`."""
    return Solids(cylinders_m=np.array([[x, y, radius_m, min(z0, z1), max(z0, z1)]], np.float64))


def sphere(centre: Point, radius_m: float | int) -> Solids:
    """One ball."""
    return Solids(spheres_m=np.append(np.asarray(centre, np.float64), radius_m)[None])


def ground(height_m: float = 0.0, reach_m: float = 200.0, thickness_m: float = 1.0) -> Solids:
    """Level ground whose top is at `height_m`, out to `reach_m` from the origin on either side."""
    return box((-reach_m, -reach_m, height_m - thickness_m), (reach_m, reach_m, height_m))


def shell(lo: Point, hi: Point, thickness_m: float = 0.3, faces: str = "xXyYzZ") -> Solids:
    """Walls, floor and ceiling around the room whose inside is `lo`..`hi`.

    `faces` names those wanted: lower case at `lo`, upper case at `hi`; without "Z" the room is open to the sky.
    """
    inner = np.array([lo, hi], np.float64)
    outer = inner + thickness_m * np.array([[-1.0], [1.0]])
    walls = []
    for face in faces:
        axis, side = "xyz".index(face.lower()), int(face.isupper())
        wall = outer.copy()
        wall[1 - side, axis] = inner[side, axis]
        walls.append(wall)
    return Solids(boxes_m=np.array(walls, np.float64).reshape(-1, 2, 3))


def union(parts: Iterable[Solids]) -> Solids:
    """All of `parts` as one."""
    parts = [Solids(), *parts]
    return Solids(
        np.concatenate([p.boxes_m for p in parts]),
        np.concatenate([p.cylinders_m for p in parts]),
        np.concatenate([p.spheres_m for p in parts]),
    )


def _to_boxes(p: Float64[np.ndarray, "N 1 3"], boxes: Float64[np.ndarray, "B 2 3"]) -> Float64[np.ndarray, "N B"]:
    x, y, z = (np.maximum(boxes[:, 0, k] - p[..., k], p[..., k] - boxes[:, 1, k]) for k in range(3))
    outside = np.sqrt(np.maximum(x, 0.0) ** 2 + np.maximum(y, 0.0) ** 2 + np.maximum(z, 0.0) ** 2)
    distance: np.ndarray = outside + np.minimum(np.maximum(np.maximum(x, y), z), 0.0)
    return distance


def _to_cylinders(p: Float64[np.ndarray, "N 1 3"], cylinders: Float64[np.ndarray, "C 5"]) -> Float64[np.ndarray, "N C"]:
    cx, cy, radius, z0, z1 = cylinders.T
    radial = np.hypot(p[..., 0] - cx, p[..., 1] - cy) - radius
    axial = np.maximum(z0 - p[..., 2], p[..., 2] - z1)
    outside: np.ndarray = np.hypot(np.maximum(radial, 0.0), np.maximum(axial, 0.0))
    distance: np.ndarray = outside + np.minimum(np.maximum(radial, axial), 0.0)
    return distance


def _to_spheres(p: Float64[np.ndarray, "N 1 3"], spheres: Float64[np.ndarray, "S 4"]) -> Float64[np.ndarray, "N S"]:
    distance: np.ndarray = _length(p - spheres[:, :3]) - spheres[:, 3]
    return distance


def _slabs(
    o: Float64[np.ndarray, "N 1 K"],
    d: Float64[np.ndarray, "N 1 K"],
    lo: Float64[np.ndarray, "B K"],
    hi: Float64[np.ndarray, "B K"],
) -> tuple[Float64[np.ndarray, "N B"], Float64[np.ndarray, "N B"]]:
    # Axis by axis: reductions over an axis of three are several times slower. A ray along a face's plane, which would
    # give 0 / 0, counts as beside it or within by a hair.
    slope = 1.0 / np.where(d == 0.0, 1e-300, d)
    enter, leave = np.full((len(o), len(lo)), -np.inf), np.full((len(o), len(lo)), np.inf)
    for k in range(o.shape[2]):
        a = (lo[:, k] - o[..., k]) * slope[..., k]
        b = (hi[:, k] - o[..., k]) * slope[..., k]
        np.maximum(enter, np.minimum(a, b), out=enter)
        np.minimum(leave, np.maximum(a, b), out=leave)
    return enter, leave


def _through_cylinders(
    o: Float64[np.ndarray, "N 1 3"], d: Float64[np.ndarray, "N 1 3"], cylinders: Float64[np.ndarray, "C 5"]
) -> tuple[Float64[np.ndarray, "N C"], Float64[np.ndarray, "N C"]]:
    x, y = (o[..., k] - cylinders[:, k] for k in range(2))
    along = x * d[..., 0] + y * d[..., 1]
    enter, leave = _quadratic((d[..., :2] ** 2).sum(-1), along, x**2 + y**2 - cylinders[:, 2] ** 2)
    z_enter, z_leave = _slabs(o[..., 2:], d[..., 2:], cylinders[:, 3:4], cylinders[:, 4:5])
    return np.maximum(enter, z_enter), np.minimum(leave, z_leave)


def _through_spheres(
    o: Float64[np.ndarray, "N 1 3"], d: Float64[np.ndarray, "N 1 3"], spheres: Float64[np.ndarray, "S 4"]
) -> tuple[Float64[np.ndarray, "N S"], Float64[np.ndarray, "N S"]]:
    x, y, z = (o[..., k] - spheres[:, k] for k in range(3))
    along = x * d[..., 0] + y * d[..., 1] + z * d[..., 2]
    return _quadratic(np.ones(o.shape[:2]), along, x**2 + y**2 + z**2 - spheres[:, 3] ** 2)


def _quadratic(
    a: Float64[np.ndarray, "N 1"], half_b: Float64[np.ndarray, "N K"], c: Float64[np.ndarray, "N K"]
) -> tuple[Float64[np.ndarray, "N K"], Float64[np.ndarray, "N K"]]:
    """Where a t^2 + 2 b t + c <= 0: an empty interval is (inf, -inf); a = 0 leaves c to decide for the whole line."""
    discriminant = half_b**2 - a * c
    root = np.sqrt(np.maximum(discriminant, 0.0))
    line = np.abs(a) < 1e-14
    enter = np.where(line, -np.inf, (-half_b - root) / a)
    leave = np.where(line, np.inf, (-half_b + root) / a)
    miss = np.where(line, c > 0, discriminant < 0)
    return np.where(miss, np.inf, enter), np.where(miss, -np.inf, leave)


def _length(v: Float64[np.ndarray, "*B 3"]) -> Float64[np.ndarray, " *B"]:
    length: np.ndarray = np.sqrt((v**2).sum(-1))
    return length
