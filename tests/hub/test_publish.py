"""Publishing with the real client libraries: what arrives, what a killed run leaves, what is refused."""

import json
import os
import re
import shutil
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from forge import Done, Forge
from repository import Commit
from standin import StandIn
from wire import Exchange

from camera_motion.builder.hub.parcel import portable_spec
from camera_motion.builder.reader import CameraMotion
from camera_motion.builder.run import build
from camera_motion.builder.store import Store
from camera_motion.schema.parse import parse

sys.path.append(str(Path(__file__).parents[1] / "builder"))
from tiny import film, film_truly, spec

TOKEN = "hf_secretsecretsecret"
REPO = "ann/camera-motion"
PAGES = {"README.md", "CITATION.cff", "release.json"}


class Place:
    """The stand-in, the forge, and a set of four clips whose view and pages for `REPO` are made already."""

    def __init__(self, hub: StandIn, forge: Forge, folder: Path) -> None:
        self.hub, self.forge, self.folder = hub, forge, folder
        self.made = folder / "made"
        assert build(spec(clips=4), self.made, film, engine="serial").complete
        done = forge.run("publish", str(self.made), REPO, "--dry-run")
        assert done.code == 0, done.said
        self.dry = done

    def publish(self, root: Path, *more: str, repo: str = REPO, **how: Any) -> Done:
        done = self.forge.run("publish", str(root), repo, *more, **how)
        assert TOKEN not in done.said
        assert "Traceback" not in done.said, done.said
        return done

    def head(self, repo: str = REPO, branch: str = "main") -> Commit:
        return self.hub.storage.repositories[repo].branches[branch]

    def tags(self, repo: str = REPO) -> dict[str, Commit]:
        return self.hub.storage.repositories[repo].tags

    def read(self, path: str, repo: str = REPO) -> bytes:
        return self.hub.storage.content(self.head(repo).tree[path]).read_bytes()


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with StandIn({TOKEN: "ann", "hf_read": "ann:read", "hf_bob": "bob"}) as hub, Forge(hub, TOKEN) as forge:
        yield Place(hub, forge, tmp_path_factory.mktemp("sets"))


@pytest.fixture
def place(everything: Place) -> Iterator[Place]:
    """The place with an empty Hub."""
    everything.hub.storage.repositories.clear()
    yield everything
    everything.hub.heal()


@pytest.fixture
def root(place: Place, tmp_path: Path) -> Path:
    return Path(shutil.copytree(place.made, tmp_path / "set"))


def said_once(done: Done, code: int, *words: str) -> None:
    """One line of complaint, with these words."""
    assert done.code == code, done.said
    lines = done.err.splitlines()
    assert len(lines) == 1, done.said
    assert lines[0].startswith("camera-motion: ")
    for word in words:
        assert word in lines[0]


def paths(commit: Commit) -> dict[str, str]:
    return {path: blob.sha256 for path, blob in commit.tree.items() if path != ".gitattributes"}


def sent_whole(exchanges: list[Exchange]) -> Counter[str]:
    """How often each LFS object was sent to its end."""
    return Counter(
        e.path.split("?")[0].rsplit("/", 1)[1]
        for e in exchanges
        if e.method == "PUT" and "/lfs/" in e.path and e.status == 200
    )


# what arrives


@pytest.mark.slow
def test_a_set_arrives_and_is_read_in_every_way(place: Place, tmp_path: Path) -> None:
    root = tmp_path / "truly"
    assert build(spec(clips=12), root, film_truly, engine="serial").complete
    done = place.publish(root, repo="ann/whole")
    assert done.code == 0, done.said
    assert "read back 12 of 12 clips: all alike" in done.out
    assert done.out.splitlines()[-1].startswith("published ann/whole v1.0.0: ")
    head = place.head("ann/whole")
    assert place.tags("ann/whole") == {"v1.0.0": head}
    assert list(place.hub.storage.repositories["ann/whole"].branches) == ["main"]

    read = place.forge.call("same", str(root), "ann/whole", "v1.0.0", True)
    assert (read.code, read.out) == (0, "12 clips alike in test, train\n"), read.said

    copy = tmp_path / "copy"
    assert place.forge.call("snapshot", "ann/whole", str(copy), "main").code == 0
    checked = place.forge.run("validate", str(copy), "--deep", "--workers", "1")
    assert checked.code == 0, checked.said
    assert "12 clips in 6 shards, deep: right" in checked.out
    assert Store(copy).read_identity() == Store(root).read_identity()
    published = {path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file()}
    assert {path for path in published if not path.startswith(".cache")} == set(head.tree)
    assert not [path for path in published if path.endswith(".py")]


