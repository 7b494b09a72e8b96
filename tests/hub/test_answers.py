"""What the Hub answers: how long it wants to be left alone."""

import pytest
from huggingface_hub.errors import HfHubHTTPError
from requests import Response

from camera_motion.builder.hub.answers import MOST_PAUSE_S, pause_s


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
