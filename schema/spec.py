"""What a set is to be: the spec, its profiles, and the hash that says whether two specs mean the same clips."""

import math
import os
from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from camera_motion.schema.base import Model, identity
from camera_motion.schema.plan import Speed
from camera_motion.schema.vocabulary import PRIMITIVES, SHAKE_CLASSES, SPEEDS

#: Sizes, frame counts and rates that trainers ask for: width, height, frames, fps.
PROFILES: Final[Mapping[str, tuple[int, int, int, float]]] = MappingProxyType(
    {
        "cami2v": (256, 256, 16, 8.0),
        "dynamicrafter": (512, 320, 16, 8.0),
        "dynamicrafter-portrait": (320, 512, 16, 8.0),
        "wan": (832, 480, 81, 16.0),
        "wan-portrait": (480, 832, 81, 16.0),
        "hd": (1280, 720, 121, 24.0),
        "hd-portrait": (720, 1280, 121, 24.0),
        "full": (1920, 1080, 121, 24.0),
        "full-portrait": (1080, 1920, 121, 24.0),
    }
)

#: Moves that are made of other moves.
COMPOUNDS: Final = ("sequence", "at_once")

#: Largest magnitude that a spec may ask of a move, in the move's own unit (degrees, metres, ln f). Beyond these a
#: clip of a few seconds shows nothing but blur, the camera looks past the zenith, or the lens does not exist.
MAGNITUDE_LIMITS: Final[Mapping[str, tuple[float, str]]] = MappingProxyType(
    {
        "pan": (360.0, "deg"),
        "tilt": (80.0, "deg"),
        "roll": (180.0, "deg"),
        "dolly": (50.0, "m"),
        "truck": (50.0, "m"),
        "pedestal": (20.0, "m"),
        "zoom": (1.4, "ln f"),
        "dolly_zoom": (20.0, "m"),
        "arc": (720.0, "deg"),
        "crane": (80.0, "deg"),
    }
)

#: Directions of every move that a spec may name; () where it has none.
DIRECTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        family: tuple(p.direction for p in PRIMITIVES.values() if p.family == family)
        for family in ("pan", "tilt", "roll", "dolly", "truck", "pedestal", "zoom", "dolly_zoom", "arc", "crane")
    }
    | {"static": (), "spline": (), "replay": (), "handheld": (), "sequence": (), "at_once": ()}
)

#: Families of procedural scenes.
FAMILIES: Final = ("courtyard", "interior")

#: Moves whose own speed is not a matter of class.
UNHURRIED: Final = ("static", "replay", "handheld")

Share = Annotated[int, Field(gt=0, le=1000)]

#: A file's name as operating systems take it: without NUL.
FileName = Annotated[str, Field(pattern=r"^[^\x00]*$")]


class Video(Model):
    """Size, number of frames and rate of every clip. Even sizes: yuv420p has half as many chroma samples."""

    width: Annotated[int, Field(ge=64, le=4096, multiple_of=2)]
    height: Annotated[int, Field(ge=64, le=4096, multiple_of=2)]
    frames: Annotated[int, Field(ge=8, le=1000)]
    fps: Annotated[float, Field(gt=0, le=120)]


class Part(Model):
    """One move of a compound: every direction named makes one more combination."""

    move: str
    directions: tuple[str, ...] = ()
    magnitude: tuple[float, float] | None = None
    ease: str = ""
    steadiness: str = ""
    file: FileName = ""

    @model_validator(mode="after")
    def _possible(self) -> "Part":
        if self.move not in DIRECTIONS:
            raise ValueError(f"move is {self.move!r}; known moves: {', '.join(DIRECTIONS)}")
        for direction in self.directions:
            if direction not in DIRECTIONS[self.move]:
                allowed = ", ".join(DIRECTIONS[self.move]) or "none"
                raise ValueError(f"directions holds {direction!r}; directions of {self.move}: {allowed}")
        if self.magnitude is not None:
            self._check_magnitude(*self.magnitude)
        if self.steadiness and (self.steadiness not in SHAKE_CLASSES or self.move != "handheld"):
            raise ValueError(f"steadiness is {self.steadiness!r}; it is for handheld: {', '.join(SHAKE_CLASSES)}")
        if (self.move == "replay") != bool(self.file):
            raise ValueError(f"file is {self.file!r}; a replay names a trajectory file, and no other move does")
        return self

    @property
    def dealt_directions(self) -> tuple[str, ...]:
        """The directions in which the move is dealt; one empty word where it has none."""
        return self.directions or DIRECTIONS[self.move] or ("",)

    def _check_magnitude(self, low: float, high: float) -> None:
        if self.move not in MAGNITUDE_LIMITS:
            raise ValueError(f"magnitude is [{low:g}, {high:g}]; {self.move} has none")
        limit, unit = MAGNITUDE_LIMITS[self.move]
        if not 0 < low <= high <= limit:
            raise ValueError(f"magnitude is [{low:g}, {high:g}]; {self.move} takes 0 < low <= high <= {limit:g} {unit}")


