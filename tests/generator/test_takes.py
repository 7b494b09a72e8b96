"""Filming a scene plan: the same clips in the same order from any number of threads, in a scene that is theirs."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import float64
import numpy as np
import pytest
from test_splat_file import room

from camera_motion.builder.plan import plan
from camera_motion.evaluation import gate
from camera_motion.evaluation.decode import decode
from camera_motion.generator import clip as maker
from camera_motion.generator.clip import film, side_by_side
from camera_motion.generator.ply import write_ply
from camera_motion.generator.render.cuda import CudaRenderer
from camera_motion.generator.splats import GaussianScene
from camera_motion.generator.stopwatch import Stopwatch
from camera_motion.schema.clip import FilmedClip, Rejection, Spent
from camera_motion.schema.parse import parse
from camera_motion.schema.plan import ScenePlan
from camera_motion.schema.spec import Spec

Results = list[FilmedClip | Rejection | Spent]

FIELDS: dict[str, Any] = {
    "name": "flight",
    "seed": 4,
    "clips": 4,
    "clips_per_scene": 4,
    "shard_clips": 2,
    "video": {"width": 192, "height": 128, "frames": 8, "fps": 8},
    "moves": [{"move": "dolly"}, {"move": "truck"}],
    "render": {"spacing_px": 6.0, "renderer": "cpu"},
    "encode": {"encoder": "software"},
    "gate": {"max_candidates": 3},
}
COURTYARD = parse(FIELDS | {"scenes": {"families": {"courtyard": 1}}})


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Spec:
    """A trained scene, which need not be sampled: one scene, four clips, two shards."""
    path = tmp_path_factory.mktemp("scene") / "room.ply"
    write_ply(path, room())
    scenes = {"source": "splat_file", "path": str(path), "up": "+z", "place": "a room", "short": "a room"}
    return parse(FIELDS | {"scenes": scenes})


@pytest.fixture(scope="module")
def scene(spec: Spec) -> ScenePlan:
    return plan(spec).shard(0).scenes[0]


@pytest.fixture(scope="module")
def filmed(spec: Spec, scene: ScenePlan) -> Results:
    return list(film(spec, scene, range(4), 3))


def clips(results: Results) -> dict[str, FilmedClip]:
    return {result.record.key: result for result in results if isinstance(result, FilmedClip)}


def same(one: FilmedClip, other: FilmedClip) -> bool:
    arrays = np.array_equal(one.tracks, other.tracks) and np.array_equal(one.camera_extrinsics, other.camera_extrinsics)
    return arrays and one.video == other.video and one.record == other.record


def test_one_thread_films_the_same_clips_in_the_same_order(spec: Spec, scene: ScenePlan, filmed: Results) -> None:
    one = list(film(spec, scene, range(4), 1))
    assert len(clips(filmed)) == 4
    assert [type(result) for result in one] == [type(result) for result in filmed]
    assert list(clips(one)) == list(clips(filmed))
    assert all(same(clip, clips(one)[key]) for key, clip in clips(filmed).items())


def test_the_cuda_renderer_s_clips_in_flight_are_the_cpu_s(
    spec: Spec, scene: ScenePlan, filmed: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of it but gsplat's kernels, for which a rasteriser in float64 stands in."""

    def on_cpu(name: str, scene: GaussianScene, width: int, height: int, threads: int) -> CudaRenderer:
        return CudaRenderer(scene, width, height, device="cpu", rasterize=float64.rasterization)

    monkeypatch.setattr(maker, "open_renderer", on_cpu)
    made = clips(list(film(spec, scene, range(4), 3)))
    assert list(made) == list(clips(filmed))
    for key, other in clips(filmed).items():
        error = decode(made[key].video).astype(float) - decode(other.video)
        assert np.mean(error**2) < 255**2 / 10**4.5
        assert np.array_equal(made[key].camera_extrinsics, other.camera_extrinsics)


