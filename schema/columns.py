"""The one table of columns: what a row of the set holds, from which every other form is derived.

The Arrow schema, `datasets.Features`, the members of a tar, the JSON Schema and the card's table are all read off
`COLUMNS`. `cast` brings a row to the contract's types and is the only place that does: tars, the stream, the
generator and Parquet hold the same values bit for bit, because all of them pass through it.

A row has no NaN, no empty list and no null but `vtss_score`. In a tar that one is *absent* from `KEY.json` while no
score is known (a JSON null would make the `webdataset` builder infer a null column and fail on the first number):
readers supply None.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from jaxtyping import Float32

Kind = Literal["string", "bool", "int32", "int64", "float32", "video", "struct"]

#: Integers beyond this are not exact in JSON readers that hold numbers as doubles.
MAX_INT: Final = 2**53


@dataclass(frozen=True)
class Column:
    """One column: its type, unit and meaning.

    `shape` is () for a scalar, ("N",) for a list that is never empty, and ("T", 4) or ("T", 4, 4) for arrays with a
    row per frame. `fields` are the members of a struct. `member` is the suffix of its own file in the tar, `stored`
    that file's dtype where it is wider than the row's; columns without a member live in `KEY.json`.
    """

    name: str
    kind: Kind
    doc: str
    unit: str = ""
    shape: tuple[int | str, ...] = ()
    fields: tuple["Column", ...] = ()
    nullable: bool = False
    member: str = ""
    stored: str = ""

    @property
    def is_array(self) -> bool:
        """Whether the column has a row per frame and its own `.npy` in the tar."""
        return self.member.endswith(".npy")

    @property
    def in_json(self) -> bool:
        """Whether `KEY.json` holds it: every scalar and list column, captions too."""
        return self.kind != "video" and not self.is_array


def _numbers(*rows: tuple[str, str, str]) -> tuple[Column, ...]:
    return tuple(Column(name, "float32", doc, unit) for name, unit, doc in rows)


SEGMENT_FIELDS: Final = (
    Column("start_frame", "int32", "first frame of the segment"),
    Column("end_frame", "int32", "last frame of the segment, included"),
    Column("motion", "string", "motion id"),
    Column("magnitude", "float32", "how far it went, in `unit`"),
    Column("unit", "string", "deg, m, ln f, or empty"),
    Column("speed", "string", "slow, regular or fast"),
)

#: The gate's fitted corrections: what would have to be changed in the annotation to explain the pixels.
CHECK_FIELDS: Final = _numbers(
    ("residual_px", "px", "median distance between tracked corners and their prediction"),
    ("motion_px", "px", "median length of the tracked corners' motion"),
    ("tracks", "", "number of corner tracks used"),
    ("focal", "", "fitted correction of the focal length, relative"),
    ("focal_sigma", "", "its standard deviation, predicted before the pixels are seen"),
    ("focal_observable", "", "1 where the move makes it observable, else 0 and the correction is 0"),
    ("zoom", "", "fitted correction of how far ln f departs from its first value, relative"),
    ("zoom_sigma", "", "its predicted standard deviation"),
    ("zoom_observable", "", "1 or 0, as above"),
    ("rotation", "", "fitted correction of the rotation's gain, relative"),
    ("rotation_sigma", "", "its predicted standard deviation"),
    ("rotation_observable", "", "1 or 0, as above"),
    ("translation", "", "fitted correction of the translation's gain, relative"),
    ("translation_sigma", "", "its predicted standard deviation"),
    ("translation_observable", "", "1 or 0, as above"),
    ("time", "frames", "fitted shift in time"),
    ("time_sigma", "frames", "its predicted standard deviation"),
    ("time_observable", "", "1 or 0, as above"),
    ("holes", "", "share of pixels that no splat covers"),
)

#: Plain measures of the decoded video; never a learned score.
QUALITY_FIELDS: Final = _numbers(
    ("sharpness", "", "variance of the Laplacian, median over frames"),
    ("blur", "", "Crete blur measure, 0 sharp to 1 blurred"),
    ("flicker", "", "change of brightness left after motion compensation"),
    ("warp_residual", "", "grey levels left after warping frame to frame, median"),
    ("jerk", "", "irregularity of the motion from frame to frame"),
    ("duplicate_frames", "", "share of frames that repeat the one before"),
    ("clipped_high", "", "share of pixels at white"),
    ("clipped_low", "", "share of pixels at black"),
    ("luma", "", "mean brightness, 0 to 1"),
    ("contrast", "", "standard deviation of brightness"),
    ("colourfulness", "", "Hasler and Suesstrunk's measure"),
)

COLUMNS: Final = (
    Column("key", "string", "clip id, also the key in the tar; no dots"),
    Column(
        "short_caption", "string", "scene, character and camera, at most 77 CLIP tokens", member="short_caption.txt"
    ),
    Column("long_caption", "string", "scene, character and camera, at most 226 T5 tokens", member="long_caption.txt"),
    Column("scene_caption", "string", "what is seen; nothing of the camera"),
    Column("camera_caption", "string", "what the camera does; nothing of the scene"),
    Column(
        "camera_intrinsics",
        "float32",
        "fx/W, fy/H, cx/W, cy/H for every frame",
        shape=("T", 4),
        member="camera_intrinsics.npy",
        stored="float32",
    ),
    Column(
        "camera_extrinsics",
        "float32",
        "w2c (camera_from_world) for every frame, OpenCV axes; float64 in the tar",
        unit="m",
        shape=("T", 4, 4),
        member="camera_extrinsics.npy",
        stored="float64",
    ),
    Column("align_factor", "float32", "stored units to metres: C_metric = align_factor * C; 1 for generated clips"),
    Column("camera_scale", "float32", "largest distance of the camera from its first position, in stored units"),
    Column("vtss_score", "float32", "Koala-36M's training suitability score, null where not run", nullable=True),
    Column("camera_motion", "string", "the motions present, measured", shape=("N",)),
    Column("main_motion", "string", "the leading one of them"),
    Column("speed", "string", "slow, regular or fast, of the main motion"),
    Column("pan_deg", "float32", "total pan, right positive", unit="deg"),
    Column("tilt_deg", "float32", "total tilt, up positive", unit="deg"),
    Column("roll_deg", "float32", "total roll, clockwise positive", unit="deg"),
    Column("path_length_m", "float32", "length of the camera's path", unit="m"),
    Column("focal_ratio", "float32", "last focal length over the first"),
    Column("motion_segments", "struct", "when each motion happens and how far", shape=("N",), fields=SEGMENT_FIELDS),
    Column("fps", "float32", "frames per second", unit="1/s"),
    Column("width", "int32", "width of the video", unit="px"),
    Column("height", "int32", "height of the video", unit="px"),
    Column("num_frames", "int32", "T, the number of frames"),
    Column("scene", "string", "family of the scene"),
    Column("scene_id", "string", "the scene; no scene is in two splits"),
    Column("character", "string", "who is in the scene, or none"),
    Column("source", "string", "where the scene comes from: procedural, splat_file"),
    Column("split", "string", "train or test"),
    Column("take_id", "string", "shared by cameras that film the same instants of the same scene"),
    Column("camera_id", "string", "which camera of the take"),
    Column("pose_source", "string", "exact, or estimated:<method>"),
    Column("checks", "struct", "the gate's findings on the decoded video", fields=CHECK_FIELDS),
    Column("quality", "struct", "plain measures of the decoded video", fields=QUALITY_FIELDS),
    Column("seed", "int64", "the clip's own seed, below 2^53"),
    Column("spec_identity", "string", "hash of the spec's content, the generator's version, renderer and encoder"),
    Column("licence", "string", "licence of the clip"),
    Column("redistributable", "bool", "whether that licence lets the clip be passed on"),
    Column("provenance", "string", "JSON: all that is needed to make the clip again"),
    Column("video", "video", "the clip, mp4; frame k is row k of the arrays", member="mp4"),
)

BY_NAME: Final = {column.name: column for column in COLUMNS}

#: The gate's evidence, in the tar beside the columns: see `evaluation.tracks`.
TRACKS_MEMBER: Final = "tracks.npy"

#: Suffixes of a sample's files, in the order in which they stand in the tar. A lossless video is `mkv`, not `mp4`.
MEMBERS: Final = tuple(sorted([c.member for c in COLUMNS if c.member] + ["json", TRACKS_MEMBER]))


def video_suffix(video: bytes) -> str:
    """Tell a video's member by its first bytes: `mkv` for Matroska (lossless FFV1), `mp4` for all else."""
    return "mkv" if video.startswith(b"\x1a\x45\xdf\xa3") else "mp4"


