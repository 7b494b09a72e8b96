"""Furniture, each piece drawn in its own frame: middle of its footprint at the origin, front towards +y."""

import math
from collections.abc import Callable

import numpy as np

from camera_motion.generator.materials.furnishing import book_height, books, world_map
from camera_motion.generator.materials.interior import Finishes
from camera_motion.generator.scenes.brush import Brush
from camera_motion.generator.scenes.layout import Item
from camera_motion.generator.scenes.ornament import (
    SCULPTORS,
    bouquet,
    bowl_of_fruit,
    candlestick,
    lampshade,
    leaves,
    vase,
)

Draw = Callable[[Brush, Item, Finishes, np.random.Generator], None]


def sofa(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a sofa or an armchair: frame, seat and back cushions, throw pillows."""
    w, d, h = item.size_m
    single = item.kind == "armchair"
    cloth = f.fabrics[(item.index + (2 if single else 0)) % len(f.fabrics)]
    arm, high = (0.14, 0.6) if single else (0.2, 0.62)
    wing = item.variant == "wing"
    for x in (-w / 2 + 0.07, w / 2 - 0.07):
        for y in (-d / 2 + 0.07, d / 2 - 0.08):
            brush.rod((x, y, 0.0), (x, y, 0.13), 0.018, f.wood, 0.028)
    brush.soft((-w / 2 + 0.02, -d / 2 + 0.02, 0.11), (w / 2 - 0.02, d / 2 - 0.03, 0.3), 0.03, cloth, faces="xXyY")
    for side in (-1, 1):
        inner, outer = side * (w / 2 - arm), side * w / 2
        lo, hi = min(inner, outer), max(inner, outer)
        brush.soft((lo, -d / 2 + 0.01, 0.11), (hi, d / 2 - 0.005, high), 0.06, cloth, 0.006)
        if wing:
            brush.soft((lo + 0.01, -d / 2 + 0.02, high - 0.1), (hi - 0.01, -d / 2 + 0.36, h - 0.06), 0.05, cloth, 0.01)
    brush.soft((-w / 2 + arm * 0.6, -d / 2, 0.11), (w / 2 - arm * 0.6, -d / 2 + 0.22, h), 0.07, cloth, 0.006)
    seats = max(1, round((w - 2 * arm) / 0.68))
    step = (w - 2 * arm) / seats
    for k in range(seats):
        x = -w / 2 + arm + k * step
        brush.soft((x + 0.004, -d / 2 + 0.17, 0.29), (x + step - 0.004, d / 2, 0.46), 0.05, cloth, 0.022, "xXyYZ")
        lean = brush.at((x + step / 2, -d / 2 + 0.3, 0.47), pitch_deg=-9)
        brush_top = h - 0.47 + (0.0 if wing else 0.015)
        lean.soft((-step / 2 + 0.006, -0.09, -0.02), (step / 2 - 0.006, 0.09, brush_top - 0.02), 0.07, cloth, 0.03)
    spots = [0.0] if single else [-w / 2 + arm + 0.2, w / 2 - arm - 0.22, w / 2 - arm - 0.5]
    for k, x in enumerate(spots):
        if single and rng.random() < 0.4:
            continue
        size = rng.uniform(0.4, 0.46) if not single else 0.38
        tilt = brush.at((x, -d / 2 + 0.5, 0.46 + size / 2), pitch_deg=-20 - 4 * k, roll_deg=float(rng.uniform(-12, 12)))
        cover = f.cushions[int(rng.integers(len(f.cushions)))]
        tilt.soft((-size / 2, -0.055, -size / 2), (size / 2, 0.055, size / 2), 0.05, cover, 0.045, "yYxXzZ")


def coffee_table(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a low table with a shelf, and things on it."""
    w, d, h = item.size_m
    top = f.marble if item.index % 2 else f.wood
    brush.soft((-w / 2, -d / 2, h - 0.045), (w / 2, d / 2, h), 0.008, top, faces="xXyYZz")
    for x in (-w / 2 + 0.06, w / 2 - 0.06):
        for y in (-d / 2 + 0.06, d / 2 - 0.06):
            brush.box((x - 0.022, y - 0.022, 0.0), (x + 0.022, y + 0.022, h - 0.045), f.wood)
    brush.box((-w / 2 + 0.05, -d / 2 + 0.05, 0.12), (w / 2 - 0.05, d / 2 - 0.05, 0.14), f.wood, "xXyYZz")
    stack(brush.at((-w * 0.2, 0.02, h)), f, rng, 3, lying=True)
    stack(brush.at((w * 0.12, -0.05, 0.14)), f, rng, 4, lying=True)
    if rng.random() < 0.5:
        bowl_of_fruit(brush.at((w * 0.22, 0.0, h)), f, rng)
    else:
        vase(brush.at((w * 0.25, 0.0, h)), f.ceramics[0], 0.24, rng)
        bouquet(brush.at((w * 0.25, 0.0, h + 0.22)), 0.16, rng)


def side_table(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a round table on one leg, with a lamp or a vase."""
    r, h = item.size_m[0] / 2, item.size_m[2]
    brush.lathe((0, 0, h - 0.03), [(r - 0.01, 0.0), (r, 0.008), (r, 0.024), (r - 0.006, 0.03), (0.004, 0.03)], f.wood)
    brush.turned(
        (0, 0, 0),
        [(0.16, 0.0), (0.16, 0.02), (0.05, 0.05), (0.025, 0.2), (0.04, 0.3), (0.02, 0.4), (0.06, h - 0.03)],
        f.wood,
    )
    if rng.random() < 0.65:
        table_lamp(brush.at((0, 0, h)), f, rng)
    else:
        vase(brush.at((0, 0, h)), f.ceramics[1], 0.26, rng)
        bouquet(brush.at((0, 0, h + 0.24)), 0.15, rng)


def table(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a dining or a reading table and what lies on it."""
    w, d, h = item.size_m
    brush.soft((-w / 2, -d / 2, h - 0.045), (w / 2, d / 2, h), 0.01, f.wood, faces="xXyYZz")
    brush.box((-w / 2 + 0.1, -d / 2 + 0.1, h - 0.14), (w / 2 - 0.1, d / 2 - 0.1, h - 0.045), f.wood, "xXyY")
    profile = [
        (0.03, 0.0),
        (0.042, 0.03),
        (0.03, 0.08),
        (0.026, 0.12),
        (0.05, 0.3),
        (0.042, 0.42),
        (0.03, 0.5),
        (0.045, 0.53),
        (0.045, h - 0.14),
    ]
    for x in (-w / 2 + 0.13, w / 2 - 0.13):
        for y in (-d / 2 + 0.13, d / 2 - 0.13):
            brush.turned((x, y, 0.0), profile, f.wood, 12, 4)
            brush.box((x - 0.045, y - 0.045, h - 0.17), (x + 0.045, y + 0.045, h - 0.05), f.wood, "xXyY")
    if item.variant == "reading":
        for x in np.linspace(-w * 0.3, w * 0.3, 2):
            table_lamp(brush.at((float(x), 0.0, h)), f, rng, 0.5)
        for k in range(5):
            x, y = (k - 2) / 5 * w + rng.uniform(-0.1, 0.1), rng.choice([-1, 1]) * d * rng.uniform(0.2, 0.28)
            if k % 2:
                open_book(brush.at((float(x), float(y), h), 180.0 * (y > 0) + float(rng.uniform(-15, 15))), f)
            else:
                stack(
                    brush.at((float(x), float(y), h), float(rng.uniform(-30, 30))),
                    f,
                    rng,
                    int(rng.integers(2, 5)),
                    lying=True,
                )
        bowl_of_fruit(brush.at((0.0, 0.0, h)), f, rng)
    else:
        vase(brush.at((0.0, 0.0, h)), f.ceramics[0], 0.3, rng)
        bouquet(brush.at((0.0, 0.0, h + 0.28)), 0.22, rng)
        for side in (-1, 1):
            candlestick(brush.at((side * w * 0.22, 0.0, h)), f)
        for x in np.linspace(-0.32, 0.32, 3 if w > 1.6 else 2) * w:
            for y in (-d * 0.33, d * 0.33):
                plate = [
                    (0.07, 0.004),
                    (0.08, 0.006),
                    (0.125, 0.018),
                    (0.13, 0.019),
                    (0.12, 0.016),
                    (0.07, 0.009),
                    (0.004, 0.009),
                ]
                brush.lathe((float(x), y, h), plate, f.ceramics[1])


def chair(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a chair with a padded seat and a slatted back."""
    w, d, h = item.size_m
    seat = 0.46
    for x in (-w / 2 + 0.03, w / 2 - 0.03):
        brush.rod((x, d / 2 - 0.03, 0.0), (x, d / 2 - 0.03, seat - 0.03), 0.015, f.wood, 0.022)
        back = np.array(
            [(x, -d / 2 + 0.03, 0.0), (x, -d / 2 + 0.045, 0.4), (x, -d / 2 + 0.04, 0.62), (x * 0.96, -d / 2 + 0.018, h)]
        )
        brush.bent(back, 0.018, f.wood)
    brush.box((-w / 2 + 0.01, -d / 2 + 0.03, seat - 0.07), (w / 2 - 0.01, d / 2 - 0.01, seat - 0.02), f.wood, "xXyY")
    brush.soft(
        (-w / 2 + 0.005, -d / 2 + 0.03, seat - 0.03), (w / 2 - 0.005, d / 2, seat + 0.035), 0.03, f.fabrics[-1], 0.012
    )
    for z, tall in ((h - 0.09, 0.08), (seat + 0.16, 0.035)):
        brush.soft(
            (-w / 2 + 0.02, -d / 2 + 0.012, z), (w / 2 - 0.02, -d / 2 + 0.034, z + tall), 0.008, f.wood, faces="xXyYzZ"
        )
    for k in range(4):
        x = (k - 1.5) * (w - 0.1) / 4
        brush.rod((x, -d / 2 + 0.028, seat + 0.19), (x, -d / 2 + 0.022, h - 0.08), 0.009, f.wood)


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


def sideboard(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a cabinet with panelled doors, or a console with drawers, and a still life on it."""
    w, d, h = item.size_m
    wood = f.wood_dark if item.index % 2 else f.wood
    brush.soft((-w / 2, -d / 2, h - 0.035), (w / 2, d / 2, h), 0.008, wood, faces="xXyYZz")
    low = 0.12 if item.variant == "cabinet" else h - 0.24
    brush.box((-w / 2 + 0.02, -d / 2, low), (w / 2 - 0.02, d / 2 - 0.02, h - 0.035), wood, "xXYz")
    leaves_ = max(2, round(w / 0.48))
    step = (w - 0.06) / leaves_
    for k in range(leaves_):
        x = -w / 2 + 0.03 + k * step
        lo, hi = (x + 0.02, d / 2 - 0.02, low + 0.03), (x + step - 0.02, d / 2 - 0.006, h - 0.06)
        brush.soft(lo, hi, 0.006, wood, faces="xXYzZ")
        if item.variant == "cabinet":
            inset = 0.06
            brush.soft(
                (lo[0] + inset, lo[1], lo[2] + inset),
                (hi[0] - inset, hi[1] + 0.008, hi[2] - inset),
                0.012,
                wood,
                faces="xXYzZ",
            )
        brush.ball((x + step / 2, d / 2 + 0.0, (lo[2] + hi[2]) / 2), (0.014, 0.012, 0.014), f.brass, 8)
    for x in (-w / 2 + 0.05, w / 2 - 0.05):
        for y in (-d / 2 + 0.05, d / 2 - 0.06):
            brush.rod((x, y, 0.0), (x, y, low), 0.016, wood, 0.026)
    things = rng.permutation(4)
    for k, x in enumerate(np.linspace(-0.34, 0.34, 3) * w):
        spot = brush.at((float(x), 0.0, h), float(rng.uniform(-20, 20)))
        thing = int(things[k])
        if thing == 0:
            table_lamp(spot, f, rng, 0.55)
        elif thing == 1:
            vase(spot, f.ceramics[int(rng.integers(len(f.ceramics)))], 0.3, rng)
            bouquet(brush.at((float(x), 0.0, h + 0.28)), 0.2, rng)
        elif thing == 2:
            stack(spot, f, rng, 5, lying=True)
        else:
            vase(spot, f.ceramics[int(rng.integers(len(f.ceramics)))], 0.36, rng)


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
    leaves(brush.at((0, 0, 0.31)), item.variant or "palm", w / 2, h - 0.31, f, rng)


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


def bench(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw an upholstered bench."""
    w, d, h = item.size_m
    for x in (-w / 2 + 0.1, w / 2 - 0.1):
        for y in (-d / 2 + 0.07, d / 2 - 0.07):
            brush.rod((x, y, 0.0), (x, y, h - 0.14), 0.018, f.wood_dark, 0.03, 10)
    brush.box((-w / 2 + 0.02, -d / 2 + 0.02, h - 0.17), (w / 2 - 0.02, d / 2 - 0.02, h - 0.11), f.wood_dark, "xXyYz")
    parts = 3
    for k in range(parts):
        x0 = -w / 2 + k * w / parts
        brush.soft((x0 + 0.004, -d / 2, h - 0.12), (x0 + w / parts - 0.004, d / 2, h - 0.012), 0.04, f.leather, 0.012)


def floor_lamp(brush: Brush, item: Item, f: Finishes, rng: np.random.Generator) -> None:
    """Draw a standing lamp."""
    h = item.size_m[2]
    brush.turned(
        (0, 0, 0), [(0.15, 0.0), (0.15, 0.02), (0.05, 0.035), (0.018, 0.06), (0.012, 0.3), (0.012, h - 0.2)], f.brass
    )
    lampshade(brush.at((0, 0, h - 0.36)), 0.24, 0.15, 0.34, f)


def table_lamp(brush: Brush, f: Finishes, rng: np.random.Generator, height: float = 0.5) -> None:
    """Draw a lamp on a ceramic foot."""
    foot = height - 0.22
    vase(brush, f.ceramics[int(rng.integers(len(f.ceramics)))], foot, rng)
    brush.rod((0, 0, foot - 0.03), (0, 0, foot + 0.06), 0.008, f.brass)
    lampshade(brush.at((0, 0, foot + 0.02)), 0.16, 0.1, 0.2, f)


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


def stack(brush: Brush, f: Finishes, rng: np.random.Generator, count: int, lying: bool) -> None:
    """Pile books on one another."""
    z = 0.0
    for _ in range(count):
        w, d, t = rng.uniform(0.2, 0.27), rng.uniform(0.15, 0.19), rng.uniform(0.022, 0.042)
        one = brush.at(
            (float(rng.uniform(-0.01, 0.01)), float(rng.uniform(-0.01, 0.01)), z), float(rng.uniform(-14, 14))
        )
        cover = f.covers[int(rng.integers(len(f.covers)))]
        one.soft((-w / 2, -d / 2, 0.0), (w / 2, d / 2, t), 0.004, cover, faces="yZ")
        one.box((-w / 2 + 0.004, -d / 2, 0.003), (w / 2 - 0.004, d / 2 - 0.003, t - 0.003), f.paper, "xXY")
        z += t + 0.001


def open_book(brush: Brush, f: Finishes) -> None:
    """Lay an open book: two curved pages on a cover."""
    w, d = 0.2, 0.27
    for side in (-1, 1):

        def page(u: np.ndarray, v: np.ndarray, side: int = side) -> np.ndarray:
            x = (u if side > 0 else u - 1) * w
            a = np.abs(x) / w
            return np.stack([x, (v - 0.5) * d, 0.006 + 0.03 * np.sqrt(a + 0.02) * (1 - a) ** 0.8], 1)

        brush.patch(page, (w, d), f.print, (6, 1))
    brush.box((-w - 0.006, -d / 2 - 0.006, 0.0), (w + 0.006, d / 2 + 0.006, 0.005), f.covers[0], "xXyYZ")


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
