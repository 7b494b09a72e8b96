"""Frames per second of the torch loader beside plain PyAV decoding of the same videos from the same tars.

    python benchmarks/loader.py sets/standard

Plain: a video is read from its tar, every frame decoded and converted by `to_ndarray(format="rgb24")`, and dropped.
The loader: `ClipTable` gives uint8 tensors [T, 3, H, W] with poses, lenses and captions, and what the row says. One
process, one thread for decoding and one for converting in both. The ways take turns, four clips each, of which the
first is not counted; medians over the clips, of CPU time too, which other work on the machine disturbs less. The ratio
is that of the median clip.
"""

import argparse
import io
import statistics
import tarfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import torch

from camera_motion.builder.torch import ClipTable, Sampling

#: Clips that a way goes through before the next has its turn.
TURN = 4


def places(tar: Path) -> list[tuple[Path, int, int]]:
    """Find the videos in a tar: their offsets and sizes."""
    with tarfile.open(tar, "r:") as archive:
        return [(tar, member.offset_data, member.size) for member in archive if member.name.endswith(".mp4")]


def plain(tar: Path, offset: int, size: int) -> int:
    """Decode every frame to RGB; give their number."""
    count = 0
    with open(tar, "rb") as file:
        file.seek(offset)
        video = file.read(size)
    with av.open(io.BytesIO(video)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for frame in container.decode(stream):
            frame.to_ndarray(format="rgb24", threads=1)
            count += 1
    return count


def main() -> None:
    """Print a row for each way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="folder of a built set")
    parser.add_argument("--clips", type=int, default=20)
    parser.add_argument("--size", type=int, nargs=2, default=(512, 320), metavar=("W", "H"), help="of the resized row")
    args = parser.parse_args()
    torch.set_num_threads(1)

    whole = Sampling(start="first")
    size = (args.size[0], args.size[1])
    samplings = {
        "loader, no rays": whole,
        "loader, a ray for 8 x 8 pixels": replace(whole, rays=8),
        "loader, a ray for each pixel": replace(whole, rays=1),
        "loader, as float from -1 to 1": replace(whole, pixels="signed"),
        f"loader, resized to {size[0]} x {size[1]}": replace(whole, size=size),
        "loader, every 4th frame": replace(whole, stride=4),
    }
    tables = {name: ClipTable(args.root, sampling=sampling) for name, sampling in samplings.items()}
    tars = sorted((args.root / "webdataset").glob("train-*.tar"))
    videos = [place for tar in tars for place in places(tar)][: args.clips]

    def loaded(name: str, clip: int) -> int:
        return len(tables[name][clip]["frames"])

    base = "plain PyAV"
    ways: dict[str, Callable[[int], int]] = {base: lambda clip: plain(*videos[clip])}
    ways |= {name: lambda clip, name=name: loaded(name, clip) for name in samplings}
    frames = ways[base](0)
    wall: dict[str, list[float]] = {name: [] for name in ways}
    work: dict[str, list[float]] = {name: [] for name in ways}
    for first in range(0, len(videos) - TURN + 1, TURN):
        for name, way in ways.items():
            for clip in range(first, first + TURN):
                began, worked = time.perf_counter(), time.process_time()
                way(clip)
                spent = time.perf_counter() - began, time.process_time() - worked
                if clip > first:
                    wall[name].append(spent[0] / frames)
                    work[name].append(spent[1] / frames)
    print(f"{len(wall[base])} clips of {frames} frames; frames of the videos gone through, and the ratio to plain PyAV")
    print(f"{'':34}  per CPU second  ratio      per second  ratio")
    for name in ways:
        cells = []
        for spent in (work, wall):
            ratio = statistics.median(a / b for a, b in zip(spent[base], spent[name], strict=True))
            cells.append(f"{1 / statistics.median(spent[name]):14.0f}  {ratio:5.2f}")
        print(f"{name:34}  {'  '.join(cells)}")


if __name__ == "__main__":
    main()
