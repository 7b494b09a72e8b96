"""A stand-in for the Hugging Face Hub on 127.0.0.1, for tests and measurements with the real client libraries.

It knows dataset repositories, LFS by its "basic" transfer (no Xet), and what `huggingface_hub` and `datasets` ask of
the Hub while they publish and read. It has no pull requests, no pages of long lists, no CDN to be sent to, no rate
limits.

    with StandIn(tokens={"hf_good": "ann"}) as hub:
        subprocess.run([sys.executable, "-c", code], env=hub.environment("hf_good"))
        hub.served, [exchange.path for exchange in hub.log]

By hand: `python tests/hub/standin.py --port 8765`.
"""

import argparse
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from repository import Refused, Storage
from routes import ROUTES, Call
from wire import Exchange, Failure, Reply, Request, Server

if TYPE_CHECKING:
    from huggingface_hub import HfApi


class StandIn:
    """The Hub for as long as a `with` block lasts.

    `tokens` gives each token its user. What a user created is theirs alone to change, and to see if it is private; they
    may create under any name but another user's. A user called "ann:read" is ann with a token that cannot write.
    """

    def __init__(self, tokens: Mapping[str, str] | None = None, port: int = 0) -> None:
        self.tokens = dict({"hf_good": "org-owner"} if tokens is None else tokens)
        self.folder = Path(tempfile.mkdtemp(prefix="hub-"))
        (self.folder / "content").mkdir()
        self.storage = Storage(self.folder / "content")
        self.server = Server(port, self.answer)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> "StandIn":
        self.server.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.close()
        shutil.rmtree(self.folder)
        if self.server.bugs and error is None:
            raise ExceptionGroup("the stand-in itself failed", self.server.bugs)

    # what tests ask of it

    @property
    def log(self) -> list[Exchange]:
        """All requests so far in the order in which they came; waits until those under way are answered."""
        self.settle()
        return list(self.server.log)

    @property
    def served(self) -> int:
        """Bytes written to sockets so far, headers too. A client that hung up had not taken the last of them."""
        return sum(exchange.sent for exchange in self.log)

    @property
    def received(self) -> int:
        """Bytes of requests' bodies so far."""
        return sum(exchange.received for exchange in self.log)

    def settle(self, seconds: float = 10.0) -> None:
        """Wait until no request is being answered."""
        deadline = time.monotonic() + seconds
        while self.server.busy and time.monotonic() < deadline:
            time.sleep(0.005)

    def fail(
        self,
        how: str | Callable[[Exchange], None],
        match: str = "",
        nth: int = 1,
        times: int = 1,
        seconds: float = 2.0,
    ) -> None:
        """Make the `nth` request from now on fail whose "METHOD path" holds the regular expression `match`.

        `how`: a status such as "500", with nothing done; "drop": the connection ends in the middle of the request's
        body, or else of the answer's; "lost": all is done, but the connection ends before the answer; "slow": all is
        done after `seconds`; or a function, which is called first (to kill the client, say; it cannot ask for `log`),
        and all is done.
        `times`: how many matching requests in a row fail; 0: for ever.
        """
        with self.server.lock:
            self.server.failures.append(Failure(how, re.compile(match), nth, times, seconds))

    def heal(self) -> None:
        """Forget all that `fail` was told."""
        with self.server.lock:
            self.server.failures.clear()

    def environment(self, token: str | None = None, **more: str) -> dict[str, str]:
        """Make the environment for a subprocess whose Hub is this one, with empty caches of its own."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
        return ours | {
            "HF_ENDPOINT": self.endpoint,
            "HF_HOME": tempfile.mkdtemp(prefix="home-", dir=self.folder),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "NO_COLOR": "1",
            "NO_PROXY": "127.0.0.1",
            **({"HF_TOKEN": token} if token else {}),
            **more,
        }

    def api(self, token: str | None = None) -> "HfApi":
        """Make a client in this process; Xet must be off in it (see the fixture `hub`)."""
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.endpoint, token=token or False)

    # how requests are answered

    def answer(self, request: Request) -> Reply:
        """Find the route of a request and follow it."""
        path, _, query = request.path.partition("?")
        request.exchange.user = user = self.user(request)
        for methods, pattern, route in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and request.command in methods.split():
                call = Call(self, request, user, parse_qs(query))
                return route(call, **{name: unquote(value or "") for name, value in found.groupdict().items()})
        raise Refused(404, f"Sorry, we can't find the page you are looking for: {path}")

    def user(self, request: Request) -> str:
        """Say who asks: "" if nobody says so."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme and (scheme != "Bearer" or token not in self.tokens):
            raise Refused(401, "Invalid credentials in Authorization header")
        return self.tokens[token] if scheme else ""


def main() -> None:
    """Serve until interrupted, and show each request."""
    parser = argparse.ArgumentParser(description="A stand-in for the Hugging Face Hub on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="hf_good")
    options = parser.parse_args()
    with StandIn({options.token: "me"}, options.port) as hub:
        print(f"HF_ENDPOINT={hub.endpoint} HF_HUB_DISABLE_XET=1 HF_TOKEN={options.token}", flush=True)
        shown = 0
        try:
            while True:
                time.sleep(0.5)
                for exchange in hub.log[shown:]:
                    print(exchange.status, exchange.method, exchange.path, exchange.received, exchange.sent, flush=True)
                    shown += 1
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
