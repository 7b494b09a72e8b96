"""Markdown from values: tables, and text that stays text whatever is in it."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final

from camera_motion.schema.columns import Column

#: Characters that mean something to Markdown, to HTML or to the mathematics that the Hub's pages render.
_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]#!|~$^<>&@]|:(?=/)|^[-+=]|^\d+(?=[.)](?: |$)))")
_HTML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def plain(text: str) -> str:
    """Write text that nobody checked into Markdown, so that it reads as it is: one line, and nothing in it acts."""
    return _SPECIAL.sub(lambda found: _HTML.get(found[0]) or _escaped(found[0]), one_line(text))


def _escaped(found: str) -> str:
    return f"{found[:-1]}&#{ord(found[-1])};" if found.isdigit() else f"\\{found}"


def one_line(text: str) -> str:
    """Put text on one line, without characters that are not to be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def code(text: str) -> str:
    """Write text as inline code, in as many backticks as it takes, safe in a table too."""
    line = one_line(text) or " "
    runs = [len(run) for run in re.findall(r"`+", line)]
    ticks = "`" * (1 + max(runs, default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{ticks}{pad}{line}{pad}{ticks}".replace("|", "\\|")


def string(text: str) -> str:
    """Write text as a string literal of Python, in printable ASCII, that cannot end a code block."""
    return json.dumps(text).replace("`", "\\u0060")


def link(text: str, url: str) -> str:
    """Write a link to an address that `is_url` accepts."""
    return f"[{plain(text)}](<{url}>)"


def is_url(text: str) -> bool:
    """Tell whether a text is a web address with nothing in it that could end a link."""
    return re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[\w./~%+,;=@?&#:!$'*-]*)?", text) is not None


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table; cells are Markdown already. A header that ends in `:` has its column set to the right."""
    lines = [f"| {' | '.join(name.rstrip(':') for name in header)} |"]
    lines.append(f"|{'|'.join('---:' if name.endswith(':') else '---' for name in header)}|")
    lines += [f"| {' | '.join(cells)} |" for cells in rows]
    return "\n".join(lines)


def type_of(column: Column) -> str:
    """Spell a column's type as the documentation does: `float32 [T, 4]`, `list of string`."""
    if column.kind == "video":
        return "video (mp4)"
    if column.is_array:
        return f"{column.kind} [{', '.join(map(str, column.shape))}]"
    return f"list of {column.kind}" if column.shape else column.kind
