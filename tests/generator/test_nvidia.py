"""The devices of this machine, as a driver tells of them."""

import pytest
from nvml import A10, H200, Nvml

from camera_motion.generator.nvidia import Device, devices, driver


class Asleep(Nvml):
    """A library whose driver is not loaded."""

    def nvmlInit_v2(self) -> int:
        return 9


@pytest.mark.parametrize(
    ("visible", "found"),
    [
        (None, (H200, A10)),
        ("1", (A10,)),
        ("1,0", (A10, H200)),
        ("GPU-2a", (A10,)),
        ("", ()),
        ("-1", ()),
        ("0,7,1", (H200,)),
    ],
)
def test_devices_are_those_that_cuda_may_use(
    visible: str | None, found: tuple[Device, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    nvml = Nvml()
    assert devices(nvml) == found
    assert driver(nvml) == "580.65.06"
    assert nvml.started == 0


def test_no_driver_is_no_error() -> None:
    assert devices(Asleep()) == ()
    assert driver(Asleep()) == ""
