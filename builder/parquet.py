"""The Parquet view of a set: flat, typed rows with the video inside, made from the tars.

`data/` has every column, `metadata/` all but the video, `cameras/` the cameras as typed lists. A data file holds the
rows of a run of consecutive tars and says in its footer which: a set that grows changes the last file of each split
alone, and files that are up to date are kept. The other two are read off the data files, so the tars are read once.

Two things bound memory and what a reader on the Hub must fetch for its first row: a row group has at most 8 MiB of
video, and the video is the last column. The same tars make the same bytes.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from camera_motion.builder.cameras import ARRAYS, pack_cameras, unpack_cameras
from camera_motion.builder.features import CONFIGS, PACKED, schema
from camera_motion.builder.lock import lock
from camera_motion.builder.parquetfile import ViewFile, check_cells, kept_file, stamp, write
from camera_motion.builder.places.disk import PARTIAL, own
from camera_motion.builder.plan import plan
from camera_motion.builder.rows import Row, row_of
from camera_motion.builder.shard import read_tar, sha256
from camera_motion.builder.store import Store
from camera_motion.schema.base import SpecError
from camera_motion.schema.columns import COLUMNS, video_suffix
from camera_motion.schema.receipt import Receipt

logger = logging.getLogger(__name__)

#: Where the files of each config lie.
FOLDERS: Final = dict(zip(CONFIGS, ("data", "metadata", "cameras"), strict=True))

#: Tars of about this size make one data file; so many data files make one of metadata and one of cameras.
RUN_BYTES: Final = 512 << 20
DATA_FILES: Final = 32

#: At most so much video, or so many rows, in a row group. A larger clip is a group of its own.
GROUP_BYTES: Final = 8 << 20
GROUP_ROWS: Final = 1000


def to_view(row: Mapping[str, Any]) -> Row:
    """Turn a contract row into a row of the default config: the cameras packed, the video with its name."""
    arrays = [np.asarray(row[name], np.float32) for name in ARRAYS]
    view: Row = {}
    for column in COLUMNS:
        if column.name == ARRAYS[0]:
            view[PACKED] = pack_cameras(*arrays)
        elif column.kind == "video" and isinstance(video := row[column.name], bytes):
            view[column.name] = {"bytes": video, "path": f"{row['key']}.{video_suffix(video)}"}
        elif not column.is_array:
            view[column.name] = row[column.name]
    return view


def from_view(row: Mapping[str, Any]) -> Row:
    """Turn a row of the default config, or of `metadata`, back into a contract row: `to_view` undone, bit for bit.

    Raises:
        ValueError: its cameras are damaged, or not those of its frames.
    """
    cameras = cameras_of(row)
    return {
        column.name: cameras[column.name].tolist() if column.is_array else row[column.name]
        for column in COLUMNS
        if column.is_array or column.name in row
    }


def contract_table(view: pa.Table) -> pa.Table:
    """Turn a table of the default config into one of contract rows.

    Raises:
        ValueError: a cell is empty, or the cameras of a row are damaged, or not those of its frames.
    """
    check_cells(view)
    arrays = dict(zip(ARRAYS, _camera_lists(view), strict=True))
    columns = [arrays[column.name] if column.is_array else view[column.name] for column in COLUMNS]
    return pa.table(columns, schema=schema())


def write_view(root: Path, tell: Callable[[int, int], None] | None = None) -> list[ViewFile]:
    """Make, or bring up to date, the Parquet view of the finished shards of a set.

    `tell` hears how many shards of how many are in. Files of shards that are no more are removed.

    Raises:
        SpecError: there is no set here, no finished shard, a tar is gone or is not what its receipt says, the disk is
            full, a folder of the view is a link, or a build is at work here.
    """
    store = Store(root)
    receipts = _receipts(store, store.read_identity())
    if (planned := len(plan(store.read_spec()))) > len(receipts):
        logger.warning("%s has %d of its %d shards: its view will hold these", root, len(receipts), planned)
    made: list[ViewFile] = []
    done = 0
    for folder in FOLDERS.values():
        own(root, folder)
    with lock(root):
        for split in sorted({receipt.split for receipt in receipts}):
            data: list[ViewFile] = []
            for run in _runs([receipt for receipt in receipts if receipt.split == split]):
                data.append(_write_data(store, _name(root, "default", split, len(data)), run))
                done += len(run)
                if tell:
                    tell(done, len(receipts))
            made += data
            for config in ("metadata", "cameras"):
                for i, first in enumerate(range(0, len(data), DATA_FILES)):
                    made.append(_gather(_name(root, config, split, i), config, data[first : first + DATA_FILES]))
        _remove_others(root, {file.path for file in made})
    return made


def _receipts(store: Store, identity: str) -> list[Receipt]:
    """Give the receipts of the set in order, having made sure that their tars are there."""
    receipts = sorted(store.all_receipts(identity), key=lambda receipt: receipt.shard)
    if not receipts:
        raise SpecError(f"{store.root} has no finished shard; build it first")
    there = store.done({receipt.shard: receipt.name for receipt in receipts}, identity)
    gone = [receipt.name for receipt in receipts if receipt.shard not in there]
    if gone:
        which = f"{len(gone)} tars of {store.root}, {gone[0]}.tar first, are" if len(gone) > 1 else f"{gone[0]}.tar is"
        raise SpecError(f"{which} not there at the size the receipts say; the view is made from tars: build again")
    return receipts


def _runs(receipts: Sequence[Receipt]) -> Iterator[list[Receipt]]:
    """Cut the shards of a split into runs of about `RUN_BYTES`; more shards change the last run alone."""
    run: list[Receipt] = []
    for receipt in receipts:
        if run and sum(r.tar_bytes for r in run) + receipt.tar_bytes > RUN_BYTES:
            yield run
            run = []
        run.append(receipt)
    if run:
        yield run


def _name(root: Path, config: str, split: str, index: int) -> Path:
    return root / FOLDERS[config] / f"{split}-{index:06d}.parquet"


def _write_data(store: Store, path: Path, run: Sequence[Receipt]) -> ViewFile:
    tars = {receipt.name: receipt.tar_sha256 for receipt in run}
    if kept := kept_file(path, "default", run[0].split, tars):
        return kept
    rows = (row for receipt in run for row in _rows(store, receipt))
    tables = (pa.Table.from_pylist(group, schema=schema("default")) for group in _groups(rows))
    return write(path, "default", run[0].split, tars, tables)


def _rows(store: Store, receipt: Receipt) -> Iterator[Row]:
    """Read the rows of a shard, having made sure that its tar is the one of its receipt."""
    tar = store.tar(receipt.name)
    if sha256(tar) != receipt.tar_sha256:
        raise SpecError(f"{tar} is damaged: its hash is not its receipt's; remove it and build again")
    for key, files in read_tar(tar):
        try:
            yield to_view(row_of(files))
        except ValueError as error:
            raise SpecError(f"{tar}: {key}: {error}") from error


def _groups(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Cut rows into groups of at most `GROUP_BYTES` of video."""
    group: list[Row] = []
    size = 0
    for row in rows:
        more = len(row["video"]["bytes"])
        if group and (size + more > GROUP_BYTES or len(group) == GROUP_ROWS):
            yield group
            group, size = [], 0
        group.append(row)
        size += more
    if group:
        yield group


