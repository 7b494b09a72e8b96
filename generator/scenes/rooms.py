"""Furnishing: what stands and hangs where in a living room, a library and a gallery."""

import math
from collections.abc import Callable

import numpy as np

from camera_motion.generator.scenes.layout import Item, Picture, Plan, spread
from camera_motion.generator.scenes.sculpture import SCULPTURES

STYLES = ("landscape", "sea", "colour field", "geometric", "gestural", "blossom")
_SCULPTURES = tuple(SCULPTURES)

#: The wall of the windows; the others are numbered against the clock as seen from above (walls.walls_of).
WINDOW_WALL = 0


def furnish(kind: str, plan: Plan, height_m: float, rng: np.random.Generator) -> None:
    """Fill `plan` as a room of this kind."""
    FURNISHERS[kind](plan, height_m, rng)
    _chandeliers(plan, kind, height_m, rng)


def living_room(plan: Plan, height_m: float, rng: np.random.Generator) -> None:
    """Seats around a hearth, a rug beneath them, books and pictures along the walls."""
    hearth_wall = int(rng.choice([1, 2, 3]))
    hearth = _hearth(plan, hearth_wall, height_m, rng)
    turn = 90.0 * hearth_wall
    reach = plan.depth_m if hearth_wall == 2 else plan.width_m
    away = min(spread(rng, 2.2, 2.7), reach * 0.42)
    middle = hearth.ahead(away) if hearth else (0.0, 0.0)
    table = Item("coffee table", *middle, turn, (spread(rng, 1.0, 1.35), spread(rng, 0.6, 0.75), 0.42))
    plan.add(Item("rug", *table.ahead(0.2), turn, (spread(rng, 2.9, 3.5), spread(rng, 2.1, 2.6), 0.012)))
    plan.put(table, 0.2)
    length = spread(rng, 1.9, 2.5)
    sofa = Item("sofa", *table.ahead(1.28), turn + 180, (length, 0.95, 0.84))
    plan.put(sofa, 0.2)
    for side in (-1, 1):
        angle = turn + 90 * side + spread(rng, -22, 22)
        x, y = table.ahead(spread(rng, -0.25, 0.1), side * -1.62)
        plan.put(Item("armchair", x, y, angle, (0.84, 0.86, 0.9)), 0.12)
        x, y = sofa.ahead(-0.15, side * (length / 2 + 0.42))
        small = Item("side table", x, y, turn, (0.48, 0.48, 0.56))
        if side < 0 or rng.random() < 0.5:
            plan.put(small, 0.06)
        else:
            plan.put(Item("floor lamp", x, y, 0.0, (0.5, 0.5, 1.62)), 0.06)
    far = _farthest(plan, middle)
    if max(plan.width_m, plan.depth_m) > 7.4:
        _dining(plan, far, rng)
    walls = [w for w in (2, 1, 3) if w != hearth_wall]
    _bookcases(plan, walls[int(rng.integers(len(walls)))], height_m, rng, most=int(rng.integers(2, 4)))
    for wall in walls:
        _sideboard(plan, wall, rng)
    _corners(plan, rng, ("plant", "plant", "floor lamp", "pedestal"))
    _pictures(plan, height_m, rng, walls=(2, 1, 3, 0), big=0.55)


def library(plan: Plan, height_m: float, rng: np.random.Generator) -> None:
    """Walls of books, a long table with lamps, a globe, and chairs by the windows."""
    turn = 0.0 if plan.width_m >= plan.depth_m else 90.0
    room = max(plan.width_m, plan.depth_m)
    hearth_wall = int(rng.choice([1, 3])) if rng.random() < 0.55 else -1
    if hearth_wall > 0:
        _hearth(plan, hearth_wall, height_m, rng)
    for wall in (2, 1, 3):
        _bookcases(plan, wall, height_m, rng, most=20)
    x, y = spread(rng, -0.3, 0.3), spread(rng, -0.1, 0.3)
    length = min(spread(rng, 2.2, 3.2), room * 0.34)
    table = Item("table", x, y, turn, (length, spread(rng, 1.0, 1.2), 0.77), variant="reading")
    plan.add(Item("rug", x, y, turn, (length + 1.9, 2.9, 0.012)))
    plan.put(table, 0.2)
    _chairs(plan, table, rng, chance=0.8)
    plan.put(Item("globe", *table.ahead(spread(rng, 0.0, 0.4), length / 2 + 1.0), 0.0, (0.66, 0.66, 1.12)), 0.2)
    other = table.ahead(spread(rng, -0.3, 0.3), -(length / 2 + 1.3))
    plan.put(Item("pedestal", *other, 0.0, (0.42, 0.42, 1.0), variant=str(rng.choice(_SCULPTURES))), 0.3)
    for side in (-1, 1):
        along = side * plan.width_m * spread(rng, 0.24, 0.3)
        y = -plan.depth_m / 2 + spread(rng, 1.0, 1.25)
        chair = Item("armchair", along, y, side * spread(rng, 20, 60), (0.84, 0.86, 0.95), variant="wing")
        if plan.put(chair, 0.2):
            plan.put(Item("side table", along - side * 0.95, y - 0.1, 0.0, (0.48, 0.48, 0.58)), 0.06)
    _corners(plan, rng, ("plant", "floor lamp", "pedestal", "plant"))
    _pictures(plan, height_m, rng, walls=(2, 1, 3, 0), big=0.4)


