"""A real S3 server in a process of its own, and a proxy before it that counts requests and makes them fail.

The server is moto's. The proxy checks the checksum of every body that comes, as S3 does and moto does not.
"""

import base64
import http.client
import os
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import unquote

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "NO_PROXY": "127.0.0.1",
}


class Moto:
    """moto's server for as long as a `with` block lasts; `strict_after` so many actions it checks who asks."""

    def __init__(self, strict_after: int | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        strict = {} if strict_after is None else {"INITIAL_NO_AUTH_ACTION_COUNT": str(strict_after)}
        self._environment = os.environ | strict
        self.endpoint = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Moto":
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(
            command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                assert self._process.poll() is None, "moto's server does not start"
                assert time.monotonic() < deadline, "moto's server does not answer"
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()


@dataclass
class Asked:
    """A request: what it asks for in S3's words, how long its body was, and what was answered (0: nothing)."""

    action: str
    key: str
    size: int
    status: int = 0
    failed: str = ""


@dataclass
class Fault:
    """A rule: requests whose "action key" matches fail, from the `nth` match on, `times` times (0: for ever)."""

    how: str
    match: re.Pattern[str]
    nth: int
    times: int
    seen: int = 0

    def strikes(self, asked: Asked) -> bool:
        if not self.match.search(f"{asked.action} {asked.key}"):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


@dataclass
class Proxy:
    """Passes requests on to `port`, and makes some fail.

    `how` they fail: a status such as "500", nothing is passed on; "slow": answered after two seconds; "held": answered
    after `heal`; "cut": the connection ends in the middle of the answer's body; "deaf": it ends in the middle of the
    request's body; "lost": all is done and the connection ends before the answer; "garble": a byte of the request's
    body is flipped on its way.
    """

    port: int
    log: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    healed: threading.Event = field(default_factory=threading.Event)
    busy: int = 0
    most: int = 0  # requests that were under way at one time

    def __enter__(self) -> "Proxy":
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.endpoint = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.healed.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def environment(self) -> dict[str, str]:
        """The environment of a user who has configured this S3."""
        return os.environ | ENVIRONMENT | {"AWS_ENDPOINT_URL": self.endpoint}

    def fail(self, how: str, match: str, nth: int = 1, times: int = 1) -> None:
        """Make requests fail; the last rule that strikes wins."""
        with self.lock:
            self.faults.append(Fault(how, re.compile(match), nth, times))
            self.healed.clear()

    def heal(self) -> None:
        """Forget all faults and all requests."""
        with self.lock:
            self.faults.clear()
            self.log.clear()
            self.healed.set()

    def asked(self, actions: str, answered: bool = True) -> list[str]:
        """The keys of requests of these actions, those only that were done unless `answered` is false."""
        with self.lock:
            asked = [one for one in self.log if one.action in actions.split()]
            return [one.key for one in asked if one.status in (200, 206) or not answered]

    def struck(self) -> int:
        """How many requests were made to fail."""
        with self.lock:
            return sum(bool(asked.failed) for asked in self.log)

    def note(self, asked: Asked) -> str:
        with self.lock:
            self.log.append(asked)
            self.busy += 1
            self.most = max(self.most, self.busy)
            struck = [fault for fault in self.faults if fault.strikes(asked)]
            asked.failed = struck[-1].how if struck else ""
            return asked.failed


@dataclass
class Bucket:
    """A bucket: `url` for its users, who come through the `proxy`, and `client` for who looks behind it."""

    name: str
    proxy: Proxy
    client: Any

    @property
    def url(self) -> str:
        return f"s3://{self.name}/sets/tiny"

    def files(self) -> dict[str, bytes]:
        """Read all that there is, by key within the set."""
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", [])
        read = {o["Key"]: self.client.get_object(Bucket=self.name, Key=o["Key"])["Body"].read() for o in found}
        return {key.removeprefix("sets/tiny/"): body for key, body in read.items()}

    def tars(self) -> dict[str, bytes]:
        """Read all tars, by name."""
        return {k.removeprefix("webdataset/"): body for k, body in self.files().items() if k.startswith("webdataset/")}

    def uploads(self) -> list[str]:
        """The keys of uploads that were begun and not completed."""
        return [u["Key"] for u in self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", [])]


_CODES = {"403": "AccessDenied", "500": "InternalError", "503": "SlowDown"}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    proxy: Proxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def serve(self) -> None:
        try:
            self.follow()
        finally:
            with self.server.proxy.lock:
                self.server.proxy.busy -= 1

    def follow(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        asked = Asked(*_action(self.command, self.path), size=length)
        how = self.server.proxy.note(asked)
        if how == "deaf":
            self.rfile.read(length // 2)
            return self.hang_up()
        body = self.rfile.read(length)
        if how.isdigit():
            asked.status = int(how)
            return self.answer(asked.status, {}, _error(_CODES[how]))
        if how == "slow":
            time.sleep(2)
        if how == "held":
            self.server.proxy.healed.wait(120)
        if how == "garble":
            body = bytes([body[0] ^ 1]) + body[1:]
        if not _as_announced(body, self.headers):
            asked.status = 400
            return self.answer(400, {}, _error("BadDigest"))
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.proxy.port, timeout=60)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name != "Expect":  # answered by us
                upstream.putheader(name, value)
        upstream.endheaders(body)
        response = upstream.getresponse()
        content, headers = response.read(), dict(response.getheaders())
        upstream.close()
        asked.status = response.status
        if how == "lost":
            return self.hang_up()
        self.answer(response.status, headers, content, cut=how == "cut")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve

    def answer(self, status: int, headers: Mapping[str, str], content: bytes, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        length = next((v for k, v in headers.items() if k.lower() == "content-length"), str(len(content)))
        self.send_header("Content-Length", length)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.hang_up()

    def hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _action(method: str, target: str) -> tuple[str, str]:
    """Name a request as S3 does, with the key it is about."""
    path, _, query = target.partition("?")
    key = unquote(path).lstrip("/").partition("/")[2]
    if "uploadId=" in query:
        return {"PUT": "UploadPart", "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload"}[method], key
    if query.startswith("uploads") and method == "POST":
        return "CreateMultipartUpload", key
    if "uploads" in query:
        return "ListMultipartUploads", key
    if "list-type=2" in query:
        return "ListObjects", unquote(query.partition("prefix=")[2].partition("&")[0])
    return {"PUT": "PutObject", "GET": "GetObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}.get(method, ""), key


def _as_announced(body: bytes, headers: Mapping[str, str]) -> bool:
    told = headers.get("x-amz-checksum-crc32")
    return told is None or base64.b64decode(told) == struct.pack(">I", zlib.crc32(body))


def _error(code: str) -> bytes:
    return f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>told to fail</Message></Error>'.encode()
