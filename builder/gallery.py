"""The gallery of a built set: read from its tars, written as one folder that can be opened, moved and served as it is.

The folder is made beside its place and swapped in when it is whole. `gallery.json` names the files that were made, so
that making it again removes those and no others.
"""

import glob
import io
import json
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import yaml
from PIL import Image

from camera_motion.builder.audit import clip_of, first_line
from camera_motion.builder.places.disk import own
from camera_motion.builder.plan import plan
from camera_motion.builder.shard import read_tar, sha256
from camera_motion.builder.specfile import FOLDER
from camera_motion.builder.store import Store
from camera_motion.cards.gallery import Facts, Shot, page
from camera_motion.evaluation.correction import PARTS
from camera_motion.evaluation.decode import stream
from camera_motion.evaluation.fit import Fit
from camera_motion.evaluation.gate import limit, pixel_of, residual_limit_px
from camera_motion.generator.encode import encode
from camera_motion.generator.identity import GENERATOR_VERSION
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory, invert
from camera_motion.schema.clip import FilmedClip
from camera_motion.schema.spec import Spec, content

MARKER: Final = "gallery.json"
SPEC: Final = "spec.yaml"
POSTER_WIDTH_PX: Final = 640
POSTER_QUALITY: Final = 74
#: How good the copies are that stand in for videos which browsers cannot play.
COPY_CRF: Final = 16
#: A page of this many clips still opens at once.
MANY: Final = 1000
#: Files that a spec names (a trajectory, say) travel with it up to this size; a splat file does not.
CARRIED_BYTES: Final = 1 << 20
#: What systems leave in folders that they show.
LITTER: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})

Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Gallery:
    """What was made: the page, how many clips it shows, of how many where that is known, and how large it is."""

    page: Path
    clips: int
    total: int | None
    converted: int
    size_bytes: int


def gallery(
    root: Path,
    to: Path | None = None,
    clips: int = MANY,
    split: str | None = None,
    tell: Tell = lambda done, total: None,
) -> Gallery:
    """Make the gallery of the first `clips` clips of a set (of one split, if that is named) in the folder `to`.

    Raises:
        SpecError: there are no such clips, one is damaged, or `to` holds something else.
    """
    if clips < 1:
        raise SpecError(f"a gallery of {clips} clips has nothing to show; ask for 1 or more")
    place = (to or own(root, "gallery")).resolve()
    foreign = foreigners(place)
    if foreign:
        raise SpecError(f"{place} holds {foreign[0]}, which no gallery made; choose another --to or move it away")
    tars = _tars(root, split)
    making = place.with_name(f".{place.name}.{secrets.token_hex(4)}.partial")
    try:
        _sweep(place)
        (making / "clips").mkdir(parents=True)
        (making / MARKER).write_text(_marker([]))
        made = _write(root, making, tars, clips, split, tell)
        _swap(making, place)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SpecError(f"cannot write {place}: {reason}; free some space or choose another --to") from None
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return Gallery(place / "index.html", *made)


def _write(
    root: Path, making: Path, tars: list[Path], most: int, split: str | None, tell: Tell
) -> tuple[int, int | None, int, int]:
    shots: list[Shot] = []
    converted = 0
    for clip, shard in _clips(tars, most, tell):
        key = clip.record.key
        video = clip.video if plays(clip.video) else _copy(clip)
        converted += video is not clip.video
        with open(making / "clips" / f"{key}.mp4", "xb") as file:
            file.write(video)
        (making / "clips" / f"{key}.webp").write_bytes(poster(clip.video))
        shots.append(_shot(clip, shard))
    if not shots:
        raise SpecError(f"{root} holds no clips to show; is it the folder of a built set?")
    total = _total(root, tars)
    facts = _facts(root, making, total, converted)
    (making / "index.html").write_text(page(facts, shots), encoding="utf-8")
    files = sorted(path for path in making.rglob("*") if path.is_file())
    (making / MARKER).write_text(_marker([path.relative_to(making).as_posix() for path in files]))
    return len(shots), total, converted, sum(path.stat().st_size for path in files)


# --- clips


def _tars(root: Path, split: str | None) -> list[Path]:
    """List the tars in the order of their numbers: a page that is cut then shows all splits."""
    found = {path: _number(path) for path in (root / "webdataset").glob(f"{split or '*'}-*.tar")}
    if not found:
        named = f"{split}-*.tar" if split else "tars"
        raise SpecError(f"{root} holds no {named}; is it the folder of a built set?")
    return sorted(found, key=lambda path: (found[path], path.name))


def _number(tar: Path) -> int:
    digits = re.search(r"-(\d{1,12})$", tar.stem)
    return int(digits[1]) if digits else 0


def _clips(tars: list[Path], most: int, tell: Tell) -> Iterator[tuple[FilmedClip, int]]:
    seen = set[str]()
    for done, tar in enumerate(tars):
        tell(done, len(tars))
        for key, files in read_tar(tar):
            if len(seen) == most:
                return
            if key.lower() in seen:  # some disks take `A` and `a` for one name
                raise SpecError(f"{tar}: {key} is there twice; remove the tar and build again")
            seen.add(key.lower())
            try:
                yield clip_of(key, files), _number(tar)
            except ValueError as error:
                raise SpecError(f"{tar}: {key} is damaged: {first_line(error)}; remove the tar, build again") from None
    tell(len(tars), len(tars))


