"""What was sent, read as any user reads it, and compared with the set it was sent from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import datasets

from camera_motion.builder.features import CAMERAS, CONFIGS
from camera_motion.builder.hub.repository import Entry, Item
from camera_motion.builder.parquet import FOLDERS, from_view
from camera_motion.builder.rows import as_lists, row_of
from camera_motion.builder.shard import read_tar
from camera_motion.builder.store import Store
from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Receipt

#: Rows are read back until so many bytes of video were; of every file the hash is compared.
LIMIT_BYTES: Final = 1_000_000_000

Row = dict[str, Any]


@dataclass(frozen=True)
class ReadBack:
    """How much was compared: clips of all, and bytes of their videos."""

    clips: int
    of: int
    video_bytes: int


def compare_files(name: str, tree: dict[str, Entry], items: list[Item]) -> None:
    """Make sure that the Hub lists every file as it is here.

    Raises:
        SpecError: it does not.
    """
    if odd := [item.path for item in items if not item.is_at(tree)]:
        raise SpecError(f"{name}: {odd[0]}{_more(odd)} arrived otherwise than sent; run again")


def compare_rows(
    name: str,
    commit: str,
    root: Path,
    receipts: tuple[Receipt, ...],
    tell: Callable[[int, int], None] | None = None,
    limit_bytes: int = LIMIT_BYTES,
) -> ReadBack:
    """Stream every config and split of a commit with `load_dataset` and compare with the rows of the tars.

    Its files are those in `root` (`compare_files`): where rows differ all the same, the view was damaged in `root`.

    Raises:
        SpecError: a row differs, is missing or is one too many.
    """
    remedy = f"the Parquet view is damaged: remove {', '.join(FOLDERS.values())} from {root} and run again"
    clips, video_bytes = 0, 0
    total = sum(len(receipt.keys) for receipt in receipts)
    splits = sorted({receipt.split for receipt in receipts})
    for split in splits:
        ours = [receipt for receipt in receipts if receipt.split == split]
        streams = {config: _stream(name, config, split, commit) for config in CONFIGS}
        whole = True
        budget = video_bytes + (limit_bytes - video_bytes) // (len(splits) - splits.index(split))
        for row in _rows(root, ours):
            theirs = {config: next(stream, None) for config, stream in streams.items()}
            if wrong := next(_differing(row, theirs), ""):
                raise SpecError(f"{name}: of {split}, {wrong}; {remedy}")
            clips, video_bytes = clips + 1, video_bytes + len(row["video"]["bytes"])
            if tell:
                tell(clips, total)
            if video_bytes >= budget:
                whole = False
                break
        if whole and any(next(stream, None) is not None for stream in streams.values()):
            raise SpecError(f"{name}: {split} holds more clips than the set; {remedy}")
    return ReadBack(clips, total, video_bytes)


def _stream(name: str, config: str, split: str, commit: str) -> Iterator[Row]:
    stream = datasets.load_dataset(name, config, split=split, revision=commit, streaming=True)
    return iter(stream)


def _rows(root: Path, receipts: list[Receipt]) -> Iterator[Row]:
    for receipt in receipts:
        for _, files in read_tar(Store(root).tar(receipt.name)):
            yield as_lists(row_of(files))


def _differing(ours: Row, theirs: dict[str, Row | None]) -> Iterator[str]:
    """Say where the rows of a clip in each config are not that of its tar."""
    for config, row in theirs.items():
        where = f"{ours['key']} in {config}"
        if row is None:
            yield f"{where} is missing"
            continue
        try:
            there = dict(row) if config == "cameras" else from_view(row)
        except ValueError as error:
            yield f"{error}, in {config}"
            continue
        columns = CAMERAS if config == "cameras" else [c for c in ours if config == "default" or c != "video"]
        if odd := [column for column in columns if column not in there or there[column] != ours[column]]:
            yield f"{where} is not as in its tar: {odd[0]}{_more(odd)}"


def _more(odd: list[str]) -> str:
    return f" and {len(odd) - 1} more" if len(odd) > 1 else ""
