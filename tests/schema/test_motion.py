"""Motion is measured on trajectories made by hand, whose truth is known."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from camera_motion.schema.base import SpecError
from camera_motion.schema.camera import Trajectory, invert, rotation_yxz
from camera_motion.schema.legacy import from_peer
from camera_motion.schema.motion import measure
from camera_motion.schema.vocabulary import PRIMITIVES, SPEED_CLASSES, SPEEDS, speed_range, word

#: Right, down and forward of a level camera that looks north (+y) in a z-up world, as columns.
NORTH = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
UP = (0.0, 0.0, 1.0)
EASES = ("linear", "smooth", "quintic", "sine", "decay")


def share(frames, ease="linear"):
    """0 to 1 over the frames."""
    t = np.linspace(0.0, 1.0, frames)
    return {
        "linear": t,
        "smooth": t * t * (3 - 2 * t),
        "quintic": t**3 * (10 - 15 * t + 6 * t * t),
        "sine": 0.5 - 0.5 * np.cos(np.pi * t),
        "decay": -np.expm1(-4 * t) / -np.expm1(-4.0),
    }[ease]


def film(frames, fps, place=(0, 0, 1.6), pan=0.0, tilt=0.0, roll=0.0, focal=1.0):
    """A trajectory from heading (clockwise from north), elevation and roll in degrees, place in metres and fx / W.

    Each is a constant or one value per frame.
    """
    angles = np.stack(np.broadcast_arrays(pan, tilt, roll, np.zeros(frames))[:3], axis=-1).astype(np.float64)
    poses = np.tile(np.eye(4), (frames, 1, 1))
    poses[:, :3, :3] = NORTH @ rotation_yxz(angles)
    poses[:, :3, 3] = np.broadcast_to(np.asarray(place, dtype=np.float64), (frames, 3))
    lens = np.full((frames, 4), 0.5)
    lens[:, 0] = focal
    lens[:, 1] = np.asarray(focal) * 16 / 9
    return Trajectory(poses, lens, float(fps))


def along(share, direction, start=(0.0, 0.0, 1.6)):
    """Places on a straight line: `start` + `share` * `direction`."""
    return np.asarray(start) + np.asarray(share)[:, None] * np.asarray(direction, dtype=np.float64)


def orbit(bearing_deg, elevation_deg, radius_m, target=(0.0, 0.0, 1.2)):
    """Places, headings, elevations of a camera that looks at `target`; bearings are counter-clockwise from east."""
    b, e = np.radians(np.broadcast_arrays(np.asarray(bearing_deg, float), np.asarray(elevation_deg, float)))
    outward = np.stack([np.cos(e) * np.cos(b), np.cos(e) * np.sin(b), np.sin(e)], axis=-1)
    heading = -90.0 - np.degrees(b)
    return np.asarray(target) + np.asarray(radius_m)[..., None] * outward, heading, -np.degrees(e)


def motions(measured):
    return [s.motion for s in measured.segments]


def single(family, amount, frames, fps, ease, rng):
    """One move by a signed amount in the family's unit, from a random place and heading."""
    s = amount * share(frames, ease)
    heading, elevation, start = rng.uniform(-180, 180), rng.uniform(-25, 15), rng.uniform(-30, 30, 3)
    sine, cosine = np.sin(np.radians(heading)), np.cos(np.radians(heading))
    ahead, right, still = (sine, cosine, 0.0), (cosine, -sine, 0.0), {"pan": heading, "tilt": elevation}
    match family:
        case "pan":
            return film(frames, fps, start, pan=heading + s, tilt=elevation)
        case "tilt":
            return film(frames, fps, start, pan=heading, tilt=s - amount / 2)
        case "roll":
            return film(frames, fps, start, **still, roll=s)
        case "zoom":
            return film(frames, fps, start, **still, focal=np.exp(s))
        case "dolly_zoom":
            depth = abs(amount) * rng.uniform(1.3, 3.0)
            return film(frames, fps, along(s, ahead, start), **still, focal=(depth - s) / depth)
        case "arc":
            places, pan, tilt = orbit(heading + s, rng.uniform(-5, 30), rng.uniform(2, 6), start)
            return film(frames, fps, places, pan=pan, tilt=tilt)
        case "crane":
            places, pan, tilt = orbit(heading, s - amount / 2 + 8, rng.uniform(2, 6), start)
            return film(frames, fps, places, pan=pan, tilt=tilt)
    direction = {"dolly": ahead, "truck": right, "pedestal": (0.0, 0.0, 1.0)}[family]
    return film(frames, fps, along(s, direction, start), **still)


