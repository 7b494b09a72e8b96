"""Ray: shards on a cluster of three nodes that loses one, and everything that may be wrong with one."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from test_run import digests, environment, python
from tiny import film, film_slowly, spec

import camera_motion
from camera_motion.builder.engines import Failure
from camera_motion.builder.engines.cluster import seats
from camera_motion.builder.engines.ray import Ray
from camera_motion.builder.run import build
from camera_motion.builder.shard import ShardJob
from camera_motion.builder.store import Store
from camera_motion.generator.identity import identity_of
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import FilmedClip, Rejection
from camera_motion.schema.plan import ScenePlan
from camera_motion.schema.receipt import Receipt
from camera_motion.schema.spec import Execution, Spec

pytestmark = [pytest.mark.ray, pytest.mark.slow]

#: A driver that runs until somebody kills it.
DRIVER = """
import sys
from pathlib import Path
from camera_motion.builder.run import build
from camera_motion.schema.spec import Execution
from tiny import film_slowly, spec

if __name__ == "__main__":
    build(spec(), Path(sys.argv[1]), film_slowly, execution=Execution(engine="ray", address=sys.argv[2]))
"""


class Nodes:
    """A head without cores and two nodes with one each; no node shares files with another, in `stack`'s care."""

    def __init__(self, stack: ExitStack) -> None:
        from ray.cluster_utils import Cluster

        self.stack = stack
        self.small = {"object_store_memory": 80_000_000, "include_dashboard": False}
        self.cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **self.small})
        self.nodes = [self.add(), self.add()]

    @property
    def execution(self) -> Execution:
        return Execution(engine="ray", address=self.cluster.address)

    def replace(self, node_id: str) -> None:
        """Kill a node as a power cut would, and start another."""
        (lost,) = (node for node in self.nodes if node.node_id == node_id)
        self.cluster.remove_node(lost, allow_graceful=False)
        self.nodes.remove(lost)
        self.nodes.append(self.add())

    def add(self) -> Any:
        """Start a node; paths of sockets must be short, so its folder is not pytest's."""
        folder = self.stack.enter_context(tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True))
        return self.cluster.add_node(num_cpus=1, temp_dir=folder, **self.small)


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("PYTHONPATH", environment()["PYTHONPATH"])  # so that workers find `tiny`
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_health_check_period_ms", "500")  # a node that does not answer is given up sooner
        found = Nodes(stack)
        yield found
        found.cluster.shutdown()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("whole")
    assert build(spec(), root, film, engine="serial").complete
    return root


@dataclass(frozen=True)
class Watched:
    """Films slowly, and leaves a file for every attempt at a shard: its first clip, the node, whose code was used."""

    folder: Path

    def __call__(
        self, spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int
    ) -> Iterator[FilmedClip | Rejection]:
        import ray

        node = ray.get_runtime_context().get_node_id()
        (self.folder / f"{indices[0]:03d}-{node}-{time.time_ns()}").write_text(camera_motion.__path__[0])
        self.fail(indices[0])
        yield from film_slowly(spec, scene, indices, threads)

    def fail(self, first: int) -> None:
        """Fail or not, at the shard that begins with this clip."""

    def attempts(self, first: int) -> int:
        return len(list(self.folder.glob(f"{first:03d}-*")))


@dataclass(frozen=True)
class Failing(Watched):
    """Loses its connection at the first attempt of one shard, and has a bug at another."""

    def fail(self, first: int) -> None:
        if first == 2 and self.attempts(first) == 1:
            raise ConnectionResetError("the store hung up")
        if first == 6:
            raise ValueError("a bug")


class PowerCut:
    """A watcher that kills a node which is at work, once the first shard is done."""

    def __init__(self, nodes: Nodes, folder: Path) -> None:
        self.nodes, self.folder = nodes, folder
        self.done: list[int] = []
        self.lost = -1

    def begin(self, clips: int, receipts: list[Receipt]) -> None: ...

    def clip(self, key: str) -> None: ...

    def failed(self, name: str, failure: Failure) -> None: ...

    def shard(self, receipt: Receipt) -> None:
        self.done.append(2 * receipt.shard)
        while self.lost < 0:
            for mark in sorted(self.folder.iterdir()):
                first, node, _ = mark.name.split("-")
                if int(first) not in self.done and not list(
                    self.folder.parent.glob(f"set/receipts/*{int(first) // 2:06d}.json")
                ):
                    self.lost = int(first)
                    return self.nodes.replace(node)
            time.sleep(0.02)


def test_a_node_that_is_lost_costs_no_byte(nodes: Nodes, whole: Path, tmp_path: Path) -> None:
    marks = Watched(tmp_path / "marks")
    marks.folder.mkdir()
    cut = PowerCut(nodes, marks.folder)
    built = build(spec(), tmp_path / "set", marks, execution=nodes.execution, watcher=cut)
    assert built.complete, [f.detail for f in built.failures.values()]
    assert digests(tmp_path / "set") == digests(whole)
    assert marks.attempts(cut.lost) == 2
    assert len(built.receipts) == 6
    code = {mark.read_text() for mark in marks.folder.iterdir()}
    assert all("/working_dir_files/" in path for path in code), "a checkout is sent along"


