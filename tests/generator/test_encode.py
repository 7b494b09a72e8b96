"""Videos: what goes in comes out, the same bytes each time, and bad input is refused."""

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from camera_motion.evaluation.decode import decode, luma, stream
from camera_motion.generator.encode import encode, refusal
from camera_motion.schema.base import SpecError


def picture(frame: int, height: int = 64, width: int = 96) -> np.ndarray:
    """Smooth colours that drift with time."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [120 + 80 * np.sin((x + 2 * frame) / 17 + c) * np.cos(y / (13 + 3 * c)) for c in range(3)]
    return np.stack(waves, -1).astype(np.uint8)


FRAMES = [picture(k) for k in range(7)]


@pytest.mark.parametrize(("codec", "psnr_db"), [("h264", 38), ("h265", 38), ("ffv1", np.inf)])
def test_every_codec_returns_the_frames(codec, psnr_db):
    video = encode(iter(FRAMES), 96, 64, 24, codec)
    decoded = decode(video)
    assert decoded.shape == (7, 64, 96, 3)
    error = np.mean((decoded.astype(float) - np.stack(FRAMES)) ** 2)
    assert (np.inf if error == 0 else 10 * np.log10(255**2 / error)) >= psnr_db
    assert encode(iter(FRAMES), 96, 64, 24, codec) == video
    assert np.array_equal(np.stack(list(stream(video))), decoded)
    assert np.array_equal(np.stack(list(stream(video, every=3))), decoded[::3])


@pytest.mark.parametrize(("width", "height"), [(96, 64), (160, 90), (480, 272)])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_the_bytes_do_not_depend_on_what_memory_held(width, height, codec):
    frames = [picture(k, height, width) for k in range(7)]
    videos = set()
    for k in range(8):
        litter = [bytes([k + 1]) * size for size in (3_000, 70_000, 900_000)]
        videos.add(encode(frames, width, height, 24, codec))
        del litter
    assert len(videos) == 1


@pytest.mark.parametrize("fps", [24, 12.5, 30000 / 1001, Fraction(24000, 1001), 60])
@pytest.mark.parametrize("codec", ["h264", "ffv1"])
def test_any_frame_rate(fps, codec):
    with av.open(io.BytesIO(encode(FRAMES, 96, 64, fps, codec))) as container:
        track = container.streams.video[0]
        times = [float(p.time) for p in container.decode(track)]
        assert float(track.average_rate) == pytest.approx(float(fps), rel=1e-6)
    assert np.allclose(times, np.arange(7) / float(fps), atol=1.1e-3)  # Matroska counts milliseconds


@pytest.mark.parametrize("rgb", [(200, 60, 30), (20, 180, 40), (30, 40, 220), (255, 255, 255), (0, 0, 0)])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_colours_survive_and_are_tagged_bt709(rgb, codec):
    video = encode([np.full((64, 64, 3), rgb, np.uint8)] * 2, 64, 64, 24, codec)
    assert np.abs(decode(video).astype(int) - rgb).max() <= 3
    with av.open(io.BytesIO(video)) as container:
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("codec", ["h264", "h265", "ffv1"])
def test_a_very_short_video(count, codec):
    for _ in range(12):
        assert len(decode(encode(FRAMES[:count], 96, 64, 24, codec))) == count


def test_the_index_comes_first():
    video = encode(FRAMES, 96, 64, 24)
    assert video.index(b"moov") < video.index(b"mdat")


def test_larger_frames_are_scaled_by_area():
    doubled = [np.kron(f, np.ones((2, 2, 1), np.uint8)) for f in FRAMES]
    assert np.array_equal(decode(encode(doubled, 96, 64, 24, "ffv1")), np.stack(FRAMES))


def test_luma_is_the_grey_of_the_picture():
    grey, size = luma(encode(FRAMES, 96, 64, 24), 48)
    assert size == (96, 64)
    assert grey.shape == (7, 32, 48)
    red, green, blue = np.moveaxis(np.stack(FRAMES).astype(float), -1, 0)
    expected = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    assert np.abs(grey - expected.reshape(7, 32, 2, 48, 2).mean((2, 4))).mean() < 1.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((FRAMES, 95, 64, 24), "95x64 is not even"),
        ((FRAMES, 96, 63, 24), "96x63 is not even"),
        ((FRAMES, 96, 64, 0), "not a frame rate"),
        ((FRAMES, 96, 64, float("nan")), "not a frame rate"),
        ((FRAMES, 96, 64, 24, "gif"), "'gif' is unknown"),
        (([], 96, 64, 24), "at least one frame"),
        ((FRAMES, 128, 64, 24), "does not fit"),
        (((f.astype(np.float32) for f in FRAMES), 96, 64, 24), "float32"),
    ],
)
def test_bad_input_is_refused_in_one_line(arguments, words):
    with pytest.raises(SpecError, match=words) as error:
        encode(*arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("codec", ["h264", "h265", "ffv1"])
def test_a_file_cut_short_is_refused(codec):
    noise = np.random.default_rng(0).integers(0, 255, (12, 64, 96, 3), dtype=np.uint8)
    video = encode(noise, 96, 64, 24, codec)
    for kept in (0.9, 0.5, 0.1):
        with pytest.raises(SpecError):
            decode(video[: int(kept * len(video))])


@pytest.mark.parametrize("junk", [b"", b"not a video at all" * 50])
def test_a_file_that_is_no_video_is_refused(junk):
    with pytest.raises(SpecError, match="not a video"):
        decode(junk)


def test_a_video_that_would_not_fit_in_memory_is_refused():
    with pytest.raises(SpecError, match="more than 50000 bytes"):
        decode(encode(FRAMES, 96, 64, 24), limit_bytes=50_000)


@pytest.mark.parametrize("preset", ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"])
@pytest.mark.parametrize("codec", ["h264", "h265"])
def test_the_gpu_s_encoder_takes_every_preset_or_says_that_it_is_not_there(codec, preset):
    frames = [picture(k, 256, 256) for k in range(4)]
    said = refusal(codec, "nvenc", 256, 256)
    if not said:
        assert len(decode(encode(frames, 256, 256, 24, codec, preset=preset, encoder="nvenc"))) == len(frames)
        return
    with pytest.raises(SpecError) as error:  # FFmpeg reads its options first, and complains of a wrong one by its name
        encode(frames, 256, 256, 24, codec, preset=preset, encoder="nvenc")
    assert str(error.value) == said
    assert "does not encode on this machine: " in said
    assert "option" not in said


def test_an_encoder_that_is_unknown_or_of_another_codec_is_refused():
    with pytest.raises(SpecError, match="encoder 'magic' is unknown: choose one of software, nvenc"):
        encode(FRAMES, 96, 64, 24, encoder="magic")
    with pytest.raises(SpecError, match="NVENC does not make ffv1"):
        encode(FRAMES, 96, 64, 24, "ffv1", encoder="nvenc")
