"""What the Hub answers, or that it does not, put into one line that says what to do; no token is ever in it."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

import huggingface_hub
from huggingface_hub.errors import OfflineModeIsEnabled

from camera_motion.schema.base import SpecError

logger = logging.getLogger(__name__)

#: Answers that another try may better, and the libraries whose errors mean that there was no answer.
PASSING = (408, 425, 429, 500, 502, 503, 504)
#: The longest pause that is made because the Hub asks for it: it counts requests over five minutes.
MOST_PAUSE_S = 310

TRANSPORTS = ("httpx", "httpx2", "httpcore", "requests", "urllib3", "aiohttp")


@contextmanager
def one_line(name: str, endpoint: str, doing: str) -> Iterator[None]:
    """Turn what huggingface_hub, its network libraries and the system raise into a `SpecError` of one line."""
    try:
        yield
    except SpecError:
        raise
    except Exception as error:
        if (line := _explain(_root(error), name, endpoint, doing)) is None:
            raise
        raise SpecError(scrubbed(line)) from None


def scrubbed(text: str) -> str:
    """Take tokens out of a text, and passwords out of its addresses; leave one line of it."""
    if token := huggingface_hub.get_token():
        text = text.replace(token, "***")
    text = re.sub(r"hf_\w{6,}", "***", text)
    return " ".join(re.sub(r"//[^/@\s]+@", "//***@", text).split())


def _explain(error: Exception, name: str, endpoint: str, doing: str) -> str | None:
    """Say what a failure means and what to do; None if it is a fault of this program."""
    code, said = status(error), _said(error)
    kept = "what arrived is kept, run again later"
    if isinstance(error, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set; unset it to reach the Hub, or use --dry-run"
    if code == 401:
        return f"the Hub does not take this token (401){said}; log in again with `hf auth login`, or set HF_TOKEN"
    if code in (402, 403):
        org = name.partition("/")[0]
        return f"this token may not {doing} ({code}){said}; take one that may write to {org}, and check its name"
    if code == 404:
        return f"{name}: the Hub could not {doing} (404){said}; is the name right, and may this token see it?"
    if code in (409, 412):
        return f"{name} was changed by somebody else meanwhile ({code}){said}; look at their change, then run again"
    if code == 429:
        return f"{name}: the Hub asks for a pause (429){said}; {kept}"
    if code >= 500:
        return f"{name}: the Hub failed to {doing} ({code}), also when tried again{said}; {kept}"
    if code:
        return f"{name}: the Hub refused to {doing} ({code}){said}"
    if _no_answer(error):
        return f"no answer from {endpoint} ({_words(error)}); check the network; {kept}"
    if isinstance(error, OSError):
        return ": ".join(str(part) for part in (error.filename, error.strerror or _words(error)) if part)
    if isinstance(error, (ValueError, RuntimeError)) and not isinstance(error, NotImplementedError):
        return f"{name}: could not {doing}: {_words(error)}; {kept}"
    return None


def _root(error: Exception) -> Exception:
    """Give the failure itself where an upload wraps it."""
    while isinstance(error, RuntimeError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    return error


def status(error: Exception) -> int:
    """Give the HTTP status that an error came with; 0 for none."""
    return int(getattr(getattr(_root(error), "response", None), "status_code", 0) or 0)


def _no_answer(error: Exception) -> bool:
    root = _root(error)
    if isinstance(root, json.JSONDecodeError):  # the page of a gateway
        return True
    return type(root).__module__.partition(".")[0] in TRANSPORTS or isinstance(root, ConnectionError | TimeoutError)


def passing(error: Exception) -> bool:
    """Whether another try may fare better."""
    if isinstance(_root(error), OfflineModeIsEnabled):
        return False
    return status(error) in PASSING or (not status(error) and _no_answer(error))


def pause_s(error: Exception, least_s: float) -> float:
    """Give how long to wait before another try: `least_s`, or as long as a Hub that is asked too often (429) wants."""
    headers = getattr(getattr(_root(error), "response", None), "headers", None)
    if status(error) != 429 or headers is None:
        return least_s
    stated = re.fullmatch(r"\s*(\d{1,9})\s*", headers.get("Retry-After", ""))
    stated = stated or re.search(r";\s*t\s*=\s*(\d{1,9})", headers.get("RateLimit", ""))
    asked_s = min(int(stated[1]) + 1, MOST_PAUSE_S) if stated else 0
    if asked_s > least_s:
        logger.warning("the Hub asks for a pause of %d s", asked_s)
    return max(least_s, asked_s)


def _said(error: Exception) -> str:
    """Give the server's own words, if it has any."""
    words = getattr(error, "server_message", None)
    return f": {str(words).strip()[:200]}" if words else ""


def _words(error: Exception) -> str:
    """Give an error's words in one line, not too long."""
    words = " ".join(str(error).split())
    return words[:300] or type(error).__name__
