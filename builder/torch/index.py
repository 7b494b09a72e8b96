"""The files of a split as shards whose rows can be read in any order: tars by byte offset, Parquet by row group.

Headers and footers are read once, in the process that opens a split; workers get the offsets, and open files of their
own. Nothing that is open is shared between processes, so forked and spawned workers are both safe.
"""

import json
import os
import re
import tarfile
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from camera_motion.builder.rows import Row, row_of
from camera_motion.builder.sources import HUB, find, hub_speaks, opened
from camera_motion.schema.base import SpecError
from camera_motion.schema.columns import MEMBERS, TRACKS_MEMBER

#: What is read of a sample; the gate's evidence is left where it is.
WANTED = (*(member for member in MEMBERS if member != TRACKS_MEMBER), "mkv")


@runtime_checkable
class Shard(Protocol):
    """Rows of a file, by number."""

    def __len__(self) -> int:
        """Count the rows."""
        ...

    def row(self, index: int) -> Row:
        """Read a contract row, its arrays as numpy arrays and its video as bytes."""
        ...

    def lengths(self) -> list[int]:
        """Give the number of frames of every row."""
        ...


def open_shards(path_or_repo: str | Path, split: str = "train", revision: str | None = None) -> tuple[Shard, ...]:
    """Open a split: the tars of a folder, or its Parquet view, or the view of a repository on the Hub.

    Raises:
        SpecError: there is no such set or split or revision, a file is damaged, or the Hub does not let it be read.
    """
    source = find(path_or_repo, split, revision)
    if isinstance(source.files, str):
        if not source.sizes:
            raise SpecError(f"{path_or_repo} holds tars alone: download it, or read it with CameraMotion.stream")
        folder = source.files.rpartition("/")[0]
        files = [f"{folder}/{name}" for name in sorted(source.sizes)]
    else:
        files = source.files
    shards = [tar_shard(Path(path)) if path.endswith(".tar") else parquet_shard(path) for path in files]
    return tuple(shard for shard in shards if len(shard))


# --- tars


@dataclass(frozen=True)
class TarShard:
    """A plain tar: `samples` holds, for every clip, the suffix, offset and size of its files."""

    path: Path
    samples: tuple[tuple[tuple[str, int, int], ...], ...]

    def __len__(self) -> int:
        return len(self.samples)

    def row(self, index: int) -> Row:
        """Read a contract row."""
        files = self._read(index, WANTED)
        try:
            return row_of(files)
        except (ValueError, RecursionError) as error:
            raise SpecError(f"{self.path}: {error}") from None

    def lengths(self) -> list[int]:
        """Give the number of frames of every row."""
        texts = [self._read(index, ("json",)).get("json", b"{}") for index in range(len(self))]
        try:
            return [int(json.loads(text)["num_frames"]) for text in texts]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise SpecError(f"{self.path} is damaged: a clip does not say how long it is: {error}") from None

    def _read(self, index: int, wanted: Sequence[str]) -> dict[str, bytes]:
        files = {}
        with _read_errors(self.path), open(self.path, "rb", buffering=0) as file:
            for suffix, offset, size in self.samples[index]:
                if suffix in wanted:
                    content = os.pread(file.fileno(), size, offset)
                    if len(content) != size:
                        raise SpecError(f"{self.path} is cut short: it has changed since it was opened")
                    files[suffix] = content
        return files


def tar_shard(path: Path) -> TarShard:
    """Index a tar by its headers alone: about 5 ms for a tar of 20 clips.

    Raises:
        SpecError: it is not a tar, or is cut short.
    """
    entries: list[tuple[str, tuple[str, int, int]]] = []
    with _read_errors(path), tarfile.open(path, "r:") as archive:
        end = path.stat().st_size
        for member in archive:
            if member.isreg():
                key, _, suffix = member.name.rpartition("/")[2].partition(".")
                if member.offset_data + member.size > end:
                    raise SpecError(f"{path} is cut short: {member.name} goes beyond its end")
                entries.append((key, (suffix, member.offset_data, member.size)))
    return TarShard(path, tuple(tuple(e for _, e in files) for _, files in groupby(entries, key=lambda e: e[0])))


# --- Parquet


@dataclass
class ParquetShard:
    """A file of the view: `ends` counts the rows up to the end of every row group. The last two groups are kept."""

    path: str
    ends: tuple[int, ...]
    _process: int = field(default=0, repr=False)
    _file: Any = field(default=None, repr=False)
    _groups: dict[int, list[Row]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path, "ends": self.ends, "_process": 0, "_file": None, "_groups": {}}

    def row(self, index: int) -> Row:
        """Read a contract row, and the row group it is in unless that was one of the last two read."""
        from camera_motion.builder.features import PACKED
        from camera_motion.builder.parquet import cameras_of

        group = bisect_right(self.ends, index)
        with _view_errors(self.path):
            if self._process != os.getpid():  # what another process opened is not ours to read from
                self._process, self._file, self._groups = os.getpid(), None, {}
            if group not in self._groups:
                while len(self._groups) > 1:
                    self._groups.pop(next(iter(self._groups)))
                self._groups[group] = self._read(group)
            row = dict(self._groups[group][index - (self.ends[group - 1] if group else 0)])
            row |= cameras_of(row)
            del row[PACKED]
            row["video"] = row["video"]["bytes"]
            return row

    def _read(self, group: int) -> list[Row]:
        from camera_motion.builder.features import schema
        from camera_motion.builder.parquetfile import check_cells, check_columns, check_group

        if self._file is None:
            self._file = _parquet(self.path)
            check_columns(self._file.schema_arrow, self.path)
        check_group(self._file.metadata, group, self.path)
        table = self._file.read_row_group(group, columns=schema("default").names)
        check_cells(table)
        rows: list[Row] = table.to_pylist()
        return rows

    def lengths(self) -> list[int]:
        """Give the number of frames of every row."""
        with _view_errors(self.path):
            with _parquet(self.path) as file:
                counts: list[int] = file.read(["num_frames"])["num_frames"].to_pylist()
            return counts


def parquet_shard(path: str) -> ParquetShard:
    """Index a file of the view by its footer, on the disk or on the Hub.

    Raises:
        SpecError: it is not a file of the view, or the Hub does not let it be read.
    """
    with _view_errors(path), _parquet(path) as file:
        rows = (file.metadata.row_group(i).num_rows for i in range(file.num_row_groups))
        return ParquetShard(path, tuple(accumulate(rows)))


def _parquet(path: str) -> Any:
    import pyarrow.parquet as pq

    file = opened(path) if path.startswith(HUB) else path
    return pq.ParquetFile(file, pre_buffer=True, page_checksum_verification=True)


@contextmanager
def _view_errors(path: str) -> Iterator[None]:
    """Turn what is wrong with a file of the view into one line; the Hub's refusals are of other kinds than these."""
    import pyarrow as pa

    name = re.sub("@[0-9a-f]{40}/", "/", path.removeprefix(HUB + "datasets/"))
    damage = (pa.ArrowException, ValueError, LookupError, TypeError, FileNotFoundError)
    with hub_speaks(name):
        try:
            yield
        except Exception as error:
            if isinstance(error, SpecError) or not (type(error) is OSError or isinstance(error, damage)):
                raise
            why = (str(error) or type(error).__name__).splitlines()[0]
            raise SpecError(f"{name} is damaged, or no file of a camera-motion set: {why}") from None


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except tarfile.TarError as error:
        raise SpecError(f"{path} is damaged: {error}; remove it and build or download it again") from None
    except OSError as error:
        raise SpecError(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
