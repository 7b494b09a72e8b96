"""The builder of a scene's surfaces: what families call to lay walls, turn columns and grow leaves.

A surface is a patch: a map of the unit square into the world, with a size, a material and a coarse triangle mesh that
casts shadows. Its front, the side that is lit and seen, is where dP/du x dP/dv points. Nothing here depends on the
cameras: `sample` decides later how many splats a patch deserves.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float, Float64

from camera_motion.generator.materials import Material
from camera_motion.generator.scenes.fill import Fill
from camera_motion.generator.scenes.sky import Sky, Sun
from camera_motion.generator.splats import Look

Vec3 = Sequence[float] | Float64[np.ndarray, "3"]
Rgb = tuple[float, float, float]
#: (u[n], v[n]) -> points [n,3] in metres.
PointMap = Callable[[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]], Float64[np.ndarray, "n 3"]]
#: (u[n], v[n]) -> inside the opening? For mirrors that are not rectangles.
Mask = Callable[[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]], np.ndarray]

_STEP = 1e-3


@dataclass(frozen=True)
class Patch:
    """One surface: `point` maps the unit square to the world, roughly `size_m` metres along u and v.

    `tangents` holds (dP/du, dP/dv) where they are constant (a parallelogram); None means finite differences.
    `tex_origin` is the (s, t) of (u, v) = (0, 0); where `tex_axes` is given, (s, t) are instead the world point's
    components along its two rows, so that a pattern runs on straight through curved or cut-out pieces. `mesh` is the
    resolution of the shadow-casting mesh; a patch that is not `solid` neither casts shadows nor hides anything.
    `glow_rgb` is light that it gives off by itself. `detail` below 1 asks for wider spacing, for what is dim or mostly
    hidden.
    """

    point: PointMap
    size_m: tuple[float, float]
    material: Material
    mesh: tuple[int, int] = (1, 1)
    solid: bool = True
    albedo: Rgb = (0.3, 0.27, 0.22)
    tex_origin: tuple[float, float] = (0.0, 0.0)
    tangents: Float64[np.ndarray, "2 3"] | None = None
    glow_rgb: Rgb = (0.0, 0.0, 0.0)
    tex_axes: Float64[np.ndarray, "2 3"] | None = None
    detail: float = 1.0

    @cached_property
    def closed(self) -> bool:
        """Whether u = 1 meets u = 0, as around a column."""
        if self.tangents is not None:
            return False
        start, end = self.point(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.3, 0.6, 0.3, 0.6])).reshape(2, 2, 3)
        return bool((np.abs(start - end) <= 1e-8 + 1e-5 * np.abs(end)).all())

    def jet(
        self, u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]
    ) -> tuple[Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3"], Float64[np.ndarray, "n 3"]]:
        """Points and the derivatives along u and v (metres per unit of u, v)."""
        points = self.point(u, v)
        if self.tangents is not None:
            ones = np.ones((len(u), 1))
            return points, ones * self.tangents[0], ones * self.tangents[1]
        u1, u0 = np.minimum(u + _STEP, 1), np.maximum(u - _STEP, 0)
        v1, v0 = np.minimum(v + _STEP, 1), np.maximum(v - _STEP, 0)
        du = (self.point(u1, v) - self.point(u0, v)) / (u1 - u0)[:, None]
        dv = (self.point(u, v1) - self.point(u, v0)) / (v1 - v0)[:, None]
        return points, du, dv

    def triangles(self) -> Float64[np.ndarray, "F 3 3"]:
        """Return the coarse mesh, wound so that its normals face the front."""
        nu, nv = self.mesh
        u, v = np.meshgrid(np.linspace(0, 1, nu + 1), np.linspace(0, 1, nv + 1), indexing="ij")
        grid = self.point(u.ravel(), v.ravel()).reshape(nu + 1, nv + 1, 3)
        a, b, c, d = grid[:-1, :-1], grid[1:, :-1], grid[1:, 1:], grid[:-1, 1:]
        halves = [np.stack([a, b, c], 2).reshape(-1, 3, 3), np.stack([a, c, d], 2).reshape(-1, 3, 3)]
        return np.concatenate(halves)


@dataclass(frozen=True)
class Foliage:
    """Leaves or blades as flat ellipsoids: half-lengths [n,3] along the columns of `axes` (the last is the normal)."""

    points_m: Float64[np.ndarray, "n 3"]
    axes: Float64[np.ndarray, "n 3 3"]
    half_m: Float64[np.ndarray, "n 3"]
    albedo: Float64[np.ndarray, "n 3"]
    shadows: bool = True


@dataclass(frozen=True)
class Mirror:
    """A flat reflecting opening `origin + u edge_u + v edge_v`; its front is where edge_u x edge_v points.

    Whatever lies in front appears mirrored behind it, so nothing else may be visible there: the parts behind the plane
    must be hidden from every camera by opaque surfaces (paving around a pool, the wall that carries a looking glass).
    `tint_rgb` and `veil` (0..1) are the colour and mean opacity of the sheet that lies on it, `ripple` its unevenness;
    `fade` is how far the reflection is lost to the eye that looks straight down.
    """

    origin: Float64[np.ndarray, "3"]
    edge_u: Float64[np.ndarray, "3"]
    edge_v: Float64[np.ndarray, "3"]
    mask: Mask | None = None
    tint_rgb: Rgb = (0.05, 0.11, 0.11)
    veil: float = 0.1
    ripple: float = 0.4
    fade: float = 0.6


@dataclass(frozen=True)
class AreaLight:
    """A parallelogram that lights the scene from its front (edge_u x edge_v).

    With `radiance_rgb` it is a lamp; with None it is an opening through which the sky shines, and is sampled on purpose
    because random rays would seldom find it.
    """

    origin: Float64[np.ndarray, "3"]
    edge_u: Float64[np.ndarray, "3"]
    edge_v: Float64[np.ndarray, "3"]
    radiance_rgb: Rgb | None = None


@dataclass
class Model:
    """Everything a scene is made of, before any camera. Families fill it; `sample.sample` turns it into splats.

    `dome` draws the sky; `ambient_rgb` is the radiance assumed where a ray of the light bake ends on a leaf.
    `soft_gain` brightens soft light against the sun, as a photographer's reflector or a generous film does; 1 is
    physical. `fill` does so indoors alone.
    """

    sun: Sun = field(default_factory=Sun)
    sky: Sky = field(default_factory=Sky)
    look: Look = field(default_factory=lambda: Look(transfer="linear"))
    dome: bool = True
    fill: Fill | None = None
    ambient_rgb: Rgb = (0.25, 0.25, 0.26)
    soft_gain: float = 1.0
    patches: list[Patch] = field(default_factory=list)
    foliages: list[Foliage] = field(default_factory=list)
    mirrors: list[Mirror] = field(default_factory=list)
    lights: list[AreaLight] = field(default_factory=list)

    def patch(
        self,
        point: PointMap,
        size_m: tuple[float, float],
        material: Material,
        mesh: tuple[int, int] = (1, 1),
        *,
        solid: bool = True,
        albedo: Rgb | None = None,
        tex_origin: tuple[float, float] = (0.0, 0.0),
        tangents: Float64[np.ndarray, "2 3"] | None = None,
        glow_rgb: Rgb = (0.0, 0.0, 0.0),
        tex_axes: Float64[np.ndarray, "2 3"] | None = None,
        detail: float = 1.0,
    ) -> None:
        """Add a surface `point(u, v)`, u and v in 0..1; see `Patch`. `albedo` defaults to the material's mean."""
        albedo = material.mean_albedo() if albedo is None else albedo
        where = (tex_origin, tangents, glow_rgb, tex_axes, detail)
        self.patches.append(Patch(point, size_m, material, mesh, solid, albedo, *where))

    def quad(
        self,
        origin: Vec3,
        edge_u: Vec3,
        edge_v: Vec3,
        material: Material,
        *,
        solid: bool = True,
        albedo: Rgb | None = None,
        tex_origin: tuple[float, float] = (0.0, 0.0),
        glow_rgb: Rgb = (0.0, 0.0, 0.0),
        tex_axes: Float64[np.ndarray, "2 3"] | None = None,
        detail: float = 1.0,
    ) -> None:
        """Add the parallelogram `origin + u edge_u + v edge_v`, facing edge_u x edge_v."""
        corner, eu, ev = (np.asarray(x, np.float64) for x in (origin, edge_u, edge_v))
        self.patch(
            lambda u, v: corner + u[:, None] * eu + v[:, None] * ev,
            (float(np.linalg.norm(eu)), float(np.linalg.norm(ev))),
            material,
            solid=solid,
            albedo=albedo,
            tex_origin=tex_origin,
            tangents=np.stack([eu, ev]),
            glow_rgb=glow_rgb,
            tex_axes=tex_axes,
            detail=detail,
        )

    def box(
        self,
        lo: Vec3,
        hi: Vec3,
        material: Material,
        faces: str = "xXyYzZ",
        *,
        yaw_deg: float = 0.0,
        albedo: Rgb | None = None,
        glow_rgb: Rgb = (0.0, 0.0, 0.0),
        detail: float = 1.0,
    ) -> None:
        """Add the outward faces of a box; small letters are the low sides. `yaw_deg` turns it about its own centre.

        Leave out faces that nobody can see ("z" of what stands on the floor): they would cost splats.
        """
        (x0, y0, z0), (x1, y1, z1) = lo, hi
        a, b, c = x1 - x0, y1 - y0, z1 - z0
        centre = np.array([(x0 + x1) / 2, (y0 + y1) / 2, 0.0])
        cos, sin = math.cos(math.radians(yaw_deg)), math.sin(math.radians(yaw_deg))
        turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
        sides: dict[str, tuple[Vec3, Vec3, Vec3, tuple[float, float]]] = {
            "x": ((x0, y1, z0), (0, -b, 0), (0, 0, c), (-y1, z0)),
            "X": ((x1, y0, z0), (0, b, 0), (0, 0, c), (y0, z0)),
            "y": ((x0, y0, z0), (a, 0, 0), (0, 0, c), (x0, z0)),
            "Y": ((x1, y1, z0), (-a, 0, 0), (0, 0, c), (-x1, z0)),
            "z": ((x0, y1, z0), (a, 0, 0), (0, -b, 0), (x0, -y1)),
            "Z": ((x0, y0, z1), (a, 0, 0), (0, b, 0), (x0, y0)),
        }
        for face in faces:
            origin, eu, ev, tex = sides[face]
            corner = turn @ (np.asarray(origin, np.float64) - centre) + centre
            eu, ev = turn @ np.asarray(eu, np.float64), turn @ np.asarray(ev, np.float64)
            self.quad(corner, eu, ev, material, albedo=albedo, tex_origin=tex, glow_rgb=glow_rgb, detail=detail)

    def lathe(
        self,
        centre: Vec3,
        profile: Sequence[tuple[float, float]],
        material: Material,
        *,
        flutes: int = 0,
        flute_depth_m: float = 0.02,
        flute_span_m: tuple[float, float] = (0.0, math.inf),
        mesh: tuple[int, int] = (24, 24),
        albedo: Rgb | None = None,
        glow_rgb: Rgb = (0.0, 0.0, 0.0),
        detail: float = 1.0,
    ) -> None:
        """Turn the polyline `profile` of (radius_m, height_m), from bottom to top, about the vertical through `centre`.

        It faces outwards; list the profile from top to bottom for the inside of a bowl. `flutes` grooves of
        `flute_depth_m` run along the shaft between the heights of `flute_span_m`.
        """
        outline = np.asarray(profile, np.float64)
        lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(outline, axis=0), axis=1))])
        total = float(lengths[-1])
        cx, cy, cz = (float(x) for x in centre)
        low, high = flute_span_m

        def point(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
            radius = np.interp(v * total, lengths, outline[:, 0])
            height = np.interp(v * total, lengths, outline[:, 1])
            if flutes:
                inside = np.clip((height - low) / 0.12, 0, 1) * np.clip((high - height) / 0.12, 0, 1)
                radius = radius - inside * flute_depth_m * np.abs(np.sin(np.pi * flutes * u)) ** 0.7
            angle = 2 * np.pi * u
            return np.stack([cx + radius * np.cos(angle), cy + radius * np.sin(angle), cz + height], 1)

        around = 2 * math.pi * max(float(outline[:, 0].mean()), 0.01)
        self.patch(point, (around, total), material, mesh, albedo=albedo, glow_rgb=glow_rgb, detail=detail)

    def ball(
        self,
        centre: Vec3,
        radii_m: Vec3,
        material: Material,
        *,
        mesh: tuple[int, int] = (20, 12),
        albedo: Rgb | None = None,
        glow_rgb: Rgb = (0.0, 0.0, 0.0),
        detail: float = 1.0,
    ) -> None:
        """Add an ellipsoid."""
        middle, radii = np.asarray(centre, np.float64), np.asarray(radii_m, np.float64)

        def point(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
            azimuth, polar = 2 * np.pi * u, np.pi * (0.002 + 0.996 * v)
            ring = np.sin(polar)
            unit = np.stack([ring * np.cos(azimuth), ring * np.sin(azimuth), -np.cos(polar)], 1)
            return np.asarray(middle + radii * unit)

        size = (4.0 * float(radii[:2].mean()), math.pi * float(radii.mean()))
        self.patch(point, size, material, mesh, albedo=albedo, glow_rgb=glow_rgb, detail=detail)

    def disc(
        self, centre: Vec3, radius_m: float, material: Material, *, hole_m: float = 0.0, albedo: Rgb | None = None
    ) -> None:
        """Add a horizontal disc, or a ring around a hole, facing up."""
        cx, cy, cz = (float(x) for x in centre)

        def point(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
            radius, angle = hole_m + (radius_m - hole_m) * (1 - v), 2 * np.pi * u
            return np.stack([cx + radius * np.cos(angle), cy + radius * np.sin(angle), np.full_like(u, cz)], 1)

        size = (math.pi * (radius_m + hole_m), radius_m - hole_m)
        self.patch(point, size, material, (32, 2), albedo=albedo)

    def tube(
        self,
        start: Vec3,
        end: Vec3,
        radius_start_m: float,
        radius_end_m: float,
        material: Material,
        *,
        mesh: tuple[int, int] = (6, 1),
        albedo: Rgb | None = None,
        glow_rgb: Rgb = (0.0, 0.0, 0.0),
    ) -> None:
        """Add the side of a cone between two points: branches, chair legs, rails, cables. It has no caps."""
        p, q = np.asarray(start, np.float64), np.asarray(end, np.float64)
        length = float(np.linalg.norm(q - p))
        axis = (q - p) / length
        side = np.cross(axis, (1.0, 0.0, 0.0) if abs(axis[0]) < 0.7 else (0.0, 1.0, 0.0))
        side /= np.linalg.norm(side)
        other = np.cross(axis, side)

        def point(u: Float64[np.ndarray, " n"], v: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "n 3"]:
            angle = 2 * np.pi * u
            radius = radius_start_m + (radius_end_m - radius_start_m) * v
            ring = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * other
            return np.asarray(p + (v * length)[:, None] * axis + radius[:, None] * ring)

        size = (math.pi * (radius_start_m + radius_end_m), length)
        self.patch(point, size, material, mesh, albedo=albedo, glow_rgb=glow_rgb)

    def foliage(
        self,
        points_m: Float[np.ndarray, "n 3"],
        normals: Float[np.ndarray, "n 3"],
        size_m: float,
        albedo_a: Rgb,
        albedo_b: Rgb,
        rng: np.random.Generator,
        *,
        slender: float = 0.55,
        tumble: float = 0.55,
        lift: float = 0.35,
        shadows: bool = True,
        tint: Float[np.ndarray, "n 1"] | float = 1.0,
    ) -> None:
        """Scatter leaves: flat tilted ellipsoids of half-length about `size_m`, coloured between the two albedos.

        `normals` say which way the foliage faces as a whole; each leaf departs from it by `tumble` and turns upwards by
        `lift`. `slender` is width over length; `tint` multiplies the colours.
        """
        n = len(points_m)
        normal = 0.9 * np.asarray(normals, np.float64) + rng.normal(size=(n, 3)) * tumble + (0.0, 0.0, lift)
        axes = _frames(normal, rng.normal(size=(n, 3)))
        half = size_m * rng.uniform(0.7, 1.3, n)
        blend = (rng.uniform(0, 1, n) ** 1.5)[:, None]
        albedo = (np.asarray(albedo_a) * (1 - blend) + np.asarray(albedo_b) * blend) * tint
        halves = np.stack([half, half * slender, half * 0.12], 1)
        self.foliages.append(Foliage(np.asarray(points_m, np.float64), axes, halves, albedo, shadows))

    def blades(
        self,
        feet_m: Float[np.ndarray, "n 3"],
        directions: Float[np.ndarray, "n 3"],
        length_m: Float[np.ndarray, " n"],
        width_m: float,
        albedo_a: Rgb,
        albedo_b: Rgb,
        rng: np.random.Generator,
        *,
        shadows: bool = False,
    ) -> None:
        """Grow blades of grass or reed from `feet_m` along `directions`."""
        n = len(feet_m)
        along = np.asarray(directions, np.float64)
        along = along / np.linalg.norm(along, axis=1, keepdims=True)
        normal = np.cross(along, rng.normal(size=(n, 3)))
        axes = _frames(normal, along)
        half = np.asarray(length_m, np.float64) / 2
        blend = rng.uniform(0, 1, n)[:, None]
        albedo = np.asarray(albedo_a) * (1 - blend) + np.asarray(albedo_b) * blend
        halves = np.stack([half, np.full(n, width_m / 2), np.full(n, width_m / 4)], 1)
        centres = np.asarray(feet_m, np.float64) + along * half[:, None]
        self.foliages.append(Foliage(centres, axes, halves, albedo, shadows))

    def mirror(
        self,
        origin: Vec3,
        edge_u: Vec3,
        edge_v: Vec3,
        *,
        mask: Mask | None = None,
        kind: Literal["water", "glass"] = "water",
        tint_rgb: Rgb | None = None,
    ) -> None:
        """Add a still pool or a looking glass; see `Mirror` for what must not be visible behind it."""
        corner, eu, ev = (np.asarray(x, np.float64) for x in (origin, edge_u, edge_v))
        if kind == "water":
            self.mirrors.append(Mirror(corner, eu, ev, mask, tint_rgb or (0.05, 0.11, 0.11)))
        else:
            self.mirrors.append(Mirror(corner, eu, ev, mask, tint_rgb or (0.04, 0.045, 0.045), 0.06, 0.0, 0.0))

    def window(self, origin: Vec3, edge_u: Vec3, edge_v: Vec3) -> None:
        """Declare an opening to the sky, its front facing into the room: skylight is sampled through it."""
        corner, eu, ev = (np.asarray(x, np.float64) for x in (origin, edge_u, edge_v))
        self.lights.append(AreaLight(corner, eu, ev, None))

    def lamp(
        self, origin: Vec3, edge_u: Vec3, edge_v: Vec3, radiance_rgb: Rgb, material: Material | None = None
    ) -> None:
        """Add a glowing parallelogram that lights the scene from its front; drawn where a `material` is given."""
        corner, eu, ev = (np.asarray(x, np.float64) for x in (origin, edge_u, edge_v))
        self.lights.append(AreaLight(corner, eu, ev, radiance_rgb))
        if material is not None:
            self.quad(corner, eu, ev, material, solid=False, glow_rgb=radiance_rgb)


def _frames(normal: Float64[np.ndarray, "n 3"], along: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3 3"]:
    """Right-handed frames with columns (near `along`, across, `normal`)."""
    normal = normal / (np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12)
    along = along - (along * normal).sum(1, keepdims=True) * normal
    along /= np.linalg.norm(along, axis=1, keepdims=True) + 1e-12
    return np.stack([along, np.cross(normal, along), normal], -1)
