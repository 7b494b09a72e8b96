"""A kernel that another file's kernel was compiled into is compiled again when that other file changes."""

import os
import subprocess
import sys
from pathlib import Path

from camera_motion.generator.compiled import forget_outdated

CALLEE = "from numba import njit\n\n@njit(cache=True)\ndef step(x):\n    return x + {}\n"
CALLER = (
    "from callee import step\nfrom numba import njit\n\n@njit(cache=True)\ndef twice(x):\n    return step(step(x))\n"
)


def twice(folder: Path) -> int:
    run = [sys.executable, "-c", "from caller import twice; print(twice(1))"]
    environment = os.environ | {"PYTHONPATH": str(folder), "NUMBA_CACHE_DIR": ""}
    return int(subprocess.run(run, capture_output=True, check=True, env=environment, cwd=folder).stdout)


def test_a_kernel_follows_the_kernels_that_it_calls(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    (tmp_path / "plain.py").write_text("")
    (tmp_path / "callee.py").write_text(CALLEE.format(1))
    assert twice(tmp_path) == 3
    (tmp_path / "plain.py").write_text("# no kernels here\n")
    assert forget_outdated(tmp_path) == 0
    (tmp_path / "callee.py").write_text(CALLEE.format(10))
    assert forget_outdated(tmp_path) == 2
    assert twice(tmp_path) == 21
    assert forget_outdated(tmp_path) == 0
