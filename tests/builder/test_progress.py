"""What a person is told: while a set is built, when it is done, and before it is begun."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from tiny import film, spec

from camera_motion.builder.progress import Bar, spell_bytes, spell_s, summary
from camera_motion.builder.run import build


def test_a_build_away_from_a_terminal_says_a_line_a_shard(tmp_path: Path) -> None:
    said = io.StringIO()
    with Bar(Console(file=said, width=200), "tiny") as bar:
        build(spec(clips=4), tmp_path, film, watcher=bar, engine="serial")
    first, *lines = said.getvalue().splitlines()
    assert first.startswith("tiny: 4 clips; ")
    assert len(lines) == 2
    assert lines[0].startswith("train-000000: 2 clips, ") or lines[0].startswith("test-000000: 2 clips, ")
    assert "; 4 of 4 after " in lines[1]
    said.truncate(0)
    with Bar(Console(file=said, width=200), "tiny") as bar:
        build(spec(clips=4), tmp_path, film, watcher=bar, engine="serial")
    assert "4 of 4 clips are there already" in said.getvalue()


def test_a_terminal_gets_a_bar(tmp_path: Path) -> None:
    said = io.StringIO()
    with Bar(Console(file=said, width=100, force_terminal=True), "tiny") as bar:
        build(spec(clips=4), tmp_path, film, watcher=bar, engine="serial")
    assert "4/4" in said.getvalue()


def test_clips_are_counted_once_whoever_tells_of_them(tmp_path: Path) -> None:
    receipts = build(spec(clips=4), tmp_path, film, engine="serial").receipts
    said = io.StringIO()
    with Bar(Console(file=said, width=200), "tiny") as bar:
        bar.begin(4, [])
        for key in (receipts[0].keys[0], *receipts[0].keys):  # a shard that was begun twice
            bar.clip(key)
        for receipt in receipts:  # and one that only its receipt tells of
            bar.shard(receipt)
    assert "; 2 of 4 after " in said.getvalue().splitlines()[-2]
    assert "; 4 of 4 after " in said.getvalue().splitlines()[-1]


def test_the_summary_names_rejections_and_what_is_missing(tmp_path: Path) -> None:
    manifest = build(spec(), tmp_path, film, engine="serial").manifest
    count = manifest.rejections["gate: focal"]
    lines = summary(manifest.model_copy(update={"missing": {"cm-tiny-000003": "place: no room"}}))
    assert lines[0].startswith("12 clips in 6 shards, 12.0 s of video, ")
    assert lines[1] == f"{count} of {12 + count} candidates rejected: {count} for gate: focal"
    assert lines[2] == "missing cm-tiny-000003: place: no room"


@pytest.mark.parametrize(
    ("seconds", "spelt"), [(0, "0.0 s"), (59.94, "59.9 s"), (192, "3 min 12 s"), (7530, "2 h 05 min")]
)
def test_durations(seconds: float, spelt: str) -> None:
    assert spell_s(seconds) == spelt


@pytest.mark.parametrize(("count", "spelt"), [(999, "999 B"), (12_345_678, "12.3 MB"), (2.5e15, "2500.0 TB")])
def test_sizes(count: float, spelt: str) -> None:
    assert spell_bytes(count) == spelt
