"""A contact sheet is read from the tars alone."""

import io
from pathlib import Path

import pytest
from PIL import Image
from sets import write_set

from camera_motion.builder.sheet import contact_sheet
from camera_motion.schema.base import SpecError


def test_a_built_set_is_drawn(tmp_path: Path) -> None:
    root = write_set(tmp_path)
    all_clips, one = (Image.open(io.BytesIO(contact_sheet(root, clips=n))) for n in (4, 1))
    assert all_clips.height > one.height
    assert all_clips.width > one.width


def test_a_folder_without_clips_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="holds no clips"):
        contact_sheet(tmp_path)
