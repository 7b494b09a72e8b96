"""A driver that stands in for NVIDIA's (its functions, its numbers of errors, its structs), and a torch for it."""

import ctypes
from typing import Any

import pytest

from camera_motion.generator import identity
from camera_motion.generator.nvidia import Device

H200, A10 = Device("NVIDIA H200", 150_754_820_096), Device("NVIDIA A10", 24_000_000_000)
NOT_FOUND = 6


class Nvml:
    """Two devices, as libnvidia-ml.so.1 tells of them."""

    here = (H200, A10)
    uuids = (b"GPU-1f", b"GPU-2a")
    started = 0

    def nvmlInit_v2(self) -> int:
        self.started += 1
        return 0

    def nvmlShutdown(self) -> int:
        self.started -= 1
        return 0

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = len(self.here)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: Any, handle: Any) -> int:
        if index.value >= len(self.here):
            return NOT_FOUND
        handle._obj.value = index.value + 1
        return 0

    def nvmlDeviceGetHandleByUUID(self, uuid: bytes, handle: Any) -> int:
        if uuid not in self.uuids:
            return NOT_FOUND
        handle._obj.value = self.uuids.index(uuid) + 1
        return 0

    def nvmlDeviceGetName(self, handle: Any, text: Any, size: int) -> int:
        text.value = self.here[handle.value - 1].name.encode()
        return 0

    def nvmlDeviceGetMemoryInfo(self, handle: Any, memory: Any) -> int:
        memory._obj.total = self.here[handle.value - 1].memory_bytes
        return 0

    def nvmlSystemGetDriverVersion(self, text: Any, size: int) -> int:
        text.value = b"580.65.06"
        return 0


def put_in(patch: pytest.MonkeyPatch, torch: str = "2.13.0") -> None:
    """Put two GPUs into the machine, as far as its driver tells, and beside gsplat a torch of this version."""
    load = ctypes.CDLL

    def found(name: Any, *args: Any, **kwargs: Any) -> Any:
        return Nvml() if "nvidia-ml" in str(name) or "nvml" in str(name) else load(name, *args, **kwargs)

    patch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    patch.setattr(ctypes, "CDLL", found)
    patch.setattr(identity, "version", {"torch": torch, "gsplat": "1.5.3"}.__getitem__)
