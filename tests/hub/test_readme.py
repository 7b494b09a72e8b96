"""The README's programs that read from the Hub, run as they stand there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from leaving import AT_ONCE
from standin import StandIn

from camera_motion.builder.run import build

sys.path.append(str(Path(__file__).parents[1] / "builder"))
from tiny import film, spec

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_what_the_readme_reads_from_the_hub_runs(tmp_path: Path) -> None:
    programs = re.findall(r"^```py\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    assert programs
    assert build(spec(clips=4), tmp_path / "mine", film, engine="serial").complete
    with StandIn({"hf_token": "org"}) as hub:
        publish = [Path(sys.executable).with_name("camera-motion"), "publish", tmp_path / "mine", "org/camera-motion"]
        for command in (publish, *([sys.executable, "-c", program + AT_ONCE] for program in programs)):
            done = subprocess.run(command, capture_output=True, text=True, env=hub.environment("hf_token"))
            assert done.returncode == 0, done.stderr
    assert done.stdout.count("noise, camera pans right") == 4
