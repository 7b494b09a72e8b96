"""What surfaces are made of: colour and relief as functions of place, compiled by Numba."""

from camera_motion.generator.materials.material import Material, srgb

__all__ = ["Material", "srgb"]
