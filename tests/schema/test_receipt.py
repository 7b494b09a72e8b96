"""Receipts add up: in any order and grouping, to the same manifest."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from test_clip import record

from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import Checks, Quality
from camera_motion.schema.columns import CHECK_FIELDS, QUALITY_FIELDS
from camera_motion.schema.receipt import Manifest, Receipt, RejectionRecord, Spread, Statistics, merge

#: Whole numbers add up exactly, so that grouping cannot show in the last bit.
NUMBERS = st.lists(st.integers(-1000, 1000).map(float), min_size=1, max_size=8)


@given(NUMBERS, NUMBERS)
def test_spreads_merge_to_the_spread_of_all(first: list[float], second: list[float]) -> None:
    def spread(values: list[float]) -> Spread:
        return sum((Spread.of(value) for value in values), Spread())

    merged = spread(first) + spread(second)
    assert merged == spread(first + second)
    assert merged.mean == pytest.approx(sum(first + second) / len(first + second))
    assert (merged.low, merged.high) == (min(first + second), max(first + second))


def statistics(index: int) -> Statistics:
    clip = record(
        pan_deg=float(index),
        camera_motion=("pan_left", "zoom_in") if index % 2 else ("pan_left",),
        checks=Checks(**{field.name: float(index) for field in CHECK_FIELDS}),
        quality=Quality(**{field.name: 1.0 for field in QUALITY_FIELDS}),
    )
    return Statistics.of(clip, video_bytes=100)


def receipt(index: int, **changes: object) -> Receipt:
    fields: dict[str, object] = {
        "identity": "a",
        "shard": index,
        "name": f"train-{index:06d}",
        "split": "train",
        "tar_sha256": "0" * 64,
        "tar_bytes": 1000,
        "keys": (f"k{index}",),
        "scenes": (f"s{index}",),
        "rejections": (RejectionRecord(key=f"k{index}", attempt=0, reason=f"gate: time +{index}.25 frames"),),
        "missing": {"k9": "place: no room"} if index == 2 else {},
        "statistics": statistics(index),
        "timings_s": {"wall": 1.0, "work": 2.0},
    }
    return Receipt.model_validate(fields | changes)


def test_statistics_count_every_motion_and_keep_the_spread_of_every_number() -> None:
    total = statistics(0) + statistics(1) + statistics(2)
    assert (total.clips, total.frames, total.video_bytes) == (3, 27, 300)
    assert total.seconds == pytest.approx(3 * 9 / 24)
    assert total.counts["camera_motion"] == {"pan_left": 3, "zoom_in": 1}
    assert total.spreads["pan_deg"].high == 2.0
    assert total.spreads["checks.focal"].mean == 1.0


def test_a_manifest_does_not_depend_on_the_order_of_receipts() -> None:
    manifests = [merge(order) for order in itertools.permutations(receipt(i) for i in range(3))]
    assert all(manifest == manifests[0] for manifest in manifests)
    first = manifests[0]
    assert (first.keys, first.shards, first.tar_bytes, first.candidates) == (3, 3, 3000, 6)
    assert first.rejections == {"gate: time # frames": 3}
    assert first.missing == {"k9": "place: no room"}
    assert first.work_s == 6.0


def test_receipts_of_different_sets_or_of_one_shard_twice_do_not_add_up() -> None:
    with pytest.raises(ValueError, match="different sets: a, b"):
        merge([receipt(0), receipt(1, identity="b")])
    with pytest.raises(ValueError, match="one shard"):
        merge([receipt(1), receipt(1)])


def test_nothing_adds_up_to_nothing() -> None:
    assert merge([]) == Manifest(identity="")


def test_a_receipt_survives_json() -> None:
    assert Receipt.model_validate_json(receipt(2).model_dump_json()) == receipt(2)


@pytest.mark.parametrize("changes", [{"name": "../../x"}, {"split": "../../x"}, {"name": "train-000001"}])
def test_a_receipt_names_a_shard_and_no_path(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        receipt(0, **changes)


@pytest.mark.parametrize(
    "changes", [{"finished_at": 1e300}, {"timings_s": {"wall": 1e308}}, {"gpus": -1.0}, {"peak_bytes": 10**400}]
)
def test_a_receipt_holds_figures_that_can_be_told(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        receipt(0, **changes)


def test_receipts_that_add_up_to_no_number_are_refused_in_one_line() -> None:
    vast = [receipt(shard, statistics=Statistics(seconds=1e308)) for shard in range(2)]
    with pytest.raises(SpecError, match="do not add up to numbers: one of them was changed"):
        merge(vast)
