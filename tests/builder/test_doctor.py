"""The doctor tries what it speaks of."""

from pathlib import Path

import nvml
import pytest

from camera_motion.builder.doctor import Finding, findings
from camera_motion.builder.machine import machine_class


def found(out: Path | str) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings(str(out))}


def test_every_encoder_is_tried_and_the_extras_are_listed(tmp_path: Path) -> None:
    all_found = found(tmp_path / "not" / "yet")
    for codec in ("h264", "h265", "ffv1"):
        assert "has just encoded a picture" in all_found[codec].says
    for codec in ("h264", "h265"):
        nvenc = all_found[f"{codec} by NVENC"]
        assert nvenc.good == ("has just encoded" in nvenc.says)
        assert not nvenc.needed
    assert {"torch", "gsplat", "ray", "s3fs", "gcsfs"} <= all_found.keys()
    assert str(tmp_path) in all_found["disk"].says
    assert "workers" in all_found["memory"].says
    assert not (tmp_path / "not").exists()


def test_no_gpu_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    all_found = found(tmp_path)
    assert "CUDA device" not in all_found
    assert all_found["CUDA renderer"].says.startswith("no CUDA device")
    assert not all_found["CUDA renderer"].needed


def test_a_gpu_that_cannot_be_used_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.put_in(monkeypatch)
    all_found = found(tmp_path)
    assert all_found["CUDA device"].says == "NVIDIA A10, 24.0 GB, driver 580.65.06"
    renderer = all_found["CUDA renderer"]
    assert renderer.needed  # a build would choose it
    assert renderer.good == (renderer.says == "has just rendered a picture")


@pytest.mark.parametrize("where", ["nonsense://bucket/set", "{tmp}/file/set"])
def test_a_place_that_cannot_be_written_is_one_line(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    output = found(where.format(tmp=tmp_path))["output"]
    assert output.needed
    assert not output.good
    assert "\n" not in output.says


def test_a_gpu_belongs_to_the_class_of_a_machine_that_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = machine_class.__wrapped__()
    with monkeypatch.context() as patch:
        nvml.put_in(patch)
        gpu = machine_class.__wrapped__(True)
        assert machine_class.__wrapped__() == cpu
    assert gpu["class"] != cpu["class"]
    assert (gpu["gpu"], gpu["driver"]) == ("NVIDIA A10, NVIDIA H200", "580.65.06")
    assert {"torch", "gsplat"} <= gpu.keys()
    assert not {"gpu", "driver", "torch", "gsplat"} & cpu.keys()
