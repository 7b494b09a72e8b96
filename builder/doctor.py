"""What this machine brings, and what is missing for what."""

import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from camera_motion.builder.engines.choose import available_cores
from camera_motion.builder.machine import LIBRARIES, machine_class
from camera_motion.builder.progress import spell_bytes

#: Optional things: the module, what it serves, and the command that brings it.
EXTRAS = (
    ("torch", "torch tensors and the CUDA renderer", "pip install 'camera-motion[gpu]'"),
    ("gsplat", "the CUDA renderer", "pip install 'camera-motion[gpu]'"),
    ("torchcodec", "videos decoded by datasets itself", "pip install 'camera-motion[train]'"),
)


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `needed` ones make or break a build."""

    name: str
    says: str
    good: bool = True
    needed: bool = True


def findings(out: Path) -> Iterator[Finding]:
    """Look at everything; `out` is where sets will be written."""
    machine = machine_class()
    yield Finding("machine class", f"{machine['class']} ({machine['processor']}, {machine['instructions']})")
    yield Finding("system", f"{machine['system']} {machine['architecture']}, Python {platform.python_version()}")
    for library in LIBRARIES:
        optional = library in ("embreex", "trimesh")
        yield Finding(library, machine[library] or "missing", bool(machine[library]), needed=not optional)
    yield Finding("cores", str(available_cores()))
    yield from _memory()
    free = shutil.disk_usage(_existing(out)).free
    yield Finding("disk", f"{spell_bytes(free)} free at {_existing(out)}", free > 1e9, needed=False)
    yield _simd()
    yield from _codecs()
    yield _embree()
    for module, purpose, how in EXTRAS:
        there = find_spec(module) is not None
        yield Finding(module, "there" if there else f"missing, for {purpose}: {how}", there, needed=False)


def _existing(path: Path) -> Path:
    """Find the nearest folder that exists already."""
    path = path.resolve()
    return next(folder for folder in (path, *path.parents) if folder.exists())


def _memory() -> Iterator[Finding]:
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        yield Finding("memory", spell_bytes(size), size > 3.5e9, needed=False)


def _simd() -> Finding:
    """Name the way in which the renderer blends rows on this processor."""
    try:
        features = import_module("llvmlite.binding").get_host_cpu_features()
        width = next((name for name in ("avx512f", "avx2", "neon", "sse4.2") if features.get(name)), "")
        return Finding("SIMD", width or "plain loops", bool(width), needed=False)
    except (ImportError, RuntimeError) as error:
        return Finding("SIMD", f"unknown: {error}", good=False, needed=False)


def _codecs() -> Iterator[Finding]:
    try:
        import av
    except ImportError as error:
        yield Finding("video codecs", f"PyAV cannot be imported: {error}", good=False)
        return
    for codec, name in (("h264", "libx264"), ("h265", "libx265"), ("ffv1", "ffv1")):
        there = name in av.codecs_available
        yield Finding(codec, f"{name} in PyAV" if there else f"PyAV lacks {name}", there, needed=codec == "h264")


def _embree() -> Finding:
    try:
        import_module("embreex")
    except ImportError as error:
        return Finding("embree", f"not there, light is baked by a slower way: {error}", good=False, needed=False)
    return Finding("embree", "light is baked by embree")
