"""From a model to splats: spacing by screen density, light baked in, sky and mirrors added."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from jaxtyping import Bool, Float32, Int64, UInt8

from camera_motion.generator.scenes import cells as cutting
from camera_motion.generator.scenes import leaves as leafing
from camera_motion.generator.scenes import light, lightmap, reflect
from camera_motion.generator.scenes.cores import Cores, spans
from camera_motion.generator.scenes.rays import rays as prepare_rays
from camera_motion.generator.scenes.sky import dome_directions, in_view, radiance
from camera_motion.generator.scenes.surface import Mirror, Model
from camera_motion.generator.scenes.surfels import Surfels, lay, quaternions
from camera_motion.generator.scenes.underlay import DEPTH_M, with_underlay
from camera_motion.generator.scenes.views import Views, key_views
from camera_motion.generator.seeds import stream
from camera_motion.generator.splats import MIRROR, SH_C0, SKY, SOLID, GaussianScene, Look
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory

_OPAQUE = 0.99
_DOME_M = 420.0
_DOME_PX = 4.5
_TEXELS = 42_000
_FINEST_TEXEL_M = 0.1
_LEAF_SIGMA = 0.6

#: Means, quaternions, scales, opacities, colours and classes of some splats; lists hold parts of any lengths.
_Part = tuple[
    Float32[np.ndarray, "_ 3"],
    Float32[np.ndarray, "_ 4"],
    Float32[np.ndarray, "_ 3"],
    Float32[np.ndarray, " _"],
    Float32[np.ndarray, "_ 3"],
    UInt8[np.ndarray, " _"],
]


def sample(
    model: Model, views: Sequence[Trajectory], width: int, height: int, spacing_px: float, seed: int, threads: int = 1
) -> GaussianScene:
    """Sample a model for all of `views` at once, `spacing_px` screen pixels between splats in the worst of them.

    The same arguments give the same bytes, whatever `threads` is and whatever else runs. Raises SpecError for no views
    or a spacing below 0.3.
    """
    if not views or not spacing_px >= 0.3:
        raise SpecError(f"sampling needs views and a spacing of at least 0.3 px, not {len(views)} and {spacing_px}")
    with Cores(threads) as cores:
        return _assemble(_parts(model, views, width, height, spacing_px, seed, cores), model.look, cores)


def _parts(
    model: Model, views: Sequence[Trajectory], width: int, height: int, spacing_px: float, seed: int, cores: Cores
) -> list[_Part]:
    """Make the splats: surfaces, leaves, their reflections, the sky."""
    poses = key_views(views, width, height)
    mesh = lightmap.shadow_mesh(model)
    rays = prepare_rays(mesh.triangles)
    cells = cutting.cut(model.patches)
    solid = prepare_rays(mesh.triangles[: len(mesh.source)]) if model.foliages else rays
    wanted = cutting.demand(cells, model.patches, poses, solid, model.mirrors, spacing_px, cores)
    hidden = ~wanted.seen & cutting.turned_away(cells, model.patches, key_views(views, width, height, 2), model.mirrors)
    layers, spacing_m, under, overhang = with_underlay(cells, model.patches, wanted.spacing_m, wanted.seen, hidden)
    surfels = lay(model.patches, layers, spacing_m, overhang, stream(seed, "jitter"), cores)
    texel_m = _texel_sizes(model, cells, wanted)
    soft = lightmap.solve(model, mesh, rays, texel_m, stream(seed, "soft light"), cores)
    patch, below = layers.patch[surfels.cell], under[surfels.cell]
    colour = light.light_surfels(model, surfels, patch, soft, rays, stream(seed, "sun"), cores)
    _sink(surfels, below, cores)
    parts = [_part(surfels.means_m, surfels.quats, surfels.scales_m, _OPAQUE, colour, SOLID)]
    chosen = leafing.choose(model.foliages, poses, spacing_px, stream(seed, "leaves"), cores)
    if len(chosen.points_m):
        tone = light.light_leaves(
            model, chosen.points_m, chosen.normals, chosen.albedo, mesh, soft, rays, stream(seed, "leaf light"), cores
        )
        parts.append(_part(chosen.points_m, quaternions(chosen.axes), _LEAF_SIGMA * chosen.half_m, 0.95, tone, SOLID))
    many = key_views(views, width, height, denser=2)
    glimpsed = cutting.seen_mirrored(layers, many, solid, model.mirrors, cores)[surfels.cell] & ~below
    parts += _reflections(model, many, parts, surfels, glimpsed, spacing_px, cores)
    if model.dome:
        parts += _dome(model, many, seed)
    return parts


def _sink(surfels: Surfels, below: Bool[np.ndarray, " N"], cores: Cores) -> None:
    """Move the surfels of the underlay into the surface, in place."""

    def sink(part: slice) -> None:
        index = part.start + np.flatnonzero(below[part])
        surfels.means_m[index] -= np.float32(DEPTH_M) * surfels.normals[index]

    cores.spans(sink, len(surfels))


def _assemble(parts: list[_Part], look: Look, cores: Cores) -> GaussianScene:
    """Put parts behind one another, colours as spherical harmonics of degree 0."""
    ends = np.cumsum([len(part[0]) for part in parts]).tolist()
    total = ends[-1]
    means, quats, scales, sh = (np.empty((total, width), np.float32) for width in (3, 4, 3, 3))
    opacities, classes = np.empty(total, np.float32), np.empty(total, np.uint8)

    def copy(piece: tuple[_Part, int, slice]) -> None:
        part, start, rows = piece
        to = slice(start + rows.start, start + rows.stop)
        means[to], quats[to], scales[to], opacities[to], colours, classes[to] = (column[rows] for column in part)
        sh[to] = (colours - 0.5) / SH_C0

    cores.each(
        copy,
        [
            (part, end - len(part[0]), rows)
            for part, end in zip(parts, ends, strict=True)
            for rows in spans(0, len(part[0]))
        ],
    )
    return GaussianScene(means, quats, scales, opacities, sh[:, None], classes, look)


def _part(
    means: np.ndarray, quats: np.ndarray, scales: np.ndarray, opacity: float, colour: np.ndarray, kind: int
) -> _Part:
    n = len(means)
    single = (np.ascontiguousarray(x, np.float32) for x in (means, quats, scales))
    m, q, s = single
    return m, q, s, np.full(n, opacity, np.float32), np.asarray(colour, np.float32), np.full(n, kind, np.uint8)


def _texel_sizes(model: Model, cells: cutting.Cells, wanted: cutting.Demand) -> np.ndarray:
    """Lightmap spacing of every patch: fine where it is seen, within a budget of texels for the scene."""
    areas = np.linalg.norm(cells.across_u_m, axis=1) * np.linalg.norm(cells.across_v_m, axis=1)
    near = np.clip(0.012 / np.maximum(wanted.spacing_m.min(1), 1e-3), 0.05, 1.0) ** 1.0 * wanted.seen
    count = len(model.patches)
    area = np.bincount(cells.patch, areas, count)
    weight = np.bincount(cells.patch, areas * near, count) / np.maximum(area, 1e-9)
    fine = np.maximum(weight, 0.06)
    spacing = math.sqrt(float((area * fine).sum()) / _TEXELS) / np.sqrt(fine)
    return np.asarray(np.maximum(spacing, _FINEST_TEXEL_M))


def _reflections(
    model: Model,
    views: Views,
    parts: list[_Part],
    surfels: Surfels,
    glimpsed: np.ndarray,
    spacing_px: float,
    cores: Cores,
) -> list[_Part]:
    """Mirrored copies of everything solid that a view sees in a mirror, and the mirrors' own sheets."""
    made: list[_Part] = []
    for mirror in model.mirrors:
        for index, part in enumerate(parts):
            means = part[0]
            normals = surfels.normals if index == 0 else np.zeros_like(means)
            seen = reflect.visible_through(mirror, views, means, normals, cores)
            doubled = None
            if index == 0:
                seen &= glimpsed
                if mirror.ripple > 0:  # ripples blur: every other surfel of a row will do
                    seen &= surfels.place % 2 == 0
                    doubled = surfels.row > 1
            chosen = np.flatnonzero(seen)
            copy = partial(_mirrored, mirror, views, part, doubled)
            made += cores.each(copy, [chosen[rows] for rows in spans(0, len(chosen))])
        means, scales, veil, colour = reflect.sheet(mirror, views, spacing_px)
        axes = np.stack([mirror.edge_u, mirror.edge_v, np.cross(mirror.edge_u, mirror.edge_v)], -1)
        axes = axes / np.linalg.norm(axes, axis=0)
        turned = quaternions(np.broadcast_to(axes, (len(means), 3, 3)))
        made.append((means, turned, scales, veil, colour, np.full(len(means), MIRROR, np.uint8)))
    return made


