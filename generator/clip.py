"""Film a scene plan: place its moves, sample its splats once for all of them, render, encode, and prove each clip.

A clip comes from the first candidate of its own seed that passes: candidates differ in their random stream alone, so
which one it is depends on nothing but the spec and the plan.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace

import cv2
import numpy as np
from jaxtyping import UInt8
from threadpoolctl import threadpool_limits

from camera_motion.evaluation import gate
from camera_motion.evaluation.quality import quality
from camera_motion.generator import captions, sources
from camera_motion.generator.annotate import record
from camera_motion.generator.effects import finish
from camera_motion.generator.encode import encode
from camera_motion.generator.exposure import meter
from camera_motion.generator.identity import GENERATOR_VERSION, identity_of
from camera_motion.generator.place import Shot, VideoShape, place
from camera_motion.generator.render.cpu import CpuRenderer
from camera_motion.generator.seeds import stream
from camera_motion.generator.splats import SOLID, GaussianScene, Look
from camera_motion.schema.base import Rejected
from camera_motion.schema.clip import Checks, FilmedClip, Quality, Rejection
from camera_motion.schema.plan import ClipPlan, ScenePlan
from camera_motion.schema.spec import Spec, portable

log = logging.getLogger(__name__)


def film(
    spec: Spec, scene_plan: ScenePlan, clip_indices: Sequence[int], threads: int = 1
) -> Iterator[FilmedClip | Rejection]:
    """Film the clips of `scene_plan` whose index is in `clip_indices`, in their order.

    The scene is sampled for the paths of *all* its clips and for their opposites, so that the density of its splats
    does not tell in frame 0 which way a camera will go. A candidate that replaces a rejected one is filmed in a scene
    sampled for its own path and opposite. A clip none of whose candidates passes ends in its last `Rejection`.

    Raises:
        SpecError: the scene of the spec cannot be had (an unreadable splat file, say).
    """
    with threadpool_limits(1), _one_opencv_thread():
        stage = Stage(spec, scene_plan)
        shared: Camera | None = None
        for clip in (c for c in scene_plan.clips if c.index in clip_indices):
            shot, misses = stage.shots[clip.index]
            yield from misses
            attempt = len(misses)
            while shot is not None:
                if attempt == len(misses):
                    planned = [first for first, _ in stage.shots.values() if first]
                    camera = shared = shared or Camera(spec, stage.sample(planned), threads)
                else:
                    camera = Camera(spec, stage.sample([shot]), threads)
                try:
                    yield shoot(spec, scene_plan, clip, attempt, stage, shot, camera)
                    break
                except Rejected as rejected:
                    yield Rejection(clip.key, attempt, str(rejected))
                shot, more = stage.next_shot(clip, attempt + 1)
                yield from more
                attempt += 1 + len(more)


class Stage:
    """A scene of the plan and where its cameras go, before it is made of splats.

    `shots` holds, for each clip by index, the first candidate that could be placed (or None) and those before it.
    """

    def __init__(self, spec: Spec, scene_plan: ScenePlan) -> None:
        self._spec = spec
        self._video = VideoShape(spec.video.width, spec.video.height, spec.video.frames, spec.video.fps)
        self.source = sources.open_source(spec, scene_plan)
        self.shots = {clip.index: self.next_shot(clip, 0) for clip in scene_plan.clips}

    def next_shot(self, clip: ClipPlan, attempt: int) -> tuple[Shot | None, list[Rejection]]:
        """Place the first of a clip's candidates, from number `attempt` on, that its scene allows."""
        misses: list[Rejection] = []
        for number in range(attempt, self._spec.gate.max_candidates):
            try:
                rng = stream(clip.seed, "candidate", number)
                return place(self.source.geometry, clip.request, self._video, rng), misses
            except Rejected as rejected:
                misses.append(Rejection(clip.key, number, str(rejected)))
        return None, misses

    def sample(self, shots: Sequence[Shot]) -> GaussianScene:
        """Make the scene of splats, dense enough for these shots and their opposites."""
        views = [view for shot in shots for view in (shot.trajectory, shot.opposite)]
        width, height = render_size(self._spec)
        return self.source.sample(views, width, height, self._spec.render.spacing_px)


