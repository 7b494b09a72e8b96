"""The CPU renderer against gsplat's own projection and a blend written out in float64."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numba import njit

from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.generator.render.frame import Frame
from camera_motion.generator.splats import FIGURE, MIRROR, SH_C0, SKY, SOLID, GaussianScene, Look
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


@njit
def blend_float64(order, means, conics, opacities, features, out, transmittance):  # type: ignore[no-untyped-def]
    """Gsplat's rasterize_to_pixels_3dgs_fwd in float64: out [H, W, F] accumulates features."""
    height, width, _ = out.shape
    stopped = np.zeros((height, width), np.bool_)
    for splat in order:
        mx, my = means[splat]
        a, b, c = conics[splat]
        if opacities[splat] < 1 / 255:
            continue
        det = a * c - b * b
        rx = 3.4 * np.sqrt(c / det) + 1
        ry = 3.4 * np.sqrt(a / det) + 1
        for y in range(max(0, int(my - ry)), min(height, int(my + ry) + 1)):
            for x in range(max(0, int(mx - rx)), min(width, int(mx + rx) + 1)):
                if stopped[y, x]:
                    continue
                dx, dy = mx - (x + 0.5), my - (y + 0.5)
                sigma = 0.5 * (a * dx * dx + c * dy * dy) + b * dx * dy
                alpha = min(0.999, opacities[splat] * np.exp(-sigma))
                if sigma < 0 or alpha < 1 / 255:
                    continue
                after = transmittance[y, x] * (1 - alpha)
                if after <= 1e-4:
                    stopped[y, x] = True
                    continue
                for k in range(features.shape[1]):
                    out[y, x, k] += alpha * transmittance[y, x] * features[splat, k]
                transmittance[y, x] = after


def reference(
    scene: GaussianScene, camera_from_world: np.ndarray, intrinsics: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """(rgb, alpha, expected depth, weight by class) by gsplat's torch formulas in float64."""
    torch = pytest.importorskip("torch")
    gsplat = pytest.importorskip("gsplat.cuda._torch_impl")

    def tensor(values: np.ndarray):  # type: ignore[no-untyped-def]
        return torch.tensor(np.asarray(values, np.float64))

    means, view = tensor(scene.means_m), tensor(camera_from_world)
    quats = torch.nn.functional.normalize(tensor(scene.quats), dim=-1)
    covariances, _ = gsplat._quat_scale_to_covar_preci(quats, tensor(scene.scales_m), True, False)
    fx, fy, cx, cy = intrinsics * (WIDTH, HEIGHT, WIDTH, HEIGHT)
    matrix = tensor(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]))
    radii, means2d, depths, conics, _ = gsplat._fully_fused_projection(
        means, covariances, view[None], matrix[None], WIDTH, HEIGHT
    )
    directions = means - tensor(invert(camera_from_world)[:3, 3])
    degree = int(np.sqrt(scene.sh.shape[1])) - 1
    colours = (gsplat._spherical_harmonics(degree, directions, tensor(scene.sh)) + 0.5).clamp_min(0)
    visible = (radii[0] > 0).all(-1).numpy()
    # The depth order is taken as any float32 renderer sees it: equal there, then by index.
    order = np.argsort(depths[0].numpy().astype(np.float32), kind="stable")
    classes = np.eye(4)[scene.classes]
    features = np.concatenate([colours.numpy(), depths[0].numpy()[:, None], classes], 1)
    out = np.zeros((HEIGHT, WIDTH, 8))
    transmittance = np.ones((HEIGHT, WIDTH))
    blend_float64(
        order[visible[order]], means2d[0].numpy(), conics[0].numpy(), scene.opacities.astype(np.float64), features, out,
        transmittance,
    )  # fmt: skip
    alpha = 1 - transmittance
    return out[..., :3], alpha, out[..., 3] / np.maximum(alpha, 1e-10), out[..., 4:]


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


def test_a_clip_is_its_frames_whatever_the_threads() -> None:
    scene = gaussians(20_000, 1, 0.02)
    trajectory = path()
    which = [4, 0, 2, 2, 1]
    renderer = CpuRenderer(scene, WIDTH, HEIGHT)
    alone = [renderer.render(trajectory.camera_from_world[k], trajectory.intrinsics[k]) for k in which]
    for threads in (1, 3):
        clip = list(CpuRenderer(scene, WIDTH, HEIGHT, threads).render_clip(trajectory, which))
        assert len(clip) == len(which)
        assert all(same(a, b) for a, b in zip(clip, alone, strict=True))
