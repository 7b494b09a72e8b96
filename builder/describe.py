"""A set described: the facts of its card from the receipts, the spec and the plan, and its card written beside it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Final

import yaml
from pydantic import TypeAdapter

from camera_motion.builder.features import CONFIGS, features
from camera_motion.builder.figures import draw_figures
from camera_motion.builder.parquet import FOLDERS
from camera_motion.builder.places.disk import writing
from camera_motion.builder.requests import requests
from camera_motion.builder.samples import example_of, sample, sampled
from camera_motion.builder.specfile import load, names
from camera_motion.builder.store import Store
from camera_motion.cards.card import render
from camera_motion.cards.citation import citation_cff, hub_url
from camera_motion.cards.facts import CardFacts, Erratum, MachineFacts, SplitFacts
from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Receipt, merge
from camera_motion.schema.spec import Spec, content

#: A file with the text of a licence that the Hub does not know.
LICENCE_FILE: Final = "LICENSE"

#: A file with what was found to be wrong with a set: a list of `since`, `fixed_in`, `clips` and `fault`.
ERRATA_FILE: Final = "errata.yaml"


def write_card(
    root: Path,
    repo_id: str | None,
    version: str | None = None,
    *,
    contact: str = "",
    authors: Sequence[str] = (),
    title: str = "",
    released: str = "",
    tars: bool = True,
    figures: Sequence[Path] = (),
) -> Path:
    """Write README.md, CITATION.cff and figures/*.png of a finished set with a Parquet view; give the card's path.

    The same set, version and words make the same bytes: a version keeps the day on which it was first described.
    `figures` are those of this very set if they are drawn already.

    Raises:
        SpecError: the set is not finished, has no Parquet view, or a field of the card would be blank.
    """
    told = facts(
        root,
        repo_id,
        version,
        contact=contact,
        authors=authors,
        title=title,
        released=released,
        tars=tars,
    )
    render(told)  # a blank is found before anything is written
    drawn = figures or draw_figures(root)
    told = told.model_copy(update={"figures": tuple(path.name for path in drawn)})
    texts = {"CITATION.cff": citation_cff(told), "README.md": render(told)}
    for name, text in texts.items():
        with writing(root / name) as file:
            file.write(text.encode())
    return root / "README.md"


def facts(
    root: Path,
    repo_id: str | None,
    version: str | None = None,
    *,
    contact: str = "",
    authors: Sequence[str] = (),
    title: str = "",
    released: str = "",
    tars: bool = True,
) -> CardFacts:
    """Gather what a card says, without figures.

    `version` is the spec's unless given; `released` is the day of the set's CITATION.cff if that is of this version,
    else today. Without a `contact` people are sent to the repository's discussions, without `authors` the
    repository's owner is named. `tars` tells whether the tars are published too.

    Raises:
        SpecError: the set is not finished or has no Parquet view, a scene is in two splits, or the errata are no list.
    """
    store = Store(root)
    spec, identity, described = store.read_spec(), store.read_identity(), store.read_description()
    receipts = _receipts(store, spec, identity)
    repo_id = repo_id or ""
    version = version or spec.version
    shots = sample(root)
    return CardFacts(
        repo_id=repo_id,
        folder=root.resolve().name,
        title=title or f"Camera Motion: {spec.name}",
        version=version,
        released=released or _released(root, version),
        authors=tuple(authors) or ((repo_id.partition("/")[0],) if repo_id else ()),
        contact=contact or (f"{hub_url(repo_id)}/discussions" if repo_id else ""),
        manifest=merge(receipts),
        spec=spec,
        generator=str(described["generator"]),
        renderer=str(described["renderer"]),
        spec_name=_packaged(spec),
        code_url=_code_url(),
        tars=tars and any((root / "webdataset").glob("*.tar")),
        splits=_splits(receipts),
        requests=requests(root, spec, str(described["generator"])),
        machines=_machines(receipts),
        example=example_of(root, receipts, shots),
        sampled=sampled(shots),
        features={config: features(config)._to_yaml_list() for config in CONFIGS},
        data_files=_data_files(root, receipts),
        licence_file=LICENCE_FILE if (root / LICENCE_FILE).is_file() else "",
        errata=_errata(root),
    )


def _receipts(store: Store, spec: Spec, identity: str) -> list[Receipt]:
    receipts = store.all_receipts(identity)
    planned = spec.clips // spec.shard_clips
    if (there := len({receipt.shard for receipt in receipts})) < planned:
        raise SpecError(
            f"{store.root} is not finished: {there} of {planned} shards; "
            f"go on with: camera-motion extend {store.root} --clips {spec.clips}"
        )
    if not any(receipt.keys for receipt in receipts):
        raise SpecError(f"{store.root} holds no clips; there is nothing to describe")
    return receipts


def _splits(receipts: Sequence[Receipt]) -> tuple[SplitFacts, ...]:
    """Count each split, training first, and make sure that no scene is in two of them."""
    seen: dict[str, str] = {}
    for receipt in receipts:
        for scene in receipt.scenes:
            if seen.setdefault(scene, receipt.split) != receipt.split:
                raise SpecError(f"the scene {scene} is in {seen[scene]} and in {receipt.split}; such a set has no card")
    order = sorted({receipt.split for receipt in receipts if receipt.keys}, key=lambda name: (name != "train", name))
    return tuple(
        SplitFacts(
            name=name,
            clips=sum(len(r.keys) for r in receipts if r.split == name),
            scenes=sum(split == name for split in seen.values()),
            shards=sum(r.split == name for r in receipts),
            tar_bytes=sum(r.tar_bytes for r in receipts if r.split == name),
        )
        for name in order
    )


def _machines(receipts: Sequence[Receipt]) -> tuple[MachineFacts, ...]:
    by_class: dict[str, list[Receipt]] = {}
    for receipt in receipts:
        by_class.setdefault(receipt.machine.get("class", "not recorded"), []).append(receipt)
    return tuple(
        MachineFacts(
            name=name,
            processor=", ".join(sorted({r.machine.get("processor") or "not recorded" for r in made})),
            instructions=made[0].machine.get("instructions") or "not recorded",
            python=made[0].machine.get("python") or "not recorded",
            clips=sum(len(r.keys) for r in made),
        )
        for name, made in sorted(by_class.items())
    )


def _data_files(root: Path, receipts: Sequence[Receipt]) -> dict[str, dict[str, str]]:
    """Give the globs of every config and split, all of which match something."""
    globs: dict[str, dict[str, str]] = {}
    for config, folder in FOLDERS.items():
        for split in (found.name for found in _splits(receipts)):
            pattern = f"{folder}/{split}-*.parquet"
            if not any(root.glob(pattern)):
                raise SpecError(f"{root} holds no {pattern}; write the view first: camera-motion parquet {root}")
            globs.setdefault(config, {})[split] = pattern
    return globs


def _errata(root: Path) -> tuple[Erratum, ...]:
    path = root / ERRATA_FILE
    if not path.is_file():
        return ()
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
        return TypeAdapter(tuple[Erratum, ...]).validate_python(listed)
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())[:200]
        raise SpecError(f"{path} must be a list of texts since, fixed_in, clips and fault: {said}") from None


def _released(root: Path, version: str) -> str:
    """Give the day of a release: the one that the set's CITATION.cff has for this version, else today."""
    try:
        before = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        before = None
    if isinstance(before, dict) and before.get("version") == version and before.get("date-released"):
        return str(before["date-released"])
    return datetime.now(UTC).date().isoformat()


def _packaged(spec: Spec) -> str:
    """Name the spec that comes with the package, if the set was built from it."""
    return spec.name if spec.name in names() and content(load(spec.name)) == content(spec) else ""


def _code_url() -> str:
    """Find where the package's code is, as its own metadata has it."""
    try:
        urls = metadata("camera-motion").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    named = {name.strip().lower(): url.strip() for name, _, url in (entry.partition(",") for entry in urls)}
    return next((named[name] for name in ("repository", "source", "homepage") if name in named), "")
