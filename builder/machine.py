"""The class of a machine: what may change the bits of a float, and so the bytes of a tar."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from camera_motion import __version__
from camera_motion.generator.nvidia import devices, driver
from camera_motion.schema.base import identity

#: Libraries whose arithmetic or encoders reach the tars.
LIBRARIES = (
    "numpy",
    "scipy",
    "numba",
    "llvmlite",
    "opencv-python-headless",
    "av",
    "embreex",
    "trimesh",
    "camera-motion",
)

#: Those that reach the tars of sets that are rendered or encoded on a GPU.
GPU_LIBRARIES = ("torch", "gsplat")

#: x86 flags that numpy, Numba and x264 choose code paths by.
_FLAGS = ("avx512f", "avx512_vnni", "avx2", "fma", "avx", "sse4_2", "asimd", "sve")


@cache
def machine_class(gpu: bool = False) -> dict[str, str]:
    """Describe this machine; under `class` a hash of all that matters for the bytes, with those of a `gpu` or not.

    Two machines of one class make identical tars from one spec. The processor's name is for people and outside the
    hash.
    """
    facts = {"system": platform.system(), "architecture": platform.machine(), "instructions": _instructions()}
    facts |= {name: _version(name) for name in LIBRARIES}
    if gpu:
        facts |= {"gpu": ", ".join(sorted({device.name for device in devices()})), "driver": driver()}
        facts |= {name: _version(name) for name in GPU_LIBRARIES}
    facts["camera-motion"] = __version__  # a checkout that was sent to a worker is not installed
    return {"class": identity(facts), "processor": _processor(), "python": platform.python_version(), **facts}


def peak_bytes() -> int:
    """Give the most memory that this process has held at once; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _cpuinfo(field: str) -> str:
    try:
        with open("/proc/cpuinfo") as file:
            return next((line.partition(":")[2].strip() for line in file if line.startswith(field)), "")
    except OSError:
        return ""


def _instructions() -> str:
    flags = (_cpuinfo("flags") or _cpuinfo("Features")).split()
    return " ".join(flag for flag in _FLAGS if flag in flags) or platform.machine()


def _processor() -> str:
    return _cpuinfo("model name") or platform.processor() or platform.machine()
