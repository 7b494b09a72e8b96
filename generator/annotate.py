"""From a filmed shot to its record: every column that is not a pixel or an array."""

from dataclasses import asdict
from typing import Any

import numpy as np

from camera_motion.generator.captions import Captions
from camera_motion.generator.place import Shot
from camera_motion.schema.base import canonical_json
from camera_motion.schema.camera import camera_scale
from camera_motion.schema.clip import Checks, ClipRecord, Quality, SegmentRecord
from camera_motion.schema.plan import ClipPlan, ScenePlan
from camera_motion.schema.spec import Spec


def record(
    spec: Spec,
    spec_identity: str,
    scene: ScenePlan,
    clip: ClipPlan,
    shot: Shot,
    captions: Captions,
    checks: Checks,
    quality: Quality,
    provenance: dict[str, Any],
) -> ClipRecord:
    """Write down one clip: what was measured on its trajectory and its video, and how to make it again."""
    motion = shot.motion
    return ClipRecord(
        key=clip.key,
        short_caption=captions.short,
        long_caption=captions.long,
        scene_caption=captions.scene,
        camera_caption=captions.camera,
        align_factor=1.0,
        camera_scale=float(np.float32(camera_scale(shot.trajectory.camera_from_world))),
        camera_motion=motion.primitives,
        main_motion=motion.main,
        speed=motion.speed,
        pan_deg=motion.pan_deg,
        tilt_deg=motion.tilt_deg,
        roll_deg=motion.roll_deg,
        path_length_m=motion.path_length_m,
        focal_ratio=motion.focal_ratio,
        motion_segments=tuple(SegmentRecord(**asdict(segment)) for segment in motion.segments),
        fps=spec.video.fps,
        width=spec.video.width,
        height=spec.video.height,
        num_frames=spec.video.frames,
        scene=scene.family,
        scene_id=scene.scene_id,
        character="none",
        source=scene.source,
        split=scene.split,
        take_id=clip.key,
        camera_id="a",
        pose_source="exact",
        checks=checks,
        quality=quality,
        seed=clip.seed,
        spec_identity=spec_identity,
        licence=spec.licence,
        redistributable=spec.redistributable,
        provenance=canonical_json(provenance),
    )
