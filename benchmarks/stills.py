"""Look at the scene families: stills of several scenes of each, in one picture.

    python benchmarks/stills.py docs/figures/families.png

848 x 480 pixels, spacing 1.0 px; every scene is sampled for the paths of its own clips, and shown as the first of
them begin.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from camera_motion.builder.plan import plan
from camera_motion.generator.clip import Camera, Stage
from camera_motion.generator.effects import finish
from camera_motion.schema.parse import parse

WIDTH, HEIGHT = 848, 480
FAMILIES = ("courtyard", "interior")
PER_SCENE = 2


def stills(family: str, scenes: int, seed: int) -> list[UInt8[np.ndarray, "H W 3"]]:
    """Render the first frame of two clips in each of `scenes` scenes of a family."""
    clips = scenes * PER_SCENE
    spec = parse(
        {
            "name": "stills",
            "seed": seed,
            "clips": clips,
            "clips_per_scene": PER_SCENE,
            "shard_clips": clips,
            "video": {"width": WIDTH, "height": HEIGHT, "frames": 25, "fps": 24},
            "scenes": {"families": {family: 1}},
            "moves": [{"move": "arc", "speeds": ["regular"]}, {"move": "dolly", "speeds": ["regular"]}],
            "render": {"spacing_px": 1.0},
        }
    )
    out = []
    for scene_plan in plan(spec).shard(0).scenes:
        stage = Stage(spec, scene_plan)
        shots = [shot for shot, _ in stage.shots.values() if shot]
        camera = Camera(spec, stage.sample(shots), 2)
        for shot in shots:
            path = shot.trajectory
            frame = camera.renderer.render(path.camera_from_world[0], path.intrinsics[0])
            out.append(finish(frame.rgb, frame.alpha, camera.look(shot)))
    return out


def main() -> None:
    """Write the picture: a row a scene, families side by side."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scenes", type=int, default=3, help="of each family")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--scale", type=float, default=0.5, help="of the picture that is written")
    args = parser.parse_args()
    rows = zip(*(stills(family, args.scenes, args.seed) for family in FAMILIES), strict=True)
    picture = np.vstack([np.hstack(row) for row in rows])
    small = cv2.resize(picture, None, fx=args.scale, fy=args.scale, interpolation=cv2.INTER_AREA)
    cv2.imwrite(str(args.out), small[..., ::-1])


if __name__ == "__main__":
    main()