def _shot(clip: FilmedClip, shard: int) -> Shot:
    record, checks = clip.record, clip.record.checks
    trajectory = Trajectory(invert(clip.camera_extrinsics), clip.camera_intrinsics.astype(np.float64), record.fps)
    seen = [part for part in PARTS if getattr(checks, f"{part}_observable")]
    limits = {part: limit(Fit(part, getattr(checks, part), getattr(checks, f"{part}_sigma"))) for part in seen}
    known = {part: allowed for part, allowed in limits.items() if np.isfinite(allowed)}
    allowed_px = residual_limit_px(checks.motion_px, pixel_of((record.width, record.height)))
    return Shot(record, trajectory, known, allowed_px if checks.tracks else 0.0, shard)


def plays(video: bytes) -> bool:
    """Tell whether every browser can play a video: H.264 in 4:2:0."""
    try:
        with av.open(io.BytesIO(video)) as container:
            context = container.streams.video[0].codec_context
            return "mp4" in container.format.name and context.name == "h264" and context.pix_fmt == "yuv420p"
    except (av.FFmpegError, ValueError, IndexError):
        return False


def _copy(clip: FilmedClip) -> bytes:
    """Encode what browsers cannot play as H.264; an odd row or column is cut off."""
    record = clip.record
    width, height = record.width // 2 * 2, record.height // 2 * 2
    frames = (np.ascontiguousarray(frame[:height, :width]) for frame in stream(clip.video))
    try:
        return encode(frames, width, height, record.fps, crf=COPY_CRF)
    except SpecError as error:
        raise SpecError(f"{record.key}: {error}") from None


def poster(video: bytes) -> bytes:
    """Give the first frame as a small WebP, so that a clip which begins to play does not jump."""
    frame = Image.fromarray(next(stream(video)))
    if frame.width > POSTER_WIDTH_PX:
        frame = frame.resize((POSTER_WIDTH_PX, round(frame.height * POSTER_WIDTH_PX / frame.width)))
    buffer = io.BytesIO()
    frame.save(buffer, "WEBP", quality=POSTER_QUALITY, method=4)
    return buffer.getvalue()


# --- the set


def _total(root: Path, tars: list[Path]) -> int | None:
    receipts = [Store(root).read_receipt(tar.stem) for tar in tars]
    return sum(len(receipt.keys) for receipt in receipts if receipt) if all(receipts) else None


def _facts(root: Path, making: Path, total: int | None, converted: int) -> Facts:
    """Describe the set; its spec, without what is of this machine alone, goes beside the page."""
    name = root.resolve().name.encode("utf-8", "replace").decode()  # folders may have names that are no text
    store = Store(root)
    if not store.spec_path.exists():
        return Facts(name, "", GENERATOR_VERSION, total, converted=converted)
    spec, identity = store.read_spec(), store.read_identity()
    fields: dict[str, Any] = content(spec) | {"clips": spec.clips}
    fields.pop("inputs", None)
    fields["render"]["renderer"] = spec.render.renderer
    (making / SPEC).write_text(yaml.safe_dump(fields, sort_keys=False, allow_unicode=True), encoding="utf-8")
    generator = str(json.loads(store.spec_path.read_bytes())["generator"])  # of the set, not of the page
    needs = _carry(spec, making)
    return Facts(spec.name, identity, generator, total, SPEC, len(plan(spec)), spec.shard_clips, converted, needs)


def _carry(spec: Spec, making: Path) -> tuple[str, ...]:
    """Put the small files that a spec names beside it, if they are still what they were; give the names of others."""
    left = []
    for name, digest in spec.inputs.items():
        place = (making / name).resolve()
        for path in (Path(spec.base) / name, FOLDER / name):
            if place.is_relative_to(making) and not place.exists() and _is_small(path) and sha256(path) == digest:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
                break
        else:
            left.append(name)
    return tuple(left)


def _is_small(path: Path) -> bool:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size <= CARRIED_BYTES


# --- the folder


def foreigners(place: Path) -> list[str]:
    """Name some of what a folder holds that no gallery made; nothing may be there, if it is no gallery."""
    if not os.path.lexists(place):
        return []
    if not place.is_dir():
        return [f"the file {place.name}"]
    try:
        marker = json.loads((place / MARKER).read_bytes())
        ours = {MARKER, *marker["files"]} if marker["made_by"] == "camera-motion gallery" else set()
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        ours = set()
    found: list[str] = []

    def unreadable(error: OSError) -> None:
        found.append(str(error.filename))

    for folder, folders, files in os.walk(place, onerror=unreadable):
        folders.sort()
        here = Path(folder).relative_to(place)
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        names = ((here / name).as_posix() for name in sorted([*files, *links]) if name not in LITTER)
        found += [name for name in names if name not in ours]
        if found:  # one will do: there may be no end of them
            break
    return found


def _marker(files: list[str]) -> str:
    return json.dumps({"made_by": "camera-motion gallery", "files": files}, indent=0) + "\n"


def _sweep(place: Path) -> None:
    """Remove what killed runs left: folders of our naming that hold our marker."""
    for left in place.parent.glob(f".{glob.escape(place.name)}.*"):
        if left.suffix in (".partial", ".old") and (left / MARKER).is_file() and not left.is_symlink():
            shutil.rmtree(left)


def _swap(making: Path, place: Path) -> None:
    old = making.with_suffix(".old")
    if place.exists():
        os.replace(place, old)
    try:
        os.replace(making, place)
    except OSError:
        with suppress(OSError):
            os.replace(old, place)
        raise
    shutil.rmtree(old, ignore_errors=True)