SHAPES = [(16, 8.0), (49, 16.0), (121, 24.0)]


@pytest.mark.parametrize("family", list(SPEED_CLASSES))
@pytest.mark.parametrize(("frames", "fps"), SHAPES)
def test_every_move_measures_as_itself_both_ways_at_its_speed(family, frames, fps):
    rng = np.random.default_rng(7)
    for speed, sign, ease in itertools.product(SPEEDS, (1, -1), EASES):
        low, high = SPEED_CLASSES[family][speed]
        for rate in (low, rng.uniform(low, high), high):
            amount = sign * rate * (frames - 1) / fps
            measured = measure(single(family, amount, frames, fps, ease, rng), world_up=UP)
            assert measured.primitives == (word(family, sign),), (speed, ease, rate)
            assert measured.speed == speed, (measured.segments, ease, rate)
            assert measured.main == word(family, sign)
            assert measured.steadiness in (("static",) if family == "zoom" else ("very_smooth", "smooth"))
            (segment,) = measured.segments
            assert segment.magnitude == pytest.approx(abs(amount), rel=0.01)
            assert segment.unit == PRIMITIVES[segment.motion].unit


@pytest.mark.parametrize("family", ["dolly", "truck", "pedestal", "dolly_zoom"])
@pytest.mark.parametrize("depth_m", [1.5, 20.0])
def test_with_a_scene_depth_speed_is_in_scene_depths_a_second(family, depth_m):
    rng = np.random.default_rng(3)
    for speed in SPEEDS:
        amount = np.mean(speed_range(family, speed, depth_m)) * 48 / 16
        measured = measure(single(family, amount, 49, 16.0, "smooth", rng), depth_m, UP)
        assert (measured.primitives, measured.speed) == ((word(family, 1),), speed)


def test_a_scene_depth_sets_what_counts_as_a_translation():
    clip = film(49, 16.0, along(0.15 * share(49), (1, 0, 0)))
    assert measure(clip, world_up=UP).primitives == ("truck_right",)
    assert measure(clip, 5.0, UP).primitives == ("truck_right",)  # 3 % of the depth
    assert measure(clip, 10.0, UP).primitives == ("static",)
    with pytest.raises(SpecError, match="scene_depth_m must be positive, got 0"):
        measure(clip, 0.0, UP)


# --- signs, straight from the field's definitions


def test_an_arc_right_goes_counter_clockwise_from_above():
    places, pan, tilt = orbit(np.linspace(-90, -60, 49), 10.0, 4.0)  # from the south towards the east
    assert measure(film(49, 16.0, places, pan=pan, tilt=tilt), world_up=UP).primitives == ("arc_right",)


#: ReCamMaster's validation cameras, linear in time over 81 frames: end place (x, y, z) in metres, and (pan, tilt), in
#: the first camera's axes; its own name and what it truly is.
RECAMMASTER = [
    ("Pan Right", (0, 0, 0), (19.88, 0), "pan_right", 19.88),
    ("Pan Left", (0, 0, 0), (-19.88, 0), "pan_left", 19.88),
    ("Tilt Up", (0, 0, 0), (0, 9.94), "tilt_up", 9.94),
    ("Tilt Down", (0, 0, 0), (0, -9.94), "tilt_down", 9.94),
    ("Zoom In", (0, 0, 1.988), (0, 0), "dolly_in", 1.988),
    ("Zoom Out", (0, 0, -1.988), (0, 0), "dolly_out", 1.988),
    ("Translate Up", (0, -0.994, 0), (0, -13.95), "crane_up", 13.95),
    ("Translate Down", (0, 0.994, 0), (0, 13.95), "crane_down", 13.95),
]


