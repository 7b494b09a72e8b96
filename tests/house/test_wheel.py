"""A wheel holds all that an installed `camera-motion` needs: run from a fresh venv, far from the repository."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a fresh venv with the wheel; third parties come from this one, which is quicker than the network.

    A path in a `.pth` file is not searched for further `.pth` files, so our own editable install stays out of sight.
    """
    place = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    (site,) = (place / "lib").glob("python*/site-packages")
    (site / "third-parties.pth").write_text(sysconfig.get_paths()["purelib"])
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", "--quiet", wheel]
    subprocess.run(pip, check=True, capture_output=True)
    return place / "bin"


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_has_our_packages_under_one_name_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"camera_motion"}
    folders = {name.split("/")[1] for name in names if name.count("/") > 1 and name.startswith("camera_motion/")}
    assert folders == {"schema", "evaluation", "generator", "cards", "builder", "specs"}
    assert {"camera_motion/__init__.py", "camera_motion/py.typed"} <= set(names)
    sources = {
        f"camera_motion/{path.relative_to(ROOT)}" for folder in folders for path in (ROOT / folder).rglob("*.py")
    }
    assert sources <= set(names)


def test_the_command_runs_far_from_the_repository(installed: Path, tmp_path: Path) -> None:
    where = run(installed / "python", "-c", "import camera_motion.builder as b; print(b.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    assert "build" in run(installed / "camera-motion", "--help", cwd=tmp_path)


@pytest.mark.parametrize("name", ["demo", "standard"])
def test_specs_travel_in_the_wheel(installed: Path, tmp_path: Path, name: str) -> None:
    assert f"name: {name}" in run(installed / "camera-motion", "spec", "print", name, cwd=tmp_path)
