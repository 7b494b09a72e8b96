"""Look at everything in one tar: types, shapes, poses, pixels, and the gate's verdict from the tar alone."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float64
from pydantic import ValidationError

from camera_motion.builder.shard import load_npy, read_tar, sha256
from camera_motion.builder.store import Store
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory, camera_scale, invert, validate_rotations
from camera_motion.schema.clip import ClipRecord, FilmedClip
from camera_motion.schema.columns import TRACKS_MEMBER, members
from camera_motion.schema.receipt import Receipt, Statistics

#: How far a rotation may be from orthonormal; float64 poses stay below 1e-12.
PROPER = 1e-9


def audit(root: Path, receipt: Receipt) -> list[str]:
    """List what is wrong with a shard, a line each, every clip under its key."""
    path = Store(root).tar(receipt.name)
    problems = []
    if (found := sha256(path)) != receipt.tar_sha256:
        problems.append(f"{path.name}: its hash is {found[:12]}..., its receipt says {receipt.tar_sha256[:12]}...")
    keys: list[str] = []
    statistics = Statistics()
    try:
        for key, files in read_tar(path):
            keys.append(key)
            try:
                clip = clip_of(key, files)
                _check(clip, receipt)
                statistics += Statistics.of(clip.record, len(clip.video))
            except (ValueError, SpecError) as error:
                problems.append(f"{key}: {first_line(error)}")
    except SpecError as error:
        problems.append(str(error))
    if not problems and tuple(keys) != receipt.keys:
        problems.append(f"{path.name}: it holds {len(keys)} clips, its receipt names {len(receipt.keys)} or others")
    if not problems and statistics.counts != receipt.statistics.counts:
        problems.append(f"{path.name}: its clips do not add up to its receipt's statistics")
    return problems


def clip_of(key: str, files: dict[str, bytes]) -> FilmedClip:
    """Read a sample back into the clip that was written.

    Raises:
        ValueError: a member is missing or foreign, or does not parse as what it should be.
    """
    video = files.get("mp4") or files.get("mkv") or b""
    if tuple(files) != members(video):
        raise ValueError(f"its files are {', '.join(files)}, not {', '.join(members(video))}")
    record = ClipRecord.from_json(files["json"])
    if record.key != key:
        raise ValueError(f"its record says {record.key}")
    return FilmedClip(
        record=record,
        video=video,
        camera_extrinsics=_array(files, "camera_extrinsics.npy", np.float64, (record.num_frames, 4, 4)),
        camera_intrinsics=_array(files, "camera_intrinsics.npy", np.float32, (record.num_frames, 4)),
        tracks=_array(files, TRACKS_MEMBER, np.float32, None),
    )


def _array(files: dict[str, bytes], suffix: str, dtype: Any, shape: tuple[int, ...] | None) -> Any:
    array = load_npy(files[suffix])
    if shape is not None and array.shape != shape:
        raise ValueError(f"{suffix} has shape {list(array.shape)}, not {list(shape)}")
    if array.dtype != dtype:
        raise ValueError(f"{suffix} is {array.dtype}, not {np.dtype(dtype)}")
    return array


def _check(clip: FilmedClip, receipt: Receipt) -> None:
    """Check one clip.

    Raises:
        ValueError, SpecError: the first thing that is wrong with it.
    """
    record = clip.record
    if record.split != receipt.split or record.spec_identity != receipt.identity:
        raise ValueError(f"it is of split {record.split}, set {record.spec_identity}; its shard is not")
    if record.scene_id not in receipt.scenes:
        raise ValueError(f"its scene {record.scene_id} is not one of its shard's")
    clip.row()  # types and shapes, as every reader will cast them
    _check_poses(clip.camera_extrinsics, record)
    _check_video(clip)
    _check_truth(clip)


def _check_poses(camera_from_world: Float64[np.ndarray, "T 4 4"], record: ClipRecord) -> None:
    validate_rotations(camera_from_world, PROPER)
    scale = camera_scale(camera_from_world)
    if abs(scale - record.camera_scale) > 1e-4 * max(1.0, scale):
        raise ValueError(f"camera_scale is {record.camera_scale:g}, the poses say {scale:g}")


def _check_video(clip: FilmedClip) -> None:
    from camera_motion.evaluation.decode import stream

    record = clip.record
    count = 0
    for frame in stream(clip.video):
        if frame.shape[:2] != (record.height, record.width):
            raise ValueError(f"its video is {frame.shape[1]} x {frame.shape[0]}, its record says otherwise")
        count += 1
    if count != record.num_frames:
        raise ValueError(f"its video has {count} frames, its record says {record.num_frames}")


def _check_truth(clip: FilmedClip) -> None:
    """Let the gate judge once more, by what the tar holds."""
    from camera_motion.evaluation.gate import recheck

    trajectory = Trajectory(invert(clip.camera_extrinsics), clip.camera_intrinsics.astype(np.float64), clip.record.fps)
    verdict = recheck(clip.video, clip.tracks, trajectory)
    if not verdict.passed:
        raise ValueError(f"the gate refuses it: {', '.join(verdict.reasons)}")


def first_line(error: Exception) -> str:
    """Put what is wrong with a clip into one line."""
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, found['loc'])) or 'record'}: {found['msg']}"
    return str(error).splitlines()[0]
