"""Windows with their reveals, glazing bars and curtains, and panelled doors, drawn in the wall's frame (see `room`)."""

import math

import numpy as np

from camera_motion.generator.materials import Material
from camera_motion.generator.materials.interior import Finishes
from camera_motion.generator.scenes.brush import Brush
from camera_motion.generator.scenes.walls import THICKNESS_M, Opening


def draw_window(brush: Brush, o: Opening, f: Finishes, curtains: bool, rng: np.random.Generator) -> None:
    """Draw reveals, sill, architrave, frame, glazing bars, and a pair of curtains."""
    a, b, low, r, deep = o.left_m, o.right_m, o.bottom_m, o.width_m / 2, THICKNESS_M
    white, tall = f.sash, o.spring_m - o.bottom_m
    brush.quad((a, 0, low), (0, deep, 0), (0, 0, tall), white)
    brush.quad((b, deep, low), (0, -deep, 0), (0, 0, tall), white)
    brush.quad((a, 0, low), (o.width_m, 0, 0), (0, deep, 0), white)
    if low > 0.2:
        brush.soft((a - 0.14, -0.07, low - 0.035), (b + 0.14, 0.02, low + 0.004), 0.012, white, faces="xXyzZ")
    if o.arched:
        brush.patch(lambda u, v: _arch(o, u, r, deep * (1 - v)), (math.pi * r, deep), white, (24, 1))
    else:
        brush.quad((a, deep, o.top_m), (o.width_m, 0, 0), (0, -deep, 0), white)
    architrave(brush, o, f.trim)
    _glazing(brush, o, f.sash)
    if curtains:
        _curtains(brush, o, f, rng)
    corner, right, up = brush.world(np.array([(a, deep, low), (b, deep, low), (a, deep, o.top_m)]))
    brush.model.window(corner, right - corner, up - corner)


def _arch(o: Opening, u: np.ndarray, r: float | np.ndarray, y: float | np.ndarray) -> np.ndarray:
    angle = np.pi * (1 - u)
    return np.stack([o.along_m + r * np.cos(angle), y + 0 * u, o.spring_m + r * np.sin(angle)], 1)


