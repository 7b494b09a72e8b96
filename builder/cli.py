"""The command line. Whatever a command needs is imported when it runs: `--help` is quick."""

import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import tyro

#: Options that are left to the spec, or to the machine, unless given.
Folder = Annotated[Path | None, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="")]
File = Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="")]
Number = Annotated[int | None, tyro.conf.arg(metavar="N", help_behavior_hint="")]
EngineName = Annotated[
    Literal["auto", "serial", "processes"] | None,
    tyro.conf.arg(metavar="{auto,serial,processes}", help_behavior_hint=""),
]
Slice = Annotated[str, tyro.conf.arg(metavar="I/N")]
Set = Annotated[Path, tyro.conf.arg(metavar="SET")]
SpecName = Annotated[str, tyro.conf.arg(metavar="SPEC")]

#: Exit codes: all is well; the set is incomplete or wrong; the user's input is; interrupted.
GOOD, WRONG, REFUSED, INTERRUPTED = 0, 1, 2, 130


def build(
    spec: SpecName = "demo",
    /,
    *,
    out: Folder = None,
    clips: Number = None,
    seed: Number = None,
    engine: EngineName = None,
    workers: Number = None,
    slice: Slice = "0/1",
    verbose: bool = False,
) -> int:
    """Build a set, or go on with one that was interrupted.

    Example: camera-motion build standard --out sets/standard --workers 8

    Args:
        spec: A spec file, or the name of one that comes with the package (demo, standard).
        out: The folder of the set; by default the spec's, else its name.
        clips: How many clips, instead of the spec's number; a multiple of its shard_clips.
        seed: Another seed, and so another set.
        engine: serial uses threads in one process; processes a worker per core; auto chooses.
        workers: Processes or threads; by default every core.
        slice: i/n builds every n-th shard from the i-th, for n machines with one folder or n to be joined.
        verbose: Show the tracebacks of shards that fail.
    """
    from camera_motion.builder.console import build_here
    from camera_motion.builder.specfile import load

    chosen = load(spec, clips=clips, seed=seed)
    root = out or Path(chosen.execution.output or chosen.name)
    return build_here(chosen, root, slice, engine, workers, verbose)


def extend(
    out: Set,
    /,
    *,
    clips: int,
    engine: EngineName = None,
    workers: Number = None,
    slice: Slice = "0/1",
    verbose: bool = False,
) -> int:
    """Make a set longer; the clips that it has stay as they are.

    Example: camera-motion extend sets/standard --clips 560

    Args:
        out: The folder of the set.
        clips: How many clips it is to have then; a multiple of its shard_clips.
        engine: serial, processes or auto.
        workers: Processes or threads; by default every core.
        slice: i/n builds every n-th shard from the i-th.
        verbose: Show the tracebacks of shards that fail.
    """
    from camera_motion.builder.console import build_here
    from camera_motion.builder.specfile import unchanged
    from camera_motion.builder.store import Store
    from camera_motion.schema.parse import parse

    spec = unchanged(parse(Store(out).read_spec().model_dump() | {"clips": clips}, str(out)), str(out))
    return build_here(spec, out, slice, engine, workers, verbose)


def status(out: Set, /) -> int:
    """Tell how far a set is, from its receipts.

    Example: camera-motion status sets/standard

    Args:
        out: The folder of the set.
    """
    from camera_motion.builder.estimate import estimate
    from camera_motion.builder.plan import plan
    from camera_motion.builder.progress import spell_s, summary
    from camera_motion.builder.run import available_cores
    from camera_motion.builder.store import Store
    from camera_motion.schema.receipt import merge

    store = Store(out)
    spec, identity = store.read_spec(), store.read_identity()
    planned = plan(spec)
    names = [planned.name(index) for index in range(len(planned))]
    found = [store.finished(index, name, identity) for index, name in enumerate(names)]
    receipts = [receipt for receipt in found if receipt]
    manifest = merge(receipts)
    _say(f"{out}: {manifest.keys} of {spec.clips} clips, {len(receipts)} of {len(planned)} shards (set {identity})")
    for line in summary(manifest) if receipts else []:
        _say(f"  {line}")
    if len(receipts) < len(planned):
        share = 1 - len(receipts) / len(planned)
        left_s = estimate(spec, spec.execution.workers or available_cores(), receipts).wall_s * share
        _say(f"  about {spell_s(left_s)} left; go on with: camera-motion extend {out} --clips {spec.clips}")
    return GOOD if manifest.keys == spec.clips else WRONG


