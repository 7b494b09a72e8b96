import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import graded
import numpy as np
import pytest
import torch
from graded import CLIPS, FRAMES, HEIGHT, KEYS, WIDTH, grey
from torch.utils.data import DataLoader

from camera_motion.builder.torch import ClipLoader, ClipStream, ClipTable, Sampling, collate, plucker
from camera_motion.builder.torch.walk import Part
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory, invert, plucker_rays

RANDOM = Sampling(frames=5, stride=(1, 4), size=(32, 32), crop="random", rays=8)


@pytest.fixture(scope="module")
def tars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return graded.write_tars(tmp_path_factory.mktemp("tars"))


@pytest.fixture(scope="module")
def view(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return graded.write_parquet(tmp_path_factory.mktemp("view"))


def in_step(sample: dict[str, Any]) -> None:
    """Assert that pictures, rows of poses and rows of lenses are those of the same frames."""
    indices = sample["frame_indices"]
    seen = sample["frames"].double().mean(dim=(1, 2, 3))
    torch.testing.assert_close(seen, grey(0) + 8 * indices.double(), atol=2.5, rtol=0)
    x = sample["world_from_camera"][:, 0, 3]
    torch.testing.assert_close(x, (indices - indices[0]).float() * 1.0)
    torch.testing.assert_close(sample["intrinsics"][:, 1], 1.4 + 0.01 * indices.float())


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(
        torch.equal(a[name], b[name]) if isinstance(a[name], torch.Tensor) else a[name] == b[name] for name in a
    )


def test_a_sample_is_what_the_page_says(tars: Path) -> None:
    sample = ClipTable(tars, sampling=Sampling(frames=9, start="centre", rays=8, caption="short_caption"))[4]
    shapes = {name: tuple(value.shape) for name, value in sample.items() if isinstance(value, torch.Tensor)}
    assert shapes == {
        "frames": (9, 3, HEIGHT, WIDTH),
        "frame_indices": (9,),
        "camera_from_world": (9, 4, 4),
        "world_from_camera": (9, 4, 4),
        "intrinsics": (9, 4),
        "intrinsics_px": (9, 4),
        "rays": (9, 6, HEIGHT // 8, WIDTH // 8),
    }
    assert sample["frame_indices"].tolist() == list(range(7, 16))
    assert (sample["key"], sample["caption"], sample["fps"], sample["has_camera"]) == (KEYS[4], "Clip 4.", 24.0, True)
    assert (sample["main_motion"], sample["motions"]) == ("dolly_in", ["dolly_in", "zoom_in"])
    assert (sample["camera_scale"], sample["unit_m"]) == (8.0, 1.0)
    torch.testing.assert_close(sample["intrinsics_px"], sample["intrinsics"] * torch.tensor([96.0, 64, 96, 64]))


def test_frames_and_cameras_stay_in_step_however_they_are_taken(tars: Path) -> None:
    table = ClipTable(tars, sampling=Sampling(frames=5, stride=(1, 5)))
    strides = set()
    for epoch in range(3):
        table.set_epoch(epoch)
        for sample in (table[i] for i in range(CLIPS)):
            in_step(sample)
            stride = int(sample["frame_indices"][1] - sample["frame_indices"][0])
            assert sample["fps"] == 24 / stride
            strides.add(stride)
    assert strides == {1, 2, 3, 4, 5}


def test_frames_and_cameras_stay_in_step_through_shuffle_and_workers(tars: Path) -> None:
    stream = ClipStream(tars, sampling=Sampling(frames=6, stride=(1, 4)), shuffle=4)
    samples = list(DataLoader(stream, batch_size=None, num_workers=2))
    assert sorted(sample["key"] for sample in samples) == KEYS
    for sample in samples:
        in_step(sample)
        assert sample["frames"].shape[0] == 6


def test_motions_are_those_of_the_frames_taken(tars: Path) -> None:
    first = ClipTable(tars, sampling=Sampling(frames=12, start="first"))[0]
    assert first["motions"] == ["dolly_in"]
    assert ClipTable(tars, sampling=Sampling(frames=13, start="first"))[0]["motions"] == ["dolly_in", "zoom_in"]


@pytest.mark.parametrize(("pixels", "low", "high"), [("unit", 0.0, 1.0), ("signed", -1.0, 1.0)])
def test_pixels_in_the_range_asked_for(tars: Path, pixels: Any, low: float, high: float) -> None:
    sampling = Sampling(frames=1, start="first", pixels="uint8")
    levels = ClipTable(tars, sampling=sampling)[0]["frames"]
    scaled = ClipTable(tars, sampling=Sampling(frames=1, start="first", pixels=pixels))[0]["frames"]
    assert (levels.dtype, scaled.dtype) == (torch.uint8, torch.float32)
    torch.testing.assert_close(scaled, low + levels.float() / 255 * (high - low))


def test_tars_and_parquet_by_stream_and_by_number_give_the_same_samples(tars: Path, view: Path) -> None:
    tables = [ClipTable(root, sampling=RANDOM, seed=7) for root in (tars, view)]
    streams = [list(ClipStream(root, sampling=RANDOM, seed=7)) for root in (tars, view)]
    for i in range(CLIPS):
        a, b = (table[i] for table in tables)
        assert a["key"] == KEYS[i]
        assert same(a, b)
        assert all(same(a | {"cursor": s[i]["cursor"]}, s[i]) for s in streams)
    shuffled = [[s["key"] for s in ClipStream(view, sampling=RANDOM, shuffle=3, seed=seed)] for seed in (1, 1, 2)]
    assert shuffled[0] == shuffled[1] != shuffled[2]
    assert all(sorted(keys) == KEYS for keys in shuffled)


def test_random_access_from_workers(tars: Path, view: Path) -> None:
    for root in (tars, view):
        table = ClipTable(root, sampling=RANDOM)
        alone = [table[i] for i in range(CLIPS)]  # files are open here before workers are forked
        loader = DataLoader(table, batch_size=4, num_workers=2, collate_fn=collate)
        for number, batch in enumerate(loader):
            assert same(batch, collate(alone[4 * number : 4 * number + 4]))


def test_a_table_and_a_stream_can_be_sent_to_spawned_workers(view: Path) -> None:
    table = ClipTable(view, sampling=RANDOM)
    first = table[3]
    assert same(pickle.loads(pickle.dumps(table))[3], first)
    stream = pickle.loads(pickle.dumps(ClipStream(view, sampling=RANDOM)))
    assert [sample["key"] for sample in stream] == KEYS


def test_an_epoch_draws_anew_and_the_same_again(tars: Path) -> None:
    def epoch(number: int) -> list[dict[str, Any]]:
        stream = ClipStream(tars, sampling=RANDOM, shuffle=8, seed=5)
        stream.set_epoch(number)
        return list(stream)

    once, again, other = epoch(3), epoch(3), epoch(4)
    assert all(same(a, b) for a, b in zip(once, again, strict=True))
    assert [s["key"] for s in once] != [s["key"] for s in other]
    at = {s["key"]: s["frame_indices"].tolist() for s in once}
    assert sum(at[s["key"]] != s["frame_indices"].tolist() for s in other) > CLIPS // 2


# --- shares


@pytest.mark.parametrize(("workers", "shuffle"), [(1, 0), (2, 4), (3, 2), (5, 100), (16, 1)])
def test_workers_see_every_clip_exactly_once(tars: Path, workers: int, shuffle: int) -> None:
    sampling = Sampling(frames=1, size=(32, 32))
    stream = ClipStream(tars, sampling=sampling, shuffle=shuffle)
    seen = [s["key"] for w in range(workers) for _, s in stream.walk.walk(0, Part(0, 1, w, workers), ())]
    assert sorted(seen) == KEYS
    if workers <= 2:
        loader = ClipLoader(stream, batch_size=2, num_workers=workers)
        assert sorted(key for batch in loader for key in batch["key"]) == KEYS


@pytest.mark.parametrize("world", [2, 3, 4])
def test_training_processes_get_equal_shares_without_overlap(tars: Path, world: int) -> None:
    sampling = Sampling(frames=1, size=(32, 32))
    left_out = set()
    for epoch in range(6):
        shares = []
        for rank in range(world):
            stream = ClipStream(tars, sampling=sampling, shuffle=4, rank=rank, world=world)
            stream.set_epoch(epoch)
            shares.append([sample["key"] for sample in stream])
        assert {len(share) for share in shares} == {CLIPS // world}
        seen = Counter(key for share in shares for key in share)
        assert max(seen.values()) == 1
        left_out |= set(KEYS) - seen.keys()
    assert len(left_out) > CLIPS % world  # not the same ones every time


def test_a_process_sees_all_clips_in_time_even_of_one_file(tmp_path: Path) -> None:
    root = graded.write_tars(tmp_path, shards=(CLIPS,))
    stream = ClipStream(root, sampling=Sampling(frames=1, size=(32, 32)), shuffle=2, rank=0, world=4)
    seen: set[str] = set()
    for epoch in range(30):
        stream.set_epoch(epoch)
        seen |= {sample["key"] for sample in stream}
    assert sorted(seen) == KEYS


@pytest.mark.parametrize(("workers", "batch", "drop"), [(0, 2, False), (0, 3, True), (2, 2, False), (2, 3, True)])
def test_a_loader_knows_its_length(tars: Path, workers: int, batch: int, drop: bool) -> None:
    stream = ClipStream(tars, sampling=Sampling(frames=1, size=(32, 32)), shuffle=2)
    loader = ClipLoader(stream, batch, workers, drop_last=drop)
    assert len(loader) == sum(1 for _ in loader) > 0


# --- resuming


def run(loader: ClipLoader, batches: int | None = None) -> list[dict[str, Any]]:
    out = []
    for batch in loader:
        out.append(batch)
        if len(out) == batches:
            break
    return out


@pytest.mark.parametrize(
    ("workers", "shuffle", "batch", "persistent"),
    [(0, 0, 2, False), (0, 4, 3, False), (2, 3, 2, False), (2, 4, 1, True)],
)
def test_a_resumed_loader_goes_on_exactly(tars: Path, workers: int, shuffle: int, batch: int, persistent: bool) -> None:
    def loader() -> ClipLoader:
        stream = ClipStream(tars, sampling=RANDOM, shuffle=shuffle, seed=2)
        options = {"persistent_workers": True} if persistent else {}
        return ClipLoader(stream, batch, workers, **options)

    whole = loader()
    whole.set_epoch(1)
    expected = run(whole) + run(whole, 2)  # this epoch, and the beginning of the next
    assert whole.epoch == 2
    length = len(expected) - 2
    for stop in (1, length // 2, length - 1, length):
        first = loader()
        first.set_epoch(1)
        begun = run(first, stop)
        state = first.state_dict()
        second = loader()
        second.load_state_dict(pickle.loads(pickle.dumps(state)))
        assert second.epoch == 1
        rest = run(second)
        rest += run(second, 2)
        assert [b["key"] for b in begun + rest] == [b["key"] for b in expected]
        assert all(same(a, b) for a, b in zip(begun + rest, expected, strict=True))


def test_a_stream_alone_resumes_too_and_after_an_epoch_begins_the_next(tars: Path) -> None:
    stream = ClipStream(tars, sampling=RANDOM, shuffle=4)
    expected = [sample["key"] for sample in stream]
    ahead = iter(stream)
    begun = [next(ahead)["key"] for _ in range(5)]
    other = ClipStream(tars, sampling=RANDOM, shuffle=4)
    other.load_state_dict(stream.state_dict())
    assert begun + [sample["key"] for sample in other] == expected
    assert [sample["key"] for sample in other] == expected


def test_a_state_of_another_stream_is_refused(tars: Path) -> None:
    state = ClipLoader(ClipStream(tars, shuffle=4), num_workers=2).state_dict()
    with pytest.raises(SpecError, match="identity is"):
        ClipStream(tars, shuffle=5).load_state_dict(state)
    with pytest.raises(SpecError, match="part is"):
        ClipStream(tars, shuffle=4, rank=1, world=2).load_state_dict(state)
    with pytest.raises(SpecError, match="2 workers, this loader has 3"):
        ClipLoader(ClipStream(tars, shuffle=4), num_workers=3).load_state_dict(state)


# --- rays and units


def independent_rays(w2c: np.ndarray, lens: np.ndarray, height: int, width: int) -> np.ndarray:
    """Of every pixel: the line through the camera's centre and the point that the pixel sees at depth 3."""
    out = np.empty((len(w2c), 6, height, width))
    for t, (matrix, (fx, fy, cx, cy)) in enumerate(zip(w2c, lens, strict=True)):
        centre = np.linalg.inv(matrix)[:3, 3]
        k_inverse = np.linalg.inv(np.array([[fx * width, 0, cx * width], [0, fy * height, cy * height], [0, 0, 1]]))
        for v in range(height):
            for u in range(width):
                point = np.linalg.inv(matrix) @ np.append(3.0 * k_inverse @ [u + 0.5, v + 0.5, 1.0], 1.0)
                direction = (point[:3] - centre) / np.linalg.norm(point[:3] - centre)
                out[t, :, v, u] = [*np.cross(point[:3], direction), *direction]
    return out


def turning(frames: int, seed: int = 0) -> Trajectory:
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(seed)
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, :3, :3] = Rotation.from_rotvec(rng.normal(size=(frames, 3))).as_matrix()
    poses[:, :3, 3] = rng.normal(size=(frames, 3))
    lens = np.array([0.9, 1.3, 0.48, 0.55]) * rng.uniform(0.9, 1.1, size=(frames, 4))
    return Trajectory(poses, lens, 24.0)


def test_rays_are_lines_through_what_the_pixels_see() -> None:
    path = turning(3)
    rays = plucker(torch.tensor(path.world_from_camera), torch.tensor(path.intrinsics), 5, 7)
    assert rays.shape == (3, 6, 5, 7)
    np.testing.assert_allclose(rays, independent_rays(path.camera_from_world, path.intrinsics, 5, 7), atol=1e-12)


def test_rays_of_a_sample_agree_with_the_schemas(tars: Path) -> None:
    sample = ClipTable(tars, sampling=Sampling(frames=4, stride=3, size=(64, 32), rays=8))[6]
    w2c, lens = sample["camera_from_world"].double().numpy(), sample["intrinsics"].double().numpy()
    rays = plucker_rays(Trajectory(invert(w2c), lens, 24.0), 8, 4)
    assert sample["rays"].dtype == torch.float32
    np.testing.assert_allclose(sample["rays"], rays.transpose(0, 3, 1, 2), atol=1e-5)


def test_rays_have_leading_axes() -> None:
    paths = [turning(2, seed) for seed in range(3)]
    poses = torch.from_numpy(np.stack([path.world_from_camera for path in paths]))
    lens = torch.from_numpy(np.stack([path.intrinsics for path in paths]))
    rays = plucker(poses, lens, 4, 6)
    assert rays.shape == (3, 2, 6, 4, 6)
    torch.testing.assert_close(rays[1], plucker(poses[1], lens[1], 4, 6))


# --- what cannot be


def test_short_clips_are_an_error_or_left_out(tmp_path: Path) -> None:
    clips = [graded.clip(0), graded.clip(1, 9), graded.clip(2)]
    root = graded.write_tars(tmp_path, clips, (3,))
    with pytest.raises(SpecError, match=r"cm-graded-000001 has 9 frames, too few for 6 with stride 2") as caught:
        list(ClipStream(root, sampling=Sampling(frames=6, stride=2)))
    assert "\n" not in str(caught.value)
    skip = Sampling(frames=6, stride=2, short="skip")
    assert [s["key"] for s in ClipStream(root, sampling=skip)] == [KEYS[0], KEYS[2]]
    table = ClipTable(root, sampling=skip)
    assert [table[i]["key"] for i in range(len(table))] == [KEYS[0], KEYS[2]]
    loader = ClipLoader(ClipStream(root, sampling=skip))
    begun = run(loader, 1)
    rest = ClipLoader(ClipStream(root, sampling=skip))
    rest.load_state_dict(loader.state_dict())
    assert [b["key"] for b in begun + run(rest)] == [[KEYS[0]], [KEYS[2]]]
    everything = ClipStream(root)
    assert [len(sample["frames"]) for sample in everything] == [FRAMES, 9, FRAMES]
    with pytest.raises(SpecError, match="one batch"):
        collate(list(everything))


def test_a_video_that_is_not_its_rows_is_named(tmp_path: Path) -> None:
    from dataclasses import replace

    whole = graded.clip(0)
    cut = [replace(whole, video=graded.video(FRAMES - 4)), replace(whole, video=graded.video(FRAMES, 64, 64))]
    for clip, says in zip(cut, ["cut short: frame 20 is wanted", "not 96x64"], strict=True):
        root = graded.write_tars(tmp_path / says[:3], [clip], (1,))
        with pytest.raises(SpecError, match=f"clip {KEYS[0]}: .*{says}"):
            ClipTable(root)[0]
    with pytest.raises(SpecError, match=f"clip {KEYS[0]}: not a video"):
        ClipTable(graded.write_tars(tmp_path / "junk", [replace(whole, video=b"junk")], (1,)))[0]


def test_a_damaged_tar_or_view_is_named(tmp_path: Path) -> None:
    root = graded.write_tars(tmp_path / "a", [graded.clip(0)], (1,))
    (tar,) = (root / "webdataset").iterdir()
    whole = tar.read_bytes()
    tar.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SpecError, match=r"train-000000\.tar"):
        ClipTable(root)
    (tmp_path / "b" / "data").mkdir(parents=True)
    (tmp_path / "b" / "data" / "train-000000.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(SpecError, match=r"train-000000\.parquet"):
        ClipTable(tmp_path / "b")


def test_without_torch_one_line_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; from camera_motion.builder.torch import ClipStream"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "ImportError: PyTorch is missing: pip install 'camera-motion[train]'"
    assert "During handling" not in done.stderr


def test_choosing_frames_and_reading_rows_load_no_torch() -> None:
    code = "import sys, camera_motion.builder.torch.walk, camera_motion.builder.reader; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_the_example_goes_on_where_it_was_stopped(tars: Path, tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "examples" / "train_loader.py"
    command = [sys.executable, example, tars, "--batches", "2"]
    runs = [subprocess.run(command, capture_output=True, text=True, cwd=tmp_path) for _ in range(3)]
    assert [run.returncode for run in runs] == [0, 0, 0], [run.stderr for run in runs]
    lines = [line for run in runs for line in run.stdout.splitlines()]
    assert all("(2, 9, 3, 64, 96) (2, 9, 6, 8, 12)" in line for line in lines[:5])
    assert [line.partition(":")[0] for line in lines] == ["epoch 0"] * 6  # of 11 clips
    assert sorted(key for key in KEYS for line in lines if key in line) == KEYS
