"""A set as torch tensors: a stream of clips, a table of clips, a loader that resumes, Pluecker rays, and a mix.

    from camera_motion.builder.torch import ClipLoader, ClipStream, Sampling

    stream = ClipStream("demo", sampling=Sampling(frames=49, size=(512, 320), pixels="signed", rays=8), shuffle=64)
    for batch in ClipLoader(stream, batch_size=2, num_workers=4):
        batch["frames"], batch["rays"], batch["caption"]

What a sample holds is in `docs/training.md`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from camera_motion.builder.torch.clips import ClipLoader, ClipStream, ClipTable, collate, plucker
    from camera_motion.builder.torch.mixing import mix
    from camera_motion.builder.torch.sampling import Sampling

__all__ = ["ClipLoader", "ClipStream", "ClipTable", "Sampling", "collate", "mix", "plucker"]


def __getattr__(name: str) -> Any:
    """Hand out a public name; only `clips` and `mixing` bring PyTorch."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = {"mix": "mixing", "Sampling": "sampling"}.get(name, "clips")
    return getattr(import_module(f"{__name__}.{module}"), name)