def validate(out: Set, /, *, deep: bool = False, workers: Number = None) -> int:
    """Check that a set is whole and right.

    Example: camera-motion validate sets/standard --deep

    Args:
        out: The folder of the set.
        deep: Also hash every tar, decode every clip, and check its annotation against its pixels once more.
        workers: Processes for --deep; by default every core.
    """
    from camera_motion.builder.progress import shard_bar
    from camera_motion.builder.run import available_cores
    from camera_motion.builder.validate import validate as check

    with shard_bar("checking") as tell:
        report = check(out, deep=deep, workers=workers or available_cores(), tell=tell)
    for problem in report.problems:
        _complain(problem)
    kind = "deep" if deep else "shallow"
    count = len(report.problems)
    verdict = "right" if report.right else f"{count} problem{'s' if count > 1 else ''}"
    _say(f"{out}: {report.clips} clips in {report.shards} shards, {kind}: {verdict}")
    return GOOD if report.right else WRONG


def sheet(out: Set, /, *, to: File = None, clips: int = 24) -> int:
    """Draw a contact sheet of a set: frames, captions and paths of its first clips.

    Example: camera-motion sheet demo --to demo.png

    Args:
        out: The folder of the set.
        to: Where the picture goes; by default figures/contact.png in the folder.
        clips: How many clips to show.
    """
    from camera_motion.builder.sheet import contact_sheet
    from camera_motion.builder.store import writing

    path = to or out / "figures" / "contact.png"
    picture = contact_sheet(out, clips)
    with writing(path) as file:
        file.write(picture)
    _say(f"drew {path}")
    return GOOD


def doctor(*, out: Path = Path(".")) -> int:
    """Look at this machine: what is there, what is missing, and for what.

    Example: camera-motion doctor

    Args:
        out: Where sets will be written; its free space is looked at.
    """
    from camera_motion.builder.doctor import findings

    broken = 0
    for finding in findings(out):
        mark = "ok" if finding.good else ("MISSING" if finding.needed else "-")
        broken += finding.needed and not finding.good
        _say(f"{mark:>8}  {finding.name:<24} {finding.says}")
    return WRONG if broken else GOOD


def spec(
    action: Literal["print", "check", "explain", "estimate"],
    name: SpecName = "demo",
    /,
    *,
    clips: Number = None,
    workers: Number = None,
    out: Folder = None,
) -> int:
    """Print, check or explain a spec, or estimate what it takes.

    Example: camera-motion spec print demo > mine.yaml; camera-motion spec estimate mine.yaml

    Args:
        action: What to do.
        name: A spec file, or the name of one that comes with the package (demo, standard).
        clips: Another number of clips.
        workers: For estimate: how many workers; by default every core.
        out: For estimate: a folder where a part of the set is built, whose receipts tell more than any table.
    """
    from camera_motion.builder.estimate import estimate
    from camera_motion.builder.explain import explain
    from camera_motion.builder.run import available_cores
    from camera_motion.builder.specfile import load, text
    from camera_motion.builder.store import Store
    from camera_motion.generator.identity import identity_of

    if action == "print":
        sys.stdout.write(text(name)[1])
        return GOOD
    chosen = load(name, clips=clips)
    match action:
        case "check":
            _say(f"{name} is right: {chosen.clips} clips, set {identity_of(chosen)}")
        case "explain":
            _say("\n".join(explain(chosen)))
        case _:
            receipts = Store(out).all_receipts(identity_of(chosen)) if out else []
            _say("\n".join(estimate(chosen, workers or available_cores(), receipts).lines()))
    return GOOD


COMMANDS: dict[str, Callable[..., int]] = {
    "build": build,
    "extend": extend,
    "status": status,
    "validate": validate,
    "sheet": sheet,
    "spec": spec,
    "doctor": doctor,
}


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0 all is well, 1 the set is not, 2 the input is wrong, 130 interrupted."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        code: int = tyro.extras.subcommand_cli_from_dict(
            COMMANDS,
            prog="camera-motion",
            description="Video datasets whose camera motion is known.\n\nExample: camera-motion build demo --out demo",
            args=arguments,
            config=(tyro.conf.OmitSubcommandPrefixes, tyro.conf.FlagCreatePairsOff),
        )
        return code
    except KeyboardInterrupt:
        _complain("interrupted; what is finished is kept, run the same command to go on")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output went away: `spec print | head`
        sys.stderr.close()
        return GOOD
    except ValueError as error:
        from camera_motion.schema.base import SpecError

        if not isinstance(error, SpecError):
            raise
        _complain(str(error))
        return REFUSED
    except OSError as error:  # the system refuses what the user named
        _complain(": ".join(str(part) for part in (error.filename, error.strerror or error) if part))
        return REFUSED


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _complain(text: str) -> None:
    """Say one line, whatever a file or a key of the user is called."""
    line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    sys.stderr.write(f"camera-motion: {line}\n")
