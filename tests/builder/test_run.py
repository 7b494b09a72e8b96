"""Builds: the same bytes whatever the engine, the order and the number of times they were killed."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import film, spec

from camera_motion.builder.engines import Failure
from camera_motion.builder.engines.processes import Processes
from camera_motion.builder.lock import lock
from camera_motion.builder.run import build
from camera_motion.builder.store import Store
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import FilmedClip, Rejection
from camera_motion.schema.plan import ScenePlan
from camera_motion.schema.spec import Spec

#: A build that kills itself, by a real SIGKILL, just before or after its n-th step on the disk, or after its first tar.
SUICIDAL = """
import os, signal, sys
from pathlib import Path
from camera_motion.builder import places
from camera_motion.builder.run import build
from tiny import film, spec

countdown, when = int(sys.argv[2]), sys.argv[3]

def deadly(step):
    def wrapped(*args, **kwargs):
        global countdown
        countdown -= 1
        if countdown == 0 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = step(*args, **kwargs)
        if countdown == 0 or when == "tar" and str(args[-1]).endswith(".tar"):
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return wrapped

if __name__ == "__main__":
    os.replace, os.fsync, places.Hashed.write = deadly(os.replace), deadly(os.fsync), deadly(places.Hashed.write)
    build(spec(), Path(sys.argv[1]), film, engine="serial")
"""

#: A build with workers that runs until somebody kills it.
LONG = """
import sys
from pathlib import Path
from camera_motion.builder.run import build
from tiny import film_slowly, spec

if __name__ == "__main__":
    build(spec(), Path(sys.argv[1]), film_slowly, engine="processes", workers=2)
"""


def digests(root: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (root / "webdataset").iterdir()}


def python(program: str, *arguments: object) -> list[str]:
    return [sys.executable, "-c", program, *map(str, arguments)]


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": ":".join(sys.path)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole")
    built = build(spec(), root, film, engine="serial")
    assert built.complete
    return root


def test_a_set_has_every_planned_clip_and_says_what_was_rejected(whole: Path) -> None:
    again = build(spec(), whole, film)
    manifest = again.manifest
    assert (manifest.keys, manifest.shards, manifest.statistics.clips) == (12, 6, 12)
    assert manifest.missing == {}
    assert manifest.rejections["gate: focal"] == manifest.candidates - 12 > 0
    assert manifest.statistics.counts["main_motion"] == {"pan_right": 12}
    assert manifest.statistics.video_bytes < manifest.tar_bytes
    names = sorted(digests(whole))
    assert [name.partition("-")[0] for name in names].count("test") == 2
    assert sorted(name[-10:-4] for name in names) == [f"{i:06d}" for i in range(6)]


def test_what_is_done_is_not_done_again(whole: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*.*")}

    def never(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
        raise AssertionError("filmed again")
        yield

    assert build(spec(), whole, never).complete
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*.*")} == before


@pytest.mark.slow
def test_processes_make_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    assert build(spec(), tmp_path, film, engine="processes", workers=2).complete
    assert digests(tmp_path) == digests(whole)


def test_slices_add_up_to_the_whole(whole: Path, tmp_path: Path) -> None:
    for i in (1, 0):
        assert build(spec(), tmp_path, film, part=(i, 2), engine="serial").complete
    assert digests(tmp_path) == digests(whole)


def test_extending_leaves_earlier_shards_untouched(whole: Path, tmp_path: Path) -> None:
    build(spec(clips=4), tmp_path, film, engine="serial")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "webdataset").iterdir()}
    assert build(spec(clips=12), tmp_path, film, engine="serial").complete
    assert all(path.stat().st_mtime_ns == at for path, at in before.items())
    assert digests(tmp_path) == digests(whole)
    with pytest.raises(SpecError, match="holds 12 clips of this set, more than 4"):
        build(spec(clips=4), tmp_path, film)


@pytest.mark.parametrize("damage", ["receipt gone", "receipt cut", "tar gone", "tar cut", "other identity"])
def test_a_damaged_shard_is_made_again(whole: Path, tmp_path: Path, damage: str) -> None:
    build(spec(clips=2), tmp_path, film, engine="serial")
    tar = next((tmp_path / "webdataset").iterdir())
    receipt = tmp_path / "receipts" / f"{tar.stem}.json"
    match damage:
        case "receipt gone":
            receipt.unlink()
        case "receipt cut":
            receipt.write_bytes(receipt.read_bytes()[:100])
        case "tar gone":
            tar.unlink()
        case "tar cut":
            tar.write_bytes(tar.read_bytes()[:-1])
        case "other identity":
            receipt.write_text(json.dumps(json.loads(receipt.read_text()) | {"identity": "0" * 16}))
    assert build(spec(clips=2), tmp_path, film, engine="serial").complete
    assert digests(tmp_path).items() <= digests(whole).items()


@pytest.mark.slow
def test_killed_at_twenty_moments_and_resumed_it_is_the_same_set(whole: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(20)
    for step in rng.integers(1, 120, 20):
        run = subprocess.run(python(SUICIDAL, tmp_path, step, rng.choice(["before", "after"])), env=environment())
        assert run.returncode in (-signal.SIGKILL, 0)
        for tar in (tmp_path / "webdataset").glob("*.tar"):
            assert digests(whole)[tar.name] == hashlib.sha256(tar.read_bytes()).hexdigest()
    assert build(spec(), tmp_path, film, engine="serial").complete
    assert digests(tmp_path) == digests(whole)
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.slow
def test_killed_between_the_tar_and_its_receipt(whole: Path, tmp_path: Path) -> None:
    root = tmp_path / "set"
    run = subprocess.run(python(SUICIDAL, root, 0, "tar"), env=environment(), check=False)
    assert run.returncode == -signal.SIGKILL
    assert len(list(root.glob("webdataset/*.tar"))) == 1
    assert not list((root / "receipts").glob("*.json"))
    assert build(spec(), root, film, engine="serial").complete
    assert digests(root) == digests(whole)


@pytest.mark.slow
def test_a_killed_build_with_workers_leaves_none_behind(whole: Path, tmp_path: Path) -> None:
    child = subprocess.Popen(python(LONG, tmp_path), env=environment(), start_new_session=True)
    while not list(tmp_path.glob("webdataset/*.tar")):
        assert child.poll() is None
        time.sleep(0.01)
    child.kill()
    child.wait()
    deadline = time.monotonic() + 60
    while _group_lives(child.pid):
        assert time.monotonic() < deadline, "workers outlived the build"
        time.sleep(0.05)
    assert build(spec(), tmp_path, film, engine="serial").complete
    assert digests(tmp_path) == digests(whole)


def heed_interrupts() -> None:
    """Undo what a shell does to jobs in the background, and they to their children: ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


