"""A shard is a tar whose bytes follow from its clips alone, and a receipt written after it."""

import hashlib
import io
import tarfile
import time
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from camera_motion.builder import notes
from camera_motion.builder.machine import machine_class, peak_bytes
from camera_motion.builder.places import Hashed
from camera_motion.builder.plan import Plan, plan
from camera_motion.builder.specfile import unchanged
from camera_motion.builder.store import Store, tar_name
from camera_motion.generator.identity import on_gpu, resolve
from camera_motion.schema.base import Rejected, SpecError
from camera_motion.schema.clip import FilmedClip, Rejection, Spent
from camera_motion.schema.columns import members as suffixes
from camera_motion.schema.columns import video_suffix
from camera_motion.schema.plan import ScenePlan, ShardPlan
from camera_motion.schema.receipt import Receipt, RejectionRecord, Statistics
from camera_motion.schema.spec import Spec

#: Films the clips of a scene plan that have these indices; `threads` changes no byte.
Film = Callable[[Spec, ScenePlan, Sequence[int], int], Iterator[FilmedClip | Rejection | Spent]]


@dataclass(frozen=True)
class ShardJob:
    """All that a worker needs to make any shard of a set; called with a shard's index, it tells how it goes on.

    It yields the key of every clip filmed and, at the end, the receipt.
    """

    spec: Spec
    identity: str
    store: Store
    film: Film
    threads: int = 1
    gpus: float = 0.0

    def __call__(self, index: int) -> Iterator[str | Receipt]:
        """Film the shard's clips, write the tar, then the receipt."""
        began = time.perf_counter(), time.process_time()
        shard = self._plan.shard(index)
        clips: list[FilmedClip] = []
        rejections: list[RejectionRecord] = []
        steps_s = Counter[str]()
        machine = machine_class(on_gpu(self.spec))
        with notes.running(self.store.place, shard.name, self.spec.render.renderer, machine):
            for scene, indices in scenes_of(shard):
                for result in self.film(self.spec, scene, indices, self.threads):
                    if isinstance(result, Spent):
                        steps_s.update(result.seconds)
                    elif isinstance(result, Rejection):
                        rejections.append(RejectionRecord(key=result.key, attempt=result.attempt, reason=result.reason))
                    else:
                        clips.append(result)
                        yield result.record.key
            receipt = self._finish(shard, clips, rejections, steps_s, began)
        yield receipt

    def here(self) -> "ShardJob":
        """Give the job as this machine can do it: the set is seen from here, and so are the files that its spec names.

        Raises:
            SpecError: they are not, or not the same.
        """
        shared = "--out must be a URL, or a folder on a disk that all machines share"
        try:
            identity = self.store.read_identity()
        except SpecError as error:
            why = f": {error}" if "://" in self.store.url else f" that is built in {self.store.url}; {shared}"
            raise SpecError(f"it does not see the set{why}") from None
        if identity != self.identity:
            raise SpecError(f"it sees another set in {self.store.url}; {shared}")
        import_module("camera_motion.generator.readiness").ready(resolve(self.spec))  # brings PyAV: not for readers
        return replace(self, spec=unchanged(self.spec, Path(self.spec.base), "the spec"))

    @cached_property
    def _plan(self) -> Plan:
        """Plan the set once for all the shards that this worker makes."""
        return plan(self.spec)

    def _finish(
        self,
        shard: ShardPlan,
        clips: list[FilmedClip],
        rejections: list[RejectionRecord],
        steps_s: Mapping[str, float],
        began: tuple[float, float],
    ) -> Receipt:
        order = {clip.key: clip.index for scene in shard.scenes for clip in scene.clips}
        clips.sort(key=lambda clip: order[clip.record.key])
        rejections.sort(key=lambda rejection: (order[rejection.key], rejection.attempt))
        keys = tuple(clip.record.key for clip in clips)
        there = frozenset(keys)
        reasons = {rejection.key: rejection.reason for rejection in rejections}
        if not clips:  # readers infer the columns from the first samples, so no tar is written without one
            raise Rejected(f"no clip found a candidate; {shard.keys[0]}: {reasons.get(shard.keys[0])}")
        with self.store.place.writing(tar_name(shard.name)) as file:
            write_tar(file, clips)
        wall_s, work_s = time.perf_counter() - began[0], time.process_time() - began[1]  # the sending is in it
        receipt = Receipt(
            identity=self.identity,
            shard=shard.index,
            name=shard.name,
            split=shard.split,
            tar_sha256=file.digest.hexdigest(),
            tar_bytes=file.size,
            keys=keys,
            scenes=tuple(dict.fromkeys(scene.scene_id for scene in shard.scenes)),
            missing={key: reasons.get(key, "not filmed") for key in shard.keys if key not in there},
            rejections=tuple(rejections),
            statistics=Statistics.sum(Statistics.of(clip.record, len(clip.video)) for clip in clips),
            timings_s={"wall": wall_s, "work": work_s, **steps_s},
            finished_at=time.time(),
            cpus=self.threads,
            gpus=self.gpus,
            peak_bytes=peak_bytes(),
            machine=machine_class(on_gpu(self.spec)),
        )
        self.store.write_receipt(receipt)
        return receipt


