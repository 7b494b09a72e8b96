"""Tables and sideboards with what lies on them. Each stands in its own frame: front towards +y."""

import numpy as np

from camera_motion.generator.materials.interior import Finishes
from camera_motion.generator.scenes.brush import Brush
from camera_motion.generator.scenes.layout import Item
from camera_motion.generator.scenes.tabletop import (
    bouquet,
    bowl_of_fruit,
    candlestick,
    open_book,
    stack,
    table_lamp,
    vase,
)


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
