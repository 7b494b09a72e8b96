"""What `auto` stands for is settled once, and is a part of what a set is."""

import nvml
import pytest

from camera_motion.generator.encode import refusal
from camera_motion.generator.identity import identity_of, on_gpu, resolve
from camera_motion.generator.nvidia import devices
from camera_motion.schema.parse import parse
from camera_motion.schema.spec import Execution, Spec


def wanted(renderer: str = "auto", encoder: str = "auto", codec: str = "h264", **execution: object) -> Spec:
    return parse(
        {
            "name": "auto",
            "clips": 1,
            "clips_per_scene": 1,
            "shard_clips": 1,
            "video": {"width": 256, "height": 160, "frames": 8, "fps": 8},
            "moves": [{"move": "pan"}],
            "render": {"renderer": renderer},
            "encode": {"encoder": encoder, "codec": codec},
            "execution": execution,
        }
    )


def chosen(spec: Spec) -> tuple[str, str]:
    return spec.render.renderer, spec.encode.encoder


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver that tells of GPUs; NVENC works only where there really is one."""
    nvml.put_in(monkeypatch)
    assert len(devices()) == 2


@pytest.mark.usefixtures("no_gpu")
def test_auto_is_what_cpu_cores_do_where_there_is_no_gpu() -> None:
    spec = resolve(wanted())
    assert chosen(spec) == ("cpu", "software")
    assert resolve(spec) is spec
    assert identity_of(wanted()) == identity_of(spec)
    assert not on_gpu(spec)


@pytest.mark.usefixtures("gpu")
def test_auto_is_cuda_where_there_is_a_gpu() -> None:
    encoder = "software" if refusal("h264", "nvenc", 256, 160) else "nvenc"
    spec = resolve(wanted())
    assert chosen(spec) == ("cuda", encoder)
    assert on_gpu(spec)
    assert chosen(resolve(wanted(codec="ffv1"))) == ("cuda", "software")
    assert chosen(resolve(wanted("cpu"))) == ("cpu", "software")
    assert identity_of(wanted()) != identity_of(wanted("cpu"))


def test_a_torch_that_is_built_for_cpu_cores_is_left_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml.put_in(monkeypatch, torch="2.13.0+cpu")
    assert len(devices()) == 2
    assert chosen(resolve(wanted())) == ("cpu", "software")


@pytest.mark.usefixtures("gpu")
def test_a_set_that_is_there_decides_for_auto_alone() -> None:
    begun = wanted("cpu", "software")
    assert chosen(resolve(wanted(), begun)) == ("cpu", "software")
    assert chosen(resolve(wanted("cuda", "software"), begun)) == ("cuda", "software")


@pytest.mark.usefixtures("no_gpu")
def test_of_a_cluster_it_matters_what_a_worker_holds() -> None:
    assert chosen(resolve(wanted(engine="ray", gpus=0.25))) == ("cuda", "software")
    assert chosen(resolve(wanted(engine="ray"))) == ("cpu", "software")
    assert chosen(resolve(wanted(), None, Execution(engine="ray", gpus=1))) == ("cuda", "software")
