"""The gallery: one page that shows a set's clips playing, with all that is known of their cameras.

Everything that the page shows travels inside it as JSON; the clips and their posters lie beside it. It asks nothing
of any server, and its policy (CSP) lets it run no script but its own.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import jinja2
import numpy as np
from jaxtyping import Float64
from markupsafe import Markup

from camera_motion.schema.camera import Trajectory
from camera_motion.schema.clip import ClipRecord
from camera_motion.schema.conventions import WORLD_UP
from camera_motion.schema.signals import signals
from camera_motion.schema.vocabulary import PRIMITIVES

FOLDER: Final = Path(__file__).parent
SCRIPTS: Final = ("gallery_draw.js", "gallery_clip.js", "gallery_grid.js")

#: What the page's whole numbers count: millimetres, hundredths of a degree and of a millimetre of focal length.
STEPS_PER_M: Final = 1000
STEPS_PER_DEG: Final = 100
STEPS_PER_MM: Final = 100
#: Focal lengths are told as photographers do, for a picture as wide as 35 mm film.
FILM_WIDTH_MM: Final = 36.0

#: What a motion changes, and so its colour.
KINDS: Final[Mapping[str, str]] = {
    "pan": "turn",
    "tilt": "turn",
    "roll": "turn",
    "dolly": "travel",
    "truck": "travel",
    "pedestal": "travel",
    "zoom": "lens",
    "dolly_zoom": "both",
    "arc": "both",
    "crane": "both",
}


@dataclass(frozen=True)
class Shot:
    """One clip to show.

    `limits` has, for every part of the gate's correction that the move shows, how large it may be, and
    `residual_limit_px` what the residual may be. `shard` is the number of its tar.
    """

    record: ClipRecord
    trajectory: Trajectory
    limits: Mapping[str, float]
    residual_limit_px: float
    shard: int


@dataclass(frozen=True)
class Facts:
    """What is said of the set as a whole.

    `version` is that of the generator. `total` is the number of its clips where that is known, and more than the page
    shows where it was cut. `spec` is the name of the spec that lies beside the page ("" for none), `needs` names the
    files that it needs and that do not, `shards` is the number of the set's shards and `shard_clips` that of clips in
    each; `converted` counts clips whose lossless or H.265 video browsers cannot play.
    """

    title: str
    identity: str
    version: str
    total: int | None = None
    spec: str = ""
    shards: int = 0
    shard_clips: int = 0
    converted: int = 0
    needs: tuple[str, ...] = ()


def page(facts: Facts, shots: Iterable[Shot]) -> str:
    """Write the page; clips are expected at `clips/KEY.mp4`, posters at `clips/KEY.webp`."""
    clips = [entry(shot) for shot in shots]
    motions = sorted({motion for clip in clips for motion in [*clip["motions"], *(s[2] for s in clip["segments"])]})
    style = (FOLDER / "gallery.css").read_text(encoding="utf-8")
    script = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}}})();\n'
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    return environment.get_template("gallery.html.jinja").render(
        facts=facts,
        policy=policy(style, script),
        style=Markup(style),
        script=Markup(script),
        clips=len(clips),
        payload=inline_json({"facts": asdict(facts), "words": {m: word(m) for m in motions}, "clips": clips}),
    )


def entry(shot: Shot) -> dict[str, Any]:
    """Give all that the page knows of a clip, in plain values."""
    record, checks = shot.record, shot.record.checks
    return {
        "key": record.key,
        "captions": [record.short_caption, record.long_caption, record.scene_caption, record.camera_caption],
        "motions": list(record.camera_motion),
        "main": record.main_motion,
        "speed": record.speed,
        "scene": record.scene,
        "scene_id": record.scene_id,
        "character": record.character,
        "source": record.source,
        "split": record.split,
        "take": record.take_id,
        "camera": record.camera_id,
        "poses": record.pose_source,
        "licence": record.licence,
        "seed": record.seed,
        "shard": shot.shard,
        "size": [record.width, record.height, record.num_frames, _rounded(record.fps)],
        "segments": [
            [s.start_frame, s.end_frame, s.motion, _rounded(s.magnitude), s.unit, s.speed]
            for s in record.motion_segments
        ],
        "way": [_rounded(record.path_length_m), _rounded(record.camera_scale * record.align_factor)],
        "residual": [_rounded(n) for n in (checks.residual_px, shot.residual_limit_px, checks.motion_px)],
        "tracks": round(checks.tracks),
        "holes": _rounded(checks.holes),
        "parts": [
            [part, _rounded(getattr(checks, part)), _rounded(getattr(checks, f"{part}_sigma")), _rounded(limit)]
            for part, limit in shot.limits.items()
        ],
        **track(shot.trajectory, record.align_factor),
    }


def track(trajectory: Trajectory, align_factor: float = 1.0) -> dict[str, Any]:
    """Code a trajectory as seven short lists: right, down, forward of the first camera set level; pan, tilt, roll; f.

    Whole numbers (`STEPS_PER_M` and its kin), each list as `second_differences`. `level` is false for a first view too
    steep to be set level: the axes are the first camera's own then. `tall` is fy / fx, the picture being [0,1] x [0,1].
    """
    seen = signals(trajectory, WORLD_UP)
    steps = [
        *(seen.centres_m * align_factor * STEPS_PER_M).T,
        *(seen.angles_deg * STEPS_PER_DEG).T,
        trajectory.intrinsics[:, 0] * FILM_WIDTH_MM * STEPS_PER_MM,
    ]
    tall = float(trajectory.intrinsics[0, 1] / trajectory.intrinsics[0, 0])
    return {"track": [second_differences(line) for line in steps], "tall": _rounded(tall), "level": seen.levelled}


def second_differences(values: Float64[np.ndarray, " T"]) -> list[int]:
    """Round to whole numbers and keep the first, the first step, then how steps change; one number if all are equal.

    Smooth motion becomes numbers of a digit or two, and sums of whole numbers give it back exactly.
    """
    whole = np.rint(values).astype(np.int64)
    if len(whole) == 1 or not np.ptp(whole):
        return [int(whole[0])]
    first, step = int(whole[0]), int(whole[1] - whole[0])
    return [first, step, *np.diff(whole, 2).tolist()]


def word(motion: str) -> list[str]:
    """Give a motion's family, direction and kind (`KINDS`); a word that is not of the vocabulary is its own family."""
    primitive = PRIMITIVES.get(motion)
    if primitive is None:
        return [motion, "", "still"]
    kind = "both" if "tracking" in motion else KINDS.get(primitive.family, "still")
    return [primitive.family, primitive.direction, kind]


def inline_json(value: Any) -> Markup:
    """Write JSON that may stand in a `<script>` element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for mark in "<>&\u2028\u2029":
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return Markup(text.encode("utf-8", "backslashreplace").decode())


def policy(style: str, script: str) -> str:
    """Write a content security policy that allows this style, this script, and pictures and videos beside the page."""
    allowed = {
        "default-src": "'none'",
        "style-src": _digest(style),
        "script-src": _digest(script),
        "img-src": "'self' file: data:",
        "media-src": "'self' file:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{key} {value}" for key, value in allowed.items())


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _rounded(number: float | int) -> float | int:
    """Keep four digits: the page shows three."""
    rounded = float(f"{number:.4g}")
    return int(rounded) if rounded.is_integer() else rounded
