"""The recipes in deploy/ are what their tools take, and do what they say, as far as that shows without a cloud."""

import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent


def run(*command: object, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*map(str, command)], capture_output=True, text=True, cwd=cwd, env=os.environ | environment, check=False
    )


def kubernetes(gpu: bool) -> str:
    """The Job as it stands, or as it is edited for GPUs."""
    path = DEPLOY / "kubernetes.yaml"
    return run("sed", "-f", DEPLOY / "kubernetes-gpu.sed", path).stdout if gpu else path.read_text()


@pytest.mark.parametrize("gpu", [False, True])
def test_the_kubernetes_job_is_of_the_schema(gpu: bool, tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    path.write_text(kubernetes(gpu))
    done = run(BIN / "kubernetes-validate", "--strict", path)
    assert done.returncode == 0, done.stdout + done.stderr
    (container,) = yaml.safe_load(path.read_text())["spec"]["template"]["spec"]["containers"]
    assert container["image"].endswith(":gpu" if gpu else ":cpu")
    assert ("nvidia.com/gpu" in container["resources"]["limits"]) == gpu
    assert ("--cpus" if gpu else "--workers") in container["args"]


def test_the_kubernetes_job_has_a_pod_for_every_slice() -> None:
    job = yaml.safe_load(kubernetes(False))["spec"]
    (container,) = job["template"]["spec"]["containers"]
    values = {entry["name"]: entry.get("value") for entry in container["env"]}
    assert values["SLICES"] == str(job["completions"])
    used = set(re.findall(r"\$\((\w+)\)", " ".join(container["args"])))
    assert used <= values.keys(), "Kubernetes leaves what it does not know as it stands"
    assert container["resources"]["requests"]["cpu"] == container["resources"]["limits"]["cpu"]


def test_ray_takes_the_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    from ray.autoscaler._private.util import prepare_config, validate_config

    monkeypatch.chdir(ROOT)
    cluster = prepare_config(yaml.safe_load((DEPLOY / "ray-cluster.yaml").read_text()))
    validate_config(cluster)
    assert cluster["available_node_types"]["head"]["resources"] == {"CPU": 0}
    assert "--env RAY_task_oom_retries=3" in cluster["docker"]["run_options"]
    assert not any(cluster[key] for key in cluster if key.endswith("setup_commands")), "the image has all"
    assert sum(kind.get("min_workers", 0) for kind in cluster["available_node_types"].values()) > 0, "builds want one"
    spot = [kind for name, kind in cluster["available_node_types"].items() if name != "head"]
    assert all(kind["node_config"]["InstanceMarketOptions"]["MarketType"] == "spot" for kind in spot)


@pytest.mark.parametrize("name", ["slurm.sh", "hf-jobs.sh"])
def test_scripts_parse_and_can_be_run(name: str) -> None:
    assert (DEPLOY / name).stat().st_mode & stat.S_IXUSR
    assert run("bash", "-n", DEPLOY / name).returncode == 0


def slurm(task: int, first: int, last: int, count: int, **more: str) -> subprocess.CompletedProcess[str]:
    array = {"TASK_ID": task, "TASK_MIN": first, "TASK_MAX": last, "TASK_COUNT": count}
    environment = {f"SLURM_ARRAY_{name}": str(value) for name, value in array.items()}
    asked = {"SPEC": "demo", "OUT": "s3://bucket/set", "CAMERA_MOTION": "echo", "SLURM_CPUS_PER_TASK": "8"}
    return run("bash", DEPLOY / "slurm.sh", **environment | asked | more)


@pytest.mark.parametrize(
    ("task", "first", "last", "slice"), [(0, 0, 15, "0/16"), (15, 0, 15, "15/16"), (7, 4, 7, "3/4")]
)
def test_a_slurm_array_may_begin_anywhere(task: int, first: int, last: int, slice: str) -> None:
    done = slurm(task, first, last, last - first + 1)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == f"build demo --out s3://bucket/set --slice {slice} --workers 8"


def test_a_slurm_task_with_a_gpu_has_one_worker_with_all_cores() -> None:
    done = slurm(0, 0, 1, 2, SLURM_GPUS_ON_NODE="1")
    assert done.stdout.splitlines()[-1] == "build demo --out s3://bucket/set --slice 0/2 --cpus 8"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"SLURM_ARRAY_TASK_COUNT": "2"}, "the array 0 to 15 has holes; use --array=0-15"),
        ({"SLURM_ARRAY_TASK_COUNT": ""}, "this is an array job: sbatch --array=0-15 deploy/slurm.sh"),
        ({"OUT": ""}, "set OUT to a URL, or to a folder that all nodes share"),
    ],
)
def test_a_wrong_slurm_array_is_one_line(changes: dict[str, str], line: str) -> None:
    done = slurm(0, 0, 15, 16, **changes)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"slurm.sh: {line}\n")


def test_hugging_face_takes_a_job_for_every_slice(tmp_path: Path) -> None:
    (tmp_path / "spec").mkdir()
    asked = {"IMAGE": "registry/camera-motion:cpu", "SPEC": "spec", "OUT": "hf://buckets/me/set", "SLICES": "2"}
    offline = {"HF_TOKEN": "hf_none", "HF_ENDPOINT": "http://127.0.0.1:9", "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = run("bash", DEPLOY / "hf-jobs.sh", "--dry-run", cwd=tmp_path, **asked | offline)
    assert done.returncode == 0, done.stderr
    told = re.findall(r"^\s*(command|attempts|volumes)\s+(.*?)\s*$", done.stdout + done.stderr, re.MULTILINE)
    jobs = [value for key, value in told if key == "command"]
    build = "camera-motion build /spec/spec.yaml --out hf://buckets/me/set --slice"
    assert jobs == [f"{build} 0/2 --workers 8", f"{build} 1/2 --workers 8"]
    assert ("attempts", "3") in told
    assert ("volumes", "spec:/spec") in told


def commands() -> list[tuple[str, str]]:
    """Every `camera-motion COMMAND --OPTION` of the recipes."""
    found = set[tuple[str, str]]()
    for path in sorted(DEPLOY.iterdir()):
        text = path.read_text().replace("\\\n", " ")
        for command, rest in re.findall(r"camera-motion[}\"]* (build|status)\b([^#\n]*)", text):
            found |= {(command, option) for option in re.findall(r"--[a-z]+", rest)}
        for listed in re.findall(r"args: \[(.*)\]", text):
            found |= {("build", option) for option in re.findall(r"--[a-z]+", listed)}
    return sorted(found)


def test_the_recipes_use_options_that_there_are() -> None:
    asked = commands()
    assert {("build", "--slice"), ("build", "--out"), ("build", "--workers"), ("status", "--watch")} <= {*asked}
    helps = {command: run(BIN / "camera-motion", command, "--help").stdout for command, _ in asked}
    assert [pair for pair in asked if pair[1] not in helps[pair[0]]] == []


def test_the_image_holds_all_that_the_wheel_is_made_of() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    config: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = config["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    for name in [*wheel, "pyproject.toml", "hatch_build.py", "camera_motion.py", "constraints.txt", "README.md"]:
        assert f"!{name}" in ignored
        assert (ROOT / name).exists()
    extras = config["project"]["optional-dependencies"]
    for asked in re.findall(r"\.whl\)\[([a-z0-9,]+)\]", (DEPLOY / "Dockerfile").read_text()):
        assert {*asked.split(",")} <= extras.keys()
