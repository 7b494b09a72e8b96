"""Put a set on the Hub, so that `main` never points to one that does not load, and so that any run can be the last.

What is new goes to a branch of its own first, file by file, and is read back from there. Then one commit brings `main`
to it, whose large files are named, not sent; a tag `v1.2.3` follows, and the branch goes. A run that is interrupted
leaves the branch and whatever arrived; the next one compares hashes and sends the rest. No state is kept on this side.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from huggingface_hub.utils import logging as hub_logging
from huggingface_hub.utils.tqdm import disable_progress_bars

from camera_motion.builder.features import CONFIGS, features
from camera_motion.builder.hub.deliver import Published, Say, deliver, estimate
from camera_motion.builder.hub.pages import write_pages
from camera_motion.builder.hub.parcel import Checked, Parcel, check, list_items, missing, stale
from camera_motion.builder.hub.release import NO_WORDS, Release, Words, describe, step
from camera_motion.builder.hub.repository import Repository, check_name
from camera_motion.builder.hub.survey import Options, There, check_options, look, refuse
from camera_motion.builder.lock import lock
from camera_motion.builder.parquet import write_view
from camera_motion.builder.progress import shard_bar
from camera_motion.schema.base import SpecError


def publish(root: Path, name: str, options: Options, say: Say) -> Published:
    """Bring a repository to the set in `root`: check, make the view and the card, send, read back, switch, tag.

    Raises:
        SpecError: anything that stands against it, in one line; run again to go on.
        WrongSet: the set is not whole, damaged or not to be redistributed.
    """
    check_name(name)
    check_options(options)
    repository = Repository(name)
    checked = _checked(root, say)
    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    disable_progress_bars()
    repository.user()
    there = look(repository, options)
    refuse(repository, there, _Account(checked, options).release("0.0.0"), options)
    if not there.exists:
        repository.create(options.private)
        there = look(repository, options)
        if not there.exists:
            raise SpecError(f"{name} is there, but this token may not see it; take another token or another name")
    if options.gated:
        repository.gate()
    parcel = make_up(checked, name, there, options)
    with lock(root):
        return deliver(repository, checked, there, parcel, options, say)


def dry_run(root: Path, name: str, options: Options, say: Say) -> Parcel:
    """Do all that needs no network, and say what would be sent to an empty repository.

    Raises:
        SpecError: what stands against it.
        WrongSet: the set is not whole, damaged or not to be redistributed.
    """
    check_name(name)
    check_options(options)
    checked = _checked(root, say)
    parcel = make_up(checked, name, There(), options)
    for line in estimate(name, parcel, parcel.items):
        say(line)
    return parcel


def make_up(checked: Checked, name: str, there: There, options: Options) -> Parcel:
    """Write the view and the pages of the release that comes next, or of the one that is there if nothing changed."""
    with shard_bar("writing the Parquet view") as tell:
        view = [file.path for file in write_view(checked.root, tell)]
    account = _Account(checked, options, there.words)
    ours = account.release("0.0.0")
    if there.release is not None and there.release.same(ours) and there.release.words == ours.words:
        items = list_items(checked, there.release, view, write_pages(checked.root, name, there.release))
        if not missing(items, there.files) and not stale(there.files, items):
            return Parcel(there.release, None, items)
    following = step(there.tagged, ours, there.first(checked.spec.version))
    release = account.release(following.version, f"{following.level}: {following.reason}")
    return Parcel(release, following, list_items(checked, release, view, write_pages(checked.root, name, release)))


@dataclass(frozen=True)
class _Account:
    """Gives the account of a release of a set, whatever its version."""

    checked: Checked
    options: Options
    before: Words = NO_WORDS

    def release(self, version: str, changes: str = "") -> Release:
        return describe(
            version,
            self.checked.manifest,
            self.checked.receipts,
            {config: features(config) for config in CONFIGS},
            generator=self.checked.generator,
            tars=self.options.tars,
            released=datetime.now(UTC).date().isoformat(),
            changes=changes,
            words=self.options.words.over(self.before),
        )


def _checked(root: Path, say: Say) -> Checked:
    with shard_bar("checking") as tell:
        checked = check(root, tell)
    for note in checked.notes:
        say(note)
    return checked
