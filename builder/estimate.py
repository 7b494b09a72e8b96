"""How long a set takes and how large it gets, from what was measured: here before, or on the machine named below."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Receipt
from camera_motion.schema.spec import Spec

#: Core-seconds and bytes, fitted to builds of 256 x 256, 512 x 320 and 832 x 480 with splats 3.0 and 1.3 px apart on
#: one core of an x86 server with AVX-512. Scenes, clips and frames cost a part that does not depend on the picture and
#: one that grows with its pixels; x265 and ffv1 sizes are rules of thumb.
REFERENCE_PIXELS = 512 * 320
SCENE_FIXED_S, SCENE_S = 1.5, 4.5
CLIP_S, FRAME_FIXED_S, FRAME_S = 0.6, 0.012, 0.045
BYTES_PER_PIXEL = {"h264": 0.037, "h265": 0.022, "ffv1": 1.2}
ARRAYS_BYTES = 50_000

#: Candidates filmed per clip; those that find no place cost next to nothing.
CANDIDATES = 1.03


@dataclass(frozen=True)
class Estimate:
    """What building a spec takes: `work_s` of one core, `wall_s` with `workers`, and the size of the tars."""

    clips: int
    scenes: int
    work_s: float
    wall_s: float
    tar_bytes: float
    workers: int
    measured_clips: int

    def lines(self) -> list[str]:
        """Put it into words."""
        from camera_motion.builder.progress import spell_bytes, spell_s

        basis = f"from {self.measured_clips} clips of this set" if self.measured_clips else "from reference figures"
        return [
            f"{self.clips} clips in {self.scenes} scenes: about {spell_s(self.wall_s)} with {self.workers} workers "
            f"({spell_s(self.work_s)} of work), {spell_bytes(self.tar_bytes)} ({basis})"
        ]


def estimate(spec: Spec, workers: int, receipts: Sequence[Receipt] = ()) -> Estimate:
    """Estimate a spec's cost; `receipts` of the same set, where there are some, count more than any reference."""
    scenes = -(-spec.clips // spec.clips_per_scene)
    measured = sum(len(receipt.keys) for receipt in receipts)
    if measured:
        work_s = spec.clips * sum(receipt.timings_s.get("work", 0.0) for receipt in receipts) / measured
        tar_bytes = spec.clips * sum(receipt.tar_bytes for receipt in receipts) / measured
    else:
        work_s = scenes * _scene_s(spec) + spec.clips * CANDIDATES * _clip_s(spec)
        tar_bytes = spec.clips * _clip_bytes(spec)
    # The last shards run while other workers have none left.
    shards = spec.clips // spec.shard_clips
    rounds = -(-shards // workers)
    wall_s = max(work_s / workers, work_s / shards * rounds if shards >= workers else 0.0)
    return Estimate(spec.clips, scenes, work_s, wall_s, tar_bytes, workers, measured)


def held_h(receipts: Iterable[Receipt]) -> tuple[float, float]:
    """Add up the core-hours and the GPU-hours that workers held while they made these shards."""
    cpu_h = gpu_h = 0.0
    for receipt in receipts:
        wall_h = receipt.timings_s.get("wall", 0.0) / 3600
        cpu_h += wall_h * receipt.cpus
        gpu_h += wall_h * receipt.gpus
    return cpu_h, gpu_h


def cost(receipts: Iterable[Receipt], cpu_price: float, gpu_price: float) -> float:
    """Say what these shards cost, at prices per core-hour and per GPU-hour, for as long as workers held them.

    Failed tries, idle machines, storage and traffic are not in receipts, and so not in it.
    """
    cpu_h, gpu_h = held_h(receipts)
    return cpu_h * cpu_price + gpu_h * gpu_price


def check_price(option: str, price: float) -> float:
    """Check a price per hour.

    Raises:
        SpecError: it is negative or not a number.
    """
    if not 0 <= price < math.inf:
        raise SpecError(f"{option} is {price:g}; it must be a number of 0 or more, per hour")
    return price


def _pixels(spec: Spec) -> float:
    """Give the rendered pixels of a frame in units of the reference."""
    return spec.video.width * spec.video.height * spec.render.supersample**2 / REFERENCE_PIXELS


def _scene_s(spec: Spec) -> float:
    return SCENE_FIXED_S + SCENE_S * _pixels(spec) * math.pow(1.3 / spec.render.spacing_px, 1.5)


def _clip_s(spec: Spec) -> float:
    frame_s = FRAME_FIXED_S + FRAME_S * _pixels(spec) * math.pow(1.3 / spec.render.spacing_px, 0.6)
    return CLIP_S + spec.video.frames * frame_s


def _clip_bytes(spec: Spec) -> float:
    video = spec.video
    rate = BYTES_PER_PIXEL[spec.encode.codec]
    if spec.encode.codec != "ffv1":
        rate *= math.pow(2, (18 - spec.encode.crf) / 6)  # x264's scale: six steps of crf halve or double the size
    return ARRAYS_BYTES + rate * video.width * video.height * video.frames
