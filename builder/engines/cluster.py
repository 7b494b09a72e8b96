"""A Ray cluster: joining one or starting one here, what its nodes can hold, and whether they can do our work."""

import logging
import os
import pickle
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import camera_motion
from camera_motion.builder.engines import RETRIES, Job, Travelling
from camera_motion.builder.machine import machine_class
from camera_motion.schema.base import SpecError

_LOG = logging.getLogger(__name__)

#: Read by Ray when a driver or a node of ours starts. Without the first, tasks that are killed for memory are begun
#: again without end: the driver counts, so it is enough to set it here (measured on Ray 2.60). Without the second, Ray
#: runs its workers at niceness 15: two of them on two cores made 1.7 times as much as one, at niceness 0 1.97 times.
_SETTINGS: Final = {
    "RAY_task_oom_retries": str(RETRIES),
    "RAY_worker_niceness": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
}

#: What of a checkout goes to the workers: the package, and not the sets, environments and histories that lie beside it.
_CODE: Final = ("camera_motion.py", "schema", "evaluation", "generator", "cards", "builder", "specs")

#: Seconds: for a cluster to take a connection (Ray itself tries for two minutes), for a node to start a worker, and to
#: compile gsplat's kernels too.
_KNOCK_S: Final = 5.0
_READY_S: Final = 300.0
_COMPILED_S: Final = 1800.0

#: Bytes of Ray's object store where the cluster is ours: only receipts pass through it.
_STORE_BYTES: Final = 100_000_000


