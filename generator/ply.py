"""Read and write 3D Gaussian splat `.ply` files, bounded: nothing is believed before it is checked.

The layout is that of the original 3DGS code (graphdeco-inria, Kerbl et al. 2023): per vertex x y z, nx ny nz (unused),
f_dc_0..2, f_rest_* channel by channel (9, 24 or 45 of them for degrees 1 to 3), opacity as a logit, scale_0..2 as
logarithms, rot_0..3 as a wxyz quaternion of any length. Other properties are skipped.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from jaxtyping import Float32

from camera_motion.generator.splats import GaussianScene, Look
from camera_motion.schema.base import SpecError

#: A header beyond this is not one.
MAX_HEADER_BYTES = 65536
#: 20 million splats are some 5 GB at degree 3, more than a laptop renders.
MAX_SPLATS = 20_000_000
#: Vertices read at a time.
BLOCK = 65536

TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">"}
#: Coefficients beyond the constant one, for degrees 0 to 3.
REST = (0, 3, 8, 15)


@dataclass(frozen=True)
class Layout:
    """Where a file's vertices are: `count` records of `record` from byte `offset` on."""

    record: np.dtype[np.void]
    count: int
    offset: int

    @property
    def rest(self) -> int:
        """Coefficients per channel beyond the constant one."""
        return sum(name.startswith("f_rest_") for name in self.record.names or ()) // 3


