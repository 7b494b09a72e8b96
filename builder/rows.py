"""Rows of the contract from what a tar holds: a sample is the files of one clip by suffix."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from camera_motion.schema.columns import COLUMNS, cast, video_suffix

Row = dict[str, Any]


def samples(archive: Iterable[tuple[str, io.BufferedIOBase]]) -> Iterator[dict[str, bytes]]:
    """Group an archive's (name, file) pairs, neighbours by key, into samples: suffix to bytes, as WebDataset does."""
    current, files = "", dict[str, bytes]()
    for name, file in archive:
        key, _, suffix = name.rpartition("/")[2].partition(".")
        if key != current and files:
            yield files
            files = {}
        current = key
        files[suffix] = file.read()
    if files:
        yield files


def row_of(files: Mapping[str, bytes]) -> Row:
    """Make a row of a sample's files: `schema.columns.cast` of its JSON, arrays and video.

    Raises:
        ValueError: a file of the sample is missing.
    """
    if "mkv" in files:  # a lossless video
        files = {**files, "mp4": files["mkv"]}
    row = json.loads(files["json"]) if "json" in files else {}
    for column in COLUMNS:
        if not column.in_json:
            if column.member not in files:
                raise ValueError(f"sample {row.get('key', '?')!r} has no {column.member}; it has {', '.join(files)}")
            content = files[column.member]
            row[column.name] = np.load(io.BytesIO(content), allow_pickle=False) if column.is_array else content
    return cast(row)


def as_lists(row: Row) -> Row:
    """Turn a cast row into what `datasets` takes without rounding: nested lists, and the video with its name."""
    lists = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in row.items()}
    return lists | {"video": {"bytes": row["video"], "path": f"{row['key']}.{video_suffix(row['video'])}"}}
