"""The figures of a set, drawn from its Parquet view into its folder."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from camera_motion.builder.cameras import ARRAYS, unpack_cameras
from camera_motion.builder.places.disk import own, writing
from camera_motion.builder.samples import sample, write_again
from camera_motion.builder.sheet import strip
from camera_motion.cards.contact import sheet
from camera_motion.cards.figures import FIGURES, Shot
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import ClipRecord, FilmedClip

#: How many clips the card's contact sheet shows, one a row.
SHOWN: Final = 6
#: Clips with more motions than this are hard to describe in a line.
PLAIN_MOTIONS: Final = 3
CONTACT: Final = "contact.png"


def draw_figures(root: Path, shots: Sequence[Shot] = ()) -> list[Path]:
    """Draw figures/*.png of a set with a Parquet view; `shots` are sampled unless given. The same clips, same bytes.

    Raises:
        SpecError: the set has no Parquet view, a file of it is damaged, or the folder of figures is a link.
    """
    shots = shots or sample(root)
    strips = [strip(clip) for clip in _clips(root, _varied(shots))]
    folder = own(root, "figures")
    pictures = {CONTACT: sheet(strips, columns=1)} | {name: draw(shots) for name, draw in FIGURES.items()}
    paths = []
    for name, picture in pictures.items():
        paths.append(folder / name)
        with writing(paths[-1]) as file:
            file.write(picture)
    return paths


def _varied(shots: Sequence[Shot]) -> list[str]:
    """Choose keys of clips that differ: of each leading motion in turn, and those first that a line can describe."""
    by_family: dict[str, list[Shot]] = {}
    for shot in sorted(shots, key=lambda shot: len(shot.motions) > PLAIN_MOTIONS):
        by_family.setdefault(shot.main_motion.rpartition("_")[0] or shot.main_motion, []).append(shot)
    families = sorted(by_family.values(), key=len, reverse=True)
    chosen = [family[i % len(family)] for i, family in enumerate(families)]
    chosen += [shot for shot in shots if shot not in chosen]
    return sorted(shot.key for shot in chosen[:SHOWN])


def _clips(root: Path, keys: Sequence[str]) -> Iterator[FilmedClip]:
    """Read clips whole, in the order of their keys."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows: dict[str, dict[str, Any]] = {}
    try:
        for path in sorted((root / "data").glob("*.parquet")):
            file = pq.ParquetFile(path)
            found = file.read(columns=["key"]).column("key").to_pylist()
            places = np.flatnonzero(np.isin(found, keys))
            ends = np.cumsum([file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)])
            for group in np.unique(np.searchsorted(ends, places, side="right")).tolist():
                whole = file.read_row_group(group).to_pylist()
                rows |= {row["key"]: row for row in whole if row["key"] in keys}
        for key in keys:
            yield _clip(rows[key])
    except (pa.ArrowException, ValueError, KeyError, TypeError, OSError) as error:
        raise SpecError(f"the view in {root} is damaged: {str(error).splitlines()[0]}; {write_again(root)}") from None


def _clip(row: dict[str, Any]) -> FilmedClip:
    fields = {name: row[name] for name in ClipRecord.model_fields}
    cameras = unpack_cameras(row["cameras"])
    intrinsics, extrinsics = (cameras[name] for name in ARRAYS)
    record = ClipRecord.model_validate(fields)
    no_tracks = np.zeros((0, 8), np.float32)
    return FilmedClip(record, row["video"]["bytes"], extrinsics.astype(np.float64), intrinsics, no_tracks)
