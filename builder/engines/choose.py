"""Which engine makes the shards, with how many workers, and what each of them may use."""

import os
from typing import Final

from camera_motion.builder.engines import Engine
from camera_motion.builder.engines.processes import Processes
from camera_motion.builder.engines.serial import Serial
from camera_motion.generator.nvidia import devices
from camera_motion.schema.base import SpecError
from camera_motion.schema.spec import Execution

#: Cores of a worker that renders on a GPU, and the most such workers on one: scenes are built and clips encoded on the
#: cores while the GPU renders for another worker. More cores are threads. Four workers have the eight NVENC sessions
#: that a consumer GPU opens.
CORES_PER_GPU_WORKER: Final = 4
WORKERS_PER_GPU: Final = 4

#: No GPU has the memory for more workers than this share allows.
LEAST_SHARE: Final = 0.01


def choose_engine(execution: Execution, shards: int, cuda: bool = False) -> tuple[Engine, int, float]:
    """Choose how to run `shards` shards, and the threads and GPUs that each job may use; `cuda` if it renders on one.

    `auto` takes processes where there is more than one core and more than one shard; where CUDA renders, workers are as
    many as the GPUs hold. Cores that outnumber the shards become threads inside the jobs.

    Raises:
        SpecError: what a worker is to hold is not to be had.
    """
    if execution.engine == "ray":
        from camera_motion.builder.engines.ray import Ray

        threads, gpus = execution.cpus or 1, gpus_each(execution, cuda)
        return Ray(execution.workers, threads, gpus, execution.address), threads, gpus
    gpu_names = visible_devices() if cuda else ()
    gpus = gpus_each(execution, cuda, len(gpu_names)) if cuda else 0.0  # a spec for a cluster may be built here
    cores = available_cores() if gpus else execution.workers or available_cores()
    seats = int(len(gpu_names) / gpus) if gpus else cores // (execution.cpus or 1)
    crew = max(1, min(execution.workers or seats, shards))
    if execution.engine == "serial" or (execution.engine == "auto" and crew == 1):
        return Serial(), execution.cpus or cores, gpus
    return Processes(crew, gpu_names), execution.cpus or max(1, cores // crew), gpus


def gpus_each(execution: Execution, cuda: bool, devices: int = 0) -> float:
    """Give the share of a GPU that a worker holds: as asked, else what leaves it some cores of this machine.

    `devices` of this machine are shared out among the workers that are asked for, else to one for every four cores.

    Raises:
        SpecError: a number that is neither a share nor whole.
    """
    gpus = execution.gpus
    if (gpus > 1 and gpus != int(gpus)) or 0 < gpus < LEAST_SHARE:
        raise SpecError(f"--gpus is {gpus:g}; a worker holds a share of one GPU, such as 0.25, or whole ones")
    if gpus or not cuda:
        return gpus
    if execution.engine == "serial" or not devices:
        return 1.0
    by_cores = available_cores() // (devices * (execution.cpus or CORES_PER_GPU_WORKER))
    workers = execution.workers or devices * min(WORKERS_PER_GPU, max(1, by_cores))
    return min(1.0, devices / workers)


def available_cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def visible_devices() -> tuple[str, ...]:
    """Give CUDA's names of the GPUs that this process may use."""
    count = len(devices())
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    return tuple(map(str, range(count)) if named is None else named.split(","))[:count]