def _gather(path: Path, config: str, data: Sequence[ViewFile]) -> ViewFile:
    """Make a file of metadata or cameras of what some data files hold."""
    tars: dict[str, str] = {}
    for file in data:
        tars |= stamp(file.path)["tars"]
    if kept := kept_file(path, config, data[0].split, tars):
        return kept
    return write(path, config, data[0].split, tars, _larger(_projected(config, [file.path for file in data])))


def _projected(config: str, paths: Iterable[Path]) -> Iterator[pa.Table]:
    typed = schema(config)
    columns = list(dict.fromkeys(PACKED if name in ARRAYS else name for name in typed.names))
    for path in paths:
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                for batch in file.iter_batches(GROUP_ROWS, columns=columns):
                    table = pa.Table.from_batches([batch])
                    if config == "cameras":
                        for name, lists in zip(ARRAYS, _camera_lists(table), strict=True):
                            table = table.append_column(name, lists)
                    yield table.select(typed.names).cast(typed)
        except (ValueError, OSError, pa.ArrowException) as error:
            raise SpecError(f"{path} is damaged: {str(error).splitlines()[0]}; remove it and run again") from error


def _larger(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Join small tables into ones of `GROUP_ROWS` rows, the last one smaller."""
    waiting: list[pa.Table] = []
    for table in tables:
        waiting.append(table)
        while sum(map(len, waiting)) >= GROUP_ROWS:
            joined = pa.concat_tables(waiting)
            yield joined.slice(0, GROUP_ROWS)
            waiting = [joined.slice(GROUP_ROWS)]
    if sum(map(len, waiting)):
        yield pa.concat_tables(waiting)


def _camera_lists(view: pa.Table) -> tuple[pa.Array, pa.Array]:
    """Unpack the cameras of every row into float32 lists [T, 4] and [T, 4, 4]."""
    cameras = [cameras_of(row) for row in view.select([PACKED, "num_frames", "key"]).to_pylist()]
    frames = np.cumsum([0, *(len(one[ARRAYS[0]]) for one in cameras)], dtype=np.int32)
    lists = []
    for name in ARRAYS:
        numbers = np.concatenate([one[name] for one in cameras]) if cameras else np.zeros((0, 4), np.float32)
        nested = pa.array(numbers.reshape(-1))
        for axis in range(numbers.ndim - 1, 0, -1):  # rows of a matrix, then matrices
            count = int(np.prod(numbers.shape[:axis]))
            offsets = np.arange(count + 1, dtype=np.int32) * numbers.shape[axis]
            nested = pa.ListArray.from_arrays(pa.array(offsets), nested)
        lists.append(pa.ListArray.from_arrays(pa.array(frames), nested))
    return lists[0], lists[1]


def cameras_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Unpack the cameras of a row of the view.

    Raises:
        ValueError: they are damaged, or not those of its frames.
    """
    try:
        cameras = unpack_cameras(row[PACKED])
        for name in ARRAYS:
            if len(cameras[name]) != row["num_frames"]:
                raise ValueError(f"{name} has {len(cameras[name])} frames, not {row['num_frames']}")
    except ValueError as error:
        raise ValueError(f"{row['key']}: {error}") from None
    return cameras


def _remove_others(root: Path, ours: set[Path]) -> None:
    """Remove files of the view that belong to no shard of the set, and what killed runs left half-written."""
    for folder in FOLDERS.values():
        for path in sorted((root / folder).glob("*.parquet")) + sorted((root / folder).glob(f".*.parquet.*{PARTIAL}")):
            partial = path.name.endswith(PARTIAL)
            if path not in ours and (partial or re.fullmatch(r"[a-z]+-\d{6}\.parquet", path.name)):
                logger.info("removing %s: it belongs to no shard of the set", path)
                path.unlink(missing_ok=True)
