"""Nothing imports to its right: schema <- evaluation <- generator <- builder, and evaluation <- cards <- builder."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {
    "schema": set(),
    "evaluation": {"schema"},
    "generator": {"schema", "evaluation"},
    "cards": {"schema", "evaluation"},
    "builder": {"schema", "evaluation", "generator", "cards"},
}
SOURCES = sorted(path for folder in MAY_IMPORT for path in (ROOT / folder).rglob("*.py"))


def imported(path: Path, root: Path = ROOT) -> set[str]:
    """Dotted names of all that a source file imports, wherever in it, with relative ones made absolute."""
    home = ("camera_motion", *path.relative_to(root).parent.parts)
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(home[: len(home) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            names |= {f"{module}.{alias.name}" for alias in node.names}
    return names


def folders(names: set[str]) -> set[str]:
    return {name.split(".")[1] for name in names if name.startswith("camera_motion.")} & set(MAY_IMPORT)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_from_layers_below(path: Path) -> None:
    home = path.relative_to(ROOT).parts[0]
    names = imported(path)
    assert folders(names) <= MAY_IMPORT[home] | {home}
    assert not {name for name in names if name.split(".")[0] in MAY_IMPORT}, "import camera_motion.<folder>"


def test_the_reading_of_imports_sees_every_form(tmp_path: Path) -> None:
    source = tmp_path / "schema" / "x.py"
    source.parent.mkdir()
    source.write_text(
        "import camera_motion.builder.run\nfrom camera_motion import cards\n"
        "def late():\n    from ..generator import clip\n    from . import base\n"
    )
    assert folders(imported(source, tmp_path)) == {"builder", "cards", "generator", "schema"}


def test_schema_knows_no_heavy_library() -> None:
    heavy = {"torch", "datasets", "pyarrow", "matplotlib", "numba", "cv2", "av"}
    for path in (ROOT / "schema").rglob("*.py"):
        assert not {name.split(".")[0] for name in imported(path)} & heavy


@pytest.mark.parametrize("module", ["camera_motion", "camera_motion.schema.columns", "camera_motion.builder.cli"])
def test_the_face_and_the_command_line_load_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"torch", "datasets", "matplotlib", "webdataset", "trimesh", "huggingface_hub", "numba", "cv2"}
    assert not heavy & set(loaded)
