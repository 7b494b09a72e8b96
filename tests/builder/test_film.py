"""The real film maker under the builder: refused before any work, or the same bytes from every engine."""

import hashlib
from pathlib import Path

import nvml
import pytest
import tiny
import yaml

from camera_motion.builder.cli import main
from camera_motion.builder.run import build
from camera_motion.builder.store import Store
from camera_motion.builder.validate import validate
from camera_motion.generator.clip import film
from camera_motion.generator.encode import refusal
from camera_motion.generator.nvidia import devices
from camera_motion.schema.base import SpecError
from camera_motion.schema.parse import parse

SPEC = parse(
    {
        "name": "real",
        "seed": 1,
        "clips": 4,
        "clips_per_scene": 2,
        "shard_clips": 2,
        "video": {"width": 256, "height": 160, "frames": 16, "fps": 8},
        "moves": [{"move": "pan"}, {"move": "dolly"}],
        "splits": {"train": 0.5, "test": 0.5},
        "render": {"spacing_px": 3.0},
    }
)


def digests(root: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (root / "webdataset").iterdir()}


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    return int(ended.value.code or 0), capsys.readouterr().err


def test_a_renderer_that_is_not_there_is_refused_before_any_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    code, said = told(capsys, "build", "demo", "--renderer", "cuda", "--out", str(tmp_path / "set"))
    assert code == 2
    assert said.count("\n") == 1
    assert "no CUDA device" in said
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("encode", [{"encoder": "nvenc"}, {"encoder": "nvenc", "codec": "ffv1"}])
def test_an_encoder_that_is_not_there_is_refused_before_any_work(
    encode: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if encode == {"encoder": "nvenc"} and not refusal("h264", "nvenc", 64, 64):
        encode = encode | {"codec": "ffv1"}
    (tmp_path / "spec.yaml").write_text(
        yaml.safe_dump(tiny.spec(encode=encode).model_dump(mode="json", exclude={"base", "inputs"}))
    )
    code, said = told(capsys, "build", str(tmp_path / "spec.yaml"), "--out", str(tmp_path / "set"))
    assert (code, said.count("\n")) == (2, 1)
    assert "encode.encoder software" in said
    assert not (tmp_path / "set").exists()


def test_a_set_goes_on_with_the_renderer_that_it_was_begun_with(tmp_path: Path) -> None:
    begun = tiny.spec(clips=4, render={"renderer": "cpu"}, encode={"encoder": "software", "preset": "ultrafast"})
    build(begun, tmp_path, tiny.film, engine="serial")
    auto = tiny.spec(clips=8)
    with pytest.MonkeyPatch.context() as patch:  # a GPU comes into the machine
        nvml.put_in(patch)
        assert devices()
        assert build(auto, tmp_path, tiny.film, engine="serial").complete
        with pytest.raises(SpecError, match=r'renderer "cpu" there, "cuda" here'):
            build(tiny.spec(clips=8, render={"renderer": "cuda"}), tmp_path, tiny.film, engine="serial")
    stored = Store(tmp_path).read_spec()
    assert (stored.render.renderer, stored.encode.encoder, stored.clips) == ("cpu", "software", 8)


@pytest.mark.parametrize(
    ("renderer", "encoder", "said"),
    [("cuda", "software", "the CUDA renderer cannot be used: no CUDA device"), ("cpu", "nvenc", "h264_nvenc does not")],
)
def test_a_set_that_a_gpu_began_says_where_it_goes_on(
    renderer: str, encoder: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    if encoder == "nvenc" and not refusal("h264", "nvenc", 64, 64):
        encoder, said = "software", ""
    begun = tiny.spec(clips=4, render={"renderer": renderer}, encode={"encoder": encoder, "preset": "ultrafast"})
    Store(tmp_path).claim(begun)
    if said:
        with pytest.raises(SpecError, match=rf"^{said}.*; the set was begun with it: go on where it works, or"):
            build(tiny.spec(clips=4), tmp_path, tiny.film, engine="serial")
    assert Store(tmp_path).read_spec().render.renderer == renderer


@pytest.mark.slow
def test_threads_and_processes_make_the_same_bytes_and_both_are_right(tmp_path: Path) -> None:
    threads, processes = tmp_path / "threads", tmp_path / "processes"
    built = build(SPEC, threads, film, engine="serial", workers=2)
    assert built.failures == {}
    assert built.complete
    assert build(SPEC, processes, film, engine="processes", workers=2).complete
    assert digests(threads) == digests(processes)
    assert all(receipt.timings_s["render"] > 0 for receipt in built.receipts)
    report = validate(threads, deep=True)
    assert report.problems == []
    assert report.manifest.statistics.counts["scene"] == {"courtyard": 2, "interior": 2}
    assert report.manifest.statistics.counts["split"] == {"test": 2, "train": 2}
