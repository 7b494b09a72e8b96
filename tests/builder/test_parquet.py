"""The Parquet view: the same rows as the tars, in files that are made once, load anywhere and fit the Hub's viewer."""

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny
from leaving import AT_ONCE
from sets import clip

from camera_motion.builder import parquet
from camera_motion.builder.features import CAMERAS, CONFIGS, features, schema
from camera_motion.builder.parquet import FOLDERS, from_view, to_view, write_view
from camera_motion.builder.plan import plan
from camera_motion.builder.reader import CameraMotion
from camera_motion.builder.rows import as_lists
from camera_motion.builder.run import build
from camera_motion.builder.shard import scenes_of
from camera_motion.builder.specfile import load
from camera_motion.generator import captions
from camera_motion.generator.annotate import record
from camera_motion.generator.clip import Stage
from camera_motion.generator.identity import GENERATOR_VERSION, identity_of
from camera_motion.generator.seeds import stream
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import Checks, FilmedClip, Quality
from camera_motion.schema.columns import CHECK_FIELDS, COLUMNS, QUALITY_FIELDS
from camera_motion.schema.parse import parse

ROOT = Path(__file__).parents[2]
SPLITS = ("train", "test")


def card(configs: dict[str, str] = FOLDERS) -> str:
    """Give a card of the least that `load_dataset` needs."""
    files = {c: [{"split": s, "path": f"{folder}/{s}-*.parquet"} for s in SPLITS] for c, folder in configs.items()}
    entries = [{"config_name": c, "default": c == "default", "data_files": paths} for c, paths in files.items()]
    infos = [{"config_name": c, "features": features(c)._to_yaml_list()} for c in configs]
    return f"---\n{json.dumps({'configs': entries, 'dataset_info': infos})}\n---\n# A set\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set of 12 clips in 6 shards with its view, and a card."""
    root = tmp_path_factory.mktemp("sets") / "tiny"
    build(tiny.spec(), root, tiny.film, engine="serial")
    write_view(root)
    (root / "README.md").write_text(card())
    return root


@pytest.fixture
def fresh(made: Path, tmp_path: Path) -> Path:
    """A copy of the set without its view."""
    shutil.copytree(made, tmp_path / "copy", ignore=shutil.ignore_patterns("*.parquet"))
    return tmp_path / "copy"


def read(root: Path, config: str, split: str) -> list[dict[str, Any]]:
    paths = sorted((root / FOLDERS[config]).glob(f"{split}-*.parquet"))
    return [row for path in paths for row in pq.read_table(path).to_pylist()]