class Move(Part):
    """A kind of clip. It is dealt in every direction and every speed, each `weight` times as often as weight 1.

    No `directions` means all of them; no `speeds` means all three, or `regular` alone where a `magnitude` or the move
    itself leaves no choice. `parts` are the moves of a `sequence` or of `at_once`.
    """

    speeds: tuple[Speed, ...] = ()
    weight: Annotated[int, Field(ge=1, le=100)] = 1
    parts: tuple[Part, ...] = ()

    @model_validator(mode="after")
    def _made_of_parts(self) -> "Move":
        compound = self.move in COMPOUNDS
        if compound and len(self.parts) < 2:
            raise ValueError(f"parts has {len(self.parts)} entries; a {self.move} needs at least two")
        if not compound and self.parts:
            raise ValueError(f"parts is given; only {' and '.join(COMPOUNDS)} have parts, not {self.move}")
        if any(part.move in (*COMPOUNDS, "static") for part in self.parts):
            raise ValueError("parts holds a compound or a static; parts are single moves")
        return self

    @property
    def cells(self) -> int:
        """How many entries the move has in the deck: directions (of all its parts) x speeds x weight."""
        return (
            self.weight
            * len(self.dealt_speeds)
            * math.prod(len(part.dealt_directions) for part in self.parts or (self,))
        )

    @property
    def dealt_speeds(self) -> tuple[Speed, ...]:
        """The speeds in which the move is dealt."""
        if self.speeds:
            return self.speeds
        return ("regular",) if self.move in UNHURRIED or self.magnitude is not None else SPEEDS


class Procedural(Model):
    """Worlds made from seeds; `families` gives each family's share as a whole number."""

    source: Literal["procedural"] = "procedural"
    families: Annotated[dict[str, Share], Field(min_length=1)] = Field(
        default_factory=lambda: dict.fromkeys(FAMILIES, 1)
    )

    @model_validator(mode="after")
    def _known(self) -> "Procedural":
        for family in self.families:
            if family not in FAMILIES:
                raise ValueError(f"families holds {family!r}; known families: {', '.join(FAMILIES)}")
        return self


class SplatFile(Model):
    """A trained 3DGS scene in a `.ply`, with what such a file does not say.

    That is: which way is up, where the ground is (metres along `up`, after scaling), how long its unit is, and the
    words for what it shows (`generator.geometry.SceneDescription`).
    """

    source: Literal["splat_file"]
    path: FileName
    up: Literal["+x", "-x", "+y", "-y", "+z", "-z"] = "-y"
    ground_m: Annotated[float, Field(ge=-1e6, le=1e6)] = 0.0
    metres_per_unit: Annotated[float, Field(ge=1e-6, le=1e6)] = 1.0
    kind: Literal["exterior", "interior"] = "exterior"
    place: Annotated[str, Field(min_length=1)]
    short: Annotated[str, Field(min_length=1)]
    features: tuple[str, ...] = ()
    light: str = ""


def _source(scenes: Any) -> Any:
    return scenes.get("source", "procedural") if isinstance(scenes, dict) else getattr(scenes, "source", None)


Scenes = Annotated[
    Annotated[Procedural, Tag("procedural")] | Annotated[SplatFile, Tag("splat_file")], Discriminator(_source)
]


class Splits(Model):
    """Shares of the scenes; no scene is in both."""

    train: Annotated[float, Field(ge=0, le=1)] = 1.0
    test: Annotated[float, Field(ge=0, le=1)] = 0.0

    @model_validator(mode="after")
    def _whole(self) -> "Splits":
        if abs(self.train + self.test - 1) > 1e-9:
            raise ValueError(f"train {self.train:g} and test {self.test:g} must add up to 1")
        return self

    @property
    def test_share(self) -> Fraction:
        """The test split's share as a small fraction, for exact dealing."""
        return Fraction(self.test).limit_denominator(1000)


class Render(Model):
    """`spacing_px` is the distance between splats on the screen; `supersample` renders larger and scales down.

    `renderer` "auto" is CUDA where there is a device for it, else the CPU; which one it was is in the identity.
    """

    spacing_px: Annotated[float, Field(ge=0.5, le=6)] = 1.3
    supersample: Annotated[float, Field(ge=1, le=2)] = 1.0
    renderer: Literal["auto", "cpu", "cuda"] = "auto"


class Encode(Model):
    """The video codec; `crf` is ignored by lossless ffv1.

    `encoder` is who encodes H.264 and H.265: "software" is x264 or x265, "nvenc" the GPU's own; "auto" takes NVENC
    only beside the CUDA renderer and where it works. Which one it was is in the identity.
    """

    codec: Literal["h264", "h265", "ffv1"] = "h264"
    crf: Annotated[int, Field(ge=0, le=51)] = 18
    encoder: Literal["auto", "software", "nvenc"] = "auto"
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] = "veryfast"


class Gate(Model):
    """How many candidates of a clip may be tried before it is given up."""

    max_candidates: Annotated[int, Field(ge=1, le=1000)] = 12


