"""Files appear whole or not at all, and refusals of the system are one line."""

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest
from tiny import spec

from camera_motion.builder.places.disk import one_line, writing
from camera_motion.builder.store import Store
from camera_motion.schema.base import SpecError


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "file"
    with writing(path) as file:
        file.write(b"first, ")
        assert not path.exists()
        file.write(b"second")
    assert path.read_bytes() == b"first, second"
    assert (file.size, file.digest.hexdigest()) == (13, hashlib.sha256(b"first, second").hexdigest())
    assert [entry.name for entry in path.parent.iterdir()] == ["file"]


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway(path)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def fail_halfway(path: Path) -> None:
    with writing(path) as file:
        file.write(b"new")
        raise RuntimeError("halfway")


def test_only_files_are_written_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo"):
        with pytest.raises(SpecError, match="not a file"), writing(path):
            pass


@pytest.mark.parametrize(
    ("code", "todo"),
    [
        (errno.ENOSPC, "no space left on device; free some space and run again"),
        (errno.EACCES, "permission denied; choose another --out"),
        (errno.EROFS, "read-only file system; choose another --out"),
        (errno.EIO, "input/output error; check the disk and run again"),
    ],
)
def test_the_systems_refusals_are_one_line(code: int, todo: str) -> None:
    with pytest.raises(SpecError) as caught, one_line(Path("sets/mine")):
        raise OSError(code, os.strerror(code))
    assert str(caught.value).startswith(f"cannot write sets/mine: {todo}")
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_one_line() -> None:
    with pytest.raises(SpecError, match=r"cannot write /proc/mine/spec\.json: .*; choose another --out"):
        Store(Path("/proc/mine")).claim(spec())


def test_receipts_without_a_spec_are_not_taken_over(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.receipts.mkdir()
    (store.receipts / "train-000000.json").write_text("{}")
    with pytest.raises(SpecError, match=r"receipts but no spec\.json"):
        store.claim(spec())


@pytest.mark.parametrize(
    ("changed", "line"), [("7", "was changed: its content is not that of"), ("NaN", "is not the spec of a set")]
)
def test_a_set_whose_spec_was_changed_by_hand_is_refused_before_any_work(
    tmp_path: Path, changed: str, line: str
) -> None:
    store = Store(tmp_path)
    store.claim(spec())
    described = json.loads(store.spec_path.read_text())
    described["content"]["seed"] = float(changed)
    store.spec_path.write_text(json.dumps(described))
    with pytest.raises(SpecError, match=line):
        store.claim(spec())


def test_only_what_this_build_left_is_swept(tmp_path: Path) -> None:
    tars = tmp_path / "webdataset"
    tars.mkdir()
    ours, theirs = tars / ".train-000000.tar.0a1b2c3d.partial", tars / ".train-000001.tar.0a1b2c3d.partial"
    for path in (ours, theirs, tars / "train-000000.tar"):
        path.touch()
    Store(tmp_path).sweep({"train-000000"}, alone=False)
    assert sorted(tars.iterdir()) == [theirs, tars / "train-000000.tar"]


def test_a_slice_leaves_the_spec_that_another_is_writing(tmp_path: Path) -> None:
    half = tmp_path / ".spec.json.0a1b2c3d.partial"
    half.touch()
    Store(tmp_path).sweep({"train-000000"}, alone=False)
    assert half.exists()
    Store(tmp_path).sweep({"train-000000"}, alone=True)
    assert not half.exists()
