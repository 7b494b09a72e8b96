"""A set in an object store: S3, Google Cloud Storage, the Hugging Face Hub, or whatever else fsspec knows.

An object appears whole when its upload is completed, so nothing is renamed. A tar is held in memory until it is sent,
so that an upload that fails is tried again and nothing is filmed again.
"""

import io
import logging
import os
import random
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from camera_motion.builder.places import Hashed, PlaceUnavailable
from camera_motion.builder.places.refusals import brief, no_bucket, passing, refusal
from camera_motion.schema.base import SpecError

_LOG = logging.getLogger(__name__)

#: How a store is opened, beside what the user has configured. A part of an upload is tried again by botocore, a whole
#: file by us, and by nobody in between.
_OPTIONS: dict[str, dict[str, Any]] = {
    "s3": {"config_kwargs": {"max_pool_connections": 32, "retries": {"total_max_attempts": 3, "mode": "standard"}}},
}
_OPTIONS["s3a"] = _OPTIONS["s3"]

#: How a file is sent. s3fs has a checksum in every request; gcsfs compares with the store's own only if it is asked to.
_UPLOADS: dict[str, dict[str, Any]] = {"s3": {"max_concurrency": 4}, "gs": {"consistency": "md5"}}
_UPLOADS |= {"s3a": _UPLOADS["s3"], "gcs": _UPLOADS["gs"]}

#: The extras of this package that bring a store's package.
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}

#: Files read at a time, and files read before the first is handed on.
_READERS, _BATCH = 32, 512

#: A file written and removed to find out whether that is allowed.
_PROBE = ".writable"

#: How long a question is asked again where nobody wants to wait: before any work, and after it. Seconds.
_BRIEFLY_S = 2.0

_DOWNLOAD = 8 << 20


