"""A contact sheet of a built set, read from its tars."""

import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from camera_motion.builder.audit import clip_of, first_line
from camera_motion.builder.shard import read_tar
from camera_motion.cards.contact import Strip, sheet, thumbnail
from camera_motion.evaluation.decode import stream
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory, invert
from camera_motion.schema.clip import ClipRecord, FilmedClip, SegmentRecord

#: How many frames of a clip stand side by side.
ACROSS = 4
#: How many clips a picture may show: 1000 are 30,000 pixels high and more.
MOST = 1000


def contact_sheet(root: Path, clips: int = 24) -> bytes:
    """Draw the first `clips` clips of a set as a PNG.

    Raises:
        SpecError: the folder holds no tars, or one of them is damaged.
    """
    if not 0 < clips <= MOST:
        raise SpecError(f"a sheet of {clips} clips cannot be drawn; ask for 1 to {MOST}")
    strips = list(islice(_strips(root), clips))
    if not strips:
        raise SpecError(f"{root} holds no clips to draw; is it the folder of a built set?")
    return sheet(strips)


def _strips(root: Path) -> Iterator[Strip]:
    for tar in sorted((root / "webdataset").glob("*.tar")):
        for key, files in read_tar(tar):
            try:
                yield strip(clip_of(key, files))
            except ValueError as error:
                raise SpecError(f"{tar}: {key} is damaged: {first_line(error)}; remove the tar, build again") from None


def strip(clip: FilmedClip) -> Strip:
    """Make a clip's strip of a sheet: frames spread over its time, what was measured, and where the camera went."""
    record = clip.record
    wanted = set(np.linspace(0, record.num_frames - 1, ACROSS).round().astype(int).tolist())
    frames = np.stack([thumbnail(frame) for i, frame in enumerate(stream(clip.video)) if i in wanted])
    intrinsics = clip.camera_intrinsics.astype(np.float64)
    trajectory = Trajectory(invert(clip.camera_extrinsics), intrinsics, record.fps)
    return Strip(_title(record), record.short_caption, frames, trajectory)


def _title(record: ClipRecord) -> str:
    """Name the clip, and each of its segments with how far and how fast it went."""
    segments = (_segment(s) for s in record.motion_segments)
    return f"{record.key}   {'   '.join(segments)}"


def _segment(segment: SegmentRecord) -> str:
    if not segment.unit:
        return segment.motion
    signed = -segment.magnitude if segment.motion == "zoom_out" else segment.magnitude  # a zoom out shortens: x 0.62
    return f"{segment.motion} {_magnitude(signed, segment.unit)} {segment.speed}"


def _magnitude(magnitude: float, unit: str) -> str:
    if unit == "ln f":
        return f"x {math.exp(magnitude):.2f}"
    return f"{magnitude:.2g} {unit}" if magnitude < 10 else f"{magnitude:.0f} {unit}"
