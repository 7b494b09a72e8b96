"""Shooting rays at triangles: Embree where its wheel exists, else a small tree of our own in Numba.

Both are given triangles and answer the same two questions. Embree answers about four times as fast; the answers differ
only where a ray grazes an edge, so that scenes look the same with either.
"""

import logging
import math
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32
from numba import njit

_log = logging.getLogger(__name__)
_LEAF = 4


@runtime_checkable
class Rays(Protocol):
    """Triangles to shoot at."""

    def nearest(
        self, origins_m: Float[np.ndarray, "N 3"], directions: Float[np.ndarray, "N 3"]
    ) -> tuple[Float32[np.ndarray, " N"], Int32[np.ndarray, " N"], Float32[np.ndarray, "N 2"]]:
        """Find the first hit: its distance (inf for none), its triangle (-1) and the weights of corners 1 and 2."""
        ...

    def blocked(
        self, origins_m: Float[np.ndarray, "N 3"], directions: Float[np.ndarray, "N 3"], limits_m: Any = None
    ) -> Bool[np.ndarray, " N"]:
        """Tell whether anything stands within `limits_m` [N] along each ray (anywhere, for None)."""
        ...


def rays(triangles: Float[np.ndarray, "F 3 3"]) -> Rays:
    """Prepare triangles for shooting, with Embree if it can be imported."""
    try:
        return EmbreeRays(triangles)
    except ImportError:
        _log.info("embreex is not installed: light is baked with the slower ray caster")
        return TreeRays(triangles)


class EmbreeRays:
    """Embree through embreex. Raises ImportError where that is missing."""

    def __init__(self, triangles: Float[np.ndarray, "F 3 3"]) -> None:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        self._scene = EmbreeScene()
        self._mesh = TriangleMesh(self._scene, np.ascontiguousarray(triangles, np.float32))

    def nearest(
        self, origins_m: Float[np.ndarray, "N 3"], directions: Float[np.ndarray, "N 3"]
    ) -> tuple[Float32[np.ndarray, " N"], Int32[np.ndarray, " N"], Float32[np.ndarray, "N 2"]]:
        """See `Rays.nearest`."""
        if len(origins_m) == 0:
            return _nothing()
        hit = self._scene.run(_single(origins_m), _single(directions), output=1)
        distance = np.where(hit["primID"] >= 0, hit["tfar"], np.float32(np.inf))
        return distance, hit["primID"], np.stack([hit["u"], hit["v"]], 1)

    def blocked(
        self, origins_m: Float[np.ndarray, "N 3"], directions: Float[np.ndarray, "N 3"], limits_m: Any = None
    ) -> Bool[np.ndarray, " N"]:
        """See `Rays.blocked`."""
        if len(origins_m) == 0:
            return np.zeros(0, bool)
        limits = None if limits_m is None else np.ascontiguousarray(limits_m, np.float32)
        if limits is None:
            return np.asarray(self._scene.run(_single(origins_m), _single(directions), query="OCCLUDED") >= 0)
        return np.asarray(self._scene.run(_single(origins_m), _single(directions), limits, query="OCCLUDED") >= 0)


class TreeRays:
    """A bounding-volume tree, split at the median of the longest axis."""

    def __init__(self, triangles: Float[np.ndarray, "F 3 3"]) -> None:
        self._corners = _single(triangles)
        centres = self._corners.mean(1)
        order = np.arange(len(triangles), dtype=np.int64)
        count = max(1, 4 * math.ceil(len(triangles) / _LEAF) + 8)
        boxes, links = np.zeros((count, 6), np.float32), np.zeros((count, 2), np.int64)
        used = _grow(self._corners, centres, order, boxes, links) if len(triangles) else 0
        self._order, self._boxes, self._links = order, boxes[:used], links[:used]

    def nearest(
        self, origins_m: Float[np.ndarray, "N 3"], directions: Float[np.ndarray, "N 3"]
    ) -> tuple[Float32[np.ndarray, " N"], Int32[np.ndarray, " N"], Float32[np.ndarray, "N 2"]]:
        """See `Rays.nearest`."""
        distance, triangle, weights = self._shoot(origins_m, directions, np.full(len(origins_m), np.inf), False)
        return distance, triangle, weights

    def blocked(
        self, origins_m: Float[np.ndarray, "N 3"], directions: Float[np.ndarray, "N 3"], limits_m: Any = None
    ) -> Bool[np.ndarray, " N"]:
        """See `Rays.blocked`."""
        limits = np.full(len(origins_m), np.inf) if limits_m is None else limits_m
        return np.asarray(self._shoot(origins_m, directions, limits, True)[1] >= 0)

    def _shoot(self, origins: Any, directions: Any, limits: Any, any_hit: bool) -> tuple[Any, Any, Any]:
        distance = np.array(limits, np.float32)
        triangle = np.full(len(distance), -1, np.int32)
        weights = np.zeros((len(distance), 2), np.float32)
        if len(self._links):
            tree = (self._corners, self._order, self._boxes, self._links)
            _walk(*tree, _single(origins), _single(directions), any_hit, distance, triangle, weights)
        distance[triangle < 0] = np.inf
        return distance, triangle, weights