def architrave(brush: Brush, o: Opening, material: Material) -> None:
    """Frame an opening on the wall's face with a moulded band."""
    wide, r = 0.11, o.width_m / 2
    out = [(0.0, 0.018), (0.2, 0.022), (0.28, 0.012), (0.62, 0.018), (0.72, 0.034), (1.0, 0.034), (1.0, 0.0)]
    p = np.array(out)
    steps = np.linspace(0, 1, len(out))
    top = o.spring_m

    def side(sign: float) -> None:
        def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            at = u if sign > 0 else 1 - u
            across, rise = np.interp(at, steps, p[:, 0]) * wide, np.interp(at, steps, p[:, 1])
            high = top + (0 if o.arched else across)
            x = (o.right_m if sign > 0 else o.left_m) + sign * across
            return np.stack([x, -rise, o.bottom_m + v * (high - o.bottom_m)], 1)

        brush.patch(surface, (wide * 1.2, top - o.bottom_m), material, (6, 1))

    side(1.0)
    side(-1.0)
    if o.arched:

        def ring(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            return _arch(o, u, r + np.interp(v, steps, p[:, 0]) * wide, -np.interp(v, steps, p[:, 1]))

        brush.patch(ring, (math.pi * (r + wide / 2), wide * 1.2), material, (28, 6))
    else:

        def head(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            across = np.interp(v, steps, p[:, 0]) * wide
            return np.stack(
                [o.left_m - across + u * (o.width_m + 2 * across), -np.interp(v, steps, p[:, 1]), o.top_m + across], 1
            )

        brush.patch(head, (o.width_m + wide, wide * 1.2), material, (1, 6))


def _glazing(brush: Brush, o: Opening, material: Material) -> None:
    y0, y1, edge, bar = 0.22, 0.28, 0.06, 0.026
    a, b, low, top = o.left_m, o.right_m, o.bottom_m, o.spring_m
    for lo, hi in (
        ((a, low, 0), (a + edge, top, 0)),
        ((b - edge, low, 0), (b, top, 0)),
        ((a + edge, low, 0), (b - edge, low + 0.09, 0)),
        ((a + edge, top - edge, 0), (b - edge, top + (edge * 0.5 if o.arched else 0.0), 0)),
    ):
        brush.box((lo[0], y0, lo[1]), (hi[0], y1, hi[1]), material, "xXyzZ")
    transom = low + (top - low) * (0.72 if top - low > 1.9 else 0.5)
    brush.box((a + edge, y0 + 0.005, transom - 0.03), (b - edge, y1, transom + 0.03), material, "yzZ")
    columns = max(2, round(o.width_m / 0.46))
    rows = max(1, round((transom - low) / 0.52))
    for k in range(1, columns):
        x = a + (b - a) * k / columns
        half = 0.035 if columns % 2 == 0 and k == columns // 2 else bar / 2
        brush.box((x - half, y0 + 0.012, low + 0.09), (x + half, y1 - 0.01, top - edge), material, "xXy")
    for k in range(1, rows):
        z = low + (transom - low) * k / rows
        brush.box((a + edge, y0 + 0.016, z - bar / 2), (b - edge, y1 - 0.012, z + bar / 2), material, "yzZ")
    if o.arched:
        r = o.width_m / 2
        brush.patch(lambda u, v: _arch(o, u, r - edge * (1 - v), y0), (math.pi * r, edge), material, (24, 1))
        brush.patch(lambda u, v: _arch(o, u, r - edge, y1 - (y1 - y0) * v), (math.pi * r, y1 - y0), material, (24, 1))
        centre = (o.along_m, (y0 + y1) / 2, o.spring_m)
        for angle in (45, 90, 135):
            c, s = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            brush.rod(
                centre, (o.along_m + (r - edge) * c, centre[1], o.spring_m + (r - edge) * s), 0.013, material, sides=6
            )
        turn = np.linspace(0, np.pi, 15)
        line = np.stack(
            [o.along_m + 0.5 * r * np.cos(turn), 0 * turn + centre[1], o.spring_m + 0.5 * r * np.sin(turn)], 1
        )
        brush.bent(line, 0.012, material, sides=6)


def _curtains(brush: Brush, o: Opening, f: Finishes, rng: np.random.Generator) -> None:
    rail, reach, wide, folds = o.top_m + 0.13, 0.3, 0.43, 5
    brush.rod((o.left_m - reach, -0.1, rail), (o.right_m + reach, -0.1, rail), 0.016, f.brass)
    for side in (-1, 1):
        end = o.left_m - reach if side < 0 else o.right_m + reach
        brush.ball((end, -0.1, rail), (0.035, 0.035, 0.035), f.brass, 12)
        phase = float(rng.uniform(0, 6))

        def surface(
            u: np.ndarray, v: np.ndarray, end: float = end, side: int = side, phase: float = phase
        ) -> np.ndarray:
            z = 0.012 + v * (rail - 0.012)
            gathered = wide * (1 - 0.5 * np.exp(-(((z - 1.05) / 0.42) ** 2)))
            x = end - side * gathered * (1 - u if side > 0 else u)
            wave = np.sin(2 * np.pi * folds * u + phase + 0.7 * np.sin(1.3 * z))
            wave += 0.35 * np.sin(4 * np.pi * folds * u + 2 * phase)
            return np.stack([x, -0.1 + 0.036 * wave * (1.1 - 0.35 * v), z], 1)

        brush.patch(surface, (wide * 1.8, rail), f.curtain, (30, 12))
        brush.lathe(
            (end - side * wide * 0.26, -0.1, 1.02), [(0.125, 0.0), (0.135, 0.03), (0.125, 0.06)], f.cushions[0], 16
        )


def draw_door(brush: Brush, o: Opening, f: Finishes, wooden: bool) -> None:
    """Draw a pair of panelled leaves in a moulded frame."""
    leaf = f.wood if wooden else f.trim
    a, b, top, deep = o.left_m, o.right_m, o.top_m, 0.12
    brush.quad((a, 0, 0), (0, deep, 0), (0, 0, top), f.trim)
    brush.quad((b, deep, 0), (0, -deep, 0), (0, 0, top), f.trim)
    brush.quad((a, deep, top), (o.width_m, 0, 0), (0, -deep, 0), f.trim)
    brush.quad((a, deep, 0.0), (o.width_m, 0, 0), (0, 0, top), leaf)
    brush.quad((a, 0, 0.004), (o.width_m, 0, 0), (0, deep, 0), f.wood_dark)
    architrave(brush, o, f.trim)
    leaves = 2 if o.width_m > 1.2 else 1
    wide = o.width_m / leaves
    for k in range(leaves):
        x = a + k * wide
        for low, high in ((0.16, 0.82), (0.94, 1.62), (1.74, top - 0.14)):
            if high - low > 0.2:
                brush.soft(
                    (x + 0.12, deep - 0.014, low), (x + wide - 0.12, deep + 0.02, high), 0.01, leaf, faces="xXyzZ"
                )
                brush.soft(
                    (x + 0.17, deep - 0.026, low + 0.05),
                    (x + wide - 0.17, deep + 0.02, high - 0.05),
                    0.018,
                    leaf,
                    faces="xXyzZ",
                )
        knob = x + (wide - 0.07 if k == 0 else 0.07)
        brush.ball((knob, deep - 0.05, 1.0), (0.028, 0.028, 0.028), f.brass, 12)
        brush.lathe((knob, deep - 0.012, 0.94), [(0.02, 0.0), (0.02, 0.12)], f.brass, 10)
    if leaves == 2:
        brush.box((a + wide - 0.02, deep - 0.018, 0.01), (a + wide + 0.02, deep, top), leaf, "xXy")
