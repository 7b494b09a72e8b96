"""What of a set's folder goes to the Hub: checked, and as a list of files with their hashes."""

import json
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from camera_motion.builder.hub.release import PATH, Release, Step
from camera_motion.builder.hub.repository import Entry, Item
from camera_motion.builder.parquet import FOLDERS
from camera_motion.builder.shard import sha256
from camera_motion.builder.store import Store
from camera_motion.builder.validate import Report, validate
from camera_motion.schema.base import SpecError
from camera_motion.schema.receipt import Manifest, Receipt
from camera_motion.schema.spec import Execution, Spec

#: Folders of a repository that are all ours: a file there which the set does not have is an old one.
OURS: Final = (*FOLDERS.values(), "webdataset", "receipts", "figures")

#: Texts that go as they lie in the set's folder: a licence's own and the errata where there are any; the card is last.
TEXTS: Final = ("LICENSE", "errata.yaml", "CITATION.cff", "README.md")

#: Single files of a repository that are ours.
PAGES: Final = ("spec.json", PATH, *TEXTS)

#: No clip's record is larger.
MOST_JSON: Final = 16_000_000

Tell = Callable[[int, int], None]


class WrongSet(SpecError):
    """The set itself is not fit to be published."""


@dataclass(frozen=True)
class Checked:
    """A set that may be published."""

    root: Path
    spec: Spec
    generator: str
    manifest: Manifest
    receipts: tuple[Receipt, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Parcel:
    """A release made up: what it is, what it changes, its files, and of these those that are not there yet."""

    release: Release
    step: Step | None
    items: list[Item]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(item.size for item in self.items)


def check(root: Path, tell: Tell | None = None) -> Checked:
    """Make sure that a set is whole, that its tars are those of its receipts, and that it may be passed on.

    `tell` hears how many tars of how many were read.

    Raises:
        SpecError: there is no set here.
        WrongSet: it is not whole, damaged, or some of its clips may not be redistributed.
    """
    store = Store(root)
    spec, report = store.read_spec(), validate(root)
    _refuse(root, report, spec)
    receipts = tuple(sorted(store.all_receipts(report.manifest.identity), key=lambda receipt: receipt.shard))
    bound = Counter[str]()
    for done, receipt in enumerate(receipts, 1):
        tar = store.tar(receipt.name)
        if sha256(tar) != receipt.tar_sha256:
            raise WrongSet(f"{tar} is damaged: its hash is not its receipt's; remove it and build again")
        bound.update(_bound(tar))
        if tell:
            tell(done, len(receipts))
    if bound:
        licences = ", ".join(sorted(bound))
        raise WrongSet(
            f"{root}: {bound.total()} of {report.clips} clips may not be redistributed (licence {licences}); "
            "a set with such clips stays private to whoever made it and cannot be published"
        )
    generator = str(store.read_description().get("generator", ""))
    return Checked(root, spec, generator, report.manifest, receipts, tuple(_notes(spec)))


def list_items(checked: Checked, release: Release, view: list[Path], pages: list[Path]) -> list[Item]:
    """List every file to publish, the card last; `view` are its Parquet files, `pages` what was drawn and written."""
    root = checked.root
    items = [Item.of(path.relative_to(root).as_posix(), path) for path in view]
    if release.tars:
        tars = ((Store(root).tar(r.name), r.tar_sha256) for r in checked.receipts)
        items += [Item.of(path.relative_to(root).as_posix(), path, digest) for path, digest in tars]
    items += [Item.of(f"receipts/{r.name}.json", Store(root).receipt_path(r.name)) for r in checked.receipts]
    items += [Item.of(PATH, release.to_json()), Item.of("spec.json", portable_spec(root))]
    items += [Item.of(path.relative_to(root).as_posix(), path) for path in pages]
    return sorted(items, key=lambda item: _rank(item.path))


def portable_spec(root: Path) -> bytes:
    """Give spec.json without what it says of this machine: folders, engine and workers are in no identity.

    What of a downloaded set is built further is built in the folder that it then lies in.
    """
    described = Store(root).read_description()
    described["spec"] |= {"base": "", "execution": Execution().model_dump(mode="json")}
    return json.dumps(described, indent=1).encode() + b"\n"


def missing(items: list[Item], tree: dict[str, Entry]) -> list[Item]:
    """List the files that a repository's tree does not have as they are here."""
    return [item for item in items if not item.is_at(tree)]


def stale(tree: dict[str, Entry], items: list[Item]) -> list[str]:
    """List the files of a repository's tree that are in our folders and not in the set."""
    ours = {item.path for item in items}
    return [path for path in sorted(tree) if path.partition("/")[0] in OURS and "/" in path and path not in ours]


def foreign(tree: dict[str, Entry]) -> list[str]:
    """List the files of a repository's tree that the Hub did not put there itself."""
    return [path for path in sorted(tree) if path != ".gitattributes"]


def _rank(path: str) -> tuple[int, str]:
    if path in PAGES:
        return len(OURS) + PAGES.index(path), path
    return OURS.index(path.partition("/")[0]) if path.partition("/")[0] in OURS else len(OURS) - 1, path


def _refuse(root: Path, report: Report, spec: Spec) -> None:
    if report.right:
        return
    count = len(report.problems)
    more = f" and {count - 1} more; camera-motion validate {root} lists them" if count > 1 else ""
    raise WrongSet(
        f"{root} is not fit to be published, it has {report.clips} of {spec.clips} clips: {report.problems[0]}{more}"
    )


def _bound(tar: Path) -> Iterator[str]:
    """Give the licence of every clip of a tar that may not be passed on."""
    try:
        with tarfile.open(tar, "r:") as archive:
            for member in archive:
                if member.name.endswith(".json") and (file := archive.extractfile(member)):
                    record: dict[str, Any] = json.loads(file.read(MOST_JSON))
                    if record.get("redistributable") is not True:
                        yield str(record.get("licence") or "not stated")[:60]
    except (tarfile.TarError, EOFError, ValueError, RecursionError, AttributeError) as error:
        raise WrongSet(f"{tar} is damaged: {error}; remove it and build again") from None


def _notes(spec: Spec) -> Iterator[str]:
    """Tell of what cannot be taken out, for the set's identity was made with it."""
    for path in _paths(spec.model_dump(mode="json", exclude={"base", "execution"})):
        if path.startswith(("/", "~")) or path[1:3] in (":\\", ":/"):
            yield f"note: the spec names {path}; that address will be public"


def _paths(value: Any) -> Iterator[str]:
    """Give every file name in a spec."""
    if isinstance(value, dict):
        for key, entry in value.items():
            if key in ("path", "file") and isinstance(entry, str) and entry:
                yield entry
            elif key == "inputs":
                yield from entry
            else:
                yield from _paths(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _paths(entry)
