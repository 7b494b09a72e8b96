"""The courtyard family: walls with a gateway, colonnades, water or grass in the middle, trees looking over the walls.

x runs across the court, y from the front wall (0) to the gateway's wall, z up; the floor is at 0.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from camera_motion.generator import solids
from camera_motion.generator.geometry import SceneGeometry, Subject
from camera_motion.generator.scenes.courtyard_build import build_model
from camera_motion.generator.scenes.courtyard_words import describe
from camera_motion.generator.scenes.surface import Model

Centre = Literal["long pool", "round pool", "fountain", "lawn", "paving"]
Ornament = Literal["urn", "obelisk", "sphere", "bowl", "none"]


@dataclass(frozen=True)
class Courtyard:
    """What is true of one courtyard; metres unless named otherwise. Every value can be written as JSON.

    `sides` says where galleries run; columns stand `spacing_m` apart, `inner_m` from the middle line. `pool` is
    (half width, half length, corner radius) of the water. `sun` is (azimuth_deg counter-clockwise from +x,
    elevation_deg). `seed` feeds the objects' own streams.
    """

    seed: int
    width_m: float
    length_m: float
    wall_m: float
    sides: Literal["both", "left", "right"]
    gallery_m: float
    columns: Literal["fluted", "plain", "square"]
    column_m: float
    column_radius_m: float
    spacing_m: float
    wall: Literal["brick", "plaster", "ashlar"]
    wall_tone: int
    tile_tone: int
    stone_tone: int
    paving: Literal["flagstones", "herringbone", "gravel"]
    gate_radius_m: float
    gate_spring_m: float
    gate_x_m: float
    front: Literal["gate", "door", "plain"]
    centre: Centre
    pool: tuple[float, float, float]
    ornament: Ornament
    pots: Literal["balls", "small trees", "none"]
    hedges: bool
    ivy: float
    trees: int
    cypresses: int
    light: Literal["morning", "noon", "afternoon", "overcast"]
    sun: tuple[float, float]
    clouds: float

    @property
    def inner_m(self) -> float:
        """Distance of the column rows from the middle line."""
        return self.width_m / 2 - self.gallery_m

    @property
    def gallery_sides(self) -> tuple[int, ...]:
        """The sides with a gallery: -1 is left (x < 0), 1 right."""
        return {"both": (-1, 1), "left": (-1,), "right": (1,)}[self.sides]

    @property
    def middle_y_m(self) -> float:
        """Where the middle of the composition lies along y."""
        return 0.5 * self.length_m

    def column_places_m(self) -> list[float]:
        """Return the y of every column of a row."""
        n = max(2, round((self.length_m - 1.6) / self.spacing_m))
        return [0.8 + (self.length_m - 1.6) * k / n for k in range(n + 1)]

    def pot_places_m(self) -> list[tuple[float, float]]:
        """Return (x, y) of every pot: between the columns, before the galleries and the bare wall."""
        if self.pots == "none":
            return []
        ys = self.column_places_m()
        between = [(a + b) / 2 for a, b in zip(ys[:-1], ys[1:], strict=True)]
        out = []
        for side in (-1, 1):
            x = self.inner_m - 0.95 if side in self.gallery_sides else self.width_m / 2 - 0.9
            step = 1 if self.pots == "balls" else 2
            out += [(side * x, y) for y in between[::step]]
        return out

    def hedge_boxes_m(self) -> list[tuple[tuple[float, float, float], tuple[float, float, float]]]:
        """Return corners of the clipped hedges: around a lawn, else along the foot of a bare wall."""
        if not self.hedges:
            return []
        if self.centre == "lawn":
            hx, hy, _ = self.pool
            y, gap = self.middle_y_m, 1.3
            spans = [(-hy, -gap), (gap, hy)]
            return [
                ((side * (hx - 0.28) - 0.28, y + a, 0.0), (side * (hx - 0.28) + 0.28, y + b, 0.55))
                for side in (-1, 1)
                for a, b in spans
            ]
        out = []
        for side in (-1, 1):
            if side not in self.gallery_sides:
                x0, x1 = sorted((side * (self.width_m / 2 - 0.75), side * (self.width_m / 2 - 0.1)))
                out.append(((x0, 2.0, 0.0), (x1, self.length_m - 2.0, 0.8)))
        return out


def rand(rng: np.random.Generator) -> Courtyard:
    """Choose a courtyard."""
    width = round(float(rng.uniform(13.5, 19.0)), 2)
    length = round(float(rng.uniform(19.0, 28.0)), 2)
    sides = str(rng.choice(["both", "both", "left", "right"]))
    gallery = round(float(rng.uniform(2.7, 3.5)), 2)
    column = round(float(rng.uniform(2.9, 3.6)), 2)
    wall_height = round(float(column + rng.uniform(1.75, 2.35)), 2)
    centre = str(rng.choice(["long pool", "long pool", "round pool", "fountain", "lawn", "paving"]))
    free = width / 2 - gallery - 1.6
    half_x = round(float(min(rng.uniform(1.6, 2.6), free - 0.9)), 2)
    if centre == "long pool":
        half_y = round(float(length * rng.uniform(0.2, 0.29)), 2)
        corner = round(float(rng.choice([0.0, 0.0, 0.5, 1.0]) * rng.uniform(0.6, 1.0) * half_x), 2)
        pool = (half_x, half_y, corner)
    elif centre in ("round pool", "fountain"):
        radius = round(float(min(rng.uniform(1.9, 2.9), free - 0.6)), 2)
        pool = (radius, radius, radius)
    elif centre == "lawn":
        pool = (round(float(min(rng.uniform(2.4, 3.6), free)), 2), round(float(length * rng.uniform(0.2, 0.3)), 2), 0.0)
    else:
        pool = (0.0, 0.0, 0.0)
    ornament = {"long pool": "none", "round pool": "none", "fountain": "bowl"}.get(centre) or str(
        rng.choice(["urn", "obelisk", "sphere"])
    )
    light = str(rng.choice(["morning", "noon", "afternoon", "afternoon", "overcast"]))
    elevation = {"morning": (24, 36), "noon": (52, 66), "afternoon": (28, 46), "overcast": (45, 60)}[light]
    gate_radius = round(float(rng.uniform(1.25, 1.9)), 2)
    return Courtyard(
        seed=int(rng.integers(0, 2**31)),
        width_m=width,
        length_m=length,
        wall_m=wall_height,
        sides=sides,  # type: ignore[arg-type]
        gallery_m=gallery,
        columns=str(rng.choice(["fluted", "plain", "square"])),  # type: ignore[arg-type]
        column_m=column,
        column_radius_m=round(float(rng.uniform(0.2, 0.27)), 3),
        spacing_m=round(float(rng.uniform(2.4, 3.3)), 2),
        wall=str(rng.choice(["brick", "brick", "plaster", "ashlar"])),  # type: ignore[arg-type]
        wall_tone=int(rng.integers(0, 5)),
        tile_tone=int(rng.integers(0, 3)),
        stone_tone=int(rng.integers(0, 3)),
        paving=str(rng.choice(["flagstones", "flagstones", "herringbone", "gravel"])),  # type: ignore[arg-type]
        gate_radius_m=gate_radius,
        gate_spring_m=round(float(min(rng.uniform(2.2, 2.9), wall_height - gate_radius - 0.9)), 2),
        gate_x_m=round(float(rng.uniform(-1.2, 1.2)) if rng.random() < 0.4 else 0.0, 2),
        front=str(rng.choice(["gate", "door", "door", "plain"])),  # type: ignore[arg-type]
        centre=centre,  # type: ignore[arg-type]
        pool=pool,
        ornament=ornament,  # type: ignore[arg-type]
        pots=str(rng.choice(["balls", "balls", "small trees", "none"])),  # type: ignore[arg-type]
        hedges=bool(rng.random() < 0.5),
        ivy=round(float(rng.choice([0.0, 0.25, 0.4, 0.55])), 2),
        trees=int(rng.integers(5, 9)),
        cypresses=int(rng.choice([0, 0, 3, 6])),
        light=light,  # type: ignore[arg-type]
        sun=(round(float(rng.uniform(0, 360)), 1), round(float(rng.uniform(*elevation)), 1)),
        clouds=1.0 if light == "overcast" else round(float(rng.choice([0.12, 0.3, 0.42, 0.55])), 2),
    )


def geometry(params: Courtyard) -> SceneGeometry:
    """Describe the courtyard analytically: what a camera could hit, what it could look at, and the words for it."""
    p = params
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
        a, b = sorted((side * (p.inner_m - 0.62), side * half))
        steps = 4
        for k in range(steps):
            reach = p.inner_m - 0.62 + (half - p.inner_m + 0.62) * k / steps
            roof = high + 0.2 + (top - 0.35 - high) * (k + 1) / steps
            x0, x1 = sorted((side * reach, side * half))
            parts.append(solids.box((x0, 0, low if k == 0 else high), (x1, length, roof)))
        del a, b
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
    return SceneGeometry(
        space=solids.union(parts),
        bounds_m=np.array([[-half + 0.6, 0.6, 0.4], [half - 0.6, length - 0.6, top + 0.6]]),
        ground_m=0.0,
        eye_heights_m=(1.2, 2.1),
        subjects=_subjects(p),
        description=describe(p),
    )


def build(params: Courtyard) -> Model:
    """Build the surfaces, plants and light of the courtyard."""
    return build_model(params)


def _gate_wall(p: Courtyard, y0: float, y1: float, x: float, open_: bool) -> list[solids.Solids]:
    """The wall with the gateway as boxes; the round head of the arch is stepped, never wider than drawn."""
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


def ornament_height_m(p: Courtyard) -> float:
    """Return the height of the thing in the middle."""
    return {"urn": 2.05, "obelisk": 3.2, "sphere": 1.75, "bowl": 1.9, "none": 0.0}[p.ornament]


def _ornament(p: Courtyard) -> list[solids.Solids]:
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


def _subjects(p: Courtyard) -> tuple[Subject, ...]:
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
