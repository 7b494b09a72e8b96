"""What lies where in the place of a set, and what it means: the spec, the receipts, the tars."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from camera_motion.builder.places import Place, PlaceUnavailable, open_place
from camera_motion.generator.identity import GENERATOR_VERSION, identity_of, resolve
from camera_motion.schema import conventions
from camera_motion.schema.base import SpecError, identity
from camera_motion.schema.parse import parse
from camera_motion.schema.receipt import Receipt
from camera_motion.schema.spec import Spec, content

#: The fields of spec.json that its identity is the hash of.
SAME = ("content", "generator", "renderer", "encoder")

SPEC, RECEIPTS, TARS = "spec.json", "receipts", "webdataset"


class Store:
    """One set in its place: a folder, a URL, or a `Place`.

    What gives paths is for sets in a folder; of any other place it raises a `SpecError` that says how to fetch it.
    """

    def __init__(self, where: Path | str | Place) -> None:
        self.place = open_place(where)

    @property
    def url(self) -> str:
        """The place as the user wrote it, for messages."""
        return self.place.url

    @property
    def root(self) -> Path:
        """The folder of the set."""
        return self.place.path("")

    @property
    def spec_path(self) -> Path:
        """The spec as it was built, with its identity."""
        return self.place.path(SPEC)

    @property
    def receipts(self) -> Path:
        """The folder of receipts."""
        return self.place.path(RECEIPTS)

    def tar(self, name: str) -> Path:
        """Where the tar of the shard `name` lies."""
        return self.place.path(tar_name(name))

    def receipt_path(self, name: str) -> Path:
        """Where the receipt of the shard `name` lies."""
        return self.place.path(receipt_name(name))

    def tar_sizes(self) -> dict[str, int]:
        """List the tars that are there, by shard, with their sizes in bytes."""
        return _stems(self.place.sizes(TARS), ".tar")

    def receipt_sizes(self) -> dict[str, int]:
        """List the receipts that are there, by shard, with their sizes in bytes."""
        return _stems(self.place.sizes(RECEIPTS), ".json")

    def finished(self, index: int, name: str, identity: str) -> Receipt | None:
        """Give the receipt of a shard that is done: it parses, is of this set, and the tar is there at its size."""
        return self.done({index: name}, identity).get(index)

    def done(self, names: Mapping[int, str], identity: str) -> dict[int, Receipt]:
        """Give the receipts of those of many shards that are done, by index; see `finished`.

        Two listings and one reading of every receipt, some at a time, so that thousands take seconds on any store.
        """
        return {receipt.shard: receipt for receipt in self.each_done(names, identity)}

    def each_done(self, names: Mapping[int, str], identity: str) -> Iterator[Receipt]:
        """Give the receipts of `done` one after the other, for those who keep but a part of each."""
        there, tars = self.receipt_sizes(), self.tar_sizes()
        index_of = {name: index for index, name in names.items() if name in there and name in tars}
        for receipt in self._parsed(index_of):
            wanted = identity, index_of[receipt.name], tars[receipt.name]
            if (receipt.identity, receipt.shard, receipt.tar_bytes) == wanted:
                yield receipt

    def read_receipt(self, name: str) -> Receipt | None:
        """Read one receipt; None where there is none that parses and is of the shard `name`."""
        return self.read_receipts([name]).get(name)

    def read_receipts(self, names: Iterable[str]) -> dict[str, Receipt]:
        """Read receipts by the names of their shards; those that are not there or do not parse are left out."""
        return {receipt.name: receipt for receipt in self._parsed(names)}

    def _parsed(self, names: Iterable[str]) -> Iterator[Receipt]:
        for path, body in self.place.read_all(receipt_name(name) for name in names):
            try:
                receipt = Receipt.model_validate_json(body)
            except ValidationError:
                continue
            if receipt_name(receipt.name) == path:
                yield receipt

    def all_receipts(self, identity: str) -> list[Receipt]:
        """Read every receipt of the set `identity` that is here."""
        found = self.read_receipts(sorted(self.receipt_sizes()))
        return [receipt for receipt in found.values() if receipt.identity == identity]

    def write_receipt(self, receipt: Receipt) -> None:
        """Write the receipt, the last thing that a shard does."""
        with self.place.writing(receipt_name(receipt.name)) as file:
            file.write(receipt.model_dump_json(indent=1).encode() + b"\n")

    def sweep(self, names: Collection[str], alone: bool) -> None:
        """Remove what killed builds left half-written of these shards. In a folder, only under the lock.

        Of the spec too if this build is `alone`: another slice may be about to give the set the same one.
        """
        ours = {*map(tar_name, names), *map(receipt_name, names)}
        self.place.sweep(ours | {SPEC} if alone else ours)

    def read_spec(self) -> Spec:
        """Read the spec that the set was built from.

        Raises:
            SpecError: there is no set here, or its spec.json does not parse.
        """
        return parse(self.read_description()["spec"], self._spec_url)

    def read_identity(self) -> str:
        """Read the identity of the set.

        Raises:
            SpecError: there is no set here, or its spec was changed by hand.
        """
        described = self.read_description()
        if identity({key: described[key] for key in SAME if key in described}) != described["identity"]:
            raise SpecError(f"{self._spec_url} was changed: its content is not that of {described['identity']}")
        return str(described["identity"])

    def read_description(self) -> dict[str, Any]:
        """Read spec.json whole: `identity`, `generator`, `renderer`, `conventions`, `content`, `spec`.

        Raises:
            SpecError: there is no set here, or its spec.json does not parse.
        """
        self.place.probe(write=False)
        try:
            described = json.loads(self.place.read(SPEC), parse_constant=_no_number)
        except PlaceUnavailable:
            raise
        except OSError:
            raise SpecError(f"{self.url} holds no set: there is no spec.json; build one with --out") from None
        except (ValueError, RecursionError):  # not JSON, or nested without end
            described = None
        if not isinstance(described, dict) or not {"identity", "spec", "content"} <= described.keys():
            raise SpecError(f"{self._spec_url} is not the spec of a set; remove the folder or choose another --out")
        return described

    def claim(self, spec: Spec) -> bool:
        """Write spec.json, or make sure that the one there is of the same set and not longer; say whether it is new.

        Raises:
            SpecError: the place holds a set of another identity (the message names the fields that differ), or a
                longer one.
        """
        ours = _description(spec)
        fresh = SPEC not in self.place.sizes("")
        if fresh and self.receipt_sizes():
            raise SpecError(f"{self.url} holds receipts but no spec.json; choose another --out")
        if not fresh:
            theirs = self.read_description()
            if theirs["identity"] != ours["identity"]:
                raise SpecError(
                    f"{self.url} holds a set of another identity ({theirs['identity']}, not {ours['identity']}): "
                    f"{_difference(theirs, ours)}; choose another --out"
                )
            self.read_identity()  # before any work: what was changed by hand is refused
            if (there := self.read_spec().clips) > spec.clips:
                raise SpecError(f"{self.url} holds {there} clips of this set, more than {spec.clips}; ask for as many")
            if there == spec.clips:
                return False
        with self.place.writing(SPEC) as file:
            file.write(json.dumps(ours, indent=1).encode() + b"\n")
        return fresh

    @property
    def _spec_url(self) -> str:
        return f"{self.url.rstrip('/')}/{SPEC}"


def tar_name(name: str) -> str:
    """Name the tar of the shard `name` within the set."""
    return f"{TARS}/{name}.tar"


def receipt_name(name: str) -> str:
    """Name the receipt of the shard `name` within the set."""
    return f"{RECEIPTS}/{name}.json"


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _stems(sizes: Mapping[str, int], suffix: str) -> dict[str, int]:
    return {name.removesuffix(suffix): size for name, size in sizes.items() if name.endswith(suffix)}


def _description(spec: Spec) -> dict[str, Any]:
    spec = resolve(spec)
    return {
        "identity": identity_of(spec),
        "generator": GENERATOR_VERSION,
        "renderer": spec.render.renderer,
        "encoder": spec.encode.encoder,
        "conventions": conventions.TEXT,
        "content": content(spec),
        "spec": spec.model_dump(mode="json"),
    }


def _difference(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """List what differs between two descriptions: `seed 1 there, 2 here`."""
    there, here = (_flat({k: d.get(k) for k in SAME}) for d in (theirs, ours))
    odd = [key for key in sorted(there.keys() | here.keys()) if there.get(key) != here.get(key)]
    shown = [f"{k.removeprefix('content.')} {_short(there.get(k))} there, {_short(here.get(k))} here" for k in odd[:6]]
    return ", ".join(shown) + (f" and {len(odd) - 6} more" if len(odd) > 6 else "")


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, dict) and value:
        return {key: leaf for k, v in value.items() for key, leaf in _flat(v, f"{path}.{k}".lstrip(".")).items()}
    if isinstance(value, list) and value:
        return {key: leaf for i, v in enumerate(value) for key, leaf in _flat(v, f"{path}[{i}]").items()}
    return {path: value}


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 30 else f"{text[:27]}..."
