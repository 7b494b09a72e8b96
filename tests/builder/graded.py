"""Clips whose pictures say which frame they are: frame k has the grey level 20 + 8 k, its camera stands at x = k."""

from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sets import clip as plain_clip

from camera_motion.builder.features import schema
from camera_motion.builder.parquet import to_view
from camera_motion.builder.places.disk import writing
from camera_motion.builder.shard import write_tar
from camera_motion.generator.encode import encode
from camera_motion.schema.clip import FilmedClip, SegmentRecord

FRAMES, WIDTH, HEIGHT = 24, 96, 64
SHARDS = (3, 1, 4, 3)
CLIPS = sum(SHARDS)
KEYS = [f"cm-graded-{index:06d}" for index in range(CLIPS)]


def grey(frame: int) -> int:
    return 20 + 8 * frame


@cache
def video(frames: int = FRAMES, width: int = WIDTH, height: int = HEIGHT) -> bytes:
    pictures = [np.full((height, width, 3), grey(k), np.uint8) for k in range(frames)]
    return encode(pictures, width, height, 24)


@cache
def clip(index: int, frames: int = FRAMES) -> FilmedClip:
    """A clip that pans while it dollies for 12 frames, then zooms; clip `index` is at y = index."""
    k = np.arange(frames)
    poses = np.tile(np.eye(4), (frames, 1, 1))  # w2c without rotation: x_camera = x_world - centre
    poses[:, 0, 3], poses[:, 1, 3] = -k, -index
    lens = np.stack([0.9 + 0.01 * k, 1.4 + 0.01 * k, 0.5 + 0.001 * k, np.full(frames, 0.5)], axis=1).astype(np.float32)
    segments = [("dolly_in", 0, 11), ("zoom_in", 12, frames - 1)] if frames > 12 else [("dolly_in", 0, frames - 1)]
    made = plain_clip(0)
    record = made.record.model_copy(
        update={
            "key": KEYS[index],
            "short_caption": f"Clip {index}.",
            "camera_motion": tuple(word for word, _, _ in segments),
            "main_motion": "dolly_in",
            "motion_segments": tuple(
                SegmentRecord(motion=word, start_frame=a, end_frame=b, magnitude=1.0, unit="m", speed="slow")
                for word, a, b in segments
            ),
            "camera_scale": float(frames - 1),
            "num_frames": frames,
            "width": WIDTH,
            "height": HEIGHT,
        }
    )
    return FilmedClip(record, video(frames), poses, lens, made.tracks)


def write_tars(root: Path, clips: list[FilmedClip] | None = None, shards: tuple[int, ...] = SHARDS) -> Path:
    """Write clips as a set of tars with 3, 1, 4 and 3 of them."""
    clips = clips or [clip(index) for index in range(CLIPS)]
    begin = 0
    for number, count in enumerate(shards):
        with writing(root / "webdataset" / f"train-{number:06d}.tar") as file:
            write_tar(file, clips[begin : begin + count])
        begin += count
    return root


def write_parquet(root: Path) -> Path:
    """Write the same clips as two files of the Parquet view, with row groups of two."""
    (root / "data").mkdir(parents=True)
    for number, (a, b) in enumerate([(0, 5), (5, CLIPS)]):
        table = pa.Table.from_pylist([to_view(clip(i).row()) for i in range(a, b)], schema=schema("default"))
        pq.write_table(table, root / "data" / f"train-{number:06d}.parquet", row_group_size=2)
    return root