def render_size(spec: Spec) -> tuple[int, int]:
    """Width and height of rendered frames, before they are scaled down to the video's."""
    scale = spec.render.supersample
    return round(spec.video.width * scale), round(spec.video.height * scale)


class Camera:
    """A scene of splats with the renderer for it, so that all clips of a scene share one."""

    def __init__(self, spec: Spec, scene: GaussianScene, threads: int) -> None:
        self.scene = scene
        self.renderer = CpuRenderer(scene, *render_size(spec), threads=threads)

    def look(self, shot: Shot) -> Look:
        """Expose the scene's look for this shot (`generator.exposure`)."""
        look = self.scene.look
        if look.transfer != "linear":
            return look
        last = len(shot.trajectory) - 1
        views = ((shot.trajectory, [0, last]), (shot.opposite, [last]))
        pictures = [frame.rgb for path, frames in views for frame in self.renderer.render_clip(path, frames)]
        return replace(look, exposure=meter(pictures, look.exposure))


def shoot(
    spec: Spec,
    scene_plan: ScenePlan,
    clip: ClipPlan,
    attempt: int,
    stage: Stage,
    shot: Shot,
    camera: Camera,
) -> FilmedClip:
    """Render, encode and prove one shot.

    Raises:
        Rejected: the decoded video disagrees with the annotation, or says too little.
    """
    look = camera.look(shot)
    holes: list[float] = []
    shape, settings = spec.video, spec.encode
    frames = pictures(camera.renderer, shot, look, holes)
    video = encode(frames, shape.width, shape.height, shape.fps, settings.codec, settings.crf, settings.preset)
    proof = gate.prove(video, shot.trajectory, clip_views(camera.renderer, shot))
    if not proof.verdict.passed:
        raise Rejected(f"gate: {'; '.join(proof.verdict.reasons)}")
    checks = Checks(**proof.verdict.checks(), holes=float(np.mean(holes)))
    words = captions.write(stage.source.geometry.description, shot.motion, "none", stream(clip.seed, "captions"))
    provenance = {
        "generator": GENERATOR_VERSION,
        "candidate": attempt,
        "request": asdict(clip.request),
        "move": shot.params,
        "scene": stage.source.provenance,
        "scene_seed": scene_plan.seed,
        "exposure": look.exposure,
    }
    annotation = record(
        spec,
        identity_of(spec),
        scene_plan,
        clip,
        shot,
        words,
        checks,
        Quality(**quality(video)),
        portable(provenance, spec.base),
    )
    intrinsics = shot.trajectory.intrinsics.astype(np.float32)
    return FilmedClip(annotation, video, shot.trajectory.camera_from_world, intrinsics, proof.tracks)


def pictures(renderer: CpuRenderer, shot: Shot, look: Look, holes: list[float]) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
    """Render and finish every frame in order, and note the share of each that no splat covers."""
    for frame in renderer.render_clip(shot.trajectory, range(len(shot.trajectory))):
        holes.append(float(np.mean(frame.alpha < 0.5)))
        yield finish(frame.rgb, frame.alpha, look)


def clip_views(renderer: CpuRenderer, shot: Shot) -> dict[int, gate.GateView]:
    """Depth and trust of the frames that the gate asks for."""
    wanted = gate.frames(len(shot.trajectory))
    rendered = renderer.render_clip(shot.trajectory, wanted, classes=True)
    views = {}
    for number, frame in zip(wanted, rendered, strict=True):
        assert frame.classes is not None
        views[number] = gate.GateView(frame.depth_m, frame.classes[..., SOLID])
    return views


@contextmanager
def _one_opencv_thread() -> Iterator[None]:
    """Keep OpenCV to one thread, so that equal inputs give equal bytes and workers do not fight for cores."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
