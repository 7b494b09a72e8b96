"""Trained scenes: upright in metres, and where a camera can be in them."""

from pathlib import Path

import numpy as np
import pytest

from camera_motion.generator.geometry import FreeSpace
from camera_motion.generator.harmonics import basis, turn, turning
from camera_motion.generator.ply import write_ply
from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.generator.sources.splat_file import UPRIGHT, SplatFile, upright
from camera_motion.generator.splats import SKY, SOLID, GaussianScene, Look, by_place
from camera_motion.generator.voxels import voxels
from camera_motion.schema import spec
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory, invert

SPACING_M = 0.05


def sheet(origin: tuple[float, ...], u: tuple[float, ...], v: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Means and scales of flat splats on a rectangle that is normal to an axis."""
    origin, u, v = np.array(origin), np.array(u), np.array(v)
    a, b = (np.arange(0, np.linalg.norm(edge), SPACING_M) + SPACING_M / 2 for edge in (u, v))
    means = origin + a[:, None, None] * u / np.linalg.norm(u) + b[None, :, None] * v / np.linalg.norm(v)
    scales = np.where((u != 0) | (v != 0), 0.6 * SPACING_M, 0.004)
    return means.reshape(-1, 3), np.broadcast_to(scales, (len(a) * len(b), 3))


def room(bands: int = 16) -> GaussianScene:
    """Build a floor of 8 x 8 m, two walls, a pillar of 0.4 x 0.4 x 2 m about (1, 1), and a little haze."""
    parts = [
        sheet((-4, -4, 0), (8, 0, 0), (0, 8, 0)),
        sheet((-4, 4, 0), (8, 0, 0), (0, 0, 3)),
        sheet((-4, -4, 0), (0, 8, 0), (0, 0, 3)),
    ]
    parts += [sheet((0.8, y, 0), (0.4, 0, 0), (0, 0, 2)) for y in (0.8, 1.2)]
    parts += [sheet((x, 0.8, 0), (0, 0.4, 0), (0, 0, 2)) for x in (0.8, 1.2)]
    rng = np.random.default_rng(0)
    haze = 300
    means = np.concatenate([m for m, _ in parts] + [rng.uniform((-4, -4, 0), (4, 4, 3), (haze, 3))])
    scales = np.concatenate([s for _, s in parts] + [np.full((haze, 3), 0.01)])
    n = len(means)
    opacities = np.full(n, 0.98, np.float32)
    opacities[-haze:] = 0.15
    sh = rng.normal(size=(n, bands, 3)) * 0.2
    return GaussianScene(
        means_m=means.astype(np.float32),
        quats=np.tile(np.float32([1, 0, 0, 0]), (n, 1)),
        scales_m=scales.astype(np.float32),
        opacities=opacities,
        sh=sh.astype(np.float32),
        classes=np.full(n, SOLID, np.uint8),
    )


def directions(count: int, seed: int = 0) -> np.ndarray:
    d = np.random.default_rng(seed).normal(size=(count, 3))
    return np.asarray(d / np.linalg.norm(d, axis=1, keepdims=True))


def any_rotation(seed: int) -> np.ndarray:
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return np.asarray(q * np.linalg.det(q))


def test_basis_is_gsplats() -> None:
    torch = pytest.importorskip("torch")
    gsplat = pytest.importorskip("gsplat.cuda._torch_impl")
    d = directions(50)
    np.testing.assert_allclose(basis(d, 16), gsplat._eval_sh_bases_fast(16, torch.tensor(d)).numpy(), atol=1e-14)
    with pytest.raises(ValueError, match="5"):
        basis(d, 5)


@pytest.mark.parametrize("bands", [1, 4, 9, 16])
def test_turned_colours_are_the_old_ones_from_the_turned_side(bands: int) -> None:
    rng = np.random.default_rng(1)
    sh = rng.normal(size=(20, bands, 3)).astype(np.float32)
    for rotation in [any_rotation(2), *(np.array(r, float) for r in UPRIGHT.values())]:
        d = directions(100, 3)
        before = np.einsum("dk,nkc->dnc", basis(d, bands), sh)
        after = np.einsum("dk,nkc->dnc", basis(d @ rotation.T, bands), turn(sh, rotation))
        np.testing.assert_allclose(after, before, atol=2e-6)
        matrix = turning(rotation, bands)
        np.testing.assert_allclose(matrix @ matrix.T, np.eye(bands), atol=1e-12)


@pytest.mark.parametrize("up", UPRIGHT)
def test_up_becomes_z_and_nothing_is_mirrored(up: str) -> None:
    rotation = np.array(UPRIGHT[up], float)
    axis = np.zeros(3)
    axis["xyz".index(up[1])] = 1 if up[0] == "+" else -1
    np.testing.assert_array_equal(rotation @ axis, [0, 0, 1])
    assert np.linalg.det(rotation) == 1


@pytest.mark.parametrize("up", UPRIGHT)
def test_a_camera_that_moves_along_sees_the_same(up: str) -> None:
    """Means, rotations, sizes and harmonics turn together: the picture stays, and depth scales."""
    rng = np.random.default_rng(5)
    n = 2000
    scene = GaussianScene(
        means_m=rng.normal(size=(n, 3)).astype(np.float32),
        quats=rng.normal(size=(n, 4)).astype(np.float32),
        scales_m=(0.1 * rng.uniform(0.2, 2, (n, 3))).astype(np.float32),
        opacities=rng.uniform(0.2, 0.9, n).astype(np.float32),
        sh=rng.normal(size=(n, 16, 3)).astype(np.float32),
        classes=np.zeros(n, np.uint8),
    )
    pose = np.eye(4)
    pose[:3, :3] = any_rotation(6)
    pose[:3, 3] = -6.0 * pose[:3, 2]
    rotation = np.array(UPRIGHT[up], float)
    moved = np.eye(4)
    moved[:3, :3] = rotation @ pose[:3, :3]
    moved[:3, 3] = 2.5 * rotation @ pose[:3, 3] - (0, 0, 0.7)
    lens = np.array([0.8, 0.8, 0.5, 0.5])
    before = CpuRenderer(scene, 96, 96).render(invert(pose), lens)
    after = CpuRenderer(upright(scene, up, 2.5, 0.7), 96, 96).render(invert(moved), lens)
    assert before.alpha.max() > 0.5
    assert np.quantile(np.abs(before.rgb - after.rgb), 0.999) < 1e-4
    assert np.quantile(np.abs(2.5 * before.depth_m - after.depth_m)[before.alpha > 0.1], 0.99) < 1e-4


def test_voxels_know_walls_and_rays() -> None:
    space = voxels(room(1), max_cells=400_000)
    assert isinstance(space, FreeSpace)
    cell = space.cell_m
    assert cell < 0.1
    points = np.array([[-2.0, 0, 1.5], [1, 1, 1], [2.0, 1, 1], [0, 3.5, 1.5], [0, 0, 0.5], [-3.98, 0, 1.5]])
    want = [1.5, -0.15, 0.8, 0.5, 0.5, 0.0]
    np.testing.assert_allclose(
        space.clearance_m(points)[[0, 2, 3, 4, 5]], np.array(want)[[0, 2, 3, 4, 5]], atol=2 * cell
    )
    assert space.clearance_m(np.array([[0, 0, 50.0], [99, 0, 1]])).max() < -40
    origins = np.array([[-2.0, 0, 1.5], [-2, 0, 1.5], [-2, 1, 1.5], [-2, 0, 1.5], [-2, 0, 1.5]])
    along = np.array([[-1.0, 0, 0], [0, 0, -1], [1, 0, 0], [0, 1, 0], [1, 0, 0]])
    np.testing.assert_allclose(space.cast_m(origins, along), [2, 1.5, 2.8, 4, np.inf], atol=2 * cell)
    assert np.isinf(space.cast_m(np.array([[0, 0, 90.0]]), np.array([[0.0, 0, 1]]))).all()


def test_sky_is_no_obstacle() -> None:
    scene = room(1)
    classes = np.where(scene.means_m[:, 1] > 3.9, SKY, SOLID).astype(np.uint8)
    space = voxels(GaussianScene(**{**vars(scene), "classes": classes}), max_cells=200_000)
    assert np.isinf(space.cast_m(np.array([[-2.0, 0, 1.5]]), np.array([[0.0, 1, 0]]))).all()


def wanted(path: Path, **changes: object) -> spec.SplatFile:
    values = {
        "source": "splat_file",
        "path": str(path),
        "up": "-y",
        "ground_m": 0.4,
        "metres_per_unit": 2.0,
        "kind": "interior",
        "place": "a bare room with a pillar",
        "short": "a bare room",
        "features": ("a square pillar",),
        "light": "even light",
    }
    return spec.SplatFile.model_validate(values | changes)


def in_file_axes(scene: GaussianScene) -> GaussianScene:
    """Undo up -y, 2 m a unit, ground at 0.4 m."""
    back = np.array(UPRIGHT["-y"], float).T
    return GaussianScene(
        means_m=((scene.means_m + np.array([0, 0, 0.4])) @ back.T / 2).astype(np.float32),
        quats=np.tile(np.float32([np.sqrt(0.5), np.sqrt(0.5), 0, 0]), (len(scene), 1)),
        scales_m=scene.scales_m / 2,
        opacities=scene.opacities,
        sh=turn(scene.sh, back),
        classes=scene.classes,
        look=Look(),
    )


def test_a_file_becomes_a_source(tmp_path: Path) -> None:
    original = room()
    write_ply(tmp_path / "room.ply", in_file_axes(original))
    source = SplatFile(wanted(tmp_path / "room.ply"))
    view = Trajectory(np.eye(4)[None], np.array([[0.8, 0.8, 0.5, 0.5]]), 24.0)
    scene = source.sample([view], 64, 64, 1.3)
    original = by_place(original)
    np.testing.assert_allclose(scene.means_m, original.means_m, atol=2e-6)
    np.testing.assert_allclose(scene.scales_m, original.scales_m, rtol=1e-4)
    np.testing.assert_allclose(scene.sh, original.sh, atol=1e-5)
    np.testing.assert_allclose(np.abs(scene.quats @ [1, 0, 0, 0]), 1, atol=1e-6)
    geometry = source.geometry
    assert geometry.description.place == "a bare room with a pillar"
    assert geometry.ground_m == 0
    assert geometry.eye_heights_m == (1.2, 1.8)
    (low, high) = geometry.bounds_m
    assert (low[:2] > -4.5).all()
    assert (high[:2] < 4.5).all()
    assert high[2] > 1.5
    assert len(geometry.subjects) >= 1
    pillar = geometry.subjects[0].position_m
    assert np.hypot(pillar[0] - 1, pillar[1] - 1) < 0.4
    assert 0 < geometry.subjects[0].radius_m < 2
    assert source.provenance["up"] == "-y"


def test_wrong_up_ground_or_file_says_so(tmp_path: Path) -> None:
    write_ply(tmp_path / "room.ply", in_file_axes(room(1)))
    with pytest.raises(SpecError, match="nothing solid above the ground; check up"):
        _ = SplatFile(wanted(tmp_path / "room.ply", ground_m=50.0)).geometry
    with pytest.raises(SpecError, match=r"none\.ply: cannot be read"):
        SplatFile(wanted(tmp_path / "none.ply"))
