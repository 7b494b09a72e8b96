"""Palettes of rooms, and the materials that each makes of its colours."""

from dataclasses import dataclass

import numpy as np

from camera_motion.generator.materials import furnishing as of
from camera_motion.generator.materials import walls
from camera_motion.generator.materials.carpet import carpet
from camera_motion.generator.materials.furnishing import Rgb
from camera_motion.generator.materials.material import Material, srgb
from camera_motion.generator.materials.paper import pages, printed


@dataclass(frozen=True)
class Palette:
    """A room's colours: walls, dado, joinery, three cloths, and five for its carpet. `words` go into captions."""

    words: str
    wall: Rgb
    figure: Rgb
    dado: Rgb
    trim: Rgb
    cloths: tuple[Rgb, Rgb, Rgb]
    rug: tuple[Rgb, Rgb, Rgb, Rgb, Rgb]


_CREAM, _IVORY, _INK = srgb(232, 220, 196), srgb(226, 216, 196), srgb(36, 34, 44)

PALETTES: dict[str, Palette] = {
    "sage": Palette(
        "sage green",
        srgb(156, 172, 144),
        srgb(186, 196, 166),
        srgb(206, 204, 184),
        srgb(226, 220, 202),
        (srgb(196, 178, 146), srgb(84, 104, 78), srgb(198, 120, 84)),
        (srgb(140, 54, 44), srgb(44, 60, 66), _CREAM, _INK, srgb(204, 150, 82)),
    ),
    "terracotta": Palette(
        "terracotta",
        srgb(206, 136, 104),
        srgb(224, 166, 130),
        srgb(226, 206, 178),
        srgb(232, 220, 200),
        (srgb(222, 206, 178), srgb(60, 92, 100), srgb(176, 74, 52)),
        (srgb(40, 66, 88), srgb(158, 62, 44), _CREAM, _INK, srgb(218, 164, 88)),
    ),
    "navy": Palette(
        "deep blue",
        srgb(66, 92, 124),
        srgb(92, 122, 152),
        srgb(206, 204, 196),
        srgb(228, 224, 212),
        (srgb(206, 190, 160), srgb(152, 70, 50), srgb(64, 86, 116)),
        (srgb(152, 48, 42), srgb(34, 48, 78), _CREAM, _INK, srgb(196, 146, 84)),
    ),
    "burgundy": Palette(
        "crimson",
        srgb(146, 52, 48),
        srgb(180, 82, 62),
        srgb(198, 178, 148),
        srgb(214, 196, 166),
        (srgb(86, 96, 64), srgb(202, 168, 110), srgb(126, 40, 42)),
        (srgb(38, 54, 76), srgb(134, 36, 36), _CREAM, _INK, srgb(208, 160, 84)),
    ),
    "ochre": Palette(
        "ochre",
        srgb(214, 178, 112),
        srgb(232, 206, 150),
        srgb(228, 214, 186),
        srgb(234, 224, 204),
        (srgb(70, 96, 92), srgb(206, 190, 160), srgb(186, 98, 56)),
        (srgb(146, 54, 40), srgb(54, 70, 54), _CREAM, _INK, srgb(80, 116, 130)),
    ),
    "ivory": Palette(
        "ivory",
        srgb(226, 214, 190),
        srgb(240, 232, 214),
        srgb(214, 206, 190),
        srgb(236, 230, 216),
        (srgb(110, 130, 138), srgb(202, 174, 136), srgb(152, 84, 64)),
        (srgb(64, 84, 98), srgb(168, 98, 72), _IVORY, _INK, srgb(200, 166, 104)),
    ),
    "duck egg": Palette(
        "duck-egg blue",
        srgb(164, 192, 190),
        srgb(194, 214, 208),
        srgb(224, 218, 202),
        srgb(234, 230, 218),
        (srgb(210, 196, 170), srgb(190, 112, 92), srgb(72, 104, 112)),
        (srgb(52, 84, 92), srgb(174, 92, 70), _CREAM, _INK, srgb(214, 172, 104)),
    ),
}

_BOOKS: tuple[Rgb, ...] = (
    srgb(112, 36, 32),
    srgb(44, 62, 50),
    srgb(40, 52, 84),
    srgb(146, 102, 58),
    srgb(74, 46, 34),
    srgb(188, 168, 130),
    srgb(58, 58, 64),
    srgb(168, 84, 46),
)
_BOOKS_BRIGHT: tuple[Rgb, ...] = (
    srgb(196, 66, 52),
    srgb(46, 110, 116),
    srgb(222, 172, 70),
    srgb(60, 84, 140),
    srgb(226, 218, 200),
    srgb(120, 150, 90),
    srgb(60, 56, 66),
    srgb(204, 128, 96),
)
_WOODS = {
    "oak": (srgb(116, 82, 52), srgb(182, 142, 98)),
    "walnut": (srgb(70, 48, 34), srgb(132, 98, 70)),
    "mahogany": (srgb(84, 54, 42), srgb(138, 96, 74)),
    "ebony": (srgb(34, 29, 27), srgb(76, 64, 56)),
}


@dataclass(frozen=True)
class Finishes:
    """Everything a room's furniture is made of."""

    wood: Material
    wood_dark: Material
    case: Material
    trim: Material
    sash: Material
    fabrics: tuple[Material, ...]
    cushions: tuple[Material, ...]
    curtain: Material
    leather: Material
    marble: Material
    plinths: tuple[Material, ...]
    sculpture: tuple[Material, ...]
    bronze: Material
    brass: Material
    ceramics: tuple[Material, ...]
    terracotta: Material
    bark: Material
    soot: Material
    hedge: Material
    paper: Material
    print: Material
    covers: tuple[Material, ...]
    shade: Material
    wax: Material
    iron: Material
    book_palette: tuple[Rgb, ...]
    palette: Palette
    rug_style: int
    seed: int

    def rug(self, width_m: float, depth_m: float, index: int) -> Material:
        """Weave the carpet of this size."""
        return carpet(width_m, depth_m, (self.rug_style + index) % 3, self.seed % 97 + index, self.palette.rug)


