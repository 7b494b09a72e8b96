"""The family `interior`: living rooms, libraries and galleries in daylight.

A room is drawn by `rand`, known exactly by `geometry`, and laid out in surfaces by `build`. The floor is at z = 0 and
the room is centred on the origin.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from camera_motion.generator import solids
from camera_motion.generator.geometry import SceneDescription, SceneGeometry
from camera_motion.generator.materials.floors import TONES, floor
from camera_motion.generator.materials.interior import PALETTES, finishes, wall_material
from camera_motion.generator.scenes import openings as drawn
from camera_motion.generator.scenes import room
from camera_motion.generator.scenes.brush import Brush
from camera_motion.generator.scenes.fill import Fill
from camera_motion.generator.scenes.furniture import DRAW
from camera_motion.generator.scenes.inventory import solids_of, subjects_of
from camera_motion.generator.scenes.layout import Item, Picture, Plan, spread
from camera_motion.generator.scenes.outside import DROP_M, draw_outside
from camera_motion.generator.scenes.rooms import furnish
from camera_motion.generator.scenes.sky import Sky, Sun
from camera_motion.generator.scenes.surface import Model
from camera_motion.generator.scenes.walls import THICKNESS_M, Opening, wall_solids, walls_of
from camera_motion.generator.seeds import stream
from camera_motion.generator.splats import Look

RoomKind = Literal["living room", "library", "gallery"]


@dataclass(frozen=True)
class Params:
    """One room. `seed` names the random streams of its objects; everything else is decided here."""

    seed: int
    kind: RoomKind
    width_m: float
    depth_m: float
    height_m: float
    palette: str
    floor: str
    floor_tone: str
    walls: str
    ceiling: str
    curtains: bool
    sun_azimuth_deg: float
    sun_elevation_deg: float
    clouds: float
    openings: tuple[Opening, ...]
    items: tuple[Item, ...]
    pictures: tuple[Picture, ...]


_RANGES = {
    "living room": ((6.4, 9.6), (5.2, 7.8), (3.0, 3.7)),
    "library": ((7.0, 11.5), (6.2, 9.0), (3.7, 4.9)),
    "gallery": ((9.0, 16.0), (6.6, 12.0), (4.0, 5.0)),
}
_PALETTES = {
    "living room": ("sage", "terracotta", "navy", "ochre", "ivory", "duck egg"),
    "library": ("burgundy", "sage", "navy", "ochre"),
    "gallery": ("burgundy", "navy", "ivory", "terracotta", "duck egg", "ochre"),
}
_FLOORS = {
    "living room": ("herringbone", "planks", "herringbone"),
    "library": ("herringbone", "planks", "marble"),
    "gallery": ("herringbone", "marble", "slabs", "terrazzo", "herringbone"),
}
_WALLS = {
    "living room": ("panelled", "panelled", "damask", "brick"),
    "library": ("boiserie", "boiserie", "damask", "panelled"),
    "gallery": ("damask", "panelled", "damask", "brick"),
}
_CEILINGS = {
    "living room": ("plaster", "beamed", "coffered"),
    "library": ("coffered", "beamed", "coffered"),
    "gallery": ("coffered", "beamed", "coffered"),
}


def rand(rng: np.random.Generator) -> Params:
    """Draw a room."""
    kinds: tuple[RoomKind, ...] = ("living room", "library", "gallery")
    kind = kinds[int(rng.integers(3))]
    width, depth, height = (spread(rng, *bounds) for bounds in _RANGES[kind])
    pick = {
        key: str(rng.choice(table[kind]))
        for key, table in (("palette", _PALETTES), ("floor", _FLOORS), ("walls", _WALLS), ("ceiling", _CEILINGS))
    }
    curtains = bool(kind != "gallery" and rng.random() < 0.8)
    openings = _openings(kind, width, depth, height, curtains, rng)
    plan = Plan(width, depth, openings, clear_m=0.42 if curtains else 0.24)
    furnish(kind, plan, height, rng)
    side = any(o.kind == "window" and o.wall != 0 for o in openings)
    swing = spread(rng, 12, 48) * (1 if rng.random() < 0.5 else -1)
    if side:
        swing = abs(swing) * (1 if any(o.wall == 1 and o.kind == "window" for o in openings) else -1)
    return Params(
        seed=int(rng.integers(1 << 31)),
        kind=kind,
        width_m=width,
        depth_m=depth,
        height_m=height,
        palette=pick["palette"],
        floor=pick["floor"],
        floor_tone=str(rng.choice(TONES[pick["floor"]])),
        walls=pick["walls"],
        ceiling=pick["ceiling"],
        curtains=curtains,
        sun_azimuth_deg=-90.0 + swing,
        sun_elevation_deg=spread(rng, 24, 42),
        clouds=spread(rng, 0.25, 0.6),
        openings=openings,
        items=tuple(plan.items),
        pictures=tuple(plan.pictures),
    )


def _openings(
    kind: RoomKind, width: float, depth: float, height: float, curtains: bool, rng: np.random.Generator
) -> tuple[Opening, ...]:
    out = []
    arched = bool(kind != "living room" and rng.random() < 0.45)
    sill = float(rng.choice([0.06, 0.32, 0.6])) if kind != "gallery" else float(rng.choice([0.06, 0.5, 0.85]))
    top = height - spread(rng, 0.62, 0.8)
    wide = spread(rng, 1.15, 1.5)
    second = int(rng.choice([0, 0, 1, 3]))
    for wall in (0, second) if second else (0,):
        length = width if wall == 0 else depth
        gap = spread(rng, 1.25, 1.7) if curtains else spread(rng, 0.95, 1.9)
        count = max(2, min(int((length - 0.9) / (wide + gap)), 5 if wall == 0 else 2))
        pitch = length / count if count * (wide + gap) > length * 0.8 else (wide + gap)
        for k in range(count):
            along = length / 2 + (k - (count - 1) / 2) * pitch
            out.append(Opening("window", wall, round(along, 3), wide, sill, round(top, 3), arched))
    doors = [w for w in (1, 2, 3) if w != second]
    for wall in doors[: 1 if kind == "living room" else int(rng.integers(1, 3))]:
        length = width if wall == 2 else depth
        double = bool(kind != "living room" or rng.random() < 0.5)
        size = 1.5 if double else 0.92
        share = float(rng.choice([0.2, 0.5, 0.8])) if kind != "living room" else float(rng.choice([0.17, 0.83]))
        along = min(max(length * share, size / 2 + 0.45), length - size / 2 - 0.45)
        out.append(Opening("door", wall, round(along, 3), size, 0.0, round(min(height - 0.75, 2.55), 3)))
    return tuple(out)


def geometry(params: Params) -> SceneGeometry:
    """Describe the room's free space, subjects and words exactly."""
    w, d, h = params.width_m, params.depth_m, params.height_m
    parts = [solids.shell((-w / 2, -d / 2, 0.0), (w / 2, d / 2, h), 0.3, "zZ")]
    for index, wall in enumerate(walls_of(w, d)):
        mine = tuple(o for o in params.openings if o.wall == index)
        parts.append(wall_solids(wall, h, mine))
        for o in mine:
            if o.kind == "window" and params.curtains:
                for side in (-1, 1):
                    edges = sorted(
                        (o.along_m + side * (o.width_m / 2 - 0.15), o.along_m + side * (o.width_m / 2 + 0.34))
                    )
                    parts.append(wall.box((edges[0], edges[1]), (0.0, 0.19), (0.0, o.top_m + 0.2)))
        for p in params.pictures:
            if p.wall == index:
                spans = (
                    (p.along_m - p.width_m / 2, p.along_m + p.width_m / 2),
                    (p.centre_m - p.height_m / 2, p.centre_m + p.height_m / 2),
                )
                parts.append(wall.box(spans[0], (0.0, 0.065), spans[1]))
    for low, high, _ in room.beam_boxes(w, d, h, params.ceiling):
        parts.append(solids.box(np.subtract(low, (w / 2, d / 2, 0)), np.subtract(high, (w / 2, d / 2, 0))))
    parts += [solids_of(item) for item in params.items]
    parts.append(solids.ground(-DROP_M, 160.0))
    return SceneGeometry(
        space=solids.union(parts),
        bounds_m=np.array([(0.35 - w / 2, 0.35 - d / 2, 0.3), (w / 2 - 0.35, d / 2 - 0.35, h - 0.4)]),
        ground_m=0.0,
        eye_heights_m=(1.25, 1.75),
        subjects=subjects_of(params.items, params.pictures, walls_of(w, d)),
        description=describe(params),
    )


