"""What a dataset card says, as plain values: no file is read here, and no field may be blank."""

import re
from typing import Annotated, Any, Final

from pydantic import Field

from camera_motion.schema.base import Model, SpecError
from camera_motion.schema.receipt import Manifest
from camera_motion.schema.spec import Spec

#: Words that stand where something was to be filled in.
_PLACEHOLDER: Final = re.compile(
    r"\W*(todo|tbd|tba|fixme|xxx+|placeholder|lorem ipsum.*|(more )?information needed|n/?a|unknown|untitled)?\W*",
    re.IGNORECASE | re.DOTALL,
)

#: How a blank is filled, where it is not plain.
_HOW: Final = {
    "contact": "give --contact, or --repo for its discussions",
    "authors": "give --author, or --repo for its owner",
}

Pixel = tuple[float, float]
Vector = tuple[float, float, float]
Lens = tuple[float, float, float, float]
Pose = tuple[Lens, Lens, Lens, Lens]


class SplitFacts(Model):
    """One split: how much of it there is, and in which scenes."""

    name: str
    clips: Annotated[int, Field(ge=0)]
    scenes: Annotated[int, Field(ge=0)]
    shards: Annotated[int, Field(ge=0)]
    tar_bytes: Annotated[int, Field(ge=0)]


class Requests(Model):
    """Moves that the plan asks for, in clips.

    `alone` and `within` count motion ids asked for by themselves and as part of a compound; `free` counts requests
    that name no one motion, in words; `speeds` counts speed classes.
    """

    alone: dict[str, int] = Field(default_factory=dict)
    within: dict[str, int] = Field(default_factory=dict)
    free: dict[str, int] = Field(default_factory=dict)
    speeds: dict[str, int] = Field(default_factory=dict)


class MachineFacts(Model):
    """A class of machines that made a part of the set."""

    name: str
    processor: str
    instructions: str
    python: str
    clips: Annotated[int, Field(ge=0)]


class Range(Model):
    """The middle and the two ends of many numbers."""

    low: float
    median: float
    high: float


class Example(Model):
    """Two frames of one clip for the worked example: rows of its arrays, and a point that both frames see.

    `tracked_px` is where the corner at that point was seen in the video, as far as the gate's evidence tells.
    """

    key: str
    split: str
    motions: tuple[str, ...]
    frames: tuple[int, int]
    size: tuple[int, int]
    intrinsics: tuple[Lens, Lens]
    w2c: tuple[Pose, Pose]
    point_m: Vector
    tracked_px: tuple[Pixel, Pixel] | None = None


class Sampled(Model):
    """What the manifest does not hold, taken from `clips` clips spread over the set.

    Focal lengths are those of first frames as shares of the width, fx / W.
    """

    clips: Annotated[int, Field(gt=0)]
    focal: Range
    camera_scale: Range
    path_length_m: Range
    vtss: Range | None = None
    vtss_clips: Annotated[int, Field(ge=0)] = 0


class Erratum(Model):
    """A fault found after the release: since which version, until which, in which clips, and what is wrong."""

    since: str
    fixed_in: str = "not yet"
    clips: str
    fault: str


class CardFacts(Model):
    """All that a card says.

    `repo_id` is "" for a set that is on no Hub; `folder` is then what its readers load. `version` is the set's
    (major: schema or clips changed, minor: clips added, patch: card), `released` an ISO date. `generator` and
    `renderer` made the set; `spec_name` names the spec that comes with the package, if it is one. `features` are
    YAML lists by config, `data_files` globs by config and split. `code_url` may be "" where nobody knows of one.
    """

    repo_id: str
    folder: str
    title: str
    version: str
    released: str
    authors: tuple[str, ...]
    contact: str
    manifest: Manifest
    spec: Spec
    generator: str
    renderer: str
    spec_name: str
    code_url: str
    tars: bool
    splits: tuple[SplitFacts, ...]
    requests: Requests
    machines: tuple[MachineFacts, ...]
    example: Example
    sampled: Sampled
    features: dict[str, list[Any]]
    data_files: dict[str, dict[str, str]]
    licence_file: str = ""
    figures: tuple[str, ...] = ()
    errata: tuple[Erratum, ...] = ()

    @property
    def name(self) -> str:
        """What readers give to `load_dataset`."""
        return self.repo_id or self.folder


def check_filled(facts: CardFacts) -> None:
    """Refuse facts with a blank or a placeholder among them.

    Raises:
        SpecError: the first such field, by name.
    """
    fields: list[tuple[str, str]] = [
        (name, getattr(facts, name))
        for name in ("folder", "title", "version", "released", "contact", "generator", "renderer")
    ]
    fields += [("licence", facts.spec.licence)]
    fields += [(f"authors[{i}]", author) for i, author in enumerate(facts.authors)]
    for name in ("machines", "splits", "errata"):
        for i, entry in enumerate(getattr(facts, name)):
            fields += [(f"{name}[{i}].{k}", v) for k, v in entry.model_dump().items() if isinstance(v, str)]
    for name, text in fields:
        if _PLACEHOLDER.fullmatch(text):
            raise SpecError(f"the card's {name} is {text!r}; a card has no blanks: {_HOW.get(name, 'say what it is')}")
    empty = [
        name for name in ("authors", "machines", "splits", "features", "data_files") if not len(getattr(facts, name))
    ]
    if empty:
        how = _HOW.get(empty[0], "say what it is")
        raise SpecError(f"the card's {empty[0]} is empty; a card has no blanks: {how}")
    for config in facts.features:
        if not facts.data_files.get(config):
            raise SpecError(f"the card's data_files.{config} is empty; write the Parquet view before the card")
    for name, value, form, like in (
        ("released", facts.released, r"\d{4}-\d\d-\d\d", "a date like 2026-11-20"),
        ("version", facts.version, r"\d+\.\d+\.\d+", "a version like 1.0.0"),
        (
            "repo_id",
            facts.repo_id,
            r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)?",
            "a repository like org/camera-motion",
        ),
    ):
        if not re.fullmatch(form, value, re.ASCII):
            raise SpecError(f"the card's {name} is {value!r}, not {like}")