@dataclass(frozen=True)
class Objects:
    """The prefix `url` of a store.

    `part_bytes` is the size of the parts in which large files are sent, four at a time, where the store takes parts
    (S3: at least 5 MiB); `patience_s` how long a request is tried again. Credentials and endpoints come from the
    environment and from fsspec's own configuration.
    """

    url: str
    part_bytes: int = 16 << 20
    patience_s: float = 120.0
    _open: dict[int, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        protocol, _, rest = self.url.partition("://")
        if "?" in rest or "@" in rest.partition("/")[0].partition(":")[2]:  # what may be a secret is not shown
            raise SpecError(
                f"the {protocol}:// URL holds a query or a password, which logs would show; give credentials by the "
                f"environment, and write such as {protocol}://bucket/name"
            )
        if not self._container:
            raise SpecError(f"{self.url} names no bucket; write such as s3://bucket/name")
        if not rest.isprintable() or {"", ".", ".."} & {*rest.rstrip("/").split("/")}:
            raise SpecError(f"{self.url!r} holds an empty part, '.', '..' or a control character; leave it out")

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_open": {}}  # connections stay in their process

    def probe(self, write: bool = True) -> None:
        """List the place and, with `write`, write and remove a small file.

        Raises:
            PlaceUnavailable: the endpoint does not answer.
            SpecError: no credentials or wrong ones, no such bucket, an endpoint that is none, no right to
                write, a package that is missing, a store that cannot do what is asked of it.
        """
        try:
            self.sizes("", patience_s=_BRIEFLY_S)
            if write:
                self._send(_PROBE, b"camera-motion\n", patience_s=_BRIEFLY_S)
                with suppress(SpecError):  # who may not delete leaves one small file
                    self.remove(_PROBE)
        except FileNotFoundError as error:  # gcsfs lists what is not there
            raise SpecError(f"{self.url}: {no_bucket(self._container)}") from error
        except PlaceUnavailable as error:
            raise PlaceUnavailable(f"{error}; is the endpoint right, and the network up?") from error

    def path(self, name: str) -> Path:
        """Refuse: nothing of this place is on this machine.

        Raises:
            SpecError: always.
        """
        raise SpecError(f"{self.url} is not a folder; fetch it first: camera-motion fetch {self.url} FOLDER")

    def sizes(self, folder: str, patience_s: float | None = None) -> dict[str, int]:
        """List the files of a folder with their sizes, in one listing that no cache answers."""
        where = f"{self._root}/{folder}".rstrip("/")
        try:
            found = self._ask("ls", where, detail=True, refresh=True, patience_s=patience_s)
        except FileNotFoundError:
            return {}
        return {
            entry["name"].rpartition("/")[2]: int(entry["size"])
            for entry in found
            if entry["type"] == "file" and entry["name"].rpartition("/")[0].lstrip("/") == where.lstrip("/")
        }

    def read(self, name: str) -> bytes:
        """Read a file, in one request."""
        one = {"max_concurrency": 1} if self._s3 else {}  # s3fs asks for the size first otherwise
        body: bytes = self._ask("cat_file", self._key(name), **one)
        return body

    def read_all(self, names: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        """Read many small files, 32 at a time; what is not there is left out."""
        rest = iter(names)
        with ThreadPoolExecutor(_READERS) as pool:
            while batch := list(islice(rest, _BATCH)):
                for name, body in zip(batch, pool.map(self._read_or_none, batch), strict=True):
                    if body is not None:
                        yield name, body

    def chunks(self, name: str) -> Iterator[bytes]:
        """Read a file in pieces of 8 MiB; a piece that breaks off is asked for again."""
        size, start = self._size(name), 0
        while start < size:
            piece = self._ask("cat_file", self._key(name), start=start, end=min(size, start + _DOWNLOAD))
            if not piece:
                raise PlaceUnavailable(f"{self.url}: {name} ended after {start} of {size} bytes")
            yield piece
            start += len(piece)

    @contextmanager
    def writing(self, name: str) -> Iterator[Hashed]:
        """Gather a file in memory and send it when the block ends well."""
        buffer = io.BytesIO()
        yield Hashed(buffer)
        self._send(name, buffer.getvalue())

    def remove(self, name: str) -> None:
        """Remove a file; it need not be there."""
        with suppress(FileNotFoundError):
            self._ask("rm_file", self._key(name))

    def sweep(self, names: Collection[str]) -> None:
        """Abort the uploads of these files that were begun and not completed; S3 alone keeps such, and charges."""
        if not self._s3:
            return
        keys = {self._key(name) for name in names}
        try:
            for upload in list(self._uploads()):
                if f"{self._container}/{upload['Key']}" in keys:
                    self._ask("call_s3", "abort_multipart_upload", Bucket=self._container, **upload)
        except (OSError, SpecError) as error:  # not every store can list them, nor everybody may
            _LOG.warning("uploads that were broken off in %s could not be looked for: %s", self.url, brief(error))

    def hold(self, part: tuple[int, int]) -> AbstractContextManager[None]:
        """Keep nobody out: no store has locks. Files appear whole, so two builds waste work and harm nothing."""
        return nullcontext()

    def _uploads(self) -> Iterator[dict[str, Any]]:
        """List uploads under this prefix that were begun and not completed, by Key and UploadId."""
        prefix, marker = self._key("").partition("/")[2], dict[str, Any]()
        while True:
            options = {"Bucket": self._container, "Prefix": prefix} | marker
            page = self._ask("call_s3", "list_multipart_uploads", patience_s=_BRIEFLY_S, **options)
            yield from ({key: found[key] for key in ("Key", "UploadId")} for found in page.get("Uploads", ()))
            if not page.get("IsTruncated"):
                return
            marker = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}

    def _send(self, name: str, body: bytes, patience_s: float | None = None) -> None:
        """Send a file, and look that it is there whole.

        S3 checks a checksum of every part as it comes, that of a file in GCS is compared; every store tells the size.
        """
        how = _UPLOADS.get(self._protocol, {})
        parts = how | {"chunksize": self.part_bytes} if how else {}
        for _ in range(3):
            self._ask("pipe_file", self._key(name), body, patience_s=patience_s, **parts)
            with suppress(FileNotFoundError):
                if self._size(name) == len(body):
                    return
        raise PlaceUnavailable(f"{self.url}: {name} was sent three times and is not there with its {len(body)} bytes")

    def _size(self, name: str) -> int:
        fs = self._fs
        fs.invalidate_cache()
        return int(self._ask("info", self._key(name))["size"])

    def _read_or_none(self, name: str) -> bytes | None:
        try:
            return self.read(name)
        except FileNotFoundError:
            return None

    def _ask(self, method: str, *args: Any, patience_s: float | None = None, **options: Any) -> Any:
        """Call a method of the file system, and again while that may help.

        Raises:
            SpecError: the user has to mend something.
            PlaceUnavailable: it did not work for `patience_s`.
            FileNotFoundError: there is no such file.
        """
        patience_s = self.patience_s if patience_s is None else patience_s
        call, began, wait_s = getattr(self._fs, method), time.monotonic(), 0.5
        while True:
            try:
                return call(*args, **options)
            except Exception as error:
                if line := refusal(error, self._protocol, self._container):
                    raise SpecError(f"{self.url}: {line}") from error
                if isinstance(error, FileNotFoundError):
                    raise
                if not passing(error):
                    raise SpecError(f"{self.url} cannot be used: {type(error).__name__}: {brief(error)}") from error
                if (left_s := patience_s - (time.monotonic() - began)) <= 0:
                    raise PlaceUnavailable(f"{self.url} does not answer as it should: {brief(error)}") from error
                _LOG.info("%s of %s failed (%s); trying again", method, self.url, brief(error))
            time.sleep(min(wait_s, left_s) * random.uniform(0.5, 1.0))  # many workers, not all at once
            wait_s = min(2 * wait_s, 30.0)

    @property
    def _fs(self) -> Any:
        """The file system of this process; every place has its own, whose listings are never kept."""
        if (found := self._open.get(os.getpid())) is None:
            found = self._open.setdefault(os.getpid(), _filesystem(self._protocol))
        return found

    @property
    def _protocol(self) -> str:
        return self.url.partition("://")[0]

    @property
    def _s3(self) -> bool:
        return self._protocol in ("s3", "s3a")

    @property
    def _root(self) -> str:
        """The prefix as the file system names it, with the bucket."""
        return str(self._fs._strip_protocol(self.url)).rstrip("/")

    @property
    def _container(self) -> str:
        """The bucket, or what is like one: on the Hub a kind, an owner and a name."""
        return "/".join(self.url.partition("://")[2].split("/")[: 3 if self._protocol == "hf" else 1])

    def _key(self, name: str) -> str:
        return f"{self._root}/{name}"


def _filesystem(protocol: str) -> Any:
    """Open a file system of fsspec.

    Raises:
        SpecError: nobody knows the protocol, or its package is missing.
    """
    import fsspec

    ours, theirs = _OPTIONS.get(protocol, {}), fsspec.config.conf.get(protocol, {})
    options = {key: {**value, **theirs.get(key, {})} for key, value in ours.items()}
    try:
        found = fsspec.filesystem(protocol, skip_instance_cache=True, use_listings_cache=False, **options)
    except ImportError as error:
        extra = _EXTRAS.get(protocol)
        todo = f"pip install 'camera-motion[{extra}]'" if extra else brief(error)
        raise SpecError(f"{protocol}:// needs a package that is not installed; {todo}") from error
    except Exception as error:  # of any package
        why = "is no protocol that is known" if "rotocol not known" in str(error) else f"cannot be used: {brief(error)}"
        raise SpecError(f"{protocol}:// {why}; use a folder, s3://, gs:// or hf://") from error
    if hasattr(found, "retries"):
        found.retries = 1
    return found
