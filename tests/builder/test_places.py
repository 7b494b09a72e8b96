"""Every place keeps the same promises; and what is wrong with one is said in one line before any work."""

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from s3 import ENVIRONMENT, Bucket, Moto
from tiny import film, spec

from camera_motion.builder.cli import main
from camera_motion.builder.places import Place, PlaceUnavailable, open_place
from camera_motion.builder.places.folder import Folder
from camera_motion.builder.places.objects import Objects
from camera_motion.builder.run import build
from camera_motion.builder.store import Store
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import FilmedClip, Rejection
from camera_motion.schema.plan import ScenePlan
from camera_motion.schema.spec import Spec


@pytest.fixture(params=["folder", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "s3":
        return open_place(request.getfixturevalue("bucket").url)
    return open_place(tmp_path / "set" if request.param == "folder" else f"memory://{tmp_path.name}/set")


def write(place: Place, name: str, body: bytes) -> None:
    with place.writing(name) as file:
        file.write(body)


def test_a_place_gives_back_what_it_was_given(place: Place) -> None:
    place.probe()
    assert (place.sizes(""), place.sizes("receipts")) == ({}, {})
    with place.hold((0, 1)):
        for name in ("spec.json", "receipts/a.json", "receipts/b.json", "receipts/deep/c.json"):
            write(place, name, name.encode())
        write(place, "receipts/a.json", b"anew")
        place = pickle.loads(pickle.dumps(place))
        assert place.sizes("receipts") == {"a.json": 4, "b.json": 15}
        assert place.sizes("") == {"spec.json": 9} | ({".lock": 0} if isinstance(place, Folder) else {})
        assert place.read("receipts/a.json") == b"anew"
        names = ["receipts/b.json", "receipts/none.json", "receipts/a.json"]
        assert list(place.read_all(names)) == [("receipts/b.json", b"receipts/b.json"), ("receipts/a.json", b"anew")]
        assert b"".join(place.chunks("spec.json")) == b"spec.json"
        place.sweep({"spec.json", "receipts/a.json"})
        for _ in range(2):
            place.remove("receipts/a.json")
        assert place.sizes("receipts") == {"b.json": 15}
        for read in (place.read, lambda name: b"".join(place.chunks(name))):
            with pytest.raises(FileNotFoundError):
                read("receipts/a.json")


def test_a_listing_stands_when_a_file_goes_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = Folder(tmp_path)
    write(place, "receipts/a.json", b"a")
    write(place, "receipts/b.json", b"b")
    scandir = os.scandir

    @contextmanager
    def renamed(folder: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
        (tmp_path / "receipts/a.json").unlink()
        yield iter(found)

    monkeypatch.setattr(os, "scandir", renamed)
    assert place.sizes("receipts") == {"b.json": 1}


def test_a_set_can_be_built_anywhere(place: Place) -> None:
    assert build(spec(clips=2), place, film, engine="serial").complete
    assert set(place.sizes("webdataset")) == {f"{name}.tar" for name in Store(place).receipt_sizes()}
    assert Store(place).read_spec().clips == 2


@pytest.mark.parametrize(
    ("where", "url"),
    [
        ("sets/mine", "sets/mine"),
        (Path("sets/mine"), "sets/mine"),
        ("file:///tmp/mine", "/tmp/mine"),
        ("s3://bucket/deep/set", "s3://bucket/deep/set"),
        (Path("s3://bucket/deep/set"), "s3://bucket/deep/set"),  # as the command line may give it
        ("s3://bucket", "s3://bucket"),
    ],
)
def test_folders_and_urls_are_told_apart(where: str | Path, url: str) -> None:
    place = open_place(where)
    assert place.url == url
    assert isinstance(place, Objects if "s3" in url else Folder)
    assert open_place(place) is place


def test_what_needs_files_says_how_to_get_them() -> None:
    with pytest.raises(SpecError, match="fetch it first: camera-motion fetch memory://far/set FOLDER"):
        Store("memory://far/set").tar("train-000000")


@pytest.mark.parametrize("command", ["sheet", "gallery", "card", "parquet", "publish", "view", "validate --deep"])
def test_commands_that_need_files_say_so_too(
    command: str, bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Store(bucket.url).claim(spec(clips=2))
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), bucket.url, *(["owner/name"] if command == "publish" else [])])
    assert ended.value.code == 2
    assert list(tmp_path.iterdir()) == []
    assert f"{bucket.url} is not a folder; fetch it first: camera-motion fetch" in capsys.readouterr().err


def refused(url: str) -> str:
    """Ask a build for the line in which it refuses `url`; nothing may have been filmed by then."""

    def never(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
        raise AssertionError("filmed")
        yield

    with pytest.raises((SpecError, PlaceUnavailable)) as caught:
        build(spec(clips=2), url, never, engine="serial")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_protocol_that_nobody_knows() -> None:
    line = refused("ftq://bucket/set")
    assert line == "ftq:// is no protocol that is known; use a folder, s3://, gs:// or hf://"


@pytest.mark.parametrize("url", ["s3://", "s3:", "S3:///"])
def test_a_url_without_a_bucket(url: str) -> None:
    assert refused(url).endswith("names no bucket; write such as s3://bucket/name")


def test_the_root_of_the_disk_is_no_set() -> None:
    assert refused("file://") == "file:// names no folder; write such as file:///sets/name"


@pytest.mark.parametrize("url", ["s3://who:secret@bucket/set", "https://host/set?token=secret"])
def test_a_secret_in_a_url_is_refused_and_not_shown(url: str) -> None:
    line = refused(url)
    assert "holds a query or a password" in line
    assert "secret" not in line


@pytest.mark.parametrize("name", ["a/../../b", "a//b", "a\nb", "\x1b[31mred"])
def test_a_url_that_leads_elsewhere_or_moves_the_cursor(name: str) -> None:
    line = refused(f"s3://bucket/{name}")
    assert "holds an empty part, '.', '..' or a control character" in line
    assert line.isprintable()


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("s3://no bucket/set", "'no bucket' cannot be the name of a bucket; correct it"),
        ("simplecache::s3://bucket/set", "simplecache::s3:// is no protocol that is known"),
        ("cached://bucket/set", "cached:// cannot be used: "),
        ("data://bucket/set", "data://bucket/set cannot be used: NotImplementedError"),
    ],
)
def test_a_url_of_no_use(url: str, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert line in refused(url)


@pytest.mark.parametrize(("url", "package", "extra"), [("s3://b/set", "s3fs", "s3"), ("gs://b/set", "gcsfs", "gcs")])
def test_a_package_that_is_missing(url: str, package: str, extra: str) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; from camera_motion.builder.cli import main; main()"
    command = [sys.executable, "-c", program, "build", "demo", "--out", url]
    ended = subprocess.run(command, capture_output=True, text=True)
    line = f"camera-motion: {url[:5]} needs a package that is not installed; pip install 'camera-motion[{extra}]'\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", line)


