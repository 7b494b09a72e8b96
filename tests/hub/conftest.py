"""A stand-in for the Hub, and this process set up to talk to it without Xet and without long waits."""

from collections.abc import Iterator
from types import SimpleNamespace

import huggingface_hub
import huggingface_hub.utils._http as http
import pytest
from standin import StandIn

TOKEN = "hf_good"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The Hub, with two users: ann (`hf_good`, and `hf_read`, which cannot write) and bob (`hf_bob`).

    Clients in this process retry at once instead of after seconds.
    """
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(http, "time", SimpleNamespace(**vars(http.time) | {"sleep": lambda seconds: None}))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with StandIn({TOKEN: "ann", "hf_read": "ann:read", "hf_bob": "bob"}) as hub:
        yield hub
        huggingface_hub.close_session()
