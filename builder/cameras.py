"""The cameras of a clip in one cell: a small `npz` file.

As nested lists the two arrays of a clip of 121 frames take 36 kB of JSON, and the first page of the Hub's viewer holds
200 kB: four clips. Packed, they take 1 to 10 kB of it. Anyone can read the cell with numpy alone:

    np.load(io.BytesIO(row["cameras"]))["camera_extrinsics"]   # float32 [T, 4, 4], w2c

The same arrays always make the same bytes. Reading is bounded: the sizes that the file declares are checked before
anything is decompressed, and nothing is ever unpickled.
"""

import io
import struct
import zipfile
import zlib
from typing import Any, Final

import numpy as np
from jaxtyping import Float32

from camera_motion.builder.shard import load_npy
from camera_motion.schema import conventions
from camera_motion.schema.columns import BY_NAME

#: The arrays in the file, in its order; the text beside them says what their numbers mean.
ARRAYS: Final[tuple[str, ...]] = ("camera_intrinsics", "camera_extrinsics")
TEXT: Final = "convention"

#: The oldest time that a zip can state: the same arrays give the same bytes on any day.
EPOCH: Final = (1980, 1, 1, 0, 0, 0)

#: Far more than any clip needs (1000 frames take 80 kB), and little for a reader to lose.
MOST_BYTES: Final = 1 << 22


def pack_cameras(intrinsics: Float32[np.ndarray, "T 4"], extrinsics: Float32[np.ndarray, "T 4 4"]) -> bytes:
    """Pack normalised intrinsics and w2c extrinsics, a row per frame, into the bytes of an `npz` file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        values = (intrinsics.astype("<f4"), extrinsics.astype("<f4"), np.array(conventions.TEXT))
        for name, value in zip((*ARRAYS, TEXT), values, strict=True):
            member = zipfile.ZipInfo(f"{name}.npy", EPOCH)
            member.compress_type, member.create_system, member.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(member, _npy(value), compresslevel=9)
    return buffer.getvalue()


def unpack_cameras(packed: bytes) -> dict[str, Any]:
    """Unpack a cell: float32 `camera_intrinsics` [T, 4] and `camera_extrinsics` [T, 4, 4], and the `convention`.

    Raises:
        ValueError: it is not such a file, or promises more than it holds or than any clip needs.
    """
    try:
        values = {name: load_npy(body) for name, body in _members(packed).items()}
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise ValueError(f"not a cell of cameras: {error}") from None
    frames = len(values[ARRAYS[0]]) if values[ARRAYS[0]].ndim else 0
    for name in ARRAYS:
        shape = (frames, *BY_NAME[name].shape[1:])
        if values[name].dtype != np.float32 or values[name].shape != shape:
            raise ValueError(f"{name} in a cell of cameras is {values[name].dtype} {list(values[name].shape)}")
    if values[TEXT].dtype.kind != "U" or values[TEXT].shape != ():
        raise ValueError("the convention in a cell of cameras is not a text")
    return {name: values[name] for name in ARRAYS} | {TEXT: str(values[TEXT])}


def _members(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        members = {member.filename: member for member in archive.infolist()}
        wanted = [f"{name}.npy" for name in (*ARRAYS, TEXT)]
        if sorted(members) != sorted(wanted) or len(archive.infolist()) != len(wanted):
            raise ValueError(f"it holds {', '.join(sorted(members)[:5]) or 'nothing'}, not {', '.join(wanted)}")
        if (size := sum(member.file_size for member in members.values())) > MOST_BYTES:
            raise ValueError(f"it unpacks to {size} bytes, more than any clip needs")
        if any(member.compress_type not in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED) for member in members.values()):
            raise ValueError("it is compressed in another way than deflate")
        return {name.removesuffix(".npy"): archive.read(name) for name in wanted}


def _npy(value: Any) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.asarray(value, order="C"), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()
