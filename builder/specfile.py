"""Read a spec: a file, or the name of one that comes with the package."""

import hashlib
import os
import stat
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from camera_motion.builder.plan import plan
from camera_motion.builder.published import FOLDER as FOLDER
from camera_motion.builder.published import names as names
from camera_motion.schema.base import SpecError
from camera_motion.schema.parse import parse
from camera_motion.schema.spec import Spec, SplatFile

#: The spec that is built when none is named.
DEFAULT = "demo"


def text(name: str) -> tuple[Path, str]:
    """Find a spec by path or by name, and read it.

    Raises:
        SpecError: there is none.
    """
    path = Path(name)
    if not path.suffix and not os.path.isfile(path):
        path = FOLDER / f"{name}.yaml"
        if name not in names():
            raise SpecError(f"there is no spec {name!r}; name a .yaml file or one of {', '.join(names())}")
    try:
        return path, path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a name with a NUL
        raise SpecError(f"cannot read the spec {path}: {getattr(error, 'strerror', None) or error}") from None


def load(name: str = DEFAULT, **changes: Any) -> Spec:
    """Read and check a spec whole: its fields, the files that it names, and every move that it can deal.

    `changes` replace top-level fields; None leaves a field as it is.

    Raises:
        SpecError: the first thing that is wrong, in one line.
    """
    path, source = text(name)
    fields = _fields(path, source)
    if isinstance(fields, dict):
        if own := {"base", "inputs"} & fields.keys():
            raise SpecError(f"{path.name}: {min(own)} is not a key of a spec; it is filled in when the spec is read")
        fields |= {key: value for key, value in changes.items() if value is not None}
    spec = parse(fields, path.name)
    spec = spec.model_copy(update={"base": str(_base(spec, path.resolve().parent))})
    spec = spec.model_copy(update={"inputs": _digests(spec, path.name)})
    _check_moves(spec, path.name)
    _check_scene(spec)
    return spec


class Loader(yaml.SafeLoader):
    """Plain values only, and no key twice: YAML would let the last one win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Make a mapping, unless two of its own keys are the same."""
        seen = set[str]()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key {key.value!r} is there twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _fields(path: Path, source: str) -> Any:
    """Read YAML, with no tag that makes anything but plain values."""
    try:
        return yaml.load(source, Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise SpecError(
            f"{path.name}{where}: not YAML: {getattr(error, 'problem', None) or 'cannot be read'}"
        ) from None
    except RecursionError:
        raise SpecError(f"{path.name}: not a spec: its lists and mappings are nested too deep") from None
    except (ValueError, KeyError, AttributeError) as error:  # of a number, date or bool that is none
        raise SpecError(f"{path.name}: not YAML: a value is not what it looks like: {error}") from None


def unchanged(spec: Spec, root: Path, name: str) -> Spec:
    """Give back the spec of the set in `root`, if the files that it names are still what they were.

    A set from the Hub does not know where they lay: they are looked for in its folder.

    Raises:
        SpecError: one of them has changed, or is gone.
    """
    spec = spec.model_copy(update={"base": str(_base(spec, Path(spec.base) if spec.base else root.resolve()))})
    for file, digest in _digests(spec, name).items():
        if spec.inputs.get(file) != digest:
            raise SpecError(f"{name}: {file!r} in {spec.base} has changed since the set was begun; put it back")
    return spec


def _named(spec: Spec) -> dict[str, str]:
    """List the files that the spec names, by where in it they stand."""
    named = {f"moves[{i}].file": move.file for i, move in enumerate(spec.moves) if move.file}
    for i, move in enumerate(spec.moves):
        named |= {f"moves[{i}].parts[{j}].file": part.file for j, part in enumerate(move.parts) if part.file}
    if isinstance(spec.scenes, SplatFile):
        named["scenes.path"] = spec.scenes.path
    return named


def _base(spec: Spec, folder: Path) -> Path:
    """Give the folder from which file names start: the spec's own, or for a printed copy of ours, the package's."""
    files = _named(spec).values()
    ours = any(not os.path.lexists(folder / file) for file in files) and all(os.path.isfile(FOLDER / f) for f in files)
    return FOLDER if ours else folder


def _digests(spec: Spec, name: str) -> dict[str, str]:
    """Hash every file that the spec names, by the name it has there."""
    digests = {}
    for key, file in _named(spec).items():
        path = Path(spec.base) / file
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # a pipe would never end
                raise SpecError(f"{name}: {key} is {file!r}; {path} is not a file")
            with open(path, "rb") as stream:
                digests[file] = hashlib.file_digest(stream, hashlib.sha256).hexdigest()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            todo = f"; copy {FOLDER / file} there" if os.path.isfile(FOLDER / file) else ""
            raise SpecError(f"{name}: {key} is {file!r}; cannot read {path}: {reason}{todo}") from None
    return dict(sorted(digests.items()))


def _check_moves(spec: Spec, name: str) -> None:
    """Let every move judge the requests that it will get."""
    moves = import_module("camera_motion.generator.moves").MOVES  # brings scipy, so only when a spec is read
    for request in dict.fromkeys(plan(spec).deck):
        try:
            moves[request.move].check(request)
        except SpecError as error:
            raise SpecError(f"{name}: moves: {error}") from None


def _check_scene(spec: Spec) -> None:
    """Read the whole splat file once, so that a bad one is refused before there is a folder for its set."""
    if isinstance(spec.scenes, SplatFile):
        import_module("camera_motion.generator.ply").read_ply(Path(spec.base) / spec.scenes.path)
