"""Where furniture stands: a floor plan that keeps its pieces apart, and walls that remember what hangs on them."""

import math
from dataclasses import dataclass, field, replace

import numpy as np

from camera_motion.generator.scenes.walls import Opening, Wall, walls_of


@dataclass(frozen=True)
class Item:
    """A piece of furniture: its middle on the floor, its yaw (0 faces +y), and width, depth, height when unturned.

    `index` counts the pieces of one kind and names their random streams; `base_m` is the height it stands at.
    """

    kind: str
    x_m: float
    y_m: float
    yaw_deg: float
    size_m: tuple[float, float, float]
    index: int = 0
    variant: str = ""
    base_m: float = 0.0

    @property
    def square(self) -> bool:
        """Whether its sides run along the walls."""
        return abs(self.yaw_deg / 90 - round(self.yaw_deg / 90)) < 1e-9

    @property
    def half_m(self) -> tuple[float, float]:
        """Half its extent along x and y; of a turned piece, the radius of the circle around it."""
        width, depth = self.size_m[0] / 2, self.size_m[1] / 2
        if not self.square:
            reach = math.hypot(width, depth)
            return reach, reach
        return (width, depth) if round(self.yaw_deg / 90) % 2 == 0 else (depth, width)

    def ahead(self, distance_m: float, aside_m: float = 0.0) -> tuple[float, float]:
        """Find the floor point this far in front of its middle, and this far to its own left."""
        c, s = math.cos(math.radians(self.yaw_deg)), math.sin(math.radians(self.yaw_deg))
        return self.x_m - s * distance_m - c * aside_m, self.y_m + c * distance_m - s * aside_m


@dataclass(frozen=True)
class Picture:
    """A framed painting: its middle on a wall, its outer size, and what is painted."""

    wall: int
    along_m: float
    centre_m: float
    width_m: float
    height_m: float
    style: str
    index: int


@dataclass
class Plan:
    """A floor plan while it is being drawn. A piece that would crowd another, or a door, is refused."""

    width_m: float
    depth_m: float
    openings: tuple[Opening, ...] = ()
    clear_m: float = 0.24
    items: list[Item] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    _taken: list[list[tuple[float, float, float]]] = field(default_factory=lambda: [[], [], [], []])

    def __post_init__(self) -> None:
        self._walls = walls_of(self.width_m, self.depth_m)

    @property
    def walls(self) -> tuple[Wall, Wall, Wall, Wall]:
        """The four walls."""
        return self._walls

    def count(self, kind: str) -> int:
        """How many pieces of this kind stand already."""
        return sum(item.kind == kind for item in self.items)

    def fits(self, item: Item, margin_m: float = 0.25) -> bool:
        """Whether `item` stands inside the room, clear of other pieces and of the swing of doors."""
        hx, hy = item.half_m
        if abs(item.x_m) + hx > self.width_m / 2 + 1e-6 or abs(item.y_m) + hy > self.depth_m / 2 + 1e-6:
            return False
        for door in (o for o in self.openings if o.kind == "door"):
            x, y, _ = self.walls[door.wall].spot(door.along_m, 0.55, 0.0)
            reach = door.width_m / 2 + 0.15
            if abs(x - item.x_m) < hx + reach and abs(y - item.y_m) < hy + reach:
                return False
        for other in self.items:
            if other.base_m > 0 or other.kind == "rug":
                continue
            ox, oy = other.half_m
            if abs(item.x_m - other.x_m) < hx + ox + margin_m and abs(item.y_m - other.y_m) < hy + oy + margin_m:
                return False
        return True

    def put(self, item: Item, margin_m: float = 0.25) -> Item | None:
        """Add `item` if it fits, counted among its kind."""
        if not self.fits(item, margin_m):
            return None
        return self.add(item)

    def add(self, item: Item) -> Item:
        """Add `item` without asking: rugs, and things on top of others."""
        item = replace(item, index=self.count(item.kind))
        self.items.append(item)
        return item

    def against(
        self,
        kind: str,
        wall: int,
        along_m: float,
        size_m: tuple[float, float, float],
        variant: str = "",
        gap_m: float = 0.03,
    ) -> Item | None:
        """Stand a piece with its back to a wall, where the wall is free from the floor to its height."""
        half = size_m[0] / 2
        if not self.free(wall, along_m - half, along_m + half, 0.0, size_m[2]):
            return None
        x, y, _ = self.walls[wall].spot(along_m, size_m[1] / 2 + gap_m, 0.0)
        item = self.put(Item(kind, x, y, 90.0 * wall, size_m, variant=variant), -1e-6)
        if item is not None:
            self._taken[wall].append((along_m - half, along_m + half, size_m[2]))
        return item

    def free(self, wall: int, left_m: float, right_m: float, bottom_m: float, top_m: float) -> bool:
        """Whether a rectangle of wall is bare: inside the wall, off openings, above or beside what stands there."""
        if left_m < 0.05 or right_m > self.walls[wall].length_m - 0.05:
            return False
        for o in self.openings:
            beside = left_m < o.right_m + self.clear_m and o.left_m - self.clear_m < right_m
            if o.wall == wall and beside and o.bottom_m - 0.12 < top_m and bottom_m < o.top_m + 0.1:
                return False
        if any(a < right_m - 1e-6 and left_m + 1e-6 < b and bottom_m < top for a, b, top in self._taken[wall]):
            return False
        return not any(
            p.wall == wall
            and abs(p.along_m - (left_m + right_m) / 2) < (p.width_m + right_m - left_m) / 2 + 0.12
            and abs(p.centre_m - (bottom_m + top_m) / 2) < (p.height_m + top_m - bottom_m) / 2 + 0.1
            for p in self.pictures
        )

    def hang(self, picture: Picture) -> bool:
        """Hang a painting where the wall is free."""
        half_w, half_h = picture.width_m / 2, picture.height_m / 2
        if not self.free(
            picture.wall,
            picture.along_m - half_w,
            picture.along_m + half_w,
            picture.centre_m - half_h,
            picture.centre_m + half_h,
        ):
            return False
        self.pictures.append(replace(picture, index=len(self.pictures)))
        return True

    def gaps(self, wall: int) -> list[tuple[float, float]]:
        """List runs of wall (left, right) between its openings, longest first."""
        runs, left = [], 0.0
        for o in sorted((o for o in self.openings if o.wall == wall), key=lambda o: o.along_m):
            runs.append((left, o.left_m))
            left = o.right_m
        runs.append((left, self.walls[wall].length_m))
        return sorted(((float(a), float(b)) for a, b in runs if b - a > 0.5), key=lambda r: r[0] - r[1])


def spread(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a plain float between `low` and `high`, to the millimetre, so that parameters print well."""
    return round(float(rng.uniform(low, high)), 3)