def test_no_folder_of_this_machine_is_published(place: Place, tmp_path: Path) -> None:
    root = tmp_path / "set"
    fields = spec(clips=2).model_dump() | {"base": str(tmp_path), "execution": {"output": str(root), "workers": 7}}
    assert build(parse(fields), root, film, engine="serial").complete
    before = Store(root).spec_path.read_bytes()
    assert str(tmp_path).encode() in before
    assert place.publish(root).code == 0
    assert Store(root).spec_path.read_bytes() == before
    assert place.read("spec.json") == portable_spec(root)
    for path in place.head().tree:
        assert str(tmp_path).encode() not in place.read(path), path
    copy = tmp_path / "copy"
    place.forge.call("snapshot", REPO, str(copy), "main")
    assert place.forge.run("validate", str(copy)).code == 0


def test_without_tars(place: Place, root: Path) -> None:
    assert place.publish(root, "--no-tars").code == 0
    assert not [path for path in place.head().tree if path.startswith("webdataset/")]
    read = place.forge.call("same", str(root), REPO, "main", False)
    assert read.code == 0, read.said
    done = place.publish(root, "--tars")
    assert "v1.1.0, minor: tars added" in done.out
    done = place.publish(root, "--no-tars")
    assert "v2.0.0, major: the tars are no longer published" in done.out
    assert "takes away from main: 2 files" in done.out
    assert [path for path in place.tags()["v1.1.0"].tree if path.startswith("webdataset/")]


def test_private_gated_and_other_branches(place: Place, root: Path) -> None:
    done = place.publish(root, "--private", "--gated", "--revision", "trial")
    assert done.code == 0, done.said
    repository = place.hub.storage.repositories[REPO]
    assert repository.private
    assert repository.gated == "auto"
    assert set(repository.branches) == {"main", "trial"}
    assert repository.tags == {}
    assert paths(place.head()) == {}
    assert place.forge.call("same", str(root), REPO, "trial", True).code == 0
    assert place.publish(root).code == 0
    assert paths(place.head()) == paths(place.head(branch="trial"))
    assert "nothing changed" in place.publish(root, "--revision", "another").out
    assert place.head(branch="another") is place.head()
    repository.private = False
    said_once(place.publish(root, "--private"), 2, "is public; make it private in its settings")


# versions


def test_nothing_changed_makes_no_commit(place: Place, root: Path) -> None:
    assert place.publish(root).code == 0
    before, asked = place.head(), len(place.hub.log)
    done = place.publish(root)
    assert (done.code, done.out.splitlines()) == (
        0,
        [f"{REPO} has this set as v1.0.0, nothing changed: {place.hub.endpoint}/datasets/{REPO}"],
    )
    assert place.head() is before
    assert {exchange.method for exchange in place.hub.log[asked:]} <= {"GET", "HEAD"}


def test_clips_make_a_minor_release_and_words_a_patch(place: Place, root: Path) -> None:
    assert place.publish(root, "--contact", "ask@example.org").code == 0
    first = place.head()
    done = place.publish(root, "--title", "Noise")
    assert "v1.0.1, patch: card and figures" in done.out
    changed = {path for path, blob in place.head().tree.items() if first.tree.get(path) != blob}
    assert changed == PAGES
    card = place.read("README.md").decode()
    assert "Noise" in card
    assert "ask\\@example.org" in card

    assert build(spec(clips=6), root, film, engine="serial").complete
    asked = len(place.hub.log)
    done = place.publish(root)
    assert "v1.1.0, minor: 2 clips added" in done.out
    assert "ask\\@example.org" in place.read("README.md").decode()
    before = {blob.sha256 for blob in place.tags()["v1.0.1"].tree.values()}
    assert not before & set(sent_whole(place.hub.log[asked:]))
    assert set(place.tags()) == {"v1.0.0", "v1.0.1", "v1.1.0"}
    assert place.tags()["v1.0.0"] is first
    assert json.loads(place.read("release.json"))["clips"] == 6
    assert place.forge.call("same", str(root), REPO, "v1.1.0", True).code == 0

    shorter = place.made
    said_once(place.publish(shorter), 2, "it holds 6 clips of this set, and 1 of its shards are not here", "--replace")


