"""The NVIDIA devices of this machine, as its driver tells: torch is not loaded for that, nor CUDA started.

The driver's management library (NVML) is asked, since a process in which CUDA runs cannot fork others that use it.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

_NVML: Final = "nvml.dll" if os.name == "nt" else "libnvidia-ml.so.1"
_CUDA: Final = "nvcuda.dll" if os.name == "nt" else "libcuda.so.1"


@dataclass(frozen=True)
class Device:
    """A device that CUDA may use here."""

    name: str
    memory_bytes: int


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def devices(library: Any = None) -> tuple[Device, ...]:
    """List the devices that `CUDA_VISIBLE_DEVICES` leaves to this process; none where there is no driver.

    `library` is NVML itself, found by its name unless given.
    """
    with _nvml(library) as nvml:
        return tuple(_device(nvml, handle) for handle in _visible(nvml)) if nvml else ()


def driver(library: Any = None) -> str:
    """Give the version of the driver, such as 580.65.06; "" where there is none."""
    with _nvml(library) as nvml:
        text = ctypes.create_string_buffer(96)
        return text.value.decode() if nvml and not nvml.nvmlSystemGetDriverVersion(text, len(text)) else ""


def cuda_there() -> bool:
    """Whether the driver's part that CUDA needs is installed."""
    try:
        ctypes.CDLL(_CUDA)
    except OSError:
        return False
    return True


@contextmanager
def _nvml(library: Any) -> Iterator[Any]:
    """Start NVML; give None where it is not there or does not start."""
    try:
        nvml = library or ctypes.CDLL(_NVML)
    except OSError:
        nvml = None
    if nvml is None or nvml.nvmlInit_v2():
        yield None
        return
    try:
        yield nvml
    finally:
        nvml.nvmlShutdown()


def _visible(nvml: Any) -> Iterator[ctypes.c_void_p]:
    """Find the visible devices, by number or UUID; as in CUDA, the first that is not there ends the list."""
    count = ctypes.c_uint()
    nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
    wanted = os.environ.get("CUDA_VISIBLE_DEVICES")
    for name in map(str, range(count.value)) if wanted is None else wanted.split(","):
        handle, found = ctypes.c_void_p(), 1
        if name.strip().isdecimal():
            found = nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(int(name)), ctypes.byref(handle))
        elif name.strip().startswith(("GPU-", "MIG-")):
            found = nvml.nvmlDeviceGetHandleByUUID(name.strip().encode(), ctypes.byref(handle))
        if found:  # an error's number; 0 is success
            return
        yield handle


def _device(nvml: Any, handle: ctypes.c_void_p) -> Device:
    name, memory = ctypes.create_string_buffer(96), _Memory()
    nvml.nvmlDeviceGetName(handle, name, len(name))
    nvml.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory))
    return Device(name.value.decode(errors="replace"), int(memory.total))
