"""The column table as `datasets.Features`, for datasets 5 and 3: of a contract row, and of the Parquet view."""

import json
from typing import Any, Final

import datasets
import pyarrow as pa

from camera_motion.builder.cameras import ARRAYS
from camera_motion.schema.columns import BY_NAME, COLUMNS, Column

#: The configs of the view on the Hub; the first is the default one.
CONFIGS: Final[tuple[str, ...]] = ("default", "metadata", "cameras")

#: The column that stands for the two arrays where a row must be small; what it holds: `builder.cameras`.
PACKED: Final = "cameras"

#: Columns of the config `cameras`, beside the arrays.
CAMERAS: Final[tuple[str, ...]] = ("key", "fps", "width", "height", "num_frames", *ARRAYS)


def features(config: str = "") -> datasets.Features:
    """Type every column of a contract row, or of a `config` of the Parquet view.

    A contract row has the arrays as nested lists, which Croissant and SQL understand, and the video left encoded:
    `cast_column("video", datasets.Video())` decodes it, with torchcodec installed. In `default` and `metadata` the
    arrays are packed into one cell, and `metadata` has no video.

    Raises:
        ValueError: there is no such config.
    """
    if not config:
        return datasets.Features({column.name: _feature(column) for column in COLUMNS})
    if config == "cameras":
        return datasets.Features({name: _feature(BY_NAME[name]) for name in CAMERAS})
    if config not in CONFIGS:
        raise ValueError(f"config is {config!r}; there are {', '.join(CONFIGS)}")
    typed: dict[str, Any] = {}
    for column in COLUMNS:
        if column.name == ARRAYS[0]:
            typed[PACKED] = datasets.Value("binary")
        elif not column.is_array and (config == "default" or column.kind != "video"):
            typed[column.name] = _feature(column)
    return datasets.Features(typed)


def schema(config: str = "") -> pa.Schema:
    """Give the Arrow schema of a config, with its features in the metadata as any `datasets` from 3 on reads them."""
    typed = features(config)
    described = json.dumps({"info": {"features": _plain(typed.to_dict())}})
    return typed.arrow_schema.with_metadata({"huggingface": described})


def _plain(described: Any) -> Any:
    """Spell lists as datasets 3 does, which knows no `List`: a one-element list, which datasets 5 understands too."""
    if isinstance(described, list):
        return [_plain(entry) for entry in described]
    if not isinstance(described, dict):
        return described
    if described.get("_type") == "List":
        return [_plain(described["feature"])]
    return {name: _plain(value) for name, value in described.items()}


def _feature(column: Column) -> Any:
    if column.kind == "video":
        return datasets.Video(decode=False)
    if column.kind == "struct":
        feature: Any = {field.name: _feature(field) for field in column.fields}
    else:
        feature = datasets.Value(column.kind)
    for _ in column.shape:
        # The largest axis comes first in `shape` and outermost in the lists; a one-element list is datasets 3's way
        # to say List, and its Sequence would turn a list of structs into a struct of lists.
        feature = datasets.List(feature) if hasattr(datasets, "List") else [feature]
    return feature
