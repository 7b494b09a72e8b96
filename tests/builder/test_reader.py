"""Reading a set: as a stream, as a table, and made while it is iterated; always the same typed rows."""

import io
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny
from sets import CLIPS, FRAMES, clip, write_set

from camera_motion.builder import parquet, parquetfile, reader
from camera_motion.builder.features import features, schema
from camera_motion.builder.filming import in_order
from camera_motion.builder.places.disk import writing
from camera_motion.builder.plan import plan
from camera_motion.builder.reader import CameraMotion
from camera_motion.builder.rows import row_of, samples
from camera_motion.builder.run import build
from camera_motion.builder.shard import read_tar, write_tar
from camera_motion.builder.torch import ClipTable
from camera_motion.evaluation.decode import decode
from camera_motion.generator.clip import film
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import Rejection
from camera_motion.schema.columns import COLUMNS
from camera_motion.schema.parse import parse


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with the Parquet view alone, and the set that it was made of."""
    made, only = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("only")
    build(tiny.spec(), made, tiny.film, engine="serial")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "RUN_BYTES", 1)  # a file for each tar
        patch.setattr(parquet, "GROUP_BYTES", 1)  # a row group for each clip
        parquet.write_view(made)
    shutil.copytree(made / "data", only / "data")
    return only, made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_set(tmp_path_factory.mktemp("set"))


def test_features_follow_the_table_and_survive_a_cards_yaml() -> None:
    typed = features()
    assert list(typed) == [column.name for column in COLUMNS]
    assert datasets.Features._from_yaml_list(typed._to_yaml_list()) == typed
    assert typed["camera_extrinsics"] == datasets.List(datasets.List(datasets.List(datasets.Value("float32"))))
    assert typed["motion_segments"].feature["end_frame"] == datasets.Value("int32")


def test_the_stream_gives_the_contract_in_order(built: Path) -> None:
    stream = CameraMotion.stream(built)
    assert stream.features == features()
    rows = list(stream)
    assert [row["key"] for row in rows] == [c.record.key for c in CLIPS]
    assert all(list(row) == [column.name for column in COLUMNS] for row in rows)
    for row, made in zip(rows, CLIPS, strict=True):
        assert row["video"] == {"bytes": made.video, "path": f"{made.record.key}.mp4"}
        assert decode(row["video"]["bytes"]).shape == (FRAMES, 64, 96, 3)
        np.testing.assert_array_equal(row["camera_extrinsics"], made.camera_extrinsics.astype(np.float32))
        assert row["long_caption"] == made.record.long_caption
        assert row["vtss_score"] is None
        assert row["seed"] == made.record.seed
        assert row["motion_segments"][-1]["motion"] == made.record.camera_motion[-1]


def test_the_stream_is_rounded_to_the_columns_types(built: Path) -> None:
    row = next(iter(CameraMotion.stream(built)))
    assert row["path_length_m"] == float(np.float32(1 / 3))
    assert row["checks"]["focal"] == float(np.float32(row["checks"]["focal"]))


def test_load_and_stream_and_another_name_of_the_folder_agree(built: Path, tmp_path: Path) -> None:
    streamed = list(CameraMotion.stream(built))
    assert list(CameraMotion.stream(str(built / "webdataset"))) == streamed
    table = CameraMotion.load(built, cache_dir=str(tmp_path))
    assert table.features == features()
    assert list(table) == streamed


def test_workers_share_the_tars(built: Path) -> None:
    torch_data = pytest.importorskip("torch.utils.data")
    stream = CameraMotion.stream(built)
    assert stream.num_shards == 2
    loader = torch_data.DataLoader(stream, batch_size=None, num_workers=2)
    assert sorted(row["key"] for row in loader) == [c.record.key for c in CLIPS]


def test_a_resumed_stream_goes_on_where_it_stopped(built: Path) -> None:
    stream = CameraMotion.stream(built)
    ahead = iter(stream)
    first = [next(ahead)["key"] for _ in range(3)]
    state = stream.state_dict()
    again = CameraMotion.stream(built)
    again.load_state_dict(state)
    assert first + [row["key"] for row in again] == [c.record.key for c in CLIPS]


def test_a_video_of_the_same_name_beside_the_reader_is_left_alone(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(built)
    name = f"{CLIPS[0].record.key}.mp4"
    (built / name).write_bytes(b"another")
    assert next(iter(CameraMotion.stream(built)))["video"] == {"bytes": CLIPS[0].video, "path": name}


def test_the_view_alone_gives_the_rows_of_the_tars(view: tuple[Path, Path], tmp_path: Path) -> None:
    only, made = view
    for split in ("train", "test"):
        rows = list(CameraMotion.stream(made, split))
        assert list(CameraMotion.stream(only, split)) == rows
        assert list(CameraMotion.stream(only / "data", split)) == rows
        loaded = CameraMotion.load(only, split, cache_dir=str(tmp_path))
        assert loaded.features == features()
        assert list(loaded) == rows


def test_a_file_of_the_view_is_streamed_in_pieces(view: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    only, made = view
    keys = [row["key"] for row in CameraMotion.stream(made)]
    assert CameraMotion.stream(only).num_shards == 4
    largest = max(path.stat().st_size for path in (only / "data").iterdir())
    for piece, shards in ((largest, 4), (largest // 2 + 1, 8), (largest // 5, 20)):  # more pieces than row groups too
        monkeypatch.setattr(reader, "PIECE_BYTES", piece)
        assert CameraMotion.stream(only).num_shards >= shards
        assert [row["key"] for row in CameraMotion.stream(only)] == keys


def test_workers_share_the_view_and_a_resumed_stream_goes_on(view: tuple[Path, Path]) -> None:
    only, _ = view
    torch_data = pytest.importorskip("torch.utils.data")
    stream = CameraMotion.stream(only)
    ahead = iter(stream)
    first = [next(ahead)["key"] for _ in range(3)]
    state = stream.state_dict()
    again = CameraMotion.stream(only)
    again.load_state_dict(state)
    keys = first + [row["key"] for row in again]
    assert len(set(keys)) == len(keys) == 8
    loader = torch_data.DataLoader(CameraMotion.stream(only), batch_size=None, num_workers=2)
    assert sorted(row["key"] for row in loader) == sorted(keys)


def damaged(body: bytes) -> bytes:
    return body[: len(body) // 2]


def foreign(body: bytes) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table({"text": ["no set of ours"]}), buffer)
    return buffer.getvalue()


def spoilt(body: bytes) -> bytes:
    table = pq.read_table(io.BytesIO(body))
    place = table.schema.get_field_index("cameras")
    buffer = io.BytesIO()
    pq.write_table(table.set_column(place, "cameras", pa.array([b"no zip"] * len(table))), buffer)
    return buffer.getvalue()


def rotten(body: bytes) -> bytes:
    """Flip a bit of the first video."""
    column = pq.read_metadata(io.BytesIO(body)).row_group(0).column(70)
    assert column.path_in_schema == "video.bytes"
    place = column.data_page_offset + column.total_compressed_size // 2
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (rotten, "is damaged: .*integrity"),
        (damaged, "is damaged"),
        (foreign, "has no column 'key'"),
        (spoilt, "not a cell of cameras"),
    ],
)
def test_a_file_that_is_not_of_the_view_is_said_in_one_line(
    view: tuple[Path, Path], tmp_path: Path, spoil: Callable[[bytes], bytes], says: str
) -> None:
    path = shutil.copytree(view[0], tmp_path / "set") / "data" / "train-000000.parquet"
    path.write_bytes(spoil(path.read_bytes()))
    for read in (CameraMotion.stream, partial(CameraMotion.load, cache_dir=str(tmp_path / "cache"))):
        with pytest.raises(SpecError, match=rf"train-000000\.parquet.*{says}") as caught:
            list(read(tmp_path / "set"))
        assert "\n" not in str(caught.value)


def test_a_row_group_beyond_all_measure_is_not_read(view: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquetfile, "MOST_GROUP_BYTES", 1000)
    with pytest.raises(SpecError, match="declares a row group of"):
        next(iter(CameraMotion.stream(view[0])))


@pytest.mark.parametrize(
    ("column", "cells", "says"),
    [
        ("key", pa.array([None], pa.string()), "a row has nothing in 'key'"),
        ("video", pa.array([{"bytes": None, "path": "x"}]).cast(schema("default").field("video").type), "in 'video'"),
        ("camera_motion", pa.array([[None]], pa.list_(pa.string())), "in 'camera_motion'"),
        ("cameras", pa.array(["x"]), "has 'cameras' as string, not binary"),
    ],
)
def test_cells_that_are_empty_or_of_another_type_are_named(
    view: tuple[Path, Path], tmp_path: Path, column: str, cells: pa.Array, says: str
) -> None:
    path = shutil.copytree(view[0], tmp_path / "set") / "data" / "train-000000.parquet"
    table = pq.read_table(path).slice(0, 1)
    pq.write_table(table.set_column(table.schema.get_field_index(column), column, cells), path)
    for read in (CameraMotion.stream, ClipTable):
        with pytest.raises(SpecError, match=says):
            next(iter(read(tmp_path / "set")))


def test_a_small_file_that_unpacks_to_much_is_not_read(view: tuple[Path, Path], tmp_path: Path) -> None:
    path = shutil.copytree(view[0], tmp_path / "set") / "data" / "train-000000.parquet"
    table = pq.read_table(path).slice(0, 1)
    many = pa.concat_tables([table.set_column(1, table.schema.field(1), pa.array(["x" * 2_000_000]))] * 2000)
    pq.write_table(many, path, compression="zstd", use_dictionary=[table.schema.names[1]])
    assert path.stat().st_size < 1_000_000
    with pytest.raises(SpecError, match="declares a row group of 2000 rows"):
        next(iter(CameraMotion.stream(tmp_path / "set")))


def test_a_folder_has_no_revisions(built: Path) -> None:
    with pytest.raises(SpecError, match=r"revision is 'v1\.0\.0', but .* is a folder"):
        CameraMotion.stream(built, revision="v1.0.0")


def test_a_known_score_is_read(tmp_path: Path) -> None:
    with writing(tmp_path / "train-000000.tar") as file:
        write_tar(file, [clip(0, score=3.25), clip(1)])
    assert [row["vtss_score"] for row in CameraMotion.stream(tmp_path)] == [3.25, None]


@pytest.mark.parametrize(
    ("where", "split", "says"),
    [
        ("", "test", r"holds no test-\*\.tar and no test-\*\.parquet"),
        ("nowhere", "train", "neither a folder"),
        ("a/b/c", "train", "neither a folder"),
    ],
)
def test_what_is_not_a_set_is_said_in_one_line(
    built: Path, monkeypatch: pytest.MonkeyPatch, where: str, split: str, says: str
) -> None:
    monkeypatch.chdir(built)
    with pytest.raises(SpecError, match=says) as caught:
        CameraMotion.stream(where or built, split=split)
    assert "\n" not in str(caught.value)


def test_a_sample_without_a_file_is_named(built: Path) -> None:
    _, files = next(read_tar(built / "webdataset" / "train-000000.tar"))
    del files["camera_extrinsics.npy"]
    with pytest.raises(ValueError, match=r"cm-test-000000.*camera_extrinsics\.npy"):
        row_of(files)


def test_samples_are_neighbours_with_one_key_up_to_the_first_dot() -> None:
    names = ["x/a.mp4", "x/a.short_caption.txt", "b.json"]
    archive: Any = [(name, io.BytesIO(name.encode())) for name in names]
    assert list(samples(archive)) == [
        {"mp4": b"x/a.mp4", "short_caption.txt": b"x/a.short_caption.txt"},
        {"json": b"b.json"},
    ]


def test_late_clips_are_handed_on_in_the_plans_order() -> None:
    keys = [c.record.key for c in CLIPS]
    results = [CLIPS[1], Rejection(keys[0], 0, "gate: focal"), CLIPS[0], CLIPS[3], Rejection(keys[2], 0, "gate: time")]
    assert [c.record.key for c in in_order(results, keys)] == [keys[0], keys[1], keys[3]]
    ahead = in_order(iter([CLIPS[0], CLIPS[1]]), keys)
    assert next(ahead) is CLIPS[0]


def test_generate_gives_the_very_rows_that_build_writes(tmp_path: Path) -> None:
    spec = tiny.spec()
    build(spec, tmp_path, tiny.film, engine="serial")
    for split in ("train", "test"):
        made = CameraMotion.generate(spec, split, film=tiny.film)
        assert made.features == features()
        rows = list(made)
        assert rows == list(CameraMotion.stream(tmp_path, split))
        assert len(rows) == sum(plan(spec).shard(i).split == split for i in range(len(plan(spec)))) * spec.shard_clips


def test_workers_share_the_filming() -> None:
    torch_data = pytest.importorskip("torch.utils.data")
    spec = tiny.spec()
    made = CameraMotion.generate(spec, film=tiny.film)
    keys = [row["key"] for row in made]
    loader = torch_data.DataLoader(made, batch_size=None, num_workers=2)
    assert sorted(row["key"] for row in loader) == keys


def test_a_split_that_the_spec_leaves_empty_is_refused() -> None:
    spec = tiny.spec(splits={"train": 1.0, "test": 0.0})
    with pytest.raises(SpecError, match="has no shard in it"):
        CameraMotion.generate(spec, "test", film=tiny.film)


@pytest.mark.slow
def test_a_real_clip_is_the_same_row_built_or_generated(tmp_path: Path) -> None:
    spec = parse(
        {
            "name": "real",
            "clips": 1,
            "clips_per_scene": 1,
            "shard_clips": 1,
            "video": {"width": 192, "height": 128, "frames": 17, "fps": 12},
            "moves": [{"move": "pan"}],
            "render": {"spacing_px": 2.5},
        }
    )
    build(spec, tmp_path, film, engine="serial")
    rows = list(CameraMotion.generate(spec))
    assert rows == list(CameraMotion.stream(tmp_path))
    assert [row["key"] for row in rows] == ["cm-real-000000"]
    assert decode(rows[0]["video"]["bytes"]).shape == (17, 128, 192, 3)
