"""Batches to train on: frames, Plücker rays relative to the first frame, and captions, from a stream of tars.

Run: python examples/batches.py demo
"""

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

from camera_motion import CameraMotion
from camera_motion.evaluation.decode import decode
from camera_motion.schema.camera import Trajectory, invert, plucker_rays

FRAMES, STRIDE = 8, 1


class Clips(IterableDataset[dict[str, Any]]):
    """Rows of a set as tensors; workers share its tars out."""

    def __init__(self, folder: str, split: str) -> None:
        self.rows = CameraMotion.stream(folder, split).shuffle(seed=0, buffer_size=64)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in self.rows:
            frames = decode(row["video"]["bytes"])[: FRAMES * STRIDE : STRIDE]
            w2c = np.asarray(row["camera_extrinsics"], dtype=np.float64)[: FRAMES * STRIDE : STRIDE]
            lens = np.asarray(row["camera_intrinsics"], dtype=np.float64)[: FRAMES * STRIDE : STRIDE]
            trajectory = Trajectory(invert(w2c), lens, row["fps"])
            rays = plucker_rays(trajectory, width=row["width"] // 8, height=row["height"] // 8)
            yield {
                "video": torch.from_numpy(frames).permute(3, 0, 1, 2) / 127.5 - 1.0,  # [3, T, H, W] in -1..1
                "rays": torch.from_numpy(rays).permute(3, 0, 1, 2).float(),  # [6, T, H/8, W/8]
                "caption": row["short_caption"],
            }


if __name__ == "__main__":
    folder = sys.argv[1] if len(sys.argv) > 1 else "demo"
    for batch in DataLoader(Clips(folder, "train"), batch_size=2, num_workers=2):
        print(tuple(batch["video"].shape), tuple(batch["rays"].shape), batch["caption"][0])
