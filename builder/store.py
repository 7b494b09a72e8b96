"""The folder of a set: where things lie, and how a file comes into being.

A file appears under its name complete or not at all: it is written beside its place, flushed to the disk, renamed,
and the folder flushed. What a killed build leaves is a `*.partial` file that the next one removes.
"""

import errno
import hashlib
import json
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from camera_motion.generator.identity import GENERATOR_VERSION, identity_of, resolved_encoder, resolved_renderer
from camera_motion.schema import conventions
from camera_motion.schema.base import SpecError, identity
from camera_motion.schema.parse import parse
from camera_motion.schema.receipt import Receipt
from camera_motion.schema.spec import Spec, content

PARTIAL = ".partial"

#: The fields of spec.json that its identity is the hash of.
SAME = ("content", "generator", "renderer", "encoder")


class Hashed:
    """A file opened for writing that keeps the SHA-256 and the size of what went in."""

    def __init__(self, file: BufferedIOBase) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        """Write all of `chunk`."""
        self._file.write(chunk)
        self.digest.update(chunk)
        self.size += len(chunk)


@contextmanager
def writing(path: Path) -> Iterator[Hashed]:
    """Write a file that appears at `path` only when the block ends well.

    Raises:
        SpecError: the disk is full or the folder cannot be written; nothing is left behind.
    """
    if path.exists() and not path.is_file():
        raise SpecError(f"cannot write {path}: it is there already and not a file; choose another name")
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}{PARTIAL}")
    with one_line(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(partial, "xb") as file:
                yield Hashed(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
            _flush_folder(path.parent)
        except BaseException:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise


@contextmanager
def one_line(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals into a `SpecError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            todo = "free some space and run again: finished shards are kept"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ENOENT):
            todo = "choose another --out or change its permissions"
        else:
            todo = "check the disk and run again: finished shards are kept"
        raise SpecError(f"cannot write {path}: {(error.strerror or str(error)).lower()}; {todo}") from error


def own(root: Path, name: str) -> Path:
    """Give a folder of a set whose files a command writes and removes.

    Raises:
        SpecError: it is a link, which may lead anywhere: a set can be a stranger's.
    """
    folder = root / name
    if folder.is_symlink():
        raise SpecError(f"{folder} is a link to another place, where nothing is written; put a folder there instead")
    return folder


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@dataclass(frozen=True)
class Store:
    """The folder `root` of one set."""

    root: Path

    @property
    def spec_path(self) -> Path:
        """The spec as it was built, with its identity."""
        return self.root / "spec.json"

    @property
    def receipts(self) -> Path:
        """The folder of receipts."""
        return self.root / "receipts"

    def tar(self, name: str) -> Path:
        """Where the tar of the shard `name` lies."""
        return self.root / "webdataset" / f"{name}.tar"

    def receipt_path(self, name: str) -> Path:
        """Where the receipt of the shard `name` lies."""
        return self.receipts / f"{name}.json"

    def finished(self, index: int, name: str, identity: str) -> Receipt | None:
        """Give the receipt of a shard that is done: it parses, is of this set, and the tar is there at its size."""
        receipt = self.read_receipt(name)
        if receipt is None or receipt.identity != identity or receipt.shard != index:
            return None
        try:
            size = self.tar(name).stat().st_size
        except OSError:
            return None
        return receipt if size == receipt.tar_bytes else None

    def read_receipt(self, name: str) -> Receipt | None:
        """Read one receipt; None where there is none that parses and is of the shard `name`."""
        try:
            receipt = Receipt.model_validate_json(self.receipt_path(name).read_bytes())
        except (OSError, ValidationError):
            return None
        return receipt if receipt.name == name else None

    def all_receipts(self, identity: str) -> list[Receipt]:
        """Read every receipt of the set `identity` that is here."""
        found = (self.read_receipt(path.stem) for path in sorted(self.receipts.glob("*.json")))
        return [receipt for receipt in found if receipt and receipt.identity == identity]

    def write_receipt(self, receipt: Receipt) -> None:
        """Write the receipt, the last thing that a shard does."""
        with writing(self.receipt_path(receipt.name)) as file:
            file.write(receipt.model_dump_json(indent=1).encode() + b"\n")

    def sweep(self, names: Collection[str], alone: bool) -> None:
        """Remove what killed builds left half-written of these shards. Only under the lock.

        Of the spec too if this build is `alone`: another slice may be about to give the folder the same one.
        """
        ours = {*(f"{name}.tar" for name in names), *(f"{name}.json" for name in names)}
        ours |= {"spec.json"} if alone else set()
        for folder in (self.root, self.receipts, self.root / "webdataset"):
            for partial in folder.glob(f".*{PARTIAL}"):
                if partial.name[1:].rsplit(".", 2)[0] in ours:
                    partial.unlink(missing_ok=True)

    def read_spec(self) -> Spec:
        """Read the spec that the set was built from.

        Raises:
            SpecError: there is no set here, or its spec.json does not parse.
        """
        return parse(self.read_description()["spec"], str(self.spec_path))

    def read_identity(self) -> str:
        """Read the identity of the set.

        Raises:
            SpecError: there is no set here, or its spec was changed by hand.
        """
        described = self.read_description()
        if identity({key: described.get(key) for key in SAME}) != described["identity"]:
            raise SpecError(f"{self.spec_path} was changed: its content is not that of {described['identity']}")
        return str(described["identity"])

    def read_description(self) -> dict[str, Any]:
        """Read spec.json whole: `identity`, `generator`, `renderer`, `conventions`, `content`, `spec`.

        Raises:
            SpecError: there is no set here, or its spec.json does not parse.
        """
        try:
            described = json.loads(self.spec_path.read_bytes())
        except OSError:
            raise SpecError(f"{self.root} holds no set: there is no spec.json; build one with --out") from None
        except (ValueError, RecursionError):  # not JSON, or nested without end
            described = None
        if not isinstance(described, dict) or not {"identity", "spec", "content"} <= described.keys():
            raise SpecError(f"{self.spec_path} is not the spec of a set; remove the folder or choose another --out")
        return described

    def claim(self, spec: Spec) -> None:
        """Write spec.json, or make sure that the one there is of the same set and not longer.

        Raises:
            SpecError: the folder holds a set of another identity (the message names the fields that differ), or a
                longer one.
        """
        ours = _description(spec)
        if self.spec_path.exists():
            theirs = self.read_description()
            if theirs["identity"] != ours["identity"]:
                raise SpecError(
                    f"{self.root} holds a set of another identity ({theirs['identity']}, not {ours['identity']}): "
                    f"{_difference(theirs, ours)}; choose another --out"
                )
            if (there := self.read_spec().clips) > spec.clips:
                raise SpecError(f"{self.root} holds {there} clips of this set, more than {spec.clips}; ask for as many")
            if there == spec.clips:
                return
        elif any(self.receipts.glob("*.json")):
            raise SpecError(f"{self.root} holds receipts but no spec.json; choose another --out")
        with writing(self.spec_path) as file:
            file.write(json.dumps(ours, indent=1).encode() + b"\n")


def _description(spec: Spec) -> dict[str, Any]:
    return {
        "identity": identity_of(spec),
        "generator": GENERATOR_VERSION,
        "renderer": resolved_renderer(spec),
        "encoder": resolved_encoder(spec),
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
