"""A card is read by people, by the Hub and by `load_dataset`: all three get what the facts say, whatever they hold."""

import re
from typing import Any

import pytest
import yaml
from cardpage import html, sections
from datasets.info import DatasetInfosDict
from datasets.utils.metadata import MetadataConfigs
from huggingface_hub import DatasetCard
from sets import CLIPS

from camera_motion.builder.features import CONFIGS, features
from camera_motion.cards.card import render, size_category
from camera_motion.cards.citation import REQUIRED, bibtex, citation_cff
from camera_motion.cards.facts import CardFacts, Erratum, Example, MachineFacts, Range, Requests, Sampled, SplitFacts
from camera_motion.cards.figures import FIGURES
from camera_motion.cards.licences import hub_licence
from camera_motion.schema.base import SpecError
from camera_motion.schema.motion import MOVE_M, MOVE_SHARE, TURN_DEG, ZOOM
from camera_motion.schema.parse import parse
from camera_motion.schema.receipt import Manifest, Statistics

#: Text of somebody who means no good, or who likes punctuation.
HOSTILE = "a|b `x` {{ 1/0 }} {% x %} </details><script>alert(1)</script> *b* [l](javascript:x)\n\n# H\n---\n```\n'\"\\"

EXAMPLE = Example(
    key="cm-test-000000",
    split="train",
    motions=("pan_right", "dolly_in"),
    frames=(0, 8),
    size=(96, 64),
    intrinsics=((0.9, 1.35, 0.5, 0.5), (0.9, 1.35, 0.5, 0.5)),
    w2c=(
        ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0)),
        (
            (0.984808, 0.0, -0.173648, 0.173648),
            (0.0, 1.0, 0.0, 0.0),
            (0.173648, 0.0, 0.984808, -0.984808),
            (0, 0, 0, 1),
        ),
    ),
    point_m=(0.5, -0.25, 4.0),
    tracked_px=((58.9, 26.5), (47.1, 25.1)),
)


def spec_fields(**changes: Any) -> dict[str, Any]:
    video = {"width": 96, "height": 64, "frames": 9, "fps": 24}
    fields = {"name": "test", "clips": 4, "clips_per_scene": 2, "shard_clips": 2, "video": video}
    return fields | {"moves": [{"move": "pan"}]} | changes


def facts(spec: dict[str, Any] | None = None, manifest: dict[str, Any] | None = None, **changes: Any) -> CardFacts:
    """Facts of a little set that is right in every field."""
    statistics = sum((Statistics.of(clip.record, len(clip.video)) for clip in CLIPS), Statistics())
    sums = Manifest(identity="0123456789abcdef", shards=2, tar_bytes=50_000, keys=4, statistics=statistics, work_s=60.0)
    some = Range(low=0.5, median=0.9, high=1.2)
    fields: dict[str, Any] = {
        "repo_id": "org/set",
        "folder": "set",
        "title": "A Set",
        "version": "1.2.3",
        "released": "2026-11-20",
        "authors": ("A Group",),
        "contact": "https://huggingface.co/datasets/org/set/discussions",
        "manifest": sums.model_copy(update=manifest or {}),
        "spec": parse(spec_fields(**spec or {})),
        "generator": "9.8.7",
        "renderer": "cpu",
        "spec_name": "",
        "code_url": "",
        "tars": True,
        "splits": (SplitFacts(name="train", clips=4, scenes=2, shards=2, tar_bytes=50_000),),
        "requests": Requests(alone={"pan_left": 1, "pan_right": 1}, free={"six": 2}, speeds={"slow": 4}),
        "machines": (MachineFacts(name="00ff", processor="A CPU", instructions="avx2", python="3.11.7", clips=4),),
        "example": EXAMPLE,
        "sampled": Sampled(clips=4, focal=some, camera_scale=some, path_length_m=some),
        "features": {config: features(config)._to_yaml_list() for config in CONFIGS},
        "data_files": {
            "default": {"train": "data/train-*.parquet"},
            "metadata": {"train": "metadata/train-*.parquet"},
            "cameras": {"train": "cameras/train-*.parquet"},
        },
        "figures": ("contact.png", *FIGURES),
    }
    return CardFacts(**fields | changes)


def test_the_hub_and_datasets_read_the_header() -> None:
    files = {c: {"train": f"{c}/train-*.parquet", "test": f"{c}/test-*.parquet"} for c in CONFIGS}
    data = DatasetCard(render(facts(data_files=files))).data
    configs = MetadataConfigs.from_dataset_card_data(data)
    assert list(configs) == list(CONFIGS)
    assert configs.get_default_config_name() == "default"
    for config in CONFIGS:
        assert configs[config]["data_files"] == [{"split": s, "path": p} for s, p in files[config].items()]
    infos = DatasetInfosDict.from_dataset_card_data(data)
    for config in CONFIGS:
        assert infos[config].features == features(config)
        assert infos[config].splits is None  # a count that is wrong would stop load_dataset
    assert (data.license, data.language, data.pretty_name) == ("cc-by-4.0", ["en"], "A Set")
    assert data.size_categories == ["n<1K"]
    assert "text-to-video" in data.task_categories


