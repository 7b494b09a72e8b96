"""A set describes itself truly: what its card says is what its tars hold, and a reader who follows it gets there."""

import json
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cardpage import Section, Table, sections
from leaving import AT_ONCE
from PIL import Image
from tiny import shoot, shoot_truly
from tiny import spec as tiny_spec

from camera_motion.builder import requests as asked
from camera_motion.builder.commands.card import card
from camera_motion.builder.describe import facts, write_card
from camera_motion.builder.parquet import write_view
from camera_motion.builder.plan import plan
from camera_motion.builder.rows import row_of
from camera_motion.builder.run import build
from camera_motion.builder.shard import read_tar
from camera_motion.builder.specfile import load
from camera_motion.builder.store import Store
from camera_motion.cards.figures import FIGURES
from camera_motion.evaluation.gate import TOLERANCES
from camera_motion.generator.identity import identity_of
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import Checks, FilmedClip, Rejection, SegmentRecord
from camera_motion.schema.columns import CHECK_FIELDS
from camera_motion.schema.plan import ClipPlan, ScenePlan
from camera_motion.schema.spec import Spec

REPO = "org/set"
MOTIONS = (("pan_right", "deg"), ("dolly_in", "m"), ("zoom_out", "ln f"), ("static", ""))
#: The planned clip for which nothing passes.
LOST = 5


def spec() -> Spec:
    """Ask for 8 clips in 4 scenes, two splits, large enough to be tracked in."""
    parts = [{"move": "truck"}, {"move": "tilt", "directions": ["up"]}]
    return tiny_spec(
        clips=8,
        clips_per_scene=2,
        video={"width": 192, "height": 128, "frames": 16, "fps": 8},
        moves=[{"move": "pan"}, {"move": "at_once", "parts": parts}, {"move": "handheld", "steadiness": "smooth"}],
    )


