"""What colour each splat has for each camera of a batch: spherical harmonics, then fog, as `render.project` does."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32
from torch import Tensor

from camera_motion.generator.harmonics import terms
from camera_motion.generator.render.frame import CLASSES
from camera_motion.generator.splats import SH_C0, SKY, GaussianScene, Look


@dataclass(frozen=True)
class Splats:
    """A scene on a device. `constant` is a colour's part that no direction changes; `kinds` is one at the class."""

    means: Float32[Tensor, "N 3"]
    quats: Float32[Tensor, "N 4"]
    scales: Float32[Tensor, "N 3"]
    opacities: Float32[Tensor, " N"]
    constant: Float32[Tensor, "N 3"]
    harmonics: Float32[Tensor, "K N 3"]
    kinds: Float32[Tensor, "N 4"]
    clear: Bool[Tensor, " N"]

    def __len__(self) -> int:
        return len(self.means)


def put(scene: GaussianScene, device: torch.device) -> Splats:
    """Copy a scene to `device`, with all worked out that no camera changes."""

    def tensor(values: np.ndarray) -> Tensor:
        return torch.from_numpy(np.require(values, requirements=["C", "W"])).to(device)

    sh = tensor(scene.sh)
    classes = tensor(scene.classes.astype(np.int64))
    return Splats(
        tensor(scene.means_m),
        tensor(scene.quats),
        tensor(scene.scales_m),
        tensor(scene.opacities),
        0.5 + SH_C0 * sh[:, 0],
        sh[:, 1:].transpose(0, 1).contiguous(),
        torch.nn.functional.one_hot(classes, CLASSES).float(),
        classes == SKY,
    )


def colours(splats: Splats, centres: Float32[Tensor, "B 3"], look: Look) -> Float32[Tensor, "*B N 3"]:
    """Colours of all splats seen from `centres`; without B where they are the same from everywhere.

    Colour is 0.5 plus the harmonics, clamped at 0; fog then mixes by the splat's distance from the camera, and splats
    of class SKY have none.
    """
    plain = len(splats.harmonics) == 0
    if plain and look.fog_per_m == 0:
        return splats.constant.clamp(min=0)
    away = splats.means - centres[:, None]
    x, y, z = (away[..., axis, None] for axis in range(3))
    distance = (x * x + y * y + z * z).sqrt_()
    out = splats.constant.expand_as(away).clone()
    if not plain:
        away /= distance.clamp(min=1e-12)  # and so x, y and z
        for coefficients, value in zip(splats.harmonics, terms(x, y, z), strict=False):
            out.addcmul_(value, coefficients)
    out.clamp_(min=0)
    if look.fog_per_m > 0:
        share = torch.exp_(distance.sub_(look.fog_start_m).clamp_(min=0).mul_(-look.fog_per_m))
        share.masked_fill_(splats.clear[:, None], 1)
        fog = constant(look.fog_rgb, out)
        out = fog + (out - fog) * share
    return out


def constant(values: tuple[float, ...], like: Tensor) -> Float32[Tensor, " N"]:
    """Put a few numbers on the device of `like` without waiting for it, as copying them would."""
    return torch.cat([like.new_full((1,), value) for value in values])
