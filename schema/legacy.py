"""What the field's datasets and demos call our motions, so that nobody's "Zoom In" is taken for a zoom."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from camera_motion.schema.base import SpecError


def _table(words: str) -> Mapping[str, tuple[str, ...]]:
    """Read lines of `their words = our ids`."""
    rows = (line.split("=") for line in words.strip().splitlines())
    return MappingProxyType({theirs.strip(): tuple(ours.split()) for theirs, ours in rows})


#: Per peer: its word, and the motions of `vocabulary.PRIMITIVES` that it may stand for (several where the peer cannot
#: tell them apart). Sources: the label files, scripts and demos of each project.
LEGACY: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "camerabench": _table("""
            static = static
            move_in = dolly_in
            move_out = dolly_out
            move_left = truck_left
            move_right = truck_right
            move_up = pedestal_up
            move_down = pedestal_down
            pan_left = pan_left
            pan_right = pan_right
            tilt_up = tilt_up
            tilt_down = tilt_down
            roll_clockwise = roll_cw
            roll_counterclockwise = roll_ccw
            zoom_in = zoom_in
            zoom_out = zoom_out
            dolly_in_zoom_out = dolly_zoom_in
            dolly_out_zoom_in = dolly_zoom_out
            arc_clockwise = arc_left
            arc_counterclockwise = arc_right
            crane_up = crane_up
            crane_down = crane_down
            lead_tracking_shot = lead_tracking
            tail_tracking_shot = tail_tracking
        """),
        "spatialvid": _table("""
            Stay = static
            Dolly In = dolly_in
            Dolly Out = dolly_out
            Truck Left = truck_left
            Truck Right = truck_right
            Pedestal Up = pedestal_up
            Pedestal Down = pedestal_down
            Pan Left = pan_left
            Pan Right = pan_right
            Tilt Up = tilt_up
            Tilt Down = tilt_down
            Roll CW = roll_cw
            Roll CCW = roll_ccw
        """),
        "datadop": _table("""
            static = static
            move forward = dolly_in
            move backward = dolly_out
            move left = truck_left
            move right = truck_right
            move up = pedestal_up
            move down = pedestal_down
            yaw left = pan_left
            yaw right = pan_right
            pitch up = tilt_up
            pitch down = tilt_down
            roll right = roll_cw
            roll left = roll_ccw
        """),
        "et": _table("""
            static = static
            push_in = dolly_in
            pull_out = dolly_out
            trucking_left = truck_left
            trucking_right = truck_right
            boom_top = pedestal_up
            boom_bottom = pedestal_down
        """),
        "recammaster": _table("""
            Static = static
            Pan Left = pan_left
            Pan Right = pan_right
            Tilt Up = tilt_up
            Tilt Down = tilt_down
            Zoom In = dolly_in
            Zoom Out = dolly_out
            Translate Up = crane_up
            Translate Down = crane_down
            Arc Left = arc_left
            Arc Right = arc_right
        """),
        "worldscore": _table("""
            fixed = static
            push_in = dolly_in
            pull_out = dolly_out
            move_left = truck_left
            move_right = truck_right
            orbit_left = arc_left
            orbit_right = arc_right
            pan_left = pan_left
            pan_right = pan_right
        """),
        "vbench": _table("""
            static = static
            pan_left = pan_left truck_left
            pan_right = pan_right truck_right
            tilt_up = tilt_up pedestal_up
            tilt_down = tilt_down pedestal_down
            zoom_in = zoom_in dolly_in
            zoom_out = zoom_out dolly_out
            orbits = arc_left arc_right
        """),
        "motionctrl": _table("""
            Pan Left = truck_left
            Pan Right = truck_right
            Pan Up = pedestal_up
            Pan Down = pedestal_down
            Zoom In = dolly_in
            Zoom Out = dolly_out
            CW = roll_cw
            ACW = roll_ccw
        """),
        "videox_fun": _table("""
            Pan_Left = truck_left
            Pan_Right = truck_right
            Pan_Up = pedestal_up
            Pan_Down = pedestal_down
            Zoom_In = dolly_in
            Zoom_Out = dolly_out
        """),
        "cami2v": _table("""
            stationary = static
            look left = pan_left
            look right = pan_right
            look up = tilt_up
            look down = tilt_down
            pan left = truck_left
            pan right = truck_right
            pan up = pedestal_up
            pan down = pedestal_down
            zoom in = dolly_in
            zoom out = dolly_out
            orbit left = arc_left
            orbit right = arc_right
            orbit up = crane_up
            rotate clockwise = roll_cw
        """),
    }
)


def from_peer(peer: str, words: str) -> tuple[str, ...]:
    """Translate a peer's word for a motion into ours.

    >>> from_peer("recammaster", "Zoom In")
    ('dolly_in',)

    Raises:
        SpecError: an unknown peer or word.
    """
    if peer not in LEGACY:
        raise SpecError(f"unknown peer {peer!r}; one of {', '.join(LEGACY)}")
    if words not in LEGACY[peer]:
        raise SpecError(f"{peer} has no motion {words!r}; one of {', '.join(LEGACY[peer])}")
    return LEGACY[peer][words]


def to_peer(peer: str, motion: str) -> str | None:
    """Name one of our motions in a peer's words; None where it has none."""
    return next((words for words, ours in LEGACY[peer].items() if motion in ours), None)
