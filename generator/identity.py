"""The identity of a set: what its clips depend on, in sixteen digits; and what `auto` in its spec stands for."""

from importlib.metadata import PackageNotFoundError, version

from camera_motion import __version__
from camera_motion.generator.nvidia import devices
from camera_motion.schema.spec import Execution, Spec, spec_identity

#: Any change that moves a pixel or a number of a clip needs a new version.
GENERATOR_VERSION = __version__


def resolve(spec: Spec, there: Spec | None = None, execution: Execution | None = None) -> Spec:
    """Put a renderer and an encoder in the place of `auto`: those of the set that is `there`, else what works here.

    CUDA is taken where `cuda_here` or, if Ray runs the workers (`execution`, the spec's unless given), where one of
    them holds a GPU. NVENC is taken beside it where it encodes a picture of the video's size, which is not known of
    Ray's workers.
    """
    renderer, encoder = spec.render.renderer, spec.encode.encoder
    execution = execution or spec.execution
    by_ray = execution.engine == "ray"
    if renderer == "auto" and there:
        renderer = there.render.renderer
    if renderer == "auto":
        renderer = "cuda" if (execution.gpus > 0 if by_ray else cuda_here()) else "cpu"
    if encoder == "auto" and there:
        encoder = there.encode.encoder
    if encoder == "auto":
        encoder = "nvenc" if renderer == "cuda" and not by_ray and _nvenc_works(spec) else "software"
    if (renderer, encoder) == (spec.render.renderer, spec.encode.encoder):
        return spec
    render = spec.render.model_copy(update={"renderer": renderer})
    return spec.model_copy(update={"render": render, "encode": spec.encode.model_copy(update={"encoder": encoder})})


def cuda_here() -> bool:
    """Whether there is a CUDA device, and packages that are meant for one; none of them is loaded to find out."""
    try:
        meant = not version("torch").endswith("+cpu") and bool(version("gsplat"))
    except PackageNotFoundError:
        return False
    return meant and bool(devices())


def identity_of(spec: Spec) -> str:
    """Hash the spec's content, the generator's version, and the renderer and encoder, here resolved if they are not."""
    spec = resolve(spec)
    return spec_identity(spec, GENERATOR_VERSION, spec.render.renderer, spec.encode.encoder)


def on_gpu(spec: Spec) -> bool:
    """Whether the bytes of a resolved spec's clips depend on a GPU and its driver."""
    return spec.render.renderer == "cuda" or spec.encode.encoder == "nvenc"


def _nvenc_works(spec: Spec) -> bool:
    from camera_motion.generator.encode import refusal  # brings PyAV, which only this question needs

    return not refusal(spec.encode.codec, "nvenc", spec.video.width, spec.video.height)
