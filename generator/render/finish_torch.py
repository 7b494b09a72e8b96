"""The finishing of `generator.effects` for a batch of frames on a device, within one grey level of it.

The operations are the same, in the same order. Every sum is written out as additions of shifted pictures: libraries for
convolutions choose their method by the size of a batch, and a frame must not depend on those beside it.
"""

import torch
from jaxtyping import Float32, Int64, UInt8
from torch import Tensor
from torch.nn.functional import pad

from camera_motion.generator.effects import BLOOM_SIGMA, BLOOM_STEP, GAMMA, SHARPEN_SIGMA_PX, WHITE, gaussian
from camera_motion.generator.render.shade import constant
from camera_motion.generator.splats import Look


def finish(rgb: Float32[Tensor, "B H W 3"], alpha: Float32[Tensor, "B H W"], look: Look) -> UInt8[Tensor, "B H W 3"]:
    """Turn rendered frames (`generator.render.frame.Frame`) into display-referred 8-bit RGB as `look` says."""
    background = constant(look.background_rgb, rgb)[:, None, None]
    picture = rgb.permute(0, 3, 1, 2) + (1 - alpha[:, None]) * background
    if look.transfer == "linear":
        if look.bloom > 0:
            picture += (_glow(picture) - picture) * look.bloom
        picture = _tone(picture.mul_(look.exposure)) * _vignette(picture, look.vignette)
        if look.sharpen > 0:
            picture += look.sharpen * (picture - _blur(picture, SHARPEN_SIGMA_PX))
    return picture.mul_(255).add_(0.5).clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1).contiguous()


def _tone(radiance: Float32[Tensor, "B 3 H W"]) -> Float32[Tensor, "B 3 H W"]:
    """Apply Narkowicz's ACES fit and the gamma (`generator.effects.aces`)."""
    x = radiance.clamp(0, float(WHITE))
    return (x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14)).clamp_(0, 1).pow_(1 / GAMMA)


def _vignette(picture: Float32[Tensor, "B 3 H W"], strength: float) -> Float32[Tensor, "H W"]:
    """How bright each pixel stays: less towards the corners."""
    height, width = picture.shape[2:]
    v = (torch.arange(height, device=picture.device, dtype=torch.float32) + 0.5) / height - 0.5
    u = (torch.arange(width, device=picture.device, dtype=torch.float32) + 0.5) / width - 0.5
    return 1 - strength * (u * u + (v * v)[:, None])


def _glow(picture: Float32[Tensor, "B 3 H W"]) -> Float32[Tensor, "B 3 H W"]:
    """Light spread far: means of BLOOM_STEP squared pixels, blurred, and bilinear in between."""
    height, width = picture.shape[2:]
    small = _shrink(picture.clamp(max=float(WHITE)))
    small = _blur(small, BLOOM_SIGMA * width / BLOOM_STEP)
    first, second, share = _between(height, small.shape[2], picture.device)
    small = small[:, :, first].lerp(small[:, :, second], share[:, None])
    first, second, share = _between(width, small.shape[3], picture.device)
    return small[..., first].lerp(small[..., second], share)


def _shrink(picture: Float32[Tensor, "B 3 H W"]) -> Float32[Tensor, "B 3 h w"]:
    """Mean of each block of BLOOM_STEP squared pixels; blocks at the border have fewer."""
    height, width = picture.shape[2:]
    full = pad(picture, (0, -width % BLOOM_STEP, 0, -height % BLOOM_STEP))
    cells = [full[..., y::BLOOM_STEP, x::BLOOM_STEP] for y in range(BLOOM_STEP) for x in range(BLOOM_STEP)]
    total = cells[0].clone()
    for cell in cells[1:]:
        total += cell
    rows, columns = (
        (pixels - torch.arange(0, pixels, BLOOM_STEP, device=picture.device)).clamp_(max=BLOOM_STEP)
        for pixels in (height, width)
    )
    return total / (rows[:, None] * columns)


def _between(
    pixels: int, cells: int, device: torch.device
) -> tuple[Int64[Tensor, " P"], Int64[Tensor, " P"], Float32[Tensor, " P"]]:
    """For each pixel the two cells around it, and how near it is to the second."""
    at = ((torch.arange(pixels, device=device, dtype=torch.float32) + 0.5) / BLOOM_STEP - 0.5).clamp_(0, cells - 1)
    first = at.long()
    return first, (first + 1).clamp_(max=cells - 1), at - first


def _blur(picture: Float32[Tensor, "B 3 H W"], sigma: float) -> Float32[Tensor, "B 3 H W"]:
    """Separable Gaussian; the border repeats its last pixel."""
    half = [float(weight) for weight in gaussian(sigma)]
    reach = len(half) - 1
    height, width = picture.shape[2:]
    wide = pad(picture, (reach, reach, 0, 0), mode="replicate")
    across = wide[..., reach : reach + width] * half[0]
    for k in range(1, reach + 1):
        across.add_(wide[..., reach - k : reach - k + width], alpha=half[k])
        across.add_(wide[..., reach + k : reach + k + width], alpha=half[k])
    tall = pad(across, (0, 0, reach, reach), mode="replicate")
    out = tall[:, :, reach : reach + height] * half[0]
    for k in range(1, reach + 1):
        out.add_(tall[:, :, reach - k : reach - k + height], alpha=half[k])
        out.add_(tall[:, :, reach + k : reach + k + height], alpha=half[k])
    return out
