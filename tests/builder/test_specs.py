"""The larger specs that come with the package hold what their comments promise."""

from camera_motion.builder.plan import plan
from camera_motion.builder.specfile import load
from camera_motion.schema.spec import COMPOUNDS, DIRECTIONS, FAMILIES
from camera_motion.schema.vocabulary import PRIMITIVES, SHAKE_CLASSES


def test_large_has_every_move_and_deals_every_card_equally_often() -> None:
    spec = load("large")
    planned = plan(spec)
    dealt = spec.clips - len(planned)
    assert spec.clips == 100_000
    assert set(spec.scenes.model_dump()["families"]) == set(FAMILIES)
    assert {request.move for request in planned.deck} == set(DIRECTIONS)
    assert {request.steadiness for request in planned.deck} >= set(SHAKE_CLASSES)
    assert (len(planned.deck), dealt % len(planned.deck), dealt // len(planned.deck)) == (375, 0, 265)
    alone = [request for request in planned.deck if request.direction]
    assert {f"{r.move}_{r.direction}" for r in alone} == {name for name, p in PRIMITIVES.items() if p.direction}
    assert len(alone) == 150
    assert sum(request.move in COMPOUNDS for request in planned.deck) == 60 + 60 + 18
    assert 0.015 < planned.splits["test"] / sum(planned.splits.values()) < 0.025


def test_camvig_films_ten_thousand_single_moves_in_every_scene() -> None:
    spec = load("camvig")
    planned = plan(spec)
    assert (spec.video.frames, spec.clips_per_scene) == (17, 10_000)
    assert planned.splits == {"train": 18, "test": 2}
    assert all(not request.parts and not request.file for request in planned.deck)
    assert all((request.magnitude is not None) == bool(request.direction) for request in planned.deck)
    shards = [planned.shard(index) for index in range(20)]
    assert {scene.scene_id for shard in shards for scene in shard.scenes} == {"cm-camvig-s00000"}
    assert len({key for shard in shards for key in shard.keys}) == 10_000
