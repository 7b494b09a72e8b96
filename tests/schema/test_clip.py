"""The record of a clip."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from camera_motion.schema.clip import Checks, ClipRecord, Quality, SegmentRecord
from camera_motion.schema.columns import CHECK_FIELDS, COLUMNS, QUALITY_FIELDS, SEGMENT_FIELDS


def record(**changes: Any) -> ClipRecord:
    """Make a right record of a nine-frame pan, with `changes`."""
    segment = SegmentRecord(start_frame=0, end_frame=8, motion="pan_left", magnitude=12.3, unit="deg", speed="slow")
    fields: dict[str, Any] = {
        "key": "cm-demo-000000",
        "short_caption": "a courtyard, camera pans left",
        "long_caption": "a sunlit courtyard, camera pans left slowly",
        "scene_caption": "a courtyard",
        "camera_caption": "the camera pans left",
        "camera_scale": 0.0,
        "camera_motion": ("pan_left",),
        "main_motion": "pan_left",
        "speed": "slow",
        "pan_deg": -12.3,
        "tilt_deg": 0.0,
        "roll_deg": 0.0,
        "path_length_m": 0.0,
        "focal_ratio": 1.0,
        "motion_segments": (segment,),
        "fps": 24.0,
        "width": 512,
        "height": 320,
        "num_frames": 9,
        "scene": "courtyard",
        "scene_id": "cm-demo-s00000",
        "source": "procedural",
        "split": "train",
        "take_id": "cm-demo-t000000",
        "camera_id": "a",
        "checks": Checks(**{field.name: 0.125 for field in CHECK_FIELDS}),
        "quality": Quality(**{field.name: 0.5 for field in QUALITY_FIELDS}),
        "seed": 2**53 - 1,
        "spec_identity": "0123456789abcdef",
        "licence": "CC-BY-4.0",
        "redistributable": True,
        "provenance": '{"candidate":0}',
    }
    return ClipRecord(**(fields | changes))


def test_the_record_and_the_table_name_the_same_columns() -> None:
    assert list(ClipRecord.model_fields) == [column.name for column in COLUMNS if column.in_json]
    for model, fields in ((SegmentRecord, SEGMENT_FIELDS), (Checks, CHECK_FIELDS), (Quality, QUALITY_FIELDS)):
        assert list(model.model_fields) == [field.name for field in fields]


def test_json_round_trip_keeps_the_row() -> None:
    text = record().to_json()
    assert ClipRecord.from_json(text).row() == record().row()
    assert ClipRecord.from_json(text).to_json() == text


def test_json_has_no_null_and_floats_are_floats() -> None:
    text = record(pan_deg=-12).to_json()
    fields = json.loads(text)
    assert b"null" not in text
    assert "vtss_score" not in fields
    assert isinstance(fields["pan_deg"], float)
    assert isinstance(fields["seed"], int)
    assert json.loads(record(vtss_score=3).to_json())["vtss_score"] == 3.0


@pytest.mark.parametrize(
    "changes",
    [
        {"key": "v1.0-000000"},
        {"key": "a/b"},
        {"pan_deg": float("nan")},
        {"camera_motion": ()},
        {"motion_segments": ()},
        {"main_motion": "pan_right"},
        {"num_frames": 8},
        {"short_caption": ""},
        {"seed": 2**53},
        {"split": "dev"},
        {"provenance": "[]"},
        {"pose_source": "guessed"},
        {"surprise": 1},
    ],
)
def test_wrong_records_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        record(**changes)
