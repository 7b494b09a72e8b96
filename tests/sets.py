"""Small real sets: records that validate, videos that decode, tars as `build` writes them."""

from pathlib import Path
from typing import Any

import numpy as np

from camera_motion.builder.places.disk import writing
from camera_motion.builder.shard import write_tar
from camera_motion.generator.encode import encode
from camera_motion.schema.clip import Checks, ClipRecord, FilmedClip, Quality, SegmentRecord
from camera_motion.schema.columns import CHECK_FIELDS, QUALITY_FIELDS

FRAMES = 9
SEGMENT: Any = {"start_frame": 0, "end_frame": 8, "magnitude": 0.1, "unit": "deg", "speed": "slow"}


def clip(index: int, score: float | None = None) -> FilmedClip:
    """A real little clip: nine grey frames with a bright bar, poses with no short decimal form."""
    rng = np.random.default_rng(index)
    frames = np.full((FRAMES, 64, 96, 3), 90, np.uint8)
    frames[:, :, 10 * index : 10 * index + 8] = 200
    poses = np.tile(np.eye(4), (FRAMES, 1, 1))
    poses[:, :3, 3] = rng.normal(size=(FRAMES, 3))
    motions = ("pan_left", "tilt_up")[: 1 + index % 2]
    record = ClipRecord(
        key=f"cm-test-{index:06d}",
        short_caption="A room, camera pans left.",
        long_caption="A room. The camera pans left. “Déjà vu”.",
        scene_caption="A room.",
        camera_caption="The camera pans left.",
        camera_scale=float(rng.random()),
        vtss_score=score,
        camera_motion=motions,
        main_motion="pan_left",
        speed="slow",
        pan_deg=-float(rng.random()),
        tilt_deg=0.0,
        roll_deg=0.0,
        path_length_m=1.0 / 3.0,
        focal_ratio=1.0,
        motion_segments=tuple(SegmentRecord(motion=m, **SEGMENT) for m in motions),
        fps=24.0,
        width=96,
        height=64,
        num_frames=FRAMES,
        scene="interior",
        scene_id=f"cm-test-s{index // 2:05d}",
        source="procedural",
        split="train",
        take_id=f"cm-test-{index:06d}",
        camera_id="a",
        checks=Checks(**{field.name: float(rng.random()) for field in CHECK_FIELDS}),
        quality=Quality(**{field.name: float(rng.random()) for field in QUALITY_FIELDS}),
        seed=2**53 - 1 - index,
        spec_identity="0123456789abcdef",
        licence="CC-BY-4.0",
        redistributable=True,
        provenance="{}",
    )
    lens = np.tile(np.array([0.9, 1.4, 0.5, 0.5], np.float32), (FRAMES, 1))
    return FilmedClip(record, encode(frames, 96, 64, 24), poses, lens, np.zeros((2, 8), np.float32))


CLIPS = tuple(clip(index) for index in range(4))


def write_set(root: Path) -> Path:
    """Write `CLIPS` as a set of two shards with two clips each."""
    for shard in range(2):
        with writing(root / "webdataset" / f"train-{shard:06d}.tar") as file:
            write_tar(file, CLIPS[2 * shard : 2 * shard + 2])
    return root