def test_errata_are_a_patch_and_travel_with_the_set(place: Place, root: Path) -> None:
    assert place.publish(root).code == 0
    (root / "errata.yaml").write_text("- {since: 1.0.0, clips: cm-tiny-000001, fault: Its caption names a cat.}\n")
    assert "v1.0.1, patch" in place.publish(root).out
    assert "| 1.0.0 | not yet | cm-tiny-000001 | Its caption names a cat. |" in place.read("README.md").decode()
    assert place.read("errata.yaml") == (root / "errata.yaml").read_bytes()
    assert "nothing changed" in place.publish(root).out
    (root / "errata.yaml").write_text("all is well")
    said_once(place.publish(root), 2, "errata.yaml must be a list of texts since, fixed_in, clips and fault")


def test_another_set_needs_to_be_told_and_is_a_major_release(place: Place, root: Path, tmp_path: Path) -> None:
    assert place.publish(root).code == 0
    other = tmp_path / "other"
    assert build(spec(clips=4, seed=4), other, film, engine="serial").complete
    before = place.head()
    said_once(place.publish(other), 2, "it holds another set", "--replace")
    assert place.head() is before
    done = place.publish(other, "--replace")
    assert "v2.0.0, major: another set" in done.out
    assert place.forge.call("same", str(other), REPO, "main", True).code == 0


# interrupted


def stopped(place: Place, number: int, match: str, nth: int, *argv: str) -> Done:
    """Run a command and send it a signal when the Hub has got the `nth` such request, which the Hub still obeys."""
    started, pid = threading.Event(), 0

    def stop(exchange: Exchange) -> None:
        assert started.wait(60)
        os.kill(pid, number)

    place.hub.fail(stop, match, nth=nth)
    pid = place.forge.start(*argv)
    started.set()
    done = place.forge.wait()
    place.hub.heal()
    place.hub.settle()
    return done


@pytest.mark.slow
def test_killed_at_every_request_it_goes_on(place: Place, root: Path) -> None:
    assert place.publish(root).code == 0  # fills the clients' caches: what they hold is asked for only once
    place.hub.storage.repositories.clear()
    asked = len(place.hub.log)
    assert place.publish(root).code == 0
    wanted = paths(place.head())
    objects = {blob.sha256 for blob in place.head().tree.values() if blob.lfs}
    run = place.hub.log[asked:]
    assert len(run) > 40
    assert sum("commit/publishing" in exchange.path for exchange in run) > 1
    again = Counter[str]()
    for number, exchange in enumerate(run, 1):
        request = re.sub(r"\b[0-9a-f]{40}\b", "[0-9a-f]{40}", re.escape(f"{exchange.method} {exchange.path}"))
        again[request] += 1
        place.hub.storage.repositories.clear()
        start = len(place.hub.log)
        done = stopped(place, signal.SIGKILL, f"^{request}$", again[request], "publish", str(root), REPO)
        assert done.code == -signal.SIGKILL, f"{number}: {exchange}"
        if REPO in place.hub.storage.repositories:
            assert paths(place.head()) in ({}, wanted), f"main is neither old nor new after {number}: {exchange}"
        done = place.publish(root)
        assert done.code == 0, f"{number}: {exchange}: {done.said}"
        assert paths(place.head()) == wanted
        assert place.tags() == {"v1.0.0": place.head()}
        assert list(place.hub.storage.repositories[REPO].branches) == ["main"]
        assert len(list(place.head().history())) == 2
        assert sent_whole(place.hub.log[start:]) == Counter(objects), f"{number}: {exchange}"


