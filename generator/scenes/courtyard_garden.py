"""What grows in and around a courtyard: pots, hedges, ivy, grass, and the trees that look over its walls."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from camera_motion.generator.materials import Material
from camera_motion.generator.materials.noise import fbm3
from camera_motion.generator.materials.stone import terracotta
from camera_motion.generator.materials.timber import bark
from camera_motion.generator.scenes import plants
from camera_motion.generator.scenes.surface import Model
from camera_motion.generator.seeds import stream

if TYPE_CHECKING:
    from camera_motion.generator.scenes.courtyard import Courtyard


def _orange(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    tone = 0.8 + 0.4 * fbm3(x * 60.0, y * 60.0, z * 60.0, 2, 60.0 * w)
    return 0.70 * tone, 0.22 * tone, 0.014 * tone, 0.0


_FRUIT = Material("fruit", _orange)


@dataclass(frozen=True)
class Tree:
    """A tree outside the walls."""

    x_m: float
    y_m: float
    height_m: float
    crown_m: float
    leafage: plants.Leafage
    leaves: int = 34000
    leaf_m: float = 0.07


def trees(p: "Courtyard") -> list[Tree]:
    """Place the trees: some beside every wall, and three far out where the gateway looks."""
    half, length = p.width_m / 2, p.length_m
    out = []
    for index in range(p.trees):
        rng = stream(p.seed, "tree", index)
        kind = (plants.OAK, plants.PLANE, plants.LIME, plants.LIME, plants.OLIVE)[int(rng.integers(0, 5))]
        side = index % 4 if index else 3
        gap = rng.uniform(3.4, 8.0)
        if side == 0:
            x, y = -half - gap, rng.uniform(2, length + 3)
        elif side == 1:
            x, y = half + gap, rng.uniform(2, length + 3)
        elif side == 2:
            x, y = rng.uniform(-half, half), -gap - 2.0
        else:
            x, y = rng.uniform(-half - 2, half + 2), length + gap * 1.5 + 2.0
            if abs(x - p.gate_x_m) < 2.2 and index < 4:
                y += 12.0
        out.append(Tree(x, y, rng.uniform(8.0, 11.5), rng.uniform(2.6, 3.5), kind))
    for index in range(3):
        rng = stream(p.seed, "far tree", index)
        x, y = p.gate_x_m + rng.uniform(-9, 9), length + rng.uniform(18, 40)
        out.append(Tree(x, y, rng.uniform(7.5, 10), rng.uniform(2.8, 3.8), plants.LIME, 14000, 0.1))
    return out


def plant(model: Model, p: "Courtyard") -> None:
    """Grow everything."""
    _pots(model, p)
    for index, (lo, hi) in enumerate(p.hedge_boxes_m()):
        plants.hedge(model, lo, hi, plants.BOX, stream(p.seed, "hedge", index))
    half, length = p.width_m / 2, p.length_m
    wood = bark()
    for index, tree in enumerate(trees(p)):
        rng = stream(p.seed, "tree shape", index)
        foot = (tree.x_m, tree.y_m, -0.05)
        plants.tree(model, foot, tree.height_m, tree.crown_m, tree.leaves, tree.leafage, wood, rng, tree.leaf_m)
    for index in range(p.cypresses):
        rng = stream(p.seed, "cypress", index)
        across = -half - 1.6 if index % 2 else half + 1.6
        y = length * (0.3 + 0.66 * (index + 1) / (p.cypresses + 1)) + rng.uniform(-0.5, 0.5)
        plants.cypress(
            model, (across + rng.uniform(-0.4, 0.4), y, 0.0), rng.uniform(7.0, 10.5), rng.uniform(0.7, 1.0), rng
        )
    if p.ivy > 0:
        _ivy(model, p)
    _tufts(model, p)
    _meadow(model, p)


def _pots(model: Model, p: "Courtyard") -> None:
    clay, wood = terracotta(), bark()
    for index, (x, y) in enumerate(p.pot_places_m()):
        rng = stream(p.seed, "pot", index)
        profile = [
            (0.2, 0.0),
            (0.255, 0.1),
            (0.3, 0.33),
            (0.335, 0.345),
            (0.34, 0.41),
            (0.29, 0.415),
            (0.27, 0.36),
            (0.02, 0.35),
        ]
        model.lathe((x, y, 0.0), profile, clay, mesh=(16, 12))
        if p.pots == "balls":
            plants.ball(model, (x, y, 0.76), 0.4, plants.BOX, rng)
            continue
        top = (x + rng.normal() * 0.02, y + rng.normal() * 0.02, 1.5)
        model.tube((x, y, 0.33), top, 0.038, 0.03, wood)
        plants.ball(model, (top[0], top[1], 1.83), 0.55, plants.OAK, rng)
        n = 22
        out = rng.normal(size=(n, 3))
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        centre = np.array([top[0], top[1], 1.83]) + 0.53 * out
        for c in centre:
            model.ball(c, (0.038, 0.038, 0.038), _FRUIT, mesh=(6, 4))


def _ivy(model: Model, p: "Courtyard") -> None:
    half, length, top = p.width_m / 2, p.length_m, p.wall_m
    gate = half + p.gate_x_m
    clear = [(gate - p.gate_radius_m - 0.1, gate + p.gate_radius_m + 0.1, p.gate_spring_m + 0.8 * p.gate_radius_m)]
    back = (np.array([-half, length, 0.0]), np.array([p.width_m, 0.0, 0.0]), np.array([0.0, -1.0, 0.0]))
    plants.ivy(model, back[0], back[1], top, back[2], p.ivy, True, plants.IVY, stream(p.seed, "ivy", 0), clear)
    plants.ivy(model, back[0], back[1], top, back[2], 0.8 * p.ivy, False, plants.OAK, stream(p.seed, "ivy", 1), clear)
    for side in (-1, 1):
        high = p.column_m - 0.3 if side in p.gallery_sides else top
        start = (np.array([side * half, 0.0 if side < 0 else length, 0.0]), np.array([0.0, -side * length, 0.0]))
        rng = stream(p.seed, "ivy", 3 + side)
        cover = 0.6 * p.ivy if side in p.gallery_sides else p.ivy
        plants.ivy(model, *start, high, np.array([-float(side), 0.0, 0.0]), cover, False, plants.IVY, rng)
    front = (np.array([half, 0.0, 0.0]), np.array([-p.width_m, 0.0, 0.0]))
    door = [(half - 1.8, half + 1.8, p.gate_spring_m + 1.8)] if p.front != "plain" else []
    plants.ivy(model, *front, top, np.array([0.0, 1.0, 0.0]), p.ivy, True, plants.IVY, stream(p.seed, "ivy", 5), door)


def _tufts(model: Model, p: "Courtyard") -> None:
    """Grow grass where nobody treads: along the feet of walls and rims."""
    rng = stream(p.seed, "tufts")
    half, length = p.width_m / 2, p.length_m
    n = 6000
    wall = rng.integers(0, 4, n)
    away = rng.exponential(0.07, n) + (0.14 if p.gallery_sides else 0.0) * (wall < 2)
    t = rng.random(n)
    x = np.select([wall == 0, wall == 1], [-half + away, half - away], -half + p.width_m * t)
    y = np.select([wall == 2, wall == 3], [away, length - away], length * t)
    feet = np.column_stack([x, y])
    if p.centre in ("long pool", "round pool", "fountain") and p.pool[2] == 0:
        m = 3500
        side, t = rng.choice([-1.0, 1.0], m), rng.uniform(-1, 1, m)
        ox, oy = p.pool[0] + 0.36, p.pool[1] + 0.36
        along = rng.random(m) < ox / (ox + oy)
        px = np.where(along, t * ox, side * (ox + rng.exponential(0.03, m)))
        py = p.middle_y_m + np.where(along, side * (oy + rng.exponential(0.03, m)), t * oy)
        feet = np.concatenate([feet, np.column_stack([px, py])])
    keep = plants.patchy(feet, 1.3, 0.4, float(rng.uniform(0, 50)))
    keep &= ~((np.abs(feet[:, 0] - p.gate_x_m) < p.gate_radius_m + 0.2) & (feet[:, 1] > length - 1))
    feet = feet[keep]
    plants.tufts(model, np.column_stack([feet, np.zeros(len(feet))]), 0.1, rng)


def _meadow(model: Model, p: "Courtyard") -> None:
    """Grow taller grass outside the gates, thinning out with distance."""
    gates = [(p.gate_x_m, p.length_m + 0.75, 1.0)] + ([(0.0, -0.75, -1.0)] if p.front == "gate" else [])
    for index, (x, y, way) in enumerate(gates):
        rng = stream(p.seed, "meadow", index)
        n = 16000
        away = 14.0 * rng.random(n) ** 1.3
        feet = np.column_stack([x + rng.normal(size=n) * (1.3 + 0.55 * away), y + way * away])
        keep = plants.patchy(feet, 0.8, 0.7, float(rng.uniform(0, 50))) & (away > 0.05)
        feet = feet[keep]
        plants.tufts(model, np.column_stack([feet, np.full(len(feet), -0.05)]), 0.24, rng, 0.014)