@pytest.mark.parametrize(("name", "end", "turn", "truth", "magnitude"), RECAMMASTER)
def test_recammasters_cameras_measure_as_what_they_are(name, end, turn, truth, magnitude):
    s = share(81)
    poses = np.tile(np.eye(4), (81, 1, 1))
    depth = abs(end[1]) / np.tan(np.radians(abs(turn[1]))) if end[1] else 1.0
    tilt = np.degrees(np.arctan(s * end[1] / depth)) if end[1] else s * turn[1]
    poses[:, :3, :3] = rotation_yxz(np.stack([s * turn[0], tilt, 0 * s], axis=1))
    poses[:, :3, 3] = s[:, None] * end
    lens = np.tile(np.array([1.0101, 1.0101, 0.5, 0.5]), (81, 1))
    measured = measure(Trajectory(poses, lens, 15.0))
    assert measured.primitives == (truth,)
    assert measured.segments[0].magnitude == pytest.approx(magnitude, rel=0.01)
    assert from_peer("recammaster", name) == (truth,)


@pytest.mark.parametrize(("name", "side", "truth"), [("Arc Left", -1, "arc_left"), ("Arc Right", 1, "arc_right")])
def test_recammasters_arcs_need_no_gravity(name, side, truth):
    turn = np.radians(29.82) * share(81)
    poses = np.tile(np.eye(4), (81, 1, 1))
    poses[:, :3, :3] = rotation_yxz(np.stack([-side * np.degrees(turn), 0 * turn, 0 * turn], axis=1))
    poses[:, :3, 3] = np.stack([side * 4 * np.sin(turn), 0 * turn, 4 * (1 - np.cos(turn))], axis=1)
    np.testing.assert_allclose(poses[-1, :3, 3], [side * 1.988, 0, 0.533], atol=0.005)
    measured = measure(Trajectory(poses, np.tile(np.array([1.0, 1.0, 0.5, 0.5]), (81, 1)), 15.0))
    assert measured.primitives == (truth,)
    assert measured.segments[0].magnitude == pytest.approx(29.82, rel=1e-6)
    assert measured.pan_deg == pytest.approx(-side * 29.82)
    assert from_peer("recammaster", name) == (truth,)


# --- turns beyond a half


@pytest.mark.parametrize(("frames", "fps"), SHAPES)
@pytest.mark.parametrize("degrees", [180.0, 360.0, -360.0, 500.0])
def test_full_turns_are_not_lost(frames, fps, degrees):
    for axis, family in (("pan", "pan"), ("tilt", "tilt"), ("roll", "roll")):
        measured = measure(film(frames, fps, **{axis: degrees * share(frames)}), world_up=UP)
        assert getattr(measured, f"{axis}_deg") == pytest.approx(degrees)
        assert motions(measured) == [word(family, degrees)]
        assert measured.segments[0].magnitude == pytest.approx(abs(degrees))


@pytest.mark.parametrize(("frames", "fps"), SHAPES)
@pytest.mark.parametrize("world_up", [UP, None])
@pytest.mark.parametrize("degrees", [180.0, -360.0])
def test_an_orbit_is_one_arc_of_its_whole_sweep(frames, fps, world_up, degrees):
    places, pan, tilt = orbit(30 + degrees * share(frames, "sine"), 20.0, 3.0)
    measured = measure(film(frames, fps, places, pan=pan, tilt=tilt), world_up=world_up)
    assert motions(measured) == [word("arc", degrees)]
    assert measured.segments[0].magnitude == pytest.approx(abs(degrees))
    assert measured.path_length_m == pytest.approx(3 * np.cos(np.radians(20)) * np.radians(abs(degrees)), rel=0.02)
    if world_up:
        assert measured.pan_deg == pytest.approx(-degrees)  # the camera keeps the centre in view


# --- sequences and simultaneous moves


def joined(frames, ease):
    """Shares of two moves, one after the other."""
    half = frames // 2
    first, second = share(half + 1, ease), share(frames - half, ease)
    return np.append(first, np.ones(frames - half - 1)), np.append(np.zeros(half), second), half


