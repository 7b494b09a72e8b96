"""Film a scene plan: place its moves, sample its splats once for all of them, render, encode, and prove each clip.

A clip comes from the first candidate of its own seed that passes: candidates differ in their random stream alone, so
which one it is depends on nothing but the spec and the plan.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Literal, TypeVar

import cv2
import numpy as np
from jaxtyping import UInt8
from threadpoolctl import threadpool_limits

from camera_motion.evaluation import gate
from camera_motion.evaluation.quality import quality
from camera_motion.generator import captions, sources
from camera_motion.generator.annotate import record
from camera_motion.generator.encode import encode
from camera_motion.generator.exposure import meter
from camera_motion.generator.identity import GENERATOR_VERSION, identity_of, resolve
from camera_motion.generator.place import Shot, VideoShape, place
from camera_motion.generator.render.renderer import Renderer, open_renderer
from camera_motion.generator.seeds import stream
from camera_motion.generator.splats import SOLID, GaussianScene, Look
from camera_motion.generator.stopwatch import Stopwatch
from camera_motion.schema.base import Rejected
from camera_motion.schema.clip import Checks, FilmedClip, Quality, Rejection, Spent
from camera_motion.schema.plan import ClipPlan, ScenePlan
from camera_motion.schema.spec import Spec, portable

#: Clips in flight at a time, whatever the number of threads: each takes some hundred megabytes.
MOST_IN_FLIGHT = 32

#: Clips of a scene that are placed and sampled together. With splats dense enough for 1,000 paths at once, a frame took
#: the CPU six times as long as for 20.
TOGETHER = 50

T = TypeVar("T")
R = TypeVar("R")


def film(
    spec: Spec, scene_plan: ScenePlan, clip_indices: Sequence[int], threads: int = 1
) -> Iterator[FilmedClip | Rejection | Spent]:
    """Film the clips of `scene_plan` whose index is in `clip_indices`, up to `threads` of them at a time.

    The scene is sampled for the paths of *all* these clips and for their opposites, so that the density of its splats
    does not tell in frame 0 which way a camera will go; where they are very many, in groups (`together`). Of a group,
    first candidates come in the clips' order, then replacements: each is filmed in a scene sampled for its own path and
    opposite. A clip none of whose candidates passes ends in its last `Rejection`. At the end it is said where the time
    went.

    Raises:
        SpecError: the scene of the spec cannot be had (an unreadable splat file, say), or CUDA is asked for and cannot
            be used.
    """
    spec, watch, wanted = resolve(spec), Stopwatch(), frozenset(clip_indices)
    with threadpool_limits(1), _one_opencv_thread():
        for clips in together([clip for clip in scene_plan.clips if clip.index in wanted]):
            yield from _film_together(spec, scene_plan, clips, threads, watch)
    yield Spent(watch.spent_s)


def together(clips: Sequence[ClipPlan]) -> Iterator[Sequence[ClipPlan]]:
    """Group the clips that a shard has of a scene into those that are placed and sampled together."""
    return (clips[start : start + TOGETHER] for start in range(0, len(clips), TOGETHER))


def _film_together(
    spec: Spec, scene_plan: ScenePlan, clips: Sequence[ClipPlan], threads: int, watch: Stopwatch
) -> Iterator[FilmedClip | Rejection]:
    """Film a group of clips: their first candidates in one scene, then replacements for those that were refused."""
    with watch.step("place"):
        stage = Stage(spec, scene_plan, clips)
    refused = list[tuple[ClipPlan, int]]()
    for clip, result in _first_takes(stage, clips, threads, watch):
        misses = stage.shots[clip.index][1]
        yield from misses
        if result is not None:
            yield result
        if isinstance(result, Rejection):
            refused.append((clip, len(misses) + 1))
    for clip, attempt in refused:
        yield from _replacements(stage, clip, attempt, threads, watch)


def _first_takes(
    stage: "Stage", clips: Sequence[ClipPlan], threads: int, watch: Stopwatch
) -> Iterator[tuple[ClipPlan, FilmedClip | Rejection | None]]:
    """Film the first candidate of each clip that could be placed (None for those that could not), in one scene."""
    if not any(stage.shots[clip.index][0] for clip in clips):
        yield from ((clip, None) for clip in clips)
        return
    lanes = min(threads, len(clips), MOST_IN_FLIGHT)
    with watch.step("sample"):
        scene = stage.sample([shot for shot, _ in stage.shots.values() if shot], threads)
        camera = Camera(stage.spec, scene, max(1, threads // lanes))

    def take(clip: ClipPlan) -> tuple[ClipPlan, FilmedClip | Rejection | None]:
        shot, misses = stage.shots[clip.index]
        return clip, shoot(stage, clip, len(misses), shot, camera, watch) if shot else None

    yield from side_by_side(take, clips, lanes, camera.stopped)


def _replacements(
    stage: "Stage", clip: ClipPlan, attempt: int, threads: int, watch: Stopwatch
) -> Iterator[FilmedClip | Rejection]:
    """Try a clip's candidates from number `attempt` on, each in a scene of its own, until one passes."""
    result: FilmedClip | Rejection | None = None
    while not isinstance(result, FilmedClip):
        with watch.step("place"):
            shot, misses = stage.next_shot(clip, attempt)
        yield from misses
        if shot is None:
            return
        with watch.step("sample"):
            camera = Camera(stage.spec, stage.sample([shot], threads), threads)
        result = shoot(stage, clip, attempt + len(misses), shot, camera, watch)
        attempt += len(misses) + 1
        yield result


