"""From what a user wrote to a `Spec`, or one line that says what is wrong with it."""

import difflib
import reprlib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from camera_motion.schema.base import SpecError
from camera_motion.schema.spec import Spec

#: Tags of the union under `scenes`, which pydantic puts into the path though the user never wrote them there.
_TAGS = ("procedural", "splat_file")

#: Spells the beginning of a value: a few lines of YAML can stand for gigabytes.
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxlong = _SHORT.maxother = 200


def parse(fields: Any, name: str = "spec") -> Spec:
    """Check what a spec file holds; `name` stands at the head of the complaint.

    Raises:
        SpecError: the first thing that is wrong: the key's path, the value, and what is allowed.
    """
    if not isinstance(fields, Mapping):
        raise SpecError(f"{name}: a spec is a mapping of keys to values, not {_show(fields)}")
    try:
        return Spec.model_validate(dict(fields))
    except ValidationError as error:
        found = sorted(error.errors(include_url=False), key=lambda e: e["type"] != "extra_forbidden")
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise SpecError(f"{name}: {_complain(found[0])}{more}") from None


def _complain(error: Any) -> str:
    """Put one pydantic error into words: what, the value, what is allowed."""
    loc = [part for i, part in enumerate(error["loc"]) if not (part in _TAGS and i == 1)]
    path, value, context = _path(loc), _show(error["input"]), error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return _unknown_key(loc)
        case "missing":
            return f"{path} is missing"
        case "value_error":
            return f"{path}.{context['error']}" if loc else str(context["error"])  # these begin with the field's name
        case "literal_error":
            return f"{path} is {value}; allowed: {context['expected'].replace(chr(39), '').replace(' or ', ', ')}"
        case "greater_than":
            return f"{path} is {value}; it must be greater than {context['gt']:g}"
        case "greater_than_equal":
            return f"{path} is {value}; it must be at least {context['ge']:g}"
        case "less_than":
            return f"{path} is {value}; it must be less than {context['lt']:g}"
        case "less_than_equal":
            return f"{path} is {value}; it must be at most {context['le']:g}"
        case "multiple_of":
            even = "an even number" if context["multiple_of"] == 2 else f"a multiple of {context['multiple_of']:g}"
            return f"{path} is {value}; it must be {even}"
        case "string_pattern_mismatch":
            return f"{path} is {value}; it must match {context['pattern']}"
        case "union_tag_invalid":
            return f"{path}.source is {_show(context['tag'])}; allowed: {', '.join(_TAGS)}"
        case "tuple_type" | "list_type":
            return f"{path} is {value}; it must be a list"
        case "dict_type" | "model_type" | "union_tag_not_found":
            return f"{path} is {value}; it must be a mapping of keys to values"
        case "int_from_float" | "int_parsing" | "int_type":
            return f"{path} is {value}; it must be a whole number"
        case "too_short":
            return f"{path} is {value}; it needs {context['min_length']} or more entries"
        case _:
            return f"{path} is {value}; {error['msg'][0].lower()}{error['msg'][1:]}"


def _unknown_key(loc: Sequence[int | str]) -> str:
    allowed = _keys_at(loc[:-1])
    key = str(loc[-1])
    where = f" of {_path(loc[:-1])}" if len(loc) > 1 else ""
    near = difflib.get_close_matches(key, allowed, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else f"keys{where}: {', '.join(allowed)}"
    return f"{_path(loc)} is not a key{where or ' of a spec'}; {hint}"


def _keys_at(loc: Sequence[int | str]) -> list[str]:
    """Names of the fields that a spec has at a place (of all the forms of a union)."""
    models: list[Any] = [Spec]
    for part in loc:
        if isinstance(part, str):
            models = [m.model_fields[part].annotation for m in models if part in m.model_fields]
            models = [found for annotation in models for found in _models_in(annotation)]
    names = [name for model in models for name in model.model_fields]
    return [name for name in dict.fromkeys(names) if name not in ("base", "inputs")]


def _models_in(annotation: Any) -> list[Any]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in _models_in(argument)]


def _path(loc: Sequence[int | str]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")


def _show(value: Any) -> str:
    try:
        text = _SHORT.repr(value)
    except ValueError:  # Python spells no number of more than some thousand digits
        text = "a number of thousands of digits"
    return text if len(text) <= 60 else f"{text[:57]}..."