def film(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
    """Film clips of many kinds: true pans, and clips whose labels and checks say something else each time."""
    for clip in (clip for clip in scene.clips if clip.index in indices):
        yield from (Rejection(clip.key, n, f"gate: focal +{n}.62 %") for n in range(clip.index % 3))
        if clip.index == LOST:
            yield Rejection(clip.key, 9, "no place for | a dolly")
        else:
            yield told(shoot_truly(spec, scene, clip) if clip.index == 1 else shoot(spec, scene, clip), clip)


def told(clip: FilmedClip, planned: ClipPlan) -> FilmedClip:
    i = planned.index
    motion, unit = MOTIONS[i % len(MOTIONS)]
    checks = {field.name: 0.1 + 0.01 * i for field in CHECK_FIELDS}
    for n, part in enumerate(TOLERANCES):
        seen = (i + n) % 2 == 0
        checks |= {part: (-1) ** n * 1e-4 * i * seen, f"{part}_sigma": 1e-4 * seen, f"{part}_observable": float(seen)}
    changes: dict[str, Any] = {
        "main_motion": motion,
        "camera_motion": tuple(dict.fromkeys([motion, "pan_right"])),
        "motion_segments": (
            SegmentRecord(start_frame=0, end_frame=9, motion=motion, magnitude=0.5 + i, unit=unit, speed="fast"),
        ),
        "speed": ("slow", "regular", "fast")[i % 3],
        "camera_scale": 0.3 * (i % 4),
        "path_length_m": 0.4 * (i % 4),
        "pan_deg": 7.0 - i,
        "focal_ratio": 1.0 + 0.1 * i,
        "vtss_score": 0.25 * i if i in (1, 2) else None,
        "checks": Checks(**checks),
        "provenance": json.dumps({"request": asdict(planned.request)}),
    }
    return replace(clip, record=clip.record.model_copy(update=changes))


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set with its view and its card. Of its clips one is missing."""
    root = tmp_path_factory.mktemp("sets") / "mine"
    build(spec(), root, film, engine="serial")
    write_view(root)
    write_card(root, REPO)
    return root


@pytest.fixture
def root(described: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(described, tmp_path / "mine"))


@pytest.fixture(scope="module")
def page(described: Path) -> dict[str, Section]:
    return sections((described / "README.md").read_text())


@pytest.fixture(scope="module")
def rows(described: Path) -> list[dict[str, Any]]:
    """The rows of all tars, read without the view."""
    return [row_of(files) for tar in sorted((described / "webdataset").glob("*")) for _, files in read_tar(tar)]


def counted(table: Table, key: int = 0, value: int = 1) -> dict[str, int]:
    return {row[key]: int(row[value].replace(",", "")) for row in table[1:] if row[value] != "0"}


def test_motions_and_speeds_are_those_of_the_tars(page: dict[str, Section], rows: list[dict[str, Any]]) -> None:
    table = page["Motion"].table("motion")
    assert counted(table, value=3) == Counter(row["main_motion"] for row in rows)
    assert counted(table, value=4) == Counter(word for row in rows for word in row["camera_motion"])
    assert counted(page["Motion"].table("speed"), value=2) == Counter(row["speed"] for row in rows)


def test_requests_are_those_of_the_plan(page: dict[str, Section]) -> None:
    clips = [clip for shard in plan(spec()).shards() for scene in shard.scenes for clip in scene.clips]
    requests = list({clip.key: clip.request for clip in clips}.values())
    table = page["Motion"].table("motion")
    pans = Counter(f"pan_{r.direction}" for r in requests if r.move == "pan")
    assert counted(table, value=1) == pans
    parts = Counter(f"{p.move}_{p.direction}" for r in requests for p in r.parts)
    assert counted(table, value=2) == parts
    free = Counter({"six_dof": "all", "at_once": "truck", "handheld": "handheld"}.get(r.move) for r in requests)
    assert {row[0].split(",")[0].split()[0]: int(row[1]) for row in page["Motion"].table("asked for")[1:]} == {
        word: count for word, count in free.items() if word
    }
    assert counted(page["Motion"].table("speed"), value=1) == Counter(r.speed for r in requests)


def test_splits_scenes_and_sizes_are_those_of_the_tars(
    described: Path, page: dict[str, Section], rows: list[dict[str, Any]]
) -> None:
    table = page["Scenes and splits"].table("split")
    for name, clips, scenes, shards, size in table[1:]:
        here = [row for row in rows if name in ("all", row["split"])]
        tars = list((described / "webdataset").glob(f"{'*' if name == 'all' else name}-*.tar"))
        assert int(clips) == len(here)
        assert int(scenes) == len({row["scene_id"] for row in here})
        assert int(shards) == len(tars)
        assert float(size) == pytest.approx(sum(tar.stat().st_size for tar in tars) / 1e6, abs=0.051)
    assert [row[0] for row in table[1:]] == ["train", "test", "all"]
    assert counted(page["Scenes and splits"].table("column"), 1, 2)["none"] == len(rows)


def test_camera_statistics_are_those_of_the_tars(page: dict[str, Section], rows: list[dict[str, Any]]) -> None:
    for name, _, *numbers in page["Cameras"].table("column")[1:]:
        values = np.array([row[name] for row in rows])
        truth = [values.mean(), values.std(), values.min(), values.max()]
        np.testing.assert_allclose([float(x) for x in numbers], truth, atol=0.051 if "deg" in name else 0.0051)
    focal, angle, scale, _ = page["Cameras"].table("")[1:]
    widths = np.array([row["camera_intrinsics"][0, 0] for row in rows])
    lenses = [36 * f(widths) for f in (np.min, np.median, np.max)]
    np.testing.assert_allclose([float(x) for x in focal[1:]], lenses, atol=0.051)
    assert float(angle[3]) == pytest.approx(2 * math.degrees(math.atan(0.5 / widths.min())), abs=0.051)
    assert float(scale[2]) == pytest.approx(np.median([row["camera_scale"] for row in rows]), abs=0.0051)


def test_the_proof_is_that_of_the_tars(page: dict[str, Section], rows: list[dict[str, Any]]) -> None:
    table = page["Proof"].table("part")
    for part, (_, shown, mean, rms, largest, tolerance) in zip(TOLERANCES, table[1:], strict=True):
        values = np.array([row["checks"][part] for row in rows if row["checks"][f"{part}_observable"]])
        scale = 1.0 if part == "time" else 100.0
        assert int(shown) == len(values) > 0
        truth = [values.mean(), np.sqrt((values**2).mean()), np.abs(values).max(), TOLERANCES[part]]
        found = [float(cell.removesuffix(" %")) for cell in (mean, rms, largest, tolerance)]
        np.testing.assert_allclose(found, scale * np.array(truth), atol=0.00051)
    residuals = [row["checks"]["residual_px"] for row in rows]
    said = re.search(r"Residual: (\S+) px on average .*, at most (\S+) px", page["Proof"].text)
    assert said is not None
    assert [float(x) for x in said.groups()] == pytest.approx([np.mean(residuals), max(residuals)], abs=0.00051)


def test_the_summary_is_of_the_tars(page: dict[str, Section], rows: list[dict[str, Any]]) -> None:
    summary = {row[0]: row[1] for row in page[""].table("")[1:]}
    splits, frames = Counter(row["split"] for row in rows), sum(row["num_frames"] for row in rows)
    minutes = sum(row["num_frames"] / row["fps"] for row in rows) / 60
    assert summary["Clips"] == (
        f"{len(rows)} ({splits['train']} train, {splits['test']} test), {frames} frames, {minutes:.1f} minutes"
    )
    assert summary["Video"].endswith(f"; {sum(len(row['video']) for row in rows) / 1e6:.1f} MB in all")
    assert summary["Labels"].startswith(f"{len({word for row in rows for word in row['camera_motion']})} motions")
    for name, _, *numbers in page["Proof"].table("measure")[1:]:
        values = np.array([row["quality"][name] for row in rows])
        truth = [values.mean(), values.min(), values.max()]
        np.testing.assert_allclose([float(x.replace(",", "")) for x in numbers], truth, rtol=5e-3, atol=6e-5)


def test_rejections_and_missing_clips_are_told(page: dict[str, Section], rows: list[dict[str, Any]]) -> None:
    assert len(rows) == 7
    expected = {"gate: focal # %": sum(i % 3 for i in range(8)), "no place for | a dolly": 1}
    assert counted(page["Proof"].table("reason")) == expected
    assert "Of 15 candidates 8 were rejected" in page["Proof"].text
    (lost,) = page["Scenes and splits"].table("clip")[1:]
    assert lost == [f"cm-tiny-{LOST:06d}", "no place for | a dolly"]
    assert "known for 2 of 7 sampled clips: 0.25 to 0.50" in page["Limitations"].text


def test_the_example_is_of_the_tars_and_true(page: dict[str, Section], rows: list[dict[str, Any]]) -> None:
    program = page["Conventions"].code[0]
    scope: dict[str, Any] = {}
    exec(compile(program, "card", "exec"), scope)
    found = re.search(r"# (\S+), its frames (\d+) and (\d+)", program)
    assert found is not None
    row = next(row for row in rows if row["key"] == found[1])
    frames = [int(found[2]), int(found[3])]
    np.testing.assert_allclose(scope["w2c"], row["camera_extrinsics"][frames], atol=1e-6)
    np.testing.assert_allclose(scope["lens"], row["camera_intrinsics"][frames], atol=1e-6)
    assert (scope["W"], scope["H"]) == (row["width"], row["height"])


def test_the_example_shows_a_corner_that_was_tracked(described: Path) -> None:
    shown = facts(described, REPO).example
    assert shown.key == "cm-tiny-000001"
    assert shown.tracked_px is not None
    assert shown.frames[0] < shown.frames[1]


def test_the_figures_are_drawn_and_shown(described: Path) -> None:
    card = (described / "README.md").read_text()
    for name in ("contact.png", *FIGURES):
        assert f"](figures/{name})" in card
        with Image.open(described / "figures" / name) as picture:
            assert picture.width > 900


def test_the_same_set_makes_the_same_bytes(described: Path, root: Path) -> None:
    write_card(root, REPO)
    for path in (root / "README.md", root / "CITATION.cff", *(root / "figures").iterdir()):
        assert path.read_bytes() == (described / path.relative_to(root)).read_bytes()


def test_a_version_keeps_its_day(root: Path) -> None:
    cited = (root / "CITATION.cff").read_text()
    (root / "CITATION.cff").write_text(re.sub(r"\d{4}-\d\d-\d\d", "2020-02-02", cited))
    assert facts(root, REPO).released == "2020-02-02"
    assert facts(root, REPO, "1.0.1").released > "2020-02-02"
    assert facts(root, REPO, released="2021-03-03").released == "2021-03-03"


def test_the_spec_that_it_says_to_take_makes_the_same_set(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(sections((root / "README.md").read_text())["How it was made"].code[0])
    assert words[:2] == ["python", "-c"]
    monkeypatch.chdir(root)
    exec(words[2], {})
    assert identity_of(load("again.yaml")) == Store(root).read_identity()


@pytest.mark.slow
def test_what_the_card_says_to_run_runs(root: Path, tmp_path: Path) -> None:
    """Every program of the section, with the set's folder in place of the repository."""
    write_card(root, None, contact="write to us", authors=["A Group"])
    programs = sections((root / "README.md").read_text())["Load it"].code
    assert len(programs) == 4
    environment = os.environ | {"HF_DATASETS_CACHE": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", "\n".join(programs) + AT_ONCE],
        cwd=root.parent,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    for words in ("cm-tiny-000000", "of 5", "(16, 4, 4)", "torch.Size([2, 16, 3, 64, 96])"):
        assert words in ran.stdout


def test_a_set_without_tars_has_a_card_too(root: Path) -> None:
    shutil.rmtree(root / "webdataset")
    write_card(root, REPO)
    card = (root / "README.md").read_text()
    assert "webdataset" not in card.split("\n---\n")[1]
    assert "tracked" not in sections(card)["Conventions"].code[0]
    exec(compile(sections(card)["Conventions"].code[0], "card", "exec"), {})


def test_what_has_no_card_is_refused_in_a_line(root: Path) -> None:
    def refused(message: str, **words: Any) -> None:
        with pytest.raises(SpecError, match=message):
            write_card(root, words.pop("repo_id", REPO), **words)

    (root / "README.md").unlink()
    refused("contact is ''", repo_id=None, authors=["A"])
    refused("authors is empty", repo_id=None, contact="write to us")
    refused("title is 'TODO'", title="TODO")
    refused("repo_id is 'no/such/name'", repo_id="no/such/name")
    store = Store(root)
    kept = store.read_receipt("train-000000") or store.read_receipt("test-000000")
    assert kept is not None
    others = {"train": "test", "test": "train"}
    other = next(r for r in store.all_receipts(kept.identity) if r.split == others[kept.split])
    store.write_receipt(kept.model_copy(update={"scenes": other.scenes}))
    refused("is in train and in test|is in test and in train")
    store.receipt_path(kept.name).unlink()
    refused("is not finished: 3 of 4 shards; go on with")
    store.write_receipt(kept)
    (root / "metadata" / "train-000000.parquet").write_bytes(b"PAR1")
    refused("is damaged")
    shutil.rmtree(root / "metadata")
    refused("write the Parquet view first")
    assert not (root / "README.md").exists()  # nothing is written of a card that is refused


def test_what_another_version_dealt_is_read_from_its_clips(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned, lost = asked.planned_requests(spec()), plan(spec()).shard(LOST // 2)
    told = asked.requests(root, spec(), "0.0.1")
    request = next(clip.request for scene in lost.scenes for clip in scene.clips if clip.index == LOST)
    assert sum(planned.speeds.values()) == 8
    assert Counter(planned.speeds) - Counter(told.speeds) == {request.speed: 1}
    shutil.rmtree(root / "metadata")
    shutil.copytree(root / "cameras", root / "metadata")  # whose rows do not tell
    with pytest.raises(SpecError, match=r"made by camera-motion 0\.0\.1, and its clips do not tell"):
        asked.requests(root, spec(), "0.0.1")


def test_the_command_writes_a_card(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert card(root, repo="org/other", version="2.0.0", author=("A", "B"), title="Words") == 0
    text = (root / "README.md").read_text()
    assert "# Words" in text
    assert "org/other" in text
    assert "2.0.0 of" in text
    assert str(root / "README.md") in capsys.readouterr().out
