"""The card's tables: each a function from facts to Markdown."""

import math
from collections.abc import Iterator
from typing import Final

from camera_motion.cards.facts import CardFacts
from camera_motion.cards.markdown import code, plain, table, type_of
from camera_motion.evaluation.gate import TOLERANCES
from camera_motion.schema.base import SpecError
from camera_motion.schema.columns import BY_NAME, COLUMNS, Column
from camera_motion.schema.receipt import Spread
from camera_motion.schema.vocabulary import PRIMITIVES, SPEEDS

#: Columns of the Parquet view that the column table does not have.
PACKED: Final = {
    "cameras": (
        "binary (npz)",
        "both arrays of cameras, to be opened with `numpy.load`: `camera_intrinsics` float32 [T, 4] and "
        "`camera_extrinsics` float32 [T, 4, 4], and `convention`, which says in words what they are",
    )
}

#: The number columns of a clip that the manifest keeps the spread of, with how many decimals they are told.
NUMBERS: Final = {
    "camera_scale": 2,
    "path_length_m": 2,
    "pan_deg": 1,
    "tilt_deg": 1,
    "roll_deg": 1,
    "focal_ratio": 2,
}

#: What the correction of each part would be off by, in words.
PARTS: Final = {
    "focal": "focal length",
    "zoom": "extent of the zoom",
    "rotation": "turn from frame to frame",
    "translation": "step from frame to frame",
    "time": "time, in frames",
}


def schema(facts: CardFacts) -> str:
    """List every column of every config, in the order of the first config that has it."""
    names = list(dict.fromkeys(field["name"] for fields in facts.features.values() for field in fields))
    order = {column.name: i for i, column in enumerate(COLUMNS)}
    names.sort(key=lambda name: order.get(name, order["camera_extrinsics"] + 0.5))
    configs = {config: {field["name"] for field in fields} for config, fields in facts.features.items()}
    rows = []
    for name in names:
        if name in PACKED:
            kind, meaning = PACKED[name]
        elif name in BY_NAME:
            kind, meaning = type_of(BY_NAME[name]), _meaning(BY_NAME[name])
        else:
            raise SpecError(f"the column {name!r} has no description; a card has no blanks: say what it is")
        rows.append([code(name), kind, meaning, _where([c for c, held in configs.items() if name in held])])
    return table(["column", "type", "meaning", "in"], rows)


def _where(configs: list[str]) -> str:
    if configs == ["default", "metadata"]:
        return ""
    return f"{code(configs[0])} alone" if len(configs) == 1 else "all three"


def fields(column: str) -> str:
    """List the members of a struct column."""
    rows = ([code(field.name), field.kind, _meaning(field)] for field in BY_NAME[column].fields)
    return table(["field", "type", "meaning"], rows)


def _meaning(column: Column) -> str:
    return plain(f"{column.doc} ({column.unit})" if column.unit else column.doc)


def splits(facts: CardFacts) -> str:
    """List the splits, and all together."""
    rows = [[s.clips, s.scenes, s.shards, s.tar_bytes] for s in facts.splits]
    names = [plain(s.name) for s in facts.splits]
    if len(rows) > 1:
        rows.append([sum(column) for column in zip(*rows, strict=True)])
        names.append("all")
    cells = ([name, *map(count, row[:3]), f"{row[3] / 1e6:,.1f}"] for name, row in zip(names, rows, strict=True))
    return table(["split", "clips:", "scenes:", "shards:", "MB of tars:"], cells)


def scenes(facts: CardFacts) -> str:
    """Count clips by family of scene, and by who is in them."""
    counts = facts.manifest.statistics.counts
    rows = [["scene", plain(name), count(clips)] for name, clips in counts.get("scene", {}).items()]
    rows += [["character", plain(name), count(clips)] for name, clips in counts.get("character", {}).items()]
    return table(["column", "value", "clips:"], rows)


def motions(facts: CardFacts) -> str:
    """Set beside each other what the plan asks of each motion and what was measured."""
    counts, asked = facts.manifest.statistics.counts, facts.requests
    columns = (asked.alone, asked.within, counts.get("main_motion", {}), counts.get("camera_motion", {}))
    known = [name for name in PRIMITIVES if any(name in column for column in columns)]
    odd = sorted({name for column in columns for name in column} - set(known))
    rows = [[code(name), *(count(column.get(name, 0)) for column in columns)] for name in (*known, *odd)]
    header = ["motion", "asked for alone:", "as part of a compound:", "measured, leading:", "measured, at all:"]
    return table(header, rows)


def free_requests(facts: CardFacts) -> str:
    """List requests that name no one motion."""
    return table(["asked for", "clips:"], ([plain(name), count(n)] for name, n in facts.requests.free.items()))


def speeds(facts: CardFacts) -> str:
    """Set speeds asked for beside speeds measured."""
    measured = facts.manifest.statistics.counts.get("speed", {})
    rows = ([name, count(facts.requests.speeds.get(name, 0)), count(measured.get(name, 0))] for name in SPEEDS)
    return table(["speed", "asked for:", "measured:"], rows)


def rejections(facts: CardFacts) -> str:
    """Count rejected candidates by reason; numbers in reasons are left out."""
    ranked = sorted(facts.manifest.rejections.items(), key=lambda item: (-item[1], item[0]))
    return table(["reason", "candidates:"], ([plain(reason), count(n)] for reason, n in ranked))


