"""A video's frames again: bounded, on one thread, and loud about files that are cut short or not videos."""

import io
from collections.abc import Iterator
from typing import Final

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation
from jaxtyping import UInt8

from camera_motion.schema.base import SpecError

#: Decoded bytes that one call may hold; a 20 s clip of 1280 x 720 at 30 fps is 1.7 GB as RGB.
MEMORY_LIMIT_BYTES: Final = 4 << 30

_SCALER: Final = int(
    Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT | Interpolation.BITEXACT
)

#: Limited-range luma (16 black, 235 white) to 0..255.
_STRETCH: Final = np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)


def decode(video: bytes, limit_bytes: int = MEMORY_LIMIT_BYTES) -> UInt8[np.ndarray, "T H W 3"]:
    """Every frame of a video file as RGB.

    Raises: SpecError where the bytes are no video, are cut short or damaged, or decode to more than `limit_bytes`.
    """
    return _gather(stream(video), limit_bytes)


def luma(
    video: bytes, long_side: int, limit_bytes: int = MEMORY_LIMIT_BYTES
) -> tuple[UInt8[np.ndarray, "T h w"], tuple[int, int]]:
    """Every frame as grey, scaled down by area until no side exceeds `long_side`; and the video's width and height.

    The grey of 4:2:0 video is its luma plane, stretched to 0..255: the samples that were compressed, with no chroma
    upsampling in between. Raises as `decode` does.
    """
    grey, _, size = glance(video, long_side, 0, limit_bytes)
    return grey, size


def glance(
    video: bytes, long_side: int, every: int, limit_bytes: int = MEMORY_LIMIT_BYTES
) -> tuple[UInt8[np.ndarray, "T h w"], list[UInt8[np.ndarray, "H W 3"]], tuple[int, int]]:
    """Every frame as `luma` gives it and one in `every` (0: none) as RGB, from one decoding; and width and height."""
    colours, sizes = [], []

    def shrunk() -> Iterator[np.ndarray]:
        for number, picture in enumerate(_pictures(video)):
            sizes.append((picture.width, picture.height))
            if every and number % every == 0:
                colours.append(_rgb(picture))
            yield _shrunk(_grey(picture), long_side)

    return _gather(shrunk(), limit_bytes), colours, sizes[0]


def stream(video: bytes, every: int = 1) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
    """Yield the frames of a video file one by one, or one in `every`, as RGB; raises as `decode` does."""
    return (_rgb(picture) for number, picture in enumerate(_pictures(video)) if number % every == 0)


def _gather(frames: Iterator[np.ndarray], limit_bytes: int) -> np.ndarray:
    kept: list[np.ndarray] = []
    held = 0
    for frame in frames:
        held += frame.nbytes
        if held > limit_bytes:
            height, width = frame.shape[:2]
            raise SpecError(
                f"the video decodes to more than {limit_bytes} bytes ({width}x{height}, frame {len(kept)}): "
                "read it frame by frame or raise the limit"
            )
        kept.append(frame)
    return np.stack(kept)


def _pictures(video: bytes) -> Iterator[av.VideoFrame]:
    try:
        container = av.open(io.BytesIO(video), "r")
    except (av.FFmpegError, ValueError) as error:
        raise SpecError(f"{len(video)} bytes are not a video file: {error}") from None
    with container:
        if not container.streams.video:
            raise SpecError("the file holds no video stream")
        track = container.streams.video[0]
        track.codec_context.thread_count = 1
        track.codec_context.options = {"err_detect": "crccheck+explode"}
        count = 0
        try:
            for picture in container.decode(track):
                if picture.is_corrupt:
                    raise SpecError(f"frame {count} of the video is damaged: fetch the file again")
                yield picture
                count += 1
        except av.FFmpegError as error:
            raise SpecError(f"the video is damaged after {count} frames: {error}") from None
        expected = track.frames
        if not expected and container.duration and track.average_rate:  # Matroska states a duration, not a count
            expected = round(float(container.duration / av.time_base * track.average_rate))
        if not count or count < expected:
            raise SpecError(f"the video is cut short: {count} frames of {expected}; fetch the file again")


def _rgb(picture: av.VideoFrame) -> UInt8[np.ndarray, "H W 3"]:
    if not picture.format.name.startswith("yuv"):
        return picture.to_ndarray(format="rgb24")
    rgb = picture.reformat(
        format="rgb24",
        src_colorspace=int(_matrix(picture)),
        src_color_range=int(ColorRange.JPEG if _is_full_range(picture) else ColorRange.MPEG),
        dst_color_range=int(ColorRange.JPEG),
        interpolation=_SCALER,
        threads=1,
    )
    return rgb.to_ndarray()


def _is_full_range(picture: av.VideoFrame) -> bool:
    return picture.color_range == ColorRange.JPEG or picture.format.name.startswith("yuvj")


def _matrix(picture: av.VideoFrame) -> Colorspace:
    """Return the conversion matrix the file names; where it names none, what players assume from the height."""
    if picture.colorspace in (1, 9):  # BT.709, BT.2020
        return Colorspace(picture.colorspace)
    if picture.colorspace in (5, 6):  # the two BT.601 systems
        return Colorspace.ITU601
    return Colorspace.ITU709 if picture.height >= 720 else Colorspace.ITU601


def _grey(picture: av.VideoFrame) -> UInt8[np.ndarray, "H W"]:
    if picture.format.name.startswith("yuv") and picture.format.components[0].bits == 8:
        plane = picture.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        luma_samples = np.ascontiguousarray(rows[:, : plane.width])
        return luma_samples if _is_full_range(picture) else np.asarray(cv2.LUT(luma_samples, _STRETCH))
    return cv2.cvtColor(_rgb(picture), cv2.COLOR_RGB2GRAY)


def _shrunk(grey: UInt8[np.ndarray, "H W"], long_side: int) -> UInt8[np.ndarray, "h w"]:
    height, width = grey.shape
    scale = long_side / max(height, width)
    if scale >= 1:
        return grey
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
