"""The command line: quick, with examples, and one line for every mistake."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tiny import film, spec

from camera_motion.builder import specfile
from camera_motion.builder.cli import COMMANDS, main
from camera_motion.builder.plan import plan
from camera_motion.builder.run import build
from camera_motion.builder.store import Store
from camera_motion.generator.identity import identity_of
from camera_motion.schema.base import SpecError

#: What takes long to import and no `--help` needs.
HEAVY = {"numba", "datasets", "torch", "scipy", "cv2", "av", "matplotlib", "numpy", "pydantic"}


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built")
    assert build(spec(clips=4), root, film, engine="serial").complete
    return root


@pytest.fixture
def root(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "set"))


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys, contextlib, io\n"
        "from camera_motion.builder.cli import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()): main(['--help'])\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_shows_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, command, "--help")
    assert code == 0
    assert f"Example: camera-motion {command}" in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["build", "nope"], "there is no spec 'nope'; name a .yaml file or one of camvig, demo, large, standard"),
        (["build", "nope.yaml"], "cannot read the spec nope.yaml: No such file or directory"),
        (["build", "--clips", "25"], "demo.yaml: clips is 25, not a multiple of shard_clips 6; nearest: 24 or 30"),
        (["build", "--seed", "-1"], "demo.yaml: seed is -1; it must be at least 0"),
        (["build", "--workers", "-3"], "--workers is -3; it must be from 1 to 4096"),
        (["build", "--address", "auto"], "--address is 'auto', but the engine is auto; add --engine ray"),
        (
            ["build", "--gpus", "0.5", "--renderer", "cpu"],
            "--gpus is 0.5, but the renderer is cpu; leave it out, or use",
        ),
        (["spec", "estimate", "--workers", "9" * 400], "--workers is a number without end"),
        (["status", "/nowhere"], "/nowhere holds no set: there is no spec.json; build one with --out"),
        (["validate", "/nowhere"], "/nowhere holds no set"),
        (["extend", "/nowhere", "--clips", "6"], "/nowhere holds no set"),
        (["sheet", "/nowhere"], "/nowhere holds no clips to draw"),
        (["sheet", "/nowhere", "--clips", "-1"], "a sheet of -1 clips cannot be drawn; ask for 1 to 1000"),
        (["sheet", "x" * 300], f"{'x' * 300}/webdataset: File name too long"),
        (["spec", "check", "x" * 5000], f"there is no spec '{'x' * 5000}'"),
        (["spec", "check", "nope"], "there is no spec 'nope'"),
    ],
)
def test_a_mistake_is_one_line_and_code_two(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(f"camera-motion: {complaint}")
    assert err.count("\n") == 1


@pytest.mark.parametrize("part", ["4/4", "1", "x/2", "-1/2", "0/0", "0/\u00b2", "0/" + "9" * 5000])
def test_a_slice_is_i_of_n(part: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "build", "--out", str(tmp_path / "set"), f"--slice={part}")
    assert code == 2
    assert "--slice is" in err
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name: [", "line 1: not YAML: "),
        ("video:\n  width: 64\n  width: 96", "line 3: not YAML: the key 'width' is there twice"),
        ("- pan", "a spec is a mapping of keys to values, not ['pan']"),
        ("base: /", "base is not a key of a spec"),
        ("colour: red", "colour is not a key of a spec"),
        ('"a\\nb": 1', "a\\nb is not a key of a spec"),
        ("seed: 2024-99-99", "not YAML: a value is not what it looks like: month must be in 1..12"),
        ("seed: !!int abc", "not YAML: a value is not what it looks like"),
        ("seed: !!bool abc", "not YAML: a value is not what it looks like"),
        ("[" * 2000, "nested too deep"),
        ("!!python/object/apply:os.system [ls]", "not YAML: could not determine a constructor for the tag"),
    ],
)
def test_a_broken_spec_file_is_one_line(
    text: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    code, _, err = run(capsys, "spec", "check", str(path))
    assert code == 2
    assert complaint in err
    assert err.startswith("camera-motion: mine.yaml")
    assert err.count("\n") == 1


def test_a_file_that_a_spec_names_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fields = spec().model_dump(exclude={"base", "inputs", "moves"})
    moves = [{"move": "pan"}, {"move": "replay", "file": "walks/gone.txt"}]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(fields | {"moves": moves}))
    code, _, err = run(capsys, "spec", "check", str(tmp_path / "mine.yaml"))
    assert code == 2
    assert "moves[1].file is 'walks/gone.txt'; cannot read" in err


def test_a_pipe_is_no_file_that_a_spec_may_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(tmp_path / "walk.txt")
    fields = spec().model_dump(mode="json", exclude={"base", "inputs", "moves"})
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(fields | {"moves": [{"move": "replay", "file": "walk.txt"}]}))
    code, _, err = run(capsys, "spec", "check", str(tmp_path / "mine.yaml"))
    assert code == 2
    assert "is not a file" in err


def test_a_broken_splat_file_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "room.ply").write_bytes(b"ply\nformat binary_little_endian 1.0\nelement vertex 1000000000000\n")
    scene = {"source": "splat_file", "path": "room.ply", "place": "a room", "short": "a room"}
    fields = spec().model_dump(mode="json", exclude={"base", "inputs", "scenes"}) | {"scenes": scene}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(fields))
    code, _, err = run(capsys, "build", str(tmp_path / "mine.yaml"), "--out", str(tmp_path / "set"))
    assert code == 2
    assert err.count("\n") == 1
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("name", specfile.names())
def test_the_specs_that_come_with_the_package_are_right(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "spec", "check", name)
    assert (code, out.startswith(f"{name} is right")) == (0, True)
    code, out, _ = run(capsys, "spec", "explain", name)
    assert code == 0
    assert "canar" not in out
    assert "cards, dealt" in out
    assert "never filmed" not in out
    code, out, _ = run(capsys, "spec", "estimate", name)
    assert code == 0
    assert "about" in out


def test_print_gives_a_spec_that_can_be_built(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "spec", "print", "demo")
    assert code == 0
    (tmp_path / "mine.yaml").write_text(out)  # alone: the trajectories that it names stay in the package
    code, said, err = run(capsys, "spec", "check", str(tmp_path / "mine.yaml"))
    assert (code, err) == (0, "")
    assert identity_of(specfile.load("demo")) in said  # the same spec is the same set
    (tmp_path / "scene.ply").write_bytes(b"")
    scene = yaml.safe_load((Path(__file__).parents[2] / "examples" / "my_scene.yaml").read_text())["scenes"]
    scene["path"] = "scene.ply"
    (tmp_path / "mixed.yaml").write_text(
        yaml.safe_dump(yaml.safe_load(out) | {"scenes": scene, "splits": {"train": 1}})
    )
    code, _, err = run(capsys, "spec", "check", str(tmp_path / "mixed.yaml"))
    assert (code, err.count("\n")) == (2, 1)
    assert f"copy {specfile.FOLDER / 'trajectories' / 'walk.txt'} there" in err


def test_standard_is_what_it_promises() -> None:
    standard = specfile.load("standard")
    planned = plan(standard)
    several = ("sequence", "at_once", "spline", "handheld", "replay")
    requests = [clip.request for shard in planned.shards() for scene in shard.scenes for clip in scene.clips]
    assert standard.clips >= 240
    assert (standard.video.width, standard.video.height, standard.video.frames) == (832, 480, 81)
    assert sum(request.move in several for request in requests) * 2 >= standard.clips
    simple = {(r.move, r.direction, r.speed) for r in requests if r.direction}
    assert len(simple) == 10 * 2 * 3
    assert any(request.move == "static" for request in requests)
    tests = sum(shard.split == "test" for shard in planned.shards())
    assert 0.1 <= tests / len(planned) <= 0.2


def test_the_demo_deals_every_card_once() -> None:
    planned = plan(specfile.load("demo"))
    requests = [clip.request for shard in planned.shards() for scene in shard.scenes for clip in scene.clips]
    assert sorted(map(repr, planned.deck)) == sorted(repr(r) for r in requests if r.move != "six_dof")
    assert [shard.split for shard in planned.shards()].count("test") == 1


def test_a_replay_makes_its_file_a_part_of_the_set(tmp_path: Path) -> None:
    shutil.copytree(specfile.FOLDER, tmp_path / "specs")
    before = specfile.load(str(tmp_path / "specs" / "demo.yaml"))
    assert before.inputs == specfile.load("demo").inputs
    path = tmp_path / "specs" / "trajectories" / "walk.txt"
    path.write_text(path.read_text() + "\n")
    assert specfile.load(str(tmp_path / "specs" / "demo.yaml")).inputs != before.inputs


def test_a_set_from_the_hub_finds_the_files_of_its_spec(tmp_path: Path) -> None:
    bare = specfile.load("demo").model_copy(update={"base": ""})  # as it is published
    assert specfile.unchanged(bare, tmp_path, "copy") == specfile.load("demo")
    walk = tmp_path / "trajectories" / "walk.txt"
    shutil.copytree(specfile.FOLDER / walk.parent.name, walk.parent)
    assert specfile.unchanged(bare, tmp_path, "copy").base == str(tmp_path)
    walk.write_text(walk.read_text() + "\n")
    with pytest.raises(SpecError, match="has changed since the set was begun"):
        specfile.unchanged(bare, tmp_path, "copy")


def test_status_and_validate_of_a_whole_set(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "status", str(root))
    assert code == 0
    assert "4 of 4 clips, 2 of 2 shards" in out
    code, out, _ = run(capsys, "validate", str(root))
    assert code == 0
    assert out.endswith("4 clips in 2 shards, shallow: right\n")


def test_status_and_validate_of_half_a_set(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    next(Store(root).receipts.iterdir()).unlink()
    code, out, _ = run(capsys, "status", str(root))
    assert code == 1
    assert "2 of 4 clips, 1 of 2 shards" in out
    assert "left; go on with: camera-motion extend" in out
    code, out, err = run(capsys, "validate", str(root))
    assert code == 1
    assert "not built yet" in err
    assert "1 problems" in out or "1 problem" in out


def test_doctor_finds_what_a_build_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "doctor", "--out", str(tmp_path / "not" / "yet"))
    assert code == 0
    assert "MISSING" not in out
    for name in ("machine class", "numba", "h264", "disk", "SIMD"):
        assert name in out


def test_output_that_nobody_reads_to_the_end_is_no_error() -> None:
    command = f"{sys.executable} -c 'from camera_motion.builder.cli import main; main()' spec print standard | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True)
    assert done.stderr == ""
