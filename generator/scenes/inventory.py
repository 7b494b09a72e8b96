"""What each piece of furniture takes up, and which pieces are worth circling."""

import math

import numpy as np

from camera_motion.generator import solids
from camera_motion.generator.geometry import Subject
from camera_motion.generator.scenes.layout import Item, Picture
from camera_motion.generator.scenes.sculpture import SCULPTURES
from camera_motion.generator.scenes.walls import Wall

_ROUND = ("plant", "floor lamp", "side table", "globe", "chandelier")
#: Height of what stands on top of a piece, and the share of its width and depth over which it may stand.
_ON_TOP = {
    "coffee table": (0.56, 0.9),
    "table": (0.68, 1.0),
    "sideboard": (0.7, 1.0),
    "fireplace": (0.42, 0.95),
}


def solids_of(item: Item) -> solids.Solids:
    """Enclose a piece with what stands on it; rugs are flat enough to walk on."""
    width, depth, height = item.size_m
    if item.kind == "rug":
        return solids.Solids()
    if item.kind in _ROUND or not item.square:
        radius = max(width, depth) / 2 if item.kind in _ROUND else math.hypot(width, depth) / 2
        out = solids.cylinder(item.x_m, item.y_m, radius, item.base_m, item.base_m + height + 0.02)
        if item.kind == "side table":
            out += solids.cylinder(item.x_m, item.y_m, 0.2, height, height + 0.56)
        return out
    if item.kind == "sofa" or item.kind == "armchair":
        seat = _box(item, (-width / 2, -depth / 2, 0.0), (width / 2, depth / 2, 0.64))
        return seat + _box(item, (-width / 2, -depth / 2, 0.0), (width / 2, -depth / 2 + 0.62, height + 0.12))
    out = _box(item, (-width / 2, -depth / 2, 0.0), (width / 2, depth / 2 + 0.012, height))
    if item.kind == "pedestal":
        tall, radius, _ = SCULPTURES[item.variant or "urn"]
        out += solids.cylinder(item.x_m, item.y_m, radius, height, height + tall)
    elif item.kind in _ON_TOP:
        tall, share = _ON_TOP[item.kind]
        out += _box(
            item,
            (-width * share / 2, -depth * share / 2, height),
            (width * share / 2, depth * share / 2, height + tall),
        )
    elif item.kind == "bookcase":
        out += _box(item, (-width / 2, -depth / 2, 0.0), (width / 2, depth / 2, height))
    return out


def _box(item: Item, lo: tuple[float, float, float], hi: tuple[float, float, float]) -> solids.Solids:
    quarter = round(item.yaw_deg / 90) % 4
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[quarter]
    turned = [(item.x_m + c * x - s * y, item.y_m + s * x + c * y, item.base_m + z) for x, y, z in (lo, hi)]
    return solids.box(turned[0], turned[1])


def subjects_of(items: tuple[Item, ...], pictures: tuple[Picture, ...], walls: tuple[Wall, ...]) -> tuple[Subject, ...]:
    """List what is worth looking at, the most free-standing first."""
    out = []
    for item in items:
        if item.kind == "pedestal":
            tall, radius, name = SCULPTURES[item.variant or "urn"]
            out.append(Subject(name, (item.x_m, item.y_m, round(item.size_m[2] + tall / 2, 4)), max(radius, tall / 2)))
    named = {
        "globe": ("a standing globe", 0.72, 0.36),
        "table": ("a wooden table", 0.72, 0.0),
        "coffee table": ("a low table", 0.45, 0.0),
        "armchair": ("an armchair", 0.5, 0.6),
        "sofa": ("a sofa", 0.5, 0.0),
        "plant": ("a potted plant", 0.0, 0.0),
        "bench": ("a leather bench", 0.35, 0.0),
    }
    for kind, (name, z, radius) in named.items():
        for item in items:
            if item.kind == kind:
                width, depth, height = item.size_m
                reach = radius or float(np.hypot(width, depth) / 2)
                out.append(Subject(name, (item.x_m, item.y_m, z or height * 0.6), round(reach, 4)))
    for picture in sorted(pictures, key=lambda p: -p.width_m * p.height_m)[:4]:
        x, y, z = walls[picture.wall].spot(picture.along_m, 0.03, picture.centre_m)
        words = {"sea": "a seascape", "landscape": "a landscape painting", "blossom": "a painting of blossom"}
        name = words.get(picture.style, "an abstract painting") + " in a frame"
        out.append(Subject(name, (x, y, z), round(math.hypot(picture.width_m, picture.height_m) / 2, 4)))
    return tuple(out)
