"""Sets in a real S3 server, over a network that fails: the same bytes, nothing sent twice, nothing left behind."""

import hashlib
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import fsspec
import numpy as np
import pytest
from s3 import Bucket
from test_run import heed_interrupts
from tiny import film, spec

from camera_motion.builder.engines import Failure
from camera_motion.builder.places import PlaceUnavailable
from camera_motion.builder.places.objects import Objects
from camera_motion.builder.run import build
from camera_motion.builder.store import Store
from camera_motion.builder.validate import validate
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import FilmedClip, Rejection
from camera_motion.schema.plan import ScenePlan
from camera_motion.schema.spec import Spec

#: The smallest parts that S3 takes.
PART = 5 << 20

#: A build of three shards of 12 MB, each sent in parts.
LARGE = """
import sys
from camera_motion.builder.places.objects import Objects
from camera_motion.builder.run import build
from test_s3 import PART, film_large
from tiny import spec

if __name__ == "__main__":
    place = Objects(sys.argv[1], part_bytes=PART)
    assert build(spec(clips=6), place, film_large, engine=sys.argv[2], workers=2).complete
"""


def film_large(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
    """Film as `film`, but every clip has 6 MB."""
    for result in film(spec, scene, indices, threads):
        if isinstance(result, FilmedClip):
            bits = np.random.default_rng(result.record.seed).bytes(6_000_000)
            result = replace(result, video=result.video + b"\x00\x5b\x8d\x88free" + bits)
        yield result


def large(url: str, engine: str = "serial") -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": ":".join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", LARGE, url, engine], env=environment, preexec_fn=heed_interrupts)


def digests(tars: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(body).hexdigest() for name, body in tars.items()}


def local(root: Path) -> dict[str, str]:
    return digests({path.name: path.read_bytes() for path in (root / "webdataset").iterdir()})


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole")
    assert build(spec(), root, film, engine="serial").complete
    return root


def test_a_build_over_a_bad_network_gives_the_same_tars(bucket: Bucket, whole: Path) -> None:
    for nth, how in ((2, "500"), (5, "deaf"), (8, "503"), (10, "lost"), (13, "garble")):
        bucket.proxy.fail(how, "PutObject", nth)
    for how, match in (("500", "ListObjects"), ("slow", "HeadObject .*json"), ("deaf", "HeadObject .*tar")):
        bucket.proxy.fail(how, match, 2)
    assert build(spec(), Objects(bucket.url), film, engine="serial").complete
    assert bucket.proxy.struck() == 8
    assert digests(bucket.tars()) == local(whole)
    assert validate(bucket.url).problems == []
    assert sorted(bucket.files()) == sorted(p.relative_to(whole).as_posix() for p in whole.rglob("*.[jt]*"))
    assert bucket.files()["spec.json"] == (whole / "spec.json").read_bytes()
    bucket.proxy.heal()
    assert build(spec(), bucket.url, film, engine="serial").complete
    assert bucket.proxy.asked("PutObject UploadPart", answered=False) == ["sets/tiny/.writable"]


def test_validation_asks_for_no_tar(bucket: Bucket) -> None:
    build(spec(clips=4), bucket.url, film, engine="serial")
    bucket.proxy.heal()
    assert validate(bucket.url).manifest.keys == 4
    read = bucket.proxy.asked("GetObject HeadObject")
    assert read
    assert not [key for key in read if key.endswith(".tar")]


