"""The command line: finds the command, runs it, and turns what went wrong into one line and an exit code."""

import importlib
import logging
import sys
from collections.abc import Callable

import tyro

from camera_motion.builder import commands
from camera_motion.builder.commands.terms import GOOD, INTERRUPTED, REFUSED, WRONG, complain

#: In the order in which `--help` lists them: make, look at, publish, and the rest.
NAMES = (
    "build",
    "extend",
    "status",
    "validate",
    "sheet",
    "gallery",
    "view",
    "parquet",
    "card",
    "publish",
    "fetch",
    "spec",
    "doctor",
)
COMMANDS: dict[str, Callable[..., int]] = {
    name: getattr(importlib.import_module(f"{commands.__name__}.{name}"), name) for name in NAMES
}


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0 all is well, 1 the set or its store is not, 2 the input is wrong, 130 interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        code: int = tyro.extras.subcommand_cli_from_dict(
            COMMANDS,
            prog="camera-motion",
            description="Video datasets whose camera motion is known.\n\nExample: camera-motion build demo --out demo",
            args=arguments,
            config=(tyro.conf.OmitSubcommandPrefixes, tyro.conf.FlagCreatePairsOff),
        )
        return code
    except KeyboardInterrupt:
        complain("interrupted; what is finished is kept, run the same command to go on")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output went away: `spec print | head`
        sys.stderr.close()
        return GOOD
    except ValueError as error:
        from camera_motion.schema.base import SpecError

        if not isinstance(error, SpecError):
            raise
        complain(str(error))
        return REFUSED
    except OSError as error:  # the system refuses what the user named, or a store does not answer
        from camera_motion.builder.places import PlaceUnavailable

        complain(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))
        return WRONG if isinstance(error, PlaceUnavailable) else REFUSED
