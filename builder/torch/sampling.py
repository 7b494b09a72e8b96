"""What a training sample takes of a clip: which frames, which part of the picture, in which units.

Whatever is taken, row k of the cameras stays the camera of frame k: frames and rows are chosen by one list of
indices, and the crop of the pictures is the crop of the intrinsics. Numpy alone; decoding is `footage`, tensors
are `clips`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

import numpy as np
from jaxtyping import Float32, Float64, Int64

from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import (
    Cover,
    apply_align_factor,
    camera_scale,
    cover,
    crop_intrinsics,
    intrinsics_px,
    invert,
    relative_poses,
)
from camera_motion.schema.columns import COLUMNS

Start = Literal["random", "centre", "first"]
Short = Literal["error", "skip"]
Crop = Literal["centre", "random"]
Pixels = Literal["uint8", "unit", "signed"]
Poses = Literal["relative", "absolute"]
Scale = Literal["metric", "unit"]
Size = tuple[int, int]

CAPTIONS: Final = tuple(column.name for column in COLUMNS if column.name.endswith("_caption"))


@dataclass(frozen=True)
class Sampling:
    """What to take of every clip.

    * `frames`: how many; None takes all that the stride leaves. `stride`: every n-th frame, or (a, b): drawn for every
      sample from a to b, as far as the clip is long enough. `start`: where the first one lies. `short`: what to do with
      a clip that has too few frames.
    * `size`: (width, height) of the pictures, which are scaled to cover it and cropped; several sizes are buckets, of
      which the one nearest to the clip's shape is taken; None leaves them as they are. `crop`: the middle of what
      sticks out, or a random part of it, the same one in all frames.
    * `pixels`: uint8, or float32 from 0 to 1 ("unit") or from -1 to 1 ("signed").
    * `poses`: "relative" to the first frame taken, which is then the world, or "absolute".
    * `scale`: "metric" leaves metres; "unit" divides translations by the largest distance of the frames taken from the
      first of them; a number multiplies them. A camera that stays within `still_m` metres is not moving, and "unit"
      then leaves its metres as they are: noise would be blown up otherwise.
    * `rays`: 0 for none, n for one Pluecker ray for every n x n pixels.
    * `caption`: the column that becomes the sample's caption, or several, of which one is drawn for every sample.
      `drop_caption`: the share of the set's samples whose caption is "", as classifier-free guidance wants it.
    * `threads`: of the decoder, in every worker.

    Raises:
        SpecError: a value that is none of these.
    """

    frames: int | None = None
    stride: int | tuple[int, int] = 1
    start: Start = "random"
    short: Short = "error"
    size: Size | tuple[Size, ...] | None = None
    crop: Crop = "centre"
    pixels: Pixels = "uint8"
    poses: Poses = "relative"
    scale: Scale | float = "metric"
    still_m: float = 1e-3
    rays: int = 0
    caption: str | tuple[str, ...] = "long_caption"
    drop_caption: float = 0.0
    threads: int = 1

    def __post_init__(self) -> None:
        for name, known in (
            ("start", get_args(Start)),
            ("short", get_args(Short)),
            ("crop", get_args(Crop)),
            ("pixels", get_args(Pixels)),
            ("poses", get_args(Poses)),
        ):
            if (value := getattr(self, name)) not in known:
                raise SpecError(f"{name} is {value!r}; choose one of {', '.join(known)}")
        if not self.captions or not set(self.captions) <= set(CAPTIONS):
            raise SpecError(f"caption is {self.caption!r}; choose one or several of {', '.join(CAPTIONS)}")
        if not 0 <= self.drop_caption <= 1:
            raise SpecError(f"drop_caption is {self.drop_caption}; it is a share from 0 to 1")
        if self.frames is not None and self.frames < 1:
            raise SpecError(f"frames is {self.frames}; ask for at least 1, or None for all")
        low, high = self.strides
        if not 1 <= low <= high:
            raise SpecError(f"stride is {self.stride}; give 1 or more, or a range like (1, 4)")
        if isinstance(self.scale, str) and self.scale not in get_args(Scale):
            raise SpecError(f"scale is {self.scale!r}; choose metric, unit, or a factor")
        if not isinstance(self.scale, str) and not (math.isfinite(self.scale) and self.scale > 0):
            raise SpecError(f"scale is {self.scale}; a factor must be positive")
        if self.rays < 0 or self.threads < 1:
            raise SpecError(f"rays is {self.rays} and threads {self.threads}; at least 0 and 1")
        for width, height in self.sizes:
            if width < 1 or height < 1:
                raise SpecError(f"size is {self.size}; give (width, height) in pixels")
            if self.rays and (width % self.rays or height % self.rays):
                raise SpecError(f"one ray for {self.rays} x {self.rays} pixels does not divide {width} x {height}")

    @property
    def captions(self) -> tuple[str, ...]:
        """The columns to draw a caption from."""
        return (self.caption,) if isinstance(self.caption, str) else tuple(self.caption)

    @property
    def strides(self) -> tuple[int, int]:
        """The smallest and the largest stride."""
        return (self.stride, self.stride) if isinstance(self.stride, int) else self.stride

    @property
    def sizes(self) -> tuple[Size, ...]:
        """The sizes to choose from; none leaves pictures as they are."""
        return () if self.size is None else _sizes(self.size)


def _sizes(size: Any) -> tuple[Size, ...]:
    return (size,) if isinstance(size[0], int) else tuple(size)


def worded(row: Mapping[str, Any], sampling: Sampling, rng: np.random.Generator) -> str:
    """Draw a sample's caption from a row's."""
    column, dropped = rng.integers(len(sampling.captions)), rng.random() < sampling.drop_caption
    return "" if dropped else str(row[sampling.captions[column]])


def window(total: int, sampling: Sampling, rng: np.random.Generator) -> Int64[np.ndarray, " N"] | None:
    """Choose the frames to take of a clip with `total` of them; None if it is too short.

    A random stride is drawn evenly from those of the range that the clip is long enough for.
    """
    low, high = sampling.strides
    count = sampling.frames
    if count is not None:
        if (count - 1) * low + 1 > total:
            return None
        high = min(high, (total - 1) // (count - 1)) if count > 1 else high
    stride = int(rng.integers(low, high + 1))
    if count is None:
        count = (total - 1) // stride + 1
    room = total - ((count - 1) * stride + 1)
    first = {"random": int(rng.integers(room + 1)), "centre": room // 2, "first": 0}[sampling.start]
    return first + stride * np.arange(count, dtype=np.int64)


def fitted(image_size: Size, sampling: Sampling, rng: np.random.Generator) -> Cover:
    """Choose how a picture is brought to its size: a resize that covers it, and a crop.

    Raises:
        SpecError: the picture stays as it is and does not divide into the blocks of the rays.
    """
    if not sampling.sizes:
        if sampling.rays and (image_size[0] % sampling.rays or image_size[1] % sampling.rays):
            raise SpecError(
                f"one ray for {sampling.rays} x {sampling.rays} pixels does not divide "
                f"{image_size[0]} x {image_size[1]}; choose a size"
            )
        return Cover(image_size, 0, 0, image_size)
    shape = math.log(image_size[0] / image_size[1])
    plan = cover(image_size, min(sampling.sizes, key=lambda size: abs(math.log(size[0] / size[1]) - shape)))
    if sampling.crop == "random":
        left, top = (int(rng.integers(a - b + 1)) for a, b in zip(plan.resized, plan.size, strict=True))
        plan = plan._replace(left=left, top=top)
    return plan


@dataclass(frozen=True)
class Cameras:
    """The cameras of the frames taken.

    `camera_from_world` (w2c) and its inverse have translations in units of `unit_m` metres; `intrinsics` are those of
    the cropped picture, normalised; `camera_scale` is how far the camera gets from its first place, in metres.
    """

    camera_from_world: Float32[np.ndarray, "N 4 4"]
    world_from_camera: Float32[np.ndarray, "N 4 4"]
    intrinsics: Float32[np.ndarray, "N 4"]
    intrinsics_px: Float32[np.ndarray, "N 4"]
    camera_scale: float
    unit_m: float


def cameras(
    camera_from_world: Float64[np.ndarray, "T 4 4"],
    intrinsics: Float64[np.ndarray, "T 4"],
    align_factor: float,
    indices: Int64[np.ndarray, " N"],
    plan: Cover,
    sampling: Sampling,
) -> Cameras:
    """Take the rows of the frames at `indices`, in the units and the crop asked for."""
    w2c = apply_align_factor(camera_from_world[indices], align_factor)
    extent_m = camera_scale(w2c)
    if isinstance(sampling.scale, str):
        unit_m = extent_m if sampling.scale == "unit" and extent_m >= sampling.still_m else 1.0
    else:
        unit_m = 1.0 / sampling.scale
    c2w = invert(w2c)
    if sampling.poses == "relative":
        c2w = relative_poses(c2w)
    c2w[:, :3, 3] /= unit_m
    lens = crop_intrinsics(intrinsics[indices], plan.resized, plan.left, plan.top, plan.size)
    return Cameras(
        camera_from_world=invert(c2w).astype(np.float32),
        world_from_camera=c2w.astype(np.float32),
        intrinsics=lens.astype(np.float32),
        intrinsics_px=intrinsics_px(lens, *plan.size).astype(np.float32),
        camera_scale=extent_m,
        unit_m=unit_m,
    )
