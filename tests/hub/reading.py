"""Reads a published set in every way that its card names, and compares with the set's own tars; runs in a `Forge`."""

import io
from pathlib import Path

import datasets
import huggingface_hub
import numpy as np

from camera_motion.builder.reader import CameraMotion
from camera_motion.schema.columns import BY_NAME


def same(root: str, repo: str, revision: str, tars: bool) -> None:
    """Compare everything that a repository holds with the set in `root`, bit for bit."""
    splits = sorted({path.name.partition("-")[0] for path in Path(root).glob("webdataset/*.tar")})
    clips = 0
    for split in splits:
        ours = list(CameraMotion.stream(root, split))
        clips += len(ours)
        assert list(CameraMotion.stream(repo, split, revision=revision)) == ours, "CameraMotion.stream"
        for config in ("default", "metadata", "cameras"):
            theirs = list(datasets.load_dataset(repo, config, split=split, revision=revision, streaming=True))
            assert [row["key"] for row in theirs] == [row["key"] for row in ours], config
            for row, own in zip(theirs, ours, strict=True):
                if config == "cameras":
                    assert row == {name: own[name] for name in row}
                    continue
                cameras = np.load(io.BytesIO(row.pop("cameras")))
                for name in ("camera_intrinsics", "camera_extrinsics"):
                    assert np.array_equal(cameras[name], np.float32(own[name])), name
                assert row == {name: own[name] for name in row}
                assert set(own) - set(row) <= {"camera_intrinsics", "camera_extrinsics", "video"}
                assert ("video" in row) == (config == "default")
                assert all(BY_NAME[name] for name in row)
        if tars:
            _same_tars(root, repo, split, revision, ours)
    print(f"{clips} clips alike in {', '.join(splits)}")


def _same_tars(root: str, repo: str, split: str, revision: str, ours: list[dict[str, object]]) -> None:
    import webdataset
    from webdataset.gopen import gopen_schemes

    def open_url(url: str, mode: str, bufsize: int) -> io.BytesIO:
        token = {"Authorization": f"Bearer {huggingface_hub.get_token()}"}
        return io.BytesIO(huggingface_hub.get_session().get(url, headers=token).raise_for_status().content)

    gopen_schemes["http"] = open_url
    base = f"{huggingface_hub.constants.ENDPOINT}/datasets/{repo}/resolve/{revision}"
    urls = [f"{base}/webdataset/{path.name}" for path in sorted(Path(root).glob(f"webdataset/{split}-*.tar"))]
    samples = list(webdataset.WebDataset(urls, shardshuffle=False, empty_check=False))
    assert [sample["__key__"] for sample in samples] == [row["key"] for row in ours]
    for sample, row in zip(samples, ours, strict=True):
        assert sample["mp4"] == row["video"]["bytes"]  # type: ignore[index]
        assert sample["short_caption.txt"].decode() == row["short_caption"]


def loads(repo: str) -> None:
    """Stream a row of what `main` holds, if it holds anything."""
    api = huggingface_hub.HfApi()
    if not api.repo_exists(repo, repo_type="dataset") or not api.file_exists(repo, "README.md", repo_type="dataset"):
        print("nothing yet")
        return
    for config in ("default", "metadata", "cameras"):
        rows = list(datasets.load_dataset(repo, config, split="train", streaming=True))
        print(f"{len(rows)} rows")


def snapshot(repo: str, folder: str, revision: str) -> None:
    """Copy a repository."""
    huggingface_hub.snapshot_download(repo, repo_type="dataset", revision=revision, local_dir=folder)
