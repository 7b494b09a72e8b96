"""Specs: what is right, what is wrong in one line, and what makes two of them the same set."""

from typing import Any

import pytest

from camera_motion.schema.base import SpecError
from camera_motion.schema.parse import parse
from camera_motion.schema.spec import PROFILES, Spec, portable, spec_identity

FIELDS: dict[str, Any] = {
    "name": "mine",
    "clips": 24,
    "clips_per_scene": 6,
    "shard_clips": 6,
    "profile": "wan",
    "moves": [{"move": "pan"}],
}


def identity(**changes: Any) -> str:
    return spec_identity(parse(FIELDS | changes), "1.0.0", "cpu", "software")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"rendr": {}}, "mine.yaml: rendr is not a key of a spec; did you mean 'render'?"),
        ({"render": {"spacing": 1}}, "mine.yaml: render.spacing is not a key of render; did you mean 'spacing_px'?"),
        ({"colour": 1}, "mine.yaml: colour is not a key of a spec; keys: name, version, seed, clips, "),
        ({"video": {"fps": -24}}, "mine.yaml: video.fps is -24; it must be greater than 0"),
        ({"video": {"width": 511}}, "mine.yaml: video.width is 511; it must be an even number"),
        ({"video": {"frames": 1}}, "mine.yaml: video.frames is 1; it must be at least 8"),
        ({"video": {"fps": float("nan")}}, "mine.yaml: video.fps is nan; input should be a finite number"),
        ({"profile": "wann"}, "mine.yaml: profile is 'wann'; known profiles: cami2v, dynamicrafter, "),
        ({"profile": ""}, "mine.yaml: video is missing"),
        ({"clips": 25}, "mine.yaml: clips is 25, not a multiple of shard_clips 6; nearest: 24 or 30"),
        ({"clips": 5}, "mine.yaml: clips is 5, not a multiple of shard_clips 6; nearest: 6"),
        ({"clips_per_scene": 4}, "mine.yaml: shard_clips is 6 and clips_per_scene 4; one must be a multiple"),
        ({"seed": 1.5}, "mine.yaml: seed is 1.5; it must be a whole number"),
        ({"name": "v1.0"}, "mine.yaml: name is 'v1.0'; it must match "),
        ({"scenes": {"source": "photos"}}, "mine.yaml: scenes.source is 'photos'; allowed: procedural, splat_file"),
        ({"scenes": {"familis": {}}}, "mine.yaml: scenes.familis is not a key of scenes; did you mean 'families'?"),
        ({"scenes": {"families": {"cave": 1}}}, "mine.yaml: scenes.families holds 'cave'; known families: courtyard, "),
        ({"scenes": {"source": "splat_file"}}, "mine.yaml: scenes.path is missing (and 2 more)"),
        (
            {
                "scenes": {"source": "splat_file", "path": "x.ply", "place": "a", "short": "a"},
                "splits": {"train": 0.5, "test": 0.5},
            },
            "mine.yaml: splits has train 0.5 and test 0.5; a splat file is one scene, and no scene may be in two",
        ),
        ({"splits": {"train": 0.5}}, "mine.yaml: splits.train 0.5 and test 0 must add up to 1"),
        ({"encode": {"codec": "vp9"}}, "mine.yaml: encode.codec is 'vp9'; allowed: h264, h265, ffv1"),
        ({"moves": []}, "mine.yaml: moves gives 0 combinations of direction, speed and weight; allowed: 1 to "),
        ({"moves": "pan"}, "mine.yaml: moves is 'pan'; it must be a list"),
        ({"moves": [{"move": "pann"}]}, "mine.yaml: moves[0].move is 'pann'; known moves: "),
        (
            {"moves": [{"move": "pan", "directions": ["up"]}]},
            "mine.yaml: moves[0].directions holds 'up'; directions of ",
        ),
        (
            {"moves": [{"move": "pan"}, {"move": "tilt", "magnitude": [90, 120]}]},
            "mine.yaml: moves[1].magnitude is [90, 120]; tilt takes 0 < low <= high <= 80 deg",
        ),
        (
            {"moves": [{"move": "static", "magnitude": [1, 2]}]},
            "mine.yaml: moves[0].magnitude is [1, 2]; static has none",
        ),
        ({"moves": [{"move": "replay"}]}, "mine.yaml: moves[0].file is ''; a replay names a trajectory file"),
        ({"moves": [{"move": "sequence"}]}, "mine.yaml: moves[0].parts has 0 entries; a sequence needs at least two"),
        (
            {"moves": [{"move": "at_once", "parts": [{"move": "pan", "speed": "slow"}, {"move": "tilt"}]}]},
            "mine.yaml: moves[0].parts[0].speed is not a key of moves[0].parts[0]; keys of ",
        ),
    ],
)
def test_a_wrong_spec_is_one_line_with_the_key_the_value_and_what_is_allowed(
    changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(SpecError) as caught:
        parse(FIELDS | changes, "mine.yaml")
    assert str(caught.value).startswith(complaint)
    assert "\n" not in str(caught.value)


def test_a_spec_is_a_mapping() -> None:
    with pytest.raises(SpecError, match="a spec is a mapping of keys to values, not"):
        parse(["name"])


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_are_sizes_that_codecs_hold_and_portrait_forms_are_turned(profile: str) -> None:
    video = parse(FIELDS | {"profile": profile}).video
    assert (video.width, video.height, video.frames, video.fps) == PROFILES[profile]
    turned = PROFILES.get(profile.removesuffix("-portrait"))
    assert turned is not None
    if profile.endswith("-portrait"):
        assert turned == (video.height, video.width, video.frames, video.fps)


def test_video_overrides_its_profile_field_by_field() -> None:
    video = parse(FIELDS | {"video": {"frames": 49}}).video
    assert (video.width, video.height, video.frames, video.fps) == (832, 480, 49, 16.0)


@pytest.mark.parametrize(
    "changes",
    [
        {"clips": 48},
        {"execution": {"engine": "processes", "workers": 8, "output": "elsewhere"}},
        {"base": "/somewhere"},
        {"profile": "", "video": {"width": 832, "height": 480, "frames": 81, "fps": 16}},
        {"render": {"renderer": "cpu"}},
        {"encode": {"encoder": "software"}},
    ],
)
def test_how_many_and_how_built_do_not_make_another_set(changes: dict[str, Any]) -> None:
    assert identity(**changes) == identity()


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 1},
        {"name": "other"},
        {"moves": [{"move": "tilt"}]},
        {"encode": {"crf": 20}},
        {"splits": {"train": 0.5, "test": 0.5}},
        {"shard_clips": 12},
        {"render": {"spacing_px": 1.0}},
        {"licence": "CC0-1.0"},
        {"inputs": {"walk.txt": "0" * 64}},
    ],
)
def test_what_decides_the_clips_makes_another_set(changes: dict[str, Any]) -> None:
    assert identity(**changes) != identity()


def test_another_generator_or_renderer_makes_another_set() -> None:
    spec = parse(FIELDS)
    ways = ("1", "cpu", "software"), ("2", "cpu", "software"), ("1", "cuda", "software"), ("1", "cuda", "nvenc")
    assert len({spec_identity(spec, *way) for way in ways}) == 4


def test_a_spec_survives_json() -> None:
    spec = parse(FIELDS)
    assert Spec.model_validate_json(spec.model_dump_json()) == spec


def test_provenance_does_not_tell_where_the_spec_lay() -> None:
    told = portable(
        {"move": {"file": "/home/me/specs/walks/a.txt", "parts": [("/home/me/specs/b.txt", 1)]}}, "/home/me/specs"
    )
    assert told == {"move": {"file": "walks/a.txt", "parts": [["b.txt", 1]]}}
    assert portable("/elsewhere/a.txt", "/me/specs") == "/elsewhere/a.txt"
