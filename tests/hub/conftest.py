"""A stand-in for the Hub, and this process set up to talk to it without Xet and without long waits."""

from collections.abc import Iterator
from types import SimpleNamespace

import huggingface_hub
import huggingface_hub.utils._http as http
import pytest
from standin import StandIn

ITS_OWN = "ignore:Use 'content=:DeprecationWarning"  # huggingface_hub 2.4 uploads LFS with a deprecated argument


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "hub" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings(ITS_OWN))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The Hub, with two users: ann (`hf_good`, and `hf_read`, which cannot write) and bob (`hf_bob`).

    Clients in this process retry at once instead of after seconds, and draw no progress bars.
    """
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(http, "time", SimpleNamespace(**vars(http.time) | {"sleep": lambda seconds: None}))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    huggingface_hub.utils.disable_progress_bars()
    with StandIn({"hf_good": "ann", "hf_read": "ann:read", "hf_bob": "bob"}) as hub:
        yield hub
        huggingface_hub.close_session()
    huggingface_hub.utils.enable_progress_bars()
