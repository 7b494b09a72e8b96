"""`CameraMotion`: the set as flat, typed rows, read from its files or made while it is iterated.

All ways give the same rows bit for bit, because each comes from `schema.columns.cast`: `stream` and `load` read tars
or the Parquet view, on disk or on the Hub; `generate` films a spec's clips as they are asked for. A row holds Python
numbers, nested lists and `{"bytes", "path"}` for the video, as `datasets` hands out in its default format.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BufferedIOBase
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa
import pyarrow.parquet as pq

from camera_motion.builder.features import features, schema
from camera_motion.builder.parquet import contract_table
from camera_motion.builder.parquetfile import check_columns, check_group
from camera_motion.builder.plan import plan
from camera_motion.builder.rows import as_lists, row_of, samples
from camera_motion.builder.shard import Film
from camera_motion.builder.sources import HUB, find, hub_speaks, opened
from camera_motion.builder.specfile import load
from camera_motion.schema.base import SpecError
from camera_motion.schema.spec import Spec

#: A file of the view is streamed in pieces of about this size, two row groups: a shuffle, the workers of a DataLoader
#: and a resumed stream deal with pieces, whole files of 512 MiB would be too coarse.
PIECE_BYTES = 16 << 20

#: So many pieces, at most, of a file: each reads the file's footer again.
MOST_PIECES = 32

#: So many rows are unpacked at a time: a stranger's cell of cameras may be small and hold much.
ROWS = 16

#: A piece of a file of the view: the file, and which of how many parts of its row groups.
Piece = tuple[str, int, int]


@dataclass
class CameraMotionConfig(datasets.BuilderConfig):  # type: ignore[misc]
    """`sizes` gives the bytes of each file of the view by its name, so that it can be streamed in pieces."""

    sizes: Mapping[str, int] = field(default_factory=dict)


class CameraMotion(datasets.ArrowBasedBuilder):  # type: ignore[misc]
    """Builder over the tars of a set, or over its Parquet view; `data_files` maps splits to files of one kind."""

    VERSION = datasets.Version("1.0.0")
    BUILDER_CONFIG_CLASS = CameraMotionConfig
    BUILDER_CONFIGS = (CameraMotionConfig(name="default", version=VERSION),)
    DEFAULT_CONFIG_NAME = "default"
    DEFAULT_WRITER_BATCH_SIZE = 16

    @classmethod
    def stream(
        cls, path_or_repo: str | Path, split: str = "train", revision: str | None = None
    ) -> datasets.IterableDataset:
        """Iterate over a set without copying it: a folder that `build` wrote, or a dataset repository on the Hub.

        The stream has one shard a tar, or one for every 16 MiB or so of the Parquet view, so DataLoader workers share
        them out and a resumed stream (`state_dict`) skips those it has done. `revision` is a branch, tag or commit of
        a repository; the stream stays at the commit that it was then.

        Raises:
            SpecError: there is no such set or split or revision, or the Hub does not let it be read.
        """
        source = find(path_or_repo, split, revision)
        with hub_speaks(str(path_or_repo), revision):
            builder = cls(data_files={split: source.files}, sizes=source.sizes)
            return builder.as_streaming_dataset(split=split)

    @classmethod
    def load(
        cls,
        path_or_repo: str | Path,
        split: str = "train",
        cache_dir: str | None = None,
        revision: str | None = None,
    ) -> datasets.Dataset:
        """Read a set into an Arrow table in `datasets`' cache, for random access.

        Raises:
            SpecError: there is no such set or split or revision, or the Hub does not let it be read.
        """
        source = find(path_or_repo, split, revision)
        with hub_speaks(str(path_or_repo), revision):
            builder = cls(data_files={split: source.files}, cache_dir=cache_dir)
            try:
                builder.download_and_prepare()
            except datasets.exceptions.DatasetGenerationError as error:
                raise error.__cause__ if isinstance(error.__cause__, SpecError) else error from None
            return builder.as_dataset(split=split)

    @classmethod
    def generate(
        cls, spec: Spec | str | Path, split: str = "train", film: Film | None = None
    ) -> datasets.IterableDataset:
        """Make a spec's clips while they are iterated: the very rows that `build` would write, in its order.

        The stream has one shard for each of the plan's, so DataLoader workers share the filming. A clip for which no
        candidate passes the gate is left out, as in a built set. `spec` may be a file, or the name of a spec that
        comes with the package; `film` is `generator.clip.film` unless given.

        Raises:
            SpecError: the spec is wrong, or has no shard in that split.
        """
        from camera_motion.builder.filming import Filming

        spec = spec if isinstance(spec, Spec) else load(str(spec))
        planned = plan(spec)
        indices = [i for i in range(len(planned)) if planned.split(i * spec.shard_clips // spec.unit_clips) == split]
        if not indices:
            raise SpecError(f"split is {split!r}; the spec {spec.name!r} has no shard in it, try another split")
        return Filming(spec, indices, film).as_streaming_dataset(split)

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=features())

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        if not self.config.data_files:
            raise SpecError("no data_files: name the files of each split, or use CameraMotion.stream(folder)")
        generators = []
        for split, paths in self.config.data_files.items():
            local = dl_manager.download(list(paths))
            if all(str(path).endswith(".parquet") for path in paths):
                sizes = [self.config.sizes.get(Path(path).name, 0) for path in paths]
                kwargs: dict[str, Any] = {"pieces": _pieces(local, sizes)}
            else:
                kwargs = {"tars": [dl_manager.iter_archive(path) for path in local]}
            generators.append(datasets.SplitGenerator(name=str(split), gen_kwargs=kwargs))
        return generators

    def _generate_tables(
        self, tars: Iterable[Iterable[tuple[str, BufferedIOBase]]] = (), pieces: Iterable[Piece] = ()
    ) -> Iterator[tuple[str, pa.Table]]:
        for i, tar in enumerate(tars):
            for j, files in enumerate(samples(tar)):
                yield f"{i}_{j}", pa.Table.from_pylist([as_lists(row_of(files))], schema=schema())
        for piece in pieces:
            path, part, _ = piece
            for j, table in enumerate(_view_tables(*piece)):
                yield f"{path}_{part}_{j}", table


def _pieces(paths: Sequence[str], sizes: Sequence[int]) -> list[Piece]:
    """Cut files of the view into pieces; one of unknown size is a piece."""
    pieces = []
    for path, size in zip(paths, sizes, strict=True):
        parts = min(max(1, math.ceil(size / PIECE_BYTES)), MOST_PIECES)
        pieces += [(path, part, parts) for part in range(parts)]
    return pieces


def _view_tables(path: str, part: int, parts: int) -> Iterator[pa.Table]:
    """Read a piece of a file of the view, as tables of contract rows.

    Raises:
        SpecError: it is not a file of the view, is damaged, or the Hub does not let it be read.
    """
    name = re.sub("@[0-9a-f]{40}/", "/", path.removeprefix(HUB + "datasets/"))
    with hub_speaks(name), opened(path) as file:
        try:
            with pq.ParquetFile(file, pre_buffer=True, page_checksum_verification=True) as parquet:
                wanted, count = schema("default").names, parquet.num_row_groups
                check_columns(parquet.schema_arrow, name)
                for group in range(part * count // parts, (part + 1) * count // parts):
                    check_group(parquet.metadata, group, name)
                    for rows in parquet.iter_batches(ROWS, row_groups=[group], columns=wanted):
                        yield contract_table(pa.Table.from_batches([rows]))
        except Exception as error:  # and no narrower: see `hub_speaks`
            if isinstance(error, SpecError) or not _of_the_file(error):
                raise
            raise SpecError(f"{name} is damaged: {str(error).splitlines()[0]}; make or download it again") from error


def _of_the_file(error: Exception) -> bool:
    """Whether a file's content is at fault; pyarrow says so by a plain OSError too, the Hub by kinds of its own."""
    return type(error) is OSError or isinstance(error, ValueError | pa.ArrowException)
