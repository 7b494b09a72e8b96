"""The CPU renderer against gsplat's own projection and a blend written out in float64."""

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from float64 import rasterization
from gsplat.cuda._torch_impl import _spherical_harmonics

from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.generator.render.frame import Frame
from camera_motion.generator.render.worker import explicit_vectors_fail
from camera_motion.generator.splats import FIGURE, MIRROR, SH_C0, SKY, SOLID, GaussianScene, Look, by_place
from camera_motion.schema.camera import Trajectory, invert

WIDTH, HEIGHT = 512, 320


def gaussians(count: int, seed: int, size_m: float, bands: int = 1, **changes: np.ndarray | Look) -> GaussianScene:
    """Fill a box with random Gaussians, 3.2 x 2 x 2 m, with random colours."""
    rng = np.random.default_rng(seed)
    sh = rng.normal(size=(count, bands, 3)) * 0.3
    sh[:, 0] = (rng.uniform(size=(count, 3)) - 0.5) / SH_C0
    scene = GaussianScene(
        means_m=(rng.uniform(-1, 1, (count, 3)) * (1.6, 1, 1)).astype(np.float32),
        quats=rng.normal(size=(count, 4)).astype(np.float32),
        scales_m=(np.exp(rng.normal(size=(count, 3)) * 0.4) * size_m).astype(np.float32),
        opacities=rng.uniform(0.2, 1, count).astype(np.float32),
        sh=sh.astype(np.float32),
        classes=rng.choice([SOLID, SKY, MIRROR, FIGURE], count).astype(np.uint8),
    )
    return replace(scene, **changes)  # type: ignore[arg-type]


def camera(yaw_deg: float = 17.0, distance_m: float = 3.0, pitch_deg: float = 0.0) -> np.ndarray:
    """camera_from_world that looks at the box from `distance_m`."""
    c, s = np.cos(np.radians(yaw_deg)), np.sin(np.radians(yaw_deg))
    cp, sp = np.cos(np.radians(pitch_deg)), np.sin(np.radians(pitch_deg))
    out = np.eye(4)
    out[:3, :3] = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]]) @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    out[2, 3] = distance_m
    return out


def lens(view_deg: float = 60.0, cx: float = 0.5, cy: float = 0.5) -> np.ndarray:
    focal = 0.5 / np.tan(np.radians(view_deg) / 2)
    return np.array([focal, focal * WIDTH / HEIGHT, cx, cy])


def reference(
    scene: GaussianScene, camera_from_world: np.ndarray, intrinsics: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(rgb, alpha, expected depth, weight by class) by gsplat's torch formulas in float64."""

    def tensor(values: np.ndarray) -> torch.Tensor:
        return torch.tensor(np.asarray(values, np.float64))

    means, sh = tensor(scene.means_m), tensor(scene.sh)
    fx, fy, cx, cy = intrinsics * (WIDTH, HEIGHT, WIDTH, HEIGHT)
    matrix = tensor(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]))
    directions = means - tensor(invert(camera_from_world)[:3, 3])
    degree = int(np.sqrt(scene.sh.shape[1])) - 1
    colours = (_spherical_harmonics(degree, directions, sh) + 0.5).clamp_min(0)
    features = torch.cat([colours, tensor(np.eye(4)[scene.classes])], 1)
    out, alpha, _ = rasterization(
        means, tensor(scene.quats), tensor(scene.scales_m), tensor(scene.opacities), features,
        tensor(camera_from_world)[None], matrix[None], WIDTH, HEIGHT, render_mode="RGB+ED",
    )  # fmt: skip
    planes = out[0].numpy()
    return planes[..., :3], alpha[0, ..., 0].numpy(), planes[..., 7], planes[..., 3:7]


@dataclass(frozen=True)
class Case:
    name: str
    scene: Callable[[], GaussianScene]
    camera: np.ndarray
    lens: np.ndarray


def stretched(scene: GaussianScene, factor: float) -> GaussianScene:
    return replace(scene, scales_m=scene.scales_m * np.array([factor, 1, 1 / factor], np.float32))


def opaque(scene: GaussianScene) -> GaussianScene:
    return replace(scene, opacities=np.ones(len(scene), np.float32))