#: The command line with workers, for sets that are filmed slowly.
COMMAND = """
import sys
from camera_motion.builder.cli import main
from camera_motion.generator import clip
from tiny import film_slowly

if __name__ == "__main__":
    clip.film = film_slowly
    main(sys.argv[1:])
"""


@pytest.mark.slow
def test_a_build_whose_machine_is_taken_away_ends_in_order(tmp_path: Path) -> None:
    mine, root = tmp_path / "mine.yaml", tmp_path / "set"
    mine.write_text(json.dumps(spec().model_dump(mode="json", exclude={"base", "inputs"})))
    command = python(COMMAND, "build", mine, "--out", root, "--engine", "processes", "--workers", "2")
    child = subprocess.Popen(command, env=environment(), start_new_session=True, stderr=subprocess.PIPE)
    while not list(root.glob("progress/*.running.json")):
        assert child.poll() is None
        time.sleep(0.01)
    child.terminate()
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert said.decode().splitlines()[-1].startswith("camera-motion: interrupted; what is finished is kept")
    assert "Traceback" not in said.decode()
    assert not list(root.rglob("*.partial"))
    assert not (root / "progress").exists(), "nobody is at work"


@pytest.mark.slow
def test_an_interrupted_build_stops_at_once_and_sweeps_up(whole: Path, tmp_path: Path) -> None:
    child = subprocess.Popen(
        python(LONG, tmp_path),
        env=environment(),
        start_new_session=True,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    )
    while not list(tmp_path.glob("webdataset/*.tar")):
        assert child.poll() is None
        time.sleep(0.01)
    os.killpg(child.pid, signal.SIGINT)  # what Ctrl-C does: everybody in the group gets it
    _, said = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGINT
    assert said.decode().splitlines()[-1] == "KeyboardInterrupt"
    assert said.decode().count("Traceback") == 1, "workers have nothing to say"
    for _ in range(400):  # the system may take a moment to bury them
        if not _group_lives(child.pid):
            break
        time.sleep(0.05)
    assert not _group_lives(child.pid)
    assert not list(tmp_path.rglob("*.partial"))
    assert not (tmp_path / "progress").exists(), "nobody is at work"
    assert build(spec(), tmp_path, film, engine="serial").complete
    assert digests(tmp_path) == digests(whole)


def _group_lives(group: int) -> bool:
    """Tell whether a process of the group is still at work (an unreaped one is not)."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            return True
    return False


@pytest.mark.slow
def test_a_worker_that_dies_is_named_and_the_rest_is_made(tmp_path: Path) -> None:
    built = build(spec(), tmp_path, film_that_kills_its_worker, engine="processes", workers=2)
    assert list(built.failures) == ["train-000003"] or list(built.failures) == ["test-000003"]
    assert "died 2 times (signal 9)" in next(iter(built.missing.values()))
    assert len(built.receipts) == 5
    assert not built.complete


class JobThatCannotBeLoaded:
    """Ends the worker that unpickles it, before it has read what it was to do."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (3,)

    def __call__(self, index: int) -> Iterator[Any]:
        yield index


@pytest.mark.slow
def test_workers_that_die_at_once_fail_their_shards_and_end() -> None:
    said = dict(Processes(2).run(JobThatCannotBeLoaded(), [0, 1]))
    assert sorted(said) == [0, 1]
    assert all("died 2 times (exit code 3)" in failure.reason for failure in said.values())


