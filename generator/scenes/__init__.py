"""Scene families and the engine that turns them into splats.

A family is a module with three functions: `rand(rng)` draws frozen parameters, `geometry(params)` describes them
analytically, `build(params)` makes the `surface.Model` that `sample.sample` turns into splats.
"""

from types import ModuleType
from typing import Final

from camera_motion.generator.scenes import courtyard, interior

#: Families by the name that a spec uses.
FAMILIES: Final[dict[str, ModuleType]] = {"courtyard": courtyard, "interior": interior}
