"""What the Hub answers: how long it wants to be left alone; and what answers in its place."""

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import huggingface_hub
import pytest
from huggingface_hub.errors import HfHubHTTPError
from requests import Response

from camera_motion.builder.hub import repository
from camera_motion.builder.hub.answers import MOST_PAUSE_S, pause_s
from camera_motion.builder.hub.repository import Repository
from camera_motion.builder.sources import find
from camera_motion.schema.base import SpecError


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [
        (429, {"Retry-After": "30"}, 31),
        (429, {"ratelimit": '"api";r=0;t=55'}, 56),
        (429, {"Retry-After": "1"}, 4),  # a pause is never shorter than it would have been
        (429, {"Retry-After": "86400"}, MOST_PAUSE_S),
        (429, {"Retry-After": "Fri, 20 Nov 2026 12:00:00 GMT"}, 4),
        (429, {}, 4),
        (500, {"Retry-After": "30"}, 4),
    ],
)
def test_a_pause_is_as_long_as_the_hub_asks_within_bounds(status: int, headers: dict[str, str], seconds: float) -> None:
    response = Response()
    response.status_code = status
    response.headers.update(headers)
    assert pause_s(HfHubHTTPError("no", response=response), 4) == seconds  # type: ignore[arg-type]
    assert pause_s(ConnectionError("no"), 4) == 4


@pytest.mark.parametrize("answer", [b"<html>log in</html>", b"null", b"[]", b"{}", b"[" * 200_000, b"\x00\xff{["])
def test_what_is_not_the_hub_is_told_in_a_line(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Portal(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Portal) as portal:
        Thread(target=portal.serve_forever, daemon=True).start()
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://ann:secret@127.0.0.1:{portal.server_port}")
        monkeypatch.setenv("HF_TOKEN", "hf_good")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.setattr(repository, "WAITS_S", [])
        for ask in (Repository("ann/set").user, lambda: find("ann/set", "train")):
            with pytest.raises(SpecError, match=r"http://\*\*\*@127.* does not answer as the Hub does") as caught:
                ask()
            assert "\n" not in str(caught.value)
        portal.shutdown()
    huggingface_hub.close_session()