@contextmanager
def joined(address: str, cpus: int, workers: int) -> Iterator[ModuleType]:
    """Join the cluster at `address`, or at RAY_ADDRESS; else run one here, with room for `workers`, and end it after.

    Raises:
        SpecError: Ray is not installed, or there is no cluster that answers.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise SpecError("the engine ray needs Ray: pip install 'camera-motion[ray]'") from None
    if ray.is_initialized():  # by the program that we are part of
        yield ray
        return
    address = address or os.environ.get("RAY_ADDRESS", "")
    quiet = logging.getLogger("ray")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        _join(ray, address, cpus, workers)
        with _in_the_log():
            yield ray
    finally:
        ray.shutdown()
        quiet.setLevel(level)


@contextmanager
def _in_the_log() -> Iterator[None]:
    """Put what Ray tells of lost nodes and tasks, pages that it prints to our output, into lines of the log."""
    worker: Any = import_module("ray._private.worker")

    def tell(said: dict[str, Any], ignore_prefix: bool) -> None:
        for text in said["lines"]:
            _LOG.warning("Ray: %s", text.strip().splitlines()[0][:300])

    printing, worker.print_to_stdstream = worker.print_to_stdstream, tell
    try:
        yield
    finally:
        worker.print_to_stdstream = printing


def _join(ray: ModuleType, address: str, cpus: int, workers: int) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    if address in ("", "local"):
        from camera_motion.builder.engines.choose import available_cores

        address, room = "local", max(available_cores(), cpus * workers)
        options |= {"num_cpus": room, "include_dashboard": False, "object_store_memory": _STORE_BYTES}
    else:
        _knock(address)
        options |= {"runtime_env": _luggage()}
    try:
        ray.init(address, **options)  # "auto" as it stands: of itself Ray gives its token to that cluster alone
    except (ray.exceptions.RayError, OSError, RuntimeError, ValueError) as error:
        todo = "does it ask for a token (RAY_AUTH_MODE=token), or run another version of Ray or Python?"
        raise SpecError(f"cannot join the Ray cluster at {address}: {_line(error)}; {todo}") from error


def _knock(address: str) -> None:
    """See whether anybody answers at an address before Ray tries for minutes.

    Raises:
        SpecError: nobody does.
    """
    if address.startswith("ray://"):
        return
    from ray._private.services import canonicalize_bootstrap_address_or_die

    todo = "start one with `ray start --head`, or give another --address"
    try:
        found = canonicalize_bootstrap_address_or_die(address)
        host, _, port = found.rpartition(":")
        socket.create_connection((host.strip("[]"), int(port)), _KNOCK_S).close()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or _line(error).partition(". ")[0]
        raise SpecError(f"there is no Ray cluster at {address!r}: {why[0].lower()}{why[1:]}; {todo}") from None


def _luggage() -> dict[str, Any]:
    """Name the code that workers are to get from here: that of a checkout; an installed package they have themselves.

    Nothing if this driver is a job that was handed to the cluster, with luggage of its own.
    """
    home = Path(camera_motion.__path__[0])
    if not (home / "camera_motion.py").is_file() or "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ:
        return {}
    rest = ("/??*", "/[!.]")  # all names but ".", the folder itself: without that, nothing at all would be sent
    ours = (f"!/{name}{below}" for name in _CODE for below in ("", "/**"))
    return {"working_dir": str(home), "excludes": [*rest, *ours, "__pycache__"]}


def seats(nodes: Iterable[dict[str, Any]], cpus: int, gpus: float) -> int:
    """Count how many workers of that size those of `nodes`, as Ray lists them, have room for that are alive."""
    return sum(_room(node["Resources"], cpus, gpus) for node in nodes if node["Alive"])


def _room(resources: dict[str, float], cpus: int, gpus: float) -> int:
    by_cpu = int(resources.get("CPU", 0) // cpus)
    if not gpus:
        return by_cpu
    devices = resources.get("GPU", 0)
    return min(by_cpu, int(devices // gpus) if gpus >= 1 else int(devices) * int(1 / gpus + 1e-9))


def check(ray: ModuleType, job: Job, cpus: int, gpus: float) -> None:
    """Ask one node of every kind whether it can do the job, before any work is done; warn if their tars would differ.

    Raises:
        SpecError: no node has room for a worker (its task would wait for ever), or one cannot do the job.
    """
    kinds: dict[Any, dict[str, Any]] = {}
    for node in ray.nodes():
        if node["Alive"] and _room(node["Resources"], cpus, gpus):
            kinds.setdefault(_kind(node), node)
    if not kinds:
        alive = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        most = {name: max((node.get(name, 0) for node in alive), default=0) for name in ("CPU", "GPU")}
        raise SpecError(
            f"no node of the Ray cluster has room for a worker of {cpus} CPU and {gpus:g} GPU (nodes there: "
            f"{len(alive)}, with at most {most['CPU']:g} CPU and {most['GPU']:g} GPU); ask for less with --cpus and "
            "--gpus, or start such a node first"
        )
    look = ray.remote(num_cpus=0, max_retries=1)(_arrive)
    packed = ray.put(ray.cloudpickle.dumps(job))
    answers = {
        look.options(scheduling_strategy=_at(ray, node)).remote(packed, camera_motion.__version__): node
        for node in kinds.values()
    }
    classes = dict[str, str]()
    for answer, node in answers.items():
        name = node["NodeManagerHostname"]
        try:
            machine, problem = ray.get(answer, timeout=_COMPILED_S if gpus else _READY_S)
        except ray.exceptions.RayError as error:
            missing = f"install camera-motion {camera_motion.__version__} there, or build from a checkout"
            todo = missing if "ModuleNotFoundError" in str(error) else "see its logs"
            raise SpecError(f"the Ray node {name} cannot start a worker: {_line(error)}; {todo}") from error
        if problem:
            raise SpecError(f"the Ray node {name} cannot do the work: {problem}")
        classes.setdefault(machine, name)
    if len(classes) > 1:
        _LOG.warning(
            "the nodes %s are of different machine classes: which of them makes a shard will show in its bytes",
            " and ".join(sorted(classes.values())),
        )


def _kind(node: dict[str, Any]) -> Any:
    """Tell apart what a cluster file would call node types, by what they hold."""
    own = {name: amount for name, amount in node["Resources"].items() if not name.startswith("node:")}
    return tuple(sorted((name, amount) for name, amount in own.items() if "memory" not in name))


def _at(ray: ModuleType, node: dict[str, Any]) -> Any:
    return ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)


def _arrive(packed: bytes, version: str) -> tuple[str, str]:
    """Unpack a job on a worker; give the machine's class, and what is in the way of the job, in a line."""
    if camera_motion.__version__ != version:
        return "", f"it has camera-motion {camera_motion.__version__}, not {version}; install the same everywhere"
    try:
        job = pickle.loads(packed)
        if isinstance(job, Travelling):
            job.here()
    except (ImportError, AttributeError, SpecError) as error:
        return "", str(error)
    return machine_class()["class"], ""


def _line(error: BaseException) -> str:
    """Put an error of Ray, which may be pages long, into a line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:300]
