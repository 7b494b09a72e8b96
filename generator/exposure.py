"""One exposure for a clip, as a photographer would set it before the camera rolls."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float32

#: Radiance that becomes the middle of the picture: after the tone curve (generator.effects) about 0.4 of white.
MIDDLE_GREY = 0.12
#: How much of a scene's darkness is made up for: a shaded arcade stays darker than a sunlit court, yet readable.
ADAPTATION = 0.7
#: No picture is brightened or darkened beyond these factors.
LIMITS = (0.45, 5.0)
_LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
_FLOOR = 1e-3


def meter(pictures: Iterable[Float32[np.ndarray, "H W 3"]], exposure: float) -> float:
    """Return the exposure for linear `pictures` of one clip, given the scene's own `exposure`.

    The log-average luminance (Reinhard et al. 2002), of the middle 90 % of the pixels, goes most of the way to middle
    grey. Callers give pictures of the clip's path *and* of its opposite, so that the brightness of frame 0 says
    nothing of where the camera will go.
    """
    logs = np.concatenate([np.log(np.maximum(p[::4, ::4] @ _LUMA, _FLOOR)).ravel() for p in pictures])
    low, high = np.percentile(logs, (5, 95))
    middle = float(np.exp(logs[(logs >= low) & (logs <= high)].mean()))
    return exposure * float(np.clip((MIDDLE_GREY / (middle * exposure)) ** ADAPTATION, *LIMITS))