def gallery(plan: Plan, height_m: float, rng: np.random.Generator) -> None:
    """Large paintings, sculpture on pedestals in open rows, benches between them."""
    rows = (0.0,) if plan.depth_m < 8.5 else (-plan.depth_m * 0.17, plan.depth_m * 0.2)
    columns = max(2, int((plan.width_m - 2.4) / 2.9))
    step = (plan.width_m - 2.6) / columns
    names = [str(n) for n in rng.permutation(_SCULPTURES)]
    if rng.random() < 0.6:
        size = (plan.width_m * spread(rng, 0.45, 0.6), min(plan.depth_m * 0.42, 3.4), 0.012)
        plan.add(Item("rug", 0.0, 0.0, 0.0, size))
    for row, y in enumerate(rows):
        for column in range(columns):
            x = (column + 0.5 - columns / 2) * step + spread(rng, -0.25, 0.25)
            if (row + column) % 2 == 0:
                variant = names[(row * columns + column) % len(names)]
                side = spread(rng, 0.44, 0.56)
                plan.put(
                    Item(
                        "pedestal",
                        x,
                        y + spread(rng, -0.2, 0.2),
                        0.0,
                        (side, side, spread(rng, 0.85, 1.1)),
                        variant=variant,
                    ),
                    0.8,
                )
            else:
                plan.put(Item("bench", x, y, 0.0, (spread(rng, 1.5, 1.9), 0.52, 0.46)), 0.7)
    for left, right in plan.gaps(WINDOW_WALL):
        if right - left > 0.9:
            kind = str(rng.choice(["pedestal", "console", "plant", ""]))
            if kind == "pedestal":
                size, variant = (0.44, 0.44, spread(rng, 0.95, 1.1)), str(rng.choice(_SCULPTURES))
                plan.against("pedestal", WINDOW_WALL, (left + right) / 2, size, variant)
            elif kind == "console" and right - left > 1.3:
                plan.against("sideboard", WINDOW_WALL, (left + right) / 2, (1.1, 0.4, 0.84), "console")
            elif kind == "plant":
                plan.against("plant", WINDOW_WALL, (left + right) / 2, (0.7, 0.7, spread(rng, 1.3, 1.7)))
    _pictures(plan, height_m, rng, walls=(2, 1, 3), big=1.5)
    _corners(plan, rng, ("plant", "pedestal", "plant", "pedestal"))


FURNISHERS: dict[str, Callable[[Plan, float, np.random.Generator], None]] = {
    "living room": living_room,
    "library": library,
    "gallery": gallery,
}


def _chandeliers(plan: Plan, kind: str, height_m: float, rng: np.random.Generator) -> None:
    """Hang chandeliers where heads stay clear of them."""
    if kind == "gallery" or height_m < 3.2:
        return
    size = spread(rng, 0.95, 1.3)
    hang = min(height_m - 2.35, 1.5)
    x, y = (0.0, 0.0) if kind == "library" else (spread(rng, -0.3, 0.3), spread(rng, -0.3, 0.3))
    spots = (x,) if plan.width_m < 9 else (x - plan.width_m / 4, x + plan.width_m / 4)
    for at in spots:
        plan.add(Item("chandelier", at, y, 0.0, (size, size, round(hang, 3)), base_m=round(height_m - hang, 3)))


def _hearth(plan: Plan, wall: int, height_m: float, rng: np.random.Generator) -> Item | None:
    size = (spread(rng, 1.7, 2.1), 0.42, spread(rng, 1.16, 1.3))
    for left, right in plan.gaps(wall):
        if right - left > size[0] + 0.8:
            item = plan.against("fireplace", wall, (left + right) / 2, size, gap_m=0.0)
            if item is not None:
                tall = min(height_m - size[2] - 0.75, spread(rng, 1.0, 1.35))
                wide = min(size[0] * 0.85, tall * spread(rng, 1.0, 1.4))
                style = str(rng.choice(STYLES[:2]))
                plan.hang(Picture(wall, (left + right) / 2, size[2] + 0.3 + tall / 2, wide, tall, style, 0))
                return item
    return None