def faint(scene: GaussianScene) -> GaussianScene:
    return replace(scene, opacities=scene.opacities * np.float32(0.02))


CASES = [
    Case("mixed", lambda: gaussians(20_000, 1, 0.02), camera(), lens()),
    Case("dense", lambda: opaque(gaussians(40_000, 2, 0.03)), camera(distance_m=2.5), lens()),
    Case("camera inside", lambda: gaussians(10_000, 3, 0.02), camera(distance_m=0.1), lens(75)),
    Case("needles and discs", lambda: stretched(gaussians(10_000, 4, 0.02), 8), camera(), lens()),
    Case("degree 1", lambda: gaussians(8_000, 5, 0.03, bands=4), camera(-30), lens()),
    Case("degree 2", lambda: gaussians(8_000, 6, 0.03, bands=9), camera(200), lens()),
    Case("degree 3", lambda: gaussians(8_000, 7, 0.03, bands=16), camera(100), lens()),
    Case("smaller than a pixel", lambda: gaussians(60_000, 8, 0.0005), camera(), lens()),
    Case("few and huge", lambda: gaussians(150, 9, 0.5), camera(), lens()),
    Case("nearly transparent", lambda: faint(gaussians(15_000, 10, 0.03)), camera(), lens()),
    Case("long lens, off centre", lambda: gaussians(30_000, 11, 0.01), camera(5, 4.0, 12.0), lens(18, 0.35, 0.7)),
    Case("wide lens, close", lambda: opaque(gaussians(5_000, 12, 0.04)), camera(40, 1.2, -25.0), lens(110)),
]


def assert_same_picture(got: np.ndarray, want: np.ndarray) -> None:
    """Allow pixels that rounding moved across an alpha of 1/255 or the early stop, and hardly any of them."""
    error = np.abs(got - want)
    assert error.mean() <= 1e-6
    assert np.quantile(error, 0.9999) <= 1e-5
    assert error.max() <= 4e-3


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_agrees_with_gsplat(case: Case) -> None:
    scene = case.scene()
    rgb, alpha, depth_m, classes = reference(scene, case.camera, case.lens)
    assert alpha.max() > 0.05, "the case shows nothing"
    explicit = CpuRenderer(scene, WIDTH, HEIGHT, plain=False).render(case.camera, case.lens, classes=True)
    assert_same_picture(explicit.rgb, rgb)
    assert_same_picture(explicit.alpha, alpha)
    assert explicit.classes is not None
    assert_same_picture(explicit.classes, classes)
    seen = alpha > 0.05
    assert np.quantile(np.abs(explicit.depth_m / np.maximum(depth_m, 1e-3) - 1)[seen], 0.9999) <= 1e-4
    loop = CpuRenderer(scene, WIDTH, HEIGHT, plain=True).render(case.camera, case.lens)
    assert_same_picture(loop.rgb, explicit.rgb.astype(np.float64))
    assert_same_picture(loop.alpha, explicit.alpha.astype(np.float64))


def same(a: Frame, b: Frame) -> bool:
    return all(np.array_equal(x, y) for x, y in ((a.rgb, b.rgb), (a.alpha, b.alpha), (a.depth_m, b.depth_m)))


def path(frames: int = 5) -> Trajectory:
    cameras = np.stack([camera(10.0 + 3 * k, 0.6) for k in range(frames)])
    return Trajectory(invert(cameras), np.stack([lens(50 - k) for k in range(frames)]), 24.0)


@pytest.mark.parametrize("plain", [False, True])
def test_a_clip_is_its_frames_whatever_the_threads(plain: bool) -> None:
    scene = gaussians(20_000, 1, 0.02)
    trajectory = path()
    which = [4, 0, 2, 2, 1]
    renderer = CpuRenderer(scene, WIDTH, HEIGHT, plain=plain)
    alone = [renderer.render(trajectory.camera_from_world[k], trajectory.intrinsics[k]) for k in which]
    for threads in (1, 3):
        clip = list(CpuRenderer(scene, WIDTH, HEIGHT, threads, plain=plain).render_clip(trajectory, which))
        assert len(clip) == len(which)
        assert all(same(a, b) for a, b in zip(clip, alone, strict=True))
    assert list(renderer.render_clip(trajectory, [])) == []


