"""A material: a small compiled function from a place on a surface to its colour and relief.

A material is written as one scalar function at module level,

    def shade(x, y, z, s, t, w, p):
        ...
        return red, green, blue, height

of a world point (x, y, z) and surface coordinates (s, t), all in metres; `w` is the width in metres that the value
will be averaged over (detail finer than `w` should have faded out: `noise.fbm3` does so by itself); `p` is a
float64 vector of the material's parameters. Colours are linear albedo, `height` is relief in metres along the normal.
It may call any function of `materials.noise`. Compilation happens on first use and is cached on disk.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Float64
from numba import float64, njit, types

Shade = Callable[..., tuple[float, float, float, float]]

_VECTOR = types.Array(float64, 1, "C")
_MATRIX = types.Array(float64, 2, "C")
_UniTuple: Any = types.UniTuple
_SHADE = _UniTuple(float64, 4)(float64, float64, float64, float64, float64, float64, _VECTOR)

#: The type under which kernels take a compiled `shade`: one compilation of a kernel serves every material.
SHADE_POINTER = types.FunctionType(_SHADE)


@dataclass(frozen=True)
class Material:
    """A `shade` function with its parameters; `bump` scales the relief where it bends the normal."""

    name: str
    shade: Shade
    params: tuple[float, ...] = ()
    bump: float = 1.0

    @property
    def compiled(self) -> Any:
        """`shade` as machine code."""
        return _compile(self.shade)

    def prepare(self) -> None:
        """Compile it and take its means, so that threads find them ready."""
        _compile(self.shade)
        _mean(self.shade, self.params)

    @property
    def vector(self) -> Float64[np.ndarray, " K"]:
        """The parameters as the kernel wants them; never empty."""
        return np.array(self.params or (0.0,), np.float64)

    def __call__(
        self,
        points_m: Float64[np.ndarray, "N 3"],
        s_m: Float64[np.ndarray, " N"],
        t_m: Float64[np.ndarray, " N"],
        width_m: float = 0.0,
    ) -> tuple[Float64[np.ndarray, "N 3"], Float64[np.ndarray, " N"]]:
        """Albedo and height at the given places."""
        out = np.empty((len(points_m), 4))
        _evaluator()(
            self.compiled,
            np.ascontiguousarray(points_m, np.float64),
            np.ascontiguousarray(s_m, np.float64),
            np.ascontiguousarray(t_m, np.float64),
            float(width_m),
            self.vector,
            out,
        )
        return out[:, :3], out[:, 3]

    def mean_albedo(self) -> tuple[float, float, float]:
        """Average colour over a wall 8 m long and 3 m high, for bounced light."""
        red, green, blue, _ = _mean(self.shade, self.params)
        return red, green, blue

    def mean_height_m(self) -> float:
        """Average relief: what is taken off it, so that a surface lies on average where its patch says."""
        return _mean(self.shade, self.params)[3]


def srgb(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """Linear albedo of a colour given in 0..255 as a picture editor shows it (gamma 2.2)."""
    return (red / 255) ** 2.2, (green / 255) ** 2.2, (blue / 255) ** 2.2


@cache
def _compile(shade: Shade) -> Any:
    return njit(_SHADE, cache=True, nogil=True, fastmath=True)(shade)


@cache
def _mean(shade: Shade, params: tuple[float, ...]) -> tuple[float, float, float, float]:
    rng = np.random.default_rng(0)
    st = rng.uniform(0, (8, 3), (400, 2))
    points = np.column_stack([st[:, 0], rng.uniform(0, 3, 400), st[:, 1]])
    albedo, height = Material("", shade, params)(points, st[:, 0], st[:, 1], 0.02)
    red, green, blue = albedo.mean(0).tolist()
    return red, green, blue, float(height.mean())


@cache
def _evaluator() -> Any:
    signature = types.void(SHADE_POINTER, _MATRIX, _VECTOR, _VECTOR, float64, _VECTOR, _MATRIX)
    return njit(signature, cache=True, nogil=True, fastmath=True)(_evaluate)


def _evaluate(shade: Any, points: Any, s: Any, t: Any, width: float, params: Any, out: Any) -> None:
    for i in range(len(points)):
        red, green, blue, height = shade(points[i, 0], points[i, 1], points[i, 2], s[i], t[i], width, params)
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = red, green, blue, height
