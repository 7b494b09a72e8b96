"""Building a courtyard from its parameters: walls, galleries, floor, and what stands in the middle."""

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

from camera_motion.generator.materials import Material, srgb
from camera_motion.generator.materials.ground import fields, flagstones, gravel, herringbone, lawn
from camera_motion.generator.materials.masonry import ashlar, brick, plaster
from camera_motion.generator.materials.stone import limestone, voussoirs
from camera_motion.generator.materials.timber import planks, roof_tiles
from camera_motion.generator.scenes import plants
from camera_motion.generator.scenes.architecture import column, lean_to, pierced_wall, plain_wall, sunken_pool
from camera_motion.generator.scenes.courtyard_garden import plant
from camera_motion.generator.scenes.courtyard_light import look, sky, sun
from camera_motion.generator.scenes.surface import Model
from camera_motion.generator.scenes.terrain import ring_to_horizon
from camera_motion.generator.seeds import stream

if TYPE_CHECKING:
    from camera_motion.generator.scenes.courtyard import Courtyard

_STONES = (
    (srgb(222, 208, 182), srgb(176, 156, 128)),
    (srgb(226, 214, 196), srgb(184, 170, 150)),
    (srgb(210, 188, 152), srgb(164, 134, 98)),
)
_TILES = (
    (srgb(176, 92, 58), srgb(204, 132, 88)),
    (srgb(150, 78, 54), srgb(190, 116, 80)),
    (srgb(186, 122, 76), srgb(214, 160, 112)),
)
_PLASTERS = (
    (srgb(220, 176, 116), srgb(158, 118, 80)),
    (srgb(206, 132, 96), srgb(150, 96, 72)),
    (srgb(226, 214, 190), srgb(160, 142, 116)),
    (srgb(196, 186, 150), srgb(136, 124, 92)),
    (srgb(214, 150, 124), srgb(152, 106, 88)),
)
_BRICKS = (
    (srgb(178, 104, 72), srgb(146, 72, 50), srgb(110, 66, 56)),
    (srgb(170, 88, 64), srgb(136, 62, 46), srgb(98, 56, 50)),
    (srgb(196, 138, 96), srgb(164, 104, 70), srgb(122, 82, 64)),
    (srgb(184, 116, 86), srgb(150, 84, 62), srgb(116, 74, 66)),
    (srgb(168, 98, 78), srgb(128, 68, 54), srgb(92, 60, 58)),
)
_ASHLARS = (
    (srgb(214, 200, 172), srgb(168, 150, 124)),
    (srgb(208, 184, 142), srgb(160, 132, 94)),
    (srgb(196, 190, 180), srgb(146, 138, 128)),
    (srgb(220, 206, 184), srgb(180, 160, 134)),
    (srgb(190, 176, 150), srgb(140, 124, 100)),
)


def build_model(p: "Courtyard") -> Model:
    """Fill a model with the courtyard `p`."""
    model = Model(sun=sun(p), sky=sky(p), look=look(p), soft_gain=1.15 if p.light == "overcast" else 1.9)
    stone_light, stone_dark = _STONES[p.stone_tone]
    stone, blocks = limestone(stone_light, stone_dark), voussoirs(stone_light, stone_dark)
    wall = _wall_material(p)
    wood = planks()
    _walls(model, p, wall, stone, blocks, wood)
    _galleries(model, p, stone, wood)
    _floor(model, p, blocks)
    _middle(model, p)
    _outside(model, p)
    plant(model, p)
    return model


def _wall_material(p: "Courtyard") -> Material:
    if p.wall == "brick":
        light, dark, burnt = _BRICKS[p.wall_tone]
        return brick(light, dark, burnt)
    if p.wall == "plaster":
        return plaster(*_PLASTERS[p.wall_tone])
    return ashlar(*_ASHLARS[p.wall_tone])


def _walls(model: Model, p: "Courtyard", wall: Material, stone: Material, blocks: Material, wood: Material) -> None:
    half, length, top, thick = p.width_m / 2, p.length_m, p.wall_m, 0.7
    gate = (p.gate_radius_m, p.gate_spring_m)
    pierced_wall(model, (-half, length, 0), (1, 0, 0), p.width_m, top, half + p.gate_x_m, *gate, thick, wall, blocks)
    if p.front == "plain":
        plain_wall(model, (half, 0, 0), (-1, 0, 0), p.width_m, top, wall)
    else:
        radius = min(p.gate_radius_m, 1.3)
        back = wood if p.front == "door" else None
        pierced_wall(
            model, (half, 0, 0), (-1, 0, 0), p.width_m, top, half, radius, p.gate_spring_m, thick, wall, blocks, back
        )
    plain_wall(model, (-half, 0, 0), (0, 1, 0), length, top, wall)
    plain_wall(model, (half, length, 0), (0, -1, 0), length, top, wall)
    out, over = thick + 0.12, 0.12
    model.box((-half - out, length - over, top), (half + out, length + out, top + 0.22), blocks, "yYzZxX")
    model.box((-half - out, -out, top), (half + out, over, top + 0.22), blocks, "yYzZxX")
    model.box((-half - out, over, top), (-half + over, length - over, top + 0.22), blocks, "xXzZ")
    model.box((half - over, over, top), (half + out, length - over, top + 0.22), blocks, "xXzZ")
    for side in (-1, 1):  # outer faces, for shadows and for whoever looks over the wall
        x = side * (half + thick)
        y0, y1 = (-thick, length + thick) if side > 0 else (length + thick, -thick)
        model.quad((x, y0, 0), (0, y1 - y0, 0), (0, 0, top), wall)
    for side in p.gallery_sides:  # a stone plinth along the gallery's wall
        x0, x1 = sorted((side * (half - 0.14), side * half))
        model.box((x0, 0, 0), (x1, length, 0.5), stone, ("x" if side > 0 else "X") + "Z")
    for side in (-1, 1):
        if side not in p.gallery_sides:
            _pilasters(model, p, side, stone)


