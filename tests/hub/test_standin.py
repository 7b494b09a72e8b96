"""The stand-in for the Hub, driven by the real client libraries: what it must do for other tests to mean something."""

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationCopy,
    CommitOperationDelete,
    HfApi,
    HfFileSystem,
    close_session,
    snapshot_download,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from leaving import AT_ONCE
from standin import StandIn
from wire import Exchange

REPO = "org/set"
CARD = """---
license: cc-by-4.0
task_categories: [video-classification]
configs:
- config_name: default
  data_files: [{split: train, path: data/train-*.parquet}]
---
# A set
"""
ROWS, VIDEO = 24, 200_000


def write_set(folder: Path) -> Path:
    """Write a little set: a card, Parquet with video-like bytes in small row groups, a tar."""
    (folder / "data").mkdir(parents=True)
    (folder / "webdataset").mkdir()
    (folder / "README.md").write_text(CARD)
    videos = [hashlib.shake_128(b"%d" % row).digest(VIDEO) for row in range(ROWS)]
    table = pa.table({"key": [f"k{row}" for row in range(ROWS)], "video": videos})
    pq.write_table(table, folder / "data" / "train-000000.parquet", row_group_size=4)
    with tarfile.open(folder / "webdataset" / "train-000000.tar", "w") as tar:
        for row in range(3):
            for name, content in ((f"k{row}.txt", b"a caption"), (f"k{row}.mp4", videos[row])):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return folder


def paths(hub: StandIn, start: int = 0) -> list[str]:
    return [f"{exchange.method} {exchange.path}" for exchange in hub.log[start:]]


def puts(hub: StandIn) -> list[Exchange]:
    return [exchange for exchange in hub.log if exchange.method == "PUT"]


def added(path: str, content: bytes | Path = b"text") -> CommitOperationAdd:
    return CommitOperationAdd(path, content)


def commit(api: HfApi, *operations: object, **more: str) -> str:
    return api.create_commit(REPO, operations, commit_message="change", repo_type="dataset", **more).oid


