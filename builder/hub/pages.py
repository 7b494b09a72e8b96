"""The pages of a release: the card, the citation and the figures, made anew only when they would come out otherwise.

Drawing takes seconds and a publish that is resumed needs nothing new, so a note in the set's folder keeps the hash of
all that the pages follow from (the clips, the words, this program's code) and of the pages themselves.
"""

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import camera_motion
from camera_motion.builder.hub.parcel import TEXTS
from camera_motion.builder.hub.release import Release
from camera_motion.builder.places.disk import writing
from camera_motion.builder.shard import sha256
from camera_motion.schema.base import canonical_json

#: The note, in the set's folder: for figures and for texts, what they follow from and their hashes.
NOTE: Final = ".pages.json"

CARD: Final = "README.md"
CITATION: Final = "CITATION.cff"


def write_pages(root: Path, name: str, release: Release) -> list[Path]:
    """Give the pages of a release of the set in `root`, made unless they are up to date, the card last.

    Raises:
        SpecError: the set has no Parquet view, or a field of the card would be blank.
    """
    noted = _noted(root)
    figures_from = _hash(release.shards, _code())
    said = release.model_dump(mode="json", exclude={"changes"})
    texts_from = _hash(name, said, _beside(root), _code())
    figures = _kept(root, noted.get("figures"), figures_from)
    if not figures or not _kept(root, noted.get("texts"), texts_from):
        from camera_motion.builder.describe import write_card

        words = release.words
        write_card(
            root,
            name,
            release.version,
            contact=words.contact,
            authors=words.authors,
            title=words.title,
            released=release.released,
            tars=release.tars,
            figures=figures,
        )
        figures = _shown(root)
        notes = {
            "figures": {"from": figures_from, "files": _hashes(root, figures)},
            "texts": {"from": texts_from, "files": _hashes(root, _texts(root))},
        }
        with writing(root / NOTE) as file:
            file.write(json.dumps(notes, indent=1).encode() + b"\n")
    return [*figures, *_texts(root)]


def _shown(root: Path) -> list[Path]:
    """Give the figures that the card shows; others may lie beside them."""
    text = (root / CARD).read_text()
    return [path for path in sorted((root / "figures").glob("*.png")) if f"figures/{path.name}" in text]


def _texts(root: Path) -> list[Path]:
    return [root / name for name in TEXTS if (root / name).is_file()]


def _hashes(root: Path, paths: list[Path]) -> dict[str, str]:
    return {path.relative_to(root).as_posix(): sha256(path) for path in paths}


def _noted(root: Path) -> dict[str, Any]:
    try:
        noted = json.loads((root / NOTE).read_bytes())
    except (OSError, ValueError, RecursionError):
        noted = None
    return noted if isinstance(noted, dict) else {}


def _kept(root: Path, note: Any, follows_from: str) -> list[Path]:
    """Give the files of a note if they follow from the same and are as they were written; else none."""
    if not isinstance(note, dict) or note.get("from") != follows_from or not isinstance(note.get("files"), dict):
        return []
    paths = [root / name for name in sorted(note["files"]) if not Path(name).is_absolute() and ".." not in name]
    if not all(path.is_file() for path in paths) or _hashes(root, paths) != note["files"]:
        return []
    return paths


def _beside(root: Path) -> dict[str, str]:
    """Hash what else lies in the folder that a card may take in."""
    files = (path for path in sorted(root.iterdir()) if path.is_file() and not path.name.startswith("."))
    return {path.name: sha256(path) for path in files if path.name not in (CARD, CITATION)}


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


def _hash(*values: Any) -> str:
    return hashlib.sha256(canonical_json(list(values)).encode()).hexdigest()
