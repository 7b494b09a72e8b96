"""Sofas, armchairs, chairs and benches. Each stands in its own frame: middle at the origin, front towards +y."""

import numpy as np

from camera_motion.generator.materials.interior import Finishes
from camera_motion.generator.scenes.brush import Brush
from camera_motion.generator.scenes.layout import Item


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
