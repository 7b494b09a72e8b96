"""Frames to a video in memory: H.264, H.265 or lossless FFV1, the same bytes for the same frames.

H.264 and H.265 come from x264 and x265 ("software"), or from the encoder that some NVIDIA GPUs have ("nvenc").
"""

import io
import threading
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Final

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from jaxtyping import UInt8

from camera_motion.schema.base import SpecError


@dataclass(frozen=True)
class _Format:
    container: str
    pixels: str
    encoders: dict[str, str]
    lossless: bool = False


_FORMATS: Final[dict[str, _Format]] = {
    "h264": _Format("mp4", "yuv420p", {"software": "libx264", "nvenc": "h264_nvenc"}),
    "h265": _Format("mp4", "yuv420p", {"software": "libx265", "nvenc": "hevc_nvenc"}),
    "ffv1": _Format("matroska", "bgr0", {"software": "ffv1"}, lossless=True),
}

#: NVENC's presets, p1 (fastest) to p7, by x264's.
_NVENC_PRESETS: Final = {
    "ultrafast": "p1",
    "superfast": "p2",
    "veryfast": "p3",
    "faster": "p4",
    "fast": "p5",
    "medium": "p6",
    "slow": "p7",
}

#: Consumer GPUs open few NVENC sessions at once, for all processes together, and two keep the encoder busy.
_NVENC_SESSIONS: Final = threading.BoundedSemaphore(2)

#: FFmpeg's log has one level for all threads.
_OPENING: Final = threading.Lock()

#: swscale's exact path: no dithering and no SIMD rounding, so that machines of one class agree to the bit.
_SCALER: Final = int(
    Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INP | Interpolation.BITEXACT
)


def encode(
    frames: Iterable[UInt8[np.ndarray, "h w 3"]],
    width: int,
    height: int,
    fps: int | float | Fraction,
    codec: str = "h264",
    crf: int = 18,
    preset: str = "veryfast",
    encoder: str = "software",
) -> bytes:
    """Encode RGB `frames` as a `width` x `height` video and return the file.

    Frames may be larger than the video, by the same factor in both directions: they are then scaled down by area, as
    super-sampled renders want. H.264 and H.265 are limited-range BT.709 4:2:0, tagged as such, in an mp4 whose index
    comes first; FFV1 keeps every RGB value, in Matroska. One thread, no dates and no random ids: equal frames give
    equal bytes. `crf` and `preset` mean nothing to FFV1; NVENC takes the first as its constant quality (`cq`, a scale
    much like it) and the nearest of its own presets, and makes no B-frames.

    Raises: SpecError for an unknown codec, an encoder that does not work here, a size the codec cannot hold, a frame
        of another shape, or no frames.
    """
    chosen, name = _FORMATS[_known(codec)], encoder_name(codec, encoder)
    if width <= 0 or height <= 0 or width % 2 or height % 2:
        raise SpecError(f"video size {width}x{height} is not even: {codec} needs an even width and height")
    rate = _rate(fps)

    file = io.BytesIO()
    options = {"fflags": "+bitexact"}
    if chosen.container == "mp4":
        options["movflags"] = "+faststart"
    count = 0
    sessions = _NVENC_SESSIONS if encoder == "nvenc" else nullcontext()
    # The mp4 writer reads its own output again to move the index to the front; `io_open` gives it the file so far.
    with (
        sessions,
        av.open(file, "w", chosen.container, options, io_open=lambda *_: io.BytesIO(file.getvalue())) as container,
    ):
        stream = container.add_stream(name, rate=rate, options=_encoder_options(name, crf, preset))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, chosen.pixels
        context = stream.codec_context
        context.thread_count = 1
        context.flags |= int(av.codec.context.Flags.bitexact)
        if codec == "h265":
            context.codec_tag = "hvc1"  # the tag that players on Apple systems ask for
        if not chosen.lossless:
            context.colorspace = int(Colorspace.ITU709)
            context.color_range = int(ColorRange.MPEG)
            context.color_primaries = int(ColorPrimaries.BT709)
            context.color_trc = int(ColorTrc.BT709)
        _open(context, name)
        packets = []
        for frame in frames:
            picture = _picture(_fitted(frame, width, height), chosen)
            picture.pts, picture.time_base = count, 1 / rate
            packets += stream.encode(picture)
            count += 1
        if not count:
            raise SpecError("a video needs at least one frame, got none")
        packets += stream.encode(None)
        if count < 3:
            for packet in packets:  # x265 leaves the decoding times of one or two frames unset; they are in order
                packet.dts = packet.pts
        container.mux(packets)
    return file.getvalue()


