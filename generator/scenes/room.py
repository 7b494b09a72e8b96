"""The shell of a room: walls with their mouldings, ceiling, paintings, and the house's outside.

A wall is drawn in its own frame: x runs to the right along the wall as seen from inside, y goes into the wall (the
room is at y < 0), z is the height above the floor.
"""

import math

import numpy as np

from camera_motion.generator.materials import Material, srgb
from camera_motion.generator.materials.interior import DADO_M, Finishes
from camera_motion.generator.materials.paintings import gilding, painting
from camera_motion.generator.materials.walls import boards, coffers, plaster
from camera_motion.generator.scenes.brush import Brush
from camera_motion.generator.scenes.layout import Picture
from camera_motion.generator.scenes.surface import Model
from camera_motion.generator.scenes.walls import THICKNESS_M, Opening, Wall, tiles, walls_of

Profile = list[tuple[float, float]]

_SKIRTING: Profile = [(0.022, 0.0), (0.022, 0.12), (0.016, 0.135), (0.018, 0.15), (0.004, 0.17)]

_RAIL: Profile = [(0.004, -0.045), (0.02, -0.035), (0.024, -0.01), (0.045, 0.01), (0.045, 0.03), (0.004, 0.035)]

_CORNICE: Profile = [
    (0.004, -0.3),
    (0.03, -0.29),
    (0.03, -0.25),
    (0.05, -0.22),
    (0.07, -0.14),
    (0.13, -0.07),
    (0.19, -0.05),
    (0.19, -0.02),
    (0.23, -0.001),
]


def wall_brush(model: Model, wall: Wall) -> Brush:
    """Return the frame that this wall is drawn in."""
    x, y = wall.origin
    return Brush(model, (x, y, 0.0), math.degrees(math.atan2(wall.along[1], wall.along[0])))


def moulding(
    brush: Brush, left: float, right: float, z: float, profile: Profile, material: Material, mitre: tuple[bool, bool]
) -> None:
    """Run a profile (out into the room, height) along the wall; a mitred end gives way to the next wall's."""
    p = np.array(profile, np.float64)
    steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(p, axis=0), axis=1))])
    length = float(steps[-1])

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        out, up = np.interp(v * length, steps, p[:, 0]), np.interp(v * length, steps, p[:, 1])
        a, b = left + out * mitre[0], right - out * mitre[1]
        return np.stack([a + u * (b - a), -out, z + up], 1)

    brush.patch(surface, (right - left, length), material, (1, len(profile) - 1), (left, 0.0))


def draw_wall(
    brush: Brush,
    wall: Wall,
    height_m: float,
    openings: tuple[Opening, ...],
    material: Material,
    f: Finishes,
    rail: bool,
) -> None:
    """Draw the wall's face around its openings, with skirting, rail and cornice."""
    for left, right, low, high in tiles(wall, height_m, openings):
        brush.quad((left, 0.0, low), (right - left, 0, 0), (0, 0, high - low), material, (left, low))
    for o in openings:
        if o.arched:
            _spandrels(brush, wall, o, material)
    for profile, z in ((_SKIRTING, 0.0), *(((_RAIL, DADO_M),) if rail else ())):
        low = z + profile[0][1]
        for a, b in _clear(wall, openings, low, z + profile[-1][1]):
            moulding(brush, a, b, z, profile, f.trim, (a <= 0.0, b >= wall.length_m))
    moulding(brush, 0.0, wall.length_m, height_m, _CORNICE, f.trim, (True, True))


def _clear(wall: Wall, openings: tuple[Opening, ...], low: float, high: float) -> list[tuple[float, float]]:
    runs, left = [], 0.0
    for o in sorted(openings, key=lambda o: o.along_m):
        if o.bottom_m < high and o.top_m > low:
            runs.append((left, o.left_m - 0.1))
            left = o.right_m + 0.1
    runs.append((left, wall.length_m))
    return [(a, b) for a, b in runs if b - a > 0.01]


def _spandrels(brush: Brush, wall: Wall, o: Opening, material: Material) -> None:
    r = o.width_m / 2

    def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        x = (2 * u - 1) * r
        low = o.spring_m + np.sqrt(np.maximum(r * r - x * x, 0))
        return np.stack([o.along_m + x, 0 * u, low + v * (o.head_m - low)], 1)

    # The wall's own s is half its length ahead of this one: a whole number of bays, if their number is even.
    axes = np.array([(*wall.along, 0.0), (0.0, 0.0, 1.0)])
    brush.patch(surface, (o.width_m, r * 0.4), material, (24, 1), tex_axes=axes)


def hang(brush: Brush, picture: Picture, rng: np.random.Generator) -> None:
    """Draw a painting in its frame."""
    band = 0.05 + 0.035 * min(picture.width_m, picture.height_m)
    profile = np.array([(0.0, 0.0), (0.0, 0.03), (0.22, 0.05), (0.42, 0.034), (0.8, 0.022), (0.9, 0.03), (1.0, 0.016)])
    steps = np.linspace(0, 1, len(profile))
    w, h = picture.width_m, picture.height_m
    x0, z0 = picture.along_m - w / 2, picture.centre_m - h / 2
    wood = gilding(picture.style in ("colour field", "geometric", "gestural"))
    for corner, e, n, length in (
        ((x0, z0), (1, 0), (0, 1), w),
        ((x0 + w, z0), (0, 1), (-1, 0), h),
        ((x0 + w, z0 + h), (-1, 0), (0, -1), w),
        ((x0, z0 + h), (0, -1), (1, 0), h),
    ):

        def surface(u: np.ndarray, v: np.ndarray, c=corner, e=e, n=n, length=length) -> np.ndarray:  # type: ignore[no-untyped-def]
            d, out = np.interp(v, steps, profile[:, 0]) * band, np.interp(v, steps, profile[:, 1])
            along = d + u * (length - 2 * d)
            return np.stack([c[0] + e[0] * along + n[0] * d, -0.008 - out, c[1] + e[1] * along + n[1] * d], 1)

        brush.patch(surface, (length, band * 1.3), wood, (1, 6))
    inner = (w - 2 * band, h - 2 * band)
    canvas = painting(picture.style, inner[0], inner[1], rng)
    brush.quad((x0 + band, -0.02, z0 + band), (inner[0], 0, 0), (0, 0, inner[1]), canvas, albedo=canvas.mean_albedo())


