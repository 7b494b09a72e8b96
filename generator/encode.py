"""Frames to a video in memory: H.264, H.265 or lossless FFV1, the same bytes for the same frames."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import cv2
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from jaxtyping import UInt8

from camera_motion.schema.base import SpecError


@dataclass(frozen=True)
class _Format:
    encoder: str
    container: str
    pixels: str
    lossless: bool = False


_FORMATS: Final[dict[str, _Format]] = {
    "h264": _Format("libx264", "mp4", "yuv420p"),
    "h265": _Format("libx265", "mp4", "yuv420p"),
    "ffv1": _Format("ffv1", "matroska", "bgr0", lossless=True),
}

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
) -> bytes:
    """Encode RGB `frames` as a `width` x `height` video and return the file.

    Frames may be larger than the video, by the same factor in both directions: they are then scaled down by area, as
    super-sampled renders want. H.264 and H.265 are limited-range BT.709 4:2:0, tagged as such, in an mp4 whose index
    comes first; FFV1 keeps every RGB value, in Matroska. One thread, no dates and no random ids: equal frames give
    equal bytes. `crf` and `preset` mean nothing to FFV1.

    Raises: SpecError for an unknown codec, a size the codec cannot hold, a frame of another shape, or no frames.
    """
    chosen = _FORMATS.get(codec)
    if chosen is None:
        raise SpecError(f"codec {codec!r} is unknown: choose one of {', '.join(_FORMATS)}")
    if width <= 0 or height <= 0 or width % 2 or height % 2:
        raise SpecError(f"video size {width}x{height} is not even: {codec} needs an even width and height")
    rate = _rate(fps)

    file = io.BytesIO()
    options = {"fflags": "+bitexact"}
    if chosen.container == "mp4":
        options["movflags"] = "+faststart"
    count = 0
    # The mp4 writer reads its own output again to move the index to the front; `io_open` gives it the file so far.
    with av.open(file, "w", chosen.container, options, io_open=lambda *_: io.BytesIO(file.getvalue())) as container:
        stream = container.add_stream(chosen.encoder, rate=rate, options=_encoder_options(codec, crf, preset))
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


def _rate(fps: int | float | Fraction) -> Fraction:
    """Frames per second as the nearest fraction that containers hold exactly: 29.97003 becomes 30000/1001."""
    if not 0 < fps <= 1000:
        raise SpecError(f"{fps} frames per second is not a frame rate: choose more than 0 and at most 1000")
    return Fraction(fps).limit_denominator(1001)


def _encoder_options(codec: str, crf: int, preset: str) -> dict[str, str]:
    if codec == "ffv1":
        return {"level": "3", "slices": "4", "slicecrc": "1"}
    options = {"crf": str(crf), "preset": preset}
    if codec == "h265":
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