def _pilasters(model: Model, p: "Courtyard", side: int, stone: Material) -> None:
    half, top = p.width_m / 2, p.wall_m
    inner = "x" if side > 0 else "X"
    for y in p.column_places_m()[1:-1]:
        for z0, z1, wide, deep in ((0.0, 0.3, 0.27, 0.15), (0.3, top - 0.35, 0.21, 0.1), (top - 0.35, top, 0.27, 0.15)):
            x0, x1 = sorted((side * (half - deep), side * half))
            model.box((x0, y - wide, z0), (x1, y + wide, z1), stone, inner + "yYzZ")


def _galleries(model: Model, p: "Courtyard", stone: Material, wood: Material) -> None:
    tiles = roof_tiles(*_TILES[p.tile_tone])
    half = p.width_m / 2
    for side in p.gallery_sides:
        for y in p.column_places_m():
            column(model, side * p.inner_m, y, p.column_m, p.column_radius_m, p.columns, stone)
        beam = (p.column_m, p.column_m + 0.46)
        lean_to(model, side, p.inner_m, half, 0.0, p.length_m, beam, p.wall_m - 0.35, 0.31, stone, wood, tiles)


def _floor(model: Model, p: "Courtyard", blocks: Material) -> None:
    paving = {"flagstones": flagstones(), "herringbone": herringbone(), "gravel": gravel()}[p.paving]
    half, length, y = p.width_m / 2, p.length_m, p.middle_y_m
    tex = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
    if p.centre == "paving":
        hole = (0.0, y, 0.0, y)
    else:
        rim = 0.0 if p.centre == "lawn" else 0.36
        hole = (-p.pool[0] - rim, y - p.pool[1] - rim, p.pool[0] + rim, y + p.pool[1] + rim)
    x0, y0, x1, y1 = hole
    gallery = flagstones(slab_m=0.6) if p.paving == "gravel" else paving
    strips = [(-half, 0.0, half, y0, paving), (-half, y1, half, length, paving)]
    strips += [(-half, y0, x0, y1, paving), (x1, y0, half, y1, paving)]
    for a, b, c, d, stuff in strips:
        if c - a < 1e-6 or d - b < 1e-6:
            continue
        for left, right, material in _split(p, a, c, stuff, gallery):
            edges = (right - left, 0.0, 0.0), (0.0, d - b, 0.0)
            model.quad((left, b, 0.0), *edges, material, tex_axes=tex)
    for x, yy in ((p.gate_x_m, length), (0.0, -0.7)):
        if yy < 0 and p.front != "gate":
            continue
        radius = p.gate_radius_m if yy > 0 else min(p.gate_radius_m, 1.3)
        model.quad((x - radius, yy, 0.0), (2 * radius, 0, 0), (0, 0.7, 0), blocks)
    if p.centre in ("long pool", "round pool", "fountain"):
        sunken_pool(model, (0.0, y), p.pool[:2], p.pool[2], voussoirs(*_STONES[p.stone_tone], block_m=0.75), paving)
    if p.centre == "lawn":
        _lawn(model, p, blocks)


def _split(
    p: "Courtyard", a: float, c: float, stuff: Material, gallery: Material
) -> list[tuple[float, float, Material]]:
    """Cut a strip of floor where the galleries, paved otherwise, begin."""
    if gallery is stuff:
        return [(a, c, stuff)]
    edge = p.inner_m - 0.45
    cuts = [a, *(x for x in (-edge, edge) if a < x < c and (1 if x > 0 else -1) in p.gallery_sides), c]
    out = []
    for left, right in pairwise(cuts):
        middle = (left + right) / 2
        under = abs(middle) > edge and (1 if middle > 0 else -1) in p.gallery_sides
        out.append((left, right, gallery if under else stuff))
    return out


