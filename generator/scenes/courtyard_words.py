"""The words for a courtyard, from the very parameters that build it."""

from typing import TYPE_CHECKING

from camera_motion.generator.geometry import SceneDescription

if TYPE_CHECKING:
    from camera_motion.generator.scenes.courtyard import Courtyard

_WALL = {"brick": ("brick", "a brick"), "plaster": ("rendered", "a rendered"), "ashlar": ("stone", "a stone")}
_LIGHT = {
    "morning": ("sunlit", "clear morning sunlight"),
    "noon": ("sunlit", "bright midday sunlight"),
    "afternoon": ("sunlit", "warm late-afternoon sunlight"),
    "overcast": ("quiet", "soft overcast daylight"),
}
_CENTRE = {
    "long pool": "a long reflecting pool",
    "round pool": "a round reflecting pool",
    "fountain": "a stone fountain in a round pool",
    "lawn": "a lawn",
    "paving": "an open floor",
}
_ORNAMENT = {
    "urn": "a stone urn on a pedestal",
    "obelisk": "an obelisk on a pedestal",
    "sphere": "a stone sphere on a pedestal",
}
_COLUMNS = {
    "fluted": "fluted limestone columns",
    "plain": "round limestone columns",
    "square": "square limestone pillars",
}


def describe(p: "Courtyard") -> SceneDescription:
    """Name what stands in the courtyard, most salient first."""
    mood, light = _LIGHT[p.light]
    word, with_article = _WALL[p.wall]
    centre = _ORNAMENT[p.ornament] if p.centre == "paving" else _CENTRE[p.centre]
    galleries = "colonnades on two sides" if p.sides == "both" else f"a colonnade on its {p.sides}-hand side"
    article = "an" if word[0] in "aeiou" else "a"
    features = [_COLUMNS[p.columns], f"{with_article} wall with an arched gateway", f"{galleries} under tiled roofs"]
    if p.sides != "both":
        features[2] = "a colonnade along one side under a tiled roof"
    if p.centre == "lawn":
        features.insert(1, _ORNAMENT[p.ornament])
    if p.pots == "balls":
        features.append("clipped boxwood in terracotta pots")
    elif p.pots == "small trees":
        features.append("small orange trees in terracotta pots")
    if p.hedges and p.hedge_boxes_m():
        features.append("clipped hedges")
    if p.ivy > 0:
        features.append("ivy on the walls")
    if p.cypresses:
        features.append("cypresses beyond the walls")
    if p.trees:
        features.append("trees beyond the walls")
    paving = {"flagstones": "flagstones", "herringbone": "herringbone brick", "gravel": "gravel"}[p.paving]
    materials = [
        {"brick": "brick", "plaster": "lime plaster", "ashlar": "ashlar"}[p.wall],
        "limestone",
        "clay tiles",
        paving,
    ]
    if p.centre in ("long pool", "round pool", "fountain"):
        materials.append("water")
    return SceneDescription(
        kind="exterior",
        place=f"a {mood} {word}-walled courtyard with {centre}",
        short=f"{article} {word}-walled courtyard with {centre}",
        features=tuple(features),
        light=light,
        materials=tuple(materials),
    )
