"""Whether this machine can do what a resolved spec asks for, found out before any work is done."""

import logging
import os
import re
import sysconfig
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, Final

import numpy as np

from camera_motion.generator.encode import refusal
from camera_motion.generator.nvidia import Device, cuda_there, devices, driver
from camera_motion.generator.splats import GaussianScene
from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory
from camera_motion.schema.spec import Spec

log = logging.getLogger(__name__)

_INSTALL: Final = "pip install 'camera-motion[gpu]'"
_GO_ON: Final = "the set was begun with it: go on where it works, or begin another with --out"


def ready(spec: Spec, begun: bool = False) -> None:
    """Try the renderer and the encoder of a resolved spec; on CPUs that takes no time.

    Of a set that is `begun` the rest cannot be made in another way.

    Raises:
        SpecError: the first thing that is missing or does not work, in one line.
    """
    if spec.render.renderer == "cuda" and (trouble := cuda_trouble()):
        todo = _GO_ON if begun else "or choose --renderer cpu"
        raise SpecError(f"the CUDA renderer cannot be used: {trouble}; {todo}")
    if trouble := refusal(spec.encode.codec, spec.encode.encoder, spec.video.width, spec.video.height):
        if begun and spec.encode.encoder == "nvenc":
            trouble = f"{trouble.rpartition('; ')[0]}; {_GO_ON}"
        raise SpecError(trouble)


def cuda_trouble() -> str:
    """Say what is in the way of the CUDA renderer, in a line; nothing if it has just rendered a picture."""
    checks: Sequence[Callable[[], str]] = (no_device, unfit_torch, no_gsplat, unfit_kernels, no_picture)
    return next((trouble for check in checks if (trouble := check())), "")


def no_device(found: Sequence[Device] | None = None) -> str:
    """Say why there is no CUDA device, if so."""
    if devices() if found is None else found:
        return ""
    version = driver()
    if version and (hidden := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return f"no CUDA device is visible, as CUDA_VISIBLE_DEVICES is {hidden!r}"
    if not version and cuda_there():
        return ""  # some containers have the driver without its management library: torch will tell
    return f"no CUDA device is here ({f'driver {version} finds none' if version else 'no NVIDIA driver'})"


def unfit_torch() -> str:
    """Say why torch does not reach the device, if so."""
    try:
        torch = import_module("torch")
    except ImportError as error:
        there = getattr(error, "name", None) != "torch"
        return f"torch does not load: {_cause(error)}" if there else f"torch is not installed: {_INSTALL}"
    except OSError as error:  # a library of CUDA's that is not where torch looks
        return f"torch does not load: {_cause(error)}"
    if not torch.version.cuda:
        return f"torch {torch.__version__} is built without CUDA; install a build with it (https://pytorch.org)"
    with warnings.catch_warnings(action="ignore"):  # it tells of a driver that is too old in a paragraph
        works = torch.cuda.is_available()
    if not works:
        return f"torch {torch.__version__} for CUDA {torch.version.cuda} does not work with driver {driver() or '?'}"
    return ""


def no_gsplat() -> str:
    """Say that gsplat is missing, if so."""
    try:
        import_module("gsplat")
    except ImportError as error:
        missing = getattr(error, "name", None)
        return f"{missing if missing and missing != 'gsplat' else 'gsplat'} is not installed: {_INSTALL}"
    return ""


def unfit_kernels() -> str:
    """Load gsplat's kernels, which compiles them where that was not done before; say why it fails, if so."""
    said = StringIO()
    try:
        with compiling(), redirect_stdout(said):
            backend = import_module("gsplat.cuda._backend")
    except Exception as error:  # a compiler, a linker, ninja, a full disk: anything at all
        return f"gsplat's CUDA kernels do not compile: {_cause(error)}"
    log.info("%s", said.getvalue())
    if backend._C is None:
        return "gsplat finds no compiler (nvcc) for its CUDA kernels; install the CUDA toolkit or gsplat's own wheel"
    return ""


@contextmanager
def compiling() -> Iterator[None]:
    """Keep others of this machine from compiling gsplat's kernels meanwhile, and have at hand what compiles them.

    gsplat (1.5.3) deletes what another process is compiling. torch looks for ninja on PATH alone, where that of an
    environment which is not activated is not.
    """
    if find_spec("gsplat.csrc"):  # its own wheel brings them compiled
        yield
        return
    extension = import_module("torch.utils.cpp_extension")
    folder = Path(os.environ.get("TORCH_EXTENSIONS_DIR") or extension.get_default_build_root())
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "camera-motion.lock", "ab") as lock:
        fcntl = _file_locks()
        if fcntl:
            fcntl.flock(lock, fcntl.LOCK_SH)
        if not any(folder.glob("**/gsplat_cuda.so")):
            if fcntl:
                fcntl.flock(lock, fcntl.LOCK_EX)
            if extension.CUDA_HOME and not any(folder.glob("**/gsplat_cuda.so")):
                log.warning("compiling gsplat's CUDA kernels in %s: some minutes, once", folder)
        before = os.environ.get("PATH", "")
        os.environ["PATH"] = os.pathsep.join((before, sysconfig.get_path("scripts")))
        try:
            yield
        finally:
            os.environ["PATH"] = before


def _file_locks() -> Any:
    """Give the module for them; nothing on Windows."""
    try:
        return import_module("fcntl")
    except ImportError:
        return None


def no_picture() -> str:
    """Render a picture of one splat; say why it fails, if so."""
    one: Any = np.ones((1, 3), np.float32)
    scene = GaussianScene(
        means_m=one * (0, 0, 2),
        quats=np.array([[1, 0, 0, 0]], np.float32),
        scales_m=one,
        opacities=one[:, 0],
        sh=one[:, None],
        classes=np.zeros(1, np.uint8),
    )
    try:
        renderer = import_module("camera_motion.generator.render.cuda").CudaRenderer(scene, 32, 32)
        path = Trajectory(np.eye(4)[None], np.array([[1.0, 1.0, 0.5, 0.5]]), 1.0)
        alpha = next(iter(renderer.render_clip(path, [0]))).alpha
    except Exception as error:  # no kernel for this device, no memory left, a driver that died: anything at all
        return f"it cannot render: {_cause(error)}"
    return "" if alpha[16, 16] > 0.5 else "it renders nothing; are the driver and torch made for each other?"


def _cause(error: BaseException) -> str:
    """Find in a chain of errors, and in the compiler's log that they quote, the line that says what went wrong."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(cause)
    # gsplat loads what it could not build, and fails over that: what it failed to build it for comes before
    told = next((e for e in chain if not isinstance(e, ImportError)), error)
    lines = [line.strip() for line in str(told).splitlines() if line.strip()] or [type(told).__name__]
    at = next((line for line in lines[1:] if re.search(r"\berror\b", line, re.IGNORECASE)), lines[0])
    return at if len(at) <= 300 else f"{at[:297]}..."
