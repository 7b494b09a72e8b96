"""Clips of a set as its card and figures need them: spread over the set, from the Parquet view without videos."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float64

from camera_motion.builder.audit import clip_of
from camera_motion.builder.cameras import ARRAYS, unpack_cameras
from camera_motion.builder.parquet import FOLDERS
from camera_motion.builder.shard import read_tar
from camera_motion.builder.store import Store
from camera_motion.cards.example import TRACKED_WITHIN_PX, project, rounded, turn_deg
from camera_motion.cards.facts import Example, Range, Sampled
from camera_motion.cards.figures import Shot
from camera_motion.evaluation.tracks import COLUMNS, Tracks, from_array
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory, invert
from camera_motion.schema.receipt import Receipt

#: More clips than this tell a figure nothing more.
MOST: Final = 2000
#: What is read of a clip, beside its cameras.
SCALARS: Final = (
    *("key", "split", "width", "height", "main_motion", "camera_motion", "speed", "camera_scale", "path_length_m"),
    *("focal_ratio", "vtss_score", "motion_segments", "checks"),
)
#: How far from the middle it may be, as a share of the picture.
CENTRAL: Final = 0.35
#: How far away a corner of the worked example may be.
NEAR_M: Final = (1.0, 15.0)


def sample(root: Path, most: int = MOST) -> list[Shot]:
    """Read at most `most` clips of a set, evenly spread over all of its splits, in the order of their keys.

    Raises:
        SpecError: the set has no Parquet view, or a file of it is damaged.
    """
    import pyarrow as pa

    paths = sorted((root / "metadata").glob("*.parquet"))
    if not paths:
        raise SpecError(
            f"{root} holds no metadata/*.parquet; write the Parquet view first: camera-motion parquet {root}"
        )
    try:
        shots = [_shot(row) for row in _rows(paths, most)]
    except (pa.ArrowException, ValueError, KeyError, TypeError, OSError) as error:
        raise SpecError(
            f"the Parquet view in {root} is damaged: {str(error).splitlines()[0]}; {write_again(root)}"
        ) from None
    return sorted(shots, key=lambda shot: shot.key)


def write_again(root: Path) -> str:
    """Say how to make a damaged view anew: files that state the right tars are otherwise kept."""
    return f"remove {', '.join(FOLDERS.values())} from {root}, then: camera-motion parquet {root}"


def _rows(paths: Sequence[Path], most: int) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    files = [pq.ParquetFile(path) for path in paths]
    total = sum(file.metadata.num_rows for file in files)
    wanted = set(np.unique(np.linspace(0, total - 1, min(most, total)).round().astype(int)).tolist())
    number = 0
    for file in files:
        for batch in file.iter_batches(batch_size=256, columns=[*SCALARS, "cameras"]):
            here = [i for i in range(batch.num_rows) if number + i in wanted]
            number += batch.num_rows
            yield from batch.take(here).to_pylist()


def _shot(row: dict[str, Any]) -> Shot:
    cameras = unpack_cameras(row["cameras"])
    intrinsics, extrinsics = (cameras[name].astype(np.float64) for name in ARRAYS)
    segments = tuple((s["motion"], s["magnitude"], s["unit"], s["speed"]) for s in row["motion_segments"])
    return Shot(
        **{name: row[name] for name in SCALARS if name not in ("camera_motion", "motion_segments")},
        motions=tuple(row["camera_motion"]),
        segments=segments,
        trajectory=Trajectory(invert(extrinsics), intrinsics, 1.0),
    )


def sampled(shots: Sequence[Shot]) -> Sampled:
    """Sum up what the manifest does not hold."""
    scores = [shot.vtss_score for shot in shots if shot.vtss_score is not None]
    return Sampled(
        clips=len(shots),
        focal=_range([float(shot.trajectory.intrinsics[0, 0]) for shot in shots]),
        camera_scale=_range([shot.camera_scale for shot in shots]),
        path_length_m=_range([shot.path_length_m for shot in shots]),
        vtss=_range(scores) if scores else None,
        vtss_clips=len(scores),
    )


def _range(numbers: Sequence[float]) -> Range:
    return Range(low=min(numbers), median=float(np.median(numbers)), high=max(numbers))


def example_of(root: Path, receipts: Sequence[Receipt], shots: Sequence[Shot]) -> Example:
    """Choose two frames of a clip that pans right and goes somewhere, and a corner that was tracked between them.

    Where there is no tar, and so no evidence, the point is one in front of the camera.
    """
    shot = min(shots, key=lambda shot: (*_unfit(shot), shot.key))
    size, tracks = (shot.width, shot.height), _evidence(root, receipts, shot.key)
    w2c, lens = shot.trajectory.camera_from_world, shot.trajectory.intrinsics
    frames, point, tracked = _corner(w2c, lens, tracks, size)
    chosen = list(frames)
    return rounded(
        Example(
            key=shot.key,
            split=shot.split,
            motions=shot.motions,
            frames=frames,
            size=size,
            intrinsics=tuple(map(tuple, lens[chosen].tolist())),  # type: ignore[arg-type]
            w2c=tuple(tuple(map(tuple, pose)) for pose in w2c[chosen].tolist()),  # type: ignore[arg-type]
            point_m=tuple(point.tolist()),
            tracked_px=tracked,
        )
    )


def _unfit(shot: Shot) -> tuple[bool, bool, bool, int]:
    """Rank clips for the example: a pan to the right with a translation, no shaking, as few motions as possible."""
    return (
        "pan_right" not in shot.motions,
        shot.camera_scale < 0.3,
        "handheld" in shot.motions or any(word.startswith(("roll", "zoom", "dolly_zoom")) for word in shot.motions),
        len(shot.motions),
    )


def _evidence(root: Path, receipts: Sequence[Receipt], key: str) -> Tracks | None:
    """Read a clip's tracks from its tar, if it is there and has any that make sense."""
    name = next((receipt.name for receipt in receipts if key in receipt.keys), "")
    try:
        files = next(files for found, files in read_tar(Store(root).tar(name)) if found == key)
        rows = clip_of(key, files).tracks
        if rows.ndim != 2 or rows.shape[1] != len(COLUMNS) or not len(rows):
            return None
        return from_array(rows)
    except (StopIteration, ValueError):  # no tar, no such clip, or a file of tracks that is none
        return None


