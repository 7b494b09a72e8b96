"""What is missing for the GPU is one line each, said before any work; each line is had from a real lack of it."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from camera_motion.generator.nvidia import Device
from camera_motion.generator.readiness import compiling, cuda_trouble, no_device, no_gsplat, ready, unfit_torch
from camera_motion.schema.base import SpecError
from camera_motion.schema.parse import parse
from camera_motion.schema.spec import Spec


def wanted(renderer: str = "cpu", encoder: str = "software", codec: str = "h264") -> Spec:
    return parse(
        {
            "name": "ready",
            "clips": 1,
            "clips_per_scene": 1,
            "shard_clips": 1,
            "video": {"width": 256, "height": 160, "frames": 8, "fps": 8},
            "moves": [{"move": "pan"}],
            "render": {"renderer": renderer},
            "encode": {"encoder": encoder, "codec": codec},
        }
    )


def alone(program: str, **environment: str) -> str:
    """Run a program with modules not loaded yet, and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_what_runs_on_cpu_cores_is_ready() -> None:
    for codec in ("h264", "h265", "ffv1"):
        ready(wanted(codec=codec))


def test_no_device_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(SpecError, match=r"CUDA renderer cannot be used: no CUDA device .*; or choose --renderer cpu$"):
        ready(wanted("cuda"))
    assert no_device([Device("NVIDIA A10", 24 << 30)]) == ""


def test_nvenc_without_a_device_is_one_line() -> None:
    program = "from camera_motion.generator.encode import refusal; print(refusal({!r}, 'nvenc', 256, 160))"
    for codec, name in (("h264", "h264_nvenc"), ("h265", "hevc_nvenc")):
        said = alone(program.format(codec), CUDA_VISIBLE_DEVICES="")
        assert said.startswith(f"{name} does not encode on this machine: ")
        assert said.endswith("; choose encode.encoder software")
        assert "\n" not in said


def test_lossless_has_no_gpu_encoder() -> None:
    with pytest.raises(SpecError, match=r"NVENC does not make ffv1: choose encode.encoder software, or codec h264 or"):
        ready(wanted(encoder="nvenc", codec="ffv1"))


@pytest.mark.parametrize("package", ["torch", "gsplat"])
def test_a_missing_package_is_named_with_what_brings_it(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    said = unfit_torch() if package == "torch" else no_gsplat()
    assert said == f"{package} is not installed: pip install 'camera-motion[gpu]'"


def test_a_torch_without_cuda_is_named() -> None:
    import torch

    if torch.version.cuda:
        assert "built without" not in unfit_torch()
    else:
        assert unfit_torch().startswith(f"torch {torch.__version__} is built without CUDA; install")


def test_kernels_that_do_not_compile_are_one_line(tmp_path: Path) -> None:
    compiler = tmp_path / "bin" / "nvcc"
    compiler.parent.mkdir()
    compiler.write_text("#!/bin/sh\necho 'nvcc fatal error: this is no compiler' >&2\nexit 1\n")
    compiler.chmod(0o755)
    program = (
        "import sys; sys.modules['gsplat.csrc'] = None\n"
        "from camera_motion.generator.readiness import unfit_kernels; print(unfit_kernels())"
    )
    here = {"CUDA_HOME": str(tmp_path), "PATH": str(tmp_path), "TORCH_EXTENSIONS_DIR": str(tmp_path / "built")}
    said = alone(program, **here)
    assert said.startswith("gsplat's CUDA kernels do not compile: ")
    assert "inja" not in said, "it is in the environment, activated or not"
    assert "\n" not in said


def test_one_at_a_time_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_EXTENSIONS_DIR", str(tmp_path / "built"))
    monkeypatch.setitem(sys.modules, "gsplat.csrc", None)
    path, start = os.environ["PATH"], threading.Barrier(3)
    at_once: list[int] = []

    def work(number: int) -> bool:
        start.wait()
        with compiling():
            at_once.append(number)
            time.sleep(0.02)
            return at_once.pop() == number and not at_once

    with ThreadPoolExecutor(3) as pool:
        assert all(pool.map(work, range(3)))
    assert os.environ["PATH"] == path


def test_no_compiler_is_one_line(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['gsplat.csrc'] = None\n"
        "from camera_motion.generator.readiness import unfit_kernels; print(unfit_kernels())"
    )
    nowhere = {"CUDA_HOME": str(tmp_path), "PATH": str(tmp_path), "TORCH_EXTENSIONS_DIR": str(tmp_path / "built")}
    assert alone(program, **nowhere).startswith("gsplat finds no compiler (nvcc) for its CUDA kernels; install")


@pytest.mark.gpu
def test_a_machine_with_a_gpu_has_no_trouble() -> None:
    assert cuda_trouble() == ""
    ready(wanted("cuda"))