def finishes(palette: str, wall: str, rng: np.random.Generator) -> Finishes:
    """Choose woods, cloths, stones and glazes to go with a palette and the finish of the walls."""
    p = PALETTES[palette]
    kinds = list(_WOODS)
    main, dark = _WOODS[kinds[int(rng.integers(3))]], _WOODS[kinds[int(rng.choice([1, 3]))]]
    a, b, c = p.cloths
    styles = ["stripes", "checks", "motif"]
    marbles = (
        (srgb(198, 190, 176), srgb(124, 116, 108)),
        (srgb(70, 84, 74), srgb(170, 176, 160)),
        (srgb(168, 92, 72), srgb(224, 196, 170)),
        (srgb(52, 50, 54), srgb(176, 168, 156)),
    )
    stone, second = marbles[int(rng.choice([0, 0, 1, 2]))], marbles[int(rng.integers(1, 4))]
    blue, white = srgb(34, 62, 122), srgb(226, 226, 218)
    glazes = (
        of.glaze(white, blue, 1, 3.0),
        of.glaze(srgb(216, 200, 168), srgb(52, 96, 96), 0, 5.0),
        of.glaze(srgb(44, 78, 86), srgb(170, 182, 160), 0, 9.0),
        of.glaze(srgb(188, 92, 56), srgb(232, 210, 170), 2, 1.0),
        of.glaze(srgb(226, 214, 190), srgb(150, 60, 44), 1, 8.0),
    )
    order = rng.permutation(len(glazes))
    return Finishes(
        wood=of.wood(*main, 0.3),
        wood_dark=of.wood(*dark, 0.6),
        case=of.wood(*(main if rng.random() < 0.6 else dark), 0.8),
        trim=of.wood(*_WOODS[_PANELLING.get(palette, "oak")], 0.1) if wall == "boiserie" else of.paint(p.trim),
        sash=of.paint((0.8 * p.trim[0], 0.8 * p.trim[1], 0.8 * p.trim[2])),
        fabrics=(
            of.cloth(a, b),
            of.cloth(b, a, "motif" if rng.random() < 0.4 else "plain", 0.16),
            of.cloth(c, a, styles[int(rng.integers(2))], 0.09),
        ),
        cushions=tuple(
            of.cloth(x, y, styles[int(rng.integers(3))], 0.13) for x, y in ((c, a), (b, c), (a, c), (p.rug[4], b))
        ),
        curtain=of.cloth(b if rng.random() < 0.5 else c, a, styles[int(rng.choice([0, 2]))], 0.22),
        leather=of.leather(srgb(*((112, 58, 34), (62, 74, 56), (88, 36, 32))[int(rng.integers(3))])),
        marble=of.marble(*stone, 0.2),
        plinths=(of.marble(*stone, 0.5), of.marble(*second, 0.7), of.wood(*dark, 0.9, upright=True)),
        sculpture=(
            of.metal(srgb(120, 84, 48), srgb(64, 104, 88), 0.62),
            of.marble(srgb(190, 182, 168), srgb(132, 124, 114), 0.4),
            of.metal(srgb(82, 58, 40), srgb(48, 44, 40), 0.4),
            of.marble(*second, 0.9),
        ),
        bronze=of.metal(srgb(120, 84, 48), srgb(64, 104, 88), 0.6),
        brass=of.metal(srgb(196, 150, 76), srgb(120, 82, 42), 0.45),
        ceramics=tuple(glazes[int(k)] for k in order),
        terracotta=of.earth(srgb(190, 106, 70), srgb(150, 84, 60), 14.0),
        bark=of.earth(srgb(70, 52, 38), srgb(128, 102, 76), 22.0, 0.3),
        soot=of.earth(srgb(58, 46, 40), srgb(24, 21, 20), 6.0),
        hedge=of.earth(srgb(34, 52, 26), srgb(58, 82, 38), 30.0),
        paper=pages(),
        print=printed(),
        covers=tuple(of.cloth(x, y, "plain") for x, y in zip(_BOOKS, _BOOKS[1:] + _BOOKS[:1], strict=True)),
        shade=of.cloth(srgb(226, 198, 150), srgb(206, 172, 122), "plain"),
        wax=of.paint(srgb(240, 230, 206)),
        iron=of.metal(srgb(52, 50, 50), srgb(30, 28, 28), 0.4),
        book_palette=_BOOKS if rng.random() < 0.6 else _BOOKS_BRIGHT,
        palette=p,
        rug_style=int(rng.integers(3)),
        seed=int(rng.integers(1 << 16)),
    )


def wall_material(finish: str, palette: str, height_m: float, bay_m: float) -> Material:
    """Make the wall of a room: "panelled", "damask", "boiserie" or "brick"."""
    p = PALETTES[palette]
    if finish == "damask":
        return walls.damask(p.wall, p.figure, p.dado, height_m, DADO_M, bay_m, 0.46)
    if finish == "boiserie":
        return walls.boiserie(*_WOODS[_PANELLING.get(palette, "oak")], height_m, bay_m)
    if finish == "brick":
        return walls.brick(p.trim, srgb(164, 92, 66), 0.55)
    return walls.panelled(p.wall, p.dado, height_m, DADO_M, bay_m, above=True)


_PANELLING = {"navy": "walnut", "burgundy": "mahogany", "sage": "oak"}
#: Height of the rail between dado and wall.
DADO_M = 0.92
