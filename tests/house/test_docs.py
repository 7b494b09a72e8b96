"""What the pages say is so: their tables are the code's, their links lead somewhere, their examples run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sets import write_set

from camera_motion.schema.columns import COLUMNS, Column
from camera_motion.schema.parse import parse
from camera_motion.schema.spec import DIRECTIONS, MAGNITUDE_LIMITS, PROFILES, Spec
from camera_motion.schema.vocabulary import PRIMITIVES, SPEED_CLASSES, SPEEDS, word

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
by_name = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """All `camera-motion ...` lines of the pages' shell blocks and of the Makefile, without comments, each once."""
    lines = [line for page in PAGES for block in blocks(page, "bash") for line in block.splitlines()]
    lines += [line.replace("\t$(BIN)/", "") for line in (ROOT / "Makefile").read_text().splitlines()]
    ours = {re.split(" #| >", line)[0].strip() for line in lines if line.startswith("camera-motion ")}
    return [shlex.split(line) for line in sorted(ours)]


def column_type(column: Column) -> str:
    kind = "video (mp4)" if column.kind == "video" else column.kind
    if column.shape == ("N",):
        return f"list of {kind}"
    return f"{kind} [{', '.join(map(str, column.shape))}]" if column.shape else kind


def test_the_format_page_has_every_column_as_it_is() -> None:
    page = (ROOT / "docs" / "format.md").read_text()
    rows = [f"| `{c.name}` | {column_type(c)} | {c.doc} |" for c in COLUMNS]
    assert "\n".join(rows) in page


def test_the_motion_page_has_every_word_and_speed_class_as_they_are() -> None:
    page = (ROOT / "docs" / "motion.md").read_text()
    for primitive in PRIMITIVES.values():
        assert primitive.reserved or f"`{primitive.id}`" in page
    for family, classes in SPEED_CLASSES.items():
        unit = {"deg": "°"}.get(unit := PRIMITIVES[word(family, 1.0)].unit, unit)
        rates = " | ".join(f"{low:g} to {high:g}" for low, high in (classes[speed] for speed in SPEEDS))
        assert f"| {family.replace('_', ' ')} | {rates} | {unit} |" in page


@by_name
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert "://" in link or (page.parent / link).exists(), link


@by_name
def test_python_examples_run(page: Path, tmp_path: Path) -> None:
    write_set(tmp_path / "demo")
    code = "\n".join(blocks(page, "python"))
    if code:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_commands_and_their_options_exist(command: list[str]) -> None:
    """Ask for the help of the subcommand: every option that a page names must be in it."""
    asked = [Path(sys.executable).with_name("camera-motion"), command[1], "--help"]
    done = subprocess.run(asked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for option in (part.partition("=")[0] for part in command if part.startswith("--")):
        assert option in done.stdout


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_example_specs_are_right(example: Path) -> None:
    assert parse(yaml.safe_load(example.read_text()), example.name).clips > 0


def test_the_page_of_the_spec_tells_every_field_profile_and_move() -> None:
    page = (ROOT / "docs" / "spec.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z_]+)`[^|]*\|(.*)$", page, re.MULTILINE))
    assert set(Spec.model_fields) - {"base", "inputs"} <= set(re.findall(r"`([a-z_]+)`", page))
    for name, (width, height, frames, fps) in PROFILES.items():
        row = next(line for line in page.splitlines() if f"`{name}`" in line)
        assert f"{width} x {height}" in row
        assert row.endswith(f"| {frames} | {fps:g} |")
    for move, directions in DIRECTIONS.items():
        row = rows.get(move) or next(line for line in page.splitlines() if f"`{move}`" in line)
        assert all(f"`{direction}`" in row for direction in directions)
        if move in MAGNITUDE_LIMITS:
            limit, unit = MAGNITUDE_LIMITS[move]
            assert f"| {limit:g} {unit} |" in f"{row} " or (move == "zoom" and f" {limit:g}," in row)