def scenes_of(shard: ShardPlan) -> Iterator[tuple[ScenePlan, Sequence[int]]]:
    """Give every scene of a shard with the indices of those of its clips that the shard holds."""
    for scene, clips in shard.parts():
        yield scene, range(clips[0].index, clips[-1].index + 1)


def members(clip: FilmedClip) -> dict[str, bytes]:
    """Give a clip's files by suffix, in the order of the tar."""
    record = clip.record
    files = {
        video_suffix(clip.video): clip.video,
        "json": record.to_json(),
        "short_caption.txt": record.short_caption.encode(),
        "long_caption.txt": record.long_caption.encode(),
        "camera_intrinsics.npy": npy(clip.camera_intrinsics.astype("<f4")),
        "camera_extrinsics.npy": npy(clip.camera_extrinsics.astype("<f8")),
        "tracks.npy": npy(clip.tracks.astype("<f4")),
    }
    return {suffix: files[suffix] for suffix in suffixes(clip.video)}


def npy(array: Float[np.ndarray, "..."]) -> bytes:
    """Write an array as the bytes of a `.npy` file."""
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def write_tar(file: Hashed, clips: Sequence[FilmedClip]) -> None:
    """Write clips as a USTAR archive with fixed headers: the same clips give the same bytes anywhere, any time."""
    for clip in clips:
        for suffix, body in members(clip).items():
            header = tarfile.TarInfo(f"{clip.record.key}.{suffix}")
            header.size, header.mode, header.mtime = len(body), 0o644, 0
            file.write(header.tobuf(format=tarfile.USTAR_FORMAT))
            file.write(body + bytes(-len(body) % tarfile.BLOCKSIZE))
    file.write(bytes(-(file.size + 2 * tarfile.BLOCKSIZE) % tarfile.RECORDSIZE + 2 * tarfile.BLOCKSIZE))


def read_tar(path: Path) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Read the samples of a shard: the key, and the files by suffix.

    Raises:
        SpecError: the tar is truncated or not a tar.
    """
    key, files = "", dict[str, bytes]()
    try:
        with tarfile.open(path, "r:") as archive:
            for member in archive:
                name, _, suffix = member.name.partition(".")
                body = archive.extractfile(member) if member.isreg() else None  # links lead elsewhere
                if body is None or len(content := body.read()) != member.size:
                    raise tarfile.ReadError("unexpected end of data")
                if name != key and files:
                    yield key, files
                    files = {}
                key, files[suffix] = name, content
    except (tarfile.TarError, EOFError, OSError) as error:
        raise SpecError(f"{path} is damaged: {error}; remove it and build again") from error
    if files:
        yield key, files


def sha256(path: Path) -> str:
    """Hash a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, hashlib.sha256).hexdigest()


def load_npy(body: bytes) -> Any:
    """Read the bytes of a `.npy` file; never a pickle.

    Raises:
        ValueError: it is not an array, or promises more than it holds.
    """
    try:
        return np.lib.format.read_array(io.BytesIO(body), allow_pickle=False)
    except (MemoryError, OverflowError, tokenize.TokenError, SyntaxError) as error:
        raise ValueError(f"not an array: {error}") from None
