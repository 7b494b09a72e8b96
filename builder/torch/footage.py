"""The frames that a sample needs of a video, in the shape that a model takes them: uint8 [T, 3, H, W].

Decoding ends with the last frame wanted, and begins at the key frame before the first. swscale converts to planar
RGB and resizes in one go, straight to what is wanted: [T, 3, H, W] then costs what [T, H, W, 3] would.
"""

import io
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter
from jaxtyping import Int64, UInt8

from camera_motion.builder.torch.recycling import recycled
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Cover

#: Decoded bytes that one sample may hold.
MEMORY_LIMIT_BYTES: Final = 4 << 30

#: Decoders that leave out just what they are told to. Of AV1 wanted frames were lost too.
_SKIPPING: Final = frozenset({"h264", "hevc"})

#: Downscaling widens the cubic's support, so that nothing aliases. Unscaled frames take swscale's quick path, with
#: the nearest chroma sample, as PyAV's `to_ndarray` does: 1 to 1.5 grey levels darker than the exact conversion, which
#: takes 0.9 ms a frame of 832x480 and this 0.4, decoding 2.1. cv2.resize took twice as long.
_RESIZE: Final = Interpolation.BICUBIC
_SAME_SIZE: Final = Interpolation.BILINEAR


@dataclass(frozen=True)
class Probe:
    """What a file says about its video; `frames` is an estimate where it does not count them."""

    frames: int
    width: int
    height: int
    fps: float


def probe(video: bytes | str) -> Probe:
    """Read the header of a video, given as bytes or as the path of a file.

    Raises:
        SpecError: it is no video, or does not say how long it is.
    """
    with _open(video) as container:
        track = container.streams.video[0]
        rate = track.average_rate or Fraction(0)
        frames = track.frames
        if not frames and container.duration:
            frames = int(container.duration / Fraction(av.time_base) * rate)
        if not frames or not rate or not track.width:
            raise SpecError("the video does not say how long or how large it is")
        return Probe(frames, track.width, track.height, float(rate))


def read_frames(
    video: bytes | str,
    indices: Int64[np.ndarray, " N"],
    image_size: tuple[int, int],
    plan: Cover,
    threads: int = 1,
    exact: bool = True,
) -> UInt8[np.ndarray, "N 3 h w"]:
    """Decode the frames at `indices` (rising), resized and cropped by `plan`, which was made for `image_size`.

    Frame k is the one shown at k / rate. In a video of uneven rate there may be none; unless `exact`, the next one
    stands in for it.

    Raises:
        SpecError: it is no video of that size, is damaged, ends before the last frame wanted, or is too large.
    """
    width, height = plan.size
    if (size := len(indices) * 3 * width * height) > MEMORY_LIMIT_BYTES:
        raise SpecError(f"{len(indices)} frames of {width}x{height} take {size} bytes; take fewer or smaller ones")
    out = recycled((len(indices), 3, height, width))
    scaler = VideoReformatter()
    done, last = 0, -1
    with _open(video) as container:
        track = container.streams.video[0]
        track.codec_context.thread_count = threads
        track.codec_context.thread_type = "AUTO" if threads > 1 else "SLICE"
        try:
            for last, picture in _numbered(container, track, indices):
                if last < indices[done]:
                    continue
                if (picture.width, picture.height) != image_size or picture.is_corrupt:
                    raise SpecError(f"frame {last} is damaged or not {image_size[0]}x{image_size[1]} as it should be")
                if exact and last != indices[done]:
                    raise SpecError(f"the video has no frame {indices[done]}: {last} comes next")
                while done < len(indices) and indices[done] <= last:
                    _paint(scaler, picture, plan, out[done])
                    done += 1
                if done == len(indices):
                    return out
        except av.FFmpegError as error:
            raise SpecError(f"the video is damaged after frame {last}: {error}") from None
    raise SpecError(f"the video is cut short: frame {indices[done]} is wanted, the last one is {last}")


def _open(video: bytes | str) -> av.container.InputContainer:
    try:
        container = av.open(io.BytesIO(video) if isinstance(video, bytes) else video, "r")
    except (av.FFmpegError, ValueError, OSError) as error:
        raise SpecError(f"not a video: {error}") from None
    if not container.streams.video:
        container.close()
        raise SpecError("not a video: the file holds no video stream")
    return container


def _numbered(
    container: av.container.InputContainer, track: av.VideoStream, indices: Int64[np.ndarray, " N"]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Give pictures with their numbers, from one that is not after the first wanted; not all of the others."""
    first = int(indices[0])
    start = _key_frame_before(track, first)
    if start is not None:
        container.seek(start, stream=track)
        for number, picture in _decoded(container, track, indices):
            if start is not None and number > first:
                break  # the index led too far: some encoders show frames before the key frame that they come after
            start = None
            yield number, picture
        else:
            return
        container.seek(track.start_time or 0, stream=track)
    yield from _decoded(container, track, indices)


def _decoded(
    container: av.container.InputContainer, track: av.VideoStream, indices: Int64[np.ndarray, " N"]
) -> Iterator[tuple[int, av.VideoFrame]]:
    """Decode from here on, but not frames that are neither wanted nor needed for others: a quarter less work."""
    if not track.average_rate or not track.time_base:
        raise SpecError("the video does not say how fast it is")
    per_tick = track.average_rate * track.time_base
    begin, last = track.start_time or 0, int(indices[-1])
    wanted = set(indices.tolist())
    sparse = len(wanted) < last - int(indices[0]) + 1 and track.codec_context.name in _SKIPPING
    count = 0
    for packet in container.demux(track):
        if sparse:
            needed = packet.pts is None or round((packet.pts - begin) * per_tick) in wanted
            track.codec_context.skip_frame = "DEFAULT" if needed else "NONREF"
        for picture in packet.decode():
            number = count if picture.pts is None else round((picture.pts - begin) * per_tick)
            yield number, picture
            count = number + 1


def _key_frame_before(track: av.VideoStream, first: int) -> int | None:
    """Give the time stamp of the last key frame at or before frame `first`; None if that is the first of all."""
    if first == 0:
        return None
    keys = [(number, entry.timestamp) for number, entry in enumerate(track.index_entries) if entry.is_keyframe]
    at = bisect_right(keys, first, key=lambda key: key[0])
    return keys[at - 1][1] if at > 1 else None


def _paint(scaler: VideoReformatter, picture: av.VideoFrame, plan: Cover, out: UInt8[np.ndarray, "3 h w"]) -> None:
    """Write a picture's crop into `out`."""
    (width, height), left, top = plan.size, plan.left, plan.top
    tagged = picture.colorspace != 2 or picture.height < 720  # swscale takes untagged video for BT.601; HD is BT.709
    planar = scaler.reformat(
        picture,
        plan.resized[0],
        plan.resized[1],
        "gbrp",
        src_colorspace=None if tagged else Colorspace.ITU709,
        interpolation=_SAME_SIZE if plan.resized == (picture.width, picture.height) else _RESIZE,
        threads=1,
    )
    for channel, plane in zip((1, 2, 0), planar.planes, strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        np.copyto(out[channel], rows[top : top + height, left : left + width])