def side_by_side(work: Callable[[T], R], items: Iterable[T], lanes: int, stopped: threading.Event) -> Iterator[R]:
    """Do `work` on every item, `lanes` at a time, and give the results in the order of the items.

    No more than `lanes` results wait for their turn. `stopped` is set at the end, or when the iterator is closed.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(lanes) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > lanes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            stopped.set()
            pool.shutdown(wait=False, cancel_futures=True)


class Stage:
    """A scene of the plan and where its cameras go, before it is made of splats.

    `clips` are those that are filmed together, all of the scene's unless given. `shots` holds, for each of them by
    index, the first candidate that could be placed (or None) and those before it.
    """

    def __init__(self, spec: Spec, scene_plan: ScenePlan, clips: Sequence[ClipPlan] | None = None) -> None:
        self.spec, self.plan = spec, scene_plan
        self._video = VideoShape(spec.video.width, spec.video.height, spec.video.frames, spec.video.fps)
        self.source = sources.open_source(spec, scene_plan)
        self.shots = {clip.index: self.next_shot(clip, 0) for clip in (scene_plan.clips if clips is None else clips)}

    def next_shot(self, clip: ClipPlan, attempt: int) -> tuple[Shot | None, list[Rejection]]:
        """Place the first of a clip's candidates, from number `attempt` on, that its scene allows."""
        misses: list[Rejection] = []
        for number in range(attempt, self.spec.gate.max_candidates):
            try:
                rng = stream(clip.seed, "candidate", number)
                return place(self.source.geometry, clip.request, self._video, rng), misses
            except Rejected as rejected:
                misses.append(Rejection(clip.key, number, str(rejected)))
        return None, misses

    def sample(self, shots: Sequence[Shot], threads: int = 1) -> GaussianScene:
        """Make the scene of splats, dense enough for these shots and their opposites."""
        views = [view for shot in shots for view in (shot.trajectory, shot.opposite)]
        width, height = render_size(self.spec)
        return self.source.sample(views, width, height, self.spec.render.spacing_px, threads)


def render_size(spec: Spec) -> tuple[int, int]:
    """Width and height of rendered frames, before they are scaled down to the video's."""
    scale = spec.render.supersample
    return round(spec.video.width * scale), round(spec.video.height * scale)


