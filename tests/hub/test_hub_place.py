"""A set may lie in a dataset repository while it is built: every file is a commit."""

import huggingface_hub
import pytest
from sets import CLIPS
from standin import StandIn

from camera_motion.builder.places import open_place
from camera_motion.builder.shard import write_tar
from camera_motion.schema.base import SpecError

URL = "hf://datasets/ann/tiny/set"


@pytest.fixture(autouse=True)
def ann(hub: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    template = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setenv("HF_TOKEN", "hf_good")
    hub.api("hf_good").create_repo("ann/tiny", repo_type="dataset")


def test_a_repository_gives_back_what_it_was_given(hub: StandIn) -> None:
    place = open_place(URL)
    place.probe()
    assert place.sizes("") == place.sizes("webdataset") == {}
    hub.fail("500", "POST .*/commit/")
    hub.fail("drop", "PUT /lfs/")
    with place.writing("webdataset/train-000000.tar") as file:
        write_tar(file, CLIPS)
    with place.writing("receipts/train-000000.json") as receipt:
        receipt.write(b"{}")
    assert place.sizes("webdataset") == {"train-000000.tar": file.size}
    assert len(b"".join(place.chunks("webdataset/train-000000.tar"))) == file.size
    names = ["receipts/none.json", "receipts/train-000000.json"]
    assert list(place.read_all(names)) == [("receipts/train-000000.json", b"{}")]
    place.remove("receipts/train-000000.json")
    assert place.sizes("receipts") == {}
    with pytest.raises(FileNotFoundError):
        place.read("receipts/train-000000.json")


@pytest.mark.parametrize(
    ("url", "token", "line"),
    [
        (
            "hf://datasets/ann/none/set",
            "hf_good",
            "there is no bucket or repository 'datasets/ann/none'",
        ),
        (URL, "hf_read", "access is denied (403 Forbidden: "),
        (URL, "hf_wrong", "the credentials were not accepted ("),
        (URL, "", "the credentials were not accepted ("),
        ("hf://datasets", "hf_good", "Repository id must be"),
    ],
)
def test_what_the_user_has_to_mend_is_one_line(
    url: str, token: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(SpecError) as caught:
        open_place(url).probe()
    assert str(caught.value).startswith(f"{url}: {line}")
    assert "\n" not in str(caught.value)
