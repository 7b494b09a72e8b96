"""The dataset card: README.md of a repository on the Hub, from facts alone."""

from functools import cache
from importlib import resources
from typing import Any, Final

import yaml

from camera_motion.cards.citation import abstract, bibtex, hub_url
from camera_motion.cards.example import example
from camera_motion.cards.facts import CardFacts, check_filled
from camera_motion.cards.licences import hub_licence, licence_url
from camera_motion.cards.markdown import code, is_url, link, one_line, plain, string
from camera_motion.cards.tables import all_tables, count
from camera_motion.schema.motion import MOVE_M, MOVE_SHARE, TURN_DEG, ZOOM
from camera_motion.schema.spec import Procedural

TASKS: Final = ("text-to-video", "image-to-video", "video-classification")
TAGS: Final = ("video", "camera-motion", "camera-pose", "camera-control", "synthetic", "gaussian-splatting")

#: The Hub's size categories: the first that a number of clips is below.
SIZES: Final = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)


def render(facts: CardFacts) -> str:
    """Write the card.

    Raises:
        SpecError: a field is blank or a placeholder.
    """
    check_filled(facts)
    header = yaml.safe_dump(metadata(facts), sort_keys=False, allow_unicode=True, width=1000)
    body = _template().render(
        facts=facts,
        manifest=facts.manifest,
        spec=facts.spec,
        stats=facts.manifest.statistics,
        tables=dict(all_tables(facts)),
        example=example(facts),
        bibtex=bibtex(facts),
        abstract=abstract(facts),
        exact=list(facts.manifest.statistics.counts.get("pose_source", {})) == ["exact"],
        procedural=isinstance(facts.spec.scenes, Procedural),
        contact=_contact(facts.contact),
        licence=_licence(facts),
        hub_url=hub_url,
        taken=_taken(facts),
        least={"turn_deg": f"{TURN_DEG:g}", "move_m": f"{MOVE_M:g}", "move_share": MOVE_SHARE, "zoom": ZOOM},
    )
    return f"---\n{header}---\n\n{body.strip()}\n"


def metadata(facts: CardFacts) -> dict[str, Any]:
    """Give the YAML at the head of the card: what the Hub, its viewer and `load_dataset` read.

    Splits carry no counts: one that is wrong stops `load_dataset`, and the viewer counts for itself.
    """
    configs: list[dict[str, Any]] = []
    for config, globs in facts.data_files.items():
        files = [{"split": split, "path": path} for split, path in globs.items()]
        configs.append({"config_name": config, "data_files": files})
    configs[0] = {"config_name": configs[0]["config_name"], "default": True, "data_files": configs[0]["data_files"]}
    return {
        "pretty_name": one_line(facts.title),
        **hub_licence(facts.spec.licence, facts.licence_file),
        "language": ["en"],
        "task_categories": list(TASKS),
        "size_categories": [size_category(facts.manifest.keys)],
        "tags": list(TAGS),
        "configs": configs,
        "dataset_info": [{"config_name": config, "features": found} for config, found in facts.features.items()],
    }


def size_category(clips: int) -> str:
    """Name the Hub's size category of so many rows."""
    return next((name for limit, name in SIZES if clips < limit), "100M<n<1B")


def _contact(contact: str) -> str:
    return (
        link("the discussions of this repository" if contact.endswith("/discussions") else contact, contact)
        if (is_url(contact))
        else plain(contact)
    )


def _licence(facts: CardFacts) -> str:
    url = licence_url(facts.spec.licence) or facts.licence_file
    return link(facts.spec.licence, url) if url else plain(facts.spec.licence)


def _taken(facts: CardFacts) -> dict[str, int]:
    """Choose what the torch example takes of each clip: some 49 frames at half the size, in multiples of 16 pixels."""
    video = facts.spec.video
    width, height = (max(16, side // 32 * 16) for side in (video.width, video.height))
    return {"frames": min(49, video.frames), "width": width, "height": height}


def _tally(counts: dict[str, int]) -> str:
    return ", ".join(f"{plain(name)} ({count(clips)})" for name, clips in counts.items())


@cache
def _template() -> Any:
    import jinja2

    text = resources.files("camera_motion.cards").joinpath("card.md.jinja").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False
    )
    environment.filters |= {
        "plain": plain,
        "code": code,
        "string": string,
        "count": count,
        "tally": _tally,
        "hours": lambda seconds: f"{seconds / 3600:.2f}" if seconds < 36000 else f"{seconds / 3600:.0f}",
        "minutes": lambda seconds: f"{seconds / 60:.1f}",
        "mb": lambda size: f"{size / 1e6:.1f} MB" if size < 1e9 else f"{size / 1e9:.1f} GB",
        "percent": lambda share: f"{100 * share:.2g} %",
    }
    return environment.from_string(text)