class Execution(Model):
    """How the set is built; none of it changes a byte of a clip.

    `cpus` and `gpus` are what one worker holds (Ray's num_cpus and num_gpus; a quarter of a GPU is 0.25), `address` the
    Ray cluster's; 0 and "" leave it to the engine.
    """

    engine: Literal["auto", "serial", "processes", "ray"] = "auto"
    workers: Annotated[int, Field(ge=0, le=100_000)] = 0
    cpus: Annotated[int, Field(ge=0, le=1024)] = 0
    gpus: Annotated[float, Field(ge=0, le=64)] = 0.0
    address: str = ""
    output: FileName = ""


class Spec(Model):
    """A set in a page: everything but `clips`, `execution` and `base` is in its identity.

    `base` is the folder from which the spec's file names start, `inputs` the SHA-256 of each such file; both are set
    when a spec file is read, never written by hand.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")] = "1.0.0"
    seed: Annotated[int, Field(ge=0, lt=2**53)] = 0
    clips: Annotated[int, Field(gt=0, le=10_000_000)]
    clips_per_scene: Annotated[int, Field(gt=0, le=100_000)]
    shard_clips: Annotated[int, Field(gt=0, le=100_000)]
    profile: str = ""
    video: Video
    scenes: Scenes = Field(default_factory=Procedural)
    moves: tuple[Move, ...]
    splits: Splits = Field(default_factory=Splits)
    render: Render = Field(default_factory=Render)
    encode: Encode = Field(default_factory=Encode)
    gate: Gate = Field(default_factory=Gate)
    licence: Annotated[str, Field(min_length=1)] = "CC-BY-4.0"
    redistributable: bool = True
    execution: Execution = Field(default_factory=Execution)
    base: str = ""
    inputs: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _fill_video(cls, fields: Any) -> Any:
        """Take what `video` leaves open from the profile."""
        if not isinstance(fields, dict) or not fields.get("profile"):
            return fields
        if not isinstance(profile := fields["profile"], str) or profile not in PROFILES:
            raise ValueError(f"profile is {profile!r}; known profiles: {', '.join(PROFILES)}")
        known = dict(zip(("width", "height", "frames", "fps"), PROFILES[profile], strict=True))
        own = fields.get("video") or {}
        return fields | {"video": known | own} if isinstance(own, dict) else fields

    @model_validator(mode="after")
    def _counts_fit(self) -> "Spec":
        cells = sum(move.cells for move in self.moves)
        if not 0 < cells <= 100_000:
            raise ValueError(f"moves gives {cells} combinations of direction, speed and weight; allowed: 1 to 100000")
        small, large = sorted((self.clips_per_scene, self.shard_clips))
        if large % small:
            raise ValueError(
                f"shard_clips is {self.shard_clips} and clips_per_scene {self.clips_per_scene}; one must be a multiple "
                f"of the other, so that a split can keep whole scenes in whole shards"
            )
        if over := self.clips % self.shard_clips:
            below = self.clips - over
            nearest = [str(count) for count in (below, below + self.shard_clips) if count]
            raise ValueError(
                f"clips is {self.clips}, not a multiple of shard_clips {self.shard_clips}; "
                f"nearest: {' or '.join(nearest)}"
            )
        return self

    @model_validator(mode="after")
    def _one_scene_is_in_one_split(self) -> "Spec":
        if isinstance(self.scenes, SplatFile) and 0 < self.splits.test < 1:
            raise ValueError(
                f"splits has train {self.splits.train:g} and test {self.splits.test:g}; a splat file is one scene, and "
                "no scene may be in two splits: give it whole to one of them"
            )
        return self

    @property
    def unit_clips(self) -> int:
        """Clips in the smallest part that a split can take: whole scenes in whole shards."""
        return max(self.clips_per_scene, self.shard_clips)


def content(spec: Spec) -> dict[str, Any]:
    """Give the fields that decide what clips look like; the profile's name is replaced by what it stands for."""
    fields = spec.model_dump(mode="json", exclude={"clips", "execution", "base", "profile"})
    del fields["render"]["renderer"], fields["encode"]["encoder"]
    return fields


def spec_identity(spec: Spec, generator_version: str, renderer: str, encoder: str) -> str:
    """Hash what decides the clips: two builds with one identity make the same set, or one a longer one.

    `renderer` and `encoder` are those that `auto` resolved to.
    """
    return identity(
        {"content": content(spec), "generator": generator_version, "renderer": renderer, "encoder": encoder}
    )


def portable(value: Any, base: str) -> Any:
    """Give a JSON-able value with every file name below the folder `base` as the spec has it, relative to `base`.

    Provenance is written with it: the bytes of a set must not tell, or depend on, the folder that its spec lay in.
    """
    if isinstance(value, str) and base:
        return value.removeprefix(f"{base}{os.sep}")
    if isinstance(value, Mapping):
        return {key: portable(entry, base) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [portable(entry, base) for entry in value]
    return value
