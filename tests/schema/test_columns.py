"""The table of columns and the one cast."""

import numpy as np
import pytest

from camera_motion.schema import columns
from camera_motion.schema.columns import BY_NAME, COLUMNS, MEMBERS, cast, json_schema

SEGMENT = {"start_frame": 0, "end_frame": 8, "motion": "pan_left", "magnitude": 12.5, "unit": "deg", "speed": "slow"}


def test_floats_become_what_float32_holds_and_stay_floats() -> None:
    row = cast({"align_factor": 1, "pan_deg": 0.6038418470063296, "fps": np.float64(24)})
    assert row["align_factor"] == 1.0
    assert all(type(row[name]) is float for name in ("align_factor", "pan_deg", "fps"))
    assert row["pan_deg"] == 0.6038418412208557
    assert cast(row) == row


def test_the_unknown_score_is_none_and_the_order_is_the_tables() -> None:
    row = cast({"video": b"x", "key": "a"})
    assert list(row.items()) == [("key", "a"), ("vtss_score", None), ("video", b"x")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"pan_deg": float("nan")}, "pan_deg is nan"),
        ({"pan_deg": 1e39}, "pan_deg"),
        ({"pan_deg": True}, "pan_deg is True"),
        ({"width": 512.0}, "width is 512.0"),
        ({"width": 2**31}, "width"),
        ({"seed": 2**53}, "seed is 9007199254740992"),
        ({"redistributable": 1}, "redistributable is 1"),
        ({"camera_motion": []}, "camera_motion must be a list with at least one entry"),
        ({"camera_motion": "pan_left"}, "camera_motion must be a list"),
        ({"scene": None}, "scene is null"),
        ({"motion_segments": [SEGMENT | {"magnitude": "far"}]}, r"motion_segments\[0\].magnitude is 'far'"),
        ({"motion_segments": [SEGMENT | {"extra": 1}]}, "odd: extra"),
        (
            {"camera_intrinsics": np.zeros((8, 4)), "num_frames": 9},
            r"camera_intrinsics has shape \[8, 4\], not \[9, 4\]",
        ),
        ({"camera_extrinsics": np.full((9, 4, 4), np.inf)}, "not finite"),
        ({"camera_pose": 1}, "unknown column 'camera_pose'"),
    ],
)
def test_what_the_contract_forbids_is_named(row: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cast(row)


def test_arrays_are_float32_with_a_row_per_frame() -> None:
    poses = np.tile(np.eye(4), (9, 1, 1)) * (1 / 3)
    row = cast({"camera_extrinsics": poses.tolist(), "num_frames": 9})
    assert row["camera_extrinsics"].dtype == np.float32
    np.testing.assert_array_equal(row["camera_extrinsics"], poses.astype(np.float32))


def test_names_are_unique_have_no_dots_and_every_column_says_what_it_is() -> None:
    every = [*COLUMNS, *columns.SEGMENT_FIELDS, *columns.CHECK_FIELDS, *columns.QUALITY_FIELDS]
    assert len(BY_NAME) == len(COLUMNS)
    assert all("." not in column.name and column.doc for column in every)
    assert [column.name for column in COLUMNS if column.nullable] == ["vtss_score"]


def test_members_hold_every_column_once() -> None:
    assert set(MEMBERS) >= {"mp4", "json", "camera_extrinsics.npy", "camera_intrinsics.npy", "tracks.npy"}
    assert list(MEMBERS) == sorted(MEMBERS)
    assert all(column.in_json or column.member in MEMBERS for column in COLUMNS)


def test_json_schema_describes_structs_and_lists() -> None:
    schema = json_schema()
    assert "vtss_score" in schema["properties"]
    assert "vtss_score" not in schema["required"]
    assert "video" not in schema["properties"]
    segments = schema["properties"]["motion_segments"]
    assert segments["minItems"] == 1
    assert segments["items"]["properties"]["start_frame"]["type"] == "integer"
    assert schema["properties"]["pan_deg"]["description"].endswith("[deg]")
