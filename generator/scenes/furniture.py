"""What else furnishes a room, each piece in its own frame (front towards +y), and the table of all pieces."""

import math
from collections.abc import Callable

import numpy as np

from camera_motion.generator.materials import srgb
from camera_motion.generator.materials.interior import Finishes
from camera_motion.generator.materials.paper import book_height, books, world_map
from camera_motion.generator.scenes.brush import Brush
from camera_motion.generator.scenes.layout import Item
from camera_motion.generator.scenes.sculpture import SCULPTORS
from camera_motion.generator.scenes.seating import bench, chair, sofa
from camera_motion.generator.scenes.tables import coffee_table, side_table, sideboard, table
from camera_motion.generator.scenes.tabletop import candlestick, lampshade, stack, vase

Draw = Callable[[Brush, Item, Finishes, np.random.Generator], None]


def bookcase(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a tall case with every shelf full of books, but for a few vases."""
    w, d, h = item.size_m
    wood = f.case
    side = 0.035
    brush.box((-w / 2, -d / 2, 0.0), (-w / 2 + side, d / 2 - 0.01, h - 0.06), wood, "xXY")
    brush.box((w / 2 - side, -d / 2, 0.0), (w / 2, d / 2 - 0.01, h - 0.06), wood, "xXY")
    brush.box((-w / 2 - 0.0, -d / 2, h - 0.1), (w / 2 + 0.0, d / 2, h), wood, "xXYzZ")
    brush.box((-w / 2, -d / 2, 0.0), (w / 2, d / 2, 0.1), wood, "xXYZ")
    brush.quad((w / 2 - side, -d / 2 + 0.02, 0.1), (-(w - 2 * side), 0, 0), (0, 0, h - 0.2), wood)
    rows = max(2, round((h - 0.2) / 0.36))
    step = (h - 0.2) / rows
    for row in range(rows):
        z = 0.1 + row * step
        if row:
            brush.box((-w / 2 + side, -d / 2 + 0.02, z - 0.024), (w / 2 - side, d / 2 - 0.03, z), wood, "YzZ")
        if rng.random() < 0.1 and row > 1:
            for x in (-w * 0.25, 0.0, w * 0.26):
                brush_vase = brush.at((x, 0.0, z))
                vase(
                    brush_vase,
                    f.ceramics[int(rng.integers(len(f.ceramics)))],
                    step * float(rng.uniform(0.5, 0.78)),
                    rng,
                )
            continue
        _row_of_books(brush.at((0.0, d / 2 - 0.055, z)), w - 2 * side, step - 0.05, item.index * 100 + row, f, d - 0.1)


def _row_of_books(brush: Brush, width: float, tall: float, seed: int, f: Finishes, depth: float) -> None:
    """Spines from right to left as seen from behind, at y = 0, their tops going back into the shelf."""
    top = min(0.12, depth)
    run = tall + top

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        s, t = u * width, v * run
        high, back = book_height(s, seed, tall)
        over = np.maximum(t - high, 0.0)
        return np.stack([width / 2 - s, -back - over, np.minimum(t, high)], 1)

    brush.patch(surface, (width, run), books(seed, tall, f.book_palette), (max(8, int(width / 0.035)), 10))


def fireplace(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a stone mantel around a brick hearth with logs in it."""
    w, d, h = item.size_m
    stone = f.marble
    jamb, open_h = 0.3, h - 0.34
    y1 = d / 2 - 0.12
    for side in (-1, 1):
        a, b = sorted((side * w / 2 * 0.94, side * (w / 2 * 0.94 - jamb)))
        brush.box((a, -d / 2, 0.0), (b, y1, h - 0.1), stone, "xXY")
        brush.box((a - 0.015, -d / 2, 0.0), (b + 0.015, y1 + 0.03, 0.14), stone, "xXYZ")
        brush.soft((a + 0.06, y1 - 0.01, 0.24), (b - 0.06, y1 + 0.02, h - 0.42), 0.012, stone, faces="xXYzZ")
        brush.soft((a - 0.01, -d / 2, h - 0.32), (b + 0.01, y1 + 0.03, h - 0.1), 0.01, stone, faces="xXYz")
    brush.box((-w / 2 * 0.94 + jamb, -d / 2, open_h), (w / 2 * 0.94 - jamb, y1, h - 0.1), stone, "Yz")
    brush.soft((-w * 0.2, y1 - 0.01, open_h + 0.05), (w * 0.2, y1 + 0.018, h - 0.13), 0.012, stone, faces="xXYzZ")
    brush.soft((-w / 2, -d / 2, h - 0.1), (w / 2, d / 2 - 0.02, h - 0.05), 0.014, stone, faces="xXYz")
    brush.soft((-w / 2 + 0.0, -d / 2, h - 0.055), (w / 2 - 0.0, d / 2, h), 0.01, stone, faces="xXYzZ")
    x0, x1 = -w / 2 * 0.94 + jamb, w / 2 * 0.94 - jamb
    brush.quad((x1, -d / 2 + 0.012, 0.0), (x0 - x1, 0, 0), (0, 0, open_h), f.soot)
    brush.quad((x0, y1, 0.02), (0, -(y1 + d / 2), 0), (0, 0, open_h), f.soot)
    brush.quad((x1, -d / 2, 0.02), (0, y1 + d / 2, 0), (0, 0, open_h), f.soot)
    brush.box((x0, -d / 2, 0.0), (x1, d / 2, 0.02), f.soot, "XxYZ")
    for k in range(5):
        x, z = (k % 3 - 1) * 0.13 + float(rng.uniform(-0.03, 0.03)), 0.09 + 0.09 * (k // 3)
        turn = float(rng.uniform(-0.12, 0.12))
        brush.rod((x - 0.22, -0.05 + turn, z), (x + 0.22, -0.05 - turn, z + 0.02), 0.045, f.bark, 0.04, 10)
    for side in (-1, 1):
        candlestick(brush.at((side * w * 0.36, -0.02, h)), f)
    vase(brush.at((w * 0.2, -0.02, h)), f.ceramics[0], 0.26, rng)
    stack(brush.at((-w * 0.18, -0.03, h)), f, rng, 3, lying=True)


def globe(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a standing globe in a meridian ring."""
    r, h = item.size_m[0] / 2 - 0.03, item.size_m[2]
    centre = h - r - 0.03
    x, y, z = brush.world(np.array([(0.0, 0.0, centre)]))[0]
    chart = world_map((float(x), float(y), float(z)), r - 0.04)
    brush.ball((0, 0, centre), (r - 0.04, r - 0.04, r - 0.04), chart, 28)
    angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    ring = np.stack([np.cos(angle) * r * 0.97, 0 * angle, centre + np.sin(angle) * r * 0.97], 1)
    brush.bent(ring, 0.013, f.brass, closed=True)
    brush.lathe(
        (0, 0, centre - 0.015), [(r - 0.015, 0.0), (r + 0.03, 0.0), (r + 0.03, 0.03), (r - 0.015, 0.03)], f.wood, 28
    )
    for k in range(4):
        a = k * math.pi / 2 + math.pi / 4
        x, y = math.cos(a), math.sin(a)
        brush.turned(
            (x * r * 0.93, y * r * 0.93, 0.0),
            [
                (0.02, 0),
                (0.03, 0.03),
                (0.018, 0.1),
                (0.028, 0.3),
                (0.02, 0.45),
                (0.03, centre - 0.04),
                (0.03, centre - 0.015),
            ],
            f.wood,
            10,
            3,
        )
        brush.rod((0, 0, 0.16), (x * r * 0.9, y * r * 0.9, 0.14), 0.016, f.wood)


def plant(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a potted plant: arching fronds, or a clipped ball on a stem."""
    w, _, h = item.size_m
    pot = f.ceramics[2] if item.index % 2 else f.terracotta
    r = 0.2
    brush.lathe(
        (0, 0, 0),
        [
            (r * 0.7, 0.0),
            (r * 0.74, 0.02),
            (r * 0.95, 0.3),
            (r, 0.31),
            (r, 0.36),
            (r * 0.93, 0.36),
            (r * 0.9, 0.31),
            (0.01, 0.31),
        ],
        pot,
        24,
    )
    _leaves(brush.at((0, 0, 0.31)), item.variant or "palm", w / 2, h - 0.31, f, rng)


def _leaves(brush: Brush, kind: str, radius_m: float, tall_m: float, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a house plant from the rim of its pot: arching fronds ("palm") or a clipped ball on a stem ("ball")."""
    green = (srgb(44, 78, 34), srgb(112, 146, 62))
    if kind == "palm":
        for k in range(22):
            turn, reach = 2.4 * k + float(rng.uniform(-0.3, 0.3)), radius_m * float(rng.uniform(0.55, 0.95))
            top = tall_m * float(rng.uniform(0.55, 0.98))
            t = np.linspace(0.02, 1, 26)
            out, up = reach * t**1.35, top * (1.55 * t - 0.62 * t**2.4)
            spine = np.stack([out * math.cos(turn), out * math.sin(turn), up], 1)
            heading = np.gradient(spine, axis=0)
            heading /= np.linalg.norm(heading, axis=1, keepdims=True)
            side = np.array([-math.sin(turn), math.cos(turn), 0.0])
            feet = np.repeat(spine[5:], 2, 0)
            sign = np.tile([1.0, -1.0], len(spine) - 5)[:, None]
            along = sign * side * 0.85 + np.repeat(heading[5:], 2, 0) * 0.75 - (0, 0, 0.18)
            length = 0.2 * radius_m / 0.42 * np.repeat(np.sin(np.pi * (0.15 + 0.85 * t[5:])) + 0.12, 2)
            brush.model.blades(
                brush.world(feet), brush.world(along) - brush.world(0 * along), length, 0.026, *green, rng, shadows=True
            )
            brush.bent(spine[::5], 0.007, f.bark, 0.002, sides=5)
        return
    # A clipped ball on a stem.
    ball = min(radius_m * 0.82, tall_m * 0.36)
    middle = tall_m - ball
    brush.bent(np.array([(0, 0, 0), (0.012, 0.006, middle * 0.5), (0, 0, middle)]), 0.016, f.bark, sides=8)
    brush.ball((0, 0, middle), (ball * 0.82, ball * 0.82, ball * 0.82), f.hedge)
    count = int(15000 * ball**2 / 0.1)
    away = rng.normal(size=(count, 3))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    points = np.array([0.0, 0.0, middle]) + away * ball * rng.uniform(0.8, 1.0, (count, 1))
    brush.model.foliage(
        brush.world(points), brush.turned_by(away), 0.017, *green, rng, slender=0.62, tumble=0.5, lift=0.3
    )


def pedestal(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a plinth with a sculpture on it; the sculpture rises above the item's own height."""
    w, d, h = item.size_m
    body = f.plinths[item.index % len(f.plinths)]
    brush.soft((-w / 2, -d / 2, 0.0), (w / 2, d / 2, 0.1), 0.006, body, faces="xXyYZ")
    brush.box((-w / 2 + 0.03, -d / 2 + 0.03, 0.1), (w / 2 - 0.03, d / 2 - 0.03, h - 0.06), body, "xXyY")
    brush.soft(
        (-w / 2 + 0.005, -d / 2 + 0.005, h - 0.06), (w / 2 - 0.005, d / 2 - 0.005, h), 0.006, body, faces="xXyYzZ"
    )
    SCULPTORS[item.variant or "urn"](brush.at((0.0, 0.0, h), float(rng.uniform(0, 360))), f, rng)


def floor_lamp(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a standing lamp."""
    h = item.size_m[2]
    brush.turned(
        (0, 0, 0), [(0.15, 0.0), (0.15, 0.02), (0.05, 0.035), (0.018, 0.06), (0.012, 0.3), (0.012, h - 0.2)], f.brass
    )
    lampshade(brush.at((0, 0, h - 0.36)), 0.24, 0.15, 0.34, f)


def chandelier(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a brass chandelier that hangs from the top of its own height."""
    r, h = item.size_m[0] / 2, item.size_m[2]
    brush.rod((0, 0, 0.5), (0, 0, h), 0.009, f.brass)
    brush.turned((0, 0, h - 0.05), [(0.01, -0.04), (0.04, -0.02), (0.07, 0.04)], f.brass, 14, 3)
    body = [
        (0.012, 0.0),
        (0.03, 0.03),
        (0.075, 0.1),
        (0.03, 0.18),
        (0.02, 0.26),
        (0.05, 0.34),
        (0.03, 0.42),
        (0.012, 0.52),
    ]
    brush.turned((0, 0, 0), body, f.brass, 18, 4)
    t = np.linspace(0, 1, 16)
    out, up = 0.03 + (r - 0.09) * t, 0.2 - 0.17 * np.sin(np.pi * t * 0.95) + 0.06 * t
    for k in range(8):
        a = 2 * math.pi * k / 8
        arm = np.stack([out * math.cos(a), out * math.sin(a), up], 1)
        brush.bent(arm, 0.01, f.brass, sides=6)
        x, y, z = arm[-1]
        brush.lathe((x, y, z), [(0.01, -0.02), (0.045, 0.0), (0.048, 0.012), (0.015, 0.012)], f.brass, 12)
        brush.lathe((x, y, z + 0.012), [(0.012, 0.0), (0.012, 0.1), (0.002, 0.104)], f.wax, 8)
        brush.ball((x, y, z + 0.137), (0.009, 0.009, 0.024), f.wax, 8, (2.2, 1.3, 0.5))
    ring = 2 * np.pi * np.arange(24) / 24
    brush.bent(
        np.stack([0.6 * r * np.cos(ring), 0.6 * r * np.sin(ring), 0 * ring + 0.1], 1), 0.007, f.brass, closed=True
    )


def rug(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a woven carpet, its pattern centred."""
    w, d, h = item.size_m
    brush.box((-w / 2, -d / 2, 0.0), (w / 2, d / 2, h), f.rug(w, d, item.index), "xXyY")
    brush.quad((-w / 2, -d / 2, h), (w, 0, 0), (0, d, 0), f.rug(w, d, item.index), tex=(-w / 2, -d / 2))
    for side in (-1, 1):
        x = side * w / 2
        count = int(d / 0.035)
        y = (np.arange(count) + 0.5) / count * d - d / 2
        feet = brush.world(np.stack([np.full(count, x), y, np.full(count, 0.008)], 1))
        ends = brush.world(np.stack([np.full(count, x + side), y + rng.normal(0, 0.15, count), np.full(count, 0.0)], 1))
        brush.model.blades(feet, ends - feet, np.full(count, 0.07), 0.012, (0.5, 0.44, 0.33), (0.62, 0.55, 0.42), rng)


DRAW: dict[str, Draw] = {
    "sofa": sofa,
    "armchair": sofa,
    "coffee table": coffee_table,
    "side table": side_table,
    "table": table,
    "chair": chair,
    "bookcase": bookcase,
    "sideboard": sideboard,
    "fireplace": fireplace,
    "globe": globe,
    "plant": plant,
    "pedestal": pedestal,
    "bench": bench,
    "floor lamp": floor_lamp,
    "rug": rug,
    "chandelier": chandelier,
}
