"""The scene engine and the courtyard family: what is sampled, how it is lit, and that geometry tells the truth."""

import json
import math
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from camera_motion.generator.materials.ground import flagstones
from camera_motion.generator.materials.masonry import ashlar, brick, plaster
from camera_motion.generator.materials.material import Material
from camera_motion.generator.materials.noise import pattern
from camera_motion.generator.materials.stone import limestone
from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.generator.scenes import FAMILIES, courtyard
from camera_motion.generator.scenes.cores import Cores
from camera_motion.generator.scenes.rays import EmbreeRays, TreeRays, rays
from camera_motion.generator.scenes.sample import sample
from camera_motion.generator.scenes.sky import Sky, Sun
from camera_motion.generator.scenes.surface import Model
from camera_motion.generator.seeds import stream
from camera_motion.generator.splats import MIRROR, SH_C0, SKY, SOLID, GaussianScene
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory

WIDTH, HEIGHT = 160, 100


def look(eye: tuple[float, float, float], at: tuple[float, float, float], fov_deg: float = 65.0) -> Trajectory:
    """A still camera at `eye`, looking at `at`."""
    forward = np.subtract(at, eye) / np.linalg.norm(np.subtract(at, eye))
    right = np.cross(forward, (0.0, 0.0, 1.0))
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(forward, right), forward], 1)
    pose[:3, 3] = eye
    focal = 0.5 / math.tan(math.radians(fov_deg) / 2)
    return Trajectory(pose[None], np.array([[focal, focal * WIDTH / HEIGHT, 0.5, 0.5]]), 24.0)


def colours(scene: GaussianScene) -> np.ndarray:
    return 0.5 + SH_C0 * scene.sh[:, 0]


def grey(x, y, z, s, t, w, p):  # type: ignore[no-untyped-def]
    return 0.5, 0.5, 0.5, 0.0


def table() -> Model:
    """A floor under the noon sun, with a slab floating over its middle."""
    model = Model(sun=Sun((0.0, 0.0, 1.0), (5.0, 5.0, 5.0), 0.005), sky=Sky(cloud_cover=0.0))
    model.quad((-3, -3, 0), (6, 0, 0), (0, 6, 0), Material("grey", grey))
    model.box((-1, -1, 1.0), (1, 1, 1.1), Material("grey", grey))
    return model


EYE = look((0.0, -5.0, 2.0), (0.0, 0.0, 0.3))


def test_noise_is_centred_and_fades_with_width() -> None:
    x, y = np.random.default_rng(0).uniform(-500, 500, (2, 20000))
    values = pattern(x, y, 4)
    assert abs(values.mean() - 0.5) < 0.01
    assert values.min() >= 0
    assert values.max() <= 1
    points = np.column_stack([x, y, 0 * x])
    sharp, _ = limestone()(points, x, y, 0.001)
    soft, _ = limestone()(points, x, y, 3.0)
    assert (soft.std(0) < 0.3 * sharp.std(0)).all()
    assert np.allclose(soft.mean(0), sharp.mean(0), atol=0.12)


@pytest.mark.parametrize("material", [brick(), plaster(), ashlar(), flagstones(), limestone()], ids=lambda m: m.name)
def test_materials_are_colours(material: Material) -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform((-9, -9, 0), (9, 9, 3), (5000, 3))
    albedo, height = material(points, points[:, 0], points[:, 2], 0.01)
    assert albedo.min() >= 0
    assert albedo.max() < 1.2
    assert np.abs(height).max() < 0.1
    assert np.allclose(albedo.mean(0), material.mean_albedo(), atol=0.12)