@pytest.mark.slow
def test_killed_while_it_adds_clips_main_is_the_old_release_or_the_new(place: Place, root: Path) -> None:
    longer = root.with_name("longer")
    shutil.copytree(root, longer)
    assert build(spec(clips=6), longer, film, engine="serial").complete
    for match in ("branch/publishing", "PUT", "commit/publishing", "paths-info", "commit/main", "tag/", "DELETE"):
        place.hub.storage.repositories.clear()
        assert place.publish(root).code == 0
        old = paths(place.head())
        assert stopped(place, signal.SIGKILL, match, 1, "publish", str(longer), REPO).code == -signal.SIGKILL
        now = paths(place.head())
        done = place.publish(longer)
        assert done.code == 0, f"{match}: {done.said}"
        new = paths(place.head())
        assert now in (old, new), match
        assert {tag: paths(commit) for tag, commit in place.tags().items()} == {"v1.0.0": old, "v1.1.0": new}
        assert list(place.hub.storage.repositories[REPO].branches) == ["main"]


@pytest.mark.parametrize("how", ["500", "lost", "drop"])
def test_a_fault_that_passes_is_not_noticed(place: Place, root: Path, how: str) -> None:
    for match in (
        "whoami",
        "refs",
        "create",
        "branch/",
        "preupload",
        "batch",
        "PUT",
        "verify",
        "commit/",
        "tag/",
        "tree",
    ):
        place.hub.fail(how, match)
    place.hub.fail(how, "commit/", nth=3)
    place.hub.fail(how, "DELETE")
    done = place.publish(root)
    assert done.code == 0, done.said
    assert place.tags() == {"v1.0.0": place.head()}
    assert place.forge.call("same", str(root), REPO, "main", True).code == 0


@pytest.mark.parametrize("how", ["500", "lost", "drop"])
def test_a_fault_while_the_last_release_is_read_is_not_noticed(place: Place, root: Path, how: str) -> None:
    assert place.publish(root).code == 0
    place.hub.fail(how, "release.json")
    assert "nothing changed" in place.publish(root).out
    place.hub.fail("500", "release.json", times=0)
    said_once(place.publish(root), 2, "failed to read release.json (500)")


def test_a_pause_that_the_hub_asks_for_is_made(place: Place, root: Path) -> None:
    place.hub.fail("429", "branch/publishing")
    place.hub.fail("429", "commit/main")
    done = place.publish(root)
    assert done.code == 0, done.said
    assert done.err.count("the Hub asks for a pause of 1 s") == 2
    assert len(list(place.head().history())) == 2


@pytest.mark.parametrize(
    ("match", "how", "words"),
    [
        ("PUT", "500", ("failed to upload (500)", "what arrived is kept, run again later")),
        ("PUT", "drop", ("no answer from", "what arrived is kept")),
        ("commit/main", "500", ("failed to commit to main (500)",)),
        ("commit/publishing", "403", ("may not commit to publishing (403)",)),
        ("resolve/.*parquet", "500", ("500",)),
        ("tag/", "500", ("failed to make the tag v1.0.0 (500)",)),
    ],
)
def test_a_fault_that_stays_is_one_line_and_nothing_is_lost(
    place: Place, root: Path, match: str, how: str, words: tuple[str, ...]
) -> None:
    place.hub.fail(how, match, times=0)
    said_once(place.publish(root), 2, *words)
    place.hub.heal()
    assert place.publish(root).code == 0
    assert place.tags() == {"v1.0.0": place.head()}


def test_a_card_that_the_hub_refuses_costs_no_upload(place: Place, root: Path) -> None:
    asked = len(place.hub.log)
    place.hub.fail("400", "validate-yaml", times=0)
    said_once(place.publish(root), 2, "could not take the card")
    assert "PUT" not in {exchange.method for exchange in place.hub.log[asked:]}


# somebody else


