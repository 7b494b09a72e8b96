"""A real but tiny film maker: 64 x 64 mp4s of noise that follow from the clip's seed, some candidates rejected."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np

from camera_motion.evaluation import gate
from camera_motion.evaluation.gate import GateView
from camera_motion.generator.encode import encode
from camera_motion.generator.identity import identity_of
from camera_motion.schema.camera import Trajectory, invert
from camera_motion.schema.clip import Checks, ClipRecord, FilmedClip, Quality, Rejection, SegmentRecord
from camera_motion.schema.columns import CHECK_FIELDS, QUALITY_FIELDS
from camera_motion.schema.parse import parse
from camera_motion.schema.plan import ClipPlan, ScenePlan
from camera_motion.schema.spec import Spec


def spec(**changes: Any) -> Spec:
    """Make the spec of a tiny set: 12 clips in 6 shards, 3 scenes of 4 clips, one of them test."""
    fields: dict[str, Any] = {
        "name": "tiny",
        "seed": 3,
        "clips": 12,
        "clips_per_scene": 4,
        "shard_clips": 2,
        "video": {"width": 64, "height": 64, "frames": 8, "fps": 8},
        "moves": [{"move": "pan"}, {"move": "dolly", "speeds": ["slow"]}],
        "splits": {"train": 0.75, "test": 0.25},
        "encode": {"preset": "ultrafast"},
    }
    return parse(fields | changes)


def film(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
    """Film clips; every third is rejected once before, and replacements come last, as in the real film maker."""
    wanted = [clip for clip in scene.clips if clip.index in indices]
    retried = [clip for clip in wanted if clip.seed % 3 == 0]
    for clip in retried:
        yield Rejection(clip.key, 0, "gate: focal")
    for clip in [*(clip for clip in wanted if clip not in retried), *retried]:
        yield shoot(spec, scene, clip)


def film_truly(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
    """Film clips that the gate believes: a textured sky, seen by a camera that pans one degree a frame."""
    for clip in scene.clips:
        if clip.index in indices:
            yield shoot_truly(spec, scene, clip)


def shoot_truly(spec: Spec, scene: ScenePlan, clip: ClipPlan) -> FilmedClip:
    """Film one such clip and prove it."""
    filmed, video = shoot(spec, scene, clip), spec.video
    width, height = video.width, video.height
    noise = np.random.default_rng(clip.seed).integers(0, 256, (2 * height, 3 * width, 3), dtype=np.uint8)
    texture = cv2.normalize(cv2.GaussianBlur(noise, None, 1.5), None, 0, 255, cv2.NORM_MINMAX)
    # OpenCV puts a pixel's centre at whole numbers, the contract half a pixel further
    lens = np.array([[0.9 * width, 0, width / 2 - 0.5], [0, 0.9 * width, height / 2 - 0.5], [0, 0, 1.0]])
    middle = lens + np.array([[0, 0, width / 2], [0, 0, height / 2], [0, 0, 0]])
    maps = [middle @ pose[:3, :3].T @ np.linalg.inv(lens) for pose in filmed.camera_extrinsics]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    frames = [cv2.warpPerspective(texture, frame_to_texture, (width, height), flags=flags) for frame_to_texture in maps]
    intrinsics = np.tile(np.float32([0.9, 0.9 * width / height, 0.5, 0.5]), (video.frames, 1))
    encoded = encode(frames, width, height, video.fps, preset="veryfast")
    trajectory = Trajectory(invert(filmed.camera_extrinsics), intrinsics.astype(np.float64), video.fps)
    flat = np.ones((height, width), np.float32)
    views = {frame: GateView(10 * flat, flat) for frame in gate.frames(video.frames)}
    proof = gate.prove(encoded, trajectory, views)
    assert proof.verdict.passed, proof.verdict.reasons
    return replace(filmed, video=encoded, camera_intrinsics=intrinsics, tracks=proof.tracks)


def film_slowly(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
    """Film as `film`, but give a killer time."""
    for result in film(spec, scene, indices, threads):
        time.sleep(0.3)
        yield result


def shoot(spec: Spec, scene: ScenePlan, clip: ClipPlan) -> FilmedClip:
    """Film one clip: drifting noise, and a pan to the right of one degree a frame."""
    video = spec.video
    rng = np.random.default_rng(clip.seed)
    noise = rng.integers(0, 256, (video.height, video.width, 3), dtype=np.uint8)
    frames = (np.roll(noise, 2 * frame, axis=1) for frame in range(video.frames))
    turn = np.radians(np.arange(video.frames))
    extrinsics = np.tile(np.eye(4), (video.frames, 1, 1))
    extrinsics[:, 0, 0] = extrinsics[:, 2, 2] = np.cos(turn)
    extrinsics[:, 0, 2], extrinsics[:, 2, 0] = -np.sin(turn), np.sin(turn)
    segment = SegmentRecord(
        start_frame=0, end_frame=video.frames - 1, motion="pan_right", magnitude=7.0, unit="deg", speed="regular"
    )
    record = ClipRecord(
        key=clip.key,
        short_caption="noise, camera pans right",
        long_caption="noise that drifts, camera pans right",
        scene_caption="noise",
        camera_caption="the camera pans right",
        camera_scale=0.0,
        camera_motion=("pan_right",),
        main_motion="pan_right",
        speed="regular",
        pan_deg=7.0,
        tilt_deg=0.0,
        roll_deg=0.0,
        path_length_m=0.0,
        focal_ratio=1.0,
        motion_segments=(segment,),
        fps=video.fps,
        width=video.width,
        height=video.height,
        num_frames=video.frames,
        scene=scene.family,
        scene_id=scene.scene_id,
        source=scene.source,
        split=scene.split,
        take_id=clip.key,
        camera_id="a",
        checks=Checks(**{field.name: float(rng.random()) for field in CHECK_FIELDS}),
        quality=Quality(**{field.name: float(rng.random()) for field in QUALITY_FIELDS}),
        seed=clip.seed,
        spec_identity=identity_of(spec),
        licence=spec.licence,
        redistributable=spec.redistributable,
        provenance="{}",
    )
    return FilmedClip(
        record=record,
        video=encode(frames, video.width, video.height, video.fps, spec.encode.codec, preset=spec.encode.preset),
        camera_extrinsics=extrinsics,
        camera_intrinsics=np.full((video.frames, 4), 0.5, np.float32),
        tracks=rng.random((4, 6), dtype=np.float32),
    )