def _single(array: Any) -> Float32[np.ndarray, "..."]:
    return np.ascontiguousarray(array, np.float32)


def _nothing() -> tuple[Float32[np.ndarray, " N"], Int32[np.ndarray, " N"], Float32[np.ndarray, "N 2"]]:
    return np.zeros(0, np.float32), np.zeros(0, np.int32), np.zeros((0, 2), np.float32)


@njit(cache=True, nogil=True)
def _grow(corners: Any, centres: Any, order: Any, boxes: Any, links: Any) -> int:
    """Fill the tree; `links` of a node are (first child, -1) or, in a leaf, (first in `order`, count)."""
    stack = [(0, 0, len(order))]
    used = 1
    while len(stack):
        node, start, stop = stack.pop()
        lo, hi = np.full(3, np.inf, np.float32), np.full(3, -np.inf, np.float32)
        clo, chi = lo.copy(), hi.copy()
        for k in range(start, stop):
            for a in range(3):
                c = centres[order[k], a]
                clo[a], chi[a] = min(clo[a], c), max(chi[a], c)
                for j in range(3):
                    x = corners[order[k], j, a]
                    lo[a], hi[a] = min(lo[a], x), max(hi[a], x)
        boxes[node, :3], boxes[node, 3:] = lo, hi
        if stop - start <= _LEAF:
            links[node, 0], links[node, 1] = start, stop - start
            continue
        axis = np.argmax(chi - clo)
        part = order[start:stop].copy()
        order[start:stop] = part[np.argsort(centres[part, axis], kind="mergesort")]
        middle = (start + stop) // 2
        links[node, 0], links[node, 1] = used, -1
        stack.append((used, start, middle))
        stack.append((used + 1, middle, stop))
        used += 2
    return used


@njit(cache=True, nogil=True)
def _enter(box: Any, o: Any, inv: Any, limit: float) -> float:
    """Distance at which a ray enters a box, inf if it misses or comes later than `limit`."""
    near, far = np.float32(0.0), np.float32(limit)
    for a in range(3):
        t0, t1 = (box[a] - o[a]) * inv[a], (box[3 + a] - o[a]) * inv[a]
        if t0 > t1:
            t0, t1 = t1, t0
        near, far = max(near, t0), min(far, t1)
    return float(near) if near <= far else np.inf


@njit(cache=True, nogil=True)
def _walk(
    corners: Any, order: Any, boxes: Any, links: Any, o: Any, d: Any, any_hit: bool, t: Any, prim: Any, uv: Any
) -> None:
    """Shoot every ray; `t` holds the limits and receives the distances (Moeller-Trumbore intersection)."""
    stack = np.empty(128, np.int64)
    inv = np.empty(3, np.float32)
    for i in range(len(o)):
        for a in range(3):
            x = d[i, a]
            inv[a] = np.float32(1.0) / (x if abs(x) > 1e-12 else np.float32(1e-12))
        top = 0
        if _enter(boxes[0], o[i], inv, t[i]) < np.inf:
            stack[0] = 0
            top = 1
        while top > 0:
            top -= 1
            node = stack[top]
            if _enter(boxes[node], o[i], inv, t[i]) == np.inf:
                continue
            first, count = links[node]
            if count < 0:
                near, far = _enter(boxes[first], o[i], inv, t[i]), _enter(boxes[first + 1], o[i], inv, t[i])
                a, b = (first, first + 1) if near > far else (first + 1, first)
                if max(near, far) < np.inf:
                    stack[top] = a
                    top += 1
                if min(near, far) < np.inf:
                    stack[top] = b
                    top += 1
                continue
            for k in range(first, first + count):
                f = order[k]
                p = corners[f, 0]
                e1x, e1y, e1z = corners[f, 1, 0] - p[0], corners[f, 1, 1] - p[1], corners[f, 1, 2] - p[2]
                e2x, e2y, e2z = corners[f, 2, 0] - p[0], corners[f, 2, 1] - p[1], corners[f, 2, 2] - p[2]
                qx, qy, qz = d[i, 1] * e2z - d[i, 2] * e2y, d[i, 2] * e2x - d[i, 0] * e2z, d[i, 0] * e2y - d[i, 1] * e2x
                det = e1x * qx + e1y * qy + e1z * qz
                if abs(det) < 1e-14:
                    continue
                sx, sy, sz = o[i, 0] - p[0], o[i, 1] - p[1], o[i, 2] - p[2]
                u = (sx * qx + sy * qy + sz * qz) / det
                if u < 0.0 or u > 1.0:
                    continue
                rx, ry, rz = sy * e1z - sz * e1y, sz * e1x - sx * e1z, sx * e1y - sy * e1x
                v = (d[i, 0] * rx + d[i, 1] * ry + d[i, 2] * rz) / det
                if v < 0.0 or u + v > 1.0:
                    continue
                hit = (e2x * rx + e2y * ry + e2z * rz) / det
                if hit > 0.0 and hit < t[i]:
                    t[i], prim[i], uv[i, 0], uv[i, 1] = hit, f, u, v
                    if any_hit:
                        top = 0
                        break