def foreign_commit(place: Place, path: str, branch: str = "main", repo: str = REPO) -> Commit:
    repository = place.hub.storage.repositories[repo]
    tree = dict(repository.branches[branch].tree) | {path: place.hub.storage.regular(b"mine")}
    return place.hub.storage.advance(repository, branch, tree, "a change", "", "ann")


def test_a_change_while_publishing_is_not_overwritten(place: Place, root: Path) -> None:
    made: list[Commit] = []

    def meddle(exchange: Exchange) -> None:
        made.append(foreign_commit(place, "NOTES.md"))

    place.hub.fail(meddle, "commit/main")
    said_once(place.publish(root), 2, "main was changed by somebody else meanwhile", "run again")
    assert place.head() is made[0]
    place.hub.heal()
    said_once(place.publish(root), 2, "holds NOTES.md of somebody else's", "--replace")
    assert place.publish(root, "--replace").code == 0
    assert "NOTES.md" in place.head().tree
    assert place.forge.call("same", str(root), REPO, "main", True).code == 0


def test_two_publishers_do_not_mix(place: Place, root: Path) -> None:
    def meddle(exchange: Exchange) -> None:
        foreign_commit(place, "data/theirs.parquet", "publishing")

    place.hub.fail(meddle, "commit/publishing")
    said_once(place.publish(root), 2, "publishing was changed by somebody else meanwhile")
    assert paths(place.head()) == {}
    place.hub.heal()
    assert place.publish(root).code == 0
    assert "data/theirs.parquet" not in place.head().tree


def test_an_edit_on_the_hub_is_not_undone(place: Place, root: Path) -> None:
    assert place.publish(root).code == 0
    foreign_commit(place, "LICENSE.txt")
    assert "nothing changed" in place.publish(root).out
    edited = foreign_commit(place, "README.md")
    said_once(place.publish(root), 2, "README.md on main changed since v1.0.0", "--replace")
    assert place.head() is edited
    done = place.publish(root, "--replace")
    assert "v1.0.1, patch" in done.out
    assert "LICENSE.txt" in place.head().tree


def test_a_repository_of_somebody_elses_data_is_left_alone(place: Place, root: Path) -> None:
    place.hub.storage.create(REPO, "ann", False)
    foreign_commit(place, "data.csv")
    said_once(place.publish(root), 2, "holds data.csv of somebody else's", "--replace")


def test_a_repository_with_nothing_but_a_licence_is_empty(place: Place, root: Path) -> None:
    repository = place.hub.storage.create(REPO, "ann", False)
    tree = dict(repository.branches["main"].tree) | {
        "README.md": place.hub.storage.regular(b"---\nlicense: mit\n---\n")
    }
    place.hub.storage.advance(repository, "main", tree, "form", "", "ann")
    assert place.publish(root).code == 0


def test_tags_are_never_moved(place: Place, root: Path) -> None:
    repository = place.hub.storage.create(REPO, "ann", False)
    tagged = repository.tags["v3.1.0"] = repository.branches["main"]
    assert "v4.0.0, first" in place.publish(root).out
    assert repository.tags["v3.1.0"] is tagged

    def meddle(exchange: Exchange) -> None:
        repository.tags["v4.0.1"] = tagged

    place.hub.fail(meddle, "POST .*/tag/")
    said_once(place.publish(root, "--title", "Other"), 2, "the tag v4.0.1 is there already", "never moved")
    place.hub.heal()
    said_once(place.publish(root), 2, "the tag v4.0.1 is there already")
    del repository.tags["v4.0.1"]
    assert place.publish(root).code == 0
    assert repository.tags["v4.0.1"] is place.head()


# refused