def _corner(
    w2c: Float64[np.ndarray, "T 4 4"], lens: Float64[np.ndarray, "T 4"], tracks: Tracks | None, size: tuple[int, int]
) -> tuple[tuple[int, int], Float64[np.ndarray, "3"], tuple[tuple[float, float], tuple[float, float]] | None]:
    """Choose two frames, a point that both see, and where it was tracked.

    Of the tracked pairs that with the largest pan is taken, of its corners one of middling error: no showpiece.
    """
    if tracks is not None and max(tracks.start.max(), tracks.end.max()) < len(w2c):
        corners = _corners(w2c, lens, tracks, size)
        if corners:
            pair = max({(a, b) for a, b, *_ in corners}, key=lambda pair: (abs(turn_deg(w2c[list(pair)])), pair))
            ranked = sorted((c for c in corners if c[:2] == pair), key=lambda corner: corner[2])
            _, _, _, point, before, after = ranked[len(ranked) // 2]
            return pair, point, (before, after)
    frames = (0, len(w2c) - 1)
    for distance_m in (5.0, 20.0, 100.0):  # something that the last frame sees too, if there is
        point = invert(w2c[:1])[0] @ np.array([0.0, 0.0, distance_m, 1.0])
        if (w2c[-1] @ point)[2] > 0.1:
            return frames, point[:3], None
    return (0, 0), (invert(w2c[:1])[0] @ np.array([0.0, 0.0, 5.0, 1.0]))[:3], None


def _corners(
    w2c: Float64[np.ndarray, "T 4 4"], lens: Float64[np.ndarray, "T 4"], tracks: Tracks, size: tuple[int, int]
) -> list[Any]:
    """List corners near enough and tracked well: the earlier frame, the later one, error, point, where it was seen."""
    found = []
    for i in range(len(tracks)):
        start, end, depth_m = int(tracks.start[i]), int(tracks.end[i]), float(tracks.depths_m[i])
        if tracks.classes[i] or start == end or not NEAR_M[0] < depth_m < NEAR_M[1]:
            continue
        ray = (tracks.from_px[i] / size - lens[start, 2:]) / lens[start, :2]
        point = (invert(w2c[start : start + 1])[0] @ np.array([*(ray * depth_m), depth_m, 1.0]))[:3]
        order = sorted([(start, tracks.from_px[i]), (end, tracks.to_px[i])], key=lambda seen: seen[0])
        pair = [frame for frame, _ in order]
        pixels, depths = project(w2c[pair], lens[pair], point, size)
        seen = np.stack([place for _, place in order])
        error = float(np.linalg.norm(pixels - seen, axis=1).max())
        inside = np.abs(seen / size - 0.5).max() < CENTRAL
        if depths.min() > 0 and error < TRACKED_WITHIN_PX / 2 and inside:
            found.append((*pair, error, point, tuple(seen[0].tolist()), tuple(seen[1].tolist())))
    return found
