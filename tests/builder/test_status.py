"""How far a set is, told from its receipts and notes alone: while it is made, after failures, and when it is done."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text
from s3 import Bucket
from tiny import film, spec

from camera_motion.builder import notes
from camera_motion.builder.cli import main
from camera_motion.builder.commands.status import lines, picture
from camera_motion.builder.places import Place, open_place
from camera_motion.builder.plan import plan
from camera_motion.builder.run import build
from camera_motion.builder.status import Survey, as_json
from camera_motion.builder.store import Store
from camera_motion.builder.validate import validate
from camera_motion.cards.status import Progress, page
from camera_motion.schema.base import SpecError
from camera_motion.schema.clip import FilmedClip, Rejection
from camera_motion.schema.plan import ScenePlan
from camera_motion.schema.receipt import Receipt
from camera_motion.schema.spec import Spec

NAMES = [plan(spec()).name(index) for index in range(6)]


def broken(spec: Spec, scene: ScenePlan, indices: Sequence[int], threads: int) -> Iterator[FilmedClip | Rejection]:
    if 6 in indices:
        raise RuntimeError("a bug\nin \x1b[31mtwo lines")
    yield from film(spec, scene, indices, threads)


def look(root: Path, now: float | None = None, prices: tuple[float, float] | None = None) -> Progress:
    return Survey(Store(root), prices).look(now)


def told(progress: Progress) -> str:
    return "\n".join(lines(progress))


def rewrite(root: Path, index: int, finished_at: float, wall_s: float, **more: object) -> Receipt:
    store = Store(root)
    receipt = store.read_receipt(NAMES[index])
    assert receipt
    receipt = receipt.model_copy(
        update={"finished_at": finished_at, "timings_s": {"wall": wall_s, "work": wall_s / 2}, "cpus": 2.0} | more
    )
    store.write_receipt(receipt)
    return receipt


def running(place: Place, index: int, started_at: float) -> None:
    note = notes.Running(name=NAMES[index], started_at=started_at, renderer="cpu", device="a processor")
    with place.writing(f"progress/{note.name}.running.json") as file:
        file.write(note.model_dump_json().encode())


def test_a_whole_set_is_complete_and_leaves_no_notes(tmp_path: Path) -> None:
    assert build(spec(), tmp_path, film, engine="serial").complete
    progress = look(tmp_path)
    assert progress.complete
    assert progress.counts() == {"done": (6, 12), "running": (0, 0), "failed": (0, 0), "waiting": (0, 0)}
    assert progress.left_s is None
    assert progress.rejections == {"gate: focal": progress.candidates - 12}
    assert not (tmp_path / "progress").exists()
    receipts = Store(tmp_path).all_receipts(progress.identity)
    assert all(time.time() - 600 < receipt.finished_at <= time.time() for receipt in receipts)
    assert told(progress).splitlines()[0].endswith("complete")


def test_a_failed_shard_is_told_with_its_reason_until_it_is_made(tmp_path: Path) -> None:
    build(spec(), tmp_path, broken, engine="serial")
    progress = look(tmp_path)
    assert progress.counts() == {"done": (5, 10), "running": (0, 0), "failed": (1, 2), "waiting": (0, 0)}
    (failed,) = progress.failed
    assert failed.name == NAMES[3]
    assert failed.reason == "RuntimeError: a bug in  [31mtwo lines", "one line that moves no cursor"
    assert f"failed {NAMES[3]}: RuntimeError: a bug" in told(progress)
    (note,) = (tmp_path / "progress").iterdir()
    assert "in broken" in json.loads(note.read_text())["detail"]
    assert validate(tmp_path).problems == [f"{NAMES[3]}: not built yet"]
    assert build(spec(), tmp_path, film, engine="serial").complete
    assert look(tmp_path).failed == ()
    assert not (tmp_path / "progress").exists()
    assert validate(tmp_path).right


def test_the_command_of_a_failed_shard_makes_that_one_alone(tmp_path: Path) -> None:
    from camera_motion.builder.console import slice_of

    root = tmp_path / "a set"
    build(spec(), root, broken, engine="serial")
    (failed,) = look(root).failed
    assert failed.command == f"camera-motion extend '{root}' --clips 12 --slice 3/6 --engine serial --verbose"
    for receipt in (root / "receipts").iterdir():
        receipt.unlink()
    built = build(spec(), root, film, part=slice_of("3/6"), engine="serial")
    assert [receipt.name for receipt in built.receipts] == [failed.name]
    assert [path.stem for path in (root / "receipts").iterdir()] == [failed.name]


#: A build that is killed while it makes its second shard.
KILLED = """
import os, signal, sys
from pathlib import Path
from camera_motion.builder.run import build
from tiny import film, spec