def test_what_a_killed_build_had_sent_is_not_sent_again(bucket: Bucket, tmp_path: Path) -> None:
    assert build(spec(clips=6), tmp_path, film_large, engine="serial").complete
    bucket.proxy.fail("held", "UploadPart", nth=5)  # of the second tar
    killed = large(bucket.url)
    deadline = time.monotonic() + 120
    while len(bucket.proxy.asked("UploadPart", answered=False)) < 6:
        assert killed.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    done, begun = set(bucket.tars()), bucket.uploads()
    assert (len(done), len(begun)) == (1, 1)

    bucket.proxy.heal()
    again = large(bucket.url)
    assert again.wait(120) == 0
    sent = set(bucket.proxy.asked("PutObject UploadPart", answered=False))
    tars = {key.removeprefix("sets/tiny/webdataset/") for key in sent if key.endswith(".tar")}
    receipts = {Path(key).name for key in sent if "/receipts/" in key}
    assert tars == set(local(tmp_path)) - done
    assert receipts == {f"{Path(name).stem}.json" for name in tars}
    assert not [key for key in sent if key.endswith("spec.json")]
    assert digests(bucket.tars()) == local(tmp_path)
    assert bucket.uploads() == []


@pytest.mark.slow
def test_an_interrupted_build_leaves_no_half_sent_file(bucket: Bucket) -> None:
    bucket.proxy.fail("held", "UploadPart", nth=3, times=0)
    building = large(bucket.url, "processes")
    deadline = time.monotonic() + 120
    while len(bucket.proxy.asked("UploadPart", answered=False)) < 5:
        assert building.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert bucket.uploads()
    building.send_signal(signal.SIGINT)
    assert building.wait(120) != 0
    assert bucket.uploads() == []


