"""Does frame 0 tell which way the camera will go? A classifier on unseen scenes should do no better than chance.

    python benchmarks/leak.py --clips 408 --cache leak.npz

Renders the first frame of planned clips (pan, truck, dolly; both directions), describes each by its colours and by
where it is sharp (denser splats show as finer texture), and predicts the direction by logistic regression, five-fold
over scenes. Prints the accuracy for each move with its standard error; a constant guess scores the share of the more
frequent direction.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from camera_motion.builder.plan import plan
from camera_motion.generator.clip import Stage
from camera_motion.generator.effects import finish
from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.schema.parse import parse
from camera_motion.schema.spec import Spec

MOVES = {"pan": ("left", "right"), "truck": ("left", "right"), "dolly": ("in", "out")}
PER_SCENE = 8
FOLDS = 5


def spec_of(clips: int, seed: int) -> Spec:
    """Build a spec of pans, trucks and dollies in many scenes; all clips in one shard, so that one is a canary."""
    return parse(
        {
            "name": "leak",
            "seed": seed,
            "clips": clips,
            "clips_per_scene": PER_SCENE,
            "shard_clips": clips,
            "video": {"width": 384, "height": 240, "frames": 49, "fps": 24},
            "moves": [{"move": move} for move in MOVES],
        }
    )


def first_frames(job: tuple[int, int, int]) -> list[tuple[int, int, int, np.ndarray]]:
    """Render (scene, move, direction, frame 0) of every clip in one scene."""
    clips, seed, scene_index = job
    spec = spec_of(clips, seed)
    scene_plan = plan(spec).shard(0).scenes[scene_index]
    stage = Stage(spec, scene_plan)
    shots = {clip.index: stage.shots[clip.index][0] for clip in scene_plan.clips}
    scene = stage.sample([shot for shot in shots.values() if shot])
    renderer = CpuRenderer(scene, spec.video.width, spec.video.height)
    out = []
    for clip in scene_plan.clips:
        shot = shots[clip.index]
        if shot is None or clip.request.move not in MOVES:
            continue
        path = shot.trajectory
        frame = renderer.render(path.camera_from_world[0], path.intrinsics[0])
        move = list(MOVES).index(clip.request.move)
        direction = MOVES[clip.request.move].index(clip.request.direction)
        out.append((scene_index, move, direction, finish(frame.rgb, frame.alpha, scene.look)))
    return out


def features(frame: np.ndarray) -> np.ndarray:
    """Describe a frame: colours on a 24 x 15 grid, and the log of its local sharpness on the same grid."""
    small = cv2.resize(frame, (24, 15), interpolation=cv2.INTER_AREA).astype(np.float64).ravel() / 64
    grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
    detail = [np.abs(cv2.Laplacian(grey, cv2.CV_32F)), np.abs(grey - cv2.GaussianBlur(grey, (0, 0), 2))]
    maps = [np.log1p(cv2.resize(d, (24, 15), interpolation=cv2.INTER_AREA)).astype(np.float64).ravel() for d in detail]
    return np.concatenate([small, *maps])


def accuracy(x: np.ndarray, y: np.ndarray, scenes: np.ndarray) -> float:
    """Score logistic regression on the 40 leading principal components, five-fold, no scene in both parts."""
    right = 0
    for fold in range(FOLDS):
        test = scenes % FOLDS == fold
        mean = x[~test].mean(0)
        _, s, axes = np.linalg.svd(x[~test] - mean, full_matrices=False)
        keep = min(40, len(s))
        scale = s[:keep] / np.sqrt(len(s))
        train_x, test_x = ((x[part] - mean) @ axes[:keep].T / scale for part in (~test, test))
        weights, bias = np.zeros(keep), 0.0
        target = y[~test] * 2.0 - 1.0
        for _ in range(400):
            pull = target / (1 + np.exp(target * (train_x @ weights + bias))) / len(target)
            weights += 0.5 * (train_x.T @ pull - 0.02 * weights)
            bias += 0.5 * pull.sum()
        right += int(((test_x @ weights + bias > 0) == (y[test] == 1)).sum())
    return right / len(y)


def main() -> None:
    """Render or reload the frames, then print one line a move."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=408, help=f"a multiple of {PER_SCENE}")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=Path("leak.npz"), help="frames are kept here")
    args = parser.parse_args()
    if not args.cache.exists():
        jobs = [(args.clips, args.seed, i) for i in range(args.clips // PER_SCENE)]
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            rows = [row for rows in pool.map(first_frames, jobs) for row in rows]
        scene, move, direction, frames = (np.array(column) for column in zip(*rows, strict=True))
        np.savez_compressed(args.cache, scene=scene, move=move, direction=direction, frames=frames)
    data = np.load(args.cache, allow_pickle=False)
    x = np.stack([features(frame) for frame in data["frames"]])
    for number, move in enumerate(MOVES):
        of = data["move"] == number
        y = data["direction"][of]
        score = accuracy(x[of], y, data["scene"][of])
        base, error = max(y.mean(), 1 - y.mean()), 0.5 / np.sqrt(of.sum())
        print(f"{move:6s} {of.sum():4d} clips  accuracy {score:.3f} +- {error:.3f}  constant guess {base:.3f}")


if __name__ == "__main__":
    main()