def test_the_worked_example_runs_and_would_notice_a_wrong_matrix() -> None:
    program = sections(render(facts()))["Conventions"].code[0]
    assert program.count("assert ") >= 7
    exec(compile(program, "card", "exec"), {})
    for wrong in (
        program.replace("R @ point + t", "R.transpose(0, 2, 1) @ point + t"),  # c2w taken for w2c
        program.replace("lens[:, 0] * seen", "lens[:, 1] * seen"),
        program.replace("[-s, 0, c]", "[s, 0, c]").replace("[c, 0, s]", "[c, 0, -s]"),  # pan left
    ):
        assert wrong != program
        with pytest.raises(AssertionError):
            exec(compile(wrong, "card", "exec"), {})


def test_an_example_without_evidence_runs_too() -> None:
    shown = EXAMPLE.model_copy(update={"tracked_px": None})
    program = sections(render(facts(example=shown)))["Conventions"].code[0]
    assert "tracked" not in program
    exec(compile(program, "card", "exec"), {})


@pytest.mark.parametrize("text", ["", "  ", "TODO", "[More Information Needed]", "tbd.", "N/A", "...", "???", "xxx"])
@pytest.mark.parametrize("name", ["title", "version", "released", "contact", "generator", "renderer", "folder"])
def test_a_blank_or_a_placeholder_is_named(name: str, text: str) -> None:
    with pytest.raises(SpecError, match=f"card's {name} is"):
        render(facts(**{name: text}))


def test_blanks_further_down_are_named_too() -> None:
    machine = facts().machines[0]
    wrong: list[tuple[str, CardFacts]] = [
        ("licence", facts(spec={"licence": " "})),
        ("authors", facts(authors=())),
        (r"authors\[1\]", facts(authors=("A", " "))),
        (r"machines\[0\].processor", facts(machines=(machine.model_copy(update={"processor": ""}),))),
        ("splits is empty", facts(splits=())),
        (r"data_files.cameras", facts(data_files=facts().data_files | {"cameras": {}})),
        (r"errata\[0\].fault", facts(errata=(Erratum(since="1.0.0", fixed_in="1.0.1", clips="all", fault="TODO"),))),
        ("repo_id is 'a/b/c'", facts(repo_id="a/b/c")),
        ("version is '1.0', not", facts(version="1.0")),
        ("column 'novel' has no description", facts(features={"default": [{"name": "novel", "dtype": "string"}]})),
    ]
    for name, told in wrong:
        with pytest.raises(SpecError, match=name):
            render(told)


def test_no_table_has_a_hole() -> None:
    everything = facts(
        manifest={"missing": {"cm-test-000003": "no place"}, "rejections": {"gate: focal # %": 2}},
        errata=(Erratum(since="1.0.0", fixed_in="1.2.0", clips="cm-test-000001", fault="Its caption names a cat."),),
    )
    for section in sections(render(everything)).values():
        for table in section.tables:
            assert all(len(row) == len(table[0]) for row in table)
            if any(table[0]):
                filled = [cell for row in table[1:] for cell, name in zip(row, table[0], strict=True) if name != "in"]
                assert all(filled), table
    assert not re.search(r"\b(None|nan|inf|undefined)\b", html(render(everything)))


def test_hostile_text_stays_text() -> None:
    scenes = {"source": "splat_file", "path": "x.ply", "place": HOSTILE, "short": "x"}
    splits = {"train": 1.0, "test": 0.0}
    counts = {
        "scene": {HOSTILE: 4},
        "licence": {HOSTILE: 4},
        "camera_motion": {HOSTILE: 4},
        "main_motion": {HOSTILE: 4},
    }
    statistics = facts().manifest.statistics
    statistics = statistics.model_copy(update={"counts": statistics.counts | counts})
    told = facts(
        spec={"licence": HOSTILE, "scenes": scenes, "splits": splits},
        manifest={"missing": {"cm-1": HOSTILE}, "rejections": {HOSTILE: 1}, "statistics": statistics},
        title=HOSTILE,
        contact=HOSTILE,
        authors=(HOSTILE, "B"),
        generator=HOSTILE,
        folder=HOSTILE,
        requests=Requests(free={HOSTILE: 1}, alone={HOSTILE: 3}),
        machines=(facts().machines[0].model_copy(update={"processor": HOSTILE}),),
        errata=(Erratum(since="1", fixed_in="2", clips=HOSTILE, fault=HOSTILE),),
        example=EXAMPLE.model_copy(update={"motions": (HOSTILE,)}),
    )
    card = render(told)
    page = html(card)
    assert "<script" not in page
    assert "javascript:x)" in page  # as text
    assert 'href="javascript' not in page
    assert page.count("<h2") == html(render(facts())).count("<h2")
    assert page.count("<h1") == 1
    assert page.count("</details>") == 1
    for section in sections(card).values():
        for table in section.tables:
            assert all(len(row) == len(table[0]) for row in table)
    title = HOSTILE.split("\n")[0]
    assert title in re.sub(r"<[^>]+>", "", page).replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    data = DatasetCard(card).data
    assert (data.pretty_name, data.license) == (" ".join(HOSTILE.split()), "other")
    assert re.fullmatch(r"[a-z0-9.-]+", data.license_name)
    exec(compile(sections(card)["Conventions"].code[0], "card", "exec"), {})
    for repo_id in ("", "org/set"):
        for program in sections(render(told.model_copy(update={"repo_id": repo_id})))["Load it"].code:
            compile(program, "card", "exec")
    cited = yaml.safe_load(citation_cff(told))
    assert cited["authors"][1] == {"name": "B"}
    assert bibtex(told).count("\n@") == 0


