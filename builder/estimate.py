"""How long a set takes, how large it gets and what it costs, from what was measured: here before, or as named below."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from camera_motion.builder.store import Store
from camera_motion.cards.spelling import spell_bytes, spell_money, spell_s
from camera_motion.generator.identity import identity_of, resolve
from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Receipt
from camera_motion.schema.spec import Spec

#: Core-seconds and bytes, fitted to builds of 256 x 256, 512 x 320 and 832 x 480 with splats 3.0 and 1.3 px apart on
#: one core of an x86 server with AVX-512. Scenes, clips and frames cost a part that does not depend on the picture and
#: one that grows with its pixels; x265 and ffv1 sizes are rules of thumb.
REFERENCE_PIXELS = 512 * 320
SCENE_FIXED_S, SCENE_S = 1.5, 4.5
CLIP_S, FRAME_FIXED_S, FRAME_S = 0.6, 0.012, 0.045
#: Bytes of a pixel: what the first frame takes more than the others, and every frame.
BYTES_PER_PIXEL = {"h264": (0.7, 0.0265), "h265": (0.42, 0.016), "ffv1": (0.0, 1.2)}
ARRAYS_BYTES = 50_000

#: Candidates per clip that the gate refuses; those that find no place cost next to nothing.
REFUSED = 0.03

#: Two threads of one core get more done together than one alone, but less than twice as much, and clouds sell threads
#: as cores: 240 clips of `standard` took this much longer with both at work.
SHARED_CORE = 1.4

#: What a new installation compiles before its first clip.
COMPILE_S = 30.0


@dataclass(frozen=True)
class Estimate:
    """What building a spec takes: `work_s` of cores, `wall_s` with `workers`, the size of the tars.

    `cpu_h` and `gpu_h` are the hours for which workers hold cores and GPUs. `measured_clips` are those of the receipts
    that it comes from, 0 where there are none; `peak_bytes` is the most memory that one of their workers held.
    """

    clips: int
    scenes: int
    shards: int
    work_s: float
    wall_s: float
    tar_bytes: float
    workers: int
    cpu_h: float
    gpu_h: float
    measured_clips: int
    peak_bytes: int = 0

    def lines(self, cpu_price: float | None = None, gpu_price: float | None = None) -> list[str]:
        """Put it into words; with a price for an hour of a core or of a GPU, also what it costs."""
        wall, size = spell_s(self.wall_s), spell_bytes(self.tar_bytes)
        held = f"{_hours(self.cpu_h)} core-hours" + (f", {_hours(self.gpu_h)} GPU-hours" if self.gpu_h else "")
        crew = f"{self.workers} worker{'s' if self.workers > 1 else ''}"
        said = [
            f"{self.clips} clips in {self.scenes} scenes: about {wall} with {crew}, {held}, "
            f"{size} in {self.shards} shards"
        ]
        if cpu_price is not None or gpu_price is not None:
            money = spell_money(priced(self.cpu_h, self.gpu_h, cpu_price or 0.0, gpu_price or 0.0))
            unknown = (
                "cores" if cpu_price is None and self.cpu_h else "GPUs" if gpu_price is None and self.gpu_h else ""
            )
            without = f" without the {unknown}, whose price is not given" if unknown else ""
            said.append(f"about {money} for computing{without}; storage, traffic and machines that wait come on top")
        if self.measured_clips:
            memory = f", with at most {spell_bytes(self.peak_bytes)} of memory a worker" if self.peak_bytes else ""
            said.append(f"from the receipts of {self.measured_clips} clips of this set{memory}")
        else:
            said.append(
                "reference figures of the CPU renderer on shared cores of a cloud server, compiling included: "
                "yours may take half or twice as long"
            )
            said.append("for a GPU, or to know better, build a few shards of it and name their folder or URL by --out")
        return said


def estimate(spec: Spec, workers: int, receipts: Sequence[Receipt] = ()) -> Estimate:
    """Estimate a spec's cost; `receipts` of the same set, where there are some, count more than any reference.

    Receipts speak for workers that hold what theirs held. The reference is of the CPU renderer, a core a worker.
    """
    shards = spec.clips // spec.shard_clips
    measured = sum(len(receipt.keys) for receipt in receipts)
    if measured:
        more = spec.clips / measured
        work_s = more * sum(receipt.timings_s.get("work", 0.0) for receipt in receipts)
        busy_s = more * sum(receipt.timings_s.get("wall", 0.0) for receipt in receipts)
        cpu_h, gpu_h = (more * hours for hours in held_h(receipts))
        tar_bytes = more * sum(receipt.tar_bytes for receipt in receipts)
        once_s = 0.0
    else:
        work_s = busy_s = SHARED_CORE * (_samplings(spec) * _scene_s(spec) + (1 + REFUSED) * spec.clips * _clip_s(spec))
        cpu_h, gpu_h = work_s / 3600, 0.0
        tar_bytes = spec.clips * _clip_bytes(spec)
        once_s = COMPILE_S
    return Estimate(
        clips=spec.clips,
        scenes=-(-spec.clips // spec.clips_per_scene),
        shards=shards,
        work_s=work_s,
        # The last shards run while other workers have none left; here, cores that outnumber shards become threads.
        wall_s=once_s + busy_s * (-(-shards // workers) / shards if measured or shards >= workers else 1 / workers),
        tar_bytes=tar_bytes,
        workers=workers,
        cpu_h=cpu_h,
        gpu_h=gpu_h,
        measured_clips=measured,
        peak_bytes=max((receipt.peak_bytes for receipt in receipts), default=0),
    )


#: Receipts that tell enough: more would only take longer to read.
ENOUGH = 1000


def receipts_of(spec: Spec, out: Path | str) -> list[Receipt]:
    """Read receipts of the set in `out`, begun as `spec` or with another number of clips, `ENOUGH` at most.

    Raises:
        SpecError: there are none.
    """
    store = Store(out)
    wanted = identity_of(resolve(spec, store.read_spec()))
    names = sorted(store.receipt_sizes())
    found = store.read_receipts(names[:: -(-len(names) // ENOUGH) or 1])
    if receipts := [receipt for receipt in found.values() if receipt.identity == wanted]:
        return receipts
    raise SpecError(
        f"{out} holds no receipt of set {wanted} (its own is {store.read_identity()}); build a few shards of it there "
        "first, or leave out --out"
    )


def held_h(receipts: Iterable[Receipt]) -> tuple[float, float]:
    """Add up the core-hours and the GPU-hours that workers held while they made these shards.

    Failed tries and idle machines are not in receipts, and so not in it.
    """
    cpu_h = gpu_h = 0.0
    for receipt in receipts:
        wall_h = receipt.timings_s.get("wall", 0.0) / 3600
        cpu_h += wall_h * receipt.cpus
        gpu_h += wall_h * receipt.gpus
    return cpu_h, gpu_h


def priced(cpu_h: float, gpu_h: float, cpu_price: float, gpu_price: float) -> float:
    """Say what hours of cores and GPUs cost.

    Raises:
        SpecError: a price is negative or not a number.
    """
    check_price("--cpu-price", cpu_price)
    check_price("--gpu-price", gpu_price)
    return cpu_h * cpu_price + gpu_h * gpu_price


def check_price(option: str, price: float) -> float:
    """Check a price per hour.

    Raises:
        SpecError: it is negative or not a number.
    """
    if not 0 <= price < math.inf:
        raise SpecError(f"{option} is {price:g}; it must be a number of 0 or more, for an hour")
    return price


def _hours(hours: float) -> str:
    return f"{hours:.3g}" if hours < 1000 else f"{hours:.0f}"


def _samplings(spec: Spec) -> float:
    """Count how often a scene is made of splats: in every shard that films in it, and for every replacement."""
    return -(-spec.clips // min(spec.clips_per_scene, spec.shard_clips)) + REFUSED * spec.clips


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
    first, rate = BYTES_PER_PIXEL[spec.encode.codec]
    # x264's scale: six steps of crf halve or double the size
    quality = 1.0 if spec.encode.codec == "ffv1" else math.pow(2, (18 - spec.encode.crf) / 6)
    return ARRAYS_BYTES + quality * video.width * video.height * (first + rate * video.frames)