def _lawn(model: Model, p: "Courtyard", blocks: Material) -> None:
    hx, hy, _ = p.pool
    y = p.middle_y_m
    model.quad((-hx, y - hy, 0.03), (2 * hx, 0, 0), (0, 2 * hy, 0), lawn())
    for lo, hi, faces in (
        ((-hx - 0.14, y - hy - 0.14), (-hx, y + hy + 0.14), "xXyY"),
        ((hx, y - hy - 0.14), (hx + 0.14, y + hy + 0.14), "xXyY"),
        ((-hx, y - hy - 0.14), (hx, y - hy), "yY"),
        ((-hx, y + hy), (hx, y + hy + 0.14), "yY"),
    ):
        model.box((*lo, 0.0), (*hi, 0.07), blocks, faces + "Z")
    rng = stream(p.seed, "lawn")
    n = int(700 * 4 * hx * hy)
    feet = np.column_stack([rng.uniform(-hx, hx, n), rng.uniform(y - hy, y + hy, n), np.full(n, 0.025)])
    plants.tufts(model, feet, 0.07, rng, 0.012)


def _middle(model: Model, p: "Courtyard") -> None:
    y = p.middle_y_m
    if p.ornament == "none":
        return
    stone = limestone(*_STONES[p.stone_tone], drip=0.3)
    if p.ornament == "bowl":
        profile = [
            (0.5, -0.10),
            (0.5, 0.1),
            (0.4, 0.16),
            (0.24, 0.24),
            (0.2, 0.45),
            (0.24, 0.7),
            (0.34, 0.76),
            (0.72, 0.9),
            (0.98, 1.06),
            (1.0, 1.12),
            (0.94, 1.12),
            (0.86, 1.06),
            (0.2, 1.0),
            (0.14, 1.05),
            (0.12, 1.32),
            (0.18, 1.4),
            (0.36, 1.48),
            (0.48, 1.6),
            (0.44, 1.62),
            (0.1, 1.58),
            (0.07, 1.7),
            (0.11, 1.78),
            (0.08, 1.86),
            (0.01, 1.9),
        ]
        model.lathe((0.0, y, 0.0), profile, stone, mesh=(40, 60))
        return
    model.box((-0.5, y - 0.5, 0.0), (0.5, y + 0.5, 0.16), stone, "xXyYZ")
    model.box((-0.37, y - 0.37, 0.16), (0.37, y + 0.37, 0.86), stone, "xXyY")
    model.box((-0.45, y - 0.45, 0.86), (0.45, y + 0.45, 1.0), stone, "xXyYzZ")
    if p.ornament == "urn":
        profile = [
            (0.2, 1.0),
            (0.2, 1.05),
            (0.1, 1.1),
            (0.08, 1.18),
            (0.13, 1.22),
            (0.3, 1.36),
            (0.37, 1.52),
            (0.36, 1.66),
            (0.29, 1.78),
            (0.27, 1.86),
            (0.33, 1.95),
            (0.42, 2.01),
            (0.43, 2.04),
            (0.39, 2.05),
            (0.29, 1.98),
            (0.24, 1.88),
            (0.02, 1.8),
        ]
        model.lathe((0.0, y, 0.0), profile, stone, mesh=(40, 48))
    elif p.ornament == "sphere":
        model.lathe((0.0, y, 0.0), [(0.24, 1.0), (0.24, 1.04), (0.14, 1.08), (0.12, 1.12)], stone, mesh=(12, 4))
        model.ball((0.0, y, 1.42), (0.34, 0.34, 0.34), stone)
    else:
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
        for k in range(4):
            a, b = corners[k], corners[(k + 1) % 4]
            model.patch(_facet(a, b, y), (0.42, 1.95), stone, (1, 1))
            model.patch(_cap(a, b, y), (0.26, 0.28), stone, (1, 1))


def _facet(a: np.ndarray, b: np.ndarray, y: float):  # type: ignore[no-untyped-def]
    def point(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        half = (0.24 - 0.11 * v)[:, None]
        xy = (a + u[:, None] * (b - a)) * half
        return np.stack([xy[:, 0], y + xy[:, 1], 1.0 + 1.95 * v], 1)

    return point


def _cap(a: np.ndarray, b: np.ndarray, y: float):  # type: ignore[no-untyped-def]
    def point(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
        xy = (a + u[:, None] * (b - a)) * (0.13 * (1 - 0.97 * v))[:, None]
        return np.stack([xy[:, 0], y + xy[:, 1], 2.95 + 0.25 * v], 1)

    return point


def _outside(model: Model, p: "Courtyard") -> None:
    """Lay meadows around the walls, rising to hills. None lies under the court, where the mirror world is."""
    half, length = p.width_m / 2 + 0.55, p.length_m
    y0, y1 = -0.55, length + 0.55
    cy = length / 2
    shift = (p.seed % 997) * 1.7
    model.patch(
        ring_to_horizon((0.0, cy), half, (y1 - y0) / 2, 320.0, shift), (300.0, 300.0), fields(), (96, 40), detail=0.7
    )