def view_bytes(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*.parquet"))}


# what is in it


@pytest.mark.parametrize("split", SPLITS)
def test_the_view_holds_the_rows_of_the_tars_bit_for_bit(made: Path, split: str) -> None:
    wanted = list(CameraMotion.stream(made, split))
    rows = read(made, "default", split)
    assert [from_view(row) for row in rows] == wanted
    assert all(list(row)[-1] == "video" for row in rows)
    assert read(made, "metadata", split) == [{k: v for k, v in row.items() if k != "video"} for row in rows]
    typed = [{name: row[name] for name in CAMERAS} for row in wanted]
    assert read(made, "cameras", split) == typed


def test_a_row_goes_into_the_view_and_back() -> None:
    row = clip(3, score=1.25).row()
    assert from_view(to_view(row)) == as_lists(row)
    assert to_view(as_lists(row)) == to_view(row)
    without = {name: value for name, value in to_view(row).items() if name != "video"}
    assert from_view(without) == {name: value for name, value in as_lists(row).items() if name != "video"}


def test_cameras_of_other_frames_are_refused() -> None:
    view = to_view(clip(0).row()) | {"num_frames": 8}
    with pytest.raises(ValueError, match=r"cm-test-000000: camera_intrinsics has 9 frames, not 8"):
        from_view(view)


@pytest.mark.parametrize("config", CONFIGS)
def test_features_survive_a_cards_yaml_and_the_files(made: Path, config: str) -> None:
    typed = features(config)
    assert datasets.Features._from_yaml_list(typed._to_yaml_list()) == typed
    stored = pq.read_schema(made / FOLDERS[config] / "train-000000.parquet")
    assert datasets.Features.from_arrow_schema(stored) == typed
    assert stored.equals(schema(config))


def croissant(feature: Any) -> Any:
    """Restate which features dataset-viewer can say in Croissant; None for those that it leaves out."""
    if isinstance(feature, datasets.Value):
        known = "binary bool float16 float32 float64 int8 int16 int32 int64 string uint8 uint16 uint32 uint64"
        return feature.dtype if feature.dtype in known.split() else None
    if isinstance(feature, datasets.Video):
        return "video"
    if isinstance(feature, datasets.List):
        inner = croissant(feature.feature)
        return inner and [inner]
    if isinstance(feature, dict):
        fields = {name: croissant(inner) for name, inner in feature.items()}
        return fields if all(fields.values()) else None
    return None  # Array2D and Array3D among them


@pytest.mark.parametrize("config", CONFIGS)
def test_every_column_survives_the_conversion_to_croissant(config: str) -> None:
    assert croissant(datasets.Array2D((4, 4), "float32")) is None
    assert [name for name, feature in features(config).items() if croissant(feature) is None] == []


def test_there_is_no_other_config() -> None:
    with pytest.raises(ValueError, match="'video'; there are default, metadata, cameras"):
        features("video")


# the files


def test_made_twice_it_has_the_same_bytes(made: Path, fresh: Path) -> None:
    write_view(fresh)
    assert view_bytes(fresh) == view_bytes(made)
    assert len(view_bytes(made)) == 6


def test_row_groups_are_cut_by_the_bytes_of_their_videos(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [len(row["video"]["bytes"]) for row in CameraMotion.stream(fresh)]
    most = 2 * max(sizes) + 10
    monkeypatch.setattr(parquet, "GROUP_BYTES", most)
    write_view(fresh)
    footer = pq.read_metadata(fresh / "data" / "train-000000.parquet")
    groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
    assert [group.num_rows for group in groups] == [2] * (len(sizes) // 2) + [1] * (len(sizes) % 2)
    monkeypatch.setattr(parquet, "GROUP_BYTES", 1)  # every clip is larger
    assert all(file.kept for file in write_view(fresh))  # the same tars: nothing is made again
    shutil.rmtree(fresh / "data")
    write_view(fresh)
    assert pq.read_metadata(fresh / "data" / "train-000000.parquet").num_row_groups == len(sizes)
    assert [row["key"] for row in read(fresh, "default", "train")] == [r["key"] for r in CameraMotion.stream(fresh)]


def test_all_but_the_video_is_compressed_and_pages_are_indexed(made: Path) -> None:
    group = pq.read_metadata(made / "data" / "train-000000.parquet").row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    plain = [column.path_in_schema for column in columns if column.compression == "UNCOMPRESSED"]
    assert plain == ["video.bytes"]
    assert {column.compression for column in columns} == {"UNCOMPRESSED", "ZSTD"}
    assert all(column.has_offset_index for column in columns)
    assert [column.path_in_schema for column in columns][-2:] == ["video.bytes", "video.path"]


def test_a_footer_says_what_the_numbers_mean_and_which_tars_they_are_from(made: Path) -> None:
    for folder in FOLDERS.values():
        stamp = json.loads(pq.read_metadata(made / folder / "test-000000.parquet").metadata[b"camera_motion"])
        assert "w2c (camera_from_world)" in stamp["convention"]
        receipts = [json.loads(path.read_text()) for path in sorted((made / "receipts").glob("test-*.json"))]
        assert stamp["tars"] == {receipt["name"]: receipt["tar_sha256"] for receipt in receipts}


def test_a_longer_set_changes_only_the_last_file_of_each_split(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tar = max(path.stat().st_size for path in (fresh / "webdataset").iterdir())
    monkeypatch.setattr(parquet, "RUN_BYTES", int(2.5 * tar))  # two tars a file
    monkeypatch.setattr(parquet, "DATA_FILES", 2)
    write_view(fresh)
    before = view_bytes(fresh)
    build(tiny.spec(clips=28), fresh, tiny.film, engine="serial")
    told: list[tuple[int, int]] = []
    files = write_view(fresh, lambda done, total: told.append((done, total)))
    after = view_bytes(fresh)
    kept = {str(file.path.relative_to(fresh)) for file in files if file.kept}
    assert kept == {name for name in before if after[name] == before[name]}
    assert {"data/train-000000.parquet", "data/train-000001.parquet", "metadata/train-000000.parquet"} <= kept
    assert told[-1] == (14, 14)
    for split in SPLITS:
        assert [from_view(row) for row in read(fresh, "default", split)] == list(CameraMotion.stream(fresh, split))
        assert len(read(fresh, "cameras", split)) == len(read(fresh, "metadata", split)) > 0
    assert sorted(str(file.path.relative_to(fresh)) for file in files) == sorted(after)


def test_what_belongs_to_no_shard_is_removed_and_nothing_else(fresh: Path) -> None:
    (fresh / "data").mkdir(exist_ok=True)
    shutil.copy(next((fresh / "webdataset").iterdir()), fresh / "data" / "train-000009.parquet")
    (fresh / "data" / ".train-000000.parquet.0123abcd.partial").write_bytes(b"half")
    (fresh / "data" / "notes.parquet").write_bytes(b"mine")
    write_view(fresh)
    assert sorted(path.name for path in (fresh / "data").iterdir()) == [
        "notes.parquet",
        "test-000000.parquet",
        "train-000000.parquet",
    ]


def test_a_damaged_file_of_the_view_is_made_again(fresh: Path, made: Path) -> None:
    write_view(fresh)
    cut = fresh / "data" / "train-000000.parquet"
    cut.write_bytes(cut.read_bytes()[:-100])
    (fresh / "cameras" / "test-000000.parquet").write_bytes(b"")
    again = {str(file.path.relative_to(fresh)) for file in write_view(fresh) if not file.kept}
    assert again == {"data/train-000000.parquet", "cameras/test-000000.parquet"}
    assert view_bytes(fresh) == view_bytes(made)


# what can be wrong


def test_a_kept_file_that_cannot_be_read_is_named(fresh: Path) -> None:
    write_view(fresh)
    path = fresh / "data" / "train-000000.parquet"
    group = pq.read_metadata(path).row_group(0)
    cameras = next(c for c in map(group.column, range(group.num_columns)) if c.path_in_schema == "cameras")
    body = bytearray(path.read_bytes())
    start = cameras.data_page_offset + 60
    body[start : start + 200] = bytes(200)
    path.write_bytes(body)
    shutil.rmtree(fresh / "metadata")
    with pytest.raises(
        SpecError, match=r"data/train-000000\.parquet is damaged: .*; remove it and run again"
    ) as caught:
        write_view(fresh)
    assert "\n" not in str(caught.value)


def test_a_damaged_or_missing_tar_is_named_and_the_view_stays(fresh: Path) -> None:
    write_view(fresh)
    before = view_bytes(fresh)
    tar = fresh / "webdataset" / "train-000000.tar"
    content = tar.read_bytes()
    tar.unlink()
    with pytest.raises(SpecError, match=r"train-000000\.tar is not there at the size the receipts say"):
        write_view(fresh)
    tar.write_bytes(content[:3000] + bytes([content[3000] ^ 1]) + content[3001:])
    assert all(file.kept for file in write_view(fresh))
    (fresh / "data" / "train-000000.parquet").unlink()
    with pytest.raises(SpecError, match=r"train-000000\.tar is damaged: its hash is not its receipt's") as caught:
        write_view(fresh)
    assert "\n" not in str(caught.value)
    left = view_bytes(fresh)
    assert left == {name: body for name, body in before.items() if name != "data/train-000000.parquet"}
    assert not list(fresh.rglob("*.partial"))


WRITE = """
import resource, signal, sys, threading
from pathlib import Path
from camera_motion.builder.parquet import write_view
from camera_motion.schema.base import SpecError
root, how = Path(sys.argv[1]), sys.argv[2]
if how == "full":
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
else:
    from camera_motion.builder import places
    write = places.Hashed.write
    def interrupted(self, chunk):
        if self.size > 20_000:
            signal.raise_signal(signal.SIGINT)
        write(self, chunk)
    places.Hashed.write = interrupted
try:
    write_view(root)
except (SpecError, KeyboardInterrupt) as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(("how", "says"), [("full", "SpecError cannot write"), ("interrupted", "KeyboardInterrupt")])
def test_a_full_disk_or_an_interrupt_leaves_nothing_half_written(fresh: Path, how: str, says: str) -> None:
    """pyarrow would abort the process if it heard of either."""
    done = subprocess.run([sys.executable, "-c", WRITE, fresh, how], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(says)
    assert not [path for path in (fresh / "data").iterdir()]


def test_a_folder_without_a_set_or_without_shards_is_refused(tmp_path: Path, fresh: Path) -> None:
    with pytest.raises(SpecError, match="holds no set"):
        write_view(tmp_path)
    shutil.rmtree(fresh / "receipts")
    with pytest.raises(SpecError, match="has no finished shard; build it first"):
        write_view(fresh)


def test_an_unfinished_set_is_said_to_be_one(fresh: Path, caplog: pytest.LogCaptureFixture) -> None:
    (fresh / "receipts" / "train-000000.json").unlink()
    files = write_view(fresh)
    assert "has 5 of its 6 shards" in caplog.text
    assert sum(file.rows for file in files if file.config == "default") == 10


# who reads it


@pytest.mark.parametrize("streaming", [True, False])
def test_load_dataset_reads_all_configs_of_the_folder(made: Path, tmp_path: Path, streaming: bool) -> None:
    for config in CONFIGS:
        sets = datasets.load_dataset(str(made), config, streaming=streaming, cache_dir=str(tmp_path))
        assert {split: sets[split].features for split in SPLITS} == dict.fromkeys(SPLITS, features(config))
        assert list(sets["test"]) == read(made, config, "test")
    assert next(iter(datasets.load_dataset(str(made), split="train", streaming=True)))["video"]["bytes"]


READ_36 = """
import datasets, json, sys
assert datasets.__version__.startswith("3.")
folder, out = {folder!r}, []
for config in {configs!r}:
    rows = datasets.load_dataset(folder, config, split="test", streaming=True)
    bare = datasets.load_dataset("parquet", data_files=folder + "/" + {folders!r}[config] + "/test-*.parquet")["train"]
    rows = list(rows)
    assert list(bare) == rows, config
    out.append([[row["key"], len(row), row["num_frames"], len(row.get("cameras", b"")),
                 len(row["video"]["bytes"]) if "video" in row else 0] for row in rows])
from camera_motion.builder.reader import CameraMotion
shutil = __import__("shutil")
shutil.copytree(folder + "/data", "only/data")
a, b = list(CameraMotion.stream("only", "test")), list(CameraMotion.stream(folder, "test"))
assert a == b and len(a) == len(rows)
assert list(CameraMotion.load("only", "test", cache_dir="cache")) == a
print(json.dumps(out))
"""


@pytest.mark.slow
def test_datasets_3_reads_it_too(made: Path, tmp_path: Path) -> None:
    code = READ_36.format(folder=str(made), configs=CONFIGS, folders=FOLDERS)
    environment = {
        "PYTHONPATH": str(ROOT),
        "HF_HOME": str(tmp_path / "home"),
        "HF_HUB_OFFLINE": "1",
        "PATH": "/usr/bin",
    }
    python = ROOT / ".venv36" / "bin" / "python"
    done = subprocess.run([python, "-c", code + AT_ONCE], capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for config, rows in zip(CONFIGS, json.loads(done.stdout.splitlines()[-1]), strict=True):
        assert rows == [
            [row["key"], len(row), row["num_frames"], len(row.get("cameras", b"")), len(row["video"]["bytes"])]
            if "video" in row
            else [row["key"], len(row), row["num_frames"], len(row.get("cameras", b"")), 0]
            for row in read(made, config, "test")
        ]


def unfilmed(moves: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of 121 frames with the placed paths, captions and provenance of real clips, and no film in them."""
    fields = load("standard").model_dump(mode="json") | {"moves": moves, "clips": 24, "clips_per_scene": 12}
    fields |= {"shard_clips": 12, "video": {"width": 832, "height": 480, "frames": 121, "fps": 24}}
    spec, rng = parse(fields), np.random.default_rng(0)
    for shard in map(plan(spec).shard, range(len(plan(spec)))):
        for scene, _ in scenes_of(shard):
            stage = Stage(spec, scene)
            for one in scene.clips:
                shot, misses = stage.shots[one.index]
                assert shot is not None
                words = captions.write(
                    stage.source.geometry.description, shot.motion, "none", stream(one.seed, "captions")
                )
                provenance = {
                    "generator": GENERATOR_VERSION,
                    "candidate": len(misses),
                    "request": asdict(one.request),
                    "move": shot.params,
                    "scene": stage.source.provenance,
                    "scene_seed": scene.seed,
                    "exposure": float(rng.random()),
                }
                checks = Checks(**{field.name: float(rng.random()) for field in CHECK_FIELDS})
                quality = Quality(**{field.name: float(rng.random()) for field in QUALITY_FIELDS})
                row = record(spec, identity_of(spec), scene, one, shot, words, checks, quality, provenance)
                lens, poses = shot.trajectory.intrinsics.astype(np.float32), shot.trajectory.camera_from_world
                yield FilmedClip(row, b"a film", poses, lens, np.zeros((2, 8), np.float32)).row()


def spelled(value: Any) -> str:
    """Spell JSON as the viewer does: no blanks, bytes as base64."""
    return json.dumps(
        value, separators=(",", ":"), ensure_ascii=False, default=lambda packed: base64.b64encode(packed).decode()
    )


@pytest.mark.slow
def test_fifteen_rows_of_121_frames_fit_the_viewers_first_page() -> None:
    moves = [
        {"move": "handheld", "steadiness": "very_unsteady", "weight": 4},
        {"move": "at_once", "parts": [{"move": "dolly"}, {"move": "pan"}]},
        {"move": "spline", "weight": 4},
        {"move": "pan"},
        {"move": "dolly"},
        {"move": "zoom"},
    ]
    shape = [{"feature_idx": i, "name": n, "type": t} for i, (n, t) in enumerate(features("default").to_dict().items())]
    page = len(spelled({"dataset": "org/camera-motion", "config": "default", "split": "train", "features": shape}))
    film = [{"src": f"https://assets.example.org/{'x' * 480}", "type": "video/mp4"}]
    kinds, fitting = set(), 0
    for i, row in enumerate(unfilmed(moves)):
        item = {"row_idx": i, "row": to_view(row) | {"video": film}, "truncated_cells": []}
        page += len(spelled(item).encode()) + 1
        if page > 200_000:
            break
        kinds |= {json.loads(row["provenance"])["request"]["move"]}
        fitting += 1
    assert kinds >= {"handheld", "six_dof", "spline", "at_once"}
    assert fitting >= 15
    packed = len(spelled(to_view(row)["cameras"]))
    lists = len(spelled([row["camera_intrinsics"].tolist(), row["camera_extrinsics"].tolist()]))
    assert lists > 3 * packed  # why they are packed


def test_the_table_of_columns_is_all_there() -> None:
    arrays = {column.name for column in COLUMNS if column.is_array}
    names = {column.name for column in COLUMNS}
    assert set(features("default")) == names - arrays | {"cameras"}
    assert set(features("metadata")) == names - arrays - {"video"} | {"cameras"}
    assert arrays < set(features("cameras"))


def test_a_folder_of_the_view_that_leads_elsewhere_is_left_alone(fresh: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    shutil.move(fresh / "data", elsewhere)
    (elsewhere / "train-000099.parquet").write_text("mine")
    (fresh / "data").symlink_to(elsewhere)
    before = view_bytes(elsewhere)
    with pytest.raises(SpecError, match="data is a link to another place"):
        write_view(fresh)
    assert view_bytes(elsewhere) == before
    (fresh / "data").unlink()
    (fresh / ".lock").unlink()
    (fresh / ".lock").symlink_to(tmp_path / "made")
    with pytest.raises(SpecError, match="cannot write"):
        write_view(fresh)
    assert not (tmp_path / "made").exists()