def _dining(plan: Plan, centre: tuple[float, float], rng: np.random.Generator) -> None:
    turn = 0.0 if plan.width_m < plan.depth_m else 90.0
    table = Item("table", *centre, turn, (spread(rng, 1.5, 1.9), 0.92, 0.75), variant="dining")
    if plan.put(table, 0.75):
        _chairs(plan, table, rng, chance=1.0)


def _chairs(plan: Plan, table: Item, rng: np.random.Generator, chance: float) -> None:
    length, depth, _ = table.size_m
    count = max(2, int(length / 0.72))
    for side in (1, -1):
        for k in range(count):
            aside = ((k + 0.5) / count - 0.5) * length * 0.94
            x, y = table.ahead(side * (depth / 2 + spread(rng, 0.2, 0.3)), aside)
            if rng.random() < chance:
                plan.put(Item("chair", x, y, table.yaw_deg + (180 if side > 0 else 0), (0.46, 0.5, 0.94)), 0.0)


def _farthest(plan: Plan, point: tuple[float, float]) -> tuple[float, float]:
    inset = 1.55
    corners = [
        (sx * (plan.width_m / 2 - inset), sy * (plan.depth_m / 2 - inset)) for sx in (-1, 1) for sy in (-1, 0, 1)
    ]
    return max(corners, key=lambda c: math.dist(c, point))


def _bookcases(plan: Plan, wall: int, height_m: float, rng: np.random.Generator, most: int) -> None:
    tall = min(height_m - 0.5, spread(rng, 2.25, 3.1))
    made = 0
    for left, right in plan.gaps(wall):
        run = right - left - 0.36
        count = min(int(run / 1.0), most - made)
        if count < 1:
            continue
        width = run / count if most > 5 else min(run / count, 1.25)
        start = (left + right) / 2 - width * count / 2
        for k in range(count):
            made += (
                plan.against("bookcase", wall, start + (k + 0.5) * width, (width, 0.36, tall), gap_m=0.0) is not None
            )


def _sideboard(plan: Plan, wall: int, rng: np.random.Generator) -> None:
    size = (spread(rng, 1.4, 1.8), 0.45, spread(rng, 0.78, 0.9))
    for left, right in plan.gaps(wall):
        for share in (0.5, 0.3, 0.7):
            if plan.against(
                "sideboard", wall, left + (right - left) * share, size, str(rng.choice(["cabinet", "console"]))
            ):
                return


def _corners(plan: Plan, rng: np.random.Generator, kinds: tuple[str, ...]) -> None:
    order = rng.permutation(4)
    for kind, corner in zip(kinds, order, strict=True):
        sx, sy = ((-1, -1), (1, -1), (1, 1), (-1, 1))[int(corner)]
        if kind == "pedestal":
            size, variant = (0.42, 0.42, 1.02), str(rng.choice(_SCULPTURES))
        elif kind == "plant":
            wide = spread(rng, 0.75, 0.95)
            size, variant = (wide, wide, spread(rng, 1.35, 1.9)), str(rng.choice(["palm", "ball"]))
        else:
            size, variant = (0.5, 0.5, 1.62), ""
        inset = size[0] / 2 + 0.16
        x, y = sx * (plan.width_m / 2 - inset), sy * (plan.depth_m / 2 - inset)
        plan.put(Item(kind, x, y, 0.0, size, variant=variant), 0.08)


def _pictures(plan: Plan, height_m: float, rng: np.random.Generator, walls: tuple[int, ...], big: float) -> None:
    """Hang as many as fit, at eye height where the wall is free to the floor, else above what stands."""
    middle = min(1.62 + 0.09 * big, height_m / 2)
    styles = [str(style) for style in rng.permutation(STYLES)]
    for wall in walls:
        for left, right in plan.gaps(wall):
            cursor = left + 0.35
            while cursor < right - 0.6:
                wide = spread(rng, 0.6, 0.95) + big * spread(rng, 0.1, 1.35)
                tall = min(wide * spread(rng, 0.68, 1.25), height_m - 1.6)
                placed = False
                for shrink, raise_m in ((1.0, 0.0), (0.75, 0.0), (0.7, 0.35), (0.5, 0.0), (0.5, 0.5)):
                    w, h = round(wide * shrink, 3), round(tall * shrink, 3)
                    centre = max(middle, 1.03 + h / 2) + raise_m
                    if cursor + w > right - 0.2 or centre + h / 2 > height_m - 0.45:
                        continue
                    picture = Picture(
                        wall, cursor + w / 2, round(centre, 3), w, h, styles[len(plan.pictures) % len(styles)], 0
                    )
                    if plan.hang(picture):
                        cursor += w + spread(rng, 0.3, 0.55)
                        placed = True
                        break
                if not placed:
                    cursor += 0.2
