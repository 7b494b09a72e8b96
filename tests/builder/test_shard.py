"""Tars: what generic WebDataset readers make of them, and bytes that follow from the clips alone."""

import hashlib
import io
import tarfile
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
import webdataset
from tiny import film, shoot, spec

from camera_motion.builder.audit import clip_of
from camera_motion.builder.places import Hashed
from camera_motion.builder.plan import plan
from camera_motion.builder.reader import CameraMotion
from camera_motion.builder.run import build
from camera_motion.builder.shard import read_tar, write_tar
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import FilmedClip


@pytest.fixture(scope="module")
def tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    assert build(spec(clips=6, shard_clips=6, clips_per_scene=6), root, film, engine="serial").complete
    return next((root / "webdataset").iterdir())


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def test_datasets_infers_the_same_columns_from_every_sample(tar: Path) -> None:
    rows = datasets.load_dataset("webdataset", data_files=str(tar), split="train", streaming=True)
    rows = rows.cast_column("mp4", datasets.Video(decode=False))
    found = list(rows)
    assert len(found) == 6
    for row in found:
        assert row["json"]["key"] == row["__key__"]
        assert isinstance(row["json"]["pan_deg"], float)
        assert isinstance(row["json"]["seed"], int)
        assert row["json"]["motion_segments"][0]["motion"] == "pan_right"
        assert "vtss_score" not in row["json"]
        assert row["short_caption.txt"] == "noise, camera pans right"
        assert np.asarray(row["camera_extrinsics.npy"]).shape == (8, 4, 4)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # webdataset leaves closing to the collector
def test_webdataset_reads_the_samples_whole(tar: Path) -> None:
    found: list[dict[str, Any]] = list(webdataset.WebDataset(str(tar), shardshuffle=False).decode())
    assert [sample["__key__"] for sample in found] == [f"cm-tiny-{i:06d}" for i in range(6)]
    assert found[0]["camera_extrinsics.npy"].dtype == np.float64
    assert found[0]["json"]["key"] == "cm-tiny-000000"
    assert set(found[0]) - {"__key__", "__url__", "__local_path__"} == {
        "mp4",
        "json",
        "short_caption.txt",
        "long_caption.txt",
        "camera_intrinsics.npy",
        "camera_extrinsics.npy",
        "tracks.npy",
    }


def clips() -> list[FilmedClip]:
    scene = plan(spec()).shard(0).scenes[0]
    return [shoot(spec(), scene, clip) for clip in scene.clips]


def test_the_bytes_follow_from_the_clips_alone() -> None:
    files = [io.BytesIO(), io.BytesIO()]
    for file in files:
        write_tar(Hashed(file), clips())
    assert files[0].getvalue() == files[1].getvalue()
    hashed = Hashed(io.BytesIO())
    write_tar(hashed, clips())
    assert hashed.digest.digest() == hashlib.sha256(files[0].getvalue()).digest()
    assert hashed.size == len(files[0].getvalue())


def test_a_lossless_video_is_a_file_that_says_so(tmp_path: Path) -> None:
    lossless = spec(clips=2, clips_per_scene=2, encode={"codec": "ffv1"})
    assert build(lossless, tmp_path, film, engine="serial").complete
    (path,) = (tmp_path / "webdataset").iterdir()
    for key, files in read_tar(path):
        assert "mkv" in files
        assert "mp4" not in files
        assert clip_of(key, files).video == files["mkv"]
    rows = list(CameraMotion.stream(tmp_path, split=path.stem.partition("-")[0]))
    assert [row["video"]["path"] for row in rows] == ["cm-tiny-000000.mkv", "cm-tiny-000001.mkv"]


def test_what_is_no_tar_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(b"not a tar" * 1000)
    with pytest.raises(SpecError, match=r"is damaged: .*; remove it and build again"):
        list(read_tar(path))


def test_a_tar_cut_between_samples_ends_there(tmp_path: Path) -> None:
    # the reader cannot know of samples that are gone; the receipt's size and hash can
    file = io.BytesIO()
    write_tar(Hashed(file), clips())
    with tarfile.open(fileobj=io.BytesIO(file.getvalue())) as archive:
        third = next(member for member in archive if member.name.startswith("cm-tiny-000002"))
    path = tmp_path / "x.tar"
    path.write_bytes(file.getvalue()[: third.offset])
    assert [key for key, _ in read_tar(path)] == ["cm-tiny-000000", "cm-tiny-000001"]
