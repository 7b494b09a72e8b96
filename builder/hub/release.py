"""What one release of a set holds, what the next is called, and what it changed.

`release.json` in the repository is the release's own account; the number follows from comparing it with the local
set's: major where readers or clips that were published change, minor where clips are added, patch for the card.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, ValidationError

from camera_motion.schema.base import Model, SpecError
from camera_motion.schema.receipt import Digest, Manifest, Receipt

PATH = "release.json"
Version = Annotated[str, Field(pattern=r"^\d{1,9}\.\d{1,9}\.\d{1,9}$")]
Said = Annotated[str, Field(max_length=500)]
Level = Literal["first", "major", "minor", "patch"]


class Words(Model):
    """What the owners say of themselves on the card; what is empty is filled from the repository's name."""

    title: Said = ""
    contact: Said = ""
    authors: Annotated[tuple[Said, ...], Field(max_length=200)] = ()

    def over(self, before: "Words") -> "Words":
        """Take from an earlier release what is not said anew."""
        said = {name: value for name, value in self if value}
        return before.model_copy(update=said)


class Release(Model):
    """One release: `columns` maps a config to the type of each of its columns, `shards` a shard to its tar's SHA-256.

    Fields that a later version of this program adds are passed over.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Version
    released: str = ""
    changes: str = ""
    words: Words = Words()
    identity: Annotated[str, Field(max_length=100)]
    generator: str = ""
    clips: Annotated[int, Field(ge=0)]
    tars: bool
    columns: dict[str, dict[str, str]]
    shards: dict[str, Digest]

    def to_json(self) -> bytes:
        """Write it as it is published."""
        return self.model_dump_json(indent=1).encode() + b"\n"

    def same(self, other: "Release") -> bool:
        """Whether both are of the same clips in the same form."""
        return self._held() == other._held()

    def _held(self) -> dict[str, Any]:
        return self.model_dump(exclude={"version", "released", "changes", "words", "generator"})


NO_WORDS: Final = Words()


@dataclass(frozen=True)
class Step:
    """From one release to the next."""

    version: str
    level: Level
    reason: str

    def __str__(self) -> str:
        return f"v{self.version}, {self.level}: {self.reason}"


def words(title: str, contact: str, authors: tuple[str, ...]) -> Words:
    """Take the user's words.

    Raises:
        SpecError: they are too many for a card.
    """
    try:
        return Words(title=title, contact=contact, authors=authors)
    except ValidationError:
        raise SpecError("--title, --contact or an --author is longer than 500 characters; shorten it") from None


def parse_release(body: bytes, where: str) -> Release:
    """Read a `release.json`.

    Raises:
        SpecError: it is not one.
    """
    try:
        return Release.model_validate_json(body)
    except ValidationError:
        raise SpecError(f"{where} is not one that this program wrote; see --replace") from None


def describe(
    version: str,
    manifest: Manifest,
    receipts: Iterable[Receipt],
    features: Mapping[str, Mapping[str, Any]],
    *,
    generator: str,
    tars: bool,
    released: str = "",
    changes: str = "",
    words: Words = NO_WORDS,
) -> Release:
    """Give the account of a release of the day `released`; `features` are those of every config."""
    return Release(
        version=version,
        released=released,
        changes=changes,
        words=words,
        identity=manifest.identity,
        generator=generator,
        clips=manifest.keys,
        tars=tars,
        columns={config: {name: spell(kind) for name, kind in kinds.items()} for config, kinds in features.items()},
        shards={receipt.name: receipt.tar_sha256 for receipt in receipts},
    )


def step(last: Release | None, ours: Release, first: str) -> Step:
    """Give the number and the reason of what follows the release `last`; the very first is called `first`."""
    if last is None:
        return Step(first, "first", f"{ours.clips} clips")
    major, minor, patch = map(int, last.version.split("."))
    if breaks := _breaks(last, ours):
        return Step(f"{major + 1}.0.0", "major", breaks)
    if adds := _adds(last, ours):
        return Step(f"{major}.{minor + 1}.0", "minor", adds)
    return Step(f"{major}.{minor}.{patch + 1}", "patch", "card and figures")


def latest(tags: Iterable[str]) -> str | None:
    """Give the highest version among tags like `v1.2.3`, without its v."""
    versions = [tag[1:] for tag in tags if tag.startswith("v") and _is_version(tag[1:])]
    return max(versions, key=lambda version: tuple(map(int, version.split("."))), default=None)


def takes_away(last: Release, ours: Release) -> str:
    """Say what a set would take away from what is published; nothing if it continues it."""
    if last.identity != ours.identity:
        return f"it holds another set ({last.identity}, {last.clips} clips; this one is {ours.identity})"
    if gone := last.shards.keys() - ours.shards.keys():
        return f"it holds {last.clips} clips of this set, and {len(gone)} of its shards are not here"
    return ""


def spell(kind: Any) -> str:
    """Spell a column's type, alike in every version of `datasets`: `float32[][]`."""
    if isinstance(kind, Mapping):
        return "{" + ", ".join(f"{name}: {spell(field)}" for name, field in kind.items()) + "}"
    if isinstance(kind, list):
        return f"{spell(kind[0])}[]"
    if (inner := getattr(kind, "feature", None)) is not None:  # List, LargeList, Sequence
        return f"{spell(inner)}[]"
    return str(getattr(kind, "dtype", None) or type(kind).__name__.lower()) if not _is_media(kind) else _name(kind)


def _is_media(kind: Any) -> bool:
    return _name(kind) in ("video", "image", "audio")


def _name(kind: Any) -> str:
    return type(kind).__name__.lower()


def _is_version(text: str) -> bool:
    parts = text.split(".")
    return len(parts) == 3 and all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts)


def _breaks(last: Release, ours: Release) -> str:
    if last.identity != ours.identity:
        return "another set"
    if last.columns != ours.columns:
        return f"other columns: {', '.join(_differing(last.columns, ours.columns)[:6])}"
    if gone := last.shards.keys() - ours.shards.keys():
        return f"{len(gone)} shards taken away"
    if changed := [name for name, digest in last.shards.items() if ours.shards[name] != digest]:
        return f"{len(changed)} shards changed"
    return "the tars are no longer published" if last.tars and not ours.tars else ""


def _adds(last: Release, ours: Release) -> str:
    if ours.clips > last.clips:
        return f"{ours.clips - last.clips} clips added"
    return "tars added" if ours.tars and not last.tars else ""


def _differing(there: dict[str, dict[str, str]], here: dict[str, dict[str, str]]) -> list[str]:
    flat = [{f"{c}.{name}": kind for c, kinds in d.items() for name, kind in kinds.items()} for d in (there, here)]
    return [name for name in sorted(flat[0].keys() | flat[1].keys()) if flat[0].get(name) != flat[1].get(name)]