def test_both_ray_casters_agree() -> None:
    rng = np.random.default_rng(2)
    triangles = rng.uniform(-5, 5, (3000, 1, 3)) + rng.normal(size=(3000, 3, 3)) * 0.3
    origins, directions = rng.uniform(-5, 5, (20000, 3)), rng.normal(size=(20000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    own = TreeRays(triangles)
    distance, triangle, weights = own.nearest(origins, directions)
    hit = triangle >= 0
    assert 0.1 < hit.mean() < 1.0
    corners = triangles[triangle[hit]]
    u, v = weights[hit].T[..., None]
    there = corners[:, 0] * (1 - u - v) + corners[:, 1] * u + corners[:, 2] * v
    assert np.allclose(there, origins[hit] + distance[hit, None] * directions[hit], atol=1e-3)
    assert np.array_equal(own.blocked(origins, directions), hit)
    assert np.array_equal(own.blocked(origins, directions, np.full(20000, 1.0)), distance < 1.0)
    pytest.importorskip("embreex", reason="the other ray caster is compared where its wheel is installed")
    other = EmbreeRays(triangles)
    assert (other.nearest(origins, directions)[1] != triangle).mean() < 1e-3
    assert (other.blocked(origins, directions) != hit).mean() < 1e-3


def test_light_is_baked_without_embree(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = sample(table(), [EYE], WIDTH, HEIGHT, 2.0, 1)
    monkeypatch.setitem(sys.modules, "embreex", None)
    monkeypatch.setitem(sys.modules, "embreex.rtcore_scene", None)
    monkeypatch.setitem(sys.modules, "embreex.mesh_construction", None)
    assert isinstance(rays(np.zeros((1, 3, 3))), TreeRays)
    plain = sample(table(), [EYE], WIDTH, HEIGHT, 2.0, 1)
    assert np.array_equal(usual.means_m, plain.means_m)
    assert np.abs(colours(usual) - colours(plain)).mean() < 2e-3


def test_shadow_and_sun() -> None:
    scene = sample(table(), [EYE], WIDTH, HEIGHT, 2.0, 1)
    x, y, z = scene.means_m.T
    floor = (scene.classes == SOLID) & (np.abs(z) < 0.01)
    brightness = colours(scene)[:, 1]
    under = floor & (np.maximum(np.abs(x), np.abs(y)) < 0.8)
    apart = floor & (np.maximum(np.abs(x), np.abs(y)) > 1.6)
    open_sky = 0.5 / math.pi * 5.0
    assert open_sky < np.median(brightness[apart]) < 1.8 * open_sky
    assert 0.01 < np.median(brightness[under]) < 0.35 * np.median(brightness[apart])


def test_window_lights_a_closed_room() -> None:
    wall = Material("grey", grey)
    model = Model(sun=Sun(irradiance_rgb=(0.0, 0.0, 0.0)), dome=False)
    for origin, eu, ev in (
        ((0, 0, 0), (4, 0, 0), (0, 6, 0)),
        ((0, 6, 3), (4, 0, 0), (0, -6, 0)),
        ((0, 6, 0), (0, -6, 0), (0, 0, 3)),
        ((4, 0, 0), (0, 6, 0), (0, 0, 3)),
        ((0, 6, 0), (4, 0, 0), (0, 0, 3)),
    ):
        model.quad(origin, eu, ev, wall)
    model.quad((4, 0, 0), (-4, 0, 0), (0, 0, 1), wall)
    model.window((4, 0, 1), (-4, 0, 0), (0, 0, 2))
    scene = sample(model, [look((2.0, 0.5, 1.5), (2.0, 6.0, 1.2))], WIDTH, HEIGHT, 2.0, 1)
    _, y, z = scene.means_m.T
    brightness = colours(scene)[:, 1]
    floor = z < 0.01
    near, far = (np.median(brightness[floor & (y > a) & (y < b)]) for a, b in ((0.8, 1.8), (5.0, 5.9)))
    assert near > 2 * far > 0
    assert not (scene.classes == SKY).any()


def test_finer_spacing_adds_splats_and_moves_no_leaf() -> None:
    params = courtyard.rand(stream(5, "params"))
    first, second = courtyard.build(params), courtyard.build(params)
    assert sum(len(f.points_m) for f in first.foliages) > 10000
    for a, b in zip(first.foliages, second.foliages, strict=True):
        assert np.array_equal(a.points_m, b.points_m)
    coarse, fine = (sample(table(), [EYE], WIDTH, HEIGHT, px, 1) for px in (3.0, 1.5))
    solid = [(s.classes == SOLID).sum() for s in (coarse, fine)]
    assert 2.0 < solid[1] / solid[0] < 4.5


def test_same_bytes_alone_and_among_threads() -> None:
    def make(_: int) -> list[bytes]:
        scene = sample(table(), [EYE], WIDTH, HEIGHT, 2.0, 3)
        return [np.ascontiguousarray(a).tobytes() for a in (scene.means_m, scene.quats, scene.scales_m, scene.sh)]

    alone = make(0)
    with ThreadPoolExecutor(3) as pool:
        assert all(result == alone for result in pool.map(make, range(3)))


def test_a_courtyard_is_the_same_bytes_for_any_number_of_threads() -> None:
    params = next(p for p in map(_courtyard, range(20)) if p.centre == "round pool" and p.light != "overcast")
    view = look((0.4, 1.2, 1.6), (0.0, params.length_m, 1.2))
    scenes = [sample(courtyard.build(params), [view], WIDTH, HEIGHT, 3.0, 7, threads) for threads in (1, 3)]
    assert {SOLID, SKY, MIRROR} == set(scenes[0].classes)
    assert_same_bytes(*scenes)


@pytest.mark.slow
def test_an_interior_is_the_same_bytes_for_any_number_of_threads() -> None:
    """Lit through its windows and by its lamps."""
    family = FAMILIES["interior"]
    params = family.rand(stream(3, "params"))
    x, y, z = family.geometry(params).bounds_m.mean(0)
    view = look((x, y, z), (x + 0.5, y + 0.5, z))
    assert_same_bytes(*(sample(family.build(params), [view], WIDTH, HEIGHT, 6.0, 7, threads) for threads in (1, 3)))


def assert_same_bytes(one: GaussianScene, other: GaussianScene) -> None:
    for name in ("means_m", "quats", "scales_m", "opacities", "sh", "classes"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def _courtyard(seed: int) -> courtyard.Courtyard:
    return courtyard.rand(stream(seed, "params"))


@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_of_work_keep_their_order_and_their_errors(threads: int) -> None:
    with Cores(threads) as cores:
        parts = cores.spans(lambda part: list(range(part.start, part.stop)), 10, most=4)
        assert [k for part in parts for k in part] == list(range(10))
        assert cores.spans(len, 0) == []
        with pytest.raises(ZeroDivisionError):
            cores.each(lambda k: 1 / k, [1, 0, 2])


def test_sampling_wants_views() -> None:
    with pytest.raises(SpecError, match="views"):
        sample(table(), [], WIDTH, HEIGHT, 2.0, 1)
    with pytest.raises(SpecError, match=r"and 0\.1"):
        sample(table(), [EYE], WIDTH, HEIGHT, 0.1, 1)


def test_water_holds_the_mirror_world_and_nothing_else_does() -> None:
    stone = limestone()
    model = table()
    model.patches.clear()
    for x0, y0, x1, y1 in ((-20, -20, 20, -1), (-20, 1, 20, 20), (-20, -1, -1, 1), (1, -1, 20, 1)):
        model.quad((x0, y0, 0), (x1 - x0, 0, 0), (0, y1 - y0, 0), stone)
    for origin, eu in (((-1, -1), (0, 2)), ((1, 1), (0, -2)), ((1, -1), (-2, 0)), ((-1, 1), (2, 0))):
        model.quad((*origin, -0.1), (*eu, 0), (0, 0, 0.1), stone)
    model.box((-0.6, 3, 0), (0.6, 3.2, 2.5), brick())
    model.mirror((-1, -1, -0.1), (2, 0, 0), (0, 2, 0))
    view = look((0.0, -4.0, 1.6), (0.0, 2.0, 0.6))
    scene = sample(model, [view], WIDTH, HEIGHT, 1.5, 1)
    copies = scene.means_m[scene.classes == MIRROR]
    wall = copies[(np.abs(copies[:, 1] - 3) < 0.05) & (copies[:, 2] < -0.3)]
    assert len(wall) > 50
    assert wall[:, 2].min() > -2.5 - 0.2 - 0.1
    renderer = CpuRenderer(scene, WIDTH, HEIGHT)
    frame = renderer.render(view.camera_from_world[0], view.intrinsics[0], classes=True)
    assert frame.classes is not None
    fx, fy, cx, cy = view.intrinsics[0]
    v, u = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    rays_camera = np.stack([(u / WIDTH - cx) / fx, (v / HEIGHT - cy) / fy, np.ones_like(u)], -1)
    rays_world = rays_camera @ view.world_from_camera[0, :3, :3].T
    down = rays_world[..., 2] < -1e-3
    share = np.where(down, (-0.1 - 1.6) / np.where(down, rays_world[..., 2], -1.0), np.inf)
    with np.errstate(invalid="ignore"):
        at = np.array([0.0, -4.0, 1.6]) + share[..., None] * rays_world
    margin = np.maximum(np.abs(at[..., 0]), np.abs(at[..., 1]))
    inside, outside = down & (margin < 0.8), ~binary_dilation(down & (margin < 1.05), iterations=4)
    assert frame.classes[outside, MIRROR].max() < 0.02  # beyond the blurred edge
    assert (frame.classes[inside, MIRROR] + frame.classes[inside, SKY]).mean() > 0.9  # the sky in it is SKY


@pytest.mark.parametrize("seed", range(12))
def test_courtyard_geometry_tells_the_truth(seed: int) -> None:
    params = courtyard.rand(stream(seed, "params"))
    assert params == courtyard.rand(stream(seed, "params"))
    assert json.loads(json.dumps(asdict(params)))["width_m"] == params.width_m
    geometry = courtyard.geometry(params)
    words = json.dumps(asdict(geometry.description))
    assert ("pool" in words) == (params.centre in ("long pool", "round pool", "fountain"))
    assert ("ivy" in words) == (params.ivy > 0)
    assert ("orange trees" in words) == (params.pots == "small trees")
    assert geometry.description.place.startswith(("a ", "an "))
    low, high = geometry.bounds_m
    points = np.random.default_rng(seed).uniform(low, high, (4000, 3))
    points[:, 2] = np.random.default_rng(seed).uniform(*geometry.eye_heights_m, 4000)
    clear = geometry.space.clearance_m(points)
    assert (clear > 0.35).mean() > 0.4
    assert len(geometry.subjects) >= 2
    for subject in geometry.subjects:
        assert geometry.space.clearance_m(np.array([subject.position_m]))[0] <= subject.radius_m + 1e-6


def test_two_courtyards_differ() -> None:
    drawn = [courtyard.rand(stream(seed, "params")) for seed in range(40)]
    for name in ("wall", "columns", "centre", "light", "pots", "paving", "sides"):
        assert len({getattr(p, name) for p in drawn}) >= 3


def test_families_are_complete() -> None:
    assert {"courtyard", "interior"} <= set(FAMILIES)
    for family in FAMILIES.values():
        assert all(callable(getattr(family, name)) for name in ("rand", "geometry", "build"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3, 4])
def test_courtyard_is_drawn_where_its_solids_are(seed: int) -> None:
    params = courtyard.rand(stream(seed, "params"))
    geometry = courtyard.geometry(params)
    half, length = params.width_m / 2, params.length_m
    views = [look((0.4, 1.2, 1.6), (0.0, length, 1.6)), look((0.4, length - 1.5, 1.6), (-half, 2.0, 1.9))]
    scene = sample(courtyard.build(params), views, WIDTH, HEIGHT, 2.0, seed)
    points = scene.means_m[scene.classes == SOLID].astype(np.float64)
    low, high = geometry.bounds_m
    points = points[((points > low) & (points < high)).all(1)]
    assert len(points) > 5000
    assert geometry.space.clearance_m(points).max() < 0.15
    renderer = CpuRenderer(scene, WIDTH, HEIGHT)
    for view in views:
        frame = renderer.render(view.camera_from_world[0], view.intrinsics[0])
        assert (frame.alpha < 0.97).mean() < 1e-3
        # what solids say along each ray is what is drawn: compare where both see something near
        v, u = np.mgrid[4:HEIGHT:8, 4:WIDTH:8]
        fx, fy, cx, cy = view.intrinsics[0]
        rays_camera = np.stack([((u + 0.5) / WIDTH - cx) / fx, ((v + 0.5) / HEIGHT - cy) / fy, np.ones(u.shape)], -1)
        directions = (rays_camera @ view.world_from_camera[0, :3, :3].T).reshape(-1, 3)
        norm = np.linalg.norm(directions, axis=1)
        solid = geometry.space.cast_m(np.repeat(view.centres_m, len(norm), 0), directions / norm[:, None]) / norm
        drawn = frame.depth_m[v, u].ravel()
        near = np.isfinite(solid) & (solid < 15)
        agree = np.abs(drawn[near] - solid[near]) < 0.08 * solid[near] + 0.25
        assert agree.mean() > 0.8
