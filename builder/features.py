"""The column table as `datasets.Features`, for datasets 5 and 3."""

from collections.abc import Iterable
from typing import Any

import datasets

from camera_motion.schema.columns import COLUMNS, Column


def features(columns: Iterable[Column] = COLUMNS) -> datasets.Features:
    """Type every column: arrays as nested lists, which Croissant and the viewer show, and the video left encoded.

    `cast_column("video", datasets.Video())` decodes it, with torchcodec installed.
    """
    return datasets.Features({column.name: _feature(column) for column in columns})


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
