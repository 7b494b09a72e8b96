"""The viewer: the scene made again is the one filmed, the page shows the set's own poses, and mistakes are one line."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tiny

from camera_motion.builder.cli import main
from camera_motion.builder.run import build
from camera_motion.builder.viewer import panel
from camera_motion.builder.viewer.cloud import cloud, thin
from camera_motion.builder.viewer.drawing import FRUSTA, pose_of, showing_of
from camera_motion.builder.viewer.replay import Clips, Replay, clips_of, replay
from camera_motion.builder.viewer.view import Viewer
from camera_motion.evaluation.decode import decode
from camera_motion.generator.clip import film
from camera_motion.generator.effects import finish
from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.generator.splats import SH_C0, SKY, GaussianScene, Look
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import invert
from camera_motion.schema.clip import FilmedClip
from camera_motion.schema.parse import parse

SPEC = parse(
    {
        "name": "seen",
        "seed": 1,
        "clips": 2,
        "clips_per_scene": 2,
        "shard_clips": 2,
        "video": {"width": 256, "height": 160, "frames": 16, "fps": 8},
        "scenes": {"families": {"courtyard": 1}},
        "moves": [{"move": "dolly"}],
        "render": {"spacing_px": 3.0},
    }
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set that was truly filmed: a canary and a dolly in one courtyard."""
    root = tmp_path_factory.mktemp("view") / "set"
    assert build(SPEC, root, film, engine="serial", workers=1).complete
    return root


@pytest.fixture(scope="module")
def clips(root: Path) -> Clips:
    return clips_of(root)


@pytest.fixture(scope="module")
def filmed(clips: Clips) -> FilmedClip:
    return clips.read("cm-seen-000001")