def describe(params: Params) -> SceneDescription:
    """Put the room into words."""
    colour = PALETTES[params.palette].words
    floors = {
        "herringbone": f"a {params.floor_tone} herringbone parquet floor",
        "planks": f"a floor of {params.floor_tone} oak boards",
        "marble": f"a chequered floor of {params.floor_tone} marble",
        "slabs": "a limestone floor with dark cabochons",
        "terrazzo": f"a {params.floor_tone} terrazzo floor",
    }
    walls_ = {
        "panelled": f"{colour} panelled walls",
        "damask": f"{colour} damask walls",
        "boiserie": "dark wood-panelled walls",
        "brick": "brick walls under peeling white paint",
    }
    ceilings = {"coffered": "a coffered ceiling", "beamed": "a beamed ceiling", "plaster": "a moulded plaster ceiling"}
    arched = any(o.arched for o in params.openings)
    windows = f"tall {'arched ' if arched else ''}windows onto a garden"
    kinds = {item.kind for item in params.items}
    pieces = {
        "living room": (
            ("fireplace", "a marble fireplace"),
            ("sofa", "an upholstered sofa"),
            ("armchair", "armchairs"),
            ("bookcase", "shelves of books"),
            ("rug", "a patterned carpet"),
        ),
        "library": (
            ("bookcase", "tall bookcases filled with books"),
            ("table", "a long reading table with lamps"),
            ("globe", "a standing globe"),
            ("armchair", "wing chairs"),
            ("rug", "a patterned carpet"),
        ),
        "gallery": (
            ("pedestal", "sculptures on pedestals"),
            ("bench", "leather benches"),
            ("rug", "a long patterned carpet"),
        ),
    }[params.kind]
    features = [words for kind, words in pieces if kind in kinds]
    if params.pictures:
        features.insert(1, "framed paintings" if params.kind != "gallery" else "large framed paintings")
    adjective = {"living room": "furnished living room", "library": "grand library", "gallery": "picture gallery"}[
        params.kind
    ]
    low = params.sun_elevation_deg < 31
    sunlit = "an elegant" if params.kind == "living room" else "a sunlit"
    metals = {
        "herringbone": "oak parquet",
        "planks": "oak",
        "marble": "marble",
        "slabs": "limestone",
        "terrazzo": "terrazzo",
    }
    cloth = {"panelled": "painted plaster", "damask": "silk damask", "boiserie": "walnut", "brick": "brick"}
    return SceneDescription(
        kind="interior",
        place=f"{sunlit} {adjective} with {walls_[params.walls]} and {floors[params.floor]}",
        short=f"a {adjective}",
        features=(*features, windows, ceilings[params.ceiling]),
        light="low golden sunlight through the windows" if low else "bright daylight through the windows",
        materials=(metals[params.floor], cloth[params.walls], "marble", "brass"),
    )