def run(code: str, hub: StandIn, token: str | None, folder: Path) -> str:
    """Run Python with clients of its own; warnings about what they leave open are errors."""
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", code + AT_ONCE]
    done = subprocess.run(command, env=hub.environment(token), cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def api(hub: StandIn) -> HfApi:
    """A client who has just created a repository."""
    api = hub.api("hf_good")
    api.create_repo(REPO, repo_type="dataset")
    return api


@pytest.fixture
def published(api: HfApi, tmp_path: Path) -> Iterator[Path]:
    """A little set that is on the Hub."""
    folder = write_set(tmp_path / "set")
    api.upload_folder(repo_id=REPO, folder_path=folder, repo_type="dataset")
    return folder


def test_a_repository_can_be_created_once_and_deleted(hub: StandIn) -> None:
    api = hub.api("hf_good")
    assert api.whoami()["name"] == "ann"
    made = api.create_repo(REPO, repo_type="dataset")
    assert (made.repo_id, made.repo_type, made) == (REPO, "dataset", f"{hub.endpoint}/datasets/{REPO}")
    assert api.create_repo(REPO, repo_type="dataset", exist_ok=True) == made
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_repo(REPO, repo_type="dataset")
    assert [f.path for f in api.list_repo_tree(REPO, repo_type="dataset")] == [".gitattributes"]
    api.delete_repo(REPO, repo_type="dataset")
    assert not api.repo_exists(REPO, repo_type="dataset")


def test_what_is_uploaded_can_be_listed_and_downloaded(hub: StandIn, api: HfApi, published: Path) -> None:
    info = api.dataset_info(REPO, files_metadata=True)
    assert info.tags == ["license:cc-by-4.0", "task_categories:video-classification"]
    assert (info.private, info.gated, info.card_data.license) == (False, False, "cc-by-4.0")
    parquet = published / "data" / "train-000000.parquet"
    sizes = {sibling.rfilename: (sibling.size, sibling.lfs is not None) for sibling in info.siblings}
    assert sizes["data/train-000000.parquet"] == (parquet.stat().st_size, True)
    assert sizes["README.md"] == (len(CARD), False)
    [found] = api.get_paths_info(REPO, ["data/train-000000.parquet", "nothing"], repo_type="dataset", expand=True)
    assert found.lfs.sha256 == hashlib.sha256(parquet.read_bytes()).hexdigest()
    assert found.last_commit.oid == info.sha
    tree = {entry.path for entry in api.list_repo_tree(REPO, repo_type="dataset", recursive=True)}
    assert {"data", "data/train-000000.parquet", "webdataset", "README.md"} < tree
    assert [e.path for e in api.list_repo_tree(REPO, "data", repo_type="dataset")] == ["data/train-000000.parquet"]
    copy = published.parent / "copy"
    snapshot_download(REPO, repo_type="dataset", local_dir=copy, endpoint=hub.endpoint, token="hf_good")
    for file in (path for path in published.rglob("*") if path.is_file()):
        assert (copy / file.relative_to(published)).read_bytes() == file.read_bytes()


def test_only_the_bytes_asked_for_are_sent(hub: StandIn, published: Path) -> None:
    parquet = (published / "data" / "train-000000.parquet").read_bytes()
    url = f"{hub.endpoint}/datasets/{REPO}/resolve/main/data/train-000000.parquet"
    with httpx2.Client(trust_env=False) as client:
        for asked, expected in (
            ("bytes=10-19", parquet[10:20]),
            ("bytes=-8", parquet[-8:]),
            (f"bytes={len(parquet) - 5}-", parquet[-5:]),
            (f"bytes=4-{len(parquet) + 100}", parquet[4:]),
        ):
            answer = client.get(url, headers={"Range": asked})
            assert (answer.status_code, answer.content) == (206, expected)
            assert answer.headers["Content-Range"].endswith(f"/{len(parquet)}")
            assert len(expected) < hub.log[-1].sent < len(expected) + 1000
            assert hub.log[-1].range == asked
        assert client.get(url, headers={"Range": f"bytes={len(parquet)}-"}).status_code == 416
        head = client.head(url)
    assert head.headers["X-Linked-Etag"] == f'"{hashlib.sha256(parquet).hexdigest()}"'
    assert (head.headers["X-Linked-Size"], head.headers["Accept-Ranges"]) == (str(len(parquet)), "bytes")
    assert 0 < hub.log[-1].sent < 1000


def test_content_that_was_sent_before_is_not_sent_again(hub: StandIn, api: HfApi, tmp_path: Path) -> None:
    for index in range(3):
        (tmp_path / f"{index}.tar").write_bytes(os.urandom(100_000))
    operations = [added(f"{index}.tar", tmp_path / f"{index}.tar") for index in range(3)]
    for operation in operations[:2]:
        api.preupload_lfs_files(REPO, [operation], repo_type="dataset", free_memory=False)
    assert api.list_repo_files(REPO, repo_type="dataset") == [".gitattributes"]
    api.upload_folder(repo_id=REPO, folder_path=tmp_path, repo_type="dataset")
    assert len(puts(hub)) == 3
    assert [exchange.received for exchange in puts(hub)] == [100_000] * 3
    head = api.dataset_info(REPO).sha
    again = api.upload_folder(repo_id=REPO, folder_path=tmp_path, repo_type="dataset")
    assert (again.oid, len(puts(hub))) == (head, 3)


def test_a_commit_adds_deletes_and_copies_all_at_once(api: HfApi) -> None:
    commit(api, added("a.txt", b"a"), added("b/one.txt"), added("b/two.txt"), added("c.tar", b"c"))
    commit(
        api,
        CommitOperationDelete("a.txt"),
        CommitOperationDelete("b/"),
        CommitOperationCopy("c.tar", "d.tar"),
    )
    assert set(api.list_repo_files(REPO, repo_type="dataset")) == {".gitattributes", "c.tar", "d.tar"}
    head = api.dataset_info(REPO).sha
    with pytest.raises(EntryNotFoundError, match="doesn't exist"):
        commit(api, added("new.txt"), CommitOperationDelete("a.txt"))
    assert api.dataset_info(REPO).sha == head
    titles = [c.title for c in api.list_repo_commits(REPO, repo_type="dataset")]
    assert titles == ["change", "change", "initial commit"]


def test_a_commit_on_an_old_parent_is_refused(api: HfApi) -> None:
    old = api.dataset_info(REPO).sha
    new = commit(api, added("a.txt"), parent_commit=old)
    with pytest.raises(HfHubHTTPError, match=r"(?s)412.*A commit has happened since"):
        commit(api, added("b.txt"), parent_commit=old)
    assert api.dataset_info(REPO).sha == new


def test_branches_and_tags_stay_where_they_were_put(api: HfApi) -> None:
    start = api.dataset_info(REPO).sha
    api.create_branch(REPO, branch="publishing", repo_type="dataset")
    api.create_branch(REPO, branch="publishing", repo_type="dataset", exist_ok=True)
    staged = commit(api, added("a.txt"), revision="publishing")
    assert api.dataset_info(REPO).sha == start
    assert api.dataset_info(REPO, revision="publishing").sha == staged
    api.create_tag(REPO, tag="v1.0.0", revision=staged, repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="409"):
        api.create_tag(REPO, tag="v1.0.0", repo_type="dataset")
    api.delete_branch(REPO, branch="publishing", repo_type="dataset")
    refs = api.list_repo_refs(REPO, repo_type="dataset")
    assert [(r.name, r.target_commit) for r in refs.branches] == [("main", start)]
    assert [(r.name, r.ref, r.target_commit) for r in refs.tags] == [("v1.0.0", "refs/tags/v1.0.0", staged)]
    assert api.file_exists(REPO, "a.txt", repo_type="dataset", revision="v1.0.0")
    with pytest.raises(RevisionNotFoundError):
        api.dataset_info(REPO, revision="publishing")
    with pytest.raises(RevisionNotFoundError):
        commit(api, added("b.txt"), revision="publishing")


def test_who_may_not_write_is_told_why(hub: StandIn, api: HfApi) -> None:
    for token, status in ((None, "401"), ("hf_wrong", "401"), ("hf_read", "403"), ("hf_bob", "403")):
        with pytest.raises(HfHubHTTPError, match=status):
            commit(hub.api(token), added("a.txt"))
        if token != "hf_bob":
            with pytest.raises(HfHubHTTPError, match=status):
                hub.api(token).create_repo("org/other", repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match=r"(?s)403.*namespace bob"):
        api.create_repo("bob/set", repo_type="dataset")
    with pytest.raises(ValueError, match="Invalid metadata"):
        commit(api, added("README.md", b"---\nlicense: [\n---\n"))


def test_a_private_repository_is_hidden_and_a_gated_one_shown_without_files(hub: StandIn, api: HfApi) -> None:
    commit(api, added("a.txt"))
    others = [hub.api(None), hub.api("hf_bob")]
    api.update_repo_settings(REPO, private=True, repo_type="dataset")
    for other in others:
        assert not other.repo_exists(REPO, repo_type="dataset")
        with pytest.raises(RepositoryNotFoundError):
            other.hf_hub_download(REPO, "a.txt", repo_type="dataset", cache_dir=hub.folder / "cache")
    assert api.dataset_info(REPO).private
    api.update_repo_settings(REPO, private=False, gated="auto", repo_type="dataset")
    for other in others:
        assert other.dataset_info(REPO).gated == "auto"
        with pytest.raises(GatedRepoError):
            other.hf_hub_download(REPO, "a.txt", repo_type="dataset", cache_dir=hub.folder / "cache")


READ = """
import datasets
from huggingface_hub import HfApi
rows = [(row["key"], len(row["video"])) for row in datasets.load_dataset("org/set", split="train", streaming=True)]
whole = [(row["key"], len(row["video"])) for row in datasets.load_dataset("org/set", split="train")]
assert rows == whole and len(rows) == 24, rows
print(HfApi().dataset_info("org/set").sha)
keys = datasets.load_dataset("org/set", split="train", streaming=True, columns=["key"], revision="v1")
print([row for row in keys][-1])
"""


def test_datasets_streams_and_loads(hub: StandIn, api: HfApi, published: Path) -> None:
    api.create_tag(REPO, tag="v1", repo_type="dataset")
    start = len(hub.log)
    sha, last = run(READ, hub, None, published).splitlines()
    assert (sha, last) == (api.dataset_info(REPO).sha, "{'key': 'k23'}")
    asked = paths(hub, start)
    assert f"HEAD /datasets/{REPO}/resolve/{sha}/set.py" in asked, "where a loading script would be"
    assert sum(exchange.sent for exchange in hub.log[start:]) > 2 * ROWS * VIDEO


OPEN = """
import urllib.request, webdataset as wds
from webdataset.gopen import gopen_schemes
if {opener!r} == "urllib":
    gopen_schemes["http"] = lambda url, mode, bufsize: urllib.request.urlopen(url)
url = "{endpoint}/datasets/org/set/resolve/main/webdataset/train-{{000000..000000}}.tar"
for sample in wds.WebDataset(url, shardshuffle=False).decode():
    print(sample["__key__"], sample["txt"], len(sample["mp4"]))
"""


@pytest.mark.parametrize("opener", ["urllib", *(["curl"] if shutil.which("curl") else [])])
def test_webdataset_reads_tars_by_their_addresses(hub: StandIn, published: Path, opener: str) -> None:
    said = run(OPEN.format(opener=opener, endpoint=hub.endpoint), hub, None, published)
    assert said.splitlines() == [f"k{row} a caption {VIDEO}" for row in range(3)]


def test_an_upload_goes_on_after_errors_and_cut_connections(hub: StandIn, api: HfApi, tmp_path: Path) -> None:
    content = os.urandom(1_000_000)
    hub.fail("500", "preupload")
    hub.fail("503", "PUT")
    hub.fail("drop", "PUT", nth=2)
    commit(api, added("a.tar", content))
    assert [(e.failed, e.status) for e in puts(hub)] == [("503", 503), ("drop", 0), ("", 200)]
    assert puts(hub)[1].received == 500_000
    got = api.hf_hub_download(REPO, "a.tar", repo_type="dataset", cache_dir=tmp_path)
    assert Path(got).read_bytes() == content


def test_a_download_goes_on_after_cut_connections(hub: StandIn, published: Path) -> None:
    parquet = (published / "data" / "train-000000.parquet").read_bytes()
    files = HfFileSystem(endpoint=hub.endpoint, token=False, skip_instance_cache=True)
    path = f"datasets/{REPO}/data/train-000000.parquet"
    hub.fail("drop", "GET /datasets/.*parquet", times=2)
    with files.open(path, block_size=1_000_000) as file:
        assert file.read(100) == parquet[:100]
    cut = [exchange for exchange in hub.log if exchange.failed]
    assert [(e.failed, e.status) for e in cut] == [("drop", 206)] * 2
    assert 0.4 < cut[0].sent / 1_000_000 < 0.6
    assert hub.log[-1].sent > 1_000_000


def test_a_commit_can_fail_before_and_after_it_is_done(hub: StandIn, api: HfApi) -> None:
    start = api.dataset_info(REPO).sha
    for how in ("500", "412", "401"):
        hub.fail(how, "/commit/")
        with pytest.raises(HfHubHTTPError, match=how):
            commit(api, added("a.txt"))
    hub.fail("drop", "/commit/")
    with pytest.raises(httpx2.TransportError):
        commit(api, added("a.txt"))
    assert api.dataset_info(REPO).sha == start
    hub.fail("lost", "/commit/")
    with pytest.raises(httpx2.TransportError):
        commit(api, added("a.txt"))
    assert api.dataset_info(REPO).sha != start


def test_the_nth_request_of_all_can_be_slow_or_fail_for_ever(hub: StandIn, api: HfApi) -> None:
    start = len(hub.log)
    hub.fail("slow", nth=2, seconds=0.2)
    hub.fail("drop", nth=3, times=0)
    api.dataset_info(REPO)
    with pytest.raises(httpx2.ReadTimeout):
        api.dataset_info(REPO, timeout=0.05)
    for _ in range(2):
        with pytest.raises(httpx2.TransportError):
            api.dataset_info(REPO)
    hub.heal()
    api.dataset_info(REPO)
    assert [exchange.failed for exchange in hub.log[start:]] == ["", "slow", "drop", "drop", ""]


def test_a_client_can_be_killed_at_a_request(hub: StandIn, tmp_path: Path) -> None:
    code = 'from huggingface_hub import HfApi; HfApi().create_repo("org/set", repo_type="dataset")'
    hub.fail(lambda exchange: os.kill(client.pid, signal.SIGKILL), "repos/create")
    client = subprocess.Popen([sys.executable, "-c", code], env=hub.environment("hf_good"))
    assert client.wait() == -signal.SIGKILL
    hub.settle()
    assert hub.api(None).repo_exists(REPO, repo_type="dataset"), "the request itself was done"


def test_it_stops_while_clients_hold_connections_and_leaves_no_files() -> None:
    with StandIn() as hub:
        assert hub.api("hf_good").whoami()["name"] == "org-owner"
        client = httpx2.Client(trust_env=False)
        client.get(hub.endpoint)
    client.close()
    close_session()
    assert not hub.folder.exists()
    assert [exchange.status for exchange in hub.log] == [200, 404]