def draw_shell(model: Model, width_m: float, depth_m: float, height_m: float, openings: tuple[Opening, ...]) -> None:
    """Draw the outsides of walls and roof: they shade the ground, and no sky glimmers through the walls."""
    outer = plaster(srgb(40, 38, 36), 0.3)  # dark: what little shines through a wall of splats must not glitter
    for index, wall in enumerate(walls_of(width_m, depth_m)):
        brush = wall_brush(model, wall)
        brush.detail = 0.4
        mine = tuple(o for o in openings if o.wall == index and o.kind == "window")
        for left, right, low, high in tiles(wall, height_m, mine):
            a = left - THICKNESS_M * (left <= 0.0)
            b = right + THICKNESS_M * (right >= wall.length_m)
            z0, z1 = low - 0.45 * (low <= 0.0), high + 0.3 * (high >= height_m)
            brush.quad((b, THICKNESS_M, z0), (a - b, 0, 0), (0, 0, z1 - z0), outer, (-b, z0))
    x, y = width_m / 2 + THICKNESS_M, depth_m / 2 + THICKNESS_M
    Brush(model, (-x, -y, height_m + 0.3), detail=0.4).quad((0, 0, 0), (2 * x, 0, 0), (0, 2 * y, 0), outer)


def draw_ceiling(model: Model, width_m: float, depth_m: float, height_m: float, kind: str, f: Finishes) -> None:
    """Draw coffers, beams and boards, or plaster with a raised border and a rose."""
    brush = Brush(model, (-width_m / 2, -depth_m / 2, 0.0))
    over = ((0.0, depth_m, height_m), (width_m, 0, 0), (0, -depth_m, 0))
    if kind == "coffered":
        nx, ny = coffer_counts(width_m, depth_m)
        brush.quad(*over, coffers(f.palette.trim, srgb(206, 164, 92), width_m / nx, depth_m / ny))
        for low, high, faces in beam_boxes(width_m, depth_m, height_m, kind):
            brush.box(low, high, f.trim, faces)
    elif kind == "beamed":
        brush.quad(*over, boards(srgb(122, 86, 54), srgb(190, 148, 102), 0.17))
        for low, high, faces in beam_boxes(width_m, depth_m, height_m, kind):
            brush.box(low, high, f.case, faces)
    else:
        brush.quad(*over, plaster(srgb(236, 230, 216), 0.22))
        for inset in (0.55, 0.75):
            _border(brush, width_m, depth_m, height_m, inset, f.trim)
        profile = [
            (0.62, -0.001),
            (0.6, -0.03),
            (0.5, -0.045),
            (0.46, -0.02),
            (0.3, -0.025),
            (0.26, -0.055),
            (0.12, -0.07),
            (0.01, -0.09),
        ]
        brush.lathe((width_m / 2, depth_m / 2, height_m), profile[::-1], f.trim, 32)


def coffer_counts(width_m: float, depth_m: float) -> tuple[int, int]:
    """How many coffers along x and y."""
    return max(3, round(width_m / 1.5)), max(3, round(depth_m / 1.5))


def beam_boxes(
    width_m: float, depth_m: float, height_m: float, kind: str
) -> list[tuple[tuple[float, float, float], tuple[float, float, float], str]]:
    """Corners and visible faces of the ceiling's beams, with the room's corner at the origin."""
    out = []
    if kind == "coffered":
        nx, ny = coffer_counts(width_m, depth_m)
        for k in range(ny + 1):
            y = depth_m * k / ny
            out.append(((0.0, max(y - 0.13, 0), height_m - 0.26), (width_m, min(y + 0.13, depth_m), height_m), "yYz"))
        for k in range(nx + 1):
            x = width_m * k / nx
            out.append(((max(x - 0.13, 0), 0.0, height_m - 0.24), (min(x + 0.13, width_m), depth_m, height_m), "xXz"))
    elif kind == "beamed":
        across = width_m >= depth_m
        length = width_m if across else depth_m
        count = max(3, round(length / 1.35))
        for k in range(count):
            c = length * (k + 0.5) / count
            lo, hi = (c - 0.1, 0.0) if across else (0.0, c - 0.1), (c + 0.1, depth_m) if across else (width_m, c + 0.1)
            out.append(((*lo, height_m - 0.26), (*hi, height_m), "xXz" if across else "yYz"))
    return out


def _border(brush: Brush, width_m: float, depth_m: float, height_m: float, inset: float, material: Material) -> None:
    for lo, hi in (
        ((inset, inset), (width_m - inset, inset + 0.05)),
        ((inset, depth_m - inset - 0.05), (width_m - inset, depth_m - inset)),
        ((inset, inset), (inset + 0.05, depth_m - inset)),
        ((width_m - inset - 0.05, inset), (width_m - inset, depth_m - inset)),
    ):
        brush.soft((*lo, height_m - 0.03), (*hi, height_m + 0.02), 0.014, material, faces="xXyYz")
