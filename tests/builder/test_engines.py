"""Engines: who makes which shard, how often it is tried, and with what a worker begins."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from camera_motion.builder.engines import RETRIES, SHARDS_PER_WORKER, Engine, Failure
from camera_motion.builder.engines import choose as choosing
from camera_motion.builder.engines.choose import choose_engine
from camera_motion.builder.engines.processes import Processes
from camera_motion.builder.engines.ray import Ray
from camera_motion.builder.engines.serial import Serial
from camera_motion.builder.places import PlaceUnavailable
from camera_motion.generator.nvidia import Device
from camera_motion.schema.base import SpecError
from camera_motion.schema.spec import Execution


def who(index: int) -> Iterator[str]:
    """Tell the worker's process, what it sees of GPUs, and its threads."""
    yield f"{os.getpid()}/{os.environ.get('CUDA_VISIBLE_DEVICES')}/{os.environ.get('OMP_NUM_THREADS')}"


@dataclass(frozen=True)
class Unsteady:
    """Fails at shard 1 as often as it is told to, with an error of the network, and at shard 2 with a bug."""

    folder: Path
    failures: int

    def __call__(self, index: int) -> Iterator[str]:
        (self.folder / f"{index}-{self.attempts().total()}").touch()
        if index == 1 and self.attempts()["1"] <= self.failures:
            raise PlaceUnavailable("the store hung up")
        if index == 2:
            raise KeyError("a bug")
        yield "made"

    def attempts(self) -> Counter[str]:
        return Counter(path.name.partition("-")[0] for path in self.folder.iterdir())


@pytest.mark.parametrize("engine", [Serial(), pytest.param(Processes(1), marks=pytest.mark.slow)])
@pytest.mark.parametrize("failures", [RETRIES, RETRIES + 1])
def test_what_may_pass_is_tried_again_and_a_bug_is_not(engine: Engine, failures: int, tmp_path: Path) -> None:
    job = Unsteady(tmp_path, failures)
    said = dict(engine.run(job, [0, 1, 2]))
    assert job.attempts() == {"0": 1, "1": RETRIES + 1, "2": 1}
    assert said[0] == "made"
    if failures <= RETRIES:
        assert said[1] == "made"
    else:
        assert isinstance(said[1], Failure)
        assert said[1].reason == "PlaceUnavailable: the store hung up"
    assert isinstance(said[2], Failure)
    assert said[2].reason == "KeyError: 'a bug'"
    assert "in __call__" in said[2].detail


@pytest.mark.slow
def test_workers_are_relieved_after_some_shards() -> None:
    workers = Counter(said for _, said in Processes(1).run(who, range(2 * SHARDS_PER_WORKER + 1)))
    assert sorted(workers.values()) == [1, SHARDS_PER_WORKER, SHARDS_PER_WORKER]


def who_but_one(index: int) -> Iterator[str]:
    """As `who`, and shard 1 fails."""
    if index == 1:
        raise RuntimeError("CUDA error: an illegal memory access was encountered")
    yield from who(index)


@pytest.mark.slow
def test_after_a_failure_another_worker_goes_on() -> None:
    said = dict(Processes(1).run(who_but_one, range(4)))
    assert isinstance(said[1], Failure)
    assert said[0] != said[2] == said[3]


@pytest.mark.slow
def test_gpus_are_dealt_round_and_libraries_get_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-b")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    said = [str(said).split("/") for _, said in Processes(3, ("3", "GPU-b")).run(who, range(3))]
    assert sorted(device for _, device, _ in said) == ["3", "3", "GPU-b"]
    assert {threads for *_, threads in said} == {"1"}
    assert len({worker for worker, *_ in said}) == 3
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "3,GPU-b"
    assert os.environ["OMP_NUM_THREADS"] == "7"


@pytest.mark.parametrize(
    ("asked", "workers", "shards", "crew", "threads"),
    [
        ("auto", 1, 5, 0, 1),
        ("auto", 2, 4, 2, 1),
        ("auto", 8, 4, 4, 2),
        ("auto", 8, 1, 0, 8),
        ("auto", 8, 0, 0, 8),
        ("serial", 8, 4, 0, 8),
        ("processes", 3, 1, 1, 3),
    ],
)
def test_cores_become_workers_and_the_rest_threads(
    asked: str, workers: int, shards: int, crew: int, threads: int
) -> None:
    execution = Execution(engine=asked, workers=workers, gpus=0.25)  # type: ignore[arg-type]
    engine, share, gpus = choose_engine(execution, shards)  # a share of a GPU that nothing renders on is not held
    assert (getattr(engine, "workers", 0), share, gpus) == (crew, threads, 0)


@pytest.mark.parametrize(
    ("asked", "shards", "crew", "threads", "gpus", "names"),
    [
        ({}, 9, 4, 4, 0.5, ("1", "3")),  # a worker for every four cores
        ({"cpus": 8}, 9, 2, 8, 1, ("1", "3")),
        ({"cpus": 1}, 99, 8, 1, 0.25, ("1", "3")),  # and no more than four on a GPU
        ({"workers": 2}, 9, 2, 8, 1, ("1", "3")),
        ({"workers": 8}, 9, 8, 2, 0.25, ("1", "3")),
        ({"engine": "serial"}, 9, 0, 16, 1, ()),
        ({"gpus": 0.5}, 9, 4, 4, 0.5, ("1", "3")),
        ({"gpus": 0.5, "workers": 3, "cpus": 1}, 9, 3, 1, 0.5, ("1", "3")),
        ({}, 1, 0, 16, 0.5, ()),
    ],
)
def test_where_cuda_renders_workers_are_as_many_as_the_gpus_hold(
    asked: dict[str, float],
    shards: int,
    crew: int,
    threads: int,
    gpus: float,
    names: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choosing, "available_cores", lambda: 16)
    monkeypatch.setattr(choosing, "devices", lambda: (Device("H100", 80_000_000_000),) * 2)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1,3")
    engine, share, held = choose_engine(Execution.model_validate(asked), shards, cuda=True)
    assert (getattr(engine, "workers", 0), share, held) == (crew, threads, gpus)
    assert getattr(engine, "devices", ()) == names


def test_a_worker_of_ray_holds_what_was_asked_for() -> None:
    asked = Execution(engine="ray", workers=9, cpus=3, gpus=0.25, address="10.0.0.1:6379")
    engine, threads, gpus = choose_engine(asked, 4)
    assert isinstance(engine, Ray)
    assert vars(engine) == {"workers": 9, "cpus": 3, "gpus": 0.25, "address": "10.0.0.1:6379"}
    assert (threads, gpus) == (3, 0.25)
    assert choose_engine(Execution(engine="ray"), 4, cuda=True)[2] == 1
    with pytest.raises(SpecError, match=r"^--gpus is 1e-09; a worker holds a share"):
        choose_engine(Execution(engine="ray", gpus=1e-9), 4)
    with pytest.raises(SpecError, match=r"^--gpus is 1.5; a worker holds a share of one GPU, such as 0.25, or whole"):
        choose_engine(Execution(engine="ray", gpus=1.5), 4)
