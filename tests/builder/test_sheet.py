"""A contact sheet is read from the tars alone."""

import io
from pathlib import Path

import pytest
from PIL import Image
from sets import write_set

from camera_motion.builder.sheet import _segment, contact_sheet
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import SegmentRecord


def test_a_built_set_is_drawn(tmp_path: Path) -> None:
    root = write_set(tmp_path)
    all_clips, one = (Image.open(io.BytesIO(contact_sheet(root, clips=n))) for n in (4, 1))
    assert all_clips.height > one.height
    assert all_clips.width > one.width


def test_a_folder_without_clips_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="holds no clips"):
        contact_sheet(tmp_path)


def test_a_zoom_is_named_by_what_the_focal_length_is_multiplied_by() -> None:
    zoom = {"start_frame": 0, "end_frame": 9, "magnitude": 0.478, "unit": "ln f", "speed": "fast"}
    assert _segment(SegmentRecord(motion="zoom_in", **zoom)) == "zoom_in x 1.61 fast"
    assert _segment(SegmentRecord(motion="zoom_out", **zoom)) == "zoom_out x 0.62 fast"
