"""The worked example: two frames of a real clip as a piece of Python whose assertions hold."""

import numpy as np
from jaxtyping import Float64

from camera_motion.cards.facts import CardFacts, Example

#: How far a tracked corner may be from the projection of its point: the gate's own limit for one track is wider.
TRACKED_WITHIN_PX = 1.0
#: Turns smaller than this say little about a sign.
LEAST_TURN_DEG = 2.0


def example(facts: CardFacts) -> str:
    """Write the example as a complete program: it needs numpy alone, and every number it asserts is in it."""
    shown = facts.example
    (first, last), (width, height) = shown.frames, shown.size
    w2c, lens, point = (np.array(x, dtype=np.float64) for x in (shown.w2c, shown.intrinsics, shown.point_m))
    pixels, depths = project(w2c, lens, point, shown.size)
    rotation, offset = w2c[:, :3, :3], w2c[:, :3, 3]
    centres = -np.einsum("nji,nj->ni", rotation, offset)
    lines = [
        "import numpy as np",
        "",
        f"W, H = {width}, {height}  # {shown.key}, its frames {first} and {last}",
        "# camera_intrinsics: fx/W, fy/H, cx/W, cy/H",
        f"lens = np.array({_rows(lens)})",
        "# camera_extrinsics: w2c",
        "w2c = np.array([",
        *(line for pose in w2c for line in ("    [", *(f"        {_row(row)}," for row in pose), "    ],")),
        "])",
        f"point = np.array({_row(point)})  # a place in the scene: metres, z up",
        "",
        "# 1. From the world to the pixels of both frames.",
        "R, t = w2c[:, :3, :3], w2c[:, :3, 3]",
        "seen = R @ point + t  # x right, y down, z forward",
        "u = W * (lens[:, 0] * seen[:, 0] / seen[:, 2] + lens[:, 2])",
        "v = H * (lens[:, 1] * seen[:, 1] / seen[:, 2] + lens[:, 3])",
        "pixels = np.stack([u, v], axis=1)",
        f"assert np.allclose(seen[:, 2], {_row(depths, 3)}, atol=2e-3)  # depths in metres",
        f"assert np.allclose(pixels, {_rows(pixels, 2)}, atol=0.02)",
    ]
    if shown.tracked_px is not None:
        tracked = np.array(shown.tracked_px)
        lines += [
            "# where the gate's tracker saw that corner in the video; the point was found from one of the two frames",
            f"tracked = np.array({_rows(tracked, 2)})",
            f"assert np.linalg.norm(pixels - tracked, axis=1).max() < {TRACKED_WITHIN_PX}",
        ]
    lines += [
        "",
        "# 2. Where the camera stands: C = -R.T @ t.",
        "C = -np.einsum('nji,nj->ni', R, t)",
        f"assert np.allclose(C, {_rows(centres, 3)}, atol=2e-3)",
        f"assert np.isclose(np.linalg.norm(C[1] - C[0]), {np.linalg.norm(centres[1] - centres[0]):.3f}, atol=2e-3)",
        "",
        f"# 3. Frame {last} in the axes of frame {first}: its third column is where the camera looks.",
        "D = w2c[0] @ np.linalg.inv(w2c[1])",
        "pan = np.degrees(np.arctan2(D[0, 2], D[2, 2]))",
        f"assert np.isclose(pan, {turn_deg(w2c):.2f}, atol=0.02)  # {_turned(turn_deg(w2c))}",
        "",
        "# 4. Pan right by 10 degrees: what was straight ahead is now left of the middle.",
        "c, s = np.cos(np.radians(10)), np.sin(np.radians(10))",
        "right = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])  # turns z (forward) towards x (right)",
        "R_after = right.T @ R[0]",
        "x, y, z = R_after @ R[0][2]  # the third row of R is the viewing direction in the world",
        "assert x < 0 < z and np.isclose(np.degrees(np.arctan2(-x, z)), 10)",
    ]
    return "\n".join(lines)


def project(
    w2c: Float64[np.ndarray, "N 4 4"],
    lens: Float64[np.ndarray, "N 4"],
    point_m: Float64[np.ndarray, "3"],
    size: tuple[int, int],
) -> tuple[Float64[np.ndarray, "N 2"], Float64[np.ndarray, " N"]]:
    """Project a point of the world into frames: pixels, and depths in metres."""
    seen = w2c[:, :3, :3] @ point_m + w2c[:, :3, 3]
    depths = seen[:, 2]
    return (lens[:, :2] * seen[:, :2] / depths[:, None] + lens[:, 2:]) * np.array(size, dtype=np.float64), depths


def turn_deg(w2c: Float64[np.ndarray, "2 4 4"]) -> float:
    """Give the pan of the second frame in the axes of the first, right positive."""
    relative = w2c[0] @ np.linalg.inv(w2c[1])
    return float(np.degrees(np.arctan2(relative[0, 2], relative[2, 2])))


def rounded(shown: Example) -> Example:
    """Round an example's numbers to what the card prints."""

    def cut(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(cut(entry) for entry in value)
        return round(value, 6) + 0.0 if isinstance(value, float) else value

    return shown.model_copy(update={name: cut(getattr(shown, name)) for name in ("intrinsics", "w2c", "point_m")})


def _turned(degrees: float) -> str:
    if abs(degrees) < LEAST_TURN_DEG:
        return "it hardly panned"
    return "positive: it panned right" if degrees > 0 else "negative: it panned left"


def _row(numbers: Float64[np.ndarray, " N"], places: int = 6) -> str:
    return f"[{', '.join(_cut(x, places) for x in numbers)}]"


def _rows(numbers: Float64[np.ndarray, "N M"], places: int = 6) -> str:
    return f"[{', '.join(_row(row, places) for row in numbers)}]"


def _cut(number: float, places: int) -> str:
    """Write a number with at most so many decimals, and no minus before zero."""
    text = f"{number:.{places}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
