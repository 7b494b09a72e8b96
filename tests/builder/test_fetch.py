"""Bringing a set from a store: what is missing, checked, and nowhere else."""

import json
from pathlib import Path

import pytest
from s3 import Bucket
from tiny import film, spec

from camera_motion.builder.cli import main
from camera_motion.builder.fetch import fetch
from camera_motion.builder.run import build
from camera_motion.builder.store import Store
from camera_motion.builder.validate import validate
from camera_motion.schema.base import SpecError


def files(root: Path) -> dict[str, bytes]:
    found = [path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".lock")]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in found}


@pytest.fixture
def built(bucket: Bucket) -> Bucket:
    assert build(spec(clips=6), bucket.url, film, engine="serial").complete
    bucket.proxy.heal()
    return bucket


def test_a_fetched_set_is_the_set(built: Bucket, tmp_path: Path) -> None:
    built.proxy.fail("cut", r"GetObject .*\.tar", nth=2)
    built.proxy.fail("503", r"GetObject .*\.json", nth=2)
    told: list[tuple[int, int]] = []
    fetched = fetch(built.url, tmp_path / "mine", lambda done, total: told.append((done, total)))
    assert (fetched.brought, fetched.shards, fetched.clips, fetched.problems) == (3, 3, 6, [])
    assert files(tmp_path / "mine") == built.files()
    assert validate(tmp_path / "mine").problems == []
    size = sum(map(len, built.tars().values()))
    assert told[-1] == (size, size)
    assert told == sorted(told)


def test_a_fetch_goes_on_where_it_was(built: Bucket, tmp_path: Path) -> None:
    fetch(built.url, tmp_path)
    before = files(tmp_path)
    one, other, _ = sorted((tmp_path / "webdataset").iterdir())
    one.unlink()
    (tmp_path / "receipts" / f"{other.stem}.json").unlink()  # as if killed between tar and receipt
    (tmp_path / "webdataset" / f".{one.name}.0a1b2c3d.partial").touch()
    built.proxy.heal()
    assert fetch(built.url, tmp_path).brought == 2
    assert files(tmp_path) == before
    assert [Path(key).name for key in built.proxy.asked("GetObject") if key.endswith(".tar")] == [one.name]


def test_a_longer_set_brings_the_rest(built: Bucket, tmp_path: Path) -> None:
    fetch(built.url, tmp_path)
    assert build(spec(clips=8), built.url, film, engine="serial").complete
    assert fetch(built.url, tmp_path).brought == 1
    assert (Store(tmp_path).read_spec().clips, validate(tmp_path).problems) == (8, [])


def test_a_tar_that_came_wrong_is_not_kept(built: Bucket, tmp_path: Path) -> None:
    name, body = sorted(built.tars().items())[1]
    wrong = body[:-1] + b"x"
    built.client.put_object(Bucket=built.name, Key=f"sets/tiny/webdataset/{name}", Body=wrong)
    fetched = fetch(built.url, tmp_path)
    assert fetched.problems == [
        f"{name}: its hash is not the one that its receipt says; remove it from {built.url} and build it again"
    ]
    assert fetched.brought == 2
    assert len(files(tmp_path)) == 1 + 2 * 2


def test_a_folder_with_another_set_is_left_alone(built: Bucket, tmp_path: Path) -> None:
    build(spec(clips=2, seed=4), tmp_path, film, engine="serial")
    before = files(tmp_path)
    with pytest.raises(SpecError, match=r"holds another set .*; choose another folder"):
        fetch(built.url, tmp_path)
    assert files(tmp_path) == before


def test_nothing_is_written_through_a_link(built: Bucket, tmp_path: Path) -> None:
    for name in ("mine", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "mine" / "webdataset").symlink_to(tmp_path / "outside")
    with pytest.raises(SpecError, match="is a link to another place, where nothing is written"):
        fetch(built.url, tmp_path / "mine")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_strangers_names_lead_nowhere(built: Bucket, tmp_path: Path) -> None:
    receipt = json.loads(next(body for key, body in built.files().items() if "receipts" in key))
    evil = json.dumps(receipt | {"name": "../../evil"}).encode()
    honest = min(key for key in built.files() if key.startswith("receipts/"))
    for key in (honest, "receipts/../../evil.json", "receipts/..%2fevil.json", "receipts/evil.json", "../evil.tar"):
        built.client.put_object(Bucket=built.name, Key=f"sets/tiny/{key}", Body=evil)
    fetched = fetch(built.url, tmp_path / "deep" / "mine")
    assert (fetched.brought, len(fetched.receipts)) == (2, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert not [path for path in tmp_path.rglob("*") if "evil" in path.name]


def test_receipts_of_more_clips_than_there_can_be_are_wrong(
    built: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, body = next((key, body) for key, body in built.files().items() if "receipts" in key)
    receipt = json.loads(body)
    many = json.dumps(receipt | {"keys": 9 * receipt["keys"]}).encode()
    built.client.put_object(Bucket=built.name, Key=f"sets/tiny/{key}", Body=many)
    assert command(["fetch", built.url, str(tmp_path)]) == 1
    assert "tell of more clips than the set can have: they were changed" in capsys.readouterr().err


def test_the_command_says_what_came_and_how_to_load_it(
    built: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = min(key for key in built.files() if key.startswith("receipts/"))
    body = built.files()[gone]
    built.client.delete_object(Bucket=built.name, Key=f"sets/tiny/{gone}")
    assert command(["fetch", built.url, str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.out.startswith("4 of 6 clips in 2 of 3 shards, ")
    assert "is not complete; when it is, run the same command" in said.err
    built.client.put_object(Bucket=built.name, Key=f"sets/tiny/{gone}", Body=body)
    assert command(["fetch", built.url, str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert "6 of 6 clips in 3 of 3 shards" in said.out
    assert f'CameraMotion.stream("{tmp_path}", split="train")' in said.out


def test_the_command_refuses_in_one_line(bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for url, line in (
        (bucket.url, f"{bucket.url} holds no set: there is no spec.json"),
        ("s3://nowhere/set", "s3://nowhere/set: there is no bucket"),
    ):
        assert command(["fetch", url, str(tmp_path / "new")]) == 2
        assert capsys.readouterr().err.startswith(f"camera-motion: {line}")
    assert not (tmp_path / "new").exists()


def command(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code