@pytest.mark.parametrize(
    ("token", "repo", "words"),
    [
        ("hf_wrongwrongwrong", REPO, ("does not take this token (401)", "hf auth login")),
        ("hf_…", REPO, ("the token for the Hub holds what no token does",)),
        ("hf_read", REPO, ("may not create ann/camera-motion (403)",)),
        ("hf_read", "ann/there", ("may not make the branch publishing (403)",)),
        (TOKEN, "bob/camera-motion", ("may not create bob/camera-motion (403)",)),
        (TOKEN, "bob/hidden", ("bob/hidden",)),
        (TOKEN, "no-namespace", ("'no-namespace' is not a repository's name", "like org/camera-motion")),
        (TOKEN, "a/b/c", ("is not a repository's name",)),
        (TOKEN, "ann/..", ("is not a repository's name",)),
        (TOKEN, "ann/x\n", ("is not a repository's name",)),
        (TOKEN, "ann/" + "x" * 500, ("is not a repository's name",)),
    ],
)
def test_what_the_hub_does_not_allow(place: Place, root: Path, token: str, repo: str, words: tuple[str, ...]) -> None:
    place.hub.storage.create("ann/there", "ann", False)
    place.hub.storage.create("bob/hidden", "bob", True)
    said_once(place.publish(root, repo=repo, token=token), 2, *words)


@pytest.mark.parametrize(
    "branch", ["v1.0.0", "0" * 40, "HEAD", "refs/pr/1", "../x", "", "publishing", "a b", "-x", "x.lock"]
)
def test_branches_that_cannot_be(place: Place, root: Path, branch: str) -> None:
    asked = len(place.hub.log)
    said_once(place.publish(root, f"--revision={branch}"), 2, "--revision is")
    assert len(place.hub.log) == asked


def test_no_token(place: Place, root: Path) -> None:
    said_once(place.publish(root, token=""), 2, "there is no token for the Hub", "hf auth login")


def test_no_network(place: Place, root: Path) -> None:
    place.hub.fail("drop", times=0)
    said_once(place.publish(root), 2, f"no answer from {place.hub.endpoint}", "check the network")


def damage(root: Path) -> None:
    tar = next((root / "webdataset").glob("*.tar"))
    body = bytearray(tar.read_bytes())
    body[2000] ^= 1
    tar.write_bytes(body)


def lose(root: Path) -> None:
    next((root / "webdataset").glob("*.tar")).unlink()


def shorten(root: Path) -> None:
    Store(root).claim(spec(clips=8))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (damage, ("is damaged: its hash is not its receipt's",)),
        (lose, ("not fit to be published, it has 2 of 4 clips", "its tar is gone")),
        (shorten, ("not fit to be published, it has 4 of 8 clips", "not built yet and 1 more")),
    ],
)
def test_a_set_that_is_not_right(
    place: Place, root: Path, spoil: Callable[[Path], None], words: tuple[str, ...]
) -> None:
    spoil(root)
    said_once(place.publish(root), 1, *words)
    assert place.hub.storage.repositories == {}


def test_clips_that_may_not_be_passed_on(place: Place, tmp_path: Path) -> None:
    root = tmp_path / "set"
    assert build(spec(clips=4, redistributable=False, licence="FLUX-dev"), root, film, engine="serial").complete
    said_once(place.publish(root), 1, "4 of 4 clips may not be redistributed (licence FLUX-dev)")
    said_once(place.publish(root, "--dry-run"), 1, "4 of 4 clips")
    assert place.hub.storage.repositories == {}


