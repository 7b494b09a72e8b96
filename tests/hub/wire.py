"""The stand-in's end of the wire: an HTTP server that counts bytes, keeps a log, and fails when it is told to."""

import contextlib
import io
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from repository import CHUNK, Refused

BODY_LIMIT = 256 << 20


@dataclass
class Exchange:
    """A line of the log: one request and what was answered. Bytes are those that went over the socket."""

    number: int  # of all requests, from 1
    method: str
    path: str  # with the query
    range: str = ""
    user: str = ""
    status: int = 0  # 0: never answered
    received: int = 0  # bytes of the request's body
    sent: int = 0  # bytes of the answer, headers too
    failed: str = ""  # how it was made to fail


@dataclass(frozen=True)
class Reply:
    """An answer: its body is bytes, or a part of a file."""

    status: int = 200
    body: bytes | tuple[Path, int, int] = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def length(self) -> int:
        return len(self.body) if isinstance(self.body, bytes) else self.body[2] - self.body[1]

    def chunks(self) -> Iterator[bytes]:
        if isinstance(self.body, bytes):
            yield self.body
            return
        path, start, stop = self.body
        with path.open("rb") as file:
            file.seek(start)
            while start < stop:
                start += len(chunk := file.read(min(CHUNK, stop - start)))
                yield chunk


@dataclass
class Failure:
    """A rule: requests that match fail, from the `nth` match on, `times` times (0: for ever)."""

    how: str | Callable[[Exchange], None]
    match: re.Pattern[str]
    nth: int
    times: int
    seconds: float
    seen: int = 0

    def strikes(self, exchange: Exchange) -> bool:
        if not self.match.search(f"{exchange.method} {exchange.path}"):
            return False
        self.seen += 1
        return self.seen >= self.nth and (self.times == 0 or self.seen < self.nth + self.times)


class Dropped(Exception):
    """The connection ends here."""


class Counting(io.RawIOBase):
    """Write to a socket and count what it took."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.exchange: Exchange | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        view = memoryview(data)
        while view:
            count = self.connection.send(view[: 1 << 16])
            if self.exchange:
                self.exchange.sent += count
            view = view[count:]
        return len(data)


class Server(ThreadingHTTPServer):
    """Threads that `close` waits for; connections that are kept alive are cut."""

    daemon_threads = False
    request_queue_size = 64

    def __init__(self, port: int, answer: Callable[["Request"], Reply]) -> None:
        super().__init__(("127.0.0.1", port), Request)
        self.answer = answer
        self.lock = threading.Lock()
        self.log: list[Exchange] = []
        self.failures: list[Failure] = []
        self.bugs: list[Exception] = []
        self.busy = 0
        self.open: set[socket.socket] = set()
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    def process_request(self, request: Any, client_address: Any) -> None:
        with self.lock:
            self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self.lock:
            self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet: what matters is in `bugs`."""

    def close(self) -> None:
        self.shutdown()
        self.thread.join()
        with self.lock:
            for connection in self.open:
                with contextlib.suppress(OSError):  # its client was quicker
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def strike(self, exchange: Exchange) -> Failure | None:
        """Log a request and choose what shall befall it."""
        with self.lock:
            self.busy += 1
            exchange.number = len(self.log) + 1
            self.log.append(exchange)
            struck = [failure for failure in self.failures if failure.strikes(exchange)]
            return struck[0] if struck else None


class Request(BaseHTTPRequestHandler):
    """One connection; `serve` answers each of its requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    exchange: Exchange

    def setup(self) -> None:
        super().setup()
        self.wfile = self.counting = Counting(self.connection)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet: the log is in memory."""

    def serve(self) -> None:
        self.exchange = Exchange(0, self.command, self.path, self.headers.get("Range", ""))
        self.counting.exchange, self.left = self.exchange, int(self.headers.get("Content-Length", 0))
        failure = self.server.strike(self.exchange)
        try:
            self.reply(failure)
        except (Dropped, OSError):
            self.close_connection = True
        except Exception as bug:
            self.server.bugs.append(bug)
            self.close_connection = True
        finally:
            self.counting.exchange = None
            with self.server.lock:
                self.server.busy -= 1

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = serve

    def reply(self, failure: Failure | None) -> None:
        how = failure.how if failure else ""
        if callable(how):
            self.exchange.failed = "called"
            if self.left:
                self.rfile.peek(1)  # a small body has come whole then, and its client can be killed
            how(self.exchange)
        elif failure:
            self.exchange.failed = how
        if how == "drop" and self.command != "GET":
            for _ in self.incoming(self.left // 2):
                pass
            raise Dropped
        if failure and how == "slow":
            time.sleep(failure.seconds)
        try:
            if isinstance(how, str) and how.isdigit():
                raise Refused(int(how), f"Told to fail with {how}")
            reply = self.server.answer(self)
        except Refused as refused:
            reply = refusal(refused)
        for _ in self.incoming():
            pass
        if how == "lost":
            raise Dropped
        self.send(reply, half=how == "drop")

    def incoming(self, count: int | None = None) -> Iterator[bytes]:
        """Yield the body that is still to come, or so many bytes of it."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            yield from self.chunked()
            return
        stop = 0 if count is None else self.left - count
        while self.left > stop:
            chunk = self.rfile.read(min(CHUNK, self.left - stop))
            if not chunk:
                raise Dropped
            self.left -= len(chunk)
            self.exchange.received += len(chunk)
            yield chunk

    def chunked(self) -> Iterator[bytes]:
        while self.left >= 0:
            size = int(self.rfile.readline(64).split(b";")[0] or b"0", 16)
            chunk = self.rfile.read(size)
            self.rfile.readline(8)
            self.exchange.received += size
            if size == 0:
                self.left = -1
            yield chunk

    def body(self) -> bytes:
        if self.left > BODY_LIMIT:
            raise Refused(413, "Payload too large")
        return b"".join(self.incoming())

    def send(self, reply: Reply, half: bool) -> None:
        self.exchange.status = reply.status
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(reply.length), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        left = reply.length // 2 if half else reply.length
        if self.command != "HEAD":
            for chunk in reply.chunks():
                self.wfile.write(chunk[:left])
                left -= len(chunk[:left])
                if half and not left:
                    break
        if half:
            raise Dropped


def refusal(refused: Refused) -> Reply:
    """Say an error as the Hub does."""
    message = refused.message.encode("ascii", "replace").decode()
    headers = {"Content-Type": "application/json", "X-Error-Message": message}
    if refused.code:
        headers["X-Error-Code"] = refused.code
    if refused.status == 429:
        headers["Retry-After"] = "0"
    return Reply(refused.status, json.dumps({"error": refused.message}).encode(), headers)