@pytest.mark.parametrize(("frames", "fps"), SHAPES)
@pytest.mark.parametrize("ease", ["linear", "smooth", "quintic"])
def test_a_sequence_is_its_parts_in_order(frames, fps, ease):
    first, second, half = joined(frames, ease)
    edge = 0.06 * frames
    turned = np.radians(60)
    places, pan, tilt = orbit(-90 + 50 * first, 10 + 20 * second, 4.0)
    cases = [
        (("truck_right", "tilt_up"), film(frames, fps, along(0.8 * first, (1, 0, 0)), tilt=15 * second)),
        (
            ("pan_right", "dolly_in"),
            film(frames, fps, along(second, (np.sin(turned), np.cos(turned), 0)), pan=60 * first),
        ),
        (("pan_left", "pan_right"), film(frames, fps, pan=25 * (second - first))),
        (("dolly_out", "dolly_in"), film(frames, fps, along(second - first, (0, 1, 0)))),
        (("zoom_in", "roll_ccw"), film(frames, fps, roll=-20 * second, focal=np.exp(0.2 * first))),
        (("arc_right", "crane_up"), film(frames, fps, places, pan=pan, tilt=tilt)),
    ]
    for expected, clip in cases:
        measured = measure(clip, world_up=UP)
        assert measured.primitives == expected
        one, two = measured.segments
        assert one.start_frame <= edge
        assert one.end_frame == pytest.approx(half, abs=edge)
        assert two.start_frame == pytest.approx(half, abs=edge)
        assert two.end_frame >= frames - 1 - edge
        assert one.end_frame <= two.start_frame


@pytest.mark.parametrize(("frames", "fps"), SHAPES)
def test_a_truck_into_an_arc_and_an_arc_into_a_dolly_are_told_apart(frames, fps):
    first, second, half = joined(frames, "linear")
    places, pan, tilt = orbit(-90 + 40 * second, 0.0, 4.0)
    straight = along(0.9 * (first - 1), (1, 0, 0), places[0])
    clip = film(frames, fps, np.where(second[:, None] > 0, places, straight), pan=pan, tilt=tilt)
    measured = measure(clip, world_up=UP)
    assert motions(measured) == ["truck_right", "arc_right"]
    assert [s.magnitude for s in measured.segments] == pytest.approx([0.9, 40.0], rel=1e-6)

    places, pan, tilt = orbit(-90 + 60 * first, 0.0, 4.0)
    ahead = places[-1] - [0, 0, 1.2]
    clip = film(frames, fps, places - 0.25 * second[:, None] * ahead, pan=pan, tilt=tilt)
    measured = measure(clip, world_up=UP)
    assert motions(measured) == ["arc_right", "dolly_in"]
    assert [s.end_frame for s in measured.segments] == [half, frames - 1]
    assert measured.segments[1].magnitude == pytest.approx(1.0)


@pytest.mark.parametrize(("frames", "fps"), SHAPES)
def test_simultaneous_moves_are_overlapping_segments(frames, fps):
    s = share(frames, "smooth")
    clip = film(frames, fps, along(s, (0, 1, 0.4)), pan=20 * s, roll=-8 * s, focal=np.exp(0.3 * s))
    measured = measure(clip, world_up=UP)
    assert set(measured.primitives) == {"dolly_in", "pedestal_up", "pan_right", "roll_ccw", "zoom_in"}
    assert {(x.start_frame, x.end_frame) for x in measured.segments} == {(0, frames - 1)}


def test_moves_that_overlap_in_part_keep_their_own_times():
    t = np.arange(121)
    pan, dolly = np.clip(t / 80, 0, 1), np.clip((t - 40) / 80, 0, 1)
    measured = measure(film(121, 24.0, along(2 * dolly, (0, 1, 0)), pan=3 * pan, tilt=-25 * dolly), world_up=UP)
    spans = {s.motion: (s.start_frame, s.end_frame) for s in measured.segments}
    assert spans == {"pan_right": (0, 80), "dolly_in": (40, 120), "tilt_down": (40, 120)}


