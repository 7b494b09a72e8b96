"""Times, sizes and rates in words, with as many digits as are worth reading."""

import time


def spell_s(seconds: int | float) -> str:
    """Spell a duration: `49.0 s`, `3 min 12 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"


def spell_bytes(count: int | float) -> str:
    """Spell a size in decimal units: `12.3 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def clock(at: float) -> str:
    """Spell a moment: `20 Nov 14:56 UTC`."""
    moment = time.gmtime(at)
    return f"{moment.tm_mday} {time.strftime('%b %H:%M', moment)} UTC"


def spell_rate(clips_per_s: float) -> str:
    """Spell a rate so that it has a few whole digits: `3.2 clips/s`, `14 clips/min`, `2.5 clips/h`."""
    for unit, seconds in (("s", 1), ("min", 60), ("h", 3600)):
        if clips_per_s * seconds >= 1 or unit == "h":
            return f"{clips_per_s * seconds:.3g} clips/{unit}"
    raise AssertionError("an hour is the last unit")


def spell_money(amount: float) -> str:
    """Spell an amount in a currency that only the user knows: `1,234.50`, and of less than one its first digits."""
    return f"{amount:,.2f}" if amount >= 1 or not amount else f"{amount:.2g}"
