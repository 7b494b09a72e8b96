"""What this machine brings, and what is missing for what."""

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from camera_motion.builder.engines.choose import available_cores
from camera_motion.builder.machine import LIBRARIES, machine_class
from camera_motion.builder.places import open_place
from camera_motion.builder.places.folder import Folder
from camera_motion.builder.progress import spell_bytes
from camera_motion.generator.identity import cuda_here
from camera_motion.generator.nvidia import devices, driver
from camera_motion.schema.base import SpecError

#: Optional things: the module, what it serves, and what brings it.
EXTRAS = (
    ("torch", "torch tensors and the CUDA renderer", "'camera-motion[gpu]'"),
    ("gsplat", "the CUDA renderer", "'camera-motion[gpu]'"),
    ("torchcodec", "videos decoded by datasets itself", "torchcodec"),
    ("ray", "builds on a cluster", "'camera-motion[ray]'"),
    ("s3fs", "sets in s3:// stores", "'camera-motion[s3]'"),
    ("gcsfs", "sets in gs:// stores", "'camera-motion[gcs]'"),
    ("viser", "the viewer", "'camera-motion[viewer]'"),
)

#: What a worker held at most where clips of 832 x 480 were filmed, splats 1.3 px apart.
WORKER_BYTES = 2.4e9


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `needed` ones make or break a build."""

    name: str
    says: str
    good: bool = True
    needed: bool = True


def findings(out: str) -> Iterator[Finding]:
    """Look at everything; `out` is the folder or URL where sets will be written."""
    machine = machine_class()
    yield Finding("machine class", f"{machine['class']} ({machine['processor']}, {machine['instructions']})")
    yield Finding("system", f"{machine['system']} {machine['architecture']}, Python {platform.python_version()}")
    for library in LIBRARIES:
        optional = library in ("embreex", "trimesh")
        yield Finding(library, machine[library] or "missing", bool(machine[library]), needed=not optional)
    yield Finding("cores", str(available_cores()))
    yield from _memory()
    yield _output(out)
    yield _simd()
    try:
        yield from (*_cuda(), *_encoders())
    except ImportError as error:
        yield Finding("video codecs", f"PyAV cannot be imported: {error}", good=False)
    yield _embree()
    for module, purpose, brought_by in EXTRAS:
        there = find_spec(module) is not None
        says = "there" if there else f"missing, for {purpose}: pip install {brought_by}"
        yield Finding(module, says, there, needed=False)


def _output(out: str) -> Finding:
    """Look whether sets can be written, and on a disk of this machine, how large they may be."""
    try:
        place = open_place(out)
        place.probe()
    except (SpecError, OSError) as error:
        return Finding("output", str(error), good=False)
    if not isinstance(place, Folder):
        return Finding("output", f"{out} can be listed and written")
    path = place.root.resolve()
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    return Finding("disk", f"{spell_bytes(free)} free at {there}", free > 1e9, needed=False)


def _memory() -> Iterator[Finding]:
    """Say what each worker has where there is one for every core."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with suppress(OSError, ValueError):
        size = min(size, int(Path("/sys/fs/cgroup/memory.max").read_text()))  # a container's share
    cores = available_cores()
    says = f"{spell_bytes(size)}, {spell_bytes(size / cores)} for each of {cores} workers"
    enough = max(1, int(size / WORKER_BYTES))
    if enough < cores:
        says += f"; clips of 832 x 480 take about {spell_bytes(WORKER_BYTES)}: --workers {enough}"
    yield Finding("memory", says, enough >= cores, needed=False)


def _cuda() -> Iterator[Finding]:
    """Name the devices, and try the renderer where there is one: it is what `auto` stands for then."""
    from camera_motion.generator.readiness import cuda_trouble, no_device

    for device in devices():
        yield Finding("CUDA device", f"{device.name}, {spell_bytes(device.memory_bytes)}, driver {driver()}")
    if missing := no_device():
        yield Finding("CUDA renderer", f"{missing}; sets are rendered on CPU cores", good=False, needed=False)
        return
    trouble = cuda_trouble()
    yield Finding("CUDA renderer", trouble or "has just rendered a picture", not trouble, needed=cuda_here())


def _encoders() -> Iterator[Finding]:
    """Encode a picture with every encoder."""
    from camera_motion.generator.encode import encoder_name, refusal

    tried = ("h264", "software"), ("h265", "software"), ("ffv1", "software"), ("h264", "nvenc"), ("h265", "nvenc")
    for codec, encoder in tried:
        trouble = refusal(codec, encoder, 256, 256)
        needed = (codec, encoder) == tried[0]
        name = codec if encoder == "software" else f"{codec} by NVENC"
        says = trouble.split(";")[0] or f"{encoder_name(codec, encoder)} has just encoded a picture"
        yield Finding(name, says, not trouble, needed=needed)


def _simd() -> Finding:
    """Name the way in which the renderer blends rows on this processor."""
    try:
        features = import_module("llvmlite.binding").get_host_cpu_features()
        width = next((name for name in ("avx512f", "avx2", "neon", "sse4.2") if features.get(name)), "")
        return Finding("SIMD", width or "plain loops", bool(width), needed=False)
    except (ImportError, RuntimeError) as error:
        return Finding("SIMD", f"unknown: {error}", good=False, needed=False)


def _embree() -> Finding:
    try:
        import_module("embreex")
    except ImportError as error:
        return Finding("embree", f"not there, light is baked by a slower way: {error}", good=False, needed=False)
    return Finding("embree", "light is baked by embree")