def encoder_name(codec: str, encoder: str) -> str:
    """Name FFmpeg's encoder for a codec of ours.

    Raises: SpecError for an unknown codec or encoder, or one that does not go with the other.
    """
    encoders = _FORMATS[_known(codec)].encoders
    if encoder not in encoders:
        if encoder in _FORMATS["h264"].encoders:
            todo = "choose encode.encoder software, or codec h264 or h265"
            raise SpecError(f"{encoder.upper()} does not make {codec}: {todo}")
        raise SpecError(f"encoder {encoder!r} is unknown: choose one of {', '.join(encoders)}")
    return encoders[encoder]


@cache
def refusal(codec: str, encoder: str, width: int, height: int) -> str:
    """Encode a grey frame of this size and say in a line what is wrong; nothing if it works."""
    try:
        encode([np.full((height, width, 3), 128, np.uint8)], width, height, 24, codec, encoder=encoder)
    except SpecError as error:
        return str(error)
    return ""


def _known(codec: str) -> str:
    if codec not in _FORMATS:
        raise SpecError(f"codec {codec!r} is unknown: choose one of {', '.join(_FORMATS)}")
    return codec


def _open(context: av.VideoCodecContext, name: str) -> None:
    """Open the encoder, and say in one line why that does not work: FFmpeg tells its log, not its caller."""
    with _OPENING:
        level = av.logging.get_level()
        av.logging.set_level(av.logging.ERROR)
        try:
            with av.logging.Capture():
                context.open()
        except (av.error.FFmpegError, ValueError) as error:
            log: tuple[int, str, str] | None = getattr(error, "log", None)
            why = log[2].strip() if log else getattr(error, "strerror", None) or error
            todo = "choose encode.encoder software" if name.endswith("nvenc") else "install PyAV's own wheel"
            raise SpecError(f"{name} does not encode on this machine: {str(why).rstrip('.')}; {todo}") from None
        finally:
            av.logging.set_level(level)


def _rate(fps: int | float | Fraction) -> Fraction:
    """Frames per second as the nearest fraction that containers hold exactly: 29.97003 becomes 30000/1001."""
    if not 0 < fps <= 1000:
        raise SpecError(f"{fps} frames per second is not a frame rate: choose more than 0 and at most 1000")
    return Fraction(fps).limit_denominator(1001)


def _encoder_options(name: str, crf: int, preset: str) -> dict[str, str]:
    if name == "ffv1":
        return {"level": "3", "slices": "4", "slicecrc": "1"}
    if name.endswith("nvenc"):
        constant_quality = {"rc": "vbr", "cq": str(max(crf, 1)), "b": "0"}  # 0 would leave the quality to the encoder
        return {"preset": _NVENC_PRESETS[preset], "tune": "hq", "bf": "0", "g": "250", **constant_quality}
    options = {"crf": str(crf), "preset": preset}
    if name == "libx265":
        options["x265-params"] = "pools=none:frame-threads=1:log-level=error"
    else:
        # With AVX-512, x264's macroblock tree reads memory it did not set unless the width is a multiple of 128: 12
        # encodings of the same 480x272 frames gave 8 different files. Without it they agree, at 15 % more bytes.
        options["x264-params"] = "mbtree=0"
    return options


def _fitted(frame: np.ndarray, width: int, height: int) -> UInt8[np.ndarray, "H W 3"]:
    """Scale the frame to the video's size, by area where it is larger."""
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise SpecError(f"a frame is {frame.dtype} {frame.shape}: give uint8 [height, width, 3]")
    if frame.shape[:2] == (height, width):
        return np.ascontiguousarray(frame)
    h, w = frame.shape[:2]
    if h < height or w < width or abs(w * height - h * width) > max(w, h):
        raise SpecError(f"a frame of {w}x{h} does not fit a video of {width}x{height}: same shape, at least as large")
    scaled: UInt8[np.ndarray, "H W 3"] = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    return scaled


def _picture(frame: UInt8[np.ndarray, "H W 3"], chosen: _Format) -> av.VideoFrame:
    picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
    if chosen.lossless:
        return picture.reformat(format=chosen.pixels, interpolation=_SCALER, threads=1)
    return picture.reformat(
        format=chosen.pixels,
        dst_colorspace=int(Colorspace.ITU709),
        src_color_range=int(ColorRange.JPEG),
        dst_color_range=int(ColorRange.MPEG),
        dst_color_trc=int(ColorTrc.BT709),
        dst_color_primaries=int(ColorPrimaries.BT709),
        interpolation=_SCALER,
        threads=1,
    )