def _mirrored(
    mirror: Mirror, views: Views, part: _Part, doubled: np.ndarray | None, index: Int64[np.ndarray, " n"]
) -> _Part:
    """Mirror the splats `index` of a part, twice as long along v where `doubled`."""
    means, quats, scales, opacity, colour, _ = (column[index] for column in part)
    copies, turned = reflect.mirrored(mirror, means, quats)
    if doubled is not None:
        scales[doubled[index], 1] *= 2
    wider = scales * np.array([1.2, 1.2, 1.0], np.float32)
    tone = reflect.dimmed(mirror, views, copies, colour)
    return copies, turned, wider, opacity, tone, np.full(len(copies), MIRROR, np.uint8)


def _dome(model: Model, views: Views, seed: int) -> list[_Part]:
    """Hang the sky as large splats on a far sphere, and its image under level mirrors."""
    spacing = max(_DOME_PX / float(np.median(views.focal_px[:, 0])), 0.004)
    directions = dome_directions(spacing)
    centre = views.centres_m.mean(0)
    made = []
    for mirror in [None, *(m for m in model.mirrors if _level(m))]:
        turned = directions if mirror is None else directions @ cutting.reflection(mirror)[0].T
        seen = np.zeros(len(directions), bool)
        in_view(turned, views.camera_from_world, views.lens, 0.13, seen)
        if mirror is not None:
            seen &= turned[:, 2] < 0.0
        aim = turned[seen]
        colour = radiance(model.sky, model.sun, directions[seen]).astype(np.float32)
        if mirror is not None:
            colour = reflect.dimmed(mirror, views, (centre + _DOME_M * aim).astype(np.float32), colour)
        rng = stream(seed, "dome")
        side = np.cross(aim, rng.normal(size=aim.shape))
        side /= np.linalg.norm(side, axis=1, keepdims=True)
        axes = np.stack([side, np.cross(aim, side), aim], -1)
        size = _DOME_M * spacing
        scales = np.tile([size, size, 0.05 * size], (len(aim), 1))
        # fog spares SKY alone, and the mirrored sky must not be fogged either: both are masked by the gate
        made.append(_part(centre + _DOME_M * aim, quaternions(axes), scales, _OPAQUE, colour, SKY))
    return made


def _level(mirror: Mirror) -> bool:
    """Whether a mirror lies flat and so shows the sky upside down."""
    return bool(abs(mirror.edge_u[2]) + abs(mirror.edge_v[2]) < 1e-9)
