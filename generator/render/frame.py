"""One rendered picture, before tone."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

#: Values a splat's class can take (`generator.splats`), hence planes of `Frame.classes`.
CLASSES = 4


@dataclass(frozen=True)
class Frame:
    """What the splats put on the sensor.

    `rgb` is premultiplied by `alpha`: the background is laid under it by `generator.effects.finish`. `depth_m` is
    the expected depth (blend-weighted mean of z, gsplat's "ED"), 0 where nothing was hit. `classes[..., k]` is the
    part of `alpha` that came from splats of class k: they add up to it.
    """

    rgb: Float32[np.ndarray, "H W 3"]
    alpha: Float32[np.ndarray, "H W"]
    depth_m: Float32[np.ndarray, "H W"]
    classes: Float32[np.ndarray, "H W 4"] | None = None