def deadly(spec, scene, indices, threads):
    for number, result in enumerate(film(spec, scene, indices, threads)):
        if 2 in indices and number:
            os.kill(os.getpid(), signal.SIGKILL)
        yield result

build(spec(), Path(sys.argv[1]), deadly, engine="serial")
"""


def test_a_dead_worker_is_running_at_first_and_silent_later(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    progress = look(tmp_path)
    assert [worker.name for worker in progress.running] == [NAMES[1]]
    assert progress.running[0].renderer in ("cpu", "cuda"), "what auto stands for"
    assert progress.counts()["waiting"] == (4, 8)
    later = look(tmp_path, time.time() + 7200)
    assert (later.running, [worker.name for worker in later.silent]) == ((), [NAMES[1]])
    assert later.counts()["waiting"] == (5, 10)
    assert f"silent {NAMES[1]}: begun 2 h 0" in told(later)
    assert "no shard is being made" in told(later)
    build(spec(), tmp_path, broken, engine="serial")
    assert [path.name for path in (tmp_path / "progress").iterdir()] == [f"{NAMES[3]}.failed.json"]
    assert build(spec(), tmp_path, film, engine="serial").complete
    assert not (tmp_path / "progress").exists()


@pytest.fixture
def half(tmp_path: Path) -> Path:
    """Three of six shards: two workers side by side, an hour without any, and one that goes on."""
    build(spec(), tmp_path, film, part=(0, 2), engine="serial")
    rewrite(tmp_path, 0, 1100.0, 100.0)
    rewrite(tmp_path, 2, 1100.0, 100.0)
    rewrite(tmp_path, 4, 4800.0, 100.0)
    return tmp_path


def test_rates_are_those_of_the_time_in_which_somebody_worked(half: Path) -> None:
    running(open_place(half), 1, 4790.0)
    progress = look(half, 4810.0)
    assert progress.rate_overall == pytest.approx(6 / 200)
    assert progress.window_s == pytest.approx(110.0), "of the last 500 s; the hour before nobody was at work"
    assert progress.rate == pytest.approx(2 / 110)
    assert progress.left_s == pytest.approx(6 / progress.rate)
    assert progress.expected_bytes == pytest.approx(2 * progress.tar_bytes)
    assert progress.curve == ((1000.0, 0), (1100.0, 2), (1100.0, 4), (4800.0, 6))
    assert "1.09 clips/min now, 1.8 clips/min overall; about 5 min 30 s left" in told(progress)


def test_when_nobody_works_the_time_left_is_that_of_the_rate_before(half: Path) -> None:
    progress = look(half, 99999.0)
    assert progress.left_s == pytest.approx(6 / (6 / 200))
    assert "no shard is being made; about 3 min 20 s left; go on with: camera-motion extend" in told(progress)


def test_cost_is_the_hours_that_workers_held_at_the_prices_given(half: Path) -> None:
    rewrite(half, 4, 4800.0, 100.0, gpus=0.5)
    progress = look(half, 5000.0, (0.05, 2.0))
    assert (progress.cpu_h, progress.gpu_h) == pytest.approx((600 / 3600, 50 / 3600))
    assert progress.spent == pytest.approx(600 / 3600 * 0.05 + 50 / 3600 * 2.0)
    assert progress.to_come == pytest.approx(progress.spent)
    assert look(half).spent is None
    with pytest.raises(SpecError, match="--gpu-price is -1"):
        look(half, prices=(0.0, -1.0))


def test_machines_are_told_apart_by_their_class(half: Path) -> None:
    rewrite(half, 4, 4800.0, 50.0, machine={"class": "b", "processor": "another"})
    first, second = look(half).machines
    assert (first.shards, first.clips, first.worker_s) == (2, 4, 200.0)
    assert (second.name, second.device, second.clips / second.worker_s) == ("b", "another", 0.04)


def test_notes_that_are_none_or_out_of_date_do_no_harm(half: Path) -> None:
    place = open_place(half)
    running(place, 0, 4700.0)  # done: its worker could not take the note back
    running(place, 1, 4790.0)
    for name, body in ((NAMES[3], b"{"), (NAMES[5], b"[" * 100_000), ("../../x", b"{}")):
        path = half / "progress" / f"{name.replace('/', '_')}.failed.json"
        path.write_bytes(body)
    progress = look(half, 4810.0)
    assert [worker.name for worker in progress.workers] == [NAMES[1]]
    assert progress.failed == ()
    assert look(half).counts()["done"] == (3, 6)


def test_a_note_of_a_moment_beyond_all_calendars_or_of_any_size_is_none(half: Path) -> None:
    for moment, padding in ((1e300, ""), (1.0, " " * notes.MOST_BYTES)):
        note = json.dumps({"name": NAMES[1], "failed_at": moment, "reason": "x"})
        with open_place(half).writing(f"progress/{NAMES[1]}.failed.json") as file:
            file.write((padding + note).encode())
        assert look(half).failed == ()


def test_no_words_of_strangers_move_the_cursor(half: Path) -> None:
    red = "\x1b[31mred\r\n"
    with open_place(half).writing(f"progress/{NAMES[1]}.running.json") as file:
        note = {"name": NAMES[1], "started_at": 4790.0, "renderer": red, "machine": red, "device": red}
        file.write(json.dumps(note).encode())
    rewrite(half, 0, 4700.0, 100.0, machine={"class": red, "gpu": red}, missing={red: red})
    progress = look(half, now=4800.0)
    assert len(progress.workers) == 1
    assert all(line.isprintable() for line in lines(progress))
    assert not {"\x1b", "\r"} & set(page(progress))


def test_a_shard_that_is_tried_again_is_running_and_not_failed(half: Path) -> None:
    place = open_place(half)
    notes.failed(place, NAMES[1], "RuntimeError: a bug", "")
    running(place, 1, 4790.0)
    assert look(half, 4800.0).counts() == {"done": (3, 6), "running": (1, 2), "failed": (0, 0), "waiting": (2, 4)}
    late = look(half, 99999.0)
    assert [shard.name for shard in late.failed] == [NAMES[1]]
    assert late.workers == ()


def test_a_build_goes_on_when_no_note_can_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "progress").write_text("in the way")
    assert build(spec(clips=4), tmp_path, film, engine="serial").complete
    assert "no note progress/" in caplog.text
    assert look(tmp_path).complete


def notes_in(bucket: Bucket) -> list[str]:
    return [key for key in bucket.files() if key.startswith("progress/")]


def test_a_set_in_a_store_is_told_the_same_way_and_a_note_costs_three_requests(bucket: Bucket) -> None:
    build(spec(), bucket.url, broken, engine="serial")
    asked = [one.action for one in bucket.proxy.log if one.key.endswith(f"{NAMES[0]}.running.json")]
    assert asked == ["PutObject", "HeadObject", "DeleteObject"]
    assert notes_in(bucket) == [f"progress/{NAMES[3]}.failed.json"]
    progress = Survey(Store(bucket.url)).look()
    assert progress.counts()["failed"] == (1, 2)
    assert progress.failed[0].command.startswith(f"camera-motion extend {bucket.url} --clips 12 --slice 3/6 ")
    assert build(spec(), bucket.url, film, engine="serial").complete
    assert notes_in(bucket) == []
    assert Survey(Store(bucket.url)).look().complete


def test_a_store_that_takes_no_notes_gets_the_set_all_the_same(
    bucket: Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.proxy.fail("403", "PutObject .*progress/", times=0)
    assert build(spec(clips=4), bucket.url, film, engine="serial").complete
    assert caplog.text.count("no note progress/") == 2


def test_a_survey_sees_what_is_new_and_reads_a_receipt_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(spec(clips=4), tmp_path, film, engine="serial")
    read = list[str]()
    store = Store(tmp_path)
    original = type(store.place).read_all

    def counted(self: Place, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
        names = list(names)
        read.extend(name for name in names if name.startswith("receipts/"))
        yield from original(self, names)

    monkeypatch.setattr(type(store.place), "read_all", counted)
    survey = Survey(store)
    assert survey.look().complete
    build(spec(clips=8), tmp_path, film, engine="serial")
    read.clear()
    assert survey.look().done_clips == 8
    assert read == [f"receipts/{name}.json" for name in NAMES[2:4]]


def test_scripts_get_all_of_it_as_plain_values(half: Path) -> None:
    known = json.loads(json.dumps(as_json(look(half, 5000.0)), allow_nan=False))
    assert (known["done_clips"], known["complete"]) == (6, False)
    assert known["counts"]["waiting"] == {"shards": 3, "clips": 6}
    assert known["machines"][0]["clips"] == 6


def command(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["status", *map(str, arguments)])
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_the_command_watches_until_the_set_is_complete(half: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    program = [
        Path(sys.executable).with_name("camera-motion"),
        "status",
        half,
        "--watch",
        "--every",
        "1",
        "--html",
        page,
    ]
    watching = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    assert watching.stdout
    assert "6 of 12 clips" in watching.stdout.readline()
    assert build(spec(), half, film, engine="serial").complete
    rest, _ = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert "12 of 12 clips, 6 of 6 shards" in rest
    assert "100.0 %" in page.read_text()
    assert 'http-equiv="refresh"' not in page.read_text()


def test_on_a_terminal_no_line_is_lost_beside_the_bar(half: Path) -> None:
    console = Console(width=500, force_terminal=True)
    with console.capture() as captured:
        console.print(picture(look(half, 99999.0)))
    shown = [Text.from_ansi(line).plain.strip() for line in captured.get().splitlines()]
    assert "shards: 3 done, 3 waiting" in shown
    assert shown.index("shards: 3 done, 3 waiting") == 2, "the set, the bar, and the rest"


def test_a_set_may_be_watched_before_it_is_begun(tmp_path: Path) -> None:
    program = [Path(sys.executable).with_name("camera-motion"), "status", tmp_path, "--watch", "--every", "1"]
    watching = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert watching.stderr
    assert "holds no set yet; looking again in 1 s" in watching.stderr.readline()
    assert build(spec(), tmp_path, film, engine="serial").complete
    out, _ = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert "12 of 12 clips, 6 of 6 shards" in out


def test_watching_ends_when_nothing_more_comes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build(spec(), tmp_path, film, engine="serial")
    receipt = rewrite(tmp_path, 0, 1100.0, 100.0, missing={"cm-tiny-000001": "place: no free view"})
    Store(tmp_path).write_receipt(receipt.model_copy(update={"keys": receipt.keys[:1]}))
    code, out, _ = command(capsys, tmp_path, "--watch", "--html", tmp_path / "page.html")
    assert code == 1
    assert "11 of 12 clips, 6 of 6 shards" in out
    assert "missing cm-tiny-000001: place: no free view" in command(capsys, tmp_path)[1]
    assert 'http-equiv="refresh"' not in (tmp_path / "page.html").read_text()


def test_the_command_refuses_in_one_line(half: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, line in (
        ((half, "--every", "0"), "--every is 0; it must be from 1 to 86400 seconds"),
        ((half, "--cpu-price", "nan"), "--cpu-price is nan; it must be a number of 0 or more, for an hour"),
        ((half, "--html", "s3://bucket/status.html"), "s3://bucket/status.html is not a folder"),
        ((tmp_path / "no",), "holds no set"),
    ):
        code, out, err = command(capsys, *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert line in err
    code, out, _ = command(capsys, half, "--json")
    assert (code, json.loads(out)["done_shards"]) == (1, 3)