def test_a_clip_can_be_left_early_and_its_renderer_used_again() -> None:
    renderer = CpuRenderer(gaussians(5_000, 1, 0.02), WIDTH, HEIGHT, threads=2)
    clip = renderer.render_clip(path(), range(5))
    first = next(clip)
    clip.close()  # type: ignore[attr-defined]
    assert same(first, next(renderer.render_clip(path(), range(5))))


def chosen(scene: GaussianScene, which: np.ndarray) -> GaussianScene:
    return GaussianScene(
        scene.means_m[which],
        scene.quats[which],
        scene.scales_m[which],
        scene.opacities[which],
        scene.sh[which],
        scene.classes[which],
        scene.look,
    )


@pytest.mark.parametrize("seed", range(6))
def test_skipping_unseen_blocks_changes_no_pixel(seed: int) -> None:
    """Shuffled, every block spans the scene and none is skipped; by place most are.

    Near cameras, long and wide lenses off the centre, needles: the pictures are the same to the bit.
    """
    rng = np.random.default_rng(seed)
    scene = stretched(gaussians(20_000, seed, 0.02), [1.0, 20.0][seed % 2])
    view = camera(float(rng.uniform(0, 360)), float(rng.uniform(-0.5, 2.5)), float(rng.uniform(-60, 60)))
    wide = lens(float(rng.uniform(8, 130)), float(rng.uniform(-0.2, 1.2)), float(rng.uniform(0.1, 0.9)))
    _, first = np.unique(
        (scene.means_m.astype(np.float64) @ view[2, :3] + view[2, 3]).astype(np.float32), return_index=True
    )
    scene = chosen(scene, first)  # no two at the same depth, so that order alone cannot matter
    shuffled = CpuRenderer(chosen(scene, rng.permutation(len(scene))), WIDTH, HEIGHT).render(view, wide)
    tidy = CpuRenderer(by_place(scene), WIDTH, HEIGHT).render(view, wide)
    assert same(shuffled, tidy)


def test_equal_depths_keep_the_order_of_the_scene() -> None:
    scene = gaussians(2, 0, 0.2)
    same_place = replace(
        scene, means_m=np.zeros((2, 3), np.float32), opacities=np.full(2, 0.9, np.float32),
        sh=np.stack([np.full((1, 3), 0.5 / SH_C0), np.full((1, 3), -0.5 / SH_C0)]).astype(np.float32),
    )  # fmt: skip
    first_white = CpuRenderer(same_place, 64, 64).render(camera(), lens())
    first_black = CpuRenderer(chosen(same_place, np.array([1, 0])), 64, 64).render(camera(), lens())
    assert first_white.rgb.max() > 0.85
    assert first_black.rgb.max() < 0.5


def test_classes_share_out_the_alpha_and_change_nothing_else() -> None:
    scene = gaussians(20_000, 1, 0.02)
    renderer = CpuRenderer(scene, WIDTH, HEIGHT)
    without, having = (renderer.render(camera(), lens(), classes=c) for c in (False, True))
    assert same(without, having)
    assert without.classes is None
    assert having.classes is not None
    np.testing.assert_allclose(having.classes.sum(2), having.alpha, atol=2e-6)
    only_sky = CpuRenderer(chosen(scene, np.flatnonzero(scene.classes == SKY)), WIDTH, HEIGHT)
    sky = only_sky.render(camera(), lens(), classes=True).classes
    assert sky is not None
    assert sky[..., [SOLID, MIRROR, FIGURE]].max() == 0


