"""`gsplat.rasterization` in float64 on the CPU: its own torch projection, and its CUDA kernel's blend written out."""

import inspect
from typing import Any

import gsplat
import numpy as np
import torch
from gsplat.cuda import _torch_impl
from numba import njit


def rasterization(*arguments: Any, **options: Any) -> tuple[torch.Tensor, torch.Tensor, dict[str, Any]]:
    """Take what gsplat's function takes, and refuse what it would refuse or not survive."""
    call = inspect.signature(gsplat.rasterization).bind(*arguments, **options)
    call.apply_defaults()
    a = call.arguments
    means, views, lenses, colours = a["means"], a["viewmats"], a["Ks"], a["colors"]
    splats, cameras = len(means), len(views)
    assert splats > 0, "gsplat divides by the number of splats"
    assert means.shape == (splats, 3)
    assert a["quats"].shape == (splats, 4)
    assert a["scales"].shape == (splats, 3)
    assert a["opacities"].shape == (splats,)
    assert views.shape == (cameras, 4, 4)
    assert lenses.shape == (cameras, 3, 3)
    assert colours.shape[:-1] in ((splats,), (cameras, splats))
    assert {t.dtype for t in (means, a["quats"], a["scales"], a["opacities"], colours, views, lenses)} == {means.dtype}
    ours = {"means", "quats", "scales", "opacities", "colors", "viewmats", "Ks", "width", "height", "render_mode"}
    plain = inspect.signature(gsplat.rasterization).parameters
    for name in ("near_plane", "far_plane", "eps2d"):
        assert np.float32(a[name]) == np.float32(plain[name].default)
    for name in set(a) - ours - {"near_plane", "far_plane", "eps2d", "packed"}:
        assert a[name] == plain[name].default, f"this stand-in does not know {name}"
    depth = {"RGB": False, "RGB+ED": True}[a["render_mode"]]

    width, height = a["width"], a["height"]
    quats = torch.nn.functional.normalize(a["quats"].double(), dim=-1)
    covariances, _ = _torch_impl._quat_scale_to_covar_preci(quats, a["scales"].double(), True, False)
    radii, means2d, depths, conics, _ = _torch_impl._fully_fused_projection(
        means.double(), covariances, views.double(), lenses.double(), width, height
    )
    per_camera = colours.double().expand(cameras, splats, -1)
    pictures, alphas = [], []
    for camera in range(cameras):
        visible = (radii[camera] > 0).all(-1).numpy()
        # The depth order is taken as any float32 renderer sees it: equal there, then by index.
        order = np.argsort(depths[camera].numpy().astype(np.float32), kind="stable")
        features = torch.cat([per_camera[camera], depths[camera, :, None]], -1).numpy()
        out = np.zeros((height, width, features.shape[1]))
        transmittance = np.ones((height, width))
        _blend(
            order[visible[order]], means2d[camera].numpy(), conics[camera].numpy(), a["opacities"].double().numpy(),
            features, out, transmittance,
        )  # fmt: skip
        alpha = 1 - transmittance
        out[..., -1] /= np.maximum(alpha, 1e-10)
        pictures.append(out if depth else out[..., :-1])
        alphas.append(alpha[..., None])
    return torch.tensor(np.stack(pictures)).to(means.dtype), torch.tensor(np.stack(alphas)).to(means.dtype), {}


@njit(cache=True)
def _blend(order, means, conics, opacities, features, out, transmittance):  # type: ignore[no-untyped-def]
    """Gsplat's rasterize_to_pixels_3dgs_fwd: out [H, W, F] accumulates features."""
    height, width, _ = out.shape
    stopped = np.zeros((height, width), np.bool_)
    for splat in order:
        mx, my = means[splat]
        a, b, c = conics[splat]
        if opacities[splat] < 1 / 255:
            continue
        det = a * c - b * b
        rx = 3.4 * np.sqrt(c / det) + 1
        ry = 3.4 * np.sqrt(a / det) + 1
        for y in range(max(0, int(my - ry)), min(height, int(my + ry) + 1)):
            for x in range(max(0, int(mx - rx)), min(width, int(mx + rx) + 1)):
                if stopped[y, x]:
                    continue
                dx, dy = mx - (x + 0.5), my - (y + 0.5)
                sigma = 0.5 * (a * dx * dx + c * dy * dy) + b * dx * dy
                alpha = min(0.999, opacities[splat] * np.exp(-sigma))
                if sigma < 0 or alpha < 1 / 255:
                    continue
                after = transmittance[y, x] * (1 - alpha)
                if after <= 1e-4:
                    stopped[y, x] = True
                    continue
                for k in range(features.shape[1]):
                    out[y, x, k] += alpha * transmittance[y, x] * features[splat, k]
                transmittance[y, x] = after