def missing(facts: CardFacts) -> str:
    """List planned clips that no candidate could be found for; the first hundred by name."""
    rows = [[code(key), plain(reason)] for key, reason in list(facts.manifest.missing.items())[:100]]
    if (more := len(facts.manifest.missing) - len(rows)) > 0:
        rows.append([f"and {count(more)} more", "in the receipts"])
    return table(["clip", "last reason"], rows)


def cameras(facts: CardFacts) -> str:
    """Give mean, deviation and range of the clips' camera numbers, from the manifest."""
    spreads = facts.manifest.statistics.spreads
    rows = []
    for name, places in NUMBERS.items():
        if spread := spreads.get(name):
            numbers = (spread.mean, deviation(spread), spread.low, spread.high)
            rows.append([code(name), _meaning(BY_NAME[name]), *(_number(x, places) for x in numbers)])
    return table(["column", "meaning", "mean:", "deviation:", "least:", "most:"], rows)


def quality(facts: CardFacts) -> str:
    """Give mean and range of the plain measures of the decoded videos, from the manifest."""
    rows = []
    for field in BY_NAME["quality"].fields:
        if spread := facts.manifest.statistics.spreads.get(f"quality.{field.name}"):
            numbers = (_short(x) for x in (spread.mean, spread.low, spread.high))
            rows.append([code(field.name), _meaning(field), *numbers])
    return table(["measure", "meaning", "mean:", "least:", "most:"], rows)


def proof(facts: CardFacts) -> str:
    """Tell for each part of a correction how many clips show it, and how far off they are."""
    rows = []
    for part, tolerance in TOLERANCES.items():
        spreads = facts.manifest.statistics.spreads
        found, seen = spreads.get(f"checks.{part}", Spread()), spreads.get(f"checks.{part}_observable", Spread())
        shown = round(seen.total)
        numbers = ["", "", ""]
        if shown:  # a part that is not observable counts as 0 in the sums, so they are those of the clips that show it
            rms, worst = math.sqrt(found.squares / shown), max(abs(found.low), abs(found.high))
            numbers = [_correction(part, x, sign) for x, sign in ((found.total / shown, "+"), (rms, ""), (worst, ""))]
        rows.append([PARTS[part], count(shown), *numbers, _correction(part, tolerance, "")])
    return table(["part", "clips that show it:", "mean:", "RMS:", "largest:", "tolerance:"], rows)


def _correction(part: str, value: float, sign: str) -> str:
    return f"{value:{sign}.3f}" if part == "time" else f"{100 * value:{sign}.3f} %"


def sampled(facts: CardFacts) -> str:
    """Give the middle and the ends of what only samples tell."""
    found = facts.sampled
    ranges = {
        "focal length, 35 mm equivalent (mm): 36 fx / W of the first frame": [36 * x for x in _ends(found.focal)],
        "horizontal angle of view (°)": [math.degrees(2 * math.atan(0.5 / x)) for x in reversed(_ends(found.focal))],
        "`camera_scale` (m)": _ends(found.camera_scale),
        "`path_length_m` (m)": _ends(found.path_length_m),
    }
    places = (1, 1, 2, 2)
    rows = [
        [name, *(_number(x, n) for x in numbers)] for (name, numbers), n in zip(ranges.items(), places, strict=True)
    ]
    return table(["", "least:", "median:", "most:"], rows)


def _ends(found: object) -> list[float]:
    return [getattr(found, name) for name in ("low", "median", "high")]


def machines(facts: CardFacts) -> str:
    """List the classes of machines that made the set."""
    rows = [
        [code(m.name), plain(m.processor), plain(m.instructions), plain(m.python), count(m.clips)]
        for m in facts.machines
    ]
    return table(["class", "processor", "instructions", "Python", "clips:"], rows)


def errata(facts: CardFacts) -> str:
    """List what was found to be wrong."""
    rows = ([plain(e.since), plain(e.fixed_in), plain(e.clips), plain(e.fault)] for e in facts.errata)
    return table(["since", "fixed in", "clips", "what is wrong"], rows)


def all_tables(facts: CardFacts) -> Iterator[tuple[str, str]]:
    """Name every table for the template; those with nothing in them are ""."""
    yield from (
        (make.__name__, make(facts))
        for make in (schema, splits, scenes, motions, speeds, cameras, quality, proof, sampled, machines)
    )
    yield "free_requests", free_requests(facts) if facts.requests.free else ""
    yield "rejections", rejections(facts) if facts.manifest.rejections else ""
    yield "missing", missing(facts) if facts.manifest.missing else ""
    yield "errata", errata(facts) if facts.errata else ""
    yield from ((f"{name}_fields", fields(name)) for name in ("motion_segments", "checks", "quality"))


def deviation(spread: Spread) -> float:
    """Give the standard deviation of a spread's numbers."""
    if not spread.count:
        return 0.0
    return math.sqrt(max(0.0, spread.squares / spread.count - spread.mean**2))


def count(number: int) -> str:
    """Write a whole number with thin groups: 12,400."""
    return f"{number:,}"


def _number(value: float, places: int) -> str:
    """Write a number without a minus before zero."""
    text = f"{value:.{places}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def _short(value: float) -> str:
    """Write a number with about three figures and no exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return _number(value, 2 if abs(value) >= 1 else 4)