def test_a_pause_parts_two_moves_of_one_direction():
    t = np.arange(73) / 24
    s = np.clip(t, 0, 1) + np.clip(t - 2, 0, 1)
    measured = measure(film(73, 24.0, pan=15 * s), world_up=UP)
    assert [(x.motion, x.start_frame, x.end_frame) for x in measured.segments] == [
        ("pan_right", 0, 24),
        ("pan_right", 48, 72),
    ]
    assert measured.primitives == ("pan_right",)


def test_holds_before_and_after_are_not_part_of_a_move():
    s = np.clip((np.arange(121) - 40) / 40, 0, 1)
    measured = measure(film(121, 24.0, tilt=20 * s), world_up=UP)
    (segment,) = measured.segments
    assert (segment.start_frame, segment.end_frame, segment.speed) == (40, 80, "fast")


def test_out_and_back_is_not_static():
    s = np.sin(np.pi * share(121))
    clip = film(121, 24.0, along(s, (1, 0, 0)), focal=np.exp(0.2 * s))
    measured = measure(clip, world_up=UP)
    assert motions(measured) == ["truck_right", "zoom_in", "truck_left", "zoom_out"]
    assert measured.path_length_m == pytest.approx(2.0, rel=1e-3)
    assert measured.focal_ratio == pytest.approx(1.0)


# --- precedence


def test_an_arc_absorbs_the_truck_and_pan_it_is_made_of_and_nothing_else():
    s = share(81, "smooth")
    places, pan, tilt = orbit(20 - 40 * s, 12.0, 5.0)
    clip = film(81, 16.0, places, pan=pan, tilt=tilt, roll=6 * s, focal=np.exp(0.2 * s))
    assert set(measure(clip, world_up=UP).primitives) == {"arc_left", "roll_cw", "zoom_in"}


def test_a_spiral_that_comes_nearer_is_no_arc():
    s = share(81)
    places, pan, tilt = orbit(-90 + 60 * s, 0.0, 5 - 2.5 * s)
    measured = measure(film(81, 16.0, places, pan=pan, tilt=tilt), world_up=UP)
    assert {"truck_right", "dolly_in", "pan_left"} == set(measured.primitives)


def test_a_truck_that_pans_the_wrong_way_is_no_arc():
    s = share(81)
    assert set(measure(film(81, 16.0, along(2 * s, (1, 0, 0)), pan=20 * s), world_up=UP).primitives) == {
        "truck_right",
        "pan_right",
    }


@pytest.mark.parametrize("turn_deg", [40.0, -90.0, 200.0])
def test_following_a_bend_is_a_dolly_with_a_pan(turn_deg):
    heading = np.radians(turn_deg) * share(81)
    step = 0.05 * np.stack([np.sin(heading), np.cos(heading), 0 * heading], axis=1)
    clip = film(81, 16.0, np.cumsum(step, axis=0), pan=np.degrees(heading), tilt=-5.0)
    measured = measure(clip, world_up=UP)
    assert set(measured.primitives) == {"dolly_in", word("pan", turn_deg)}
    assert max(s.magnitude for s in measured.segments if s.unit == "m") == pytest.approx(4.0, rel=0.01)


def test_a_straight_truck_with_a_wide_pan_remains_a_truck():
    s = share(81, "smooth")
    measured = measure(film(81, 16.0, along(3 * s, (1, 0, 0)), pan=100 * s), world_up=UP)
    assert set(measured.primitives) == {"truck_right", "pan_right"}


def test_an_arc_that_does_not_keep_its_subject_is_no_arc():
    first, second, _ = joined(81, "smooth")
    clip = film(81, 16.0, along(first, (1, 0, 0)), pan=-6 * second)
    assert motions(measure(clip, world_up=UP)) == ["truck_right", "pan_left"]


