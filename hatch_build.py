"""Build hook: in a wheel, camera_motion.py becomes the package's __init__.py."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Map the one module onto the package, except in editable installs."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the mapping for standard wheels."""
        if version == "standard":
            build_data["force_include"]["camera_motion.py"] = "camera_motion/__init__.py"
            build_data["force_include"]["py.typed"] = "camera_motion/py.typed"