def members(video: bytes) -> tuple[str, ...]:
    """Give the suffixes of a sample with this video, in the order of the tar."""
    return tuple(video_suffix(video) if suffix == "mp4" else suffix for suffix in MEMBERS)


def cast(row: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a row to the contract's types, in the table's order.

    Numbers become Python numbers that the column's type holds exactly, arrays float32 numpy arrays, `video` stays
    the bytes it is. A `row` without some columns (no video, say) gives a row without them; a missing `vtss_score` is
    None.

    Raises:
        ValueError: an unknown column, a NaN, an empty list, a shape or a number that its type cannot hold.
    """
    if unknown := set(row) - set(BY_NAME):
        raise ValueError(f"unknown column {min(unknown)!r}")
    frames = row.get("num_frames")
    out: dict[str, Any] = {}
    for column in COLUMNS:
        if column.name in row or column.nullable:
            out[column.name] = _cast_column(column, row.get(column.name), frames)
    return out


def _cast_column(column: Column, value: Any, frames: int | None) -> Any:
    if value is None:
        if column.nullable:
            return None
        raise ValueError(f"{column.name} is null")
    if column.is_array:
        return _cast_array(column, value, frames)
    if not column.shape:
        return _cast_scalar(column, value, column.name)
    if isinstance(value, str) or len(value) == 0:
        raise ValueError(f"{column.name} must be a list with at least one entry, not {value!r}")
    return [_cast_scalar(column, entry, f"{column.name}[{i}]") for i, entry in enumerate(value)]


def _cast_array(column: Column, value: Any, frames: int | None) -> Float32[np.ndarray, "T ..."]:
    array = np.asarray(value, dtype=np.float32)
    if array.shape[1:] != column.shape[1:] or len(array) == 0 or (frames is not None and len(array) != frames):
        wanted = [frames if frames is not None else "T", *column.shape[1:]]
        raise ValueError(f"{column.name} has shape {list(array.shape)}, not {wanted}")
    if not np.isfinite(array).all():
        raise ValueError(f"{column.name} holds a number that is not finite")
    return array


def _cast_scalar(column: Column, value: Any, path: str) -> Any:
    match column.kind:
        case "struct":
            return _cast_struct(column, value, path)
        case "string" if isinstance(value, str):
            return value
        case "video" if isinstance(value, bytes):
            return value
        case "bool" if isinstance(value, bool | np.bool_):
            return bool(value)
        case "float32" if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
            if abs(float(value)) <= float(np.finfo(np.float32).max):  # false for NaN too
                return float(np.float32(value))
        case "int32" | "int64" if isinstance(value, int | np.integer) and not isinstance(value, bool):
            limit = MAX_INT if column.kind == "int64" else 2**31
            if -limit <= value < limit:
                return int(value)
    raise ValueError(f"{path} is {value!r}, not a {column.kind}")


def _cast_struct(column: Column, value: Any, path: str) -> dict[str, Any]:
    fields = value if isinstance(value, Mapping) else vars(value)
    names = [field.name for field in column.fields]
    if set(fields) != set(names):
        odd = sorted(set(fields) ^ set(names))
        raise ValueError(f"{path} must have exactly the fields {', '.join(names)}; odd: {', '.join(odd)}")
    return {field.name: _cast_scalar(field, fields[field.name], f"{path}.{field.name}") for field in column.fields}


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of a sample's `KEY.json`."""
    columns = [column for column in COLUMNS if column.in_json]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One clip of a camera-motion set",
        "type": "object",
        "properties": {column.name: _json_type(column) for column in columns},
        "required": [column.name for column in columns if not column.nullable],
        "additionalProperties": False,
    }


def _json_type(column: Column) -> dict[str, Any]:
    entry: dict[str, Any]
    match column.kind:
        case "struct":
            properties = {field.name: _json_type(field) for field in column.fields}
            entry = {"type": "object", "properties": properties, "required": list(properties)}
            entry |= {"additionalProperties": False}
        case "int32" | "int64":
            entry = {"type": "integer"}
        case "float32":
            entry = {"type": "number"}
        case "bool":
            entry = {"type": "boolean"}
        case _:
            entry = {"type": "string"}
    if column.shape:
        entry = {"type": "array", "items": entry, "minItems": 1}
    return entry | {"description": f"{column.doc} [{column.unit}]" if column.unit else column.doc}