def read_ply(path: str | os.PathLike[str], max_splats: int = MAX_SPLATS, look: Look | None = None) -> GaussianScene:
    """Load a 3DGS file; all splats are of class SOLID, in the file's own axes and units.

    Raises:
        SpecError: not such a file, cut short, larger than `max_splats`, or with values that are no Gaussian.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            layout = read_header(file, path, max_splats)
            return _vertices(file, path, layout, look or Look())
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror}); give the path of a 3DGS .ply file") from None


def read_header(file: BinaryIO, path: Path, max_splats: int = MAX_SPLATS) -> Layout:
    """Find the vertices of an open file, checked against its size and for all properties that a splat needs.

    Raises:
        SpecError: as `read_ply`.
    """
    size = os.fstat(file.fileno()).st_size
    head = file.read(min(size, MAX_HEADER_BYTES))
    end = re.search(rb"^end_header[ \t]*\r?\n", head, re.MULTILINE)
    if not re.match(rb"ply[ \t]*\r?\n", head):
        raise SpecError(f"{path}: does not begin with 'ply'; give a 3DGS .ply file")
    if end is None:
        raise SpecError(
            f"{path}: no 'end_header' within {MAX_HEADER_BYTES} bytes; the file is cut short or no 3DGS .ply"
        )
    order, elements = _elements(head[: end.start()], path)
    offset = end.end()
    for name, count, fields in elements:
        record = _record(fields, order, f"{path}: element {name!r}")
        if name == "vertex":
            break
        offset += count * record.itemsize
    else:
        raise SpecError(f"{path}: has no element 'vertex'; give a 3DGS .ply file")
    if not 0 < count <= max_splats:
        raise SpecError(f"{path}: promises {count} splats; between 1 and {max_splats} can be loaded")
    needed = offset + count * record.itemsize
    if needed > size:
        raise SpecError(f"{path}: is {size} bytes where {count} splats need {needed}; the file is cut short")
    _check_names(record, path)
    return Layout(record, count, offset)


def write_ply(path: str | os.PathLike[str], scene: GaussianScene) -> None:
    """Save a scene in the INRIA layout; opacities of 0 and 1 become the nearest finite logits."""
    rest = scene.sh.shape[1] - 1
    names = [*"xyz", "nx", "ny", "nz", *(f"f_dc_{k}" for k in range(3)), *(f"f_rest_{k}" for k in range(3 * rest))]
    names += ["opacity", *(f"scale_{k}" for k in range(3)), *(f"rot_{k}" for k in range(4))]
    header = "\n".join(
        ["ply", "format binary_little_endian 1.0", f"element vertex {len(scene)}"]
        + [f"property float {name}" for name in names]
        + ["end_header\n"]
    )
    tiny = np.finfo(np.float32).tiny
    with Path(path).open("wb") as file:
        file.write(header.encode("ascii"))
        for first in range(0, len(scene), BLOCK):
            part = slice(first, first + BLOCK)
            opacity = np.clip(scene.opacities[part].astype(np.float64), 1e-7, 1 - 1e-7)
            sh = scene.sh[part]
            columns = [
                scene.means_m[part],
                np.zeros((len(sh), 3)),
                sh[:, 0],
                sh[:, 1:].transpose(0, 2, 1).reshape(len(sh), -1),
                np.log(opacity / (1 - opacity))[:, None],
                np.log(np.maximum(scene.scales_m[part], tiny)),
                scene.quats[part],
            ]
            file.write(np.concatenate(columns, 1).astype("<f4").tobytes())


def _elements(header: bytes, path: Path) -> tuple[str, list[tuple[str, int, list[list[str]]]]]:
    """Byte order, and (name, count, property lines) of every element."""
    order = ""
    elements: list[tuple[str, int, list[list[str]]]] = []
    for line in header.decode("ascii", "replace").splitlines()[1:]:
        words = line.split()
        match words:
            case [] | ["comment" | "obj_info", *_]:
                pass
            case ["format", "ascii", *_]:
                raise SpecError(f"{path}: is an ascii .ply; save it as binary_little_endian")
            case ["format", name, "1.0"] if name in ORDERS:
                order = ORDERS[name]
            case ["element", name, count] if re.fullmatch(r"[0-9]{1,18}", count):
                elements.append((name, int(count), []))
            case ["property", *what] if elements and len(what) in (2, 4):
                elements[-1][2].append(what)
            case _:
                raise SpecError(f"{path}: header line {line[:60]!r} is not understood; give a 3DGS .ply file")
    if not order:
        raise SpecError(f"{path}: names no format; give a binary_little_endian 3DGS .ply file")
    return order, elements


def _record(fields: list[list[str]], order: str, where: str) -> np.dtype[np.void]:
    """Build the numpy type of one entry of an element."""
    columns = []
    for kind, *names in fields:
        if kind not in TYPES or len(names) != 1:
            raise SpecError(f"{where} has a property {' '.join([kind, *names])[:60]!r}; only plain numbers can be read")
        columns.append((names[0], order + TYPES[kind]))
    names_only = [name for name, _ in columns]
    if not columns or len(set(names_only)) != len(names_only):
        raise SpecError(f"{where} has no properties, or one twice; give a 3DGS .ply file")
    return np.dtype(columns)


def _check_names(record: np.dtype[np.void], path: Path) -> None:
    have = set(record.names or ())
    need = {*"xyz", "opacity"} | {f"{name}_{k}" for name in ("f_dc", "scale") for k in range(3)}
    need |= {f"rot_{k}" for k in range(4)}
    rest = sum(name.startswith("f_rest_") for name in have)
    if rest % 3 or rest // 3 not in REST:
        raise SpecError(f"{path}: has {rest} f_rest properties; 0, 9, 24 or 45 belong to degrees 0 to 3")
    missing = sorted((need | {f"f_rest_{k}" for k in range(rest)}) - have)
    if missing:
        raise SpecError(f"{path}: lacks {', '.join(missing[:4])}; is it a mesh or point cloud? A 3DGS .ply is needed")


def _vertices(file: BinaryIO, path: Path, layout: Layout, look: Look) -> GaussianScene:
    n, rest = layout.count, layout.rest
    scene = GaussianScene(
        means_m=np.empty((n, 3), np.float32),
        quats=np.empty((n, 4), np.float32),
        scales_m=np.empty((n, 3), np.float32),
        opacities=np.empty(n, np.float32),
        sh=np.empty((n, 1 + rest, 3), np.float32),
        classes=np.zeros(n, np.uint8),
        look=look,
    )
    file.seek(layout.offset)
    for first in range(0, n, BLOCK):
        count = min(BLOCK, n - first)
        raw = file.read(count * layout.record.itemsize)
        if len(raw) < count * layout.record.itemsize:
            raise SpecError(f"{path}: ended while it was read; is it still being written?")
        block = np.frombuffer(raw, layout.record)
        part = slice(first, first + count)
        scene.means_m[part] = _columns(block, [*"xyz"])
        scene.sh[part, 0] = _columns(block, [f"f_dc_{k}" for k in range(3)])
        if rest:
            names = [f"f_rest_{k}" for k in range(3 * rest)]
            scene.sh[part, 1:] = _columns(block, names).reshape(count, 3, rest).transpose(0, 2, 1)
        with np.errstate(over="ignore"):
            scene.opacities[part] = 1 / (1 + np.exp(-_columns(block, ["opacity"])[:, 0].astype(np.float64)))
            scene.scales_m[part] = np.exp(_columns(block, [f"scale_{k}" for k in range(3)]))
            quats = _columns(block, [f"rot_{k}" for k in range(4)]).astype(np.float64)
            norms = np.linalg.norm(quats, axis=1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            scene.quats[part] = quats / norms
        for what, values in (
            ("position", scene.means_m),
            ("colour", scene.sh),
            ("opacity", scene.opacities),
            ("scale", scene.scales_m),
            ("rotation", scene.quats),
        ):
            good = np.isfinite(values[part]).reshape(count, -1).all(1)
            if not good.all():
                at = first + int(np.argmin(good))
                raise SpecError(f"{path}: splat {at} has no valid {what} (NaN, infinite or zero); clean the file first")
    return scene


def _columns(block: np.ndarray, names: list[str]) -> Float32[np.ndarray, "N C"]:
    out = np.empty((len(block), len(names)), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for k, name in enumerate(names):
            out[:, k] = block[name]
    return out