def test_an_answer_that_takes_too_long_is_not_waited_for(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(fsspec.config.conf, "s3", {"config_kwargs": {"read_timeout": 1}})
    bucket.proxy.fail("slow", "PutObject")
    with Objects(bucket.url).writing("file") as file:
        file.write(b"body")
    assert bucket.files() == {"file": b"body"}
    assert len(bucket.proxy.asked("PutObject", answered=False)) == 2


@pytest.mark.parametrize(
    ("how", "match", "times"),
    [
        ("503", "UploadPart", 1),
        ("500", "UploadPart", 6),  # more than a part is tried: the whole file again
        ("deaf", "UploadPart", 2),
        ("garble", "UploadPart", 1),
        ("lost", "CompleteMultipartUpload", 1),
        ("500", "CreateMultipartUpload", 1),
        ("cut", "GetObject", 1),
    ],
)
def test_a_large_file_arrives_whole_or_not_at_all(bucket: Bucket, how: str, match: str, times: int) -> None:
    place, body = Objects(bucket.url, part_bytes=PART), np.random.default_rng(0).bytes(12_000_000)
    bucket.proxy.fail(how, match, times=times)
    with place.writing("webdataset/train-000000.tar") as file:
        file.write(body[:1000])
        file.write(body[1000:])
    assert b"".join(place.chunks("webdataset/train-000000.tar")) == body
    assert (file.size, file.digest.hexdigest()) == (len(body), hashlib.sha256(body).hexdigest())
    assert bucket.proxy.struck() == times
    assert bucket.tars() == {"train-000000.tar": body}
    assert bucket.uploads() == []


def test_a_file_that_was_not_finished_is_not_sent(bucket: Bucket) -> None:
    with pytest.raises(RuntimeError, match="halfway"):
        fail_halfway(Objects(bucket.url))
    assert bucket.files() == {}


def fail_halfway(place: Objects) -> None:
    with place.writing("file") as file:
        file.write(b"half")
        raise RuntimeError("halfway")


def test_a_store_that_stays_away_fails_its_shards_and_the_next_build_makes_them(bucket: Bucket) -> None:
    bucket.proxy.fail("503", r"PutObject .*/webdataset/.*0\.tar", times=0)
    built = build(spec(clips=6), Objects(bucket.url, patience_s=0.5), film, engine="serial")
    [(name, failure)] = built.failures.items()
    assert name.endswith("-000000")
    assert isinstance(failure, Failure)
    assert "PlaceUnavailable" in failure.reason
    assert "\n" not in failure.reason
    bucket.proxy.heal()
    assert build(spec(clips=6), bucket.url, film, engine="serial").complete
    assert len([key for key in bucket.proxy.asked("PutObject") if key.endswith(".tar")]) == 1


def test_reading_from_a_store_that_stays_away_ends(bucket: Bucket) -> None:
    bucket.proxy.fail("503", "GetObject", times=0)
    with pytest.raises(PlaceUnavailable, match=f"{bucket.url} does not answer as it should: .*"):
        Objects(bucket.url, patience_s=0.1).read("spec.json")


@pytest.mark.slow
def test_workers_open_the_store_themselves(bucket: Bucket, whole: Path) -> None:
    assert build(spec(), bucket.url, film, engine="processes", workers=2).complete
    assert digests(bucket.tars()) == local(whole)


def test_slices_and_longer_sets_share_a_place(bucket: Bucket, whole: Path) -> None:
    for i in (1, 0):
        assert build(spec(clips=4), bucket.url, film, part=(i, 2), engine="serial").complete
    assert bucket.proxy.asked("PutObject").count("sets/tiny/spec.json") == 1
    bucket.proxy.heal()
    assert build(spec(), bucket.url, film, engine="serial").complete
    assert len([key for key in bucket.proxy.asked("PutObject") if key.endswith(".tar")]) == 4
    assert digests(bucket.tars()) == local(whole)
    with pytest.raises(SpecError, match=rf"{bucket.url} holds 12 clips of this set, more than 4; ask for as many"):
        build(spec(clips=4), bucket.url, film)


def test_another_set_in_the_same_place_is_named(bucket: Bucket) -> None:
    build(spec(clips=2), bucket.url, film, engine="serial")
    with pytest.raises(SpecError, match=r"another identity .* seed 3 there, 4 here; choose another --out"):
        build(spec(clips=2, seed=4), bucket.url, film)


def test_half_sent_files_of_this_build_alone_are_swept(bucket: Bucket) -> None:
    for key in ("webdataset/train-000000.tar", "webdataset/train-000001.tar", "other"):
        bucket.client.create_multipart_upload(Bucket=bucket.name, Key=f"sets/tiny/{key}")
    Store(bucket.url).sweep({"train-000000"}, alone=True)
    assert sorted(bucket.uploads()) == ["sets/tiny/other", "sets/tiny/webdataset/train-000001.tar"]


def test_who_may_not_list_uploads_builds_all_the_same(bucket: Bucket, caplog: pytest.LogCaptureFixture) -> None:
    bucket.proxy.fail("403", "ListMultipartUploads", times=0)
    assert build(spec(clips=2), bucket.url, film, engine="serial").complete
    assert "could not be looked for" in caplog.text


def test_what_others_do_is_seen_at_once(bucket: Bucket) -> None:
    place = Objects(bucket.url)
    for size in (3, 5):
        bucket.client.put_object(Bucket=bucket.name, Key="sets/tiny/receipts/a.json", Body=bytes(size))
        assert place.sizes("receipts") == {"a.json": size}
        assert len(place.read("receipts/a.json")) == size
    bucket.client.delete_object(Bucket=bucket.name, Key="sets/tiny/receipts/a.json")
    assert place.sizes("receipts") == {}


def test_receipts_are_read_side_by_side(bucket: Bucket) -> None:
    names = [f"receipts/{i:03d}.json" for i in range(60)]
    for name in names:
        bucket.client.put_object(Bucket=bucket.name, Key=f"sets/tiny/{name}", Body=name.encode())
    bucket.proxy.fail("500", "GetObject", nth=7, times=3)
    place = pickle.loads(pickle.dumps(Objects(bucket.url)))
    assert list(place.read_all([*names[:30], "receipts/none.json", *names[30:]])) == [(n, n.encode()) for n in names]
    assert bucket.proxy.most > 4
    assert len(bucket.proxy.asked("GetObject")) == 60
    assert bucket.proxy.asked("HeadObject") == []
