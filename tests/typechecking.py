"""How annotations are checked while tests run: as mypy reads them, and not inside compiled code."""

import inspect
from collections.abc import Callable
from typing import Any

import numba
from beartype import BeartypeConf, beartype

#: An int will do for a float (PEP 484).
check = beartype(conf=BeartypeConf(is_pep484_tower=True))


def compile_without_checks() -> None:
    """Let `numba.njit` compile the functions that were written, not the checking wrappers around them."""
    njit = numba.njit

    def unwrapping(*arguments: Any, **options: Any) -> Any:
        if arguments and inspect.isfunction(arguments[0]):
            return njit(inspect.unwrap(arguments[0]), **options)
        decorate: Callable[[Any], Any] = njit(*arguments, **options)
        return lambda function: decorate(inspect.unwrap(function))

    numba.njit = unwrapping
