"""What the commands share: the types of their arguments, their exit codes, and how they speak."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import tyro

from camera_motion.builder.published import names

if TYPE_CHECKING:
    from camera_motion.schema.spec import Execution, Spec

#: Options that are left to the spec, or to the machine, unless given.
Folder = Annotated[Path | None, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="")]
Where = Annotated[str | None, tyro.conf.arg(metavar="FOLDER|URL", help_behavior_hint="")]
File = Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="")]
Number = Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="")]
EngineName = Annotated[
    Literal["auto", "serial", "processes", "ray"] | None,
    tyro.conf.arg(metavar="{auto,serial,processes,ray}", help_behavior_hint=""),
]
RendererName = Annotated[
    Literal["auto", "cpu", "cuda"] | None, tyro.conf.arg(metavar="{auto,cpu,cuda}", help_behavior_hint="")
]
Share = Annotated[float | None, tyro.conf.arg(metavar="N", help_behavior_hint="")]
Address = Annotated[str | None, tyro.conf.arg(metavar="HOST:PORT", help_behavior_hint="")]
Slice = Annotated[str, tyro.conf.arg(metavar="I/N")]
Set = Annotated[Path, tyro.conf.arg(metavar="SET")]
#: A set in a folder or in a store.
AnySet = Annotated[str, tyro.conf.arg(metavar="SET")]
SpecName = Annotated[
    str,
    tyro.conf.arg(
        metavar="SPEC", help=f"A spec file, or the name of one that comes with the package ({', '.join(names())})."
    ),
]
Price = Annotated[float | None, tyro.conf.arg(metavar="PRICE", help_behavior_hint="")]
#: A flag whose default needs no words.
Flag = Annotated[bool, tyro.conf.arg(help_behavior_hint="")]
Repo = Annotated[str, tyro.conf.arg(metavar="ORG/NAME")]

#: Exit codes: all is well; the set is incomplete or wrong; the user's input is; interrupted.
GOOD: Final = 0
WRONG: Final = 1
REFUSED: Final = 2
INTERRUPTED: Final = 130

MOST_WORKERS: Final = 4096


def say(text: str) -> None:
    """Tell the user a line or more; what a stranger's set puts into one moves no cursor."""
    shown = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    sys.stdout.write(shown + "\n")


def complain(text: str) -> None:
    """Say one line of what is wrong, whatever a file or a key of the user is called."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    sys.stderr.write(f"camera-motion: {line}\n")


def crew(workers: int | None) -> int | None:
    """Check how many workers the user asks for; None leaves it to the spec or the machine.

    Raises:
        SpecError: a number that no machine can mean.
    """
    from camera_motion.schema.base import SpecError  # which brings pydantic

    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        shown = workers if abs(workers) < 10**9 else "a number without end"
        raise SpecError(f"--workers is {shown}; it must be from 1 to {MOST_WORKERS}")
    return workers


def hands(spec: "Spec", workers: int | None, **given: Any) -> "Execution":
    """Give how a set is to be built: as the spec says, but for the options that the user gave.

    Raises:
        SpecError: an option that no machine can mean.
    """
    from camera_motion.schema.base import SpecError
    from camera_motion.schema.parse import parse

    fields = spec.model_dump()
    given = {name: value for name, value in (given | {"workers": crew(workers)}).items() if value is not None}
    execution = parse(fields | {"execution": fields["execution"] | given}, "options").execution
    if given.get("address") and execution.engine != "ray":
        raise SpecError(f"--address is {execution.address!r}, but the engine is {execution.engine}; add --engine ray")
    if given.get("gpus") and spec.render.renderer == "cpu":
        raise SpecError(f"--gpus is {execution.gpus:g}, but the renderer is cpu; leave it out, or use --renderer cuda")
    return execution


def rendered_by(spec: "Spec", renderer: str | None, gpus: float | None) -> "Spec":
    """Give a spec another renderer, if the user names one; who asks for GPUs means CUDA."""
    if renderer is None and gpus and spec.render.renderer == "auto":
        renderer = "cuda"
    if renderer is None:
        return spec
    return spec.model_copy(update={"render": spec.render.model_copy(update={"renderer": renderer})})
