"""The torch side over a repository on the Hub: the samples of the folder, in workers too, resumed too."""

import json
import subprocess
import sys
from pathlib import Path

from standin import StandIn
from test_reading import REPO, publish, write_view

#: In a process of its own: where the Hub is is settled when its libraries are imported.
TRAIN = """
import json, sys
import torch
from types import SimpleNamespace
import huggingface_hub.utils._http as http
http.time = SimpleNamespace(**vars(http.time) | {"sleep": lambda seconds: None})  # try again at once
from camera_motion.builder.torch import ClipLoader, ClipStream, ClipTable, Sampling
from camera_motion.schema.base import SpecError
sampling = Sampling(frames=4, stride=(1, 2), size=(48, 32), rays=8)
def told(sample):
    tensors = {name: value.double().sum().item() for name, value in sample.items() if torch.is_tensor(value)}
    return [sample["key"], sample["caption"], tensors]
def streamed(source, workers=0, stop=None):
    loader = ClipLoader(ClipStream(source, sampling=sampling, shuffle=2), 1, workers)
    batches = []
    for batch in loader:
        batches.append(told(batch))
        if len(batches) == stop:
            rest = ClipLoader(ClipStream(source, sampling=sampling, shuffle=2), 1, workers)
            rest.load_state_dict(loader.state_dict())
            return batches + [told(batch) for batch in rest]
    return batches
folder, repo = sys.argv[1:]
table = [ClipTable(source, sampling=sampling) for source in (folder, repo)]
answers = {
    "number": [[told(one[i]) for i in range(len(one))] for one in table],
    "stream": [streamed(source) for source in (folder, repo)],
    "workers": [streamed(source, 2) for source in (folder, repo)],
    "resumed": [streamed(repo, 0, 2), streamed(repo, 2, 2)],
}
for source in ("ann/nothing", repo + "@nowhere"):
    try:
        ClipStream(source)
    except SpecError as error:
        answers[source] = str(error)
print(json.dumps(answers))
"""


def test_the_hub_gives_the_samples_of_the_folder(hub: StandIn, tmp_path: Path) -> None:
    folder = write_view(tmp_path / "set")
    publish(hub, folder, private=True)
    hub.fail("503", match="GET .*parquet", nth=3)
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, str(folder), REPO],
        capture_output=True,
        text=True,
        env=hub.environment(HF_TOKEN="hf_good"),
        cwd=hub.folder,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    for how in ("number", "stream", "workers"):
        here, there = answers[how]
        assert len(here) == 4
        assert there == here
    assert answers["resumed"] == [answers["stream"][0], answers["workers"][0]]
    assert answers["ann/nothing"].startswith("cannot read ann/nothing: the Hub has no such dataset")
    assert "neither a folder nor a repository's name" in answers[REPO + "@nowhere"]
