"""`CameraMotion` over a repository on the Hub: the rows of the folder, little traffic, one line for every refusal."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from sets import CLIPS, clip
from standin import StandIn

from camera_motion.builder.features import schema
from camera_motion.builder.parquet import to_view
from camera_motion.builder.places.disk import writing
from camera_motion.builder.shard import write_tar

REPO = "ann/set"

#: Calls `CameraMotion` as told, in a process of its own: where the Hub is is settled when its libraries are imported.
READ = """
import hashlib, json, os, sys
from types import SimpleNamespace
import huggingface_hub.utils._http as http
http.time = SimpleNamespace(**vars(http.time) | {"sleep": lambda seconds: None})  # try again at once
from camera_motion import CameraMotion
from camera_motion.builder import reader
from camera_motion.schema.base import SpecError
def told(row):
    return [row["key"], hashlib.sha256(repr(row).encode()).hexdigest()]
def resumed(**more):
    stream = CameraMotion.stream("ann/set", **more)
    rows = iter(stream)
    first = [told(next(rows)) for _ in range(2)]
    again = CameraMotion.stream("ann/set", **more)
    again.load_state_dict(stream.state_dict())
    return first + [told(row) for row in again]
def shared(**more):
    from torch.utils.data import DataLoader
    stream = CameraMotion.stream("ann/set", **more)
    rows = [told(row) for row in DataLoader(stream, batch_size=None, num_workers=2)]
    return [stream.num_shards, *sorted(rows)]
answers = []
for how, repo, more in json.loads(sys.argv[1]):
    os.environ["HF_TOKEN"] = more.pop("token", "hf_good")
    try:
        if how in ("resumed", "shared"):
            answers.append(globals()[how](**more))
        elif how == "first":
            answers.append(told(next(iter(CameraMotion.stream(repo, **more)))))
        else:
            answers.append([told(row) for row in getattr(CameraMotion, how)(repo, **more)])
    except SpecError as error:
        answers.append(str(error))
print(json.dumps(answers))
"""

Call = tuple[str, str, dict[str, Any]]


def ask(hub: StandIn, *calls: Call, **environment: str) -> list[Any]:
    done = subprocess.run(
        [sys.executable, "-c", READ, json.dumps(calls)],
        capture_output=True,
        text=True,
        env=hub.environment(**environment),
        cwd=hub.folder,
    )
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return answers


def write_view(folder: Path) -> Path:
    """Write `CLIPS` as data files of two clips, each clip a row group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "data").mkdir(parents=True)
    for i in range(2):
        rows = [to_view(one.row()) for one in CLIPS[2 * i : 2 * i + 2]]
        table = pa.Table.from_pylist(rows, schema=schema("default"))
        pq.write_table(table, folder / "data" / f"train-{i:06d}.parquet", row_group_size=1)
    return folder


def publish(hub: StandIn, folder: Path, private: bool = False, repo: str = REPO) -> None:
    api = hub.api("hf_good")
    api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True)
    api.upload_folder(repo_id=repo, folder_path=str(folder), repo_type="dataset")


def test_a_repository_gives_the_rows_of_its_folder(hub: StandIn, tmp_path: Path) -> None:
    publish(hub, write_view(tmp_path / "first"), private=True)
    hub.api("hf_good").create_tag(REPO, tag="v1.0.0", repo_type="dataset")
    later = tmp_path / "later" / "data"
    later.mkdir(parents=True)
    shutil.copy(tmp_path / "first" / "data" / "train-000001.parquet", later / "train-000002.parquet")
    publish(hub, later.parent)
    folder = ("stream", str(tmp_path / "first"), {})
    ways: list[Call] = [(how, REPO, {"revision": "v1.0.0"}) for how in ("stream", "load", "resumed", "shared", "first")]
    wanted, *got, newer = ask(hub, folder, *ways, ("stream", REPO, {}))
    assert [key for key, _ in wanted] == [one.record.key for one in CLIPS]
    assert got == [wanted, wanted, wanted, [2, *wanted], wanted[0]]
    assert newer == wanted + wanted[2:]


def test_a_repository_of_tars_alone_can_be_read(hub: StandIn, tmp_path: Path) -> None:
    with writing(tmp_path / "set" / "webdataset" / "train-000000.tar") as file:
        write_tar(file, [clip(0), clip(1)])
    publish(hub, tmp_path / "set")
    there, here = ask(hub, ("stream", REPO, {}), ("stream", str(tmp_path / "set"), {}))
    assert there == here
    assert len(there) == 2


def test_the_hub_failing_now_and_then_changes_nothing(hub: StandIn, tmp_path: Path) -> None:
    publish(hub, write_view(tmp_path / "set"))
    hub.fail("503", match="GET .*parquet", nth=2)
    hub.fail("drop", match="GET .*parquet", nth=4)
    wanted, got = ask(hub, ("stream", str(tmp_path / "set"), {}), ("stream", REPO, {}))
    assert got == wanted
    assert [exchange.status for exchange in hub.log].count(503) == 1


def test_every_refusal_is_one_line(hub: StandIn, tmp_path: Path) -> None:
    publish(hub, write_view(tmp_path / "set"), private=True)
    publish(hub, tmp_path / "set", repo="ann/gated")
    hub.api("hf_good").update_repo_settings("ann/gated", repo_type="dataset", gated="manual")
    publish(hub, tmp_path / "set", repo="ann/broken")
    hub.fail("500", match="GET .*broken.*000001.parquet", times=0)
    said = ask(
        hub,
        ("stream", "ann/nothing", {}),
        ("load", "ann/nothing", {}),
        ("stream", REPO, {"revision": "v9.9.9"}),
        ("stream", REPO, {"split": "test"}),
        ("stream", "ann/se..t", {}),
        ("stream", REPO, {"token": ""}),
        ("stream", REPO, {"token": "hf_wrong_token"}),
        ("stream", "ann/gated", {"token": "hf_bob"}),
        ("load", "ann/gated", {"token": "hf_bob"}),
        ("stream", "ann/broken", {}),
        ("load", "ann/broken", {}),
    )
    said += ask(hub, ("stream", REPO, {}), HF_HUB_OFFLINE="1")
    said += ask(hub, ("stream", REPO, {}), HF_ENDPOINT="http://127.0.0.1:9")
    wanted = [
        *["cannot read ann/nothing: the Hub has no such dataset, or none that this token may read (404)"] * 2,
        f"cannot read {REPO}: it has no revision 'v9.9.9'; a branch, a tag",
        f"{REPO} holds no data/test-*.parquet",
        "'ann/se..t' is not a repository's name",
        *[f"cannot read {REPO}: the Hub has no such dataset, or none that this token may read (401)"] * 2,
        *["its owners ask readers to agree to terms first"] * 2,
        *["the Hub answers 500"] * 2,
        "HF_HUB_OFFLINE is set",
        f"cannot read {REPO}: no answer from http://127.0.0.1:9; check the network",
    ]
    for line, part in zip(said, wanted, strict=True):
        assert isinstance(line, str), f"it was read, where this was expected: {part}"
        assert part in line
        assert "\n" not in line
        assert "hf_" not in line
