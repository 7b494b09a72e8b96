"""What a set will take, in hours, bytes and money: from tables, and from receipts."""

from pathlib import Path

import pytest
import yaml
from tiny import film, spec

from camera_motion.builder.cli import main
from camera_motion.builder.estimate import check_price, estimate, held_h, priced, receipts_of
from camera_motion.builder.run import build
from camera_motion.builder.specfile import load
from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Receipt


def receipt(shard: int, **changes: object) -> Receipt:
    fields: dict[str, object] = {
        "identity": "a",
        "shard": shard,
        "name": f"train-{shard:06d}",
        "split": "train",
        "tar_sha256": "0" * 64,
        "tar_bytes": 1000,
        "keys": [f"k{shard}", f"l{shard}"],
        "scenes": ["s"],
        "timings_s": {"wall": 360.0, "work": 1080.0},
        "cpus": 4,
        "gpus": 0.25,
        "peak_bytes": 10**9 * (1 + shard),
    }
    return Receipt.model_validate(fields | changes)


def test_an_estimate_grows_with_what_is_asked_and_shrinks_with_workers() -> None:
    demo, standard = load("demo"), load("standard")
    small = estimate(demo, 2)
    assert small.wall_s < estimate(demo, 1).wall_s
    assert small.work_s < estimate(standard, 2).work_s
    assert small.tar_bytes < estimate(standard, 2).tar_bytes
    assert estimate(load("demo", clips=48), 2).work_s == pytest.approx(2 * small.work_s)
    assert estimate(demo, 3).wall_s >= small.work_s / 2, "four shards on three workers take two rounds"


def test_the_reference_is_what_the_standard_set_took() -> None:
    told = estimate(load("standard"), 1)
    assert told.work_s == pytest.approx(70 * 60, rel=0.15)
    assert told.tar_bytes == pytest.approx(240 * 1_207_851, rel=0.15)


def test_a_scene_that_spans_shards_is_sampled_in_each() -> None:
    wide = {"clips": 20_000, "clips_per_scene": 10_000}
    few, many = (estimate(spec(**wide, shard_clips=clips), 1) for clips in (10_000, 1_000))
    assert (few.scenes, many.scenes) == (2, 2)
    scene_s = (many.work_s - few.work_s) / 18
    assert scene_s > 1.0


def test_receipts_tell_more_than_any_table(tmp_path: Path) -> None:
    built = build(spec(clips=4), tmp_path, film, engine="serial")
    known = estimate(spec(clips=12), 1, receipts_of(spec(clips=12), tmp_path))
    assert known.measured_clips == 4
    assert known.tar_bytes == pytest.approx(3 * built.manifest.tar_bytes)
    assert known.work_s == pytest.approx(3 * built.manifest.work_s)
    assert "from the receipts of 4 clips of this set" in known.lines()[-1]


def test_hours_and_money_are_those_for_which_workers_held_their_cores_and_gpus() -> None:
    receipts = [receipt(0), receipt(1)]  # 4 clips: 0.2 hours, with 4 cores and a quarter of a GPU
    assert priced(*held_h(receipts), cpu_price=0.05, gpu_price=2.0) == pytest.approx(0.2 * 4 * 0.05 + 0.2 * 0.25 * 2.0)
    told = estimate(spec(clips=400), 10, receipts)
    assert (told.cpu_h, told.gpu_h) == (pytest.approx(80.0), pytest.approx(5.0))
    assert told.wall_s == pytest.approx(2 * 3600)
    assert estimate(spec(clips=8), 10, receipts).wall_s == pytest.approx(0.1 * 3600), "a shard has one worker"
    first, money, basis = told.lines(cpu_price=0.05, gpu_price=2.0)
    assert "about 2 h 00 min with 10 workers, 80 core-hours, 5 GPU-hours, 200.0 kB in 200 shards" in first
    assert money.startswith("about 14.00 for computing")
    assert "at most 2.0 GB of memory a worker" in basis
    alone = told.lines(gpu_price=2.0)[1]
    assert alone.startswith("about 10.00 for computing without the cores, whose price is not given; ")
    assert "about" not in " ".join(told.lines()[1:]), "no price, no cost"


@pytest.mark.parametrize("price", [float("nan"), float("inf"), -0.5])
def test_a_price_without_meaning_is_refused(price: float) -> None:
    with pytest.raises(SpecError, match=r"--gpu-price is .*; it must be a number of 0 or more"):
        check_price("--gpu-price", price)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_an_estimate_at_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.yaml"
    fields = spec(clips=4).model_dump(mode="json", exclude={"base", "inputs"})
    mine.write_text(yaml.safe_dump(fields))
    build(load(str(mine)), tmp_path / "set", film, engine="serial")
    asked = ["spec", "estimate", str(mine), "--clips", "400", "--out", str(tmp_path / "set")]
    code, out, _ = run(capsys, *asked, "--cpu-price", "0.04", "--workers", "8")
    hours, money, basis = out.splitlines()
    assert code == 0
    assert hours.startswith("400 clips in 100 scenes: about ")
    assert money.startswith("about 0.0")
    assert basis.startswith("from the receipts of 4 clips")
    mine.write_text(yaml.safe_dump(fields | {"seed": 4}))
    for wrong, message in (
        (asked, "holds no receipt of set"),
        ([*asked[:-1], str(tmp_path)], "holds no set"),
        ([*asked, "--cpu-price", "nan"], "--cpu-price is nan"),
    ):
        code, _, err = run(capsys, *wrong)
        assert (code, err.count("\n")) == (2, 1)
        assert message in err
