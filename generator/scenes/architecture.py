"""Parts of buildings: walls pierced by arches, colonnades, lean-to roofs, sunken pools."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from camera_motion.generator.materials import Material
from camera_motion.generator.scenes.surface import Model, Vec3

Curve = Callable[[Float64[np.ndarray, " n"]], Float64[np.ndarray, "n 2"]]


def pierced_wall(
    model: Model,
    foot_m: Vec3,
    along: Vec3,
    length_m: float,
    height_m: float,
    middle_m: float,
    radius_m: float,
    spring_m: float,
    depth_m: float,
    wall: Material,
    dressing: Material,
    back: Material | None = None,
) -> None:
    """Build a wall with a round arch, seen from its front.

    `foot_m` is its left foot as one faces it, `along` (a unit vector) points right; the wall is `depth_m` thick away
    from the viewer. The arch stands on its `middle_m`, springs at `spring_m`; `back` closes it at half the depth.
    """
    foot, right = np.asarray(foot_m, np.float64), np.asarray(along, np.float64)
    up = np.array([0.0, 0.0, 1.0])
    out = np.cross(right, up)  # towards the viewer
    tex = np.stack([right, up])
    a, b = middle_m - radius_m, middle_m + radius_m

    def at(
        s: Float64[np.ndarray, " n"], z: Float64[np.ndarray, " n"], d: float | np.ndarray
    ) -> Float64[np.ndarray, "n 3"]:
        return np.asarray(foot + s[:, None] * right + z[:, None] * up + np.reshape(d, (-1, 1)) * out)

    for left, wide in ((0.0, a), (b, length_m - b)):
        model.quad(foot + left * right, wide * right, height_m * up, wall, tex_axes=tex)

    def over(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        s = a + 2 * radius_m * u
        arch = spring_m + np.sqrt(np.maximum(radius_m**2 - (s - middle_m) ** 2, 0.0))
        return at(s, arch + v * (height_m - arch), 0.0)

    model.patch(over, (2 * radius_m, height_m - spring_m - 0.5 * radius_m), wall, (24, 2), tex_axes=tex)
    deep = depth_m if back is None else 0.5 * depth_m

    def under(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        angle = np.pi * u
        return at(middle_m + radius_m * np.cos(angle), spring_m + radius_m * np.sin(angle), -deep * v)

    model.patch(under, (math.pi * radius_m, deep), dressing, (24, 1))
    model.quad(foot + a * right, -deep * out, spring_m * up, dressing, tex_origin=(0.2, 0.0))
    model.quad(foot + b * right - deep * out, deep * out, spring_m * up, dressing)
    if back is not None:
        boards = np.stack([up, right])  # upright
        corner, tall = foot + a * right - deep * out, (spring_m + radius_m) * up
        model.quad(corner, (b - a) * right, tall, back, tex_axes=boards)

    def ring(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        angle, radius = np.pi * (1 - u), radius_m + 0.4 * v
        return at(middle_m + radius * np.cos(angle), spring_m + radius * np.sin(angle), 0.07)

    def edge(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        angle, outer = np.pi * (1 - u), radius_m + 0.4
        return at(middle_m + outer * np.cos(angle), spring_m + outer * np.sin(angle), 0.07 * (1 - v))

    def lip(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        angle = np.pi * (1 - u)
        return at(middle_m + radius_m * np.cos(angle), spring_m + radius_m * np.sin(angle), 0.07 * v)

    model.patch(ring, (math.pi * (radius_m + 0.2), 0.4), dressing, (24, 1))
    model.patch(edge, (math.pi * (radius_m + 0.4), 0.07), dressing, (24, 1))
    model.patch(lip, (math.pi * radius_m, 0.07), dressing, (24, 1))
    for jamb in (a - 0.4, b):  # proud of the wall
        corner = foot + jamb * right
        model.quad(corner + 0.07 * out, 0.4 * right, spring_m * up, dressing)
        model.quad(corner, 0.07 * out, spring_m * up, dressing)
        model.quad(corner + 0.4 * right + 0.07 * out, -0.07 * out, spring_m * up, dressing)


def plain_wall(model: Model, foot_m: Vec3, along: Vec3, length_m: float, height_m: float, wall: Material) -> None:
    """Build a flat wall, seen from its front, with `along` pointing right."""
    right, up = np.asarray(along, np.float64), np.array([0.0, 0.0, 1.0])
    model.quad(foot_m, length_m * right, height_m * up, wall, tex_axes=np.stack([right, up]))


def column(model: Model, x: float, y: float, height_m: float, radius_m: float, style: str, stone: Material) -> None:
    """Set up a column: `fluted` or `plain` and round, or a `square` pier; base and capital included."""
    r = radius_m
    if style == "square":
        model.box((x - 1.35 * r, y - 1.35 * r, 0.0), (x + 1.35 * r, y + 1.35 * r, 0.22), stone, "xXyYZ")
        model.box((x - r, y - r, 0.22), (x + r, y + r, height_m - 0.24), stone, "xXyY")
        model.box(
            (x - 1.2 * r, y - 1.2 * r, height_m - 0.24), (x + 1.2 * r, y + 1.2 * r, height_m - 0.12), stone, "xXyYz"
        )
        model.box((x - 1.4 * r, y - 1.4 * r, height_m - 0.12), (x + 1.4 * r, y + 1.4 * r, height_m), stone, "xXyYz")
        return
    top = height_m
    model.box((x - 1.45 * r, y - 1.45 * r, 0.0), (x + 1.45 * r, y + 1.45 * r, 0.11), stone, "xXyYZ")
    profile = [
        (1.38 * r, 0.11),
        (1.42 * r, 0.15),
        (1.38 * r, 0.20),
        (1.18 * r, 0.225),
        (1.16 * r, 0.25),
        (1.24 * r, 0.285),
        (1.16 * r, 0.325),
        (1.02 * r, 0.36),
        (r, 0.5),
        (0.985 * r, 0.38 * top),
        (0.92 * r, 0.68 * top),
        (0.83 * r, top - 0.46),
        (0.83 * r, top - 0.42),
        (0.95 * r, top - 0.405),
        (0.95 * r, top - 0.375),
        (0.85 * r, top - 0.36),
        (0.86 * r, top - 0.27),
        (1.0 * r, top - 0.22),
        (1.28 * r, top - 0.14),
        (1.34 * r, top - 0.1),
    ]
    flutes = 18 if style == "fluted" else 0
    model.lathe(
        (x, y, 0.0),
        profile,
        stone,
        flutes=flutes,
        flute_depth_m=0.075 * r,
        flute_span_m=(0.42, top - 0.47),
        mesh=(18, 20),
    )
    model.box((x - 1.42 * r, y - 1.42 * r, top - 0.1), (x + 1.42 * r, y + 1.42 * r, top), stone, "xXyYz")


def lean_to(
    model: Model,
    side: int,
    inner_m: float,
    wall_m: float,
    y0: float,
    y1: float,
    beam_m: tuple[float, float],
    ridge_m: float,
    half_beam_m: float,
    stone: Material,
    wood: Material,
    tiles: Material,
) -> None:
    """Roof the gallery between a row of columns at x = `side * inner_m` and the wall at x = `side * wall_m`.

    The beam lies from height beam_m[0] to beam_m[1]; rafters carry the tiles up to `ridge_m` at the wall. Every joint
    overlaps, so that no sky shows between them.
    """
    low, high = beam_m

    def box(
        a: float, b: float, z0: float, z1: float, material: Material, faces: str, ya: float = y0, yb: float = y1
    ) -> None:
        lo, hi = sorted((side * a, side * b))
        swap = {"i": "X" if side < 0 else "x", "o": "x" if side < 0 else "X"}  # inner, outer face
        model.box((lo, ya, z0), (hi, yb, z1), material, "".join(swap.get(f, f) for f in faces))

    half = half_beam_m
    box(inner_m - half, inner_m + half, low, high, stone, "ioz")
    box(inner_m - half - 0.05, inner_m + half, high, high + 0.10, stone, "iz")
    ceiling = high - 0.06
    width = wall_m - inner_m - half
    x0 = side * (inner_m + half)
    if side > 0:
        model.quad((x0, y0, ceiling), (0, y1 - y0, 0), (width, 0, 0), wood)
    else:
        model.quad((x0, y1, ceiling), (0, y0 - y1, 0), (-width, 0, 0), wood)
    step = 1.15
    for k in range(int((y1 - y0) / step)):
        y = y0 + (k + 0.5) * step
        box(inner_m + half, wall_m, ceiling - 0.16, ceiling, wood, "yYz", y - 0.07, y + 0.07)
    eave, over = high + 0.14, inner_m - half - 0.28
    rise = ridge_m - eave
    slope = math.hypot(wall_m - over, rise)
    box(over, inner_m + half, eave - 0.045, eave, wood, "iz")

    def tiled(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        y = y0 + (y1 - y0) * (u if side > 0 else 1 - u)
        barrel = 0.045 * np.sqrt(np.maximum(1 - (2 * (y / 0.22 % 1.0) - 1) ** 2, 0.0))
        x = side * (over + v * (wall_m - over))
        # u runs so that the front faces up on either side
        return np.stack([x, y, eave + 0.01 + v * rise + barrel], 1)

    def flipped(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        return tiled(1 - u, v)

    up_slope = np.array([side * (wall_m - over), 0.0, rise]) / slope
    model.patch(flipped, (y1 - y0, slope), tiles, (1, 1), tex_axes=np.stack([np.array([0.0, 1.0, 0.0]), up_slope]))


def sunken_pool(
    model: Model,
    centre_m: tuple[float, float],
    half_m: tuple[float, float],
    corner_m: float,
    rim: Material,
    paving: Material,
    water_m: float = -0.10,
    rim_m: float = 0.36,
    high_m: float = 0.12,
) -> None:
    """Sink a pool with a stone rim; `corner_m` rounds its corners (half its width makes it round).

    The floor around it must leave free the rectangle of half-size `half_m + rim_m`: rounded corners bring their own
    paving, up to that rectangle.
    """
    cx, cy = centre_m
    hx, hy = half_m
    model.mirror(
        (cx - hx, cy - hy, water_m),
        (2 * hx, 0, 0),
        (0, 2 * hy, 0),
        mask=_rounded(hx, hy, corner_m) if corner_m > 0 else None,
    )
    if corner_m <= 0:
        ox, oy = hx + rim_m, hy + rim_m
        for lo, hi, faces in (
            ((-ox, -oy), (-hx, oy), "xX"),
            ((hx, -oy), (ox, oy), "xX"),
            ((-hx, -oy), (hx, -hy), "yY"),
            ((-hx, hy), (hx, oy), "yY"),
        ):
            model.box((cx + lo[0], cy + lo[1], water_m), (cx + hi[0], cy + hi[1], high_m), rim, faces + "Z")
        for y, face in ((-oy, "y"), (oy, "Y")):
            for x0, x1 in ((-ox, -hx), (hx, ox)):
                model.box((cx + x0, cy + min(y, 0), water_m), (cx + x1, cy + max(y, 0), high_m), rim, face)
        return
    straight = [
        ((hx - corner_m, -hy), (-1.0, 0.0), 2 * (hx - corner_m), (0.0, -1.0)),
        ((-hx, -(hy - corner_m)), (0.0, 1.0), 2 * (hy - corner_m), (-1.0, 0.0)),
        ((-(hx - corner_m), hy), (1.0, 0.0), 2 * (hx - corner_m), (0.0, 1.0)),
        ((hx, hy - corner_m), (0.0, -1.0), 2 * (hy - corner_m), (1.0, 0.0)),
    ]
    for start, direction, length, out in straight:
        if length < 0.02:
            continue
        p = np.array([cx + start[0], cy + start[1], 0.0])
        d, o, up = np.array([*direction, 0.0]), np.array([*out, 0.0]), np.array([0.0, 0.0, 1.0])
        model.quad(p + rim_m * o + high_m * up + length * d, -length * d, -rim_m * o, rim)
        model.quad(p + water_m * up, length * d, (high_m - water_m) * up, rim)
        model.quad(p + rim_m * o + length * d, -length * d, high_m * up, rim)
    for sx, sy in ((1, 1), (-1, 1), (-1, -1), (1, -1)):
        kx, ky = cx + sx * (hx - corner_m), cy + sy * (hy - corner_m)
        turn = math.atan2(sy, sx) - math.pi / 4
        _corner(model, kx, ky, turn, corner_m, rim_m, water_m, high_m, rim, paving)


def _corner(
    model: Model,
    kx: float,
    ky: float,
    start: float,
    inner: float,
    width: float,
    water: float,
    high: float,
    rim: Material,
    paving: Material,
) -> None:
    """Build one quarter of a rounded rim about (kx, ky), and the paving between it and its square."""
    outer = inner + width

    def polar(
        u: Float64[np.ndarray, " n"], radius: float | np.ndarray, z: float | np.ndarray
    ) -> Float64[np.ndarray, "n 3"]:
        angle = start + 0.5 * np.pi * u
        return np.stack([kx + radius * np.cos(angle), ky + radius * np.sin(angle), z + 0 * u], 1)

    arc = 0.5 * math.pi
    model.patch(lambda u, v: polar(u, outer - width * v, high), (arc * (inner + width / 2), width), rim, (10, 1))
    model.patch(lambda u, v: polar(1 - u, inner, water + v * (high - water)), (arc * inner, high - water), rim, (10, 1))
    model.patch(lambda u, v: polar(u, outer, v * high), (arc * outer, high), rim, (10, 1))

    def spandrel(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        angle = start + 0.5 * np.pi * u
        far = outer / np.maximum(np.abs(np.cos(angle)), np.abs(np.sin(angle)))
        return polar(u, far + (outer - far) * v, 0.0)

    size = (arc * outer, 0.42 * outer)
    model.patch(spandrel, size, paving, (10, 1), tex_axes=np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]))


def _rounded(hx: float, hy: float, radius: float) -> Callable[..., np.ndarray]:
    """Return the test of a rounded rectangle in its own (u, v)."""

    def inside(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> np.ndarray:
        x, y = np.abs((2 * u - 1) * hx) - (hx - radius), np.abs((2 * v - 1) * hy) - (hy - radius)
        return np.asarray(np.hypot(np.maximum(x, 0), np.maximum(y, 0)) <= radius + 0.02)

    return inside
