"""Validation: a right set is right, and every kind of damage is found and named."""

import json
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import film, film_truly, shoot, shoot_truly
from tiny import spec as tiny_spec

from camera_motion.builder.audit import audit, clip_of
from camera_motion.builder.places.disk import writing
from camera_motion.builder.plan import plan
from camera_motion.builder.run import build
from camera_motion.builder.shard import load_npy, members, npy, read_tar, sha256, write_tar
from camera_motion.builder.store import Store
from camera_motion.builder.validate import validate
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import FilmedClip
from camera_motion.schema.receipt import Receipt
from camera_motion.schema.spec import Spec


def spec() -> Spec:
    """Ask for clips that are large enough for the gate."""
    return tiny_spec(clips=4, video={"width": 192, "height": 128, "frames": 16, "fps": 8})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    assert build(spec(), root, film_truly, engine="serial").complete
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "set"))


def first(root: Path) -> Receipt:
    receipt = Store(root).read_receipt(plan(spec()).name(0))
    assert receipt is not None
    return receipt


def rewrite(root: Path, change: Callable[[FilmedClip], FilmedClip]) -> Receipt:
    """Change the first clip of the first shard, and make tar and receipt agree with one another again."""
    store, receipt = Store(root), first(root)
    clips = [clip_of(key, files) for key, files in read_tar(store.tar(receipt.name))]
    with writing(store.tar(receipt.name)) as file:
        write_tar(file, [change(clips[0]), *clips[1:]])
    receipt = receipt.model_copy(update={"tar_sha256": file.digest.hexdigest(), "tar_bytes": file.size})
    store.write_receipt(receipt)
    return receipt


def test_a_right_set_is_right(root: Path) -> None:
    report = validate(root)
    assert report.right
    assert (report.clips, report.shards) == (4, 2)


def test_a_tar_holds_exactly_what_was_filmed_under_fixed_headers(root: Path) -> None:
    receipt = first(root)
    path = Store(root).tar(receipt.name)
    scene = plan(spec()).shard(0).scenes[0]
    filmed = [shoot_truly(spec(), scene, clip) for clip in scene.clips[:2]]
    assert [files for _, files in read_tar(path)] == [members(clip) for clip in filmed]
    assert [key for key, _ in read_tar(path)] == list(receipt.keys)
    with tarfile.open(path, "r:") as archive:
        headers = archive.getmembers()
    assert {(h.mode, h.mtime, h.uid, h.gid, h.uname, h.gname) for h in headers} == {(0o644, 0, 0, 0, "", "")}
    assert [h.name for h in headers] == sorted(h.name for h in headers)
    assert path.stat().st_size % 10240 == 0
    assert sha256(path) == receipt.tar_sha256


def test_a_sample_is_read_back_as_it_was_written(root: Path) -> None:
    scene = plan(spec()).shard(0).scenes[0]
    clip = shoot(spec(), scene, scene.clips[0])
    again = clip_of(clip.record.key, members(clip))
    assert again.record.row() == clip.record.row()
    assert again.video == clip.video
    np.testing.assert_array_equal(again.camera_extrinsics, clip.camera_extrinsics)
    row = again.row()
    assert row["camera_extrinsics"].dtype == np.float32
    assert list(row)[-1] == "video"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda root, r: Store(root).receipt_path(r.name).unlink(), "not built yet"),
        (lambda root, r: Store(root).receipt_path(r.name).write_text("{"), "its receipt cannot be read"),
        (lambda root, r: Store(root).tar(r.name).unlink(), "its tar is gone"),
        (lambda root, r: cut(Store(root).tar(r.name), 1000), "its tar has 1000 bytes, its receipt says"),
        (lambda root, r: (root / "webdataset" / "train-000099.tar").touch(), "not a shard of this set"),
        (lambda root, r: lose_a_key(root, r), "is missing: gate: focal"),
    ],
)
def test_shallow_damage_is_named(root: Path, damage: Callable[[Path, Receipt], Any], said: str) -> None:
    damage(root, first(root))
    (problem,) = validate(root).problems
    assert said in problem


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def lose_a_key(root: Path, receipt: Receipt) -> None:
    lost = receipt.model_copy(update={"keys": receipt.keys[1:], "missing": {receipt.keys[0]: "gate: focal"}})
    Store(root).write_receipt(lost)