def test_a_bucket_that_is_not_there(bucket: Bucket) -> None:
    line = refused("s3://nowhere/set")
    assert line == ("s3://nowhere/set: there is no bucket or repository 'nowhere'; make it first, or correct its name")


def test_nobody_who_asks(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    line = refused(bucket.url)
    assert line.startswith(f"{bucket.url}: no credentials were found; set AWS_ACCESS_KEY_ID and")


def test_a_profile_that_is_not_there(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert refused(bucket.url).endswith("(mine) could not be found; correct AWS_PROFILE")


@pytest.mark.parametrize(
    ("endpoint", "line"),
    [
        ("http://127.0.0.1:9", "Could not connect to the endpoint URL: http://127.0.0.1:9/"),
        ("127.0.0.1:9", "Invalid endpoint: 127.0.0.1:9; correct the endpoint or the region"),
    ],
)
def test_an_endpoint_that_does_not_answer(
    bucket: Bucket, endpoint: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    assert line in refused(bucket.url)


def test_a_store_that_does_not_answer_is_not_the_users_fault(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(SystemExit) as ended:
        main(["build", "demo", "--out", bucket.url])
    assert ended.value.code == 1, "2 would tell a scheduler not to try again"
    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("; is the endpoint right, and the network up?")


def test_wrong_credentials_and_those_that_may_only_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": %s, "Resource": "*"}]}'
    with Moto(strict_after=7) as strict:
        monkeypatch.setenv("AWS_ENDPOINT_URL", strict.endpoint)
        keys = {}
        iam = boto3.client("iam")
        for user, actions in (("writer", '"s3:*"'), ("reader", '["s3:List*", "s3:Get*"]')):
            iam.create_user(UserName=user)
            iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy % actions)
            keys[user] = iam.create_access_key(UserName=user)["AccessKey"]
        boto3.client("s3").create_bucket(Bucket="mine")
        said = {}
        for user, key in keys.items():
            for secret in (key["SecretAccessKey"], "wrong"):
                monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
                monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
                try:
                    Objects("s3://mine/set").probe()
                    said[user, secret == "wrong"] = "may"
                except SpecError as error:
                    said[user, secret == "wrong"] = str(error)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")
        unknown = refused("s3://mine/set")
    assert said["writer", False] == "may"
    assert "access is denied" in said["reader", False]
    assert said["reader", False].endswith("use credentials that may list, read, write and delete there")
    for line in (said["writer", True], said["reader", True], unknown):
        assert line.startswith("s3://mine/set: the credentials were not accepted (")


def test_the_command_line_refuses_before_it_loads_anything(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["build", "demo", "--out", "s3://nowhere/set"], ["extend", "s3://nowhere/set", "--clips", "24"]):
        with pytest.raises(SystemExit) as ended:
            main(command)
        assert ended.value.code == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("camera-motion: s3://nowhere/set: there is no bucket or repository 'nowhere';")