@pytest.mark.gpu
def test_on_a_gpu_clips_in_flight_are_those_filmed_one_by_one(spec: Spec, scene: ScenePlan, filmed: Results) -> None:
    on_gpu = spec.model_copy(update={"render": spec.render.model_copy(update={"renderer": "cuda"})})
    several, one = (clips(list(film(on_gpu, scene, range(4), threads))) for threads in (4, 1))
    assert list(several) == list(one) == list(clips(filmed))
    assert all(same(several[key], one[key]) for key in one)


@pytest.mark.slow
def test_clips_of_other_shards_and_groups_have_no_part_in_a_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = plan(COURTYARD).shard(0).scenes[0]
    assert len(whole.clips) == 4
    fewer = replace(whole, clips=whole.clips[:2])
    beside, alone = (list(film(COURTYARD, scene, range(2), 2)) for scene in (whole, fewer))
    assert len(clips(beside)) == 2
    assert all(same(clip, clips(alone)[key]) for key, clip in clips(beside).items())
    monkeypatch.setattr(maker, "TOGETHER", 2)
    grouped = clips(list(film(COURTYARD, whole, range(3), 2)))
    assert list(grouped) == [clip.key for clip in whole.clips[:3]]
    assert all(same(clip, grouped[key]) for key, clip in clips(alone).items())


def test_it_is_told_where_the_time_went(filmed: Results) -> None:
    spent = filmed[-1]
    assert isinstance(spent, Spent)
    assert set(spent.seconds) == {"place", "sample", "render", "encode", "gate", "annotate"}
    assert min(spent.seconds.values()) > 0


def test_a_clip_that_never_passes_ends_in_its_last_rejection(
    spec: Spec, scene: ScenePlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "LEAST_TRACKS", 10**9)
    *rejections, spent = film(spec, scene, range(2), 2)
    assert isinstance(spent, Spent)
    said = [(r.key, r.attempt, r.reason[:5]) for r in rejections if isinstance(r, Rejection)]
    assert len(said) == len(rejections) == 6
    first, second = (clip.key for clip in scene.clips[:2])
    assert sorted((key, attempt) for key, attempt, _ in said) == [(key, n) for key in (first, second) for n in range(3)]
    shot = [key for key, _, reason in said if reason == "gate:"]
    assert shot[:2] == [first, second]  # replacements come after the first takes


def test_nothing_to_film_is_soon_done(spec: Spec, scene: ScenePlan) -> None:
    (spent,) = film(spec, scene, [], 2)
    assert isinstance(spent, Spent)
    assert spent.seconds == {}


def test_results_come_in_order_and_few_wait() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        time.sleep(0.02 if number % 3 == 0 else 0)
        return number

    stopped = threading.Event()
    results = side_by_side(work, range(12), 3, stopped)
    assert next(results) == 0
    assert len(begun) <= 4
    assert list(results) == list(range(1, 12))
    assert stopped.is_set()


def test_a_reader_that_leaves_stops_the_work() -> None:
    stopped = threading.Event()
    done: list[int] = []

    def work(number: int) -> int:
        if number:
            stopped.wait(20)
        done.append(number)
        return number

    results: Iterator[int] = side_by_side(work, range(50), 2, stopped)
    assert next(results) == 0
    results.close()
    assert len(done) <= 4


def test_an_error_in_one_thread_is_the_reader_s() -> None:
    def work(number: int) -> float:
        return 1 / (number - 2)

    with pytest.raises(ZeroDivisionError):
        list(side_by_side(work, range(5), 2, threading.Event()))


def test_a_step_within_another_counts_for_itself() -> None:
    watch = Stopwatch()

    def slow() -> Iterator[int]:
        for number in range(3):
            time.sleep(0.02)
            yield number

    with watch.step("outer"):
        assert list(watch.each("inner", slow())) == [0, 1, 2]
    assert watch.spent_s["inner"] >= 0.06
    assert watch.spent_s["outer"] < watch.spent_s["inner"]
