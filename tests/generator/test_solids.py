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
    o = np.array([[-5.0, 0, 0.5], [-5, 0, 0.5], [0, 0, 5], [0, 0, 0.5], [0.99, 0, 5]])
    d = np.array([[1.0, 0, 0], [-1, 0, 0], [0, 0, -1], [0, 1, 0], [0, 0, -1]])
    assert np.allclose(solids.box((-1, -1, 0), (1, 1, 1)).cast_m(o, d), [4, np.inf, 4, 0, 4])
    assert np.allclose(solids.cylinder(0.0, 0.0, 1.5, 0.0, 1.0).cast_m(o, d), [3.5, np.inf, 4, 0, 4])
    assert np.allclose(solids.sphere((0, 0, 0.5), 1.0).cast_m(o, d), [4, np.inf, 3.5, 0, 4.5 - np.sqrt(1 - 0.99**2)])


@pytest.mark.parametrize("seed", range(6))
def test_a_ray_is_free_until_its_hit_and_solid_there(seed: int) -> None:
    space = _some(seed)
    rng = np.random.default_rng(seed + 1)
    o = rng.uniform(-6, 6, (200, 3))
    d = rng.normal(size=(200, 3))
    d /= np.linalg.norm(d, axis=1, keepdims=True)
    distance = space.cast_m(o, d)
    inside = space.contains(o)
    assert (distance[inside] == 0).all()
    hit = np.isfinite(distance) & ~inside
    assert hit.sum() > 30
    assert np.abs(space.clearance_m(o[hit] + distance[hit, None] * d[hit])).max() < 1e-9
    for part in np.linspace(0, 1 - 1e-9, 60):
        assert not space.contains(o[~inside] + part * np.minimum(distance, 20.0)[~inside, None] * d[~inside]).any()


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
