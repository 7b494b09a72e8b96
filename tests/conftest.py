"""Shapes and types are checked at run time, but only while tests run."""

from jaxtyping import install_import_hook

install_import_hook(
    ["camera_motion.schema", "camera_motion.evaluation", "camera_motion.generator", "camera_motion.builder"], "beartype.beartype"
)
