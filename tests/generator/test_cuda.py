"""The CUDA renderer: on the CPU all but gsplat's kernels, for which a float64 stand-in is taken; on a GPU all of it.

What it is compared with is the CPU renderer, which `test_render` holds against the same formulas.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import float64
import numpy as np
import pytest
import torch
from test_render import camera, gaussians, lens

from camera_motion.generator import effects
from camera_motion.generator.render import cuda, finish_torch
from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.generator.render.cuda import CudaRenderer, Rasterize
from camera_motion.generator.render.frame import Frame
from camera_motion.generator.render.renderer import Renderer, open_renderer
from camera_motion.generator.scenes import FAMILIES, sample
from camera_motion.generator.seeds import stream
from camera_motion.generator.splats import SH_C0, SKY, GaussianScene, Look
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory, invert

WIDTH, HEIGHT = 150, 91
LINEAR = Look(
    transfer="linear", exposure=1.4, bloom=0.08, vignette=0.3, sharpen=0.35, background_rgb=(0.3, 0.2, 0.1),
    fog_per_m=0.3, fog_start_m=2.5, fog_rgb=(0.1, 0.5, 0.9),
)  # fmt: skip
DISPLAY = Look(background_rgb=(0.1, 0.5, 0.9))


def path(frames: int, distance_m: float = 3.0) -> Trajectory:
    cameras = np.stack([camera(10.0 + 4 * k, distance_m - 0.1 * k, 2.0 * k) for k in range(frames)])
    return Trajectory(invert(cameras), np.stack([lens(50 - k, 0.5 + 0.01 * k, 0.45) for k in range(frames)]), 24.0)


def on_cpu(scene: GaussianScene, width: int, height: int, rasterize: Rasterize = float64.rasterization) -> CudaRenderer:
    return CudaRenderer(scene, width, height, device="cpu", rasterize=rasterize)


def assert_same_frames(got: Iterator[Frame], want: Iterator[Frame], mean: float = 1e-6) -> None:
    """Allow the pixels that rounding moved across an alpha of 1/255 or the early stop."""
    for a, b in zip(got, want, strict=True):
        assert (a.classes is None) == (b.classes is None)
        for x, y in ((a.rgb, b.rgb), (a.alpha, b.alpha), (a.classes, b.classes)):
            if x is not None and y is not None:
                assert x.dtype == np.float32
                assert x.flags.c_contiguous
                assert np.abs(x - y).mean() <= mean
                assert np.quantile(np.abs(x - y), 0.999) <= 30 * mean
        seen = b.alpha > 0.05
        if seen.any():
            assert np.abs(a.depth_m / np.maximum(b.depth_m, 1e-3) - 1)[seen].mean() <= 10 * mean
        assert a.depth_m[b.alpha == 0].max(initial=0) == 0


@pytest.mark.parametrize("bands", [1, 4, 9, 16])
@pytest.mark.parametrize("look", [LINEAR, DISPLAY], ids=["fog", "clear"])
def test_frames_are_those_of_the_cpu_renderer(bands: int, look: Look) -> None:
    scene = gaussians(2500, bands, 0.03, bands=bands, look=look)
    which = [3, 0, 0, 2]
    for classes in (False, True):
        got, want = (
            r.render_clip(path(4), which, classes) for r in (on_cpu(scene, 96, 61), CpuRenderer(scene, 96, 61))
        )
        assert_same_frames(got, want)


@pytest.mark.parametrize("size", [(1, 1), (17, 15), (33, 64), (160, 16)])
def test_sizes_that_tiles_do_not_divide(size: tuple[int, int]) -> None:
    scene = gaussians(800, 2, 0.08, look=LINEAR)
    got, want = (r.render_clip(path(2), range(2), True) for r in (on_cpu(scene, *size), CpuRenderer(scene, *size)))
    assert_same_frames(got, want)


def test_one_splat_is_where_the_conventions_put_it() -> None:
    """A round splat 2 m ahead, a little to the right and below: the centre of its pixel is at (x + 0.5, y + 0.5)."""
    scene = GaussianScene(
        means_m=np.array([[0.1, 0.2, 2.0]], np.float32), quats=np.array([[1, 0, 0, 0]], np.float32),
        scales_m=np.full((1, 3), 1e-4, np.float32), opacities=np.array([0.8], np.float32),
        sh=((np.array([[[0.7, 0.2, 0.4]]]) - 0.5) / SH_C0).astype(np.float32), classes=np.array([SKY], np.uint8),
    )  # fmt: skip
    straight = Trajectory(np.eye(4)[None], np.array([[1.0, 1.0, 0.5, 0.5]]), 24.0)
    frame = next(on_cpu(scene, 40, 40).render_clip(straight, [0], classes=True))
    y, x = np.mgrid[0:40, 0:40] + 0.5
    # no wider than a pixel: what is seen is the low-pass of 0.3 px^2 alone
    alpha = 0.8 * np.exp(-0.5 * ((x - 22) ** 2 + (y - 24) ** 2) / 0.3)
    alpha[alpha < 1 / 255] = 0
    np.testing.assert_allclose(frame.alpha, alpha, atol=2e-5)
    np.testing.assert_allclose(frame.rgb, alpha[..., None] * (0.7, 0.2, 0.4), atol=2e-5)
    np.testing.assert_allclose(frame.depth_m[alpha > 0], 2.0, rtol=1e-6)
    assert frame.classes is not None
    np.testing.assert_array_equal(frame.classes[..., SKY], frame.alpha)


def test_nothing_to_see() -> None:
    behind = Trajectory(invert(camera(0, -5.0))[None], lens()[None], 24.0)
    for scene in (gaussians(0, 0, 0.1, look=DISPLAY), gaussians(50, 0, 0.01, look=DISPLAY)):
        frame = next(on_cpu(scene, 40, 30).render_clip(behind, [0], classes=True))
        assert frame.classes is not None
        assert max(frame.rgb.max(), frame.alpha.max(), frame.depth_m.max(), frame.classes.max()) == 0
        ((picture, holes),) = on_cpu(scene, 40, 30).film(behind, DISPLAY)
        assert holes == 1
        assert picture[3, 4].tolist() == [26, 128, 230]


@pytest.mark.parametrize("look", [LINEAR, DISPLAY], ids=["linear", "display"])
def test_a_film_is_the_cpu_renderers_to_a_grey_level(look: Look) -> None:
    scene = gaussians(2500, 3, 0.03, look=look)
    exposed = replace(look, exposure=2.2)
    got, want = (list(r.film(path(18), exposed)) for r in (on_cpu(scene, 96, 61), CpuRenderer(scene, 96, 61)))
    assert len(got) == 18
    for (a, holes_a), (b, holes_b) in zip(got, want, strict=True):
        assert a.dtype == np.uint8
        assert a.flags.c_contiguous
        off = np.abs(a.astype(int) - b)
        assert off.max() <= 1
        assert off.mean() < 0.005
        assert holes_a == pytest.approx(holes_b, abs=2 / a.size)


@pytest.mark.parametrize("size", [(1, 1), (5, 4), (61, 83), (90, 160)])
@pytest.mark.parametrize("look", [
    LINEAR, DISPLAY, Look(transfer="linear"), replace(LINEAR, bloom=0.0), replace(LINEAR, sharpen=0.0),
    replace(LINEAR, exposure=6.0, bloom=0.5, sharpen=1.5, vignette=1.0),
], ids=["all", "display", "plain", "no bloom", "no sharpening", "strong"])  # fmt: skip
def test_finishing_agrees_within_a_grey_level(size: tuple[int, int], look: Look) -> None:
    rng = np.random.default_rng(5)
    alpha = rng.uniform(size=(3, *size)).astype(np.float32)
    rgb = (rng.gamma(0.5, 1.5, (3, *size, 3)) * alpha[..., None]).astype(np.float32)
    got = finish_torch.finish(torch.tensor(rgb), torch.tensor(alpha), look).numpy()
    want = np.stack([effects.finish(*frame, look) for frame in zip(rgb, alpha, strict=True)])
    off = np.abs(got.astype(int) - want)
    assert off.max() <= 1
    assert off.mean() < 0.005


def test_a_frame_does_not_depend_on_those_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = gaussians(1500, 4, 0.03, bands=9, look=LINEAR)
    films = []
    for most in (16, 3, 1):
        monkeypatch.setattr(cuda, "MOST_FRAMES", most)
        films.append([picture for picture, _ in on_cpu(scene, 64, 41).film(path(7), LINEAR)])
    np.testing.assert_array_equal(films[0], films[1])
    np.testing.assert_array_equal(films[0], films[2])


class Watched:
    """The stand-in, and what a caller did with it; it has room for so many frames."""

    def __init__(self, room: int = 10**9, error: type[RuntimeError] = torch.OutOfMemoryError) -> None:
        self.batches: list[int] = []
        self.at_once = self.most_at_once = 0
        self._room, self._error = room, error

    def __call__(self, *arguments: Any, **options: Any) -> tuple[torch.Tensor, torch.Tensor, dict[str, Any]]:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if len(arguments[5]) > self._room:
                raise self._error("CUDA out of memory. Tried to allocate 3.00 GiB.")
            self.batches.append(len(arguments[5]))
            return float64.rasterization(*arguments, **options)
        finally:
            self.at_once -= 1


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
def test_a_batch_that_does_not_fit_is_made_smaller(error: type[RuntimeError]) -> None:
    scene = gaussians(300, 4, 0.05, look=DISPLAY)
    tight = Watched(2, error)
    got = on_cpu(scene, 40, 30, tight).render_clip(path(7), range(7))
    assert_same_frames(got, CpuRenderer(scene, 40, 30).render_clip(path(7), range(7)))
    assert max(tight.batches) <= 2
    assert sum(tight.batches) == 7
    with pytest.raises(SpecError, match=r"^the GPU has too little .* 40x30 frame of 300 splats: .*--renderer cpu$"):
        next(on_cpu(scene, 40, 30, Watched(0, error)).film(path(3), DISPLAY))


def test_only_so_much_is_rendered_ahead_and_a_film_can_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "MOST_FRAMES", 2)
    scene, watched = gaussians(300, 4, 0.05, look=DISPLAY), Watched()
    renderer = on_cpu(scene, 40, 30, watched)
    film = renderer.film(path(20), DISPLAY)
    first = next(film)[0]
    assert watched.batches == [2] * (cuda.AHEAD + 1)
    next(film)
    assert len(watched.batches) == cuda.AHEAD + 1
    film.close()  # type: ignore[attr-defined]
    again = list(renderer.film(path(20), DISPLAY))
    np.testing.assert_array_equal(again[0][0], first)
    assert len(again) == 20


def test_clips_filmed_at_once_take_turns_and_do_not_mix() -> None:
    scene, watched = gaussians(600, 4, 0.05, look=LINEAR), Watched()
    renderer = on_cpu(scene, 48, 32, watched)
    clips = [path(5, 2.5 + k) for k in range(4)]
    start = threading.Barrier(4)

    def film(clip: Trajectory) -> list[np.ndarray]:
        start.wait()
        return [picture for picture, _ in renderer.film(clip, LINEAR)]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(film, clips))
    assert watched.most_at_once == 1
    for clip, pictures in zip(clips, together, strict=True):
        np.testing.assert_array_equal(pictures, [picture for picture, _ in renderer.film(clip, LINEAR)])


def test_renderers_are_opened_by_name_and_one_that_cannot_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = gaussians(10, 0, 0.1)
    assert isinstance(open_renderer("cpu", scene, 20, 10), CpuRenderer)
    assert isinstance(on_cpu(scene, 20, 10), Renderer)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    cuda._gsplat.cache_clear()
    with pytest.raises(SpecError, match=r"^the CUDA renderer cannot be used: no .*$"):
        open_renderer("cuda", scene, 20, 10)
    with pytest.raises(ValueError, match="0 x 20"):
        on_cpu(scene, 0, 20)


@cache
def family(name: str, width: int, height: int) -> tuple[GaussianScene, Trajectory]:
    """A scene of a family, sampled for a camera that walks on from a free place, where the view is wide, and turns."""
    module, seed = FAMILIES[name], 3
    params = module.rand(stream(seed, "params"))
    geometry = module.geometry(params)
    low, high = np.array(geometry.bounds_m)
    places = np.random.default_rng(0).uniform(low, high, (2000, 3))
    places[:, 2] = 1.6
    eye = places[np.argmax(geometry.space.clearance_m(places))]
    ways = np.radians(np.arange(0, 360, 15))
    flat = np.stack([np.sin(ways), np.cos(ways), np.zeros(len(ways))], 1)
    distance = np.minimum(geometry.space.cast_m(np.tile(eye, (len(ways), 1)), flat), 100)
    poses = np.tile(np.eye(4), (5, 1, 1))
    for k, turn in enumerate(ways[np.argmax(distance)] + np.radians([-10, -5, 0, 5, 10])):
        forward = np.array([np.sin(turn), np.cos(turn), -0.1])
        forward /= np.linalg.norm(forward)
        right = np.array([np.cos(turn), -np.sin(turn), 0])
        poses[k, :3] = np.stack([right, np.cross(forward, right), forward, eye + 0.05 * k * forward], 1)
    clip = Trajectory(poses, np.tile([0.8, 0.8 * width / height, 0.5, 0.5], (5, 1)), 24.0)
    return sample.sample(module.build(params), [clip], width, height, 3.0, seed), clip


@pytest.mark.slow
@pytest.mark.parametrize("name", ["courtyard", "interior"])
def test_a_real_scene_is_the_cpu_renderers(name: str) -> None:
    scene, clip = family(name, 96, 54)
    assert scene.look.transfer == "linear"
    ours, theirs = on_cpu(scene, 96, 54), CpuRenderer(scene, 96, 54)
    assert_same_frames(ours.render_clip(clip, [0, 4], True), theirs.render_clip(clip, [0, 4], True), mean=1e-5)
    for (a, holes_a), (b, holes_b) in zip(ours.film(clip, scene.look), theirs.film(clip, scene.look), strict=True):
        assert b.std() > 10, "the scene shows nothing"
        off = np.abs(a.astype(int) - b)
        assert off.max() <= 2
        assert off.mean() < 0.02
        assert holes_a == holes_b


def scenes_for_the_gpu(name: str) -> tuple[GaussianScene, Trajectory]:
    if name == "random volume":
        return gaussians(100_000, 1, 0.01, bands=16, look=LINEAR), path(20)
    return family(name, 320, 180)


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["courtyard", "interior", "random volume"])
def test_cuda_draws_what_the_cpu_draws(name: str) -> None:
    scene, clip = scenes_for_the_gpu(name)
    size = (WIDTH, HEIGHT) if name == "random volume" else (320, 180)
    ours, theirs = open_renderer("cuda", scene, *size), CpuRenderer(scene, *size, threads=2)
    for a, b in zip(*(r.render_clip(clip, [0, 2, 4], True) for r in (ours, theirs)), strict=True):
        assert a.classes is not None
        assert b.classes is not None
        for x, y in ((a.rgb, b.rgb), (a.alpha, b.alpha), (a.classes, b.classes)):
            assert np.abs(x - y).mean() < 1e-3
        seen = b.alpha > 0.5
        assert np.abs(a.depth_m[seen] / b.depth_m[seen] - 1).mean() < 1e-3
    for (a, holes_a), (b, holes_b) in zip(*(r.film(clip, scene.look) for r in (ours, theirs)), strict=True):
        assert np.abs(a.astype(int) - b).mean() < 0.25
        assert abs(holes_a - holes_b) < 1e-3


@pytest.mark.gpu
def test_on_a_gpu_clips_filmed_at_once_are_those_filmed_alone() -> None:
    """Pictures are kept while others are made, so page-locked memory that is used again too early would show."""
    scene = gaussians(50_000, 1, 0.01, bands=9, look=LINEAR)
    renderer = open_renderer("cuda", scene, 256, 160)
    clips = [path(60, 1.5 + 0.5 * k) for k in range(6)]
    alone = [[picture.copy() for picture, _ in renderer.film(clip, LINEAR)] for clip in clips]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(lambda clip: [picture for picture, _ in renderer.film(clip, LINEAR)], clips))
    np.testing.assert_array_equal(together, alone)
    left = renderer.film(clips[0], LINEAR)
    np.testing.assert_array_equal(next(left)[0], alone[0][0])
    left.close()  # type: ignore[attr-defined]


@pytest.mark.gpu
def test_on_a_gpu_nothing_to_see_is_no_trouble() -> None:
    away = Trajectory(invert(camera(0, -5.0))[None], lens()[None], 24.0)
    for scene in (gaussians(0, 0, 0.1), gaussians(50, 0, 0.01), gaussians(1, 0, 0.01)):
        ((picture, holes),) = open_renderer("cuda", scene, 33, 17).film(away, scene.look)
        assert picture.max() == 0
        assert holes == 1