def test_a_view_that_was_damaged_after_it_was_made_does_not_get_to_main(place: Place, root: Path) -> None:
    view = root / "data" / "train-000000.parquet"
    body = bytearray(view.read_bytes())
    video = next(CameraMotion.stream(str(root)).take(1).__iter__())["video"]["bytes"]
    body[body.index(video) + len(video) // 2] ^= 1
    view.write_bytes(body)
    for _ in range(2):
        said_once(place.publish(root), 2, "in default is not as in its tar: video", "remove data, metadata, cameras")
        assert paths(place.head()) == {}
    for folder in ("data", "metadata", "cameras"):
        shutil.rmtree(root / folder)
    assert place.publish(root).code == 0


def test_no_set(place: Place, tmp_path: Path) -> None:
    said_once(place.publish(tmp_path), 2, "holds no set")


def test_a_full_disk_leaves_all_as_it_was(place: Place, root: Path) -> None:
    for path in (root / "data").iterdir():
        path.unlink()
    said_once(place.publish(root, most_bytes=20_000), 2, "cannot write", "free some space")
    assert list((root / "data").iterdir()) == []
    assert place.publish(root).code == 0


# before it counts


def test_a_dry_run_sends_nothing_and_needs_no_token(place: Place, root: Path) -> None:
    asked = len(place.hub.log)
    done = place.publish(root, "--dry-run", token="")
    assert (done.code, done.err) == (0, "")
    assert "v1.0.0, first: 4 clips" in done.out
    assert "at 12.5 MB/s (100 Mbit/s)" in done.out
    assert done.out.splitlines()[-1].startswith("dry run: nothing was sent, and the Hub was not asked")
    assert len(place.hub.log) == asked


def test_a_rehearsal_that_fails_or_is_stopped_clears_up(place: Place, root: Path) -> None:
    place.hub.fail("500", "commit/", times=0)
    done = place.publish(root, "--rehearse")
    assert done.code == 2
    assert "failed to commit to publishing (500)" in done.err
    assert place.hub.storage.repositories == {}
    place.hub.heal()
    for number, match in ((signal.SIGINT, "repos/create"), (signal.SIGTERM, "PUT")):
        done = stopped(place, number, match, 1, "publish", str(root), REPO, "--rehearse")
        assert done.code == 130, done.said
        assert place.hub.storage.repositories == {}, done.said


def test_a_rehearsal_deletes_what_it_made_and_what_an_earlier_one_had_to_leave(place: Place, root: Path) -> None:
    place.hub.storage.create("ann/other", "ann", False)
    stopped(place, signal.SIGKILL, "/tree/", 1, "publish", str(root), REPO, "--rehearse")
    left = [name for name in place.hub.storage.repositories if "-rehearsal-" in name]
    assert len(left) == 1
    place.hub.fail("500", "DELETE /api/repos", times=0)
    said_once(place.publish(root, "--rehearse"), 2, f"failed to delete {left[0]} (500)")
    place.hub.heal()
    asked = len(place.hub.log)
    done = place.publish(root, "--rehearse")
    assert done.code == 0, done.said
    assert f"deleted {left[0]}, which an earlier rehearsal left" in done.out
    assert "private, over LFS" in done.out
    assert "read back 2 of 2 clips: all alike" in done.out
    assert list(place.hub.storage.repositories) == ["ann/other"]
    assert not (root / ".rehearsal").exists()
    touched = {e.path for e in place.hub.log[asked:] if e.method not in ("GET", "HEAD") and "/ann/" in e.path}
    assert {path for path in touched if "-rehearsal-" not in path} == set()


@pytest.mark.parametrize("left", ["ann/mine", "ann/mine-rehearsal-x", "ann/mine-rehearsal-0123456789abc", "\xff"])
def test_a_rehearsal_deletes_nothing_that_no_rehearsal_made(place: Place, root: Path, left: str) -> None:
    (root / ".rehearsal").write_text(left, encoding="latin-1")
    asked = len(place.hub.log)
    said_once(place.publish(root, "--rehearse"), 2, "which is no rehearsal; remove that file")
    assert len(place.hub.log) == asked


def test_a_release_of_nobody_is_not_read_as_ours(place: Place, root: Path) -> None:
    assert place.publish(root).code == 0
    repository = place.hub.storage.repositories[REPO]
    for body in (b"{}", b"[" * 100_000, b'{"version": "1.0.0", "identity": "' + b"x" * 10_000 + b'"}'):
        tree = dict(place.head().tree) | {"release.json": place.hub.storage.regular(body)}
        place.hub.storage.advance(repository, "main", tree, "odd", "", "ann")
        said_once(place.publish(root), 2, "release.json is not one that this program wrote", "--replace")
    assert place.publish(root, "--replace").code == 0
    assert json.loads(place.read("release.json"))["version"] == "1.0.1"


def test_words_that_no_card_takes(place: Place, root: Path) -> None:
    said_once(place.publish(root, "--title", "x" * 501), 2, "longer than 500 characters")
    said_once(place.publish(root, "--title", "TODO"), 2, "the card's title is 'TODO'")
    said_once(place.publish(root, "--dry-run", "--rehearse"), 2, "choose")
    said_once(place.publish(root, "--tars", "--no-tars"), 2, "choose one")
