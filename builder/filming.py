"""Clips as rows while they are made: what `CameraMotion.generate` iterates over."""

from collections.abc import Iterable, Iterator, Sequence
from tempfile import gettempdir
from typing import Any

import datasets
import pyarrow as pa

from camera_motion.builder.features import features, schema
from camera_motion.builder.plan import plan
from camera_motion.builder.rows import as_lists
from camera_motion.builder.shard import Film, scenes_of
from camera_motion.generator.identity import resolve
from camera_motion.schema.clip import FilmedClip, Rejection, Spent
from camera_motion.schema.spec import Spec


class Filming(datasets.ArrowBasedBuilder):  # type: ignore[misc]
    """Builder whose rows are filmed when they are asked for: one shard of the stream for each shard of the plan."""

    def __init__(self, spec: Spec, shards: Sequence[int], film: Film | None) -> None:
        self._spec, self._shards, self._film = spec, list(shards), film
        super().__init__(cache_dir=gettempdir())  # it is only streamed from: nothing is written

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(features=features())

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        split = plan(self._spec).shard(self._shards[0]).split
        return [datasets.SplitGenerator(name=split, gen_kwargs={"shards": self._shards})]

    def _generate_tables(self, shards: Iterable[int]) -> Iterator[tuple[str, pa.Table]]:
        from camera_motion.generator.readiness import ready

        film = self._film
        if film is None:
            from camera_motion.generator import clip as maker

            film = maker.film
        spec = resolve(self._spec)  # not before: a process that has looked for CUDA cannot fork workers that use it
        ready(spec)
        planned = plan(spec)
        for shard in map(planned.shard, shards):
            for scene, indices in scenes_of(shard):
                keys = [clip.key for clip in scene.clips if clip.index in indices]
                for clip in in_order(film(spec, scene, indices, 1), keys):
                    yield clip.record.key, pa.Table.from_pylist([as_lists(clip.row())], schema=schema())


def in_order(results: Iterable[FilmedClip | Rejection | Spent], keys: Sequence[str]) -> Iterator[FilmedClip]:
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
