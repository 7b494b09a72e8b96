"""A second, coarser layer of splats just under the first, so that nothing shines through.

Between surfels at 1.3 pixels about 1 % of what lies behind is still seen. That is invisible in colour, but a sky 400 m
behind a wall then adds metres to the wall's expected depth. Under a coarse layer of the same surface 1e-4 is left.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float64

from camera_motion.generator.scenes.cells import Cells
from camera_motion.generator.scenes.surface import Patch

#: Spacing over that of the layer above, on planes and on curved patches, whose wide splats would stick out.
_WIDER_FLAT, _WIDER_CURVED = 3.0, 2.0
#: How far below; coincident splats would change order from frame to frame.
DEPTH_M = 0.015
_THINNEST_M = 0.06
_OVERHANG, _OVERHANG_UNDER, _OVERHANG_UNSEEN = 1.2, 1.0, 0.8


def with_underlay(
    cells: Cells,
    patches: Sequence[Patch],
    spacing_m: Float64[np.ndarray, "C 2"],
    seen: Bool[np.ndarray, " C"],
    hidden: Bool[np.ndarray, " C"],
) -> tuple[Cells, Float64[np.ndarray, "D 2"], Bool[np.ndarray, " D"], Float64[np.ndarray, " D"]]:
    """Repeat every seen cell of a solid patch at wider spacing, and leave out those `hidden`.

    Tells which cells of the result are repeats, and how far surfels may reach over open edges (`surfels.lay`). Cells
    stay in the order of their patches.
    """
    flat = np.array([p.tangents is not None for p in patches])
    fit = np.array([p.solid and min(p.size_m) > _THINNEST_M for p in patches])
    lengths = np.stack([np.linalg.norm(cells.across_u_m, axis=1), np.linalg.norm(cells.across_v_m, axis=1)], 1)
    many = (np.ceil(lengths / spacing_m) > 1.5).any(1)
    plane = flat[cells.patch]
    wider = np.where(plane, _WIDER_FLAT, _WIDER_CURVED)[:, None] * spacing_m
    wider = np.where(plane[:, None], np.minimum(wider, lengths), wider)
    chosen = np.flatnonzero(seen & many & fit[cells.patch] & (plane | (wider < 0.6 * lengths).all(1)))
    kept = np.flatnonzero(~hidden)
    order = np.argsort(np.concatenate([cells.patch[kept], cells.patch[chosen]]), kind="stable")
    source = np.concatenate([kept, chosen])[order]
    under = np.concatenate([np.zeros(len(kept), bool), np.ones(len(chosen), bool)])[order]
    both = np.concatenate([spacing_m[kept], wider[chosen]])[order]
    overhang = np.where(under, _OVERHANG_UNDER, np.where(seen[source], _OVERHANG, _OVERHANG_UNSEEN))
    return cells[source], both, under, overhang