def test_fog_is_mixed_into_colours_by_distance_and_spares_the_sky() -> None:
    """One wall of splats 10 m away, seen with and without fog."""
    look = Look(fog_per_m=0.1, fog_start_m=2.0, fog_rgb=(0.1, 0.5, 0.9))
    y, z = np.meshgrid(np.linspace(-8, 8, 60), np.linspace(-5, 5, 40))
    n = y.size
    means = np.stack([y.ravel(), z.ravel(), np.full(n, 10.0)], 1).astype(np.float32)
    wall = replace(
        gaussians(n, 0, 0.2), means_m=means, scales_m=np.full((n, 3), 0.2, np.float32), look=look,
        opacities=np.full(n, 0.999, np.float32), sh=np.zeros((n, 1, 3), np.float32), classes=np.zeros(n, np.uint8),
    )  # fmt: skip
    eye = np.eye(4)
    foggy = CpuRenderer(wall, WIDTH, HEIGHT).render(eye, lens())
    clear = np.exp(-0.1 * (10.0 - 2.0))
    middle = (slice(150, 170), slice(240, 272))
    want = np.array(look.fog_rgb) * (1 - clear) + 0.5 * clear
    np.testing.assert_allclose(
        foggy.rgb[middle] / foggy.alpha[middle][..., None], np.broadcast_to(want, (20, 32, 3)), atol=2e-3
    )
    sky = CpuRenderer(replace(wall, classes=np.full(n, SKY, np.uint8)), WIDTH, HEIGHT).render(eye, lens())
    np.testing.assert_allclose(sky.rgb[middle] / sky.alpha[middle][..., None], 0.5, atol=1e-6)
    near = replace(wall, look=replace(look, fog_start_m=50.0))
    assert same(CpuRenderer(near, WIDTH, HEIGHT).render(eye, lens()), sky)


@pytest.mark.parametrize("size", [(1, 1), (17, 15), (33, 64), (640, 16)])
def test_sizes_that_tiles_do_not_divide(size: tuple[int, int]) -> None:
    """A picture is the corner of a larger one with the same focal length and principal point."""
    scene = gaussians(3_000, 2, 0.05)
    width, height = size
    focal, cx, cy = 200.0, 7.3, 5.1

    def shot(w: int, h: int) -> Frame:
        return CpuRenderer(scene, w, h).render(camera(distance_m=8.0), np.array([focal / w, focal / h, cx / w, cy / h]))

    small, large = shot(width, height), shot(width + 40, height + 40)
    assert small.rgb.shape == (height, width, 3)
    assert np.quantile(np.abs(small.rgb - large.rgb[:height, :width]), 0.99) < 2e-3
    assert small.alpha.max() > 0


def test_nothing_to_see() -> None:
    empty = gaussians(0, 0, 0.1)
    behind = camera(0, -5.0)
    for scene, view in ((empty, camera()), (gaussians(100, 0, 0.01), behind)):
        frame = CpuRenderer(scene, 40, 30).render(view, lens(), classes=True)
        assert frame.classes is not None
        assert max(frame.rgb.max(), frame.alpha.max(), frame.depth_m.max(), frame.classes.max()) == 0


def test_values_at_the_edge_of_float32_draw_nothing_strange() -> None:
    scene = gaussians(64, 0, 0.05)
    means = scene.means_m.copy()
    means[:4] = [[1e30, 0, 5], [0, 0, 1e30], [3e38, 3e38, 1], [0, 0, -2.99]]
    scales = scene.scales_m.copy()
    scales[4:8] = [[0, 0, 0], [1e-30, 1e-30, 1e-30], [1e18, 1, 1], [1e-30, 1e5, 1e-30]]
    odd = replace(scene, means_m=means, scales_m=scales)
    for plain in (False, True):
        frame = CpuRenderer(odd, 64, 48, plain=plain).render(camera(0), lens())
        assert np.isfinite(frame.rgb).all()
        assert np.isfinite(frame.depth_m).all()
        assert 0 <= frame.alpha.min() <= frame.alpha.max() <= 1


def test_workers_take_memory_for_what_they_see_only() -> None:
    """A million splats of which few are in view: the worker's room stays near its first size."""
    scene = gaussians(1_000_000, 0, 0.001)
    renderer = CpuRenderer(scene, 64, 48)
    tracemalloc.start()
    try:
        renderer.render(camera(0, 3.0), lens(4))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20e6


def test_impossible_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="0 x 20 on 1 threads"):
        CpuRenderer(gaussians(5, 0, 0.1), 0, 20)


def test_explicit_vectors_are_used_where_they_compile() -> None:
    assert explicit_vectors_fail() is False