class Camera:
    """A scene of splats with the renderer for it, so that all clips of a scene share one.

    `threads` are those that the CPU renderer uses for one clip. Once `stopped` is set, no more pictures are made.
    """

    def __init__(self, spec: Spec, scene: GaussianScene, threads: int) -> None:
        self.scene = scene
        name: Literal["cpu", "cuda"] = "cuda" if resolve(spec).render.renderer == "cuda" else "cpu"
        self.renderer = open_renderer(name, scene, *render_size(spec), threads)
        self.stopped = threading.Event()

    def look(self, shot: Shot) -> Look:
        """Expose the scene's look for this shot (`generator.exposure`)."""
        look = self.scene.look
        if look.transfer != "linear":
            return look
        last = len(shot.trajectory) - 1
        views = ((shot.trajectory, [0, last]), (shot.opposite, [last]))
        pictures = [frame.rgb for path, frames in views for frame in self.renderer.render_clip(path, frames)]
        return replace(look, exposure=meter(pictures, look.exposure))

    def pictures(self, shot: Shot, look: Look, holes: list[float]) -> Iterator[UInt8[np.ndarray, "H W 3"]]:
        """Render and finish every frame in order, and note the share of each that no splat covers.

        Raises:
            CancelledError: nobody waits for them any more.
        """
        for picture, uncovered in self.renderer.film(shot.trajectory, look):
            if self.stopped.is_set():
                raise CancelledError
            holes.append(uncovered)
            yield picture


def shoot(
    stage: Stage,
    clip: ClipPlan,
    attempt: int,
    shot: Shot,
    camera: Camera,
    watch: Stopwatch,
) -> FilmedClip | Rejection:
    """Render, encode and prove one shot; reject it where the decoded video disagrees with the annotation."""
    spec = stage.spec
    shape, settings = spec.video, spec.encode
    holes: list[float] = []
    with watch.step("render"):
        look = camera.look(shot)
    with watch.step("encode"):
        frames = watch.each("render", camera.pictures(shot, look, holes))
        video = encode(
            frames,
            shape.width,
            shape.height,
            shape.fps,
            settings.codec,
            settings.crf,
            settings.preset,
            settings.encoder,
        )
    with watch.step("render"):
        views = clip_views(camera.renderer, shot)
    with watch.step("gate"):
        proof = gate.prove(video, shot.trajectory, views)
    if not proof.verdict.passed:
        return Rejection(clip.key, attempt, f"gate: {'; '.join(proof.verdict.reasons)}")
    with watch.step("annotate"):
        checks = Checks(**proof.verdict.checks(), holes=float(np.mean(holes)))
        words = captions.write(stage.source.geometry.description, shot.motion, "none", stream(clip.seed, "captions"))
        provenance = {
            "generator": GENERATOR_VERSION,
            "candidate": attempt,
            "request": asdict(clip.request),
            "move": shot.params,
            "scene": stage.source.provenance,
            "scene_seed": stage.plan.seed,
            "exposure": look.exposure,
        }
        annotation = record(
            spec,
            identity_of(spec),
            stage.plan,
            clip,
            shot,
            words,
            checks,
            Quality(**quality(video)),
            portable(provenance, spec.base),
        )
    intrinsics = shot.trajectory.intrinsics.astype(np.float32)
    return FilmedClip(annotation, video, shot.trajectory.camera_from_world, intrinsics, proof.tracks)


def clip_views(renderer: Renderer, shot: Shot) -> dict[int, gate.GateView]:
    """Depth and trust of the frames that the gate asks for."""
    wanted = gate.frames(len(shot.trajectory))
    rendered = renderer.render_clip(shot.trajectory, wanted, classes=True)
    views = {}
    for number, frame in zip(wanted, rendered, strict=True):
        assert frame.classes is not None
        views[number] = gate.GateView(frame.depth_m, frame.classes[..., SOLID].copy())  # without the other classes
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
