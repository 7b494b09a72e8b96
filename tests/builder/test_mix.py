import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import graded
import numpy as np
import pytest
import torch
from graded import CLIPS, KEYS
from torch.utils.data import IterableDataset

from camera_motion.builder.torch import ClipLoader, ClipStream, Sampling
from camera_motion.builder.torch.mixing import IterableWalk, MixWalk, mix
from camera_motion.builder.torch.walk import Part
from camera_motion.generator.encode import encode
from camera_motion.schema.base import SpecError

SAMPLING = Sampling(frames=5, stride=(1, 3), size=(32, 32), crop="random", rays=8)


@pytest.fixture(scope="module")
def tars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return graded.write_tars(tmp_path_factory.mktemp("tars"))


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four videos of other sizes and rates, one too short, one that is none."""
    root = tmp_path_factory.mktemp("videos")
    (root / "deeper").mkdir()
    for number, name in enumerate(["a.mp4", "b.mp4", "deeper/c.mp4", "d.mkv"]):
        pictures = [np.full((48, 64 + 16 * number, 3), 30 + 8 * k, np.uint8) for k in range(16 + number)]
        codec = "ffv1" if name.endswith("mkv") else "h264"
        (root / name).write_bytes(encode(pictures, 64 + 16 * number, 48, 12 + number, codec=codec))
    (root / "short.mp4").write_bytes(encode([np.zeros((48, 64, 3), np.uint8)] * 3, 64, 48, 12))
    (root / "broken.mp4").write_bytes(b"not a video")
    (root / "a.txt").write_text("A dog runs.\n")
    (root / "notes.md").write_text("not a video either")
    return root


def mixed(tars: Path, other: Any, share: float = 0.7, shuffle: int = 3, seed: int = 4) -> ClipStream:
    return mix(ClipStream(tars, sampling=SAMPLING, shuffle=shuffle, seed=seed), other, share, seed)


class Numbered:
    """Samples that can be iterated again, a number each."""

    def __init__(self, count: int, letter: str = "n") -> None:
        self.count, self.letter = count, letter

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for number in range(self.count):
            yield {"key": f"{self.letter}{number}", "frames": np.full((5, 3, 32, 32), number, np.uint8)}


class Nine(IterableWalk):
    """A walk that says how long it is."""

    def length(self, epoch: int, part: Part) -> int:
        return 9


@pytest.mark.parametrize("share", [0.7, 0.5, 0.05, 0.93, 1.0])
def test_every_clip_comes_once_and_the_ratio_holds_all_along(tars: Path, share: float) -> None:
    flags = []
    keys = []
    for sample in mixed(tars, Numbered(7), share):
        flags.append(sample["has_camera"])
        keys.append(sample["key"])
    assert sorted(key for key, clip in zip(keys, flags, strict=True) if clip) == KEYS
    so_far = np.cumsum(flags)
    assert np.abs(so_far - share * np.arange(1, len(flags) + 1)).max() < 1
    others = [key for key, clip in zip(keys, flags, strict=True) if not clip]
    assert others == [f"n{i % 7}" for i in range(len(others))]


def test_each_place_is_a_clips_with_the_probability_asked_for() -> None:
    clips, other = (Nine(Numbered(9, letter), SAMPLING) for letter in "cn")
    first = []
    for seed in range(500):
        ahead = MixWalk(clips, other, 0.7, seed).walk(0, Part(), ())
        first.append([next(ahead)[1]["key"][0] == "c" for _ in range(5)])
    assert np.abs(np.mean(first, axis=0) - 0.7).max() < 0.08  # 4 standard deviations


def test_the_same_seed_mixes_the_same_and_an_epoch_mixes_anew(tars: Path, videos: Path) -> None:
    def keys(seed: int, epoch: int) -> list[tuple[str, list[int]]]:
        stream = mixed(tars, videos, seed=seed)
        stream.set_epoch(epoch)
        return [(sample["key"], sample["frame_indices"].tolist()) for sample in stream]

    assert keys(1, 0) == keys(1, 0)
    assert keys(1, 0) != keys(2, 0)
    assert keys(1, 0) != keys(1, 1)


def test_a_folder_of_videos_makes_batches_with_clips(
    tars: Path, videos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        samples = list(mixed(tars, videos, 0.4))
    left_out = sorted(record.getMessage().split(": ", 1)[0] for record in caplog.records)
    assert [line.rpartition("/")[2] for line in left_out] == ["broken.mp4", "short.mp4"]  # told once, not every lap
    others = [sample for sample in samples if not sample["has_camera"]]
    assert {sample["key"] for sample in others} == {"a", "b", "c", "d"}
    assert {sample["caption"] for sample in others if sample["key"] == "a"} == {"A dog runs."}
    for sample in others:
        seen = sample["frames"].double().mean(dim=(1, 2, 3))
        torch.testing.assert_close(seen, 30 + 8 * sample["frame_indices"].double(), atol=2.5, rtol=0)
        assert sample["fps"] in {rate / stride for rate in (12, 13, 14, 15) for stride in (1, 2, 3)}
    (batch,) = ClipLoader(mixed(tars, videos, 0.4), batch_size=len(samples))
    flags = batch["has_camera"]
    assert flags.dtype == torch.bool
    assert batch["frames"].shape == (len(samples), 5, 3, 32, 32)
    assert batch["rays"].shape == (len(samples), 5, 6, 4, 4)
    assert not batch["rays"][~flags].any()
    assert (batch["rays"][flags, :, 3:].norm(dim=2) - 1).abs().max() < 1e-5
    still = torch.eye(4).expand(int((~flags).sum()), 5, 4, 4)
    assert torch.equal(batch["camera_from_world"][~flags], still)
    assert (batch["intrinsics"][~flags, :, :2] > 0).all()


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kind", ["folder", "iterable", "stream"])
def test_a_resumed_mix_goes_on_exactly(tars: Path, videos: Path, kind: str, workers: int) -> None:
    def loader() -> ClipLoader:
        other: Any = {"folder": videos, "iterable": Numbered(4)}.get(kind)
        other = other or ClipStream(tars, sampling=SAMPLING, seed=9, shuffle=2)
        return ClipLoader(mixed(tars, other, 0.5), 2, workers)

    expected = list(loader())
    for stop in (1, len(expected) // 2, len(expected) - 1):
        first = loader()
        begun = [batch for _, batch in zip(range(stop), first, strict=False)]
        second = loader()
        second.load_state_dict(first.state_dict())
        whole = begun + list(second)
        assert [batch["key"] for batch in whole] == [batch["key"] for batch in expected]
        for a, b in zip(whole, expected, strict=True):
            assert torch.equal(a["frames"], b["frames"])
            assert torch.equal(a["has_camera"], b["has_camera"])


@pytest.mark.parametrize("share", [0.7, 0.5, 0.05, 0.93, 1.0])
def test_training_processes_get_equal_numbers(tars: Path, share: float) -> None:
    for epoch in range(4):
        counts = set()
        for rank in range(3):
            clips = ClipStream(tars, sampling=SAMPLING, shuffle=3, rank=rank, world=3)
            stream = mix(clips, Numbered(7), share)
            stream.set_epoch(epoch)
            counts.add(sum(1 for _ in stream))
            assert len(ClipLoader(stream)) in counts
        assert len(counts) == 1


def test_a_worker_whose_files_are_damaged_takes_others_in_its_next_lap(tars: Path, videos: Path) -> None:
    stream = mixed(tars, videos, 0.3)  # six files, two of them of no use
    for worker in range(6):
        others = [s["key"] for _, s in stream.walk.walk(0, Part(0, 1, worker, 6), ()) if not s["has_camera"]]
        assert len(others) > 1
        assert set(others) <= {"a", "b", "c", "d"}


def test_few_files_come_to_every_worker_in_another_order(tars: Path, videos: Path) -> None:
    stream = mixed(tars, videos, 0.2)
    orders = {
        tuple(s["key"] for _, s in stream.walk.walk(0, Part(0, 1, worker, 8), ()) if not s["has_camera"])[:4]
        for worker in range(1, 8)  # 0 has no clip
    }
    assert len(orders) > 3


def test_workers_share_clips_and_the_others_out(tars: Path) -> None:
    stream = mixed(tars, Numbered(1000), 0.5)
    parts = [[s["key"] for _, s in stream.walk.walk(0, Part(0, 1, w, 3), ())] for w in range(3)]
    keys = [key for part in parts for key in part]
    assert sorted(key for key in keys if key in KEYS) == KEYS
    assert len(set(keys)) == len(keys)


def test_an_iterable_dataset_that_has_tensors_is_taken_as_it_is(tars: Path) -> None:
    class Given(IterableDataset[dict[str, Any]]):
        epoch = -1

        def set_epoch(self, epoch: int) -> None:
            self.epoch = epoch

        def __iter__(self) -> Iterator[dict[str, Any]]:
            assert self.epoch >= 0
            yield {"frames": torch.full((5, 3, 32, 32), 0.25), "fps": 8}

    sampling = Sampling(frames=5, size=(32, 32), pixels="signed")
    given = mix(ClipStream(tars, sampling=sampling), Given(), 0.5)
    others = [sample for sample in given if not sample["has_camera"]]
    assert CLIPS - 1 <= len(others) <= CLIPS + 1
    assert all(torch.equal(sample["frames"], torch.full((5, 3, 32, 32), 0.25)) for sample in others)
    assert {sample["fps"] for sample in others} == {8.0}


def test_what_cannot_be_mixed_is_refused_in_one_line(tars: Path, videos: Path, tmp_path: Path) -> None:
    stream = ClipStream(tars, sampling=SAMPLING)
    float_frames = [{"frames": np.zeros((5, 3, 32, 32), np.float32)}]
    cases: list[tuple[Any, float, str]] = [
        (videos, 0.0, "share is 0.0"),
        (videos, 1.5, "share is 1.5"),
        (tmp_path / "nowhere", 0.5, "is not a folder"),
        (tmp_path, 0.5, "holds no video"),
        ([], 0.5, "gave no sample"),
        (iter([{"frames": np.zeros((5, 3, 32, 32), np.uint8)}]), 0.5, "gave no sample"),  # it cannot begin again
        ([{"caption": "no frames"}], 0.5, r"frames of shape \[T, 3, H, W\]"),
        (float_frames, 0.5, "wants them as uint8"),
        (ClipStream(tars), 0.5, "same sampling"),
    ]
    for other, share, says in cases:
        with pytest.raises(SpecError, match=says) as caught:
            list(mix(stream, other, share))
        assert "\n" not in str(caught.value)
    only_bad = tmp_path / "bad"
    only_bad.mkdir()
    (only_bad / "x.mp4").write_bytes(b"junk")
    with pytest.raises(SpecError, match="gave no sample"):
        list(mix(stream, only_bad, 0.5))
