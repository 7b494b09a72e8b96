"""How a move spreads over its time: from exactly 0 to exactly 1, and when within the clip."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
from jaxtyping import Float64

_Curve = Callable[[np.ndarray, float], np.ndarray]


def _exponential(x: np.ndarray, sharpness: float) -> np.ndarray:
    """(1 - exp(-a x)) / (1 - exp(-a)): a quick start that settles (ReCamMaster, arXiv 2503.11647)."""
    done: np.ndarray = np.expm1(-sharpness * x) / np.expm1(-sharpness)
    return done


#: Curves over 0..1 by name. `sharpness` shapes the last three: 2 is a plain parabola for the eases in and out.
EASES: Final = MappingProxyType[str, _Curve](
    {
        "linear": lambda x, _: x,
        "smooth": lambda x, _: x * x * (3.0 - 2.0 * x),
        "ease_in": lambda x, sharpness: x**sharpness,
        "ease_out": lambda x, sharpness: 1.0 - (1.0 - x) ** sharpness,
        "exponential": _exponential,
    }
)

#: How often each is drawn when nobody asks for one, and the sharpness it may have.
_SHARES: Final = {"smooth": 0.4, "linear": 0.25, "ease_out": 0.125, "ease_in": 0.125, "exponential": 0.1}
_SHARPNESS: Final = {"ease_in": (1.5, 2.0), "ease_out": (1.5, 2.0), "exponential": (1.0, 2.5)}


@dataclass(frozen=True)
class Timing:
    """A move that begins at frame `begin`, arrives at frame `end`, and holds before and after."""

    begin: int
    end: int
    ease: str = "smooth"
    sharpness: float = 0.0

    def progress(self, frames: int) -> Float64[np.ndarray, " T"]:
        """How much of the move is done at every frame; exactly 0 up to `begin` and 1 from `end` on."""
        x = np.clip((np.arange(frames) - self.begin) / (self.end - self.begin), 0.0, 1.0)
        done: np.ndarray = EASES[self.ease](x, self.sharpness)
        return done


def ease_rand(rng: np.random.Generator, name: str) -> tuple[str, float]:
    """Choose an ease (unless `name` says which) and its sharpness; draws two numbers whatever the name."""
    which, shape = rng.random(2)
    if not name:
        name = list(_SHARES)[int(np.searchsorted(np.cumsum(list(_SHARES.values())), which))]
    low, high = _SHARPNESS.get(name, (0.0, 0.0))
    return name, float(low + (high - low) * shape)
