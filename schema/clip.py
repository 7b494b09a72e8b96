"""One clip: its record (every scalar and list column, checked) and the finished clip with video and arrays."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Float32, Float64
from pydantic import Field, field_validator, model_validator

from camera_motion.schema.base import Model
from camera_motion.schema.columns import MAX_INT, cast

Text = Annotated[str, Field(min_length=1)]
#: A clip's id: `webdataset` readers end the key at the first dot, so it has none, and no folder either.
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]


class SegmentRecord(Model):
    """One stretch of one motion; frames are inclusive."""

    start_frame: Annotated[int, Field(ge=0)]
    end_frame: Annotated[int, Field(ge=0)]
    motion: Text
    magnitude: float
    unit: str
    speed: Text


class Checks(Model):
    """What the gate found on the decoded video (units and meanings: `schema.columns.CHECK_FIELDS`)."""

    residual_px: float
    motion_px: float
    tracks: float
    focal: float
    focal_sigma: float
    focal_observable: float
    zoom: float
    zoom_sigma: float
    zoom_observable: float
    rotation: float
    rotation_sigma: float
    rotation_observable: float
    translation: float
    translation_sigma: float
    translation_observable: float
    time: float
    time_sigma: float
    time_observable: float
    holes: float


class Quality(Model):
    """Plain measures of the decoded video (units and meanings: `schema.columns.QUALITY_FIELDS`)."""

    sharpness: float
    blur: float
    flicker: float
    warp_residual: float
    jerk: float
    duplicate_frames: float
    clipped_high: float
    clipped_low: float
    luma: float
    contrast: float
    colourfulness: float


class ClipRecord(Model):
    """Every column of `schema.columns.COLUMNS` but the video and the arrays.

    Raises:
        ValidationError: a key with a dot, a NaN, an empty list or text, a segment beyond the last frame, a main
            motion that is not among the motions.
    """

    key: Key
    short_caption: Text
    long_caption: Text
    scene_caption: Text
    camera_caption: Text
    align_factor: Annotated[float, Field(gt=0)] = 1.0
    camera_scale: Annotated[float, Field(ge=0)]
    vtss_score: float | None = None
    camera_motion: Annotated[tuple[Text, ...], Field(min_length=1)]
    main_motion: Text
    speed: Literal["slow", "regular", "fast"]
    pan_deg: float
    tilt_deg: float
    roll_deg: float
    path_length_m: Annotated[float, Field(ge=0)]
    focal_ratio: Annotated[float, Field(gt=0)]
    motion_segments: Annotated[tuple[SegmentRecord, ...], Field(min_length=1)]
    fps: Annotated[float, Field(gt=0)]
    width: Annotated[int, Field(gt=0)]
    height: Annotated[int, Field(gt=0)]
    num_frames: Annotated[int, Field(gt=0)]
    scene: Text
    scene_id: Key
    character: Text = "none"
    source: Text
    split: Literal["train", "test"]
    take_id: Key
    camera_id: Text
    pose_source: Annotated[str, Field(pattern=r"^(exact|estimated:.+)$")] = "exact"
    checks: Checks
    quality: Quality
    seed: Annotated[int, Field(ge=0, lt=MAX_INT)]
    spec_identity: Text
    licence: Text
    redistributable: bool
    provenance: Text

    @field_validator("provenance")
    @classmethod
    def _is_json(cls, text: str) -> str:
        if not isinstance(json.loads(text), dict):
            raise ValueError("provenance must be a JSON object")
        return text

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "ClipRecord":
        if self.main_motion not in self.camera_motion:
            raise ValueError(f"main_motion {self.main_motion!r} is not in camera_motion {list(self.camera_motion)}")
        for segment in self.motion_segments:
            if not segment.start_frame <= segment.end_frame < self.num_frames:
                raise ValueError(
                    f"a segment covers frames {segment.start_frame} to {segment.end_frame} of {self.num_frames}"
                )
        return self

    def row(self) -> dict[str, Any]:
        """Give the record's columns in the contract's types and order (`schema.columns.cast`)."""
        return cast(self.model_dump(mode="python"))

    def to_json(self) -> bytes:
        """Write `KEY.json`: the cast row as one line; a float always has a point, an unknown vtss_score is absent."""
        row = {name: value for name, value in self.row().items() if value is not None}
        return json.dumps(row, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()

    @classmethod
    def from_json(cls, text: bytes | str) -> "ClipRecord":
        """Read `KEY.json` back.

        Raises:
            ValidationError: it is not the JSON of a record.
        """
        return cls.model_validate_json(text)


@dataclass(frozen=True)
class FilmedClip:
    """A finished clip: its record, its video, and the arrays with a row per frame.

    `camera_extrinsics` is w2c in float64, `camera_intrinsics` normalised; `tracks` is the gate's evidence
    (`evaluation.tracks`).
    """

    record: ClipRecord
    video: bytes
    camera_extrinsics: Float64[np.ndarray, "T 4 4"]
    camera_intrinsics: Float32[np.ndarray, "T 4"]
    tracks: Float32[np.ndarray, "..."]

    def row(self) -> dict[str, Any]:
        """Give the clip as a row of the set: every column in the contract's types and order."""
        arrays = {"camera_extrinsics": self.camera_extrinsics, "camera_intrinsics": self.camera_intrinsics}
        return cast(self.record.model_dump(mode="python") | arrays | {"video": self.video})


@dataclass(frozen=True)
class Rejection:
    """A candidate of the clip `key` that will not do; `attempt` counts from 0."""

    key: str
    attempt: int
    reason: str


@dataclass(frozen=True)
class Spent:
    """Where the time of filming went: seconds of threads by step (place, sample, render, encode, gate, annotate)."""

    seconds: Mapping[str, float]
