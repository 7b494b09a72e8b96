"""Drawing in a piece's own frame: soft boxes, turned profiles, tubes along curves, for furniture and ornament."""

import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float64

from camera_motion.generator.materials import Material
from camera_motion.generator.materials.furnishing import upright
from camera_motion.generator.scenes.surface import Model, Rgb

Point = tuple[float, float, float]
Surface = Callable[[np.ndarray, np.ndarray], np.ndarray]

#: (axis of u, its sign, axis of v, its sign) on each face of a box, such that u x v points outwards.
_FACES = {
    "x": (1, -1, 2, 1),
    "X": (1, 1, 2, 1),
    "y": (0, 1, 2, 1),
    "Y": (0, -1, 2, 1),
    "z": (0, 1, 1, -1),
    "Z": (0, 1, 1, 1),
}


class Brush:
    """Draws into `model` from a frame at `origin`, turned by `yaw_deg` about z.

    `detail` below 1 asks for wider spacing of all that is drawn with it.
    """

    def __init__(self, model: Model, origin: Point, yaw_deg: float = 0.0, detail: float = 1.0) -> None:
        self.model = model
        self.detail = detail
        self._origin = np.array(origin, np.float64)
        self._turn = _turn(yaw_deg, 0.0, 0.0)

    def at(self, origin: Point, yaw_deg: float = 0.0, pitch_deg: float = 0.0, roll_deg: float = 0.0) -> "Brush":
        """Make a brush in a frame within this one, turned about z, then its own x, then its own y."""
        inner = Brush(self.model, (0.0, 0.0, 0.0), detail=self.detail)
        inner._origin = self.world(np.array([origin]))[0]
        inner._turn = self._turn @ _turn(yaw_deg, pitch_deg, roll_deg)
        return inner

    def world(self, points: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        """Place points of this frame in the world."""
        return points @ self._turn.T + self._origin

    def turned_by(self, directions: Float64[np.ndarray, "n 3"]) -> Float64[np.ndarray, "n 3"]:
        """Turn directions of this frame into the world's."""
        turned: np.ndarray = directions @ self._turn.T
        return turned

    def patch(
        self,
        surface: Surface,
        size_m: tuple[float, float],
        material: Material,
        mesh: tuple[int, int] = (1, 1),
        tex: tuple[float, float] = (0.0, 0.0),
        solid: bool = True,
        glow: Rgb = (0.0, 0.0, 0.0),
        tex_axes: Float64[np.ndarray, "2 3"] | None = None,
    ) -> None:
        """Add a surface (u, v) -> points of this frame; `size_m` are its lengths along u and v."""
        self.model.patch(
            lambda u, v: self.world(surface(u, v)),
            size_m,
            material,
            mesh,
            solid=solid,
            tex_origin=tex,
            glow_rgb=glow,
            tex_axes=tex_axes,
            detail=self.detail,
        )

    def quad(
        self,
        origin: Point,
        edge_u: Point,
        edge_v: Point,
        material: Material,
        tex: tuple[float, float] = (0.0, 0.0),
        albedo: Rgb | None = None,
    ) -> None:
        """Add a parallelogram that faces along edge_u x edge_v."""
        corner = self.world(np.array([origin], np.float64))[0]
        eu, ev = self._turn @ np.array(edge_u), self._turn @ np.array(edge_v)
        if np.linalg.norm(ev) > np.linalg.norm(eu):
            material = upright(material)
        self.model.quad(corner, eu, ev, material, tex_origin=tex, albedo=albedo, detail=self.detail)

    def box(
        self, lo: Point, hi: Point, material: Material, faces: str = "xXyYZ", tex: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        """Add a sharp box, without its underside unless asked."""
        for face in faces:
            au, su, av, sv = _FACES[face]
            across = "xyz".index(face.lower())
            o = [0.0, 0.0, 0.0]
            o[across] = (hi if face.isupper() else lo)[across]
            o[au] = (lo if su > 0 else hi)[au]
            o[av] = (lo if sv > 0 else hi)[av]
            eu, ev = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
            eu[au] = su * (hi[au] - lo[au])
            ev[av] = sv * (hi[av] - lo[av])
            self.quad(_point(o), _point(eu), _point(ev), material, (tex[0] + o[au] * su, tex[1] + o[av] * sv))

    def soft(
        self, lo: Point, hi: Point, radius_m: float, material: Material, bulge_m: float = 0.0, faces: str = "xXyYZ"
    ) -> None:
        """Add a box with rounded edges; its faces swell by `bulge_m` in their middle, so that it reads as a cushion."""
        low, high = np.array(lo, np.float64), np.array(hi, np.float64)
        centre, half = (low + high) / 2, (high - low) / 2
        radius = min(radius_m, float(half.min()) * 0.98)
        core = half - radius
        for face in faces:
            au, su, av, sv = _FACES[face]
            across, sign = "xyz".index(face.lower()), 1.0 if face.isupper() else -1.0

            def surface(
                u: np.ndarray,
                v: np.ndarray,
                au: int = au,
                su: int = su,
                av: int = av,
                sv: int = sv,
                across: int = across,
                sign: float = sign,
            ) -> np.ndarray:
                a, b = (2 * u - 1) * su, (2 * v - 1) * sv
                q = np.empty((len(u), 3))
                q[:, au], q[:, av], q[:, across] = a * half[au], b * half[av], sign * half[across]
                inner = np.clip(q, -core, core)
                out = q - inner
                out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-12
                p = inner + radius * out
                p[:, across] += sign * bulge_m * (1 - a * a) * (1 - b * b)
                return p + centre

            mesh = (4, 4) if bulge_m or radius > 0.02 else (1, 1)
            grained = upright(material) if half[av] > half[au] else material
            self.patch(
                surface, (float(2 * half[au]), float(2 * half[av])), grained, mesh, (float(lo[au]), float(lo[av]))
            )

    def lathe(self, centre: Point, profile: list[tuple[float, float]], material: Material, sides: int = 20) -> None:
        """Turn a profile (radius, height) from bottom to top about z; listed upwards it faces outwards."""
        rz = np.array(profile, np.float64)
        steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(rz, axis=0), axis=1))])
        length = float(steps[-1])
        c = np.array(centre, np.float64)

        def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            r, z = np.interp(v * length, steps, rz[:, 0]), np.interp(v * length, steps, rz[:, 1])
            angle = 2 * np.pi * u
            return np.stack([c[0] + r * np.cos(angle), c[1] + r * np.sin(angle), c[2] + z], 1)

        around = 2 * math.pi * float(np.average((rz[1:, 0] + rz[:-1, 0]) / 2, weights=np.diff(steps) + 1e-9))
        self.patch(surface, (around, length), material, (sides, max(4, min(24, 2 * len(profile)))))

    def turned(
        self, centre: Point, profile: list[tuple[float, float]], material: Material, sides: int = 20, steps: int = 5
    ) -> None:
        """Like `lathe`, with the profile's corners rounded off into one flowing line (Catmull-Rom)."""
        rz = np.array(profile, np.float64)
        padded = np.concatenate([2 * rz[:1] - rz[1:2], rz, 2 * rz[-1:] - rz[-2:-1]])
        t = np.linspace(0, 1, steps, endpoint=False)[:, None]
        p0, p1, p2, p3 = padded[:-3, None], padded[1:-2, None], padded[2:-1, None], padded[3:, None]
        curve = 0.5 * (
            2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
        )
        line = np.concatenate([curve.reshape(-1, 2), rz[-1:]])
        line[:, 0] = np.maximum(line[:, 0], 0.002)
        self.lathe(centre, [(float(r), float(z)) for r, z in line], material, sides)

    def ball(
        self, centre: Point, radii_m: Point, material: Material, sides: int = 18, glow: Rgb = (0.0, 0.0, 0.0)
    ) -> None:
        """Add an ellipsoid, which may give off light."""
        c, r = np.array(centre, np.float64), np.array(radii_m, np.float64)

        def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            a, b = 2 * np.pi * u, np.pi * (v - 0.5) * 0.998
            return c + r * np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], 1)

        flat = float(r[0] + r[1]) / 2
        size = (2 * math.pi * flat * 0.8, math.pi * (flat + float(r[2])) / 2)
        self.patch(surface, size, material, (sides, sides // 2), glow=glow)

    def rod(
        self, p: Point, q: Point, radius_m: float, material: Material, end_radius_m: float | None = None, sides: int = 8
    ) -> None:
        """Add a straight bar from `p` to `q`, tapering to `end_radius_m`."""
        self.bent(
            np.array([p, q], np.float64),
            radius_m,
            material,
            radius_m if end_radius_m is None else end_radius_m,
            sides=sides,
        )

    def bent(
        self,
        line: Float64[np.ndarray, "k 3"],
        radius_m: float,
        material: Material,
        end_radius_m: float | None = None,
        closed: bool = False,
        sides: int = 8,
    ) -> None:
        """Add a round bar along a polyline, smooth where the line is finely divided."""
        points = np.concatenate([line, line[:1]]) if closed else line
        steps = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
        length = float(steps[-1])
        if closed:
            tangent = np.roll(line, -1, 0) - np.roll(line, 1, 0)
            tangent = np.concatenate([tangent, tangent[:1]])
        else:
            tangent = np.gradient(points, axis=0)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        normal = _transport(tangent, closed)
        last = radius_m if end_radius_m is None else end_radius_m

        def surface(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            at = v * length
            p, t, n = (
                np.stack([np.interp(at, steps, a[:, k]) for k in range(3)], 1) for a in (points, tangent, normal)
            )
            n -= (n * t).sum(1, keepdims=True) * t
            n /= np.linalg.norm(n, axis=1, keepdims=True) + 1e-12
            b = np.cross(t, n)
            r = (radius_m + (last - radius_m) * v)[:, None]
            return p + r * (np.cos(2 * np.pi * u)[:, None] * n + np.sin(2 * np.pi * u)[:, None] * b)

        self.patch(
            surface, (2 * math.pi * max(radius_m, last), length), material, (sides, max(1, min(64, len(points) - 1)))
        )


def _transport(tangent: Float64[np.ndarray, "k 3"], closed: bool) -> Float64[np.ndarray, "k 3"]:
    """Carry normals along a curve without twist; of a closed curve the leftover twist is spread evenly."""
    first = np.cross(tangent[0], [0.31, 0.17, 0.93] if abs(tangent[0, 2]) < 0.9 else [1.0, 0.2, 0.0])
    normals = [first / np.linalg.norm(first)]
    for t in tangent[1:]:
        n = normals[-1] - (normals[-1] @ t) * t
        normals.append(n / np.linalg.norm(n))
    out = np.array(normals)
    if closed:
        side = np.cross(tangent[-1], out[-1])
        twist = np.arctan2(out[0] @ side, out[0] @ out[-1])
        angle = twist * np.linspace(0, 1, len(out))[:, None]
        out = out * np.cos(angle) + np.cross(tangent, out) * np.sin(angle)
    return out


def _turn(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Float64[np.ndarray, "3 3"]:
    (cy, cp, cr), (sy, sp, sr) = (
        [f(math.radians(a)) for a in (yaw_deg, pitch_deg, roll_deg)] for f in (math.cos, math.sin)
    )
    yaw = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1.0]])
    pitch = np.array([[1.0, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, 0, sr], [0, 1.0, 0], [-sr, 0, cr]])
    return yaw @ pitch @ roll


def _point(values: list[float]) -> Point:
    return values[0], values[1], values[2]