@pytest.fixture(scope="module")
def made(clips: Clips, filmed: FilmedClip) -> Replay:
    return replay(clips, filmed)


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set that took no time, whose scenes cannot be made again: its cameras were never placed in them."""
    root = tmp_path_factory.mktemp("noise") / "set"
    assert build(tiny.spec(clips=4), root, tiny.film, engine="serial").complete
    return root


@pytest.fixture
def viewer(noise: Path) -> Iterator[Viewer]:
    shown = Viewer(clips_of(noise), "cm-tiny-000001", 0, scenes=False)
    yield shown
    shown.close()


class Scenic(Viewer):
    """A viewer that keeps what it says."""

    lines: list[str]


@pytest.fixture(scope="module")
def scenic(clips: Clips) -> Iterator[Scenic]:
    lines: list[str] = []
    shown = Scenic(clips, "cm-seen-000001", 0, most=80_000, tell=lines.append)
    shown.lines = lines
    yield shown
    shown.close()


def picture(scene: GaussianScene, look: Look, clip: FilmedClip, frame: int) -> np.ndarray:
    renderer = CpuRenderer(scene, clip.record.width, clip.record.height)
    rendered = renderer.render(clip.camera_extrinsics[frame], clip.camera_intrinsics[frame].astype(np.float64))
    return finish(rendered.rgb, rendered.alpha, look)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(np.float64) - b) ** 2)))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["view", *arguments])
    return int(ended.value.code or 0), capsys.readouterr().err


def test_the_scene_made_again_is_the_one_that_was_filmed(filmed: FilmedClip, made: Replay) -> None:
    film = decode(filmed.video)
    for frame in (0, len(film) - 1):
        assert psnr(picture(made.scene, made.look, filmed, frame), film[frame]) > 30


def test_every_clip_of_a_scene_gives_the_same_splats(clips: Clips, made: Replay) -> None:
    other = replay(clips, clips.read("cm-seen-000000"))
    np.testing.assert_array_equal(other.scene.means_m, made.scene.means_m)
    np.testing.assert_array_equal(other.scene.sh, made.scene.sh)


def test_fewer_splats_show_the_same(filmed: FilmedClip, made: Replay) -> None:
    eyes = invert(filmed.camera_extrinsics)[:, :3, 3]
    fewer = thin(made.scene, eyes, len(made.scene) * 2 // 3)
    assert len(fewer) == pytest.approx(len(made.scene) * 2 / 3, rel=0.01)
    whole = picture(made.scene, made.look, filmed, 0)
    assert psnr(picture(fewer, made.look, filmed, 0), whole) > 27
    assert thin(made.scene, eyes, len(made.scene)) is made.scene


def test_colours_and_shapes_are_those_of_the_film() -> None:
    rng = np.random.default_rng(0)
    radiance = rng.uniform(0, 3, (4, 3)).astype(np.float32)
    turn = np.float32([[2, 0, 0, 0], [1, 0, 0, 1], [1, 1, 0, 0], [1, 0, 1, 0]])  # of any length; quarters about z, x, y
    scene = GaussianScene(
        means_m=np.float32([[1, 0, 0], [0, 2, 0], [0, 0, 3], [0, 0, 30]]),
        quats=turn,
        scales_m=np.tile(np.float32([0.1, 0.2, 0.3]), (4, 1)),
        opacities=np.float32([0.5, 0.9, 0.99, 1.0]),
        sh=((radiance - 0.5) / SH_C0)[:, None, :],
        classes=np.uint8([0, 0, 0, SKY]),
    )
    look = Look("linear", exposure=0.7, fog_per_m=0.1, fog_start_m=2.0, fog_rgb=(0.2, 0.3, 0.4))
    drawn = cloud(scene, look, np.zeros((1, 3)), 0.0)
    variances = np.float64([[1, 4, 9], [4, 1, 9], [1, 9, 4], [9, 4, 1]]) / 100
    np.testing.assert_allclose(drawn.covariances_m2, variances[:, :, None] * np.eye(3), atol=1e-7)
    fog = np.array([0, 0, 1 - np.exp(-0.1), 0])[:, None]
    seen = (radiance * (1 - fog) + np.array(look.fog_rgb) * fog).astype(np.float32)
    finished = finish(seen[None], np.ones((1, 4), np.float32), replace(look, fog_per_m=0.0))[0]
    np.testing.assert_allclose(255 * drawn.rgb, finished, atol=0.6)
    smoothed = cloud(scene, look, np.zeros((1, 3)), 0.01)
    added = 0.3 * (0.01 * np.array([1, 2, 3, 30])) ** 2
    np.testing.assert_allclose(
        smoothed.covariances_m2 - drawn.covariances_m2, added[:, None, None] * np.eye(3), atol=1e-7
    )


def test_the_page_is_sent_the_poses_of_the_set(viewer: Viewer, noise: Path) -> None:
    from scipy.spatial.transform import Rotation

    clip = clips_of(noise).read("cm-tiny-000001")
    world_from_camera = invert(clip.camera_extrinsics)
    frusta = viewer.drawing.frusta
    assert len(frusta) == min(FRUSTA, clip.record.num_frames)
    assert {0, clip.record.num_frames - 1} <= set(frusta)
    for frame, sent in frusta.items():
        assert viewer.server.scene.get_handle_by_name(f"/clip/frusta/{frame}") is sent
        w, x, y, z = sent.wxyz
        np.testing.assert_allclose(
            Rotation.from_quat([x, y, z, w]).as_matrix(), world_from_camera[frame, :3, :3], atol=1e-9
        )
        np.testing.assert_allclose(sent.position, world_from_camera[frame, :3, 3], atol=1e-9)
        assert np.tan(sent.fov / 2) == pytest.approx(0.5 / clip.camera_intrinsics[frame, 1])
        assert sent.aspect == clip.record.width / clip.record.height


def test_the_playhead_moves_the_camera_and_its_picture(viewer: Viewer) -> None:
    film = decode(viewer.drawing.showing.clip.video)
    viewer.playhead.value = 3
    np.testing.assert_array_equal(viewer.drawing.camera.image, film[3])
    np.testing.assert_allclose(
        viewer.drawing.camera.wxyz, pose_of(viewer.drawing.showing.trajectory.world_from_camera[3])[0], atol=1e-9
    )
    viewer.play(True)
    viewer.step(2)
    assert viewer.playhead.value == 5
    viewer.step(len(film))
    assert (viewer.playhead.value, viewer.playing) == (0, True)
    viewer.loop.value = False
    viewer.step(len(film))
    assert (viewer.playhead.value, viewer.playing) == (len(film) - 1, False)


def test_the_page_can_switch_to_another_clip(viewer: Viewer) -> None:
    viewer.key.value = "cm-tiny-000002"
    assert viewer.drawing.showing.clip.record.key == "cm-tiny-000002"
    assert "cm\\-tiny" in viewer.about.content


def test_splats_go_where_a_box_hides_them(scenic: Scenic) -> None:
    splats = scenic.drawing.splats
    assert {"room", "above", "sky"} <= set(splats)
    assert [name for name, node in splats.items() if node.visible] == ["room"]
    scenic.through.value = True
    assert all(node.visible for node in splats.values())
    assert not scenic.drawing.camera.visible
    scenic.through.value = False
    scenic.splats.value = False
    assert not any(node.visible for node in splats.values())
    scenic.splats.value = True


def test_a_scene_too_large_for_a_browser_is_thinned_and_that_is_said(scenic: Scenic) -> None:
    (line,) = scenic.lines
    assert "are many for a browser: 80,000 are shown" in line.replace("79,999", "80,000")


def test_captions_are_text_and_nothing_else() -> None:
    quoted = panel.plain("<img src=x onerror=alert(1)> [a](javascript:b) **c**\n\n# d | e")
    assert "<" not in quoted
    assert "[a](" not in quoted
    assert "\n" not in quoted
    assert "\\*\\*c" in quoted


def test_another_generators_set_shows_its_cameras_only(root: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(root, tmp_path / "set"))
    described = json.loads((other / "spec.json").read_text())
    from camera_motion.schema.base import identity

    described["generator"] = "0.0.1"
    old = described["identity"]
    described["identity"] = new = identity(
        {key: described[key] for key in ("content", "generator", "renderer", "encoder")}
    )
    (other / "spec.json").write_text(json.dumps(described))
    for receipt in (other / "receipts").iterdir():
        receipt.write_text(receipt.read_text().replace(old, new))
    with pytest.raises(SpecError, match="--no-scene"):
        Viewer(clips_of(other), "cm-seen-000001", 0)
    viewer = Viewer(clips_of(other), "cm-seen-000001", 0, scenes=False)
    assert viewer.drawing.splats == {}
    viewer.close()


def test_a_camera_placed_elsewhere_is_refused(noise: Path) -> None:
    clips = clips_of(noise)
    clip = clips.read("cm-tiny-000001")
    record = clip.record.model_copy(update={"provenance": '{"candidate": 0, "exposure": 1.0}'})
    with pytest.raises(SpecError, match="cannot be made again"):
        replay(clips, replace(clip, record=record))
    for provenance in ("{}", '{"candidate": -1}', '{"candidate": true}', '{"candidate": 0, "exposure": 0}'):
        with pytest.raises(SpecError, match="--no-scene"):
            replay(clips, replace(clip, record=record.model_copy(update={"provenance": provenance})))


def test_mistakes_end_in_one_line(noise: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for arguments, says in (
            ((str(tmp_path),), "holds no set"),
            ((str(noise), "cm-tiny-00002"), "did you mean cm-tiny-00000"),
            ((str(noise), "what"), "cm-tiny-000000 to cm-tiny-000003"),
            ((str(noise), "--no-scene", "--port", port), "--port 0"),
            ((str(noise), "--no-scene", "--port", "70000"), "from 0 to 65535"),
            ((str(noise), "--splats", "0"), "--no-scene"),
            ((str(noise),), "--no-scene"),
        ):
            code, err = run(capsys, *arguments)
            assert (code, err.count("\n")) == (2, 1), err
            assert says in err


def test_a_damaged_clip_is_one_line(noise: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = Path(shutil.copytree(noise, tmp_path / "set"))
    for tar in (other / "webdataset").iterdir():
        tar.write_bytes(tar.read_bytes().replace(b"NUMPY", b"NUMPI"))
    code, err = run(capsys, str(other), "--no-scene")
    assert (code, err.count("\n")) == (2, 1)
    assert "damaged" in err


def test_without_viser_a_line_says_what_to_install(noise: Path) -> None:
    program = (
        "import sys; sys.modules['viser'] = None\n"
        "from camera_motion.builder.cli import main\n"
        f"main(['view', {str(noise)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'camera-motion[viewer]'" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.name != "posix", reason="no SIGINT to send")
def test_ctrl_c_ends_it_well(noise: Path) -> None:
    program = "from camera_motion.builder.cli import main; import signal\n"
    program += "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a runner may have it ignored
    program += f"main(['view', {str(noise)!r}, '--no-scene', '--port', '0'])"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert "http://127.0.0.1:" in running.stdout.readline()
        time.sleep(0.3)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err.count("Traceback")) == (0, "closed\n", 0)


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_shows_what_the_film_shows(scenic: Scenic) -> None:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    said: list[str] = []
    software = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    with sync.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=software)
        page = browser.new_page(viewport={"width": 512, "height": 320})
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(scenic.address)
        wait(page, lambda: bool(scenic.server.get_clients()))
        page.get_by_role("button", name="Play").click()
        wait(page, lambda: scenic.playing)
        scenic.step()
        page.get_by_role("button", name="Pause").click()
        wait(page, lambda: not scenic.playing)
        scenic.playhead.value = 0
        page.get_by_label("Through the camera").check(force=True)
        wait(page, lambda: scenic.through.value)
        (client,) = scenic.server.get_clients().values()
        centre_m = scenic.drawing.showing.trajectory.centres_m[0]
        wait(page, lambda: np.allclose(client.camera.position, centre_m, atol=1e-3))
        page.add_style_tag(content=".mantine-Paper-root, .mantine-Notifications-root { display: none !important }")
        film = decode(scenic.drawing.showing.clip.video)[0]
        wait(page, lambda: psnr(shot(page, film.shape), film) > 20)
        difference = shot(page, film.shape).astype(np.float64) - film
        browser.close()
    assert abs(difference.mean(axis=(0, 1))).max() < 8  # of 255: no bloom, no vignette, no sharpening
    # viser's own: three.js asks for the bounding sphere of a quad whose corners have two coordinates
    assert [line for line in said if "computeBoundingSphere" not in line] == []


def shot(page: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Photograph the page at the size of the film."""
    pixels = cv2.imdecode(np.frombuffer(page.screenshot(timeout=120_000), np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.resize(pixels, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)[..., ::-1])


def wait(page: Any, done: Any) -> None:
    for _ in range(600):
        if done():
            return
        page.wait_for_timeout(100)
    raise AssertionError("the page does not follow")


def test_frames_fit_into_memory(clips: Clips, filmed: FilmedClip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camera_motion.builder.viewer.drawing.FRAME_BYTES", 200_000)
    frames = showing_of(filmed).frames
    assert len(frames) == filmed.record.num_frames
    assert sum(frame.nbytes for frame in frames) <= 220_000
