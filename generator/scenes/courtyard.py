"""The courtyard family: walls with a gateway, colonnades, water or grass in the middle, trees looking over the walls.

x runs across the court, y from the front wall (0) to the gateway's wall, z up; the floor is at 0.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from camera_motion.generator.geometry import SceneGeometry
from camera_motion.generator.scenes.courtyard_build import build_model
from camera_motion.generator.scenes.courtyard_space import space, subjects
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
        between = [(a + b) / 2 for a, b in pairwise(ys)]
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
    half = params.width_m / 2
    return SceneGeometry(
        space=space(params),
        bounds_m=np.array([[-half + 0.6, 0.6, 0.4], [half - 0.6, params.length_m - 0.6, params.wall_m + 0.6]]),
        ground_m=0.0,
        eye_heights_m=(1.2, 2.1),
        subjects=subjects(params),
        description=describe(params),
    )


def build(params: Courtyard) -> Model:
    """Build the surfaces, plants and light of the courtyard."""
    return build_model(params)
