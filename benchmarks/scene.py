"""Core-seconds to build a scene for six clips and their opposites: `python benchmarks/scene.py`.

The first build of each family compiles kernels and is thrown away. Figures are CPU time of the whole process, so that
a busy machine does not change them much.
"""

import time

from rich.console import Console
from rich.table import Table

from camera_motion.generator.place import VideoShape, place
from camera_motion.generator.scenes import FAMILIES
from camera_motion.generator.scenes.sample import sample
from camera_motion.generator.seeds import stream
from camera_motion.schema.base import Rejected
from camera_motion.schema.camera import Trajectory
from camera_motion.schema.plan import MoveRequest

WIDTH, HEIGHT, SPACING_PX = 512, 320, 1.3
MOVES = (("dolly", "in"), ("truck", "left"), ("pan", "right"), ("arc", "left"), ("crane", "up"), ("zoom", "in"))
SEEDS = (1, 2)


def paths(family: str, seed: int) -> list[Trajectory]:
    """Place six moves; returns them with their opposites."""
    module = FAMILIES[family]
    geometry = module.geometry(module.rand(stream(seed, "params")))
    video = VideoShape(WIDTH, HEIGHT, 49, 24)
    out: list[Trajectory] = []
    for index, (move, direction) in enumerate(MOVES):
        for attempt in range(20):
            try:
                shot = place(geometry, MoveRequest(move, direction), video, stream(seed, "shot", index, attempt))
            except Rejected:
                continue
            out += [shot.trajectory, shot.opposite]
            break
    return out


def main() -> None:
    """Build two scenes of each family and print a table."""
    table = Table("family", "seed", "paths", "build s", "sample s", "splats")
    for family, module in FAMILIES.items():
        for repeat, seed in enumerate((SEEDS[0], *SEEDS)):
            views = paths(family, seed)
            start = time.process_time()
            model = module.build(module.rand(stream(seed, "params")))
            built = time.process_time()
            scene = sample(model, views, WIDTH, HEIGHT, SPACING_PX, seed)
            done = time.process_time()
            if repeat:
                cells = (f"{built - start:.2f}", f"{done - built:.2f}", f"{len(scene) / 1e6:.2f} M")
                table.add_row(family, str(seed), str(len(views)), *cells)
    Console().print(table)


if __name__ == "__main__":
    main()
