"""The pages of a release: the card, the citation and the figures, written anew only when they would come out otherwise.

Drawing takes seconds and a publish that is resumed needs nothing new, so a note in the set's folder keeps the hash of
all that the pages follow from (the clips, the words, this program's code) and of the pages themselves.
"""

import hashlib
import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import yaml

import camera_motion
from camera_motion.builder.release import Release
from camera_motion.builder.store import writing
from camera_motion.schema.base import canonical_json

#: The note, in the set's folder.
NOTE: Final = ".pages.json"

CARD: Final = "README.md"
CITATION: Final = "CITATION.cff"

#: A licence's own text, which the card links to where there is one.
LICENCE: Final = "LICENSE"


def write_pages(root: Path, name: str, release: Release) -> list[Path]:
    """Give the pages of a release of the set in `root`, written unless they are up to date, the card last.

    Raises:
        SpecError: the set has no Parquet view, or a field of the card would be blank.
    """
    follows_from = _inputs(root, name, release)
    if _noted(root) != {"from": follows_from, "pages": _hashes(root)}:
        from camera_motion.builder.describe import write_card

        _keep_day(root, release)
        words = release.words
        write_card(
            root,
            name,
            release.version,
            contact=words.contact,
            authors=words.authors,
            title=words.title,
            tars=release.tars,
        )
        with writing(root / NOTE) as file:
            file.write(json.dumps({"from": follows_from, "pages": _hashes(root)}, indent=1).encode() + b"\n")
    return list(_pages(root))


def _pages(root: Path) -> Iterator[Path]:
    """Give what the card consists of: the figures that it shows, and the files beside it."""
    card = root / CARD
    text = card.read_text() if card.is_file() else ""
    yield from (path for path in sorted((root / "figures").glob("*.png")) if f"figures/{path.name}" in text)
    yield from (path for path in (root / LICENCE, root / CITATION, card) if path.is_file())


def _hashes(root: Path) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): _sha256(path) for path in _pages(root)}


def _noted(root: Path) -> Any:
    try:
        return json.loads((root / NOTE).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None


def _inputs(root: Path, name: str, release: Release) -> str:
    """Hash all that the pages follow from, and what else lies in the folder that a card may take in."""
    beside = {p.name: _sha256(p) for p in sorted(root.iterdir()) if p.is_file() and not p.name.startswith(".")}
    for page in (CARD, CITATION):
        beside.pop(page, None)
    said = release.model_dump(mode="json", exclude={"changes"})
    return hashlib.sha256(canonical_json([name, said, beside, _code()]).encode()).hexdigest()


def _keep_day(root: Path, release: Release) -> None:
    """Let a version keep its day: the card takes it from the citation that is there, which may be of another copy."""
    citation = root / CITATION
    try:
        before = yaml.safe_load(citation.read_text())
    except (OSError, ValueError, yaml.YAMLError):
        before = None
    day = before.get("date-released") if isinstance(before, dict) and before.get("version") == release.version else None
    if release.released and str(day) != release.released:
        with writing(citation) as file:
            file.write(yaml.safe_dump({"version": release.version, "date-released": release.released}).encode())


@lru_cache(maxsize=1)
def _code() -> str:
    """Hash the code that pages are made by."""
    base = Path(camera_motion.__path__[0])
    digest = hashlib.sha256()
    for package in ("cards", "builder", "schema"):
        for path in sorted((base / package).glob("*.*")):
            if path.suffix in (".py", ".jinja"):
                digest.update(f"{package}/{path.name}".encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
