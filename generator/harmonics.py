"""Real spherical harmonics of degree 0 to 3 in 3DGS's basis and signs, and how they turn with the world."""

import numpy as np
from jaxtyping import Float32, Float64

#: Coefficients per channel for each degree.
BANDS = (1, 4, 9, 16)


def basis(directions: Float64[np.ndarray, "N 3"], bands: int) -> Float64[np.ndarray, "N K"]:
    """Values of the first `bands` harmonics at unit `directions` (Sloan 2013; the order of 3DGS and gsplat)."""
    if bands not in BANDS:
        raise ValueError(f"{bands} coefficients belong to no degree from 0 to 3; use one of {BANDS}")
    x, y, z = directions.T
    xx, yy, zz = x * x, y * y, z * z
    values = [
        0.28209479177387814 * np.ones_like(x),
        -0.4886025119029199 * y,
        0.4886025119029199 * z,
        -0.4886025119029199 * x,
        1.0925484305920792 * x * y,
        -1.0925484305920792 * y * z,
        0.31539156525252005 * (2 * zz - xx - yy),
        -1.0925484305920792 * x * z,
        0.5462742152960396 * (xx - yy),
        -0.5900435899266435 * y * (3 * xx - yy),
        2.890611442640554 * x * y * z,
        -0.4570457994644658 * y * (4 * zz - xx - yy),
        0.3731763325901154 * z * (2 * zz - 3 * xx - 3 * yy),
        -0.4570457994644658 * x * (4 * zz - xx - yy),
        1.445305721320277 * z * (xx - yy),
        -0.5900435899266435 * x * (xx - 3 * yy),
    ]
    return np.stack(values[:bands], 1)


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