def test_what_may_pass_is_tried_again_and_a_bug_is_not(nodes: Nodes, whole: Path, tmp_path: Path) -> None:
    failing = Failing(tmp_path / "marks")
    failing.folder.mkdir()
    built = build(spec(), tmp_path / "set", failing, execution=nodes.execution)
    ((name, failure),) = built.failures.items()
    assert (name[-6:], failure.reason) == ("000003", "ValueError: a bug")
    assert "in fail" in failure.detail
    assert (failing.attempts(2), failing.attempts(6), failing.attempts(0)) == (2, 1, 1)
    assert {name: digest for name, digest in digests(whole).items() if "000003" not in name} == digests(
        tmp_path / "set"
    )


def test_a_driver_that_is_killed_and_started_again_finishes_the_set(nodes: Nodes, whole: Path, tmp_path: Path) -> None:
    command = python(DRIVER, tmp_path, nodes.cluster.address)
    driver = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE)
    while not list(tmp_path.glob("receipts/*.json")):
        assert driver.poll() is None, driver.communicate()
        time.sleep(0.02)
    os.kill(driver.pid, signal.SIGKILL)
    driver.communicate()
    assert len(list(tmp_path.glob("receipts/*.json"))) < 6
    again = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=300)
    assert (again.returncode, again.stderr) == (0, "")
    assert digests(tmp_path) == digests(whole)
    assert not list(tmp_path.rglob("*.partial"))


def test_auto_joins_what_ray_start_has_started_here_and_brings_the_token(whole: Path, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        (home / ".ray").mkdir(parents=True)
        (home / ".ray/auth_token").write_text("0123456789abcdef" * 4)  # as a Ray of this machine leaves one
        mine = environment() | {"HOME": str(home), "RAY_TMPDIR": folder, "RAY_USAGE_STATS_ENABLED": "0"}
        mine = {name: value for name, value in mine.items() if name not in ("RAY_ADDRESS", "RAY_AUTH_MODE")}
        start = [Path(sys.executable).with_name("ray"), "start", "--head", "--block", "--port", "0", "--num-cpus", "1"]
        start += ["--include-dashboard", "false", "--object-store-memory", "80000000"]
        with open(tmp_path / "head.log", "w") as log:
            head = subprocess.Popen(start, env=mine, stdout=log, stderr=log, start_new_session=True)
        try:
            deadline = time.monotonic() + 120
            while not list(Path(folder).rglob("ray_current_cluster")):
                assert head.poll() is None, (tmp_path / "head.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            command = python(DRIVER, tmp_path / "set", "auto")
            driver = subprocess.run(command, env=mine, capture_output=True, text=True, timeout=300)
            assert (driver.returncode, driver.stderr) == (0, ""), (tmp_path / "head.log").read_text()
            assert digests(tmp_path / "set") == digests(whole)
        finally:
            os.killpg(head.pid, signal.SIGTERM)
            head.wait(60)


def refusing(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
    raise SpecError("scenes.path: room.ply claims 10^12 vertices")
    yield


def test_a_spec_that_is_refused_ends_the_build_with_its_line(nodes: Nodes, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"^scenes.path: room.ply claims 10\^12 vertices$"):
        build(spec(), tmp_path, refusing, execution=nodes.execution)
    assert not (tmp_path / "spec.json").exists(), "the mended spec may be built there"


def test_what_no_node_can_hold_is_refused_before_any_work(nodes: Nodes, tmp_path: Path) -> None:
    execution = nodes.execution.model_copy(update={"gpus": 0.5})
    with pytest.raises(SpecError, match=r"no node of the Ray cluster has room for a worker of 1 CPU and 0\.5 GPU"):
        build(spec(), tmp_path, film, execution=execution)


def test_workers_that_do_not_see_the_set_say_so(nodes: Nodes, tmp_path: Path) -> None:
    job = ShardJob(spec(), identity_of(spec()), Store(tmp_path), film)
    with pytest.raises(SpecError, match=r"cannot do the work: it does not see the set that is built in .*; --out must"):
        list(Ray(address=nodes.cluster.address).run(job, [0]))


def test_workers_with_another_version_say_so(nodes: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_motion, "__version__", "99.0.0")
    with pytest.raises(SpecError, match=r"cannot do the work: it has camera-motion .*, not 99.0.0; install the same"):
        build(spec(), tmp_path, film, execution=nodes.execution)


def test_nobody_at_the_address_is_one_line(tmp_path: Path) -> None:
    for address in ("127.0.0.1:9", "nonsense"):
        with pytest.raises(SpecError, match=f"^there is no Ray cluster at '{address}': .*; start one with"):
            build(spec(), tmp_path, film, execution=Execution(engine="ray", address=address))


def test_ray_that_is_not_installed_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(SpecError, match=r"^the engine ray needs Ray: pip install 'camera-motion\[ray\]'$"):
        build(spec(), tmp_path, film, engine="ray")


@pytest.mark.parametrize(
    ("cpus", "gpus", "room"), [(1, 0.0, 14), (4, 0.0, 3), (1, 1.0, 3), (1, 0.25, 12), (2, 0.25, 6), (1, 2.0, 1)]
)
def test_room_is_counted_by_node(cpus: int, gpus: float, room: int) -> None:
    nodes = [
        {"Alive": True, "Resources": {"CPU": 12.0, "GPU": 3.0}},
        {"Alive": True, "Resources": {"CPU": 2.0}},
        {"Alive": False, "Resources": {"CPU": 64.0}},
    ]
    assert seats(nodes, cpus, gpus) == room
