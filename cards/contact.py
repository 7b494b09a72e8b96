"""Contact sheets: clips as strips of frames, with what was said of them and the camera's path from above."""

import io
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float64, UInt8
from PIL import Image, ImageDraw, ImageFont

from camera_motion.schema.camera import Trajectory

PAPER: Final = (247, 246, 242)
INK: Final = (28, 28, 30)
FAINT: Final = (122, 120, 114)
START: Final = (150, 148, 142)
END: Final = (196, 74, 34)
FRAME_HEIGHT_PX: Final = 150
MARGIN: Final = 28
GAP: Final = 6
TEXT_PX: Final = 20
LINE_PX: Final = 27
#: Path views are drawn this much larger and scaled down, for smooth lines.
FINER: Final = 3
SCALES_M: Final = (0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True)
class Strip:
    """One clip on a sheet: its `title` and `caption`, frames spread over its time, and where the camera went."""

    title: str
    caption: str
    frames: UInt8[np.ndarray, "N h w 3"]
    trajectory: Trajectory


def sheet(strips: Sequence[Strip], columns: int = 2, frame_height_px: int = FRAME_HEIGHT_PX) -> bytes:
    """Draw strips as a PNG, row by row; every strip ends in a view of the camera's path from above.

    Raises:
        ValueError: there are no strips.
    """
    if not strips:
        raise ValueError("a contact sheet needs at least one clip")
    columns = min(columns, len(strips))
    strip_width = max(_width(strip, frame_height_px) for strip in strips)
    texts = [[*_wrapped(strip.title, strip_width, 1), *_wrapped(strip.caption, strip_width, 3)] for strip in strips]
    strip_height = frame_height_px + GAP + max(map(len, texts)) * LINE_PX
    rows = -(-len(strips) // columns)
    size = (MARGIN + columns * (strip_width + MARGIN), MARGIN + rows * (strip_height + MARGIN))
    page = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(TEXT_PX)
    for i, (strip, lines) in enumerate(zip(strips, texts, strict=True)):
        x, top = MARGIN + (i % columns) * (strip_width + MARGIN), MARGIN + (i // columns) * (strip_height + MARGIN)
        for n, line in enumerate(lines):
            draw.text((x, top + frame_height_px + GAP + n * LINE_PX), line, INK if n else END, font)
        for frame in strip.frames:
            small = Image.fromarray(thumbnail(frame, frame_height_px))
            page.paste(small, (x, top))
            x += small.width + GAP
        page.paste(path_from_above(strip.trajectory, frame_height_px), (x, top))
    buffer = io.BytesIO()
    page.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _wrapped(text: str, width_px: int, lines: int) -> list[str]:
    return textwrap.wrap(text, int(width_px / (0.52 * TEXT_PX)), max_lines=lines, placeholder=" ...")


def thumbnail(frame: UInt8[np.ndarray, "h w 3"], height_px: int = FRAME_HEIGHT_PX) -> UInt8[np.ndarray, "H W 3"]:
    """Scale a frame to a height, as sheets show it: kept so, many clips fit in memory."""
    height, width, _ = frame.shape
    size = (int(height_px * width / height + 0.5), height_px)
    return frame if frame.shape[0] == height_px else np.asarray(Image.fromarray(frame).resize(size))


def _width(strip: Strip, height_px: int) -> int:
    width: int = thumbnail(strip.frames[0], height_px).shape[1]
    return len(strip.frames) * (width + GAP) + height_px


def from_above(trajectory: Trajectory) -> tuple[Float64[np.ndarray, "T 2"], Float64[np.ndarray, "T 2"]]:
    """Project places (m) and viewing directions onto the ground, with the first frame's heading up the page.

    A camera that looks straight down or up has no heading; world y is taken then.
    """
    forward = trajectory.world_from_camera[:, :2, 2]
    first = forward[0] if np.hypot(*forward[0]) > 1e-6 else np.array([0.0, 1.0])
    heading = first / np.hypot(*first)
    page_from_ground = np.array([[heading[1], -heading[0]], heading])
    places = (trajectory.centres_m[:, :2] - trajectory.centres_m[0, :2]) @ page_from_ground.T
    return places, forward @ page_from_ground.T


def path_from_above(trajectory: Trajectory, side_px: int) -> Image.Image:
    """Draw the path in a square: the first frame's view as a grey wedge, the last one's in colour, a scale below."""
    places, views = from_above(trajectory)
    reach_m = float(np.ptp(places, axis=0).max())
    view_m = max(0.45 * reach_m, 0.4)
    middle = (places.max(axis=0) + places.min(axis=0)) / 2
    side = FINER * side_px
    px_per_m = side / (reach_m + 2.3 * view_m)
    plot = Image.new("RGB", (side, side), (255, 255, 255))
    draw = ImageDraw.Draw(plot)

    def at(point: Float64[np.ndarray, "2"]) -> tuple[float, float]:
        x, y = (point - middle) * px_per_m
        return side / 2 + x, side / 2 - y

    points = [at(place) for place in places]
    for i in range(len(points) - 1):
        draw.line((*points[i], *points[i + 1]), _mix(i / (len(points) - 1)), 3 * FINER, "curve")
    for index, colour in ((0, START), (-1, END)):
        half = np.arctan(0.5 / trajectory.intrinsics[index, 0])
        turns = [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) for a in (-half, half)]
        wedge = [at(places[index]), *(at(places[index] + view_m * turn @ views[index]) for turn in turns)]
        draw.line((*wedge, wedge[0]), colour, 2 * FINER, "curve")
    metres = max((m for m in SCALES_M if m <= 0.6 * side / px_per_m), default=SCALES_M[0])
    left, bottom = 8 * FINER, side - 8 * FINER
    draw.line((left, bottom, left + metres * px_per_m, bottom), FAINT, 2 * FINER)
    draw.text((left, bottom - LINE_PX * FINER), f"{metres:g} m", FAINT, ImageFont.load_default(TEXT_PX * FINER))
    return plot.resize((side_px, side_px), Image.Resampling.LANCZOS)


def _mix(share: float) -> tuple[int, int, int]:
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(START, END, strict=True))
    return red, green, blue