def test_a_dolly_with_an_unrelated_zoom_is_no_dolly_zoom():
    s, late = share(81), np.clip(2 * share(81) - 1, 0, 1)
    same = film(81, 16.0, along(s, (0, 1, 0)), focal=np.exp(0.3 * s))  # both bring nearer
    apart = film(81, 16.0, along(s, (0, 1, 0)), focal=np.exp(-0.3 * late))
    assert set(measure(same, world_up=UP).primitives) == {"dolly_in", "zoom_in"}
    assert set(measure(apart, world_up=UP).primitives) == {"dolly_in", "zoom_out"}


def test_a_dolly_zoom_along_a_tilted_axis_has_no_pedestal():
    s, depth, down = share(81, "smooth"), 5.0, np.radians(20)
    clip = film(81, 16.0, along(2 * s, (0, np.cos(down), -np.sin(down))), tilt=-20.0, focal=1 - 2 * s / depth)
    assert measure(clip, world_up=UP).primitives == ("dolly_zoom_in",)


# --- levelled and camera-centric axes


def test_levelled_axes_keep_a_dolly_on_the_ground_although_the_camera_looks_down():
    clip = film(49, 16.0, along(share(49), (0, 1, 0)), tilt=-30.0)
    assert measure(clip, world_up=UP).primitives == ("dolly_in",)
    assert set(measure(clip).primitives) == {"dolly_in", "pedestal_up"}  # in its own axes the ground rises


def test_a_pan_is_a_change_of_heading_although_the_camera_looks_down_or_is_rolled():
    clip = film(49, 16.0, pan=70 * share(49), tilt=-25.0, roll=12.0)
    measured = measure(clip, world_up=UP)
    assert measured.primitives == ("pan_right",)
    assert (measured.pan_deg, measured.tilt_deg, measured.roll_deg) == pytest.approx((70, 0, 0), abs=1e-9)


def test_a_birds_eye_view_is_measured_in_its_own_axes():
    clip = film(49, 16.0, along(share(49), (0, 1, 0)), tilt=-90.0)  # up in the picture
    assert measure(clip, world_up=UP).primitives == ("pedestal_up",)


@given(st.floats(-180, 180), st.tuples(*[st.floats(-1e3, 1e3)] * 3))
@settings(max_examples=20)
def test_heading_and_place_in_the_world_do_not_matter(heading, start):
    s = share(33, "smooth")
    base = film(33, 16.0, along(s, (0.5, 0.2, 0.3)), pan=15 * s, tilt=-9 * s, focal=np.exp(0.2 * s))
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("z", heading, degrees=True).as_matrix()
    turn[:3, 3] = start
    moved = Trajectory(turn @ base.world_from_camera, base.intrinsics, base.fps)
    one, two = measure(base, world_up=UP), measure(moved, world_up=UP)
    assert [(s.motion, s.start_frame, s.end_frame) for s in one.segments] == [
        (s.motion, s.start_frame, s.end_frame) for s in two.segments
    ]
    assert (one.pan_deg, one.tilt_deg, one.path_length_m) == pytest.approx(
        (two.pan_deg, two.tilt_deg, two.path_length_m), abs=1e-6
    )


@pytest.mark.parametrize("family", list(SPEED_CLASSES))
def test_stored_float32_extrinsics_measure_the_same(family):
    rng = np.random.default_rng(11)
    clip = single(family, 2.0 * SPEED_CLASSES[family]["slow"][0], 49, 24.0, "smooth", rng)
    stored = invert(clip.camera_from_world.astype(np.float32).astype(np.float64))
    again = measure(Trajectory(stored, clip.intrinsics.astype(np.float32).astype(np.float64), 24.0), world_up=UP)
    assert again.primitives == measure(clip, world_up=UP).primitives == (word(family, 1),)


# --- steadiness


def shaken(frames, fps, rms, rng):
    """A hand's swing: noise from 0.4 to 6 Hz, falling with frequency."""
    hz = np.fft.rfftfreq(4 * frames, 1 / fps)
    power = np.where((hz >= 0.4) & (hz <= 6), 1 / np.maximum(hz, 0.1), 0)
    noise = np.fft.irfft(power * np.exp(2j * np.pi * rng.random(len(hz))), 4 * frames)[:frames]
    return rms * noise / noise.std()


