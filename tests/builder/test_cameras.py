"""The cell of cameras: numpy alone reads it, and one from strangers does no harm."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from sets import clip

from camera_motion.builder.cameras import pack_cameras, unpack_cameras


def test_numpy_alone_reads_the_cameras_and_they_pack_to_the_same_bytes() -> None:
    made = clip(1)
    packed = pack_cameras(made.camera_intrinsics, made.camera_extrinsics.astype(np.float32))
    with np.load(io.BytesIO(packed)) as cell:
        assert cell["camera_extrinsics"].dtype == np.float32
        np.testing.assert_array_equal(cell["camera_extrinsics"], made.camera_extrinsics.astype(np.float32))
        np.testing.assert_array_equal(cell["camera_intrinsics"], made.camera_intrinsics)
        assert str(cell["convention"]).startswith("camera_extrinsics: w2c")
    unpacked = unpack_cameras(packed)
    assert pack_cameras(unpacked["camera_intrinsics"], unpacked["camera_extrinsics"]) == packed


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def npy(value: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, value, allow_pickle=True)
    return buffer.getvalue()


def cell(**changes: Any) -> bytes:
    values = {
        "camera_intrinsics": np.zeros((2, 4), np.float32),
        "camera_extrinsics": np.zeros((2, 4, 4), np.float32),
        "convention": np.array("w2c"),
    } | changes
    return zipped({f"{name}.npy": value if isinstance(value, bytes) else npy(value) for name, value in values.items()})


def promises(shape: tuple[int, ...]) -> bytes:
    """Write the header of an array that is not there."""
    buffer = io.BytesIO()
    header: Any = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue()


class Mischief:
    def __reduce__(self) -> Any:
        return print, ("this must never be printed",)


@pytest.mark.parametrize(
    ("packed", "says"),
    [
        (b"", "not a cell"),
        (b"PK\x05\x06" + bytes(10), "not a cell"),
        (pack_cameras(np.zeros((2, 4), np.float32), np.zeros((2, 4, 4), np.float32))[:-40], "not a cell"),
        (zipped({"camera_intrinsics.npy": npy(np.zeros((2, 4), np.float32))}), "it holds camera_intrinsics.npy, not"),
        (cell(more=np.zeros(1)), "it holds"),
        (cell(camera_extrinsics=npy(np.array([Mischief()], object))), "not a cell"),
        (cell(camera_intrinsics=bytes(40_000_000)), "unpacks to 40000"),
        (cell(camera_extrinsics=promises((1 << 40, 4, 4))), "not a cell"),
        (cell(camera_extrinsics=np.zeros((3, 4, 4), np.float32)), r"camera_extrinsics in a cell .* \[3, 4, 4\]"),
        (cell(camera_intrinsics=np.zeros((2, 4))), "camera_intrinsics in a cell of cameras is float64"),
        (cell(camera_intrinsics=np.float32(1)), "camera_intrinsics in a cell"),
        (cell(convention=np.array([1])), "convention"),
        (zipped({f"{n}.npy": b"x" for n in ("camera_intrinsics", "camera_extrinsics", "convention")}, 14), "deflate"),
    ],
)
def test_a_cell_from_strangers_can_neither_run_code_nor_fill_memory(
    packed: bytes, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        unpack_cameras(packed)
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""