def build(params: Params) -> Model:
    """Lay out every surface of the room, its light and its look."""
    elevation, azimuth = math.radians(params.sun_elevation_deg), math.radians(params.sun_azimuth_deg)
    to_sun = (math.cos(elevation) * math.cos(azimuth), math.cos(elevation) * math.sin(azimuth), math.sin(elevation))
    warm = min(max((40 - params.sun_elevation_deg) / 16, 0), 1)
    model = Model(
        sun=Sun(to_sun, (13.0, 11.0 - 1.2 * warm, 8.6 - 2.4 * warm)),
        sky=Sky(cloud_cover=params.clouds, seed=params.seed % 9973),
        look=Look("linear", exposure=EXPOSURE, bloom=0.06, vignette=0.18, sharpen=0.3),
        ambient_rgb=(0.3, 0.28, 0.25),
    )
    w, d, h = params.width_m, params.depth_m, params.height_m
    x, y = w / 2 + THICKNESS_M - 0.05, d / 2 + THICKNESS_M - 0.05
    model.fill = Fill((-x, -y, -0.05), (x, y, h + 0.1), _SUN_GAIN)
    f = finishes(params.palette, params.walls, stream(params.seed, "finishes"))
    Brush(model, (-w / 2, -d / 2, 0.0)).quad((0, 0, 0), (w, 0, 0), (0, d, 0), floor(params.floor, params.floor_tone))
    room.draw_ceiling(model, w, d, h, params.ceiling, f)
    for index, wall in enumerate(walls_of(w, d)):
        brush = room.wall_brush(model, wall)
        mine = tuple(o for o in params.openings if o.wall == index)
        bay = wall.length_m / (2 * max(2, round(wall.length_m / 2.8)))
        material = wall_material(params.walls, params.palette, h, bay)
        room.draw_wall(brush, wall, h, mine, material, f, rail=params.walls != "brick")
        for k, o in enumerate(mine):
            if o.kind == "window":
                drawn.draw_window(brush, o, f, params.curtains, stream(params.seed, "curtain", index, k))
            else:
                drawn.draw_door(brush, o, f, wooden=params.walls == "boiserie" or params.kind == "gallery")
        for picture in params.pictures:
            if picture.wall == index:
                room.hang(brush, picture, stream(params.seed, "picture", picture.index))
    for item in params.items:
        brush = Brush(model, (item.x_m, item.y_m, item.base_m), item.yaw_deg)
        DRAW[item.kind](brush, item, f, stream(params.seed, item.kind, item.index))
    room.draw_shell(model, w, d, h, params.openings)
    draw_outside(model, w, d, {o.wall for o in params.openings if o.kind == "window"}, params.seed)
    return model


#: Exposure of the picture, and how much of the sun that falls in is kept beside the soft light (see `fill`).
EXPOSURE = 1.4
_SUN_GAIN = 0.85
