"""Distances and rays against closed forms, brute force, and each other."""

import numpy as np
import pytest

from camera_motion.generator import solids


def _some(seed: int) -> solids.Solids:
    rng = np.random.default_rng(seed)
    parts = [solids.ground(-3.0)]
    for _ in range(3):
        c = rng.uniform(-4, 4, 3)
        parts.append(solids.box(c, c + rng.uniform(0.1, 2, 3)))
        parts.append(solids.cylinder(*rng.uniform(-4, 4, 2), rng.uniform(0.2, 1.5), *rng.uniform(-3, 4, 2)))
        parts.append(solids.sphere(rng.uniform(-4, 4, 3), rng.uniform(0.2, 1.5)))
    return solids.union(parts)


def test_distances_to_a_box_a_cylinder_and_a_sphere() -> None:
    p = np.array([[3.0, 0, 0.5], [2, 2, 2], [0.9, 0, 0.5]])
    assert np.allclose(solids.box((-1, -1, 0), (1, 1, 1)).clearance_m(p), [2, np.sqrt(3), -0.1])
    assert np.allclose(solids.cylinder(0.0, 0.0, 1.0, 0.0, 1.0).clearance_m(p), [2, np.hypot(np.sqrt(8) - 1, 1), -0.1])
    assert np.allclose(solids.sphere((0, 0, 0.5), 1.0).clearance_m(p), [2, np.sqrt(8 + 2.25) - 1, -0.1])


def test_rays_hit_where_they_should() -> None:
    o = np.array([[-5.0, 0, 0.5], [-5, 0, 0.5], [0, 0, 5], [0, 0, 0.5], [1, 0, 5]])
    d = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 0, -1], [0, 1, 0], [0, 0, -1]])
    assert np.allclose(solids.box((-1, -1, 0), (1, 1, 1)).cast_m(o, d), [4, np.inf, 4, 0, 4])
    assert np.allclose(solids.cylinder(0.0, 0.0, 1.5, 0.0, 1.0).cast_m(o, d), [3.5, np.inf, 4, 0, 4])
    assert np.allclose(solids.sphere((0, 0, 0.5), 1.0).cast_m(o, d), [4, np.inf, 3.5, 0, 4.5])


@pytest.mark.parametrize("seed", range(6))
def test_marching_by_clearance_reaches_the_cast(seed: int) -> None:
    space = _some(seed)
    rng = np.random.default_rng(seed + 1)
    o = rng.uniform(-6, 6, (200, 3))
    d = rng.normal(size=(200, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    exact = space.cast_m(o, d)
    assert (exact[space.contains(o)] == 0).all()
    marched = np.zeros(len(o))
    for _ in range(200):
        marched += np.maximum(space.clearance_m(o + marched[:, None] * d), 0.0)
        marched = np.minimum(marched, 1e4)
    hit = np.isfinite(exact)
    assert (marched[~hit] > 50).all()
    assert (marched[hit] <= exact[hit] + 1e-9).all()  # no ray passes through a solid
    # Grazing rays march slowly; nearly all arrive.
    assert np.mean(np.abs(marched[hit] - exact[hit]) < 1e-3) > 0.9


def test_a_shell_encloses() -> None:
    room = solids.shell((0, 0, 0), (4, 5, 3))
    d = np.random.default_rng(0).normal(size=(500, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    middle = np.array([[2.0, 2.5, 1.5]])
    assert np.isfinite(room.cast_m(np.repeat(middle, 500, 0), d)).all()
    assert room.clearance_m(middle)[0] == pytest.approx(1.5)
    open_room = solids.shell((0, 0, 0), (4, 5, 3), faces="xXyYz")
    assert open_room.cast_m(middle, np.array([[0.0, 0, 1]]))[0] == np.inf


def test_sums_and_nothing() -> None:
    nothing = solids.Solids()
    p = np.zeros((2, 3))
    assert np.isinf(nothing.clearance_m(p)).all()
    assert np.isinf(nothing.cast_m(p, np.eye(3)[:2])).all()
    both = solids.sphere((3, 0, 0), 1.0) + solids.sphere((0, 5, 0), 1.0)
    assert len(both) == 2
    assert np.allclose(both.clearance_m(p), 2)
    with pytest.raises(ValueError, match="lo > hi"):
        solids.Solids(boxes_m=np.array([[[1.0, 0, 0], [0, 1, 1]]]))
