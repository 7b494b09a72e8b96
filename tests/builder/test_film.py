"""The real film maker under the builder: the same bytes from every engine, and a set that proves itself."""

import hashlib
from pathlib import Path

import pytest

from camera_motion.builder.run import build
from camera_motion.builder.validate import validate
from camera_motion.generator.clip import film
from camera_motion.schema.parse import parse

SPEC = parse(
    {
        "name": "real",
        "seed": 1,
        "clips": 4,
        "clips_per_scene": 2,
        "shard_clips": 2,
        "video": {"width": 256, "height": 160, "frames": 16, "fps": 8},
        "moves": [{"move": "pan"}, {"move": "dolly"}],
        "splits": {"train": 0.5, "test": 0.5},
        "render": {"spacing_px": 3.0},
    }
)


def digests(root: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (root / "webdataset").iterdir()}


@pytest.mark.slow
def test_threads_and_processes_make_the_same_bytes_and_both_are_right(tmp_path: Path) -> None:
    threads, processes = tmp_path / "threads", tmp_path / "processes"
    built = build(SPEC, threads, film, engine="serial", workers=2)
    assert built.failures == {}
    assert built.complete
    assert build(SPEC, processes, film, engine="processes", workers=2).complete
    assert digests(threads) == digests(processes)
    report = validate(threads, deep=True)
    assert report.problems == []
    assert report.manifest.statistics.counts["scene"] == {"courtyard": 2, "interior": 2}
    assert report.manifest.statistics.counts["split"] == {"test": 2, "train": 2}