def film_that_kills_its_worker(
    spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int
) -> Iterator[FilmedClip | Rejection]:
    if 6 in indices:
        os.kill(os.getpid(), signal.SIGKILL)
    yield from film(spec, scene, indices, threads)


def film_that_refuses(
    spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int
) -> Iterator[FilmedClip | Rejection]:
    raise SpecError("scenes.path: room.ply claims 10^12 vertices")
    yield


def film_with_a_bug(
    spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int
) -> Iterator[FilmedClip | Rejection]:
    if 6 in indices:
        raise RuntimeError("a bug")
    yield from film(spec, scene, indices, threads)


def film_that_finds_nothing(
    spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int
) -> Iterator[FilmedClip | Rejection]:
    if 6 not in indices:
        yield from film(spec, scene, indices, threads)
        return
    yield from (Rejection(clip.key, 1, "place: no free view") for clip in scene.clips if clip.index in indices)


def film_that_gives_up(
    spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int
) -> Iterator[FilmedClip | Rejection]:
    for result in film(spec, scene, indices, threads):
        if isinstance(result, FilmedClip) and result.record.key.endswith("7"):
            yield Rejection(result.record.key, 1, "place: no free view")
        else:
            yield result


@pytest.mark.slow
def test_a_spec_that_the_film_maker_refuses_ends_the_build_with_its_line(tmp_path: Path) -> None:
    for engine in ("serial", "processes"):
        with pytest.raises(SpecError, match="claims 10\\^12 vertices"):
            build(spec(), tmp_path, film_that_refuses, engine=engine, workers=2)
    assert digests(tmp_path) == {} if (tmp_path / "webdataset").exists() else True


def test_a_bug_fails_one_shard_and_is_told_with_its_traceback(tmp_path: Path) -> None:
    built = build(spec(), tmp_path, film_with_a_bug, engine="serial")
    (failure,) = built.failures.values()
    assert isinstance(failure, Failure)
    assert failure.reason == "RuntimeError: a bug"
    assert "film_with_a_bug" in failure.detail
    assert len(built.receipts) == 5


def test_a_clip_without_a_candidate_is_missing_by_name(tmp_path: Path) -> None:
    built = build(spec(), tmp_path, film_that_gives_up, engine="serial")
    assert built.missing == {"cm-tiny-000007": "place: no free view"}
    assert not built.complete
    assert len(built.receipts) == 6


def test_a_shard_without_a_clip_fails_and_the_rest_is_made(tmp_path: Path) -> None:
    built = build(spec(), tmp_path, film_that_finds_nothing, engine="serial")
    (reason,) = built.missing.values()
    assert "no clip found a candidate; cm-tiny-000006: place: no free view" in reason
    assert len(built.receipts) == 5
    assert not built.complete


def test_another_set_in_the_folder_is_refused_and_the_difference_named(whole: Path) -> None:
    before = digests(whole)
    with pytest.raises(SpecError, match=r"another identity .*encode.crf 18 there, 20 here, seed 3 there, 4 here; "):
        build(spec(seed=4, encode={"preset": "ultrafast", "crf": 20}), whole, film)
    assert digests(whole) == before


def test_how_a_set_is_built_does_not_matter_to_what_it_is(whole: Path) -> None:
    assert build(spec(execution={"engine": "serial", "workers": 1}), whole, film).complete


def test_one_build_at_a_time_but_slices_side_by_side(tmp_path: Path) -> None:
    with lock(tmp_path), pytest.raises(SpecError, match="another build is at work"):
        build(spec(), tmp_path, film)
    with lock(tmp_path, (0, 2)):
        assert build(spec(clips=4), tmp_path, film, part=(1, 2), engine="serial").complete
        for part in ((0, 2), (0, 1)):
            with pytest.raises(SpecError, match="another build is at work"):
                build(spec(clips=4), tmp_path, film, part=part)


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpecError, match=r"cannot write .*choose another --out"):
        build(spec(), tmp_path / "file" / "set", film)


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from camera_motion.builder.run import build; from camera_motion.schema.base import SpecError\n"
        "from tiny import film, spec\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try: build(spec(), Path(sys.argv[1]), film, engine='serial')\n"
        "except SpecError as error: print(error)"
    )
    run = subprocess.run(python(program, tmp_path), env=environment(), capture_output=True, text=True, check=True)
    assert "cannot write" in run.stdout
    assert "free some space and run again" in run.stdout
    assert run.stdout.count("\n") == 1
    assert not list(tmp_path.rglob("*.tar"))
    assert not list(tmp_path.rglob("*.partial"))


def test_a_receipt_is_proof_only_with_its_tar(whole: Path) -> None:
    store = Store(whole)
    names = sorted(path.stem for path in store.receipts.iterdir())
    receipt = store.read_receipt(names[0])
    assert receipt is not None
    assert store.finished(receipt.shard, receipt.name, receipt.identity) == receipt
    assert store.finished(receipt.shard + 1, receipt.name, receipt.identity) is None
