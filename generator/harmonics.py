"""Real spherical harmonics of degree 0 to 3 in 3DGS's basis and signs, and how they turn with the world."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64

#: Coefficients per channel for each degree.
BANDS = (1, 4, 9, 16)


def basis(directions: Float64[np.ndarray, "N 3"], bands: int) -> Float64[np.ndarray, "N K"]:
    """Values of the first `bands` harmonics at unit `directions` (Sloan 2013; the order of 3DGS and gsplat)."""
    if bands not in BANDS:
        raise ValueError(f"{bands} coefficients belong to no degree from 0 to 3; use one of {BANDS}")
    constant = np.full(len(directions), 0.28209479177387814)
    return np.stack([constant, *islice(terms(*directions.T), bands - 1)], 1)


def terms(x: Any, y: Any, z: Any) -> Iterator[Any]:
    """Yield the values of the harmonics from degree 1 on at unit directions, one by one; any kind of array will do."""
    xx, yy, zz = x * x, y * y, z * z
    yield -0.4886025119029199 * y
    yield 0.4886025119029199 * z
    yield -0.4886025119029199 * x
    yield 1.0925484305920792 * x * y
    yield -1.0925484305920792 * y * z
    yield 0.31539156525252005 * (2 * zz - xx - yy)
    yield -1.0925484305920792 * x * z
    yield 0.5462742152960396 * (xx - yy)
    yield -0.5900435899266435 * y * (3 * xx - yy)
    yield 2.890611442640554 * x * y * z
    yield -0.4570457994644658 * y * (4 * zz - xx - yy)
    yield 0.3731763325901154 * z * (2 * zz - 3 * xx - 3 * yy)
    yield -0.4570457994644658 * x * (4 * zz - xx - yy)
    yield 1.445305721320277 * z * (xx - yy)
    yield -0.5900435899266435 * x * (xx - 3 * yy)


def turning(rotation: Float64[np.ndarray, "3 3"], bands: int) -> Float64[np.ndarray, "K K"]:
    """Matrix that turns coefficients with the world: f'(R d) = f(d) for every direction d.

    A rotated harmonic is a sum of harmonics of its own degree (Wigner's D); the weights follow from values at more
    directions than there are unknowns, to rounding.
    """
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(64, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    new, old = basis(directions, bands), basis(directions @ rotation, bands)
    out = np.zeros((bands, bands))
    for first, last in ((0, 1), (1, 4), (4, 9), (9, 16)):
        if first < bands:
            out[first:last, first:last] = np.linalg.lstsq(new[:, first:last], old[:, first:last])[0]
    return out


def turn(sh: Float32[np.ndarray, "N K 3"], rotation: Float64[np.ndarray, "3 3"]) -> Float32[np.ndarray, "N K 3"]:
    """Colours of a scene that was rotated: seen from the rotated side they are what they were."""
    matrix = turning(rotation, sh.shape[1]).astype(np.float32)
    return np.ascontiguousarray(np.einsum("ij,njc->nic", matrix, sh))
