"""Frozen models, canonical JSON and identity hashes; the two errors of the project."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class SpecError(ValueError):
    """The user's input is wrong; the message is one line: what, the value, what to do."""


class Rejected(Exception):
    """This candidate clip will not do; take the next one. The message is a short reason such as `gate: focal`."""


class Model(BaseModel):
    """A record that touches disk or the command line: immutable, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces and no NaN: equal values give equal bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def identity(value: Any) -> str:
    """Sixteen hex digits of the SHA-256 of the canonical JSON of `value`."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()[:16]