def test_a_scene_in_two_splits_is_a_leak(tmp_path: Path) -> None:
    build(tiny_spec(), tmp_path, film, engine="serial")
    store = Store(tmp_path)
    by_split = {receipt.split: receipt for receipt in store.all_receipts(store.read_identity())}
    store.write_receipt(by_split["test"].model_copy(update={"scenes": by_split["train"].scenes}))
    assert any("is in test and train" in problem for problem in validate(tmp_path).problems)


def test_a_spec_changed_by_hand_is_refused(root: Path) -> None:
    path = Store(root).spec_path
    described = json.loads(path.read_text())
    described["content"]["seed"] = 99
    path.write_text(json.dumps(described))
    with pytest.raises(SpecError, match="was changed"):
        validate(root)


@pytest.mark.parametrize("text", ["", "{}", "[]", "{"])
def test_a_broken_spec_is_one_line(root: Path, text: str) -> None:
    Store(root).spec_path.write_text(text)
    with pytest.raises(SpecError, match="is not the spec of a set"):
        validate(root)


def test_a_folder_without_a_set(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="holds no set"):
        validate(tmp_path)


def test_a_truncated_tar_is_one_line(root: Path) -> None:
    receipt = first(root)
    path = Store(root).tar(receipt.name)
    for size in (0, 300, 5000, path.stat().st_size // 2):
        cut(path, size)
        problems = [p for p in audit(root, receipt) if "hash" not in p]
        assert len(problems) == 1
        assert "damaged" in problems[0] or "holds" in problems[0]
        assert "\n" not in problems[0]


def test_a_flipped_byte_is_found(root: Path) -> None:
    receipt = first(root)
    path = Store(root).tar(receipt.name)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1  # in the padding: nothing but the hash can tell
    path.write_bytes(content)
    (problem,) = audit(root, receipt)
    assert "its hash is" in problem


def mirrored(clip: FilmedClip) -> FilmedClip:
    return replace(clip, camera_extrinsics=clip.camera_extrinsics * np.array([1.0, -1.0, 1.0, 1.0])[:, None])


def scaled(clip: FilmedClip) -> FilmedClip:
    return replace(clip, camera_extrinsics=clip.camera_extrinsics * np.array([1.001, 1.001, 1.001, 1.0])[:, None])


def moved(clip: FilmedClip) -> FilmedClip:
    poses = clip.camera_extrinsics.copy()
    poses[-1, 0, 3] += 0.1
    return replace(clip, camera_extrinsics=poses)


def in_other_units(clip: FilmedClip) -> FilmedClip:
    """Say that a stored unit is two metres: `camera_scale` is in stored units, as the poses are."""
    poses = clip.camera_extrinsics.copy()
    poses[-1, 0, 3] += 0.1
    return replace(recorded(clip, align_factor=2.0, camera_scale=0.1), camera_extrinsics=poses)


def shortened(clip: FilmedClip) -> FilmedClip:
    return replace(clip, camera_intrinsics=clip.camera_intrinsics[:-1], camera_extrinsics=clip.camera_extrinsics[:-1])


def cut_short(clip: FilmedClip) -> FilmedClip:
    return replace(clip, video=clip.video[: len(clip.video) // 2])


def longer(clip: FilmedClip) -> FilmedClip:
    return recorded(clip, fps=8.0, num_frames=17, motion_segments=clip.record.motion_segments)


def wider(clip: FilmedClip) -> FilmedClip:
    return recorded(clip, width=194)


def of_another_split(clip: FilmedClip) -> FilmedClip:
    return recorded(clip, split="test" if clip.record.split == "train" else "train")


def of_another_scene(clip: FilmedClip) -> FilmedClip:
    return recorded(clip, scene_id="cm-tiny-s99999")


def recorded(clip: FilmedClip, **changes: Any) -> FilmedClip:
    return replace(clip, record=clip.record.model_copy(update=changes))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (mirrored, "determinant -1.000"),
        (scaled, "the rotation is not orthonormal"),
        (moved, "camera_scale is 0, the poses say 0.1"),
        (shortened, "camera_extrinsics.npy has shape [15, 4, 4], not [16, 4, 4]"),
        (cut_short, "video"),
        (longer, "not [17, 4, 4]"),
        (wider, "its video is 192 x 128"),
        (of_another_split, "its shard is not"),
        (of_another_scene, "is not one of its shard's"),
    ],
)
def test_deep_damage_is_named_under_the_clip(root: Path, change: Callable[[FilmedClip], FilmedClip], said: str) -> None:
    receipt = rewrite(root, change)
    (problem,) = audit(root, receipt)
    assert problem.startswith(receipt.keys[0])
    assert said in problem
    assert "\n" not in problem


def test_camera_scale_is_in_stored_units(root: Path) -> None:
    assert not any("camera_scale" in problem for problem in audit(root, rewrite(root, in_other_units)))


def wider_lens(clip: FilmedClip) -> FilmedClip:
    return replace(clip, camera_intrinsics=clip.camera_intrinsics * np.float32([0.98, 0.98, 1, 1]))


def one_frame_late(clip: FilmedClip) -> FilmedClip:
    poses = clip.camera_extrinsics
    return replace(clip, camera_extrinsics=np.concatenate([poses[:1], poses[:-1]]))


def backwards(clip: FilmedClip) -> FilmedClip:
    return replace(clip, camera_extrinsics=clip.camera_extrinsics[::-1].copy())


def inverted(clip: FilmedClip) -> FilmedClip:
    return replace(clip, camera_extrinsics=np.linalg.inv(clip.camera_extrinsics))


@pytest.mark.parametrize("fault", [wider_lens, one_frame_late, backwards, inverted])
def test_an_annotation_that_the_pixels_contradict_is_found_from_the_tar_alone(
    root: Path, fault: Callable[[FilmedClip], FilmedClip]
) -> None:
    (problem,) = audit(root, rewrite(root, fault))
    assert "the gate refuses it: " in problem


def test_evidence_of_another_clip_is_found(root: Path) -> None:
    store, receipt = Store(root), first(root)
    other = [clip_of(key, files) for key, files in read_tar(store.tar(receipt.name))][1]
    (problem,) = audit(root, rewrite(root, lambda clip: replace(clip, tracks=other.tracks)))
    assert "the gate refuses it: tracks of another video" in problem


@pytest.mark.parametrize("workers", [1, 2])
def test_a_right_set_is_right_to_the_last_byte(root: Path, workers: int) -> None:
    report = validate(root, deep=True, workers=workers)
    assert report.problems == []
    assert report.deep


def test_members_must_be_all_and_only_those_of_the_table(root: Path) -> None:
    scene = plan(spec()).shard(0).scenes[0]
    files = members(shoot(spec(), scene, scene.clips[0]))
    for wrong in ({k: v for k, v in files.items() if k != "json"}, files | {"mask.png": b""}):
        with pytest.raises(ValueError, match="its files are"):
            clip_of(scene.clips[0].key, wrong)
    doubles = files | {"camera_intrinsics.npy": npy(load_npy(files["camera_intrinsics.npy"]).astype(np.float64))}
    with pytest.raises(ValueError, match=r"camera_intrinsics\.npy is float64, not float32"):
        clip_of(scene.clips[0].key, doubles)
