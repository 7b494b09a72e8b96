"""Replay a trajectory file in RealEstate10K or TUM form, scaled to the scene.

RealEstate10K (arXiv 1805.09817): a line to skip, then per frame a time in microseconds, fx, fy, cx, cy (normalised),
two zeros, and the 3x4 w2c matrix row by row. TUM: time in seconds, tx ty tz, qx qy qz qw, c2w; `#` begins a comment.
Both are OpenCV's axes, at an unknown scale, so the first frame is set level and the path scaled to the scene.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from camera_motion.generator.moves.base import Expected, Scope, Stance, check_fields
from camera_motion.generator.paths import Course, Start, VideoShape
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import invert, relative_poses, validate_rotations
from camera_motion.schema.plan import MoveRequest
from camera_motion.schema.signals import unwrapped_angles_deg
from camera_motion.schema.vocabulary import speed_range

_MOST_BYTES: Final = 16 << 20
_MOST_POSES: Final = 100_000
#: RealEstate10K files have one line before their poses, some of their relatives up to three.
_MOST_HEADER_LINES: Final = 3
#: A file longer than the clip by more than this is not hurried through: a stretch of it is replayed in its own time.
_MOST_HASTE: Final = 2.0


@dataclass(frozen=True)
class Recording:
    """Poses and ln f relative to the first, in its own (OpenCV) axes; no times where the file has none."""

    world_from_camera: Float64[np.ndarray, "N 4 4"]
    ln_focal: Float64[np.ndarray, " N"]
    times_s: Float64[np.ndarray, " N"] | None


@dataclass(frozen=True)
class Playback:
    """Replay `share` (from, to; of the file's duration) of `file`, with its translations times `scale`."""

    file: str
    share: tuple[float, float]
    scale: float
    begin: int
    end: int
    mirrored: bool = False


@dataclass(frozen=True)
class Replay:
    """The `replay` move."""

    name: str = "replay"

    def check(self, request: MoveRequest) -> None:
        """Raise SpecError for a missing file, or one that is not a trajectory."""
        check_fields(request)
        if not request.file:
            raise SpecError("replay has no file; name a trajectory in RealEstate10K or TUM form")
        read_recording(request.file)

    def stance(self, request: MoveRequest) -> Stance:
        """Anywhere."""
        return Stance()

    def rand(self, rng: np.random.Generator, request: MoveRequest, scope: Scope) -> Playback:
        """Choose the stretch of a long file, and a scale that takes it as far as a move of this speed class goes."""
        offset, pace = rng.random(2)
        recording = read_recording(request.file)
        seconds = (scope.end - scope.begin) / scope.video.fps
        share = (0.0, 1.0)
        if recording.times_s is not None and recording.times_s[-1] > _MOST_HASTE * seconds:
            length = float(seconds / recording.times_s[-1])
            share = (float(offset * (1.0 - length)), float(offset * (1.0 - length) + length))
        probe = Playback(request.file, share, 1.0, scope.begin, scope.end)
        extent = float(np.linalg.norm(_sampled(probe, scope.video)[0][:, :3, 3], axis=1).max())
        slowest, fastest = speed_range("dolly", request.speed, scope.depth_m)
        wanted_m = slowest * (fastest / slowest) ** pace * seconds
        return replace(probe, scale=wanted_m / extent if extent > 1e-9 else 1.0)

    def course(self, params: Playback, start: Start, video: VideoShape) -> Course:
        """Depart from the start, set level, as the file departs from its own."""
        poses, ln_focal = _sampled(params, video)
        right, down, forward = poses[:, :3, 3].T * params.scale
        course = Course(np.stack([right, forward, -down], -1), unwrapped_angles_deg(poses[:, :3, :3]), ln_focal)
        return course.mirrored() if params.mirrored else course

    def opposite(self, params: Playback) -> Playback:
        """Exchange left and right."""
        return replace(params, mirrored=not params.mirrored)

    def expected(self, params: Playback) -> Expected:
        """Anything that moves."""
        return Expected()


def read_recording(file: str) -> Recording:
    """Read and check a trajectory file.

    Raises:
        SpecError: it cannot be read, is larger than 16 MiB or 100,000 poses, has fewer than two poses or a line with
            another number of columns, or holds NaN, mirrored or skewed rotations, times that go back or focal lengths
            that are not positive.
    """
    try:
        stat = Path(file).stat()
        if stat.st_size > _MOST_BYTES:
            raise SpecError(f"{file} has {stat.st_size} bytes; a trajectory file has at most {_MOST_BYTES}")
        return _read(file, stat.st_mtime_ns)
    except OSError as error:
        raise SpecError(f"{file} cannot be read: {error.strerror}; name a trajectory file") from None
    except UnicodeDecodeError:
        raise SpecError(f"{file} is not text; name a trajectory in RealEstate10K or TUM form") from None


@lru_cache(maxsize=16)
def _read(file: str, mtime_ns: int) -> Recording:
    lines = [(n, line.split()) for n, line in enumerate(Path(file).read_text().splitlines(), 1)]
    rows = [(n, words) for n, words in lines if words and not words[0].startswith("#")]
    columns = len(rows[-1][1]) if rows else 0
    if columns not in (19, 8):
        raise SpecError(f"{file} ends in a line of {columns} columns; RealEstate10K has 19, TUM 8")
    header = next(k for k, (_, words) in enumerate(rows) if len(words) == columns)
    if header > (_MOST_HEADER_LINES if columns == 19 else 0):
        raise SpecError(f"{file} line {rows[0][0]} has {len(rows[0][1])} columns; it needs {columns}")
    rows = rows[header:]
    if not 2 <= len(rows) <= _MOST_POSES:
        raise SpecError(f"{file} has {len(rows)} poses; a replay needs 2 to {_MOST_POSES}")
    values = np.array([_numbers(file, n, words, columns) for n, words in rows])
    try:
        return _from_realestate10k(values) if columns == 19 else _from_tum(values)
    except SpecError as error:
        raise SpecError(f"{file}, counting poses from 0: {error}") from None


def _numbers(file: str, line: int, words: list[str], columns: int) -> list[float]:
    if len(words) != columns:
        raise SpecError(f"{file} line {line} has {len(words)} columns; it needs {columns}")
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise SpecError(f"{file} line {line} holds something other than numbers; remove it") from None
    if not np.abs(numbers).max() < 1e18:  # also false for NaN; RealEstate10K counts microseconds
        raise SpecError(f"{file} line {line} holds NaN or a number too large; remove the line")
    return numbers


def _from_realestate10k(values: Float64[np.ndarray, "N 19"]) -> Recording:
    camera_from_world = np.tile(np.eye(4), (len(values), 1, 1))
    camera_from_world[:, :3] = values[:, 7:].reshape(-1, 3, 4)
    if not (values[:, 1] > 0).all():
        raise SpecError(
            f"pose {int(np.argmin(values[:, 1]))} has the focal length {values[:, 1].min():g}; it must be > 0"
        )
    return _recording(invert(_rigid(camera_from_world)), np.log(values[:, 1] / values[0, 1]), values[:, 0] * 1e-6)


def _from_tum(values: Float64[np.ndarray, "N 8"]) -> Recording:
    norm = np.linalg.norm(values[:, 4:], axis=1)
    if (np.abs(norm - 1.0) > 1e-2).any():
        worst = int(np.argmax(np.abs(norm - 1.0)))
        raise SpecError(f"pose {worst} has a quaternion of length {norm[worst]:.3g}, not 1; the order is qx qy qz qw")
    world_from_camera = np.tile(np.eye(4), (len(values), 1, 1))
    world_from_camera[:, :3, :3] = Rotation.from_quat(values[:, 4:]).as_matrix()
    world_from_camera[:, :3, 3] = values[:, 1:4]
    return _recording(world_from_camera, np.zeros(len(values)), values[:, 0])


def _rigid(poses: Float64[np.ndarray, "N 4 4"]) -> Float64[np.ndarray, "N 4 4"]:
    """Check rotations, then make them exactly so: files give as few as five digits."""
    validate_rotations(poses, tolerance=1e-4)
    u, _, vt = np.linalg.svd(poses[:, :3, :3])
    out = poses.copy()
    out[:, :3, :3] = u @ vt
    return out


def _recording(
    world_from_camera: Float64[np.ndarray, "N 4 4"],
    ln_focal: Float64[np.ndarray, " N"],
    times_s: Float64[np.ndarray, " N"],
) -> Recording:
    step = np.diff(times_s)
    if (step <= 0).any() and (step != 0).any():
        pose = int(np.argmax(step <= 0)) + 1
        raise SpecError(f"pose {pose} is at {times_s[pose]:g} s, not after the one before it; sort the file by time")
    timed = None if (step == 0).all() else times_s - times_s[0]
    return Recording(relative_poses(world_from_camera), ln_focal, timed)


def _sampled(params: Playback, video: VideoShape) -> tuple[Float64[np.ndarray, "T 4 4"], Float64[np.ndarray, " T"]]:
    """Resample to the clip's times by cubics (of centres, quaternions and ln f), relative to its first frame."""
    recording = read_recording(params.file)
    times = recording.times_s
    times = np.linspace(0.0, 1.0, len(recording.ln_focal)) if times is None else times / times[-1]
    quats = Rotation.from_matrix(recording.world_from_camera[:, :3, :3]).as_quat()
    turned = np.cumprod(np.append(1.0, np.where((quats[1:] * quats[:-1]).sum(1) < 0, -1.0, 1.0)))
    signals = np.column_stack([recording.world_from_camera[:, :3, 3], quats * turned[:, None], recording.ln_focal])
    done = np.clip((np.arange(video.frames) - params.begin) / (params.end - params.begin), 0.0, 1.0)
    first, last = params.share
    at = np.asarray(CubicSpline(times, signals, bc_type="natural")(first + (last - first) * done))
    poses = np.tile(np.eye(4), (video.frames, 1, 1))
    poses[:, :3, :3] = Rotation.from_quat(at[:, 3:7]).as_matrix()
    poses[:, :3, 3] = at[:, :3]
    return relative_poses(poses), at[:, 7] - at[0, 7]
