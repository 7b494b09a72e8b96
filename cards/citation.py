"""How a set is cited: BibTeX for papers, CITATION.cff for machines."""

import re
from typing import Any, Final

import yaml

from camera_motion.cards.facts import CardFacts
from camera_motion.cards.licences import hub_licence
from camera_motion.cards.markdown import one_line
from camera_motion.schema.base import SpecError

#: What CFF 1.2.0 requires of every file.
REQUIRED: Final = ("cff-version", "message", "title", "authors")

_BIBTEX: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{character: f"\\{character}" for character in "#$%&_"},
}


def citation_cff(facts: CardFacts) -> str:
    """Write CITATION.cff, of CFF 1.2.0.

    Raises:
        SpecError: a field that the format requires would be blank.
    """
    fields: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this dataset, please cite it with these metadata.",
        "type": "dataset",
        "title": one_line(facts.title),
        "version": facts.version,
        "date-released": facts.released,
        "authors": [{"name": one_line(author)} for author in facts.authors],
        "abstract": abstract(facts),
        "keywords": ["camera motion", "camera pose", "video", "synthetic data"],
    }
    fields |= {"license": spdx} if (spdx := _spdx(facts.spec.licence)) else {}
    fields |= {"url": hub_url(facts.repo_id)} if facts.repo_id else {}
    fields |= {"repository-code": facts.code_url} if facts.code_url else {}
    if blank := [name for name in REQUIRED if not fields[name]]:
        raise SpecError(f"CITATION.cff needs {blank[0]}; say what it is")
    text: str = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=100)
    return text


def bibtex(facts: CardFacts) -> str:
    """Write the entry for a paper's bibliography; names stand in braces, for they are of groups as they are given."""
    entry = {
        "title": f"{{{_tex(facts.title)}}}",
        "author": " and ".join(f"{{{_tex(author)}}}" for author in facts.authors),
        "year": facts.released[:4],
        "version": _tex(facts.version),
        "note": f"{facts.manifest.keys} clips, set {facts.manifest.identity}",
    }
    entry |= {"url": hub_url(facts.repo_id)} if facts.repo_id else {}
    key = re.sub(r"[^a-z0-9]+", "-", (facts.repo_id or facts.folder).lower()).strip("-") or "camera-motion"
    lines = [f"  {name:<7} = {{{value}}}" for name, value in entry.items()]
    return f"@misc{{{key},\n" + ",\n".join(lines) + "\n}"


def abstract(facts: CardFacts) -> str:
    """Say in a sentence what the set is."""
    video, stats = facts.spec.video, facts.manifest.statistics
    return (
        f"{stats.clips} synthetic video clips of {video.width} x {video.height} pixels and {video.frames} frames whose "
        "camera motion is known: for every frame the camera's pose in metres and its lens, with motion labels and "
        "captions measured on the trajectory, each clip checked against its own decoded pixels."
    )


def hub_url(repo_id: str) -> str:
    """Give the address of a dataset repository on the Hub."""
    return f"https://huggingface.co/datasets/{repo_id}"


def _spdx(licence: str) -> str:
    """Spell a licence as SPDX does, which the format insists on; "" where that is not known for certain."""
    licence = licence.strip()
    if licence.lower().startswith(("cc-", "cc0")):
        licence = licence.upper()
    return "" if licence == licence.lower() or hub_licence(licence)["license"] == "other" else licence


def _tex(text: str) -> str:
    return "".join(_BIBTEX.get(character, character) for character in one_line(text)).replace("`", "'")
