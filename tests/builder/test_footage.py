import io
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from camera_motion.builder.torch.footage import probe, read_frames
from camera_motion.builder.torch.sampling import Sampling, cameras, fitted
from camera_motion.evaluation.decode import decode
from camera_motion.generator.encode import encode
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Cover, camera_matrix

COUNT, WIDTH, HEIGHT = 30, 96, 64
PLAN = Cover((WIDTH, HEIGHT), 0, 0, (WIDTH, HEIGHT))


def pictures(count: int = COUNT) -> list[np.ndarray]:
    """Grey levels that tell frames apart."""
    return [np.full((HEIGHT, WIDTH, 3), 20 + 7 * k, np.uint8) for k in range(count)]


def key_frames_every(gop: int, open_gop: bool, times: list[int] | None = None, codec: str = "libx264") -> bytes:
    """A video with several key frames and B-frames; `times` are those of the frames, in 1/24 s."""
    file = io.BytesIO()
    with av.open(file, "w", "mp4") as container:
        options = {"x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes=3:open-gop={int(open_gop)}"}
        stream = container.add_stream(codec, rate=24, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for k, picture in enumerate(pictures()):
            frame = av.VideoFrame.from_ndarray(picture)
            frame.pts, frame.time_base = times[k] if times else k, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def numbers(frames: np.ndarray) -> list[int]:
    return np.round((frames.astype(float).mean(axis=(1, 2, 3)) - 20) / 7).astype(int).tolist()


VIDEOS = {
    "ours": encode(pictures(), WIDTH, HEIGHT, 24),
    "h265": encode(pictures(), WIDTH, HEIGHT, 24, codec="h265"),
    "lossless": encode(pictures(), WIDTH, HEIGHT, 24, codec="ffv1"),
    "uneven rate": encode(pictures(), WIDTH, HEIGHT, Fraction(30000, 1001)),
    "closed groups": key_frames_every(6, False),
    "open groups": key_frames_every(6, True),
}


def av1() -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", "mp4") as container:
        stream = container.add_stream("libsvtav1", rate=24, options={"preset": "10", "g": "8"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for k, picture in enumerate(pictures()):
            frame = av.VideoFrame.from_ndarray(picture)
            frame.pts, frame.time_base = k, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


@pytest.mark.skipif("libsvtav1" not in av.codecs_available, reason="this FFmpeg has no encoder for AV1")
def test_wanted_frames_of_av1_are_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVT_LOG", "1")
    video = av1()
    for indices in ([5, 7, 9], [5, 8, 11], list(range(0, COUNT, 3))):
        assert numbers(read_frames(video, np.array(indices), (WIDTH, HEIGHT), PLAN)) == indices


@pytest.mark.parametrize("name", VIDEOS)
def test_the_frames_asked_for_are_the_frames_that_come(name: str) -> None:
    video = VIDEOS[name]
    asked = [[k] for k in range(COUNT)] + [list(range(a, COUNT, s)) for a in (0, 5, 13) for s in (1, 2, 3, 7)]
    for indices in asked:
        for threads in (1, 2):
            frames = read_frames(video, np.array(indices), (WIDTH, HEIGHT), PLAN, threads)
            assert numbers(frames) == indices


def test_colours_are_those_of_the_exact_decoder() -> None:
    rng = np.random.default_rng(0)
    coarse = rng.integers(20, 235, size=(4, 6, 3)).astype(np.uint8)
    video = encode([np.kron(coarse, np.ones((16, 16, 1), np.uint8))] * 3, WIDTH, HEIGHT, 24, crf=4)
    frames = read_frames(video, np.arange(3), (WIDTH, HEIGHT), PLAN).transpose(0, 2, 3, 1)
    inner = (slice(None), np.arange(HEIGHT) % 16 // 4 == 1, slice(None))  # away from the edges of the patches
    off = frames[inner][:, :, np.arange(WIDTH) % 16 // 4 == 1].astype(int)
    exact = decode(video)[inner][:, :, np.arange(WIDTH) % 16 // 4 == 1].astype(int)
    assert np.abs(off - exact).max() <= 4
    assert np.abs(off - exact).mean() < 1.5


@pytest.mark.parametrize("crop", ["centre", "random"])
@pytest.mark.parametrize("size", [(96, 64), (64, 64), (80, 32), (200, 200)])
def test_a_marker_is_found_where_the_cropped_camera_sees_it(crop: Any, size: tuple[int, int]) -> None:
    """Gaussian spots of light are drawn where points project, and their centroids found in the sample."""
    width, height = 192, 128
    lens = np.array([[0.8, 1.2, 0.47, 0.54]])
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    sampling = Sampling(size=size, crop=crop)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        plan = fitted((width, height), sampling, rng)
        # A point in the middle of what the crop keeps, at some depth.
        middle = [(plan.left + size[0] * 0.45) / plan.resized[0], (plan.top + size[1] * 0.55) / plan.resized[1]]
        depth = 3.0
        point = np.array([(middle[0] - lens[0, 2]) / lens[0, 0], (middle[1] - lens[0, 3]) / lens[0, 1], 1.0]) * depth
        u, v, _ = camera_matrix(lens[0], width, height) @ point / depth
        spot = 40 + 180 * np.exp(-((columns - u) ** 2 + (rows - v) ** 2) / (2 * 4.0**2))
        picture = np.repeat(np.round(spot).astype(np.uint8)[..., None], 3, axis=2)
        frames = read_frames(encode([picture] * 2, width, height, 24, crf=4), np.array([1]), (width, height), plan)
        light = np.clip(frames[0].astype(float).mean(axis=0) - 60, 0, None)
        x, y = (np.arange(n) + 0.5 for n in size)
        found = [(light.sum(axis=0) @ x) / light.sum(), (light.sum(axis=1) @ y) / light.sum()]
        taken = cameras(np.eye(4)[None], lens, 1.0, np.array([0]), plan, sampling)
        fx, fy, cx, cy = taken.intrinsics_px[0]
        expected = [fx * point[0] / depth + cx, fy * point[1] / depth + cy]
        np.testing.assert_allclose(found, expected, atol=0.12)


def test_a_probe_reads_the_header() -> None:
    for name, video in VIDEOS.items():
        found = probe(video)
        assert (found.frames, found.width, found.height) == (COUNT, WIDTH, HEIGHT)
        assert found.fps == pytest.approx(30000 / 1001 if name == "uneven rate" else 24)


def test_a_video_with_gaps_gives_the_next_frame_unless_all_must_be_exact() -> None:
    video = key_frames_every(6, False, times=[k + 2 * (k > 9) for k in range(COUNT)])
    rate = probe(video).fps
    at = np.array([8, 12, 20])
    frames = read_frames(video, at, (WIDTH, HEIGHT), PLAN, exact=False)
    assert numbers(frames) == sorted(numbers(frames))
    assert rate < 24
    with pytest.raises(SpecError, match="has no frame"):
        read_frames(video, np.arange(30), (WIDTH, HEIGHT), PLAN)


@pytest.mark.parametrize(
    ("video", "indices", "size", "says"),
    [
        (b"", [0], (96, 64), "not a video"),
        (b"not a video" * 100, [0], (96, 64), "not a video"),
        (VIDEOS["ours"], [29, 30], (96, 64), "cut short: frame 30 is wanted, the last one is 29"),
        (VIDEOS["ours"], [3], (64, 96), "not 64x96"),
        (VIDEOS["ours"][: len(VIDEOS["ours"]) * 2 // 3], [29], (96, 64), "damaged|cut short"),
    ],
)
def test_a_bad_video_is_refused_in_one_line(video: bytes, indices: list[int], size: Any, says: str) -> None:
    with pytest.raises(SpecError, match=says) as caught:
        read_frames(video, np.array(indices), size, PLAN)
    assert "\n" not in str(caught.value)


def test_a_sample_that_would_take_all_memory_is_refused() -> None:
    plan = Cover((60_000, 40_000), 0, 0, (60_000, 40_000))
    with pytest.raises(SpecError, match="take fewer or smaller ones"):
        read_frames(VIDEOS["ours"], np.arange(3), (WIDTH, HEIGHT), plan)
