"""What the viewer's panel says of a clip: captions, motions, the pose of a frame, the gate's findings; as Markdown."""

import html
import math
import re

import numpy as np

from camera_motion.schema.camera import Trajectory, angles_yxz_deg
from camera_motion.schema.clip import Checks, ClipRecord

#: Half of the height of a 36 x 24 mm sensor, in millimetres: how focal lengths are spoken of.
_HALF_SENSOR_MM = 12.0
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+\-.!|~:^$])")


def plain(text: str) -> str:
    """Quote a text of the set, so that nothing in it is markup."""
    return _SPECIAL.sub(r"\\\1", html.escape(" ".join(text.split()), quote=False))


def about(record: ClipRecord) -> str:
    """Say what the clip is: its captions and how it was made."""
    lines = [
        plain(record.long_caption),
        f"**{plain(record.main_motion)}**, {record.speed}, in {plain(record.scene_id)} ({plain(record.scene)}, "
        f"{record.split}); {record.num_frames} frames of {record.width} x {record.height} at {record.fps:g} a second",
    ]
    return "\n\n".join(lines)


def motions(record: ClipRecord) -> str:
    """Tabulate the motion segments."""
    lines = ["| frames | motion | how far | speed |", "|---|---|---|---|"]
    for segment in record.motion_segments:
        sign = -1 if segment.motion == "zoom_out" else 1
        far = _magnitude(sign * segment.magnitude, segment.unit)
        frames = f"{segment.start_frame}\u2013{segment.end_frame}"
        lines.append(f"| {frames} | {plain(segment.motion)} | {far} | {plain(segment.speed)} |")
    return "\n".join(lines)


def pose(trajectory: Trajectory, frame: int) -> str:
    """Say where the camera is in a frame, how it has turned since frame 0, and its lens."""
    here = trajectory.world_from_camera[frame]
    x, y, z = here[:3, 3]
    pan, tilt, roll = angles_yxz_deg(trajectory.world_from_camera[0, :3, :3].T @ here[:3, :3])
    fy = trajectory.intrinsics[frame, 1]
    lines = [
        "| | |",
        "|---|---|",
        f"| position | {x:.2f}, {y:.2f}, {z:.2f} m |",
        f"| since frame 0 | {np.linalg.norm(here[:3, 3] - trajectory.centres_m[0]):.2f} m |",
        f"| and | pan {pan:+.1f}, tilt {tilt:+.1f}, roll {roll:+.1f} deg |",
        f"| lens | {2 * _HALF_SENSOR_MM * fy:.1f} mm, {math.degrees(2 * math.atan(0.5 / fy)):.1f} deg high |",
    ]
    return "\n".join(lines)


def findings(checks: Checks) -> str:
    """Tabulate what the gate would have to correct in the annotation to explain the pixels."""
    lines = ["| correction | fitted | sigma |", "|---|---|---|"]
    for name, unit in (("focal", "%"), ("zoom", "%"), ("rotation", "%"), ("translation", "%"), ("time", "frames")):
        if getattr(checks, f"{name}_observable"):
            times = 100 if unit == "%" else 1
            value, sigma = times * getattr(checks, name), times * getattr(checks, f"{name}_sigma")
            lines.append(f"| {name}, {unit} | {value:+.2f} | {sigma:.2f} |")
        else:
            lines.append(f"| {name} | not to be seen here | |")
    lines += [
        "",
        f"{checks.tracks:.0f} corners moved {checks.motion_px:.1f} px (median) and were found {checks.residual_px:.2f} "
        f"px from where the annotation puts them; {100 * checks.holes:.2g} % of the picture shows no splat.",
    ]
    return "\n".join(lines)


def _magnitude(magnitude: float, unit: str) -> str:
    if not unit:
        return "-"
    return f"\u00d7 {math.exp(min(magnitude, 50.0)):.2f}" if unit == "ln f" else f"{magnitude:.3g} {plain(unit)}"
