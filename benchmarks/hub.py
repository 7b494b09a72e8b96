"""What readers fetch from the Hub, byte for byte: `python benchmarks/hub.py [FOLDER]`.

A set of 400 clips of 49 frames at 832 x 480 is put on the stand-in for the Hub (tests/hub) and read by the real client
libraries, each time by a fresh process with empty caches. Everything in the rows is real (placed moves, captions,
cameras) but the pictures: 40 films of noise that pans, encoded to the size of a rendered clip, which the clips share.
Bytes are those that the stand-in wrote to its sockets, headers and what a reader no longer wanted included; over a real
network they are the same, while times are not, so there are none. FOLDER keeps the set for the next time.
"""

import os

os.environ |= {"HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}  # read when it is imported

import io
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from camera_motion.builder import specfile
from camera_motion.builder.describe import write_card
from camera_motion.builder.parquet import FOLDERS, write_view
from camera_motion.builder.plan import plan
from camera_motion.builder.shard import ShardJob
from camera_motion.builder.store import Store
from camera_motion.generator import captions
from camera_motion.generator.annotate import record
from camera_motion.generator.clip import Stage
from camera_motion.generator.encode import encode
from camera_motion.generator.identity import identity_of
from camera_motion.generator.seeds import stream
from camera_motion.schema.clip import Checks, FilmedClip, Quality, Rejection
from camera_motion.schema.columns import CHECK_FIELDS, QUALITY_FIELDS
from camera_motion.schema.plan import ScenePlan
from camera_motion.schema.spec import Spec, Video

sys.path.append(str(Path(__file__).parents[1] / "tests" / "hub"))
from standin import StandIn

CLIPS = 400
FILMS = 40
VIDEO = Video(width=832, height=480, frames=49, fps=24)
CRF = 11  # makes noise as large as a rendered clip: 0.66 MB
REPO, TOKEN = "org/set", "hf_good"

READERS = {
    "first row": """
row = next(iter(datasets.load_dataset("org/set", split="train", streaming=True).decode(False)))
assert row["video"]["bytes"] and row["cameras"]
""",
    "first row, CameraMotion.stream": """
from camera_motion.builder.reader import CameraMotion
row = next(iter(CameraMotion.stream("org/set")))
assert row["camera_extrinsics"]
""",
    "all rows": """
rows = datasets.load_dataset("org/set", split="train", streaming=True).decode(False)
assert sum(len(row["video"]["bytes"]) > 0 for row in rows) == 400
""",
    "all rows, CameraMotion.stream": """
from camera_motion.builder.reader import CameraMotion
assert sum(len(row["video"]["bytes"]) > 0 for row in CameraMotion.stream("org/set").decode(False)) == 400
""",
    "all captions, from `metadata`": """
rows = datasets.load_dataset("org/set", "metadata", split="train", streaming=True)
assert len({row["long_caption"] for row in rows}) > 100
""",
    "all captions, columns= of `default`": """
rows = datasets.load_dataset("org/set", split="train", streaming=True, columns=["key", "long_caption"])
assert len({row["long_caption"] for row in rows}) > 100
""",
    "all cameras, from `cameras`": """
rows = datasets.load_dataset("org/set", "cameras", split="train", streaming=True)
assert sum(len(row["camera_extrinsics"]) for row in rows) == 400 * 49
""",
    "first sample of a tar, webdataset": """
import webdataset
url = os.environ["HF_ENDPOINT"] + "/datasets/org/set/resolve/main/webdataset/train-000000.tar"
next(iter(webdataset.WebDataset(url, shardshuffle=False)))
""",
    "all rows, downloaded": """
assert len(datasets.load_dataset("org/set", split="train")) == 400
""",
}


def main() -> None:
    """Make the set, put it on the stand-in, read it in every way, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(sys.argv[1] if len(sys.argv) > 1 else folder)
        build(root)
        write_view(root)
        write_card(root, REPO)
        with StandIn({TOKEN: "org"}) as hub:
            hub.api(TOKEN).create_repo(REPO, repo_type="dataset")
            hub.api(TOKEN).upload_folder(repo_id=REPO, folder_path=root, repo_type="dataset")
            show(root, {name: read(hub, code) for name, code in READERS.items()})


def build(root: Path) -> None:
    """Make the tars and receipts that are not there yet."""
    spec = specfile.load("standard", clips=CLIPS, shard_clips=50, splits={"train": 1.0})
    spec = spec.model_copy(update={"video": VIDEO})
    store, identity = Store(root), identity_of(spec)
    store.claim(spec)
    job = ShardJob(spec, identity, store, film)
    for shard in track(list(plan(spec).shards()), "making the set", console=Console(stderr=True)):
        if store.finished(shard.index, shard.name, identity) is None:
            list(job(shard.index))


def film(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
    """Place and describe the clips of a scene, and give each a film of noise."""
    stage = Stage(spec, scene)
    for clip in (clip for clip in scene.clips if clip.index in indices):
        shot, misses = stage.shots[clip.index]
        yield from misses
        if shot is None:
            continue
        words = captions.write(stage.source.geometry.description, shot.motion, "none", stream(clip.seed, "captions"))
        rng = np.random.default_rng(clip.seed)
        checks = Checks(**{field.name: float(np.float32(rng.random())) for field in CHECK_FIELDS})
        quality = Quality(**{field.name: float(np.float32(rng.random())) for field in QUALITY_FIELDS})
        provenance = {"generator": 1, "candidate": len(misses), "move": shot.params, "scene_seed": scene.seed}
        annotation = record(spec, identity_of(spec), scene, clip, shot, words, checks, quality, provenance)
        intrinsics = shot.trajectory.intrinsics.astype(np.float32)
        tracks = rng.random((256, 2 + 2 * 8), dtype=np.float32)
        yield FilmedClip(annotation, noise(clip.index % FILMS), shot.trajectory.camera_from_world, intrinsics, tracks)


@cache
def noise(seed: int) -> bytes:
    """Encode a pan over noise."""
    width, height, step = VIDEO.width, VIDEO.height, 4
    rng = np.random.default_rng(seed)
    texture = rng.integers(0, 256, (height, width + step * VIDEO.frames, 3), dtype=np.uint8)
    texture = cv2.normalize(cv2.GaussianBlur(texture, None, 1.2 + 0.15 * (seed % 5)), None, 0, 255, cv2.NORM_MINMAX)
    frames = (texture[:, step * frame : step * frame + width] for frame in range(VIDEO.frames))
    return encode(frames, width, height, VIDEO.fps, crf=CRF)


def read(hub: StandIn, code: str) -> tuple[int, int]:
    """Run a reader and hang up as soon as it is done; give the requests and the bytes that it cost."""
    start, served = len(hub.log), hub.served
    whole = f"import os, datasets\n{code}\nos._exit(0)"
    done = subprocess.run([sys.executable, "-c", whole], env=hub.environment(), capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return len(hub.log) - start, hub.served - served


def show(root: Path, costs: dict[str, tuple[int, int]]) -> None:
    """Print what each reader cost."""
    sizes = {
        folder: sum(p.stat().st_size for p in (root / folder).iterdir()) for folder in (*FOLDERS.values(), "webdataset")
    }
    table = Table()
    for heading in ("what is read", "requests", "MB", "of data/"):
        table.add_column(heading, justify="left" if heading == "what is read" else "right")
    for name, (requests, served) in costs.items():
        table.add_row(name, str(requests), f"{served / 1e6:.2f}", f"{100 * served / sizes['data']:.1f} %")
    buffer = io.StringIO()
    lie = ", ".join(f"{folder}/ {size / 1e6:.1f} MB" for folder, size in sizes.items())
    Console(file=buffer, width=110).print(table, f"{CLIPS} clips: {lie}", highlight=False)
    sys.stdout.write(buffer.getvalue())


if __name__ == "__main__":
    main()
