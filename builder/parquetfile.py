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
from camera_motion.builder.places import Hashed
from camera_motion.builder.places.disk import writing
from camera_motion.schema import conventions
from camera_motion.schema.base import SpecError
from camera_motion.schema.columns import BY_NAME

#: Part of what a file must state to be kept; raise it when the same tars would make other bytes.
VIEW_VERSION: Final = 1

#: What no row group of ours reaches, as its footer declares it: bytes, also when texts that it keeps once are written
#: out in every row, and rows.
MOST_GROUP_BYTES: Final = 1 << 31
MOST_GROUP_ROWS: Final = 10_000

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


def check_columns(file: pa.Schema, name: str) -> None:
    """Make sure that a file has the columns of the default config, and in their types.

    Raises:
        SpecError: it is another's.
    """
    for wanted in schema("default"):
        if wanted.name not in file.names:
            raise SpecError(f"{name} has no column {wanted.name!r}: it is no file of a camera-motion set")
        if (found := file.field(wanted.name).type) != wanted.type:
            raise SpecError(
                f"{name} has {wanted.name!r} as {str(found)[:60]}, not {str(wanted.type)[:60]}: "
                "it is no file of this version's sets"
            )


def check_cells(table: pa.Table) -> None:
    """Make sure that no cell is empty which may not be.

    Raises:
        ValueError: one is.
    """
    for column in table.column_names:
        nullable = column in BY_NAME and BY_NAME[column].nullable
        if not nullable and any(map(_has_nulls, table[column].chunks)):
            raise ValueError(f"a row has nothing in {column!r}")


def _has_nulls(cells: pa.Array) -> bool:
    if cells.null_count:
        return True
    if pa.types.is_struct(cells.type):
        return any(map(_has_nulls, cells.flatten()))
    return pa.types.is_list(cells.type) and _has_nulls(cells.flatten())


def check_group(footer: pq.FileMetaData, group: int, name: str) -> None:
    """Make sure that a row group of a file, which may be a stranger's, can be read into memory.

    Raises:
        SpecError: it declares more than any of ours.
    """
    declared = footer.row_group(group)
    size = declared.total_byte_size
    for i in range(declared.num_columns):
        chunk = declared.column(i)
        if chunk.has_dictionary_page and chunk.path_in_schema != PACKED:
            size = max(size, chunk.num_values * chunk.total_uncompressed_size)
    if size > MOST_GROUP_BYTES or declared.num_rows > MOST_GROUP_ROWS:
        raise SpecError(
            f"{name} declares a row group of {declared.num_rows} rows and {size} bytes: it is no file of ours"
        )


def kept_file(path: Path, config: str, split: str, tars: Mapping[str, str]) -> ViewFile | None:
    """Give a file that need not be made again: it is whole, of these tars and of these columns."""
    if stamp(path) != _stamp_of(config, tars):
        return None
    footer = pq.read_metadata(path)
    if footer.schema.to_arrow_schema() != schema(config):
        return None
    return ViewFile(path, config, split, footer.num_rows, path.stat().st_size, kept=True)
