"""One file of the Parquet view: how it is written, and what its footer says that it was made from."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from camera_motion.builder.cameras import TEXT
from camera_motion.builder.features import PACKED, schema
from camera_motion.builder.store import Hashed, writing
from camera_motion.schema import conventions

#: Part of what a file must state to be kept; raise it when the same tars would make other bytes.
VIEW_VERSION: Final = 1

#: The key under which a footer says what the file was made from.
STAMP: Final = b"camera_motion"


@dataclass(frozen=True)
class ViewFile:
    """One file of the view; `kept` if it was there and up to date."""

    path: Path
    config: str
    split: str
    rows: int
    size: int
    kept: bool


class _Sink(io.RawIOBase):
    """A `Hashed` as the file object that pyarrow writes to.

    pyarrow 26 aborts the process where a write raises while it cuts chunks, for a full disk or Ctrl-C alike. So a
    failure is kept, whatever is written after it dropped, and `check` raises it between two row groups.
    """

    def __init__(self, file: Hashed) -> None:
        self._file = file
        self._size = 0
        self._failure: BaseException | None = None

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, chunk: Any) -> int:
        if self._failure is None:
            try:
                self._file.write(chunk)
            except BaseException as failure:
                self._failure = failure
        self._size += len(chunk)
        return len(chunk)

    def check(self) -> None:
        """Raise what went wrong since it was opened, if anything did."""
        if self._failure is not None:
            raise self._failure


def write(path: Path, config: str, split: str, tars: Mapping[str, str], tables: Iterable[pa.Table]) -> ViewFile:
    """Write tables as a file that states the hashes of the `tars` it is made of, a row group for each table.

    The same tables make the same bytes. All is compressed but the videos, pages are cut by content (what Xet's
    deduplication asks for), indexed and have checksums, and only scalars have statistics, which keeps footers small.

    Raises:
        SpecError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    typed = schema(config)
    leaves = [leaf for field in typed for leaf in _leaves(field)]
    scalars = [f.name for f in typed if not pa.types.is_nested(f.type) and f.name not in (PACKED, "provenance")]
    rows = 0
    with writing(path) as file:
        sink = _Sink(file)
        with pq.ParquetWriter(
            sink,
            typed,
            compression={leaf: "none" if leaf == "video.bytes" else "zstd" for leaf in leaves},
            use_dictionary=[name for name in scalars if pa.types.is_string(typed.field(name).type)],
            write_statistics=scalars,
            write_page_index=True,
            write_page_checksum=True,
            use_content_defined_chunking=True,
        ) as writer:
            for table in tables:
                writer.write_table(table, row_group_size=max(1, len(table)))
                rows += len(table)
                sink.check()
            writer.add_key_value_metadata({STAMP: json.dumps(_stamp_of(config, tars))})
        sink.check()
    return ViewFile(path, config, split, rows, path.stat().st_size, kept=False)


def _leaves(field: pa.Field, above: str = "") -> Iterator[str]:
    """Give the paths of a column's leaves, as Parquet names them."""
    path = f"{above}{field.name}"
    if pa.types.is_struct(field.type):
        for inner in field.type:
            yield from _leaves(inner, f"{path}.")
    elif pa.types.is_list(field.type):
        yield from _leaves(pa.field("element", field.type.value_type), f"{path}.list.")
    else:
        yield path


def _stamp_of(config: str, tars: Mapping[str, str]) -> dict[str, Any]:
    return {"view": VIEW_VERSION, "config": config, TEXT: conventions.TEXT, "tars": dict(tars)}


def stamp(path: Path) -> dict[str, Any]:
    """Read what a file says that it was made from; nothing where it is no file of a view."""
    try:
        footer = pq.read_metadata(path)
        stated = json.loads((footer.metadata or {}).get(STAMP, b"null"))
    except (OSError, ValueError, RecursionError, pa.ArrowException):
        return {}
    return stated if isinstance(stated, dict) else {}


def kept_file(path: Path, config: str, split: str, tars: Mapping[str, str]) -> ViewFile | None:
    """Give a file that need not be made again: it is whole, of these tars and of these columns."""
    if stamp(path) != _stamp_of(config, tars):
        return None
    footer = pq.read_metadata(path)
    if footer.schema.to_arrow_schema() != schema(config):
        return None
    return ViewFile(path, config, split, footer.num_rows, path.stat().st_size, kept=True)