@pytest.mark.parametrize(("frames", "fps"), SHAPES)
@pytest.mark.parametrize("seed", range(4))
def test_a_hand_is_handheld_and_not_a_dozen_moves(frames, fps, seed):
    rng = np.random.default_rng(seed)
    for rms in (0.35, 1.2):
        wobble = [shaken(frames, fps, rms, rng) for _ in range(3)]
        drift = np.stack([shaken(frames, fps, 0.02 * rms, rng) for _ in range(3)], axis=1)
        held = measure(film(frames, fps, drift, pan=wobble[0], tilt=wobble[1], roll=wobble[2] / 2), world_up=UP)
        assert held.primitives == ("handheld",)
        assert held.main == "handheld"
        assert held.steadiness in ("unsteady", "very_unsteady")
        walk = along(share(frames) * (frames - 1) / fps, (0, 1, 0)) + drift
        walked = measure(film(frames, fps, walk, pan=wobble[0], tilt=wobble[1]), world_up=UP)
        assert walked.primitives == ("dolly_in", "handheld")
        assert walked.main == "dolly_in"


@pytest.mark.parametrize(("frames", "fps"), SHAPES)
@pytest.mark.parametrize(("rms", "level"), [(0.045, "smooth"), (0.22, "unsteady"), (1.0, "very_unsteady")])
def test_steadiness_is_the_size_of_the_shake(frames, fps, rms, level):
    t = np.arange(frames) / fps
    measured = measure(film(frames, fps, tilt=rms * np.sqrt(2) * np.sin(2 * np.pi * 3.3 * t)), world_up=UP)
    assert measured.steadiness == level
    assert measured.shake_deg == pytest.approx(rms, rel=0.3)
    assert measured.primitives == (("static",) if level == "smooth" else ("handheld",))


def test_a_slow_sway_is_no_shake():
    t = np.arange(121) / 24
    measured = measure(film(121, 24.0, pan=4 * np.sin(2 * np.pi * 0.25 * t)), world_up=UP)
    assert measured.shake_deg < 0.01
    assert set(measured.primitives) == {"pan_right", "pan_left"}


# --- the least


@pytest.mark.parametrize("frames", [1, 2, 3, 16, 121])
def test_a_static_clip_is_static(frames):
    measured = measure(film(frames, 24.0, tilt=-10.0), world_up=UP)
    assert measured.primitives == ("static",)
    assert (measured.main, measured.speed, measured.steadiness) == ("static", "slow", "static")
    assert motions(measured) == ["static"]
    assert (measured.path_length_m, measured.focal_ratio, measured.pan_deg) == (0.0, 1.0, 0.0)


def test_what_stays_below_the_thresholds_is_static():
    s = share(49)
    clip = film(49, 24.0, along(0.04 * s, (1, 0, 0)), pan=1.9 * s, focal=np.exp(0.025 * s))
    assert measure(clip, world_up=UP).primitives == ("static",)


def test_two_frames_are_enough_to_move():
    measured = measure(film(2, 1.0, along([0.0, 1.0], (0, 1, 0)), pan=np.array([0.0, 9.0])), world_up=UP)
    assert set(measured.primitives) == {"dolly_in", "pan_right"}


@given(st.integers(2, 40), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_any_trajectory_measures_as_something_sound(frames, seed):
    rng = np.random.default_rng(seed)
    walk = [np.cumsum(rng.normal(0, rng.choice([0, 1e-6, 0.1, 3]), frames)) for _ in range(7)]
    clip = film(frames, 12.0, np.stack(walk[:3], 1), walk[3], walk[4], walk[5], np.exp(0.05 * walk[6]))
    for world_up in (UP, None):
        measured = measure(clip, world_up=world_up)
        assert measured.main in measured.primitives
        assert set(measured.primitives) == set(motions(measured))
        assert ("static" in measured.primitives) == (measured.primitives == ("static",))
        for s in measured.segments:
            assert 0 <= s.start_frame < s.end_frame < frames
            assert np.isfinite(s.magnitude)
            assert s.magnitude >= 0
            assert not PRIMITIVES[s.motion].reserved
        assert measured == measure(clip, world_up=world_up)
