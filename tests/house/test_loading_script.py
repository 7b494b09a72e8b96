"""With datasets < 4, camera_motion.py is a loading script; datasets 3.6 lives in a venv of its own for this."""

import subprocess
from pathlib import Path

from sets import CLIPS, write_set

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv36" / "bin" / "python"

READ = """
import datasets
assert datasets.__version__.startswith("3.")
rows = datasets.load_dataset(
    {script!r}, data_files={{"train": {tars!r}}}, split="train", streaming={streaming}, trust_remote_code=True
)
for row in rows:
    print(row["key"], len(row["video"]["bytes"]), len(row["camera_extrinsics"]), row["camera_motion"],
          row["motion_segments"][0]["motion"], row["path_length_m"], row["vtss_score"], len(row))
"""


def read(folder: Path, home: Path, streaming: bool) -> str:
    tars = str(folder / "webdataset" / "train-*.tar")
    code = READ.format(script=str(ROOT / "camera_motion.py"), tars=tars, streaming=streaming)
    environment = {"PYTHONPATH": str(ROOT), "HF_HOME": str(home), "HF_HUB_OFFLINE": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, env=environment, cwd=home)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_datasets_3_streams_and_loads_through_the_script(tmp_path: Path) -> None:
    folder = write_set(tmp_path / "set")
    streamed = read(folder, tmp_path, streaming=True)
    assert [line.split()[0] for line in streamed.splitlines()] == [clip.record.key for clip in CLIPS]
    first = CLIPS[0]
    assert f"{len(first.video)} 9 ['pan_left'] pan_left 0.3333333432674408 None" in streamed.splitlines()[0]
    assert read(folder, tmp_path, streaming=False) == streamed
