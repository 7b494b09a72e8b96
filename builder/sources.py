"""Where a set is read from: a folder of tars, a folder of the Parquet view, or a repository on the Hub."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from camera_motion.schema.base import SpecError

#: What huggingface_hub runs into where it is answered, but not as the Hub answers, and how that is told.
NOT_THE_HUB: Final = (LookupError, TypeError, AttributeError, RecursionError, UnicodeDecodeError, json.JSONDecodeError)
UNLIKE_THE_HUB: Final = "does not answer as the Hub does; is a proxy or a login page in between?"

#: Where the tars and the data files of the view are, below a folder or in a repository.
TARS: Final = "webdataset"
VIEW: Final = "data"

HUB: Final = "hf://"


@dataclass(frozen=True)
class Source:
    """The files of one split, as paths or as a pattern, and, for the Parquet view, the size of each by its name."""

    files: str | list[str]
    sizes: Mapping[str, int] = field(default_factory=dict)


def find(path_or_repo: str | Path, split: str, revision: str | None = None) -> Source:
    """Find the files of a split: tars if a folder has them, else the Parquet view; on the Hub the other way round.

    A name is that of a repository unless there is such a folder. What the Hub gives is tied to one commit, so that a
    set published meanwhile does not change under a reader.

    Raises:
        SpecError: there is no such folder or repository or revision, it has no such split, or the Hub does not answer
            or does not let this token read.
    """
    folder = Path(path_or_repo)
    if not folder.is_dir():
        name = str(path_or_repo)
        if not re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", name):
            raise SpecError(f"{name!r} is neither a folder nor a repository's name like org/camera-motion")
        return _on_the_hub(name, split, revision)
    if revision is not None:
        raise SpecError(f"revision is {revision!r}, but {folder} is a folder; only a repository has revisions")
    for inner, ending in ((TARS, "tar"), ("", "tar"), (VIEW, "parquet"), ("", "parquet")):
        if found := sorted((folder / inner).glob(f"{split}-*.{ending}")):
            sizes = {path.name: path.stat().st_size for path in found} if ending == "parquet" else {}
            return Source([str(path) for path in found], sizes)
    raise SpecError(
        f"{folder} holds no {split}-*.tar and no {split}-*.parquet; is it the folder of a built set, and is {split!r} "
        "its split?"
    )


def _on_the_hub(repo: str, split: str, revision: str | None) -> Source:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import EntryNotFoundError
    from huggingface_hub.hf_api import RepoFile

    with hub_speaks(repo, revision), _listing(repo):
        hub = HfApi()
        commit = hub.repo_info(repo, repo_type="dataset", revision=revision).sha
        for folder, ending in ((VIEW, "parquet"), (TARS, "tar")):
            try:
                listed = list(hub.list_repo_tree(repo, folder, repo_type="dataset", revision=commit))
            except EntryNotFoundError:
                continue
            wanted = re.compile(rf"{folder}/{re.escape(split)}-[^/]*\.{ending}")
            sizes = {
                Path(file.path).name: file.size
                for file in listed
                if isinstance(file, RepoFile) and wanted.fullmatch(file.path)
            }
            if sizes:
                pattern = f"{HUB}datasets/{repo}@{commit}/{folder}/{split}-*.{ending}"
                return Source(pattern, sizes if folder == VIEW else {})
    raise SpecError(f"{repo} holds no {VIEW}/{split}-*.parquet; is it a camera-motion set, and is {split!r} its split?")


@contextmanager
def _listing(repo: str) -> Iterator[None]:
    try:
        yield
    except NOT_THE_HUB as error:
        if _explain(error, repo, None) is not None:
            raise
        raise SpecError(f"cannot read {repo}: {_endpoint()} {UNLIKE_THE_HUB}") from None


def opened(path: str) -> Any:
    """Open a file of the view for reading, on the disk or on the Hub.

    Nothing is read ahead: pyarrow asks for a footer and for row groups, and gets just these.
    """
    if not path.startswith(HUB):
        return open(path, "rb")
    from huggingface_hub import HfFileSystem

    return HfFileSystem().open(path.removeprefix(HUB), "rb", cache_type="none")


@contextmanager
def hub_speaks(repo: str, revision: str | None = None) -> Iterator[None]:
    """Turn what the Hub, or the network on the way there, refuses into a `SpecError` of one line."""
    try:
        yield
    except Exception as error:  # and no narrower: a reader dropped as the interpreter ends finds other names gone
        if (line := _explain(error, repo, revision)) is None:
            raise
        raise SpecError(line) from None


def _explain(error: BaseException, repo: str, revision: str | None) -> str | None:
    """Say what an error means; None if it is not of the Hub or the network."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, OfflineModeIsEnabled

    if isinstance(error, SpecError):
        return None
    for cause in _causes(error):  # datasets wraps some
        if isinstance(cause, HFValidationError):
            return f"{repo!r} is not a repository's name; one looks like org/camera-motion"
        if isinstance(cause, OfflineModeIsEnabled):
            return f"cannot read {repo}: HF_HUB_OFFLINE is set; unset it to reach the Hub"
        if isinstance(cause, HfHubHTTPError):
            return f"cannot read {repo}: {_refusal(cause, revision)}"
        if _of_the_network(cause):
            return f"cannot read {repo}: no answer from {_endpoint()}; check the network, run again"
    return None


def _endpoint() -> str:
    """Give the Hub's address, without a password in it."""
    import huggingface_hub

    return re.sub("//[^/@]+@", "//***@", huggingface_hub.constants.ENDPOINT)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what led to it, the outermost first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _refusal(error: Any, revision: str | None) -> str:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    status = getattr(error.response, "status_code", 0)
    if isinstance(error, GatedRepoError):
        return "its owners ask readers to agree to terms first; do so on its page, and log in with `hf auth login`"
    if isinstance(error, RevisionNotFoundError):
        return f"it has no revision {revision!r}; a branch, a tag such as v1.0.0 or a commit is one"
    if isinstance(error, RepositoryNotFoundError) or status in (401, 403, 404):
        return (
            f"the Hub has no such dataset, or none that this token may read ({status}); check the name, and log in "
            "with `hf auth login` or set HF_TOKEN if it is private"
        )
    return f"the Hub answers {status}; run again later" if status else "the Hub's answer broke off; run again"


def _of_the_network(error: BaseException) -> bool:
    """Whether an error is of the libraries that speak to the Hub; these differ between its client's versions."""
    kinds = {kind.__module__.partition(".")[0] for kind in type(error).__mro__}
    return isinstance(error, ConnectionError | TimeoutError) or bool(
        kinds & {"httpx", "httpx2", "httpcore", "httpcore2", "requests", "urllib3", "aiohttp"}
    )