@pytest.mark.parametrize(
    ("licence", "file", "fields"),
    [
        ("CC-BY-4.0", "", {"license": "cc-by-4.0"}),
        ("cc0-1.0", "", {"license": "cc0-1.0"}),
        ("ODC-By-1.0", "", {"license": "odc-by"}),
        ("GPL-3.0-or-later", "", {"license": "gpl-3.0"}),
        ("House rules 2", "", {"license": "other", "license_name": "house-rules-2"}),
        ("House rules", "LICENSE", {"license": "other", "license_name": "house-rules", "license_link": "LICENSE"}),
        (
            "Ours: https://example.org/l",
            "LICENSE",
            {"license": "other", "license_name": "ours", "license_link": "https://example.org/l"},
        ),
    ],
)
def test_licences_are_spelled_as_the_hub_does(licence: str, file: str, fields: dict[str, str]) -> None:
    assert hub_licence(licence, file) == fields
    assert licence.split(":")[0] in html(render(facts(spec={"licence": licence}, licence_file=file)))


@pytest.mark.parametrize(
    ("clips", "category"), [(1, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"), (10**6, "1M<n<10M")]
)
def test_size_categories_begin_where_the_last_one_ends(clips: int, category: str) -> None:
    assert size_category(clips) == category


def test_what_is_not_there_is_not_spoken_of() -> None:
    card = render(facts(tars=False, repo_id="", figures=(), contact="write to us"))
    assert "webdataset" not in card
    assert "huggingface.co" not in card
    assert "](figures/" not in card
    assert "There is one split." in card
    assert "write to us" in card
    assert "none was rejected" in card
    assert "None known as of version 1.2.3." in card


def test_scores_missing_clips_and_errata_are_told() -> None:
    some = Range(low=0.25, median=0.5, high=0.75)
    told = facts(
        sampled=facts().sampled.model_copy(update={"vtss": some, "vtss_clips": 3}),
        manifest={"missing": {"cm-test-000003": "no place for a dolly"}},
        errata=(Erratum(since="1.0.0", fixed_in="1.2.0", clips="cm-test-000001", fault="Its caption names a cat."),),
    )
    found = sections(render(told))
    assert "known for 3 of 4 sampled clips: 0.25 to 0.75, median 0.50" in found["Limitations"].text
    assert found["Scenes and splits"].table("clip")[1] == ["cm-test-000003", "no place for a dolly"]
    assert found["Errata"].tables[0][1] == ["1.0.0", "1.2.0", "cm-test-000001", "Its caption names a cat."]


@pytest.mark.parametrize(
    "scenes", [{"source": "procedural"}, {"source": "splat_file", "path": "x.ply", "place": "a hall", "short": "hall"}]
)
def test_every_answer_of_the_datasheet_is_a_paragraph(scenes: dict[str, Any]) -> None:
    page = html(render(facts(spec={"scenes": scenes, "splits": {"train": 1.0, "test": 0.0}})))
    answers = "Motivation Composition Collection Preprocessing Uses Distribution Maintenance"
    assert re.findall(r"<p><strong>(\w+)\.</strong>", page) == answers.split()


def test_thresholds_are_those_that_motion_is_measured_by() -> None:
    text = sections(render(facts()))["Limitations"].text
    assert f"A turn counts from {TURN_DEG:g}°, a translation from {MOVE_M:g} m (or {100 * MOVE_SHARE:g} %" in text
    assert f"a zoom from {100 * ZOOM:g} %" in text


def test_the_citation_has_what_its_format_requires() -> None:
    cited = yaml.safe_load(citation_cff(facts(authors=("A & B", "C"), code_url="https://example.org/code")))
    assert all(cited[name] for name in REQUIRED)
    assert cited["cff-version"] == "1.2.0"
    assert cited["authors"] == [{"name": "A & B"}, {"name": "C"}]
    assert (cited["type"], cited["version"], cited["license"]) == ("dataset", "1.2.3", "CC-BY-4.0")
    assert cited["date-released"] == "2026-11-20"  # text: the format has no YAML dates
    assert cited["url"] == "https://huggingface.co/datasets/org/set"
    assert yaml.safe_load(citation_cff(facts(spec={"licence": "cc-by-sa-4.0"})))["license"] == "CC-BY-SA-4.0"
    assert "license" not in yaml.safe_load(citation_cff(facts(spec={"licence": "House rules"})))
    entry = bibtex(facts(authors=("A & B", "C")))
    assert entry.startswith("@misc{org-set,")
    assert r"author  = {{A \& B} and {C}}" in entry
    assert entry.count("{") == entry.count("}")
