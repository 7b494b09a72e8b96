"""`CameraMotion`: the set as flat, typed rows, read from its tars or made while it is iterated.

All ways give the same rows bit for bit, because each ends in `schema.columns.cast`: `stream` and `load` read tars, on
disk or on the Hub; `generate` films a spec's clips as they are asked for. A row holds Python numbers, nested lists
and `{"bytes", "path"}` for the video, as `datasets` hands out in its default format.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import numpy as np

from camera_motion.builder.features import features
from camera_motion.builder.plan import plan
from camera_motion.builder.shard import Film, scenes_of
from camera_motion.builder.specfile import load
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import FilmedClip, Rejection
from camera_motion.schema.columns import COLUMNS, cast, video_suffix
from camera_motion.schema.spec import Spec

#: Where the tars of a set are, below its folder or its repository.
FOLDER = "webdataset"

Row = dict[str, Any]


class CameraMotion(datasets.GeneratorBasedBuilder):  # type: ignore[misc]
    """Builder over the tars of a set; `data_files` maps splits to tars."""

    VERSION = datasets.Version("1.0.0")
    BUILDER_CONFIGS = (datasets.BuilderConfig(name="default", version=VERSION),)
    DEFAULT_CONFIG_NAME = "default"
    DEFAULT_WRITER_BATCH_SIZE = 16

    @classmethod
    def stream(cls, path_or_repo: str | Path, split: str = "train") -> datasets.IterableDataset:
        """Iterate over a set without copying it: a folder that `build` wrote, or a dataset repository on the Hub.

        The stream has one shard a tar, so DataLoader workers share the tars out.

        Raises:
            SpecError: the folder holds no tar of that split.
        """
        builder = cls(data_files={split: _tars(path_or_repo, split)})
        return builder.as_streaming_dataset(split=split)

    @classmethod
    def load(cls, path_or_repo: str | Path, split: str = "train", cache_dir: str | None = None) -> datasets.Dataset:
        """Read a set into an Arrow table in `datasets`' cache, for random access.

        Raises:
            SpecError: the folder holds no tar of that split.
        """
        builder = cls(data_files={split: _tars(path_or_repo, split)}, cache_dir=cache_dir)
        builder.download_and_prepare()
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
        spec = spec if isinstance(spec, Spec) else load(str(spec))
        planned = plan(spec)
        indices = [i for i in range(len(planned)) if planned.split(i * spec.shard_clips // spec.unit_clips) == split]
        if not indices:
            raise SpecError(f"split is {split!r}; the spec {spec.name!r} has no shard in it, try another split")
        return datasets.IterableDataset.from_generator(
            _filmed_rows,
            features=features(),
            gen_kwargs={"spec": spec, "shards": indices, "film": film},
            split=datasets.NamedSplit(split),
        )

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=features())

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        if not self.config.data_files:
            raise SpecError("no data_files: name the tars of each split, or use CameraMotion.stream(folder)")
        generators = []
        for split, paths in self.config.data_files.items():
            tars = [dl_manager.iter_archive(path) for path in dl_manager.download(list(paths))]
            generators.append(datasets.SplitGenerator(name=str(split), gen_kwargs={"tars": tars}))
        return generators

    def _generate_examples(self, tars: Iterable[Iterable[tuple[str, io.BufferedIOBase]]]) -> Iterator[tuple[str, Row]]:
        for tar in tars:
            for files in samples(tar):
                row = row_of(files)
                yield row["key"], as_lists(row)


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
    """Turn a cast row into what `datasets` encodes without rounding: nested lists, and the video with its name."""
    lists = {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in row.items()}
    return lists | {"video": {"bytes": row["video"], "path": f"{row['key']}.{video_suffix(row['video'])}"}}


def _filmed_rows(spec: Spec, shards: list[int], film: Film | None) -> Iterator[Row]:
    if film is None:
        from camera_motion.generator import clip as maker

        film = maker.film
    planned = plan(spec)
    for shard in map(planned.shard, shards):
        for scene, indices in scenes_of(shard):
            keys = [clip.key for clip in scene.clips if clip.index in indices]
            for clip in in_order(film(spec, scene, indices, 1), keys):
                yield as_lists(clip.row())


def in_order(results: Iterable[FilmedClip | Rejection], keys: Sequence[str]) -> Iterator[FilmedClip]:
    """Hand on filmed clips in the order of `keys`, as early as that allows; those never filmed are left out."""
    waiting = dict[str, FilmedClip]()
    ahead = iter(keys)
    wanted = next(ahead, None)
    for result in results:
        if isinstance(result, FilmedClip):
            waiting[result.record.key] = result
        while wanted in waiting:
            yield waiting.pop(wanted)
            wanted = next(ahead, None)
    yield from (waiting[key] for key in ahead if key in waiting)


def _tars(path_or_repo: str | Path, split: str) -> list[str]:
    folder = Path(path_or_repo)
    if not folder.is_dir():
        name = str(path_or_repo)
        if name.count("/") != 1 or name.startswith((".", "~")):
            raise SpecError(f"{name!r} is neither a folder nor a repository's name like org/camera-motion")
        return [f"hf://datasets/{name}/{FOLDER}/{split}-*.tar"]
    for place in (folder / FOLDER, folder):
        if found := sorted(str(path) for path in place.glob(f"{split}-*.tar")):
            return found
    raise SpecError(f"{folder} holds no {split}-*.tar; is it the folder of a built set, and is {split!r} its split?")
