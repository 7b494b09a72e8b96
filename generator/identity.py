"""The identity of a set: what its clips depend on, in sixteen digits."""

from camera_motion import __version__
from camera_motion.schema.spec import Spec, spec_identity

#: Any change that moves a pixel or a number of a clip needs a new version.
GENERATOR_VERSION = __version__


def resolved_renderer(spec: Spec) -> str:
    """Name the renderer that `auto` stands for."""
    return "cpu" if spec.render.renderer == "auto" else spec.render.renderer


def resolved_encoder(spec: Spec) -> str:
    """Name the encoder that `auto` stands for."""
    return "software" if spec.encode.encoder == "auto" else spec.encode.encoder


def identity_of(spec: Spec) -> str:
    """Hash the spec's content, the generator's version, and the renderer and encoder that `auto` stands for."""
    return spec_identity(spec, GENERATOR_VERSION, resolved_renderer(spec), resolved_encoder(spec))
