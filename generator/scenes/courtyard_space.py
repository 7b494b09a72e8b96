"""What of a courtyard a camera could bump into, and what it could look at."""

import math
from typing import TYPE_CHECKING

from camera_motion.generator import solids
from camera_motion.generator.geometry import Subject
from camera_motion.generator.scenes.courtyard_garden import trees

if TYPE_CHECKING:
    from camera_motion.generator.scenes.courtyard import Courtyard


def space(p: "Courtyard") -> solids.Solids:
    """Enclose what is built and grown; ivy is counted with its wall."""
    half, length, top = p.width_m / 2, p.length_m, p.wall_m
    thick, skin = 0.8, 0.16  # walls wear ivy
    parts = [
        solids.ground(0.0),
        solids.box((-half - thick, -thick, 0), (-half + skin, length + thick, top + 0.25)),
        solids.box((half - skin, -thick, 0), (half + thick, length + thick, top + 0.25)),
    ]
    parts += _gate_wall(p, length - skin, length + thick, p.gate_x_m, open_=True)
    parts += _gate_wall(p, -thick, skin, 0.0, open_=p.front == "gate")
    ys = p.column_places_m()
    r = p.column_radius_m * (1.0 if p.columns != "square" else 1.05)
    low, high = p.column_m, p.column_m + 0.46
    for side in p.gallery_sides:
        x = side * p.inner_m
        for y in ys:
            if p.columns == "square":
                parts.append(solids.box((x - r, y - r, 0), (x + r, y + r, low)))
            else:
                parts.append(solids.cylinder(x, y, r, 0, low))
            parts.append(solids.box((x - 1.45 * r, y - 1.45 * r, 0), (x + 1.45 * r, y + 1.45 * r, 0.3)))
            parts.append(solids.box((x - 1.45 * r, y - 1.45 * r, low - 0.2), (x + 1.45 * r, y + 1.45 * r, low)))
        steps = 4
        for k in range(steps):
            reach = p.inner_m - 0.62 + (half - p.inner_m + 0.62) * k / steps
            roof = high + 0.2 + (top - 0.35 - high) * (k + 1) / steps
            x0, x1 = sorted((side * reach, side * half))
            parts.append(solids.box((x0, 0, low if k == 0 else high), (x1, length, roof)))
    if p.centre in ("long pool", "round pool", "fountain"):
        hx, hy, _ = p.pool
        y = p.middle_y_m
        parts.append(solids.box((-hx - 0.36, y - hy - 0.36, 0), (hx + 0.36, y + hy + 0.36, 0.13)))
    if p.centre == "lawn":
        hx, hy, _ = p.pool
        parts.append(solids.box((-hx, p.middle_y_m - hy, 0), (hx, p.middle_y_m + hy, 0.1)))
    for x, y in p.pot_places_m():
        parts.append(solids.cylinder(x, y, 0.36, 0, 0.5))
        if p.pots == "balls":
            parts.append(solids.sphere((x, y, 0.78), 0.46))
        else:
            parts += [solids.cylinder(x, y, 0.1, 0, 1.7), solids.sphere((x, y, 1.85), 0.68)]
    parts += [solids.box(lo, hi) for lo, hi in p.hedge_boxes_m()]
    if p.ornament != "none":
        parts += _ornament(p)
    for tree in trees(p):
        parts.append(solids.cylinder(tree.x_m, tree.y_m, 0.05 * tree.height_m, 0, 0.6 * tree.height_m))
        parts.append(solids.sphere((tree.x_m, tree.y_m, 0.68 * tree.height_m), 1.6 * tree.crown_m))
    return solids.union(parts)


def _gate_wall(p: "Courtyard", y0: float, y1: float, x: float, open_: bool) -> list[solids.Solids]:
    """Make the wall with the gateway of boxes; the round head of the arch is stepped, never wider than drawn."""
    half, top = p.width_m / 2, p.wall_m + 0.25
    if not open_:
        return [solids.box((-half, y0, 0), (half, y1, top))]
    radius = p.gate_radius_m if y0 > 1 else min(p.gate_radius_m, 1.3)
    out = [
        solids.box((-half, y0, 0), (x - radius, y1, top)),
        solids.box((x + radius, y0, 0), (half, y1, top)),
        solids.box((x - radius, y0, p.gate_spring_m + radius), (x + radius, y1, top)),
    ]
    steps = 6
    for k in range(steps):
        reach = radius * math.cos(math.asin(k / steps))
        z0, z1 = p.gate_spring_m + radius * k / steps, p.gate_spring_m + radius * (k + 1) / steps
        for side in (-1, 1):
            a, b = sorted((x + side * reach, x + side * radius))
            if b - a > 1e-3:
                out.append(solids.box((a, y0, z0), (b, y1, z1)))
    return out


def ornament_height_m(p: "Courtyard") -> float:
    """Return the height of the thing in the middle."""
    return {"urn": 2.05, "obelisk": 3.2, "sphere": 1.75, "bowl": 1.9, "none": 0.0}[p.ornament]


def _ornament(p: "Courtyard") -> list[solids.Solids]:
    y, top = p.middle_y_m, ornament_height_m(p)
    if p.ornament == "bowl":
        return [
            solids.cylinder(0, y, 0.34, 0, top),
            solids.cylinder(0, y, 1.0, 0.75, 1.15),
            solids.cylinder(0, y, 0.5, 1.4, top),
        ]
    base = solids.box((-0.5, y - 0.5, 0), (0.5, y + 0.5, 1.0))
    width = {"urn": 0.45, "obelisk": 0.34, "sphere": 0.46}[p.ornament]
    return [base, solids.cylinder(0, y, width, 1.0, top)]


def subjects(p: "Courtyard") -> tuple[Subject, ...]:
    """Name what is worth circling or tracking."""
    y = p.middle_y_m
    out = [
        Subject(
            "the arched gateway",
            (p.gate_x_m, p.length_m - 0.05, 0.55 * (p.gate_spring_m + p.gate_radius_m)),
            p.gate_radius_m,
        )
    ]
    names = {"urn": "the stone urn", "obelisk": "the obelisk", "sphere": "the stone sphere", "bowl": "the fountain"}
    if p.ornament != "none":
        height = ornament_height_m(p)
        focus = {"urn": 1.5, "obelisk": 1.6, "sphere": 1.35, "bowl": 1.05}[p.ornament]
        out.append(Subject(names[p.ornament], (0.0, y, focus), height / 2))
    for side in p.gallery_sides:
        ys = p.column_places_m()
        place = min(ys[1:-1] or ys, key=lambda c: abs(c - y))
        kind = {"fluted": "a fluted column", "plain": "a stone column", "square": "a square pillar"}[p.columns]
        out.append(Subject(kind, (side * p.inner_m, place, 1.6), p.column_m / 2))
    places = p.pot_places_m()
    if places:
        x, py = min(places, key=lambda c: abs(c[1] - y) + 0.01 * c[0])
        if p.pots == "balls":
            out.append(Subject("a potted boxwood ball", (x, py, 0.72), 0.5))
        else:
            out.append(Subject("a small orange tree", (x, py, 1.7), 0.7))
    if p.centre in ("long pool", "round pool"):
        out.append(Subject("the reflecting pool", (0.0, y, 0.0), min(p.pool[0], p.pool[1])))
    return tuple(out)
